//! Sealing everything anew with the key in use, so that older keys can be put away.
//!
//! Which values are left is read from the values themselves: they name their key. So there is no
//! state that a crash could leave behind, and whoever does it again goes on where it stopped.

use rialto_model::{AppId, ConnectionId, DeliveryId};

use super::{
    Fault, SqlStore, Tx,
    open::KEY_CHECK,
    query::{Value, query},
    sealed::{
        app_place, authorization_place, begun_place, cabinet_place, inbound_place, work_place,
    },
    values::Columns,
};
use crate::{StoreError, Vault};

/// Sealed values of one kind. `select` gives those that another key sealed ($1: what values of the
/// key in use begin with; $2: how many at most): the value, what tells the row, what else tells the
/// place. `update` takes the value and what tells the row.
struct Kind {
    select: &'static str,
    update: &'static str,
    row: fn(&mut Columns<'_>) -> Result<Row, Fault>,
}

/// A value, the place that it is sealed for, and what tells its row.
struct Row {
    sealed: Vec<u8>,
    place: String,
    key: Vec<Value<'static>>,
}

/// The last is the value by which the database knows its key: as long as anything else is left,
/// the keys that opened the database open it still.
const KINDS: [Kind; 8] = [
    Kind {
        select: "SELECT payload, seq, connection, conversation, identity FROM inbox
                 WHERE substr(payload, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE inbox SET payload = $1 WHERE seq = $2",
        row: |columns| {
            let (sealed, seq) = (columns.next()?, columns.next()?);
            let connection = ConnectionId::new(columns.uuid()?);
            let (conversation, identity): (String, String) = (columns.next()?, columns.next()?);
            let place = inbound_place(connection, &conversation, &identity);
            Ok(Row { sealed, place, key: vec![Value::Number(seq)] })
        },
    },
    // Only what is pending or parked has content; each of the two has an index of its own.
    Kind {
        select: "SELECT content, seq, id FROM deliveries
                 WHERE state = 0 AND substr(content, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE deliveries SET content = $1 WHERE seq = $2",
        row: delivery,
    },
    Kind {
        select: "SELECT content, seq, id FROM deliveries
                 WHERE state = 2 AND substr(content, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE deliveries SET content = $1 WHERE seq = $2",
        row: delivery,
    },
    Kind {
        select: "SELECT b.content, b.lane, b.delivery, b.part, d.id
                 FROM begun b JOIN deliveries d ON d.seq = b.delivery
                 WHERE substr(b.content, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE begun SET content = $1 WHERE lane = $2 AND delivery = $3 AND part = $4",
        row: |columns| {
            let sealed = columns.next()?;
            let (lane, delivery, part) = (columns.next()?, columns.next()?, columns.part()?);
            let place = begun_place(DeliveryId::new(columns.uuid()?), part);
            let key = [lane, delivery, part.to_i64()].map(Value::Number).into();
            Ok(Row { sealed, place, key })
        },
    },
    Kind {
        select: "SELECT value, connection, entry FROM cabinet
                 WHERE substr(value, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE cabinet SET value = $1 WHERE connection = $2 AND entry = $3",
        row: |columns| {
            let (sealed, owner) = (columns.next()?, columns.uuid()?);
            let entry: String = columns.next()?;
            let place = cabinet_place(ConnectionId::new(owner), &entry);
            let key = vec![owner.into(), entry.into()];
            Ok(Row { sealed, place, key })
        },
    },
    Kind {
        select: "SELECT secrets, id FROM apps WHERE substr(secrets, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE apps SET secrets = $1 WHERE id = $2",
        row: |columns| {
            let (sealed, id) = (columns.next()?, columns.uuid()?);
            let key = vec![id.into()];
            Ok(Row { sealed, place: app_place(AppId::new(id)), key })
        },
    },
    Kind {
        select: "SELECT secret, state FROM authorizations
                 WHERE substr(secret, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE authorizations SET secret = $1 WHERE state = $2",
        row: |columns| {
            let sealed = columns.next()?;
            let state: String = columns.next()?;
            Ok(Row { sealed, place: authorization_place(&state), key: vec![state.into()] })
        },
    },
    Kind {
        select: "SELECT value, name FROM facts
                 WHERE name = 'key check' AND substr(value, 1, 5) <> $1 LIMIT $2",
        update: "UPDATE facts SET value = $1 WHERE name = $2",
        row: |columns| {
            let (sealed, name): (_, String) = (columns.next()?, columns.next()?);
            Ok(Row { sealed, place: KEY_CHECK.into(), key: vec![name.into()] })
        },
    },
];

fn delivery(columns: &mut Columns<'_>) -> Result<Row, Fault> {
    let (sealed, seq) = (columns.next()?, columns.next()?);
    let place = work_place(DeliveryId::new(columns.uuid()?));
    Ok(Row { sealed, place, key: vec![Value::Number(seq)] })
}

impl SqlStore {
    /// Seals up to `at_most` values anew that an older key sealed, in one transaction, and gives how
    /// many it were. When it gives 0, everything is sealed with the key in use, and the database
    /// opens with that key alone.
    ///
    /// # Errors
    /// `WrongKey` when a value was sealed with a key that the vault does not have; nothing of this
    /// call is done then.
    pub async fn reseal(&self, at_most: u32) -> Result<u32, StoreError> {
        let vault = self.vault.clone();
        self.write(move |tx: &mut Tx| {
            let mut done = 0;
            for kind in &KINDS {
                done += reseal(tx, &vault, kind, at_most - done)?;
                if done == at_most {
                    break;
                }
            }
            Ok(done)
        })
        .await
    }
}

fn reseal(tx: &mut Tx, vault: &Vault, kind: &Kind, at_most: u32) -> Result<u32, Fault> {
    let select = query(kind.select).bind(vault.in_use().to_vec()).bind(at_most);
    let rows = select.all(&tx.database, kind.row)?;
    let mut done = 0;
    for Row { sealed, place, key } in rows {
        let mut update = query(kind.update).bind(vault.reseal(&place, &sealed)?);
        for value in key {
            update.push(value);
        }
        tx.run(update)?;
        done += 1;
    }
    Ok(done)
}
