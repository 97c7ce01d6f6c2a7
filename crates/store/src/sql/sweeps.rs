//! What sweeps know, and conversations that move.

use jiff::Timestamp;
use rialto_model::{ConversationRef, MessageId, RemoteId};
use rusqlite::Connection as Database;

use super::{Fault, Tx, query::query, tx::known_number, values::micros};
use crate::{SweepRecord, refusal};

pub(super) fn all(database: &Database) -> Result<Vec<(ConversationRef, SweepRecord)>, Fault> {
    let select = query(
        "SELECT s.connection, s.conversation, s.checked_until, s.recovered, s.deaf_since
         FROM sweeps s LEFT JOIN conversations v
             ON v.connection = s.connection AND v.remote = s.conversation
         ORDER BY (SELECT MAX(at) FROM
                       (SELECT MAX(posted_at) AS at FROM said WHERE origin = v.number
                        UNION ALL
                        SELECT MAX(posted_at) FROM said_lately WHERE origin = v.number) m) DESC,
             s.connection, s.conversation",
    );
    select.all(database, |columns| {
        let at = columns.conversation()?;
        let record = SweepRecord {
            checked_until: columns.time()?,
            recovered: columns.count()?,
            deaf_since: columns.maybe_time()?,
        };
        Ok((at, record))
    })
}

pub(super) fn put(
    tx: &mut Tx,
    at: &ConversationRef,
    checked_until: Timestamp,
    deaf_since: Option<Timestamp>,
) -> Result<(), Fault> {
    let upsert = query(
        "INSERT INTO sweeps (connection, conversation, checked_until, recovered, deaf_since)
         VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (connection, conversation) DO UPDATE
         SET checked_until = excluded.checked_until, deaf_since = excluded.deaf_since",
    );
    let upsert = upsert
        .bind(at.connection.uuid())
        .bind(at.conversation.as_str())
        .bind(micros(checked_until))
        .bind(deaf_since.map(micros));
    tx.run(upsert)?;
    Ok(())
}

/// Counts one more thing that no webhook brought.
pub(super) fn recovered(tx: &mut Tx, at: &ConversationRef) -> Result<(), Fault> {
    let update = query(
        "UPDATE sweeps SET recovered = recovered + 1 WHERE connection = $1 AND conversation = $2",
    );
    let update = update.bind(at.connection.uuid()).bind(at.conversation.as_str());
    tx.run(update)?;
    Ok(())
}

pub(super) fn said_between(
    database: &Database,
    at: &ConversationRef,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(RemoteId, Option<MessageId>)>, Fault> {
    let Some(number) = known_number(database, at)? else { return Ok(Vec::new()) };
    let select = query(
        "SELECT c.remote, m.thread
         FROM (SELECT origin, posted_at, message FROM said
               WHERE origin = $1 AND posted_at BETWEEN $2 AND $3
               UNION ALL
               SELECT origin, posted_at, message FROM said_lately
               WHERE origin = $1 AND posted_at BETWEEN $2 AND $3) s
             JOIN messages m ON m.id = s.message
             JOIN copies c ON c.message = m.id AND c.conversation = s.origin AND c.origin = 1
                 AND c.part >= 0
         WHERE m.deleted = 0
         ORDER BY s.posted_at, c.remote",
    );
    let select = select.bind(number).bind(micros(since)).bind(micros(until));
    select
        .all(database, |columns| Ok((columns.remote()?, columns.maybe_uuid()?.map(MessageId::new))))
}

pub(super) fn move_conversation(
    tx: &mut Tx,
    from: &ConversationRef,
    to: &ConversationRef,
) -> Result<(), Fault> {
    let connection = from.connection.uuid();
    let bound = |sql| {
        query(sql).bind(connection).bind(from.conversation.as_str()).bind(to.conversation.as_str())
    };
    let taken = query("SELECT 1 FROM endpoints WHERE connection = $1 AND conversation = $2");
    let taken = taken.bind(connection).bind(to.conversation.as_str());
    if tx.finds(taken)? {
        return Err(refusal::conversation_taken(to).into());
    }
    for sql in [
        "UPDATE endpoints SET conversation = $3 WHERE connection = $1 AND conversation = $2",
        "UPDATE conversations SET remote = $3 WHERE connection = $1 AND remote = $2 AND NOT EXISTS
             (SELECT 1 FROM conversations v WHERE v.connection = $1 AND v.remote = $3)",
        "UPDATE sweeps SET conversation = $3 WHERE connection = $1 AND conversation = $2
             AND NOT EXISTS
             (SELECT 1 FROM sweeps s WHERE s.connection = $1 AND s.conversation = $3)",
        // Whoever moves twice is found from both old ids; whoever moves back, from the other one.
        "UPDATE moves SET moved_to = $3 WHERE connection = $1 AND moved_to = $2",
        "DELETE FROM moves WHERE connection = $1 AND conversation = $3 AND $2 <> $3",
        "INSERT INTO moves (connection, conversation, moved_to) VALUES ($1, $2, $3)
         ON CONFLICT (connection, conversation) DO UPDATE SET moved_to = excluded.moved_to",
    ] {
        tx.run(bound(sql))?;
    }
    tx.forget();
    Ok(())
}

pub(super) fn moves(database: &Database) -> Result<Vec<(ConversationRef, RemoteId)>, Fault> {
    let select = query(
        "SELECT connection, conversation, moved_to FROM moves ORDER BY connection, conversation",
    );
    select.all(database, |columns| Ok((columns.conversation()?, columns.remote()?)))
}
