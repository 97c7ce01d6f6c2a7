//! Opening: the file, its schema, its key.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use rialto_model::OrganizationId;
use sqlx::{
    ConnectOptions, SqliteConnection,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

use super::{Fault, SqlOptions, SqlStore, Tx, readers::Readers, values::Columns, work, writer};
use crate::{Now, StoreError, Vault};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

pub(super) const KEY_CHECK: &str = "key check";
const ORGANIZATION: &str = "organization";

impl SqlStore {
    /// Opens the database, makes it or brings it up to date, and checks that `vault` opens what it
    /// holds and that it can be written.
    pub async fn open(options: SqlOptions, vault: Vault, now: Now) -> Result<Self, StoreError> {
        let path: Arc<Path> = options.path.as_path().into();
        make_private(&path).map_err(|error| cannot_make(&path, &error))?;
        let reading = SqliteConnectOptions::new()
            .filename(&*path)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let mut writing = reading
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", "0");
        if let Some(pages) = options.max_page_count {
            writing = writing.pragma("max_page_count", pages.to_string());
        }
        let result = async {
            let mut connection = writing.connect().await?;
            migrate(&mut connection).await?;
            let mut tx = Tx::new(connection);
            tx.run(sqlx::query("BEGIN IMMEDIATE")).await?;
            check_key(&mut tx, &vault).await?;
            let organization = organization(&mut tx, &now).await?;
            work::check(&mut tx).await?;
            tx.run(sqlx::query("COMMIT")).await?;
            Ok::<_, Fault>((tx, organization))
        };
        let (tx, organization) = result.await.map_err(|fault| fault.explain(&path))?;
        let queue = writer::start(path.clone(), writing, tx).map_err(|error| {
            StoreError::Unavailable(format!("the thread that writes did not start: {error}"))
        })?;
        let readers = Readers::new(reading.read_only(true));
        Ok(Self { path, vault: Arc::new(vault), now, organization, queue, readers })
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!(
        "{} cannot be opened ({error}): the folder must exist, and the user that Rialto runs as \
         must be allowed to write in it",
        path.display()
    ))
}

/// Only the owner may read the file; SQLite gives its log the same permissions.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode();
            if mode & 0o077 != 0 {
                fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
            }
            Ok(())
        }
        made => made.map(drop),
    }
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), Fault> {
    MIGRATIONS.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => Fault::corrupt(format!(
            "it was written by a newer Rialto (schema {version}): start that one, or restore the \
             backup from before the upgrade"
        )),
        MigrateError::VersionMismatch(version) => Fault::corrupt(format!(
            "its schema {version} is not the one this Rialto knows: start the Rialto that made it"
        )),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        error => Fault::corrupt(error.to_string()),
    })
}

/// A value that only the right key opens, made when the database is.
async fn check_key(tx: &mut Tx, vault: &Vault) -> Result<(), Fault> {
    let Some(sealed) = fact(tx, KEY_CHECK).await? else {
        return state(tx, KEY_CHECK, &vault.seal(KEY_CHECK, b"rialto")).await;
    };
    vault.open(KEY_CHECK, &sealed).map_err(|_| StoreError::WrongKey)?;
    Ok(())
}

async fn organization(tx: &mut Tx, now: &Now) -> Result<OrganizationId, Fault> {
    if let Some(known) = fact(tx, ORGANIZATION).await? {
        let id = Uuid::from_slice(&known);
        return Ok(OrganizationId::new(id.map_err(|_| Fault::corrupt("the organization's id"))?));
    }
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| StoreError::Unavailable("the system gives no random bytes".into()))?;
    let millis = u64::try_from(now().as_millisecond()).unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    state(tx, ORGANIZATION, id.as_bytes()).await?;
    Ok(OrganizationId::new(id))
}

async fn fact(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let query = sqlx::query("SELECT value FROM facts WHERE name = $1").bind(name);
    let row = query.fetch_optional(&mut tx.connection).await?;
    row.map(|row| Columns::of(&row).next()).transpose()
}

async fn state(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), Fault> {
    let insert = sqlx::query("INSERT INTO facts (name, value) VALUES ($1, $2)");
    tx.run(insert.bind(name).bind(value)).await?;
    Ok(())
}
