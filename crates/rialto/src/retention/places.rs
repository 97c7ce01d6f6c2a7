//! Where Rialto may have written something.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::config::Settings;

/// Something to be looked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is for this process.
    pub path: PathBuf,
    /// What it is for people.
    pub shown: String,
}

impl Place {
    fn at(path: PathBuf) -> Self {
        Self { shown: path.display().to_string(), path }
    }

    /// Opens it; `None` when it is gone: files come and go while a server runs.
    pub fn open(&self) -> io::Result<Option<File>> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// All places of these settings: the data folder, the database and what SQLite keeps beside it,
/// files in temporary folders, what the running server has open, and what the admin names.
///
/// # Errors
/// When a folder cannot be read.
pub fn places(settings: &Settings, also: &[PathBuf]) -> io::Result<Vec<Place>> {
    let mut paths = Vec::new();
    walk(&settings.data_folder, &mut paths)?;
    let database = settings.database_file();
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        paths.push(PathBuf::from(name));
    }
    paths.extend(temporary());
    for path in also {
        // Named by the admin: what is missing is a mistake.
        fs::metadata(path).map_err(|error| at(path, &error))?;
        walk(path, &mut paths)?;
    }
    let mut places: Vec<_> =
        paths.into_iter().filter(|path| path.is_file()).map(Place::at).collect();
    for process in holders(&settings.data_folder) {
        places.extend(open_files(process));
    }
    places.sort_by(|a, b| a.path.cmp(&b.path));
    places.dedup_by(|a, b| same(&a.path, &b.path));
    Ok(places)
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// All files below a path, or the file that it is. Links are not followed: they could lead anywhere.
fn walk(path: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        into.push(path.into());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|error| at(path, &error))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), into)?;
        } else {
            into.push(entry.path());
        }
    }
    Ok(())
}

/// Files in temporary folders with names that SQLite and Rialto's uploads give to theirs. They have
/// none while they are used: these were left behind by a crash at the wrong moment.
fn temporary() -> Vec<PathBuf> {
    let folders = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let ours = |name: &str| name.starts_with(".tmp") || name.starts_with("etilqs_");
    files
        .filter(|entry| entry.file_name().to_str().is_some_and(ours))
        // Others' cannot be read, and are not ours.
        .filter(|entry| File::open(entry.path()).is_ok())
        .map(|entry| entry.path())
        .collect()
}

/// The processes that hold the data folder's lock. Linux tells, of one's own processes.
pub fn holders(data_folder: &Path) -> Vec<u32> {
    let Ok(lock) = fs::canonicalize(data_folder.join("rialto.lock")) else { return Vec::new() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| *process != std::process::id())
        .filter(|process| descriptors(*process).iter().any(|(_, to)| *to == lock))
        .collect()
}

/// What a process has open, with or without a name: temporary files, and its log when it goes to a
/// file.
fn open_files(process: u32) -> Vec<Place> {
    let open = descriptors(process).into_iter();
    open.filter(|(link, _)| fs::metadata(link).is_ok_and(|metadata| metadata.is_file()))
        .map(|(link, to)| Place {
            shown: format!("{} (open in process {process})", to.display()),
            path: if to.is_file() { to } else { link },
        })
        .collect()
}

fn descriptors(process: u32) -> Vec<(PathBuf, PathBuf)> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), fs::read_link(entry.path()).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn what_has_no_name_any_more_is_read_through_the_process_that_has_it_open() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"without a name").unwrap();
        let texts = open_files(std::process::id()).into_iter().filter_map(|place| {
            let mut text = Vec::new();
            place.open().ok()??.take(100).read_to_end(&mut text).ok()?;
            Some(text)
        });
        assert!(texts.into_iter().any(|text| text == b"without a name"));
    }

    #[test]
    fn every_file_of_the_data_folder_and_around_the_database_is_a_place() {
        let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(data.path().join("deep")).unwrap();
        let database = elsewhere.path().join("other.db");
        let mut settings = Settings { data_folder: data.path().into(), ..Settings::default() };
        settings.database.file = database.clone();
        let log = elsewhere.path().join("named.log");
        let files = [
            data.path().join("rialto.key"),
            data.path().join("deep/old.log"),
            database.clone(),
            database.with_extension("db-wal"),
            database.with_extension("db-journal"),
            log.clone(),
        ];
        for file in &files {
            fs::write(file, "x").unwrap();
        }
        let found: Vec<_> =
            places(&settings, &[log]).unwrap().into_iter().map(|place| place.path).collect();
        for file in &files {
            assert!(found.contains(file), "{} is missing in {found:?}", file.display());
        }
        let missing = places(&settings, &[data.path().join("nothing")]);
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
