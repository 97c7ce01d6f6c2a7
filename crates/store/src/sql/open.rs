//! Opening: the file, its schema, its key.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use rialto_model::OrganizationId;
use rusqlite::{Connection as Database, OpenFlags};
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};
use uuid::Uuid;

use super::{Fault, SqlOptions, SqlStore, Tx, query::query, readers::Readers, work, writer};
use crate::{Now, StoreError, Vault};

/// Only append: a database counts the steps that it has taken.
const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);
const STEPS: &[M<'static>] = &[M::up(include_str!("../../migrations/0001_first.sql"))];

pub(super) const KEY_CHECK: &str = "key check";
const ORGANIZATION: &str = "organization";
/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// There are several readers, and the system keeps the file's pages for all of them: half a megabyte
/// each, in KiB below zero.
const READ_CACHE: &str = "PRAGMA cache_size = -512";
/// The one who writes meets the same pages in every transaction, and what does not fit is written
/// twice: 16 MiB, in KiB below zero. Taken as they are needed.
const WRITE_CACHE: &str = "PRAGMA cache_size = -16384";
/// More than there are different statements.
const STATEMENTS: usize = 256;

/// How the file is opened.
#[derive(Clone)]
pub(super) struct Opening {
    path: Arc<Path>,
    patience: Duration,
    /// `None` to only read.
    writing: Option<Writing>,
}

#[derive(Clone)]
struct Writing {
    max_page_count: Option<u32>,
}

impl Opening {
    pub(super) fn open(&self) -> Result<Database, Fault> {
        let access = match self.writing {
            Some(_) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            None => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Database::open_with_flags(&self.path, flags)?;
        database.busy_timeout(self.patience)?;
        database.set_prepared_statement_cache_capacity(STATEMENTS);
        let cache = if self.writing.is_some() { WRITE_CACHE } else { READ_CACHE };
        database.execute_batch(cache)?;
        if let Some(writing) = &self.writing {
            database.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                 PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0;",
            )?;
            if let Some(pages) = writing.max_page_count {
                database.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
            }
        }
        Ok(database)
    }

    /// Likewise, but whoever finds the file locked does not wait.
    pub(super) fn without_patience(&self) -> Self {
        Self { patience: Duration::ZERO, ..self.clone() }
    }

    pub(super) fn only_to_read(path: Arc<Path>) -> Self {
        Self { path, patience: PATIENCE, writing: None }
    }
}

impl SqlStore {
    /// Opens the database, makes it or brings it up to date, and checks that `vault` opens what it
    /// holds and that it can be written.
    pub async fn open(options: SqlOptions, vault: Vault, now: Now) -> Result<Self, StoreError> {
        let opening = tokio::task::spawn_blocking(move || Self::open_here(&options, vault, &now));
        opening.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }

    fn open_here(options: &SqlOptions, vault: Vault, now: &Now) -> Result<Self, StoreError> {
        let path: Arc<Path> = options.path.as_path().into();
        make_private(&path).map_err(|error| cannot_make(&path, &error))?;
        let writing = Some(Writing { max_page_count: options.max_page_count });
        let opening = Opening { path: path.clone(), patience: PATIENCE, writing };
        let opened = open(&opening, &vault, now).map_err(|fault| fault.explain(&path));
        let (tx, organization) = opened?;
        let readers = Arc::new(Readers::new(Opening::only_to_read(path.clone())));
        let queue = writer::start(path.clone(), opening, tx, readers.clone()).map_err(|error| {
            StoreError::Unavailable(format!("the thread that writes did not start: {error}"))
        })?;
        let (vault, now) = (Arc::new(vault), now.clone());
        Ok(Self { path, vault, now, organization, queue, readers })
    }
}

fn open(opening: &Opening, vault: &Vault, now: &Now) -> Result<(Tx, OrganizationId), Fault> {
    let mut database = opening.open()?;
    migrate(&mut database)?;
    let mut tx = Tx::new(database);
    tx.run(query("BEGIN IMMEDIATE"))?;
    check_key(&mut tx, vault)?;
    let organization = organization(&mut tx, now)?;
    work::check(&mut tx)?;
    forget_orphans(&mut tx)?;
    tx.run(query("COMMIT"))?;
    Ok((tx, organization))
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

fn migrate(database: &mut Database) -> Result<(), Fault> {
    use rusqlite_migration::Error;

    MIGRATIONS.to_latest(database).map_err(|error| match error {
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            Fault::corrupt(
                "it was written by a newer Rialto: start that one, or restore the backup from \
                 before the upgrade",
            )
        }
        Error::RusqliteError { err, .. } => err.into(),
        error => Fault::corrupt(error.to_string()),
    })
}

/// A value that only the right key opens, made when the database is.
fn check_key(tx: &mut Tx, vault: &Vault) -> Result<(), Fault> {
    let Some(sealed) = fact(tx, KEY_CHECK)? else {
        return state(tx, KEY_CHECK, &vault.seal(KEY_CHECK, b"rialto"));
    };
    vault.open(KEY_CHECK, &sealed).map_err(|_| StoreError::WrongKey)?;
    Ok(())
}

fn organization(tx: &mut Tx, now: &Now) -> Result<OrganizationId, Fault> {
    if let Some(known) = fact(tx, ORGANIZATION)? {
        let id = Uuid::from_slice(&known);
        return Ok(OrganizationId::new(id.map_err(|_| Fault::corrupt("the organization's id"))?));
    }
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| StoreError::Unavailable("the system gives no random bytes".into()))?;
    let millis = u64::try_from(now().as_millisecond()).unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    state(tx, ORGANIZATION, id.as_bytes())?;
    Ok(OrganizationId::new(id))
}

/// Tokens are kept before the connection that they are for, and renewed while it is removed: whoever
/// dies in between leaves some that nobody needs.
fn forget_orphans(tx: &mut Tx) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM cabinet WHERE connection NOT IN (SELECT id FROM connections)",
        "DELETE FROM accounts WHERE connection NOT IN (SELECT id FROM connections)",
    ] {
        tx.run(query(sql))?;
    }
    Ok(())
}

fn fact(tx: &Tx, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let select = query("SELECT value FROM facts WHERE name = $1").bind(name);
    select.maybe(&tx.database, |columns| columns.next())
}

fn state(tx: &Tx, name: &str, value: &[u8]) -> Result<(), Fault> {
    let insert = query("INSERT INTO facts (name, value) VALUES ($1, $2)");
    tx.run(insert.bind(name).bind(value))?;
    Ok(())
}
