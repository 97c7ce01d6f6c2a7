//! What came in and waits.

use std::collections::HashMap;

use rialto_model::ConversationRef;
use sqlx::{AssertSqlSafe, SqliteConnection, sqlite::SqliteRow};

use super::{
    Fault, Tx,
    sealed::{SealedInbound, inbound_place},
    tx::Query,
    values::Columns,
    writer::Append,
};
use crate::{Appended, Inbound, NewInbound, Vault};

/// Rows of one INSERT: few different statements, so that all stay prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Inserts the rows of all, and tells each what became of its own.
pub(super) async fn append_all(tx: &mut Tx, appends: &mut [Append]) -> Result<(), Fault> {
    let rows: Vec<&SealedInbound> = appends.iter().flat_map(|append| &append.rows).collect();
    let mut appended = Vec::with_capacity(rows.len());
    let mut rest = &rows[..];
    while let Some(size) = SIZES.into_iter().find(|size| *size <= rest.len()) {
        let (chunk, after) = rest.split_at(size);
        appended.extend(insert(tx, chunk).await?);
        rest = after;
    }
    let mut appended = appended.into_iter();
    for append in appends {
        append.outcome = appended.by_ref().take(append.rows.len()).collect();
    }
    Ok(())
}

async fn insert(tx: &mut Tx, rows: &[&SealedInbound]) -> Result<Vec<Appended>, Fault> {
    let mut query: Query = sqlx::query(AssertSqlSafe(statement(rows.len())));
    for row in rows {
        query = query
            .bind(&row.connection.uuid().as_bytes()[..])
            .bind(row.conversation.as_str())
            .bind(row.key.as_str())
            .bind(row.received_at)
            .bind(row.payload.as_slice())
            .bind(i64::from(row.swept));
    }
    let mut kept = HashMap::with_capacity(rows.len());
    let returned = query.fetch_all(&mut tx.connection).await?;
    for row in &returned {
        let mut columns = Columns::of(row);
        let seq: i64 = columns.next()?;
        let place = (columns.uuid()?, columns.next::<&str>()?);
        kept.insert((place, columns.next::<&str>()?, columns.flag()?), seq);
    }
    Ok(rows
        .iter()
        .map(|row| {
            let place = (row.connection.uuid(), row.conversation.as_str());
            let identity = (place, row.key.as_str(), row.swept);
            // Taken out: a second row of the same identity is not the one that was kept.
            kept.remove(&identity).map_or(Appended::Duplicate, Appended::New)
        })
        .collect())
}

fn statement(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let columns: Vec<_> = (1..=6).map(|column| format!("${}", row * 6 + column)).collect();
            format!("({})", columns.join(", "))
        })
        .collect();
    format!(
        "INSERT INTO inbox (connection, conversation, identity, received_at, payload, swept)
         VALUES {}
         ON CONFLICT (connection, conversation, swept, identity) DO NOTHING
         RETURNING seq, connection, conversation, identity, swept",
        values.join(", ")
    )
}

pub(super) async fn pending(
    connection: &mut SqliteConnection,
    vault: &Vault,
    after: i64,
    limit: u32,
) -> Result<Vec<Inbound>, Fault> {
    let query = sqlx::query(
        "SELECT seq, connection, conversation, identity, received_at, payload, swept FROM inbox
         WHERE seq > $1 ORDER BY seq LIMIT $2",
    );
    let rows = query.bind(after).bind(limit).fetch_all(connection).await?;
    rows.iter().map(|row| inbound(vault, row)).collect()
}

pub(super) async fn pending_of(
    connection: &mut SqliteConnection,
    vault: &Vault,
    at: &ConversationRef,
    limit: u32,
) -> Result<Vec<Inbound>, Fault> {
    // The inner query is answered by the index alone, however much waits.
    let query = sqlx::query(
        "SELECT seq, connection, conversation, identity, received_at, payload, swept FROM inbox
         WHERE seq IN (SELECT seq FROM inbox WHERE connection = $1 AND conversation = $2
                       ORDER BY swept DESC, seq LIMIT $3)
         ORDER BY swept DESC, seq",
    );
    let query = query.bind(&at.connection.uuid().as_bytes()[..]).bind(at.conversation.as_str());
    let rows = query.bind(limit).fetch_all(connection).await?;
    rows.iter().map(|row| inbound(vault, row)).collect()
}

fn inbound(vault: &Vault, row: &SqliteRow) -> Result<Inbound, Fault> {
    let mut columns = Columns::of(row);
    let seq = columns.next()?;
    let at = columns.conversation()?;
    let key: String = columns.next()?;
    let received_at = columns.time()?;
    let place = inbound_place(at.connection, at.conversation.as_str(), &key);
    let payload = vault.open(&place, columns.next()?)?;
    let row = NewInbound {
        connection: at.connection,
        conversation: at.conversation,
        key,
        payload,
        received_at,
        swept: columns.flag()?,
    };
    Ok(Inbound { seq, row })
}
