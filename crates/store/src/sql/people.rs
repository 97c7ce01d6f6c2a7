//! Accounts as they were read.

use rialto_model::{Account, ConnectionId, RemoteId};
use rusqlite::Connection as Database;

use super::{
    Fault, Tx,
    query::query,
    values::{Columns, json, micros},
};
use crate::StoredAccount;

pub(super) fn account(
    database: &Database,
    owner: ConnectionId,
    id: &RemoteId,
) -> Result<Option<StoredAccount>, Fault> {
    let select = query(
        "SELECT id, name, email, avatar_url, kind, fetched_at FROM accounts
         WHERE connection = $1 AND id = $2",
    );
    let select = select.bind(owner.uuid()).bind(id.as_str());
    select.maybe(database, read)
}

pub(super) fn by_email(
    database: &Database,
    owner: ConnectionId,
    email: &str,
) -> Result<Vec<StoredAccount>, Fault> {
    let select = query(
        "SELECT id, name, email, avatar_url, kind, fetched_at FROM accounts
         WHERE connection = $1 AND email = $2",
    );
    let mut accounts = select.bind(owner.uuid()).bind(email).all(database, read)?;
    accounts.sort_by(|one, other| one.account.id.cmp(&other.account.id));
    Ok(accounts)
}

fn read(columns: &mut Columns<'_>) -> Result<StoredAccount, Fault> {
    let account = Account {
        id: columns.remote()?,
        name: columns.next()?,
        email: columns.next()?,
        avatar_url: columns.next()?,
        kind: columns.json()?,
    };
    Ok(StoredAccount { account, fetched_at: columns.time()? })
}

pub(super) fn put(
    tx: &mut Tx,
    owner: ConnectionId,
    accounts: &[StoredAccount],
) -> Result<(), Fault> {
    for StoredAccount { account, fetched_at } in accounts {
        let upsert = query(
            "INSERT INTO accounts (connection, id, name, email, avatar_url, kind, fetched_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (connection, id) DO UPDATE SET name = excluded.name,
                 email = excluded.email, avatar_url = excluded.avatar_url, kind = excluded.kind,
                 fetched_at = excluded.fetched_at",
        );
        let upsert = upsert
            .bind(owner.uuid())
            .bind(account.id.as_str())
            .bind(account.name.as_str())
            .bind(account.email.as_deref())
            .bind(account.avatar_url.as_deref())
            .bind(json(&account.kind)?)
            .bind(micros(*fetched_at));
        tx.run(upsert)?;
    }
    Ok(())
}

pub(super) fn forget(tx: &mut Tx, owner: ConnectionId, id: &RemoteId) -> Result<(), Fault> {
    let delete = query("DELETE FROM accounts WHERE connection = $1 AND id = $2");
    tx.run(delete.bind(owner.uuid()).bind(id.as_str()))?;
    Ok(())
}
