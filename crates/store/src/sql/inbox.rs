//! What came in and waits.

use std::collections::HashMap;

use rialto_model::ConversationRef;
use rusqlite::Connection as Database;

use super::{
    Fault, Tx,
    query::query,
    sealed::{SealedInbound, inbound_place},
    values::Columns,
    writer::Append,
};
use crate::{Appended, Inbound, NewInbound, Vault};

/// Rows of one INSERT: few different statements, so that all stay prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Inserts the rows of all, and tells each what became of its own.
pub(super) fn append_all(tx: &mut Tx, appends: &mut [Append]) -> Result<(), Fault> {
    let rows: Vec<&SealedInbound> = appends.iter().flat_map(|append| &append.rows).collect();
    let mut appended = Vec::with_capacity(rows.len());
    let mut rest = &rows[..];
    while let Some(size) = SIZES.into_iter().find(|size| *size <= rest.len()) {
        let (chunk, after) = rest.split_at(size);
        appended.extend(insert(tx, chunk)?);
        rest = after;
    }
    let mut appended = appended.into_iter();
    for append in appends {
        append.outcome = appended.by_ref().take(append.rows.len()).collect();
    }
    Ok(())
}

fn insert(tx: &mut Tx, rows: &[&SealedInbound]) -> Result<Vec<Appended>, Fault> {
    let mut insert = query(statement(rows.len()));
    for row in rows {
        insert = insert
            .bind(row.connection.uuid())
            .bind(row.conversation.as_str())
            .bind(row.key.as_str())
            .bind(row.received_at)
            .bind(row.payload.as_slice())
            .bind(i64::from(row.swept));
    }
    let mut kept = HashMap::with_capacity(rows.len());
    insert.all(&tx.database, |columns| {
        let seq: i64 = columns.next()?;
        let place = (columns.uuid()?, columns.text()?.to_owned());
        kept.insert((place, columns.text()?.to_owned(), columns.flag()?), seq);
        Ok(())
    })?;
    Ok(rows
        .iter()
        .map(|row| {
            let place = (row.connection.uuid(), row.conversation.clone());
            let identity = (place, row.key.clone(), row.swept);
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

pub(super) fn pending(
    database: &Database,
    vault: &Vault,
    after: i64,
    limit: u32,
) -> Result<Vec<Inbound>, Fault> {
    let select = query(
        "SELECT seq, connection, conversation, identity, received_at, payload, swept FROM inbox
         WHERE seq > $1 ORDER BY seq LIMIT $2",
    );
    select.bind(after).bind(limit).all(database, |columns| inbound(vault, columns))
}

pub(super) fn pending_of(
    database: &Database,
    vault: &Vault,
    at: &ConversationRef,
    limit: u32,
) -> Result<Vec<Inbound>, Fault> {
    // The inner query is answered by the index alone, however much waits.
    let select = query(
        "SELECT seq, connection, conversation, identity, received_at, payload, swept FROM inbox
         WHERE seq IN (SELECT seq FROM inbox WHERE connection = $1 AND conversation = $2
                       ORDER BY swept DESC, seq LIMIT $3)
         ORDER BY swept DESC, seq",
    );
    let select = select.bind(at.connection.uuid()).bind(at.conversation.as_str()).bind(limit);
    select.all(database, |columns| inbound(vault, columns))
}

fn inbound(vault: &Vault, columns: &mut Columns<'_>) -> Result<Inbound, Fault> {
    let seq = columns.next()?;
    let at = columns.conversation()?;
    let key: String = columns.next()?;
    let received_at = columns.time()?;
    let place = inbound_place(at.connection, at.conversation.as_str(), &key);
    let payload = vault.open(&place, columns.bytes()?)?;
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
