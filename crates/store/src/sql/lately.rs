//! What has a place by conversation goes there a moment later, together with more of its kind.
//!
//! Messages come for a thousand conversations in turn, and what is kept by conversation is a page of
//! its own for each of them: written to the log by every commit, these were more than half of all
//! pages. So it is kept as it comes, where it shares a page with all that came with it. Once a second
//! all of it goes to its places, each page once. Whoever reads looks in both.

use std::time::Duration;

use jiff::Timestamp;
use rialto_model::MessageId;
use tokio::time::Instant;

use super::{Fault, Tx, query::query, values::micros};

const EVERY: Duration = Duration::from_secs(1);

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

/// Takes everything to its place, once in a while.
pub(super) fn settle(tx: &mut Tx, now: Instant) -> Result<(), Fault> {
    if tx.settled_at.is_some_and(|before| now.duration_since(before) < EVERY) {
        return Ok(());
    }
    tx.settled_at = Some(now);
    for sql in [
        // In the order of the place: each page is met once.
        "INSERT INTO said (origin, posted_at, message)
         SELECT origin, posted_at, message FROM said_lately ORDER BY origin, posted_at, message",
        "DELETE FROM said_lately",
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
