//! What has a place by conversation goes there a moment later, together with more of its kind.
//!
//! Messages come for a thousand conversations in turn, and what is kept by conversation is a page of
//! its own for each of them: written to the log by every commit, these were more than half of all
//! pages. So it is kept as it comes, where it shares a page with all that came with it, and goes to
//! its place within a second, each page once: some conversations at a time, so that no commit is long.
//! Whoever reads looks in both.

use std::time::Duration;

use jiff::Timestamp;
use rialto_model::MessageId;
use tokio::time::Instant;

use super::{Fault, Tx, query::query, values::micros};

/// In so many steps all conversations have their turn.
const STEPS: u32 = 16;
const EVERY: Duration = Duration::from_millis(1_000 / STEPS as u64);

/// How far it is.
#[derive(Default)]
pub(super) struct Settling {
    /// When the last step was taken; `None`: none since the database was opened.
    last: Option<Instant>,
    steps: u32,
}

/// Keeps when a message was said, and where.
pub(super) fn said(
    tx: &Tx,
    message: MessageId,
    origin: i64,
    posted_at: Timestamp,
) -> Result<(), Fault> {
    let insert = query("INSERT INTO said_lately (origin, posted_at, message) VALUES ($1, $2, $3)");
    tx.run(insert.bind(origin).bind(micros(posted_at)).bind(message.uuid()))?;
    Ok(())
}

/// Counts a delivery. Nobody wants to count a year of them for a page that shows a figure.
pub(super) fn delivered(tx: &Tx, lane: i64, at: Timestamp) -> Result<(), Fault> {
    let insert = query("INSERT INTO delivered_lately (lane, at) VALUES ($1, $2)");
    tx.run(insert.bind(lane).bind(micros(at)))?;
    Ok(())
}

/// Takes to its place what is due.
pub(super) fn settle(tx: &mut Tx, now: Instant) -> Result<(), Fault> {
    let due = match tx.settling.last {
        Some(last) => now.duration_since(last).as_millis() / EVERY.as_millis(),
        None => STEPS.into(),
    };
    if due == 0 {
        return Ok(());
    }
    tx.settling.last = Some(now);
    for _ in 0..due.min(STEPS.into()) {
        let step = tx.settling.steps % STEPS;
        tx.settling.steps = step + 1;
        settle_said(tx, step)?;
        if step == 0 {
            settle_counts(tx)?;
        }
    }
    Ok(())
}

fn settle_said(tx: &Tx, step: u32) -> Result<(), Fault> {
    for sql in [
        // In the order of the place: each page is met once.
        "INSERT INTO said (origin, posted_at, message)
         SELECT origin, posted_at, message FROM said_lately WHERE origin % $1 = $2
         ORDER BY origin, posted_at, message",
        "DELETE FROM said_lately WHERE origin % $1 = $2",
    ] {
        tx.run(query(sql).bind(STEPS).bind(step))?;
    }
    Ok(())
}

/// These are few pages, since many conversations share one.
fn settle_counts(tx: &Tx) -> Result<(), Fault> {
    for sql in [
        "UPDATE conversations SET delivered = delivered + l.count, last_delivered_at =
             CASE WHEN last_delivered_at > l.at THEN last_delivered_at ELSE l.at END
         FROM (SELECT lane, COUNT(*) AS count, MAX(at) AS at FROM delivered_lately GROUP BY lane) l
         WHERE number = l.lane",
        "DELETE FROM delivered_lately",
    ] {
        tx.run(query(sql))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection as Database;
    use uuid::Uuid;

    use super::*;

    const TABLES: [&str; 3] = ["said", "said_lately", "delivered_lately"];

    fn rows(tx: &Tx) -> [i64; 3] {
        TABLES.map(|table| {
            let count = query(format!("SELECT COUNT(*) FROM {table}"));
            count.one(&tx.database, |columns| columns.next()).unwrap()
        })
    }

    #[test]
    fn what_was_left_behind_goes_at_once_and_what_comes_then_in_steps_within_a_second() {
        let database = Database::open_in_memory().unwrap();
        database.execute_batch(include_str!("../../migrations/0001_first.sql")).unwrap();
        let mut tx = Tx::new(database);
        let come = |tx: &Tx, number: u128| {
            for origin in 0..i64::from(STEPS) {
                let message =
                    MessageId::new(Uuid::from_u128(number + origin.unsigned_abs() as u128));
                said(tx, message, origin, Timestamp::UNIX_EPOCH).unwrap();
                delivered(tx, origin, Timestamp::UNIX_EPOCH).unwrap();
            }
        };
        come(&tx, 100);
        let opened = Instant::now();
        settle(&mut tx, opened).unwrap();
        assert_eq!(rows(&tx), [16, 0, 0]);

        come(&tx, 200);
        settle(&mut tx, opened + EVERY / 2).unwrap();
        assert_eq!(rows(&tx), [16, 16, 16], "nothing is due");
        for step in 1..=STEPS {
            settle(&mut tx, opened + EVERY * step).unwrap();
            let gone = i64::from(step);
            assert_eq!(rows(&tx), [16 + gone, 16 - gone, 0]);
        }
        come(&tx, 300);
        settle(&mut tx, opened + EVERY * STEPS + Duration::from_secs(9)).unwrap();
        assert_eq!(rows(&tx), [48, 0, 0]);
    }
}
