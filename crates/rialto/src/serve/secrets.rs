//! The deployment's key and the admin token: found, or made on the very first start.

use std::{
    env, fs,
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use rand::{TryRng as _, rand_core::UnwrapErr, rngs::SysRng};
use rialto_store::{Key, Vault};
use secrecy::{ExposeSecret, SecretString};

use crate::{config::Settings, failure::Failure};

/// What the server needs to be kept secret.
pub(super) struct Secrets {
    pub(super) vault: Vault,
    pub(super) admin_token: SecretString,
    /// What addresses of pictures are signed with.
    pub(super) for_addresses: SecretString,
}

pub(super) fn find_or_make(settings: &Settings) -> Result<Secrets, Failure> {
    let key = match find(settings)? {
        Some(key) => key,
        None => first_key(settings)?,
    };
    Ok(Secrets {
        for_addresses: key.to_base64(),
        vault: with_older(settings, &key)?,
        admin_token: admin_token(settings)?,
    })
}

/// The vault of the key that there is.
///
/// # Errors
/// When there is no key, or it cannot be read.
pub fn vault(settings: &Settings) -> Result<Vault, Failure> {
    let key = find(settings)?.ok_or_else(|| missing(settings))?;
    with_older(settings, &key)
}

fn with_older(settings: &Settings, key: &Key) -> Result<Vault, Failure> {
    let older = settings.keys.older.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(Vault::with_older(key, &older))
}

fn find(settings: &Settings) -> Result<Option<Key>, Failure> {
    if let Ok(text) = env::var("RIALTO_KEY") {
        let key = Key::from_base64(&text);
        return key.map(Some).map_err(|error| Failure::usage(format!("RIALTO_KEY: {error}")));
    }
    let file = settings.key_file();
    if settings.keys.file.is_some() || file.exists() {
        return read(&file).map(Some);
    }
    Ok(None)
}

fn read(file: &Path) -> Result<Key, Failure> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::failed(match error.kind() {
            io::ErrorKind::NotFound => format!(
                "the key file {shown} does not exist: make it with `rialto keys init --file \
                 {shown}`, or put the one back that the database was made with"
            ),
            _ => format!("the key file {shown} cannot be read: {error}"),
        })
    })?;
    let text = SecretString::from(text);
    Key::from_base64(text.expose_secret())
        .map_err(|error| Failure::failed(format!("the key file {shown} holds no key: {error}")))
}

/// Makes the key on the very first start. Never next to a database: it would open nothing there.
fn first_key(settings: &Settings) -> Result<Key, Failure> {
    if settings.database_file().exists() {
        return Err(missing(settings));
    }
    let (key, file) = (new_key(), settings.key_file());
    write_key(&file, &key)?;
    tracing::warn!(
        "made the key {}: BACK IT UP, apart from the database. Without it the database is worth \
         nothing: workspaces must be connected again, and what waits is lost",
        file.display()
    );
    Ok(key)
}

fn missing(settings: &Settings) -> Failure {
    Failure::failed(format!(
        "the key is missing: {} was made with one. Put it back as {}, or give it by RIALTO_KEY, \
         RIALTO_KEY_FILE or `keys.file`. (If it is lost for good, move the database away and \
         connect the workspaces again.)",
        settings.database_file().display(),
        settings.key_file().display(),
    ))
}

/// A new key from the machine's randomness.
pub fn new_key() -> Key {
    Key::generate(&mut UnwrapErr(SysRng))
}

/// Writes a key into a file that does not exist yet, readable for its owner alone.
///
/// # Errors
/// In words; also when the file exists.
pub fn write_key(file: &Path, key: &Key) -> Result<(), Failure> {
    create_private(file, key.to_base64().expose_secret()).map_err(|error| {
        let shown = file.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::failed(format!(
                "{shown} exists already and is left as it is: a key that is overwritten is lost, \
                 and what it sealed with it. Choose another file by --file"
            )),
            io::ErrorKind::NotFound => {
                Failure::failed(format!("the folder of {shown} does not exist: make it first"))
            }
            _ => Failure::failed(format!("{shown} cannot be written: {error}")),
        }
    })
}

/// Writes a file that must not exist yet, readable for its owner alone.
fn create_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn admin_token(settings: &Settings) -> Result<SecretString, Failure> {
    let file = settings.token_file();
    let shown = file.display();
    if file.exists() {
        let text = fs::read_to_string(&file).map_err(|error| {
            Failure::failed(format!("the admin token in {shown} cannot be read: {error}"))
        })?;
        if text.trim().len() < 16 {
            return Err(Failure::failed(format!(
                "the admin token in {shown} is shorter than 16 characters: delete the file, and a \
                 good one is made at the next start"
            )));
        }
        return Ok(text.trim().into());
    }
    let mut random = [0; 32];
    SysRng.try_fill_bytes(&mut random).map_err(|error| {
        Failure::failed(format!("the machine gives no randomness for the admin token: {error}"))
    })?;
    let token = format!("rialto_{}", hex::encode(random));
    create_private(&file, &token).map_err(|error| {
        Failure::failed(format!("the admin token cannot be written to {shown}: {error}"))
    })?;
    Ok(token.into())
}
