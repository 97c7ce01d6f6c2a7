//! What came in and waits.

use rialto_model::ConversationRef;
use rusqlite::Connection as Database;

use super::{Fault, Tx, query::query, sealed::inbound_place, values::Columns, writer::Append};
use crate::{Appended, Inbound, NewInbound, Vault};

/// Inserts the rows of all, and tells each what became of its own. Row by row: for a statement of
/// many rows SQLite keeps what it would need to undo half of it.
pub(super) fn append_all(tx: &mut Tx, appends: &mut [Append]) -> Result<(), Fault> {
    for append in appends {
        append.outcome.clear();
        for row in &append.rows {
            let insert = query(
                "INSERT INTO inbox (connection, conversation, swept, identity, received_at, payload)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (connection, conversation, swept, identity) DO NOTHING",
            );
            let inserted = tx.run(
                insert
                    .bind(row.connection.uuid())
                    .bind(row.conversation.as_str())
                    .bind(i64::from(row.swept))
                    .bind(row.key.as_str())
                    .bind(row.received_at)
                    .bind(row.payload.as_slice()),
            )?;
            append.outcome.push(match inserted {
                0 => Appended::Duplicate,
                _ => Appended::New(tx.database.last_insert_rowid()),
            });
            tx.pile += i64::from(inserted > 0);
        }
    }
    Ok(())
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
