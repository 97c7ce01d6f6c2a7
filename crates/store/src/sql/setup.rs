//! Applications, connections and what belongs to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rialto_model::{AppId, ConnectionId, OrganizationId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    Fault, Tx,
    sealed::{app_place, authorization_place, cabinet_place},
    values::{Columns, from_json, json, micros},
};
use crate::{App, AuditEntry, Connection, ConnectionState, PendingAuthorization, Vault, refusal};

pub(super) fn seal_secrets(vault: &Vault, app: &App) -> Result<Vec<u8>, Fault> {
    let secrets = app.secrets.iter();
    let plain: BTreeMap<_, _> =
        secrets.map(|(name, secret)| (name, secret.expose_secret())).collect();
    Ok(vault.seal(&app_place(app.id), json(&plain)?.as_bytes()))
}

pub(super) async fn put_app(tx: &mut Tx, app: &App, secrets: &[u8]) -> Result<(), Fault> {
    let upsert = sqlx::query(
        "INSERT INTO apps (id, organization, platform, name, settings, secrets, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET organization = excluded.organization,
             platform = excluded.platform, name = excluded.name, settings = excluded.settings,
             secrets = excluded.secrets, created_at = excluded.created_at",
    );
    let upsert = upsert
        .bind(&app.id.uuid().as_bytes()[..])
        .bind(&app.organization.uuid().as_bytes()[..])
        .bind(app.platform.as_str())
        .bind(app.name.as_str())
        .bind(json(&app.settings)?)
        .bind(secrets)
        .bind(micros(app.created_at));
    tx.run(upsert).await?;
    Ok(())
}

pub(super) async fn apps(
    connection: &mut SqliteConnection,
    vault: &Vault,
) -> Result<Vec<App>, Fault> {
    let query = sqlx::query(
        "SELECT id, organization, platform, name, settings, secrets, created_at
         FROM apps ORDER BY id",
    );
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| read_app(row, vault)).collect()
}

fn read_app(row: &SqliteRow, vault: &Vault) -> Result<App, Fault> {
    let mut columns = Columns::of(row);
    let id = AppId::new(columns.uuid()?);
    Ok(App {
        id,
        organization: OrganizationId::new(columns.uuid()?),
        platform: columns.next()?,
        name: columns.next()?,
        settings: columns.json()?,
        secrets: from_json::<BTreeMap<String, String>>(
            &vault.open(&app_place(id), columns.next()?)?,
        )?
        .into_iter()
        .map(|(name, secret)| (name, secret.into()))
        .collect(),
        created_at: columns.time()?,
    })
}

pub(super) async fn remove_app(tx: &mut Tx, id: AppId) -> Result<(), Fault> {
    let query = sqlx::query("SELECT 1 FROM connections WHERE app = $1");
    if tx.finds(query.bind(&id.uuid().as_bytes()[..])).await? {
        return Err(refusal::app_in_use(id).into());
    }
    let delete = sqlx::query("DELETE FROM apps WHERE id = $1");
    if tx.run(delete.bind(&id.uuid().as_bytes()[..])).await? == 0 {
        return Err(refusal::missing("app", id).into());
    }
    Ok(())
}

pub(super) async fn put_connection(tx: &mut Tx, connection: &Connection) -> Result<(), Fault> {
    let taken =
        sqlx::query("SELECT 1 FROM connections WHERE app = $1 AND workspace = $2 AND id <> $3")
            .bind(&connection.app.uuid().as_bytes()[..])
            .bind(connection.workspace.as_str())
            .bind(&connection.id.uuid().as_bytes()[..]);
    if tx.finds(taken).await? {
        return Err(refusal::workspace_taken(&connection.workspace).into());
    }
    let upsert = sqlx::query(
        "INSERT INTO connections
             (id, organization, app, platform, workspace, name, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, app = excluded.app,
             platform = excluded.platform, workspace = excluded.workspace, name = excluded.name,
             state = excluded.state, created_at = excluded.created_at",
    );
    let upsert = upsert
        .bind(&connection.id.uuid().as_bytes()[..])
        .bind(&connection.organization.uuid().as_bytes()[..])
        .bind(&connection.app.uuid().as_bytes()[..])
        .bind(connection.platform.as_str())
        .bind(connection.workspace.as_str())
        .bind(connection.name.as_str())
        .bind(json(&connection.state)?)
        .bind(micros(connection.created_at));
    tx.run(upsert).await?;
    Ok(())
}

pub(super) async fn connections(
    connection: &mut SqliteConnection,
) -> Result<Vec<Connection>, Fault> {
    let query = sqlx::query(
        "SELECT id, organization, app, platform, workspace, name, state, created_at
         FROM connections ORDER BY id",
    );
    let rows = query.fetch_all(connection).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        Ok(Connection {
            id: ConnectionId::new(columns.uuid()?),
            organization: OrganizationId::new(columns.uuid()?),
            app: AppId::new(columns.uuid()?),
            platform: columns.next()?,
            workspace: columns.remote()?,
            name: columns.next()?,
            state: columns.json()?,
            created_at: columns.time()?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn set_connection_state(
    tx: &mut Tx,
    id: ConnectionId,
    state: &ConnectionState,
) -> Result<(), Fault> {
    let update = sqlx::query("UPDATE connections SET state = $2 WHERE id = $1");
    let update = update.bind(&id.uuid().as_bytes()[..]).bind(json(state)?);
    if tx.run(update).await? == 0 {
        return Err(refusal::missing("connection", id).into());
    }
    Ok(())
}

pub(super) async fn remove_connection(tx: &mut Tx, id: ConnectionId) -> Result<(), Fault> {
    let query = sqlx::query("SELECT 1 FROM endpoints WHERE connection = $1");
    if tx.finds(query.bind(&id.uuid().as_bytes()[..])).await? {
        return Err(refusal::connection_in_use(id).into());
    }
    let delete = sqlx::query("DELETE FROM connections WHERE id = $1");
    if tx.run(delete.bind(&id.uuid().as_bytes()[..])).await? == 0 {
        return Err(refusal::missing("connection", id).into());
    }
    for delete in
        ["DELETE FROM cabinet WHERE connection = $1", "DELETE FROM accounts WHERE connection = $1"]
    {
        tx.run(sqlx::query(delete).bind(&id.uuid().as_bytes()[..])).await?;
    }
    Ok(())
}

/// A connection's cabinet holds a few entries: those wanted are picked here, whatever way the
/// database compares text.
pub(super) async fn cabinet(
    connection: &mut SqliteConnection,
    vault: &Vault,
    owner: ConnectionId,
    wanted: impl Fn(&str) -> bool + Send,
) -> Result<Vec<(String, SecretString)>, Fault> {
    let query = sqlx::query("SELECT entry, value FROM cabinet WHERE connection = $1");
    let rows = query.bind(&owner.uuid().as_bytes()[..]).fetch_all(connection).await?;
    let mut entries = Vec::new();
    for row in &rows {
        let mut columns = Columns::of(row);
        let entry: String = columns.next()?;
        if wanted(&entry) {
            let value = vault.open(&cabinet_place(owner, &entry), columns.next()?)?;
            entries.push((entry, secret(value)?));
        }
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

fn secret(plain: Vec<u8>) -> Result<SecretString, Fault> {
    let text = String::from_utf8(plain);
    Ok(text.map_err(|_| Fault::corrupt("a secret that is not UTF-8"))?.into())
}

pub(super) async fn cabinet_put(
    tx: &mut Tx,
    owner: ConnectionId,
    entry: &str,
    sealed: &[u8],
) -> Result<(), Fault> {
    let upsert = sqlx::query(
        "INSERT INTO cabinet (connection, entry, value) VALUES ($1, $2, $3)
         ON CONFLICT (connection, entry) DO UPDATE SET value = excluded.value",
    );
    tx.run(upsert.bind(&owner.uuid().as_bytes()[..]).bind(entry).bind(sealed)).await?;
    Ok(())
}

pub(super) async fn cabinet_remove(
    tx: &mut Tx,
    owner: ConnectionId,
    entry: &str,
) -> Result<(), Fault> {
    let delete = sqlx::query("DELETE FROM cabinet WHERE connection = $1 AND entry = $2");
    tx.run(delete.bind(&owner.uuid().as_bytes()[..]).bind(entry)).await?;
    Ok(())
}

pub(super) async fn put_authorization(
    tx: &mut Tx,
    pending: &PendingAuthorization,
    sealed: &[u8],
) -> Result<(), Fault> {
    let upsert = sqlx::query(
        "INSERT INTO authorizations (state, app, secret, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (state) DO UPDATE SET app = excluded.app, secret = excluded.secret,
             expires_at = excluded.expires_at",
    );
    let upsert = upsert
        .bind(pending.state.as_str())
        .bind(&pending.app.uuid().as_bytes()[..])
        .bind(sealed)
        .bind(micros(pending.expires_at));
    tx.run(upsert).await?;
    Ok(())
}

/// An authorization that was taken, its secret still sealed.
pub(super) struct Taken {
    app: AppId,
    sealed: Vec<u8>,
    expires_at: Timestamp,
}

pub(super) async fn take_authorization(
    tx: &mut Tx,
    state: &str,
    now: Timestamp,
) -> Result<Option<Taken>, Fault> {
    let expire = sqlx::query("DELETE FROM authorizations WHERE expires_at <= $1");
    tx.run(expire.bind(micros(now))).await?;
    let take = sqlx::query(
        "DELETE FROM authorizations WHERE state = $1 RETURNING app, secret, expires_at",
    );
    let row = take.bind(state).fetch_optional(&mut tx.connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut columns = Columns::of(&row);
    let app = AppId::new(columns.uuid()?);
    Ok(Some(Taken { app, sealed: columns.next()?, expires_at: columns.time()? }))
}

impl Taken {
    pub(super) fn open(self, vault: &Vault, state: &str) -> Result<PendingAuthorization, Fault> {
        let secret = secret(vault.open(&authorization_place(state), &self.sealed)?)?;
        let (app, expires_at) = (self.app, self.expires_at);
        Ok(PendingAuthorization { state: state.into(), app, secret, expires_at })
    }
}

pub(super) async fn audit(tx: &mut Tx, entry: &AuditEntry) -> Result<(), Fault> {
    let insert = sqlx::query(
        "INSERT INTO audit (at, who, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
    );
    let insert = insert
        .bind(micros(entry.at))
        .bind(entry.who.as_str())
        .bind(entry.action.as_str())
        .bind(entry.subject.as_str())
        .bind(json(&entry.detail)?);
    tx.run(insert).await?;
    Ok(())
}

pub(super) async fn audit_log(
    connection: &mut SqliteConnection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, AuditEntry)>, Fault> {
    let query = sqlx::query(
        "SELECT seq, at, who, action, subject, detail FROM audit
         WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    );
    let query = query.bind(before.unwrap_or(i64::MAX)).bind(limit);
    let rows = query.fetch_all(connection).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        let seq = columns.next()?;
        let entry = AuditEntry {
            at: columns.time()?,
            who: columns.next()?,
            action: columns.next()?,
            subject: columns.next()?,
            detail: columns.json()?,
        };
        Ok((seq, entry))
    };
    rows.iter().map(read).collect()
}
