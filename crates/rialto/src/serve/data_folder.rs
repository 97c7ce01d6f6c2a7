//! The folder that everything is kept in, and the database, by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use crate::{config::Settings, failure::Failure};

/// The data folder and the database, held until dropped (also by a process that is killed).
#[derive(Debug)]
pub struct DataFolder {
    _locks: [File; 2],
}

impl DataFolder {
    /// Makes the folder when it is missing, for its owner alone, and holds it and the database: that
    /// may be elsewhere, and in the data folder of another.
    ///
    /// # Errors
    /// In words: its parent is missing, it cannot be written, another process holds one of them.
    pub fn open(settings: &Settings) -> Result<Self, Failure> {
        let folder = &settings.data_folder;
        let shown = folder.display();
        if !folder.exists() {
            make(folder).map_err(|error| {
                Failure::failed(match error.kind() {
                    io::ErrorKind::NotFound => format!(
                        "the data folder {shown} cannot be made, because the folder around it is \
                         missing: make that, or set `data_folder` or RIALTO_DATA_FOLDER"
                    ),
                    _ => format!(
                        "the data folder {shown} cannot be made ({error}): make it for the user \
                         that Rialto runs as, or set `data_folder` or RIALTO_DATA_FOLDER"
                    ),
                })
            })?;
        }
        let of_folder = lock(
            &folder.join("rialto.lock"),
            &format!("the data folder {shown}"),
            "`data_folder` or RIALTO_DATA_FOLDER",
        )?;
        // Whoever names it by a link means the same. Named as what SQLite keeps beside it: that is
        // never the folder's lock.
        let database = settings.database_file();
        let database = fs::canonicalize(&database).unwrap_or(database);
        let mut beside = database.clone().into_os_string();
        beside.push("-lock");
        let of_database = lock(
            Path::new(&beside),
            &format!("the database {}", database.display()),
            "`database.file` or RIALTO_DATABASE_FILE",
        )?;
        Ok(Self { _locks: [of_folder, of_database] })
    }
}

/// Locks what a file stands for, and which these settings name.
fn lock(file: &Path, what: &str, settings: &str) -> Result<File, Failure> {
    let lock = File::options().create(true).truncate(false).write(true).open(file);
    let lock = lock.map_err(|error| {
        Failure::failed(format!(
            "{what} cannot be used, because {} cannot be written ({error}): its folder must exist \
             and belong to the user that Rialto runs as; {settings} says where it is",
            file.display()
        ))
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "another Rialto uses {what}: stop it, or give this one its own by {settings}"
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::failed(format!(
            "{what} cannot be locked ({error}): it must be on a disk of this machine"
        ))),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
