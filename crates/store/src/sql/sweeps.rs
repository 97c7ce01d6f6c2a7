//! What sweeps know, and conversations that move.

use jiff::Timestamp;
use rialto_model::{ConversationRef, MessageId, RemoteId};
use sqlx::SqliteConnection;

use super::{
    Fault, Tx,
    values::{Columns, micros},
};
use crate::{SweepRecord, refusal};

pub(super) async fn all(
    connection: &mut SqliteConnection,
) -> Result<Vec<(ConversationRef, SweepRecord)>, Fault> {
    let query = sqlx::query(
        "SELECT s.connection, s.conversation, s.checked_until, s.recovered, s.deaf_since
         FROM sweeps s LEFT JOIN conversations v
             ON v.connection = s.connection AND v.remote = s.conversation
         ORDER BY (SELECT MAX(m.posted_at) FROM messages m WHERE m.origin = v.number) DESC,
             s.connection, s.conversation",
    );
    let rows = query.fetch_all(connection).await?;
    let record = |row| {
        let mut columns = Columns::of(row);
        let at = columns.conversation()?;
        let record = SweepRecord {
            checked_until: columns.time()?,
            recovered: columns.count()?,
            deaf_since: columns.maybe_time()?,
        };
        Ok((at, record))
    };
    rows.iter().map(record).collect()
}

pub(super) async fn put(
    tx: &mut Tx,
    at: &ConversationRef,
    checked_until: Timestamp,
    deaf_since: Option<Timestamp>,
) -> Result<(), Fault> {
    let upsert = sqlx::query(
        "INSERT INTO sweeps (connection, conversation, checked_until, recovered, deaf_since)
         VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (connection, conversation) DO UPDATE
         SET checked_until = excluded.checked_until, deaf_since = excluded.deaf_since",
    );
    let upsert = upsert
        .bind(&at.connection.uuid().as_bytes()[..])
        .bind(at.conversation.as_str())
        .bind(micros(checked_until))
        .bind(deaf_since.map(micros));
    tx.run(upsert).await?;
    Ok(())
}

/// Counts one more thing that no webhook brought.
pub(super) async fn recovered(tx: &mut Tx, at: &ConversationRef) -> Result<(), Fault> {
    let update = sqlx::query(
        "UPDATE sweeps SET recovered = recovered + 1 WHERE connection = $1 AND conversation = $2",
    );
    let update = update.bind(&at.connection.uuid().as_bytes()[..]).bind(at.conversation.as_str());
    tx.run(update).await?;
    Ok(())
}

pub(super) async fn said_between(
    connection: &mut SqliteConnection,
    at: &ConversationRef,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(RemoteId, Option<MessageId>)>, Fault> {
    let query = sqlx::query(
        "SELECT c.remote, m.thread
         FROM conversations v JOIN messages m ON m.origin = v.number
             JOIN copies c ON c.message = m.id AND c.conversation = v.number AND c.origin = 1
                 AND c.part >= 0
         WHERE v.connection = $1 AND v.remote = $2 AND m.posted_at BETWEEN $3 AND $4
             AND m.deleted = 0
         ORDER BY m.posted_at, c.remote",
    );
    let query = query
        .bind(&at.connection.uuid().as_bytes()[..])
        .bind(at.conversation.as_str())
        .bind(micros(since))
        .bind(micros(until));
    let rows = query.fetch_all(connection).await?;
    let said = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.remote()?, columns.maybe_uuid()?.map(MessageId::new)))
    };
    rows.iter().map(said).collect()
}

pub(super) async fn move_conversation(
    tx: &mut Tx,
    from: &ConversationRef,
    to: &ConversationRef,
) -> Result<(), Fault> {
    let connection = from.connection.uuid();
    let bound = |sql| {
        sqlx::query(sql)
            .bind(connection.as_bytes().to_vec())
            .bind(from.conversation.to_string())
            .bind(to.conversation.to_string())
    };
    let taken = sqlx::query("SELECT 1 FROM endpoints WHERE connection = $1 AND conversation = $2");
    let taken = taken.bind(&connection.as_bytes()[..]).bind(to.conversation.as_str());
    if tx.finds(taken).await? {
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
        tx.run(bound(sql)).await?;
    }
    tx.forget();
    Ok(())
}

pub(super) async fn moves(
    connection: &mut SqliteConnection,
) -> Result<Vec<(ConversationRef, RemoteId)>, Fault> {
    let query = sqlx::query(
        "SELECT connection, conversation, moved_to FROM moves ORDER BY connection, conversation",
    );
    let rows = query.fetch_all(connection).await?;
    let moved = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.conversation()?, columns.remote()?))
    };
    rows.iter().map(moved).collect()
}
