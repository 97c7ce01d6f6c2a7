//! Accounts as they were read.

use rialto_model::{Account, ConnectionId, RemoteId};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    Fault, Tx,
    values::{Columns, json, micros},
};
use crate::StoredAccount;

pub(super) async fn account(
    connection: &mut SqliteConnection,
    owner: ConnectionId,
    id: &RemoteId,
) -> Result<Option<StoredAccount>, Fault> {
    let query = sqlx::query(
        "SELECT id, name, email, avatar_url, kind, fetched_at FROM accounts
         WHERE connection = $1 AND id = $2",
    );
    let query = query.bind(&owner.uuid().as_bytes()[..]).bind(id.as_str());
    query.fetch_optional(connection).await?.map(|row| read(&row)).transpose()
}

pub(super) async fn by_email(
    connection: &mut SqliteConnection,
    owner: ConnectionId,
    email: &str,
) -> Result<Vec<StoredAccount>, Fault> {
    let query = sqlx::query(
        "SELECT id, name, email, avatar_url, kind, fetched_at FROM accounts
         WHERE connection = $1 AND email = $2",
    );
    let rows = query.bind(&owner.uuid().as_bytes()[..]).bind(email).fetch_all(connection).await?;
    let mut accounts = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    accounts.sort_by(|one, other| one.account.id.cmp(&other.account.id));
    Ok(accounts)
}

fn read(row: &SqliteRow) -> Result<StoredAccount, Fault> {
    let mut columns = Columns::of(row);
    let account = Account {
        id: columns.remote()?,
        name: columns.next()?,
        email: columns.next()?,
        avatar_url: columns.next()?,
        kind: columns.json()?,
    };
    Ok(StoredAccount { account, fetched_at: columns.time()? })
}

pub(super) async fn put(
    tx: &mut Tx,
    owner: ConnectionId,
    accounts: &[StoredAccount],
) -> Result<(), Fault> {
    for StoredAccount { account, fetched_at } in accounts {
        let upsert = sqlx::query(
            "INSERT INTO accounts (connection, id, name, email, avatar_url, kind, fetched_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (connection, id) DO UPDATE SET name = excluded.name,
                 email = excluded.email, avatar_url = excluded.avatar_url, kind = excluded.kind,
                 fetched_at = excluded.fetched_at",
        );
        let upsert = upsert
            .bind(&owner.uuid().as_bytes()[..])
            .bind(account.id.as_str())
            .bind(account.name.as_str())
            .bind(account.email.as_deref())
            .bind(account.avatar_url.as_deref())
            .bind(json(&account.kind)?)
            .bind(micros(*fetched_at));
        tx.run(upsert).await?;
    }
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, owner: ConnectionId, id: &RemoteId) -> Result<(), Fault> {
    let delete = sqlx::query("DELETE FROM accounts WHERE connection = $1 AND id = $2");
    tx.run(delete.bind(&owner.uuid().as_bytes()[..]).bind(id.as_str())).await?;
    Ok(())
}
