//! What is known of messages and deliveries.

use std::collections::HashMap;

use jiff::Timestamp;
use rialto_model::{
    Attempt, ChannelSyncId, ConversationRef, Delivery, DeliveryId, DeliveryState, MessageId,
    RemoteId, Revision, WorkKind,
};
use rusqlite::Connection as Database;

use super::{
    Fault,
    query::query,
    sealed::{BegunContent, open_begun, open_work},
    values::{KINDS, OUTCOMES, STATES, delivery_columns, micros, number, select_deliveries},
};
use crate::{
    Backlog, BegunPart, ChannelSyncTraffic, Copy, DeliveryFilter, DropCount, InFlight, Lane,
    MessageView, PendingDelivery, Reactor, Vault, records::sort_copies, refusal,
};

pub(super) fn message_at(
    database: &Database,
    at: &ConversationRef,
    remote: &RemoteId,
) -> Result<Option<MessageView>, Fault> {
    let select = query(
        "SELECT c.message FROM conversations v JOIN copies c ON c.conversation = v.number
         WHERE v.connection = $1 AND v.remote = $2 AND c.remote = $3",
    );
    let owner = at.connection.uuid();
    let select = select.bind(owner).bind(at.conversation.as_str()).bind(remote.as_str());
    match select.maybe(database, |columns| columns.message())? {
        Some(id) => message(database, id),
        None => Ok(None),
    }
}

pub(super) fn message(database: &Database, id: MessageId) -> Result<Option<MessageView>, Fault> {
    let snapshot = database.unchecked_transaction()?;
    let select = query(
        "SELECT v.connection, v.remote, m.revision, m.deleted, m.author, m.thread, m.posted_at
         FROM messages m JOIN conversations v ON v.number = m.origin WHERE m.id = $1",
    );
    let view = select.bind(id.uuid()).maybe(&snapshot, |columns| {
        Ok(MessageView {
            id,
            origin: columns.conversation()?,
            revision: Revision(columns.next()?),
            deleted: columns.flag()?,
            author: columns.next::<Option<String>>()?.map(RemoteId::from),
            thread: columns.maybe_uuid()?.map(MessageId::new),
            posted_at: columns.time()?,
            copies: copies(&snapshot, id)?,
            reactors: reactors(&snapshot, id)?,
        })
    });
    Ok(view?.map(|mut view| {
        view.sort();
        view
    }))
}

/// All copies of a message, by part.
pub(super) fn copies(database: &Database, message: MessageId) -> Result<Vec<Copy>, Fault> {
    let select = query(
        "SELECT v.connection, v.remote, c.part, c.remote, c.revision, c.origin, c.says_when,
             c.by_edit, c.files
         FROM copies c JOIN conversations v ON v.number = c.conversation
         WHERE c.message = $1 AND c.part >= 0",
    );
    let mut copies = select.bind(message.uuid()).all(database, |columns| {
        Ok(Copy {
            message,
            at: columns.conversation()?,
            part: columns.part()?,
            remote: columns.remote()?,
            revision: Revision(columns.next()?),
            origin: columns.flag()?,
            says_when: columns.flag()?,
            by_edit: columns.flag()?,
            files: columns.files()?,
        })
    })?;
    sort_copies(&mut copies);
    Ok(copies)
}

fn reactors(database: &Database, message: MessageId) -> Result<Vec<Reactor>, Fault> {
    let select = query(
        "SELECT v.connection, v.remote, r.remote, r.account, r.emoji, r.present, r.changed_at
         FROM reactors r JOIN conversations v ON v.number = r.conversation WHERE r.message = $1",
    );
    select.bind(message.uuid()).all(database, |columns| {
        Ok(Reactor {
            at: columns.conversation()?,
            remote: columns.remote()?,
            account: columns.remote()?,
            emoji: columns.emoji()?,
            present: columns.flag()?,
            changed_at: columns.time()?,
        })
    })
}

pub(super) fn is_copy(
    database: &Database,
    at: &ConversationRef,
    remote: &RemoteId,
) -> Result<bool, Fault> {
    let select = query(
        "SELECT 1 FROM conversations v JOIN copies c ON c.conversation = v.number
         WHERE v.connection = $1 AND v.remote = $2 AND c.remote = $3",
    );
    let owner = at.connection.uuid();
    let select = select.bind(owner).bind(at.conversation.as_str()).bind(remote.as_str());
    Ok(select.maybe(database, |_| Ok(()))?.is_some())
}

pub(super) fn in_flight(
    database: &Database,
    vault: &Vault,
    to: &ConversationRef,
) -> Result<Vec<InFlight>, Fault> {
    let select = query(
        "SELECT d.id, d.message, b.part, b.content, b.says_when, b.at, d.state
         FROM conversations l JOIN begun b ON b.lane = l.number
             JOIN deliveries d ON d.seq = b.delivery
         WHERE l.connection = $1 AND l.remote = $2 AND NOT EXISTS
             (SELECT 1 FROM copies c
              WHERE c.message = d.message AND c.conversation = b.lane AND c.part = b.part)
         ORDER BY b.at, d.seq, b.part",
    );
    let owner = to.connection.uuid();
    let select = select.bind(owner).bind(to.conversation.as_str());
    select.all(database, |columns| {
        let delivery = DeliveryId::new(columns.uuid()?);
        let message = columns.message()?;
        let part = columns.part()?;
        let BegunContent { fingerprint, handles } =
            open_begun(vault, delivery, part, columns.bytes()?)?;
        let (says_when, at) = (columns.flag()?, columns.time()?);
        let state = columns.of_table(&STATES)?;
        Ok(InFlight { delivery, message, part, fingerprint, handles, says_when, at, state })
    })
}

pub(super) fn lanes(database: &Database) -> Result<Vec<Lane>, Fault> {
    let select = query(
        "SELECT l.connection, l.remote, p.waiting, l.held_until
         FROM (SELECT lane, COUNT(*) AS waiting FROM deliveries WHERE state = 0 GROUP BY lane) p
             JOIN conversations l ON l.number = p.lane",
    );
    let mut lanes = select.all(database, |columns| {
        Ok(Lane {
            to: columns.conversation()?,
            pending: columns.count()?,
            held_until: columns.maybe_time()?,
        })
    })?;
    lanes.sort_by(|a, b| a.to.cmp(&b.to));
    Ok(lanes)
}

pub(super) fn backlog(database: &Database) -> Result<Backlog, Fault> {
    let select = query(
        "SELECT (SELECT MIN(created_at) FROM deliveries WHERE state = 0 AND lane NOT IN
                 (SELECT v.number FROM endpoints e JOIN conversations v
                      ON v.connection = e.connection AND v.remote = e.conversation
                  WHERE e.channel_sync IN
                      (SELECT id FROM channel_syncs WHERE state = '\"paused\"'))),
             (SELECT COUNT(*) FROM deliveries WHERE state = 2),
             (SELECT COUNT(*) FROM inbox WHERE swept = 1)",
    );
    select.one(database, |columns| {
        Ok(Backlog {
            oldest_waiting: columns.maybe_time()?,
            parked: columns.count()?,
            missing: columns.count()?,
        })
    })
}

pub(super) fn lane_work(
    database: &Database,
    vault: &Vault,
    to: &ConversationRef,
    after: i64,
    limit: u32,
) -> Result<Vec<PendingDelivery>, Fault> {
    let snapshot = database.unchecked_transaction()?;
    let mut begun = begun(&snapshot, vault, to)?;
    let select = query(concat!(
        "SELECT ",
        delivery_columns!(),
        ", d.content FROM conversations l JOIN deliveries d ON d.lane = l.number
             JOIN conversations s ON s.number = d.source
         WHERE l.connection = $1 AND l.remote = $2 AND d.state = 0 AND d.seq > $3
         ORDER BY d.seq LIMIT $4"
    ));
    let owner = to.connection.uuid();
    let select = select.bind(owner).bind(to.conversation.as_str());
    select.bind(after).bind(limit).all(&snapshot, |columns| {
        let delivery = columns.delivery()?;
        let work = open_work(vault, delivery.id, columns.bytes()?)?;
        let begun = begun.remove(&delivery.id).unwrap_or_default();
        Ok(PendingDelivery { delivery, work, begun })
    })
}

// Deliveries are kept for good, and of these there are few: what is added to `seq` keeps SQLite from
// reading all in their order instead of those in the indexes of the few.
const OVERDUE: &str = concat!(
    select_deliveries!(),
    "WHERE d.state = 0 AND d.told = 0 AND d.created_at < $1 AND d.kind IN ($2, $3, $4)
         AND +d.seq > $5
     ORDER BY +d.seq LIMIT $6"
);
const TOLD_IN_VAIN: &str = concat!(
    select_deliveries!(),
    "WHERE d.told = 1 AND NOT EXISTS
         (SELECT 1 FROM deliveries o
          WHERE o.message = d.message AND o.told = 1 AND o.state IN ($1, $2))
     ORDER BY +d.seq LIMIT $3"
);

pub(super) fn overdue(
    database: &Database,
    before: Timestamp,
    after: i64,
    limit: u32,
) -> Result<Vec<Delivery>, Fault> {
    let select = query(OVERDUE);
    let select = select
        .bind(micros(before))
        .bind(number(&KINDS, &WorkKind::Post))
        .bind(number(&KINDS, &WorkKind::Edit))
        .bind(number(&KINDS, &WorkKind::Delete));
    select.bind(after).bind(limit).all(database, |columns| columns.delivery())
}

pub(super) fn told_in_vain(database: &Database, limit: u32) -> Result<Vec<Delivery>, Fault> {
    let select = query(TOLD_IN_VAIN);
    let select = select
        .bind(number(&STATES, &DeliveryState::Pending))
        .bind(number(&STATES, &DeliveryState::Parked));
    select.bind(limit).all(database, |columns| columns.delivery())
}

/// What was begun for pending deliveries of a lane and is not recorded.
fn begun(
    database: &Database,
    vault: &Vault,
    to: &ConversationRef,
) -> Result<HashMap<DeliveryId, Vec<BegunPart>>, Fault> {
    let select = query(
        "SELECT d.id, b.part, b.content, b.at, b.says_when
         FROM conversations l JOIN begun b ON b.lane = l.number
             JOIN deliveries d ON d.seq = b.delivery
         WHERE l.connection = $1 AND l.remote = $2 AND d.state = 0 AND NOT EXISTS
             (SELECT 1 FROM copies c
              WHERE c.message = d.message AND c.conversation = b.lane AND c.part = b.part)
         ORDER BY b.delivery, b.part",
    );
    let owner = to.connection.uuid();
    let select = select.bind(owner).bind(to.conversation.as_str());
    let mut begun = HashMap::<_, Vec<_>>::new();
    select.all(database, |columns| {
        let id = DeliveryId::new(columns.uuid()?);
        let part = columns.part()?;
        let BegunContent { fingerprint, handles } = open_begun(vault, id, part, columns.bytes()?)?;
        let (at, says_when) = (columns.time()?, columns.flag()?);
        let part = BegunPart { part, fingerprint, handles, says_when, at };
        begun.entry(id).or_default().push(part);
        Ok(())
    })?;
    Ok(begun)
}

pub(super) fn deliveries(
    database: &Database,
    filter: &DeliveryFilter,
) -> Result<Vec<Delivery>, Fault> {
    let mut select = query(concat!(select_deliveries!(), "WHERE 1 = 1"));
    if let Some(state) = filter.state {
        // A literal, so that the indexes of pending and of parked deliveries serve.
        select.and(&format!(" AND d.state = {}", number(&STATES, &state)));
    }
    if let Some(message) = filter.message {
        select.and(" AND d.message = ").and_value(message.uuid());
    }
    if let Some(before) = filter.before {
        select.and(" AND d.seq < ").and_value(before);
    }
    if let Some(sync) = filter.channel_sync {
        select.and(
            " AND EXISTS (SELECT 1 FROM endpoints e JOIN conversations v
                  ON v.connection = e.connection AND v.remote = e.conversation
              WHERE v.number IN (d.source, d.lane) AND e.channel_sync = ",
        );
        select.and_value(sync.uuid()).and(")");
    }
    let few = [Some(DeliveryState::Pending), Some(DeliveryState::Parked)].contains(&filter.state);
    let order = if few { " ORDER BY +d.seq DESC LIMIT " } else { " ORDER BY d.seq DESC LIMIT " };
    select.and(order).and_value(filter.limit);
    select.all(database, |columns| columns.delivery())
}

pub(super) fn delivery(
    database: &Database,
    id: DeliveryId,
) -> Result<Option<(Delivery, Vec<Attempt>)>, Fault> {
    let snapshot = database.unchecked_transaction()?;
    let Some(delivery) = one_delivery(&snapshot, id)? else { return Ok(None) };
    let select =
        query("SELECT at, outcome, detail FROM attempts WHERE delivery = $1 ORDER BY number");
    let attempts = select.bind(delivery.seq).all(&snapshot, |columns| {
        Ok(Attempt {
            at: columns.time()?,
            outcome: columns.of_table(&OUTCOMES)?,
            detail: columns.next()?,
        })
    });
    Ok(Some((delivery, attempts?)))
}

pub(super) fn one_delivery(database: &Database, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    let select = query(concat!(select_deliveries!(), "WHERE d.id = $1"));
    select.bind(id.uuid()).maybe(database, |columns| columns.delivery())
}

pub(super) fn traffic(database: &Database, id: ChannelSyncId) -> Result<ChannelSyncTraffic, Fault> {
    let select = query(
        "SELECT COUNT(*),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM deliveries d
                                WHERE d.lane = l.number AND d.state = 0)), 0) AS BIGINT),
             CAST(COALESCE(SUM(l.delivered + (SELECT COUNT(*) FROM delivered_lately n
                                              WHERE n.lane = l.number)), 0) AS BIGINT),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM deliveries d
                                WHERE d.lane = l.number AND d.state = 2)), 0) AS BIGINT),
             MAX((SELECT MAX(n.at) FROM (SELECT l.last_delivered_at AS at UNION ALL
                  SELECT at FROM delivered_lately WHERE lane = l.number) n)),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM inbox i WHERE i.connection = e.connection
                                AND i.conversation = e.conversation AND i.swept = 1)), 0) AS BIGINT),
             CAST(COALESCE(SUM(s.recovered), 0) AS BIGINT),
             CASE WHEN COUNT(s.checked_until) = SUM(CASE WHEN e.direction = '\"out\"' THEN 0 ELSE 1 END)
                  THEN MIN(s.checked_until) END,
             MIN(s.deaf_since)
         FROM channel_syncs c LEFT JOIN endpoints e ON e.channel_sync = c.id
             LEFT JOIN conversations l ON l.connection = e.connection AND l.remote = e.conversation
             LEFT JOIN sweeps s ON s.connection = e.connection AND s.conversation = e.conversation
                 AND e.direction <> '\"out\"'
         WHERE c.id = $1",
    );
    select.bind(id.uuid()).one(database, |columns| {
        if columns.next::<i64>()? == 0 {
            return Err(refusal::missing("channel sync", id).into());
        }
        Ok(ChannelSyncTraffic {
            pending: columns.count()?,
            delivered: columns.count()?,
            parked: columns.count()?,
            last_delivered_at: columns.maybe_time()?,
            missing: columns.count()?,
            recovered: columns.count()?,
            checked_until: columns.maybe_time()?,
            deaf_since: columns.maybe_time()?,
        })
    })
}

pub(super) fn drops(database: &Database) -> Result<Vec<DropCount>, Fault> {
    let select = query("SELECT reason, count FROM drops ORDER BY count DESC, reason");
    select
        .all(database, |columns| Ok(DropCount { reason: columns.next()?, count: columns.count()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_all_the_time_reads_the_few_that_it_is_about() {
        let database = Database::open_in_memory().unwrap();
        database.execute_batch(include_str!("../../migrations/0001_first.sql")).unwrap();
        for (sql, index) in [(OVERDUE, "deliveries_pending"), (TOLD_IN_VAIN, "deliveries_told")] {
            let mut plan = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = plan.raw_query();
            let mut steps = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                steps.push(row.get::<_, String>("detail").unwrap());
            }
            assert!(
                steps.iter().any(|it| it.starts_with(&format!("SCAN d USING INDEX {index}"))
                    || it.starts_with(&format!("SEARCH d USING INDEX {index}"))),
                "{steps:?}"
            );
        }
    }
}
