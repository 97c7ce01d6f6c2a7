//! The folder that everything is kept in, by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use crate::failure::Failure;

/// The data folder, held until dropped (also by a process that is killed).
#[derive(Debug)]
pub struct DataFolder {
    _lock: File,
}

impl DataFolder {
    /// Makes the folder when it is missing, for its owner alone, and holds it.
    ///
    /// # Errors
    /// In words: its parent is missing, it cannot be written, another process holds it.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
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
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("rialto.lock"))
            .map_err(|error| {
                Failure::failed(format!(
                    "the data folder {shown} cannot be written to ({error}): give it to the user \
                     that Rialto runs as"
                ))
            })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
                "another Rialto uses the data folder {shown}: stop it, or give this one its own by \
                 `data_folder` or RIALTO_DATA_FOLDER"
            ))),
            Err(TryLockError::Error(error)) => Err(Failure::failed(format!(
                "the data folder {shown} cannot be locked ({error}): it must be on a disk of this \
                 machine"
            ))),
        }
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
