//! Applications, connections and what belongs to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rialto_model::{AppId, ConnectionId, OrganizationId};
use rusqlite::Connection as Database;
use secrecy::{ExposeSecret, SecretString};

use super::{
    Fault, Tx,
    query::query,
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

pub(super) fn put_app(tx: &mut Tx, app: &App, secrets: &[u8]) -> Result<(), Fault> {
    let upsert = query(
        "INSERT INTO apps (id, organization, platform, name, settings, secrets, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET organization = excluded.organization,
             platform = excluded.platform, name = excluded.name, settings = excluded.settings,
             secrets = excluded.secrets, created_at = excluded.created_at",
    );
    let upsert = upsert
        .bind(app.id.uuid())
        .bind(app.organization.uuid())
        .bind(app.platform.as_str())
        .bind(app.name.as_str())
        .bind(json(&app.settings)?)
        .bind(secrets)
        .bind(micros(app.created_at));
    tx.run(upsert)?;
    Ok(())
}

pub(super) fn apps(database: &Database, vault: &Vault) -> Result<Vec<App>, Fault> {
    let select = query(
        "SELECT id, organization, platform, name, settings, secrets, created_at
         FROM apps ORDER BY id",
    );
    select.all(database, |columns| read_app(columns, vault))
}

fn read_app(columns: &mut Columns<'_>, vault: &Vault) -> Result<App, Fault> {
    let id = AppId::new(columns.uuid()?);
    Ok(App {
        id,
        organization: OrganizationId::new(columns.uuid()?),
        platform: columns.next()?,
        name: columns.next()?,
        settings: columns.json()?,
        secrets: from_json::<BTreeMap<String, String>>(
            &vault.open(&app_place(id), columns.bytes()?)?,
        )?
        .into_iter()
        .map(|(name, secret)| (name, secret.into()))
        .collect(),
        created_at: columns.time()?,
    })
}

pub(super) fn remove_app(tx: &mut Tx, id: AppId) -> Result<(), Fault> {
    let select = query("SELECT 1 FROM connections WHERE app = $1");
    if tx.finds(select.bind(id.uuid()))? {
        return Err(refusal::app_in_use(id).into());
    }
    let delete = query("DELETE FROM apps WHERE id = $1");
    if tx.run(delete.bind(id.uuid()))? == 0 {
        return Err(refusal::missing("app", id).into());
    }
    Ok(())
}

pub(super) fn put_connection(tx: &mut Tx, connection: &Connection) -> Result<(), Fault> {
    let taken = query("SELECT 1 FROM connections WHERE app = $1 AND workspace = $2 AND id <> $3")
        .bind(connection.app.uuid())
        .bind(connection.workspace.as_str())
        .bind(connection.id.uuid());
    if tx.finds(taken)? {
        return Err(refusal::workspace_taken(&connection.workspace).into());
    }
    let upsert = query(
        "INSERT INTO connections
             (id, organization, app, platform, workspace, name, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, app = excluded.app,
             platform = excluded.platform, workspace = excluded.workspace, name = excluded.name,
             state = excluded.state, created_at = excluded.created_at",
    );
    let upsert = upsert
        .bind(connection.id.uuid())
        .bind(connection.organization.uuid())
        .bind(connection.app.uuid())
        .bind(connection.platform.as_str())
        .bind(connection.workspace.as_str())
        .bind(connection.name.as_str())
        .bind(json(&connection.state)?)
        .bind(micros(connection.created_at));
    tx.run(upsert)?;
    Ok(())
}

pub(super) fn connections(database: &Database) -> Result<Vec<Connection>, Fault> {
    let select = query(
        "SELECT id, organization, app, platform, workspace, name, state, created_at
         FROM connections ORDER BY id",
    );
    select.all(database, |columns| {
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
    })
}

pub(super) fn set_connection_state(
    tx: &mut Tx,
    id: ConnectionId,
    state: &ConnectionState,
) -> Result<(), Fault> {
    let update = query("UPDATE connections SET state = $2 WHERE id = $1");
    let update = update.bind(id.uuid()).bind(json(state)?);
    if tx.run(update)? == 0 {
        return Err(refusal::missing("connection", id).into());
    }
    Ok(())
}

pub(super) fn remove_connection(tx: &mut Tx, id: ConnectionId) -> Result<(), Fault> {
    let select = query("SELECT 1 FROM endpoints WHERE connection = $1");
    if tx.finds(select.bind(id.uuid()))? {
        return Err(refusal::connection_in_use(id).into());
    }
    let delete = query("DELETE FROM connections WHERE id = $1");
    if tx.run(delete.bind(id.uuid()))? == 0 {
        return Err(refusal::missing("connection", id).into());
    }
    for delete in
        ["DELETE FROM cabinet WHERE connection = $1", "DELETE FROM accounts WHERE connection = $1"]
    {
        tx.run(query(delete).bind(id.uuid()))?;
    }
    Ok(())
}

/// A connection's cabinet holds a few entries: those wanted are picked here, whatever way the
/// database compares text.
pub(super) fn cabinet(
    database: &Database,
    vault: &Vault,
    owner: ConnectionId,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, SecretString)>, Fault> {
    let select = query("SELECT entry, value FROM cabinet WHERE connection = $1");
    let entries = select.bind(owner.uuid()).all(database, |columns| {
        let entry = columns.text()?;
        if !wanted(entry) {
            return Ok(None);
        }
        let value = vault.open(&cabinet_place(owner, entry), columns.bytes()?)?;
        Ok(Some((entry.to_owned(), secret(value)?)))
    })?;
    let mut entries: Vec<_> = entries.into_iter().flatten().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

fn secret(plain: Vec<u8>) -> Result<SecretString, Fault> {
    let text = String::from_utf8(plain);
    Ok(text.map_err(|_| Fault::corrupt("a secret that is not UTF-8"))?.into())
}

pub(super) fn cabinet_put(
    tx: &mut Tx,
    owner: ConnectionId,
    entry: &str,
    sealed: &[u8],
) -> Result<(), Fault> {
    let upsert = query(
        "INSERT INTO cabinet (connection, entry, value) VALUES ($1, $2, $3)
         ON CONFLICT (connection, entry) DO UPDATE SET value = excluded.value",
    );
    tx.run(upsert.bind(owner.uuid()).bind(entry).bind(sealed))?;
    Ok(())
}

pub(super) fn cabinet_remove(tx: &mut Tx, owner: ConnectionId, entry: &str) -> Result<(), Fault> {
    let delete = query("DELETE FROM cabinet WHERE connection = $1 AND entry = $2");
    tx.run(delete.bind(owner.uuid()).bind(entry))?;
    Ok(())
}

pub(super) fn put_authorization(
    tx: &mut Tx,
    pending: &PendingAuthorization,
    sealed: &[u8],
) -> Result<(), Fault> {
    let upsert = query(
        "INSERT INTO authorizations (state, app, secret, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (state) DO UPDATE SET app = excluded.app, secret = excluded.secret,
             expires_at = excluded.expires_at",
    );
    let upsert = upsert
        .bind(pending.state.as_str())
        .bind(pending.app.uuid())
        .bind(sealed)
        .bind(micros(pending.expires_at));
    tx.run(upsert)?;
    Ok(())
}

/// An authorization that was taken, its secret still sealed.
pub(super) struct Taken {
    app: AppId,
    sealed: Vec<u8>,
    expires_at: Timestamp,
}

pub(super) fn take_authorization(
    tx: &mut Tx,
    state: &str,
    now: Timestamp,
) -> Result<Option<Taken>, Fault> {
    let expire = query("DELETE FROM authorizations WHERE expires_at <= $1");
    tx.run(expire.bind(micros(now)))?;
    let take =
        query("DELETE FROM authorizations WHERE state = $1 RETURNING app, secret, expires_at");
    take.bind(state).maybe(&tx.database, |columns| {
        let app = AppId::new(columns.uuid()?);
        Ok(Taken { app, sealed: columns.next()?, expires_at: columns.time()? })
    })
}

impl Taken {
    pub(super) fn open(self, vault: &Vault, state: &str) -> Result<PendingAuthorization, Fault> {
        let secret = secret(vault.open(&authorization_place(state), &self.sealed)?)?;
        let (app, expires_at) = (self.app, self.expires_at);
        Ok(PendingAuthorization { state: state.into(), app, secret, expires_at })
    }
}

pub(super) fn audit(tx: &mut Tx, entry: &AuditEntry) -> Result<(), Fault> {
    let insert =
        query("INSERT INTO audit (at, who, action, subject, detail) VALUES ($1, $2, $3, $4, $5)");
    let insert = insert
        .bind(micros(entry.at))
        .bind(entry.who.as_str())
        .bind(entry.action.as_str())
        .bind(entry.subject.as_str())
        .bind(json(&entry.detail)?);
    tx.run(insert)?;
    Ok(())
}

pub(super) fn audit_log(
    database: &Database,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, AuditEntry)>, Fault> {
    let select = query(
        "SELECT seq, at, who, action, subject, detail FROM audit
         WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    );
    let select = select.bind(before.unwrap_or(i64::MAX)).bind(limit);
    select.all(database, |columns| {
        let seq = columns.next()?;
        let entry = AuditEntry {
            at: columns.time()?,
            who: columns.next()?,
            action: columns.next()?,
            subject: columns.next()?,
            detail: columns.json()?,
        };
        Ok((seq, entry))
    })
}
