//! Whether anything that was said is left behind: markers that somebody wrote into chats are looked
//! for in whatever Rialto may have written.
//!
//! It needs neither the server nor the key, writes nothing, and says what it cannot see.

mod forms;
mod places;
mod scan;

use std::{io, path::PathBuf, time::Duration};

use jiff::Timestamp;
use rialto_store::{AtRest, at_rest};
use serde::Serialize;

use self::{
    places::{Place, holders, places},
    scan::{Scanned, Search},
};
use crate::{config::Settings, failure::Failure};

/// What no scan of files can see.
pub const UNSEEN: [&str; 5] = [
    "memory, swap and core dumps",
    "backups, snapshots, and blocks that the file system has freed but not overwritten",
    "what is compressed or encrypted",
    "logs that something else keeps (journald, a log server, the reverse proxy): name their files by --also",
    "the platforms themselves, where it was said",
];

/// What was looked at and what was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Nothing was found, and everything could be read.
    pub clean: bool,
    /// What was looked for.
    pub markers: Vec<String>,
    /// How many forms of them: plain, UTF-16, Base64 and others.
    pub forms: usize,
    /// Processes that run on the data folder.
    pub processes: Vec<u32>,
    /// What was looked through.
    pub places: Vec<PlaceReport>,
    /// Content that is kept, sealed.
    pub at_rest: AtRestReport,
    /// What cannot be seen.
    pub unseen: [&'static str; 5],
}

/// One place.
#[derive(Debug, Serialize)]
pub struct PlaceReport {
    /// The file.
    pub place: String,
    /// Bytes that were read.
    pub bytes: u64,
    /// What was found there.
    pub found: Vec<Found>,
    /// Why it could not be read to its end.
    pub problem: Option<String>,
}

/// A marker that is still there.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Which.
    pub marker: String,
    /// How it is written there.
    pub form: &'static str,
    /// How often.
    pub times: u64,
}

/// Content that is kept, sealed.
#[derive(Debug, Serialize)]
pub struct AtRestReport {
    /// Webhooks that wait to be understood.
    pub webhooks: u64,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Posts that have begun.
    pub begun: u64,
    /// Deliveries that are parked and can be retried.
    pub parked: u64,
    /// When the content of all these is erased, unless they are retried before.
    pub parked_until: Option<Timestamp>,
    /// Deliveries that are done: none may have kept its content.
    pub done: u64,
}

/// Looks for the markers everywhere.
///
/// # Errors
/// When a marker cannot be looked for, or there is nothing to look through.
pub async fn look(
    settings: &Settings,
    markers: &[String],
    also: &[PathBuf],
) -> Result<Report, Failure> {
    let search = Search::new(markers)?;
    let database = settings.database_file();
    // Where there is nothing to find, finding nothing proves nothing.
    if !database.is_file() {
        return Err(Failure::failed(format!(
            "there is no database at {}: run this where the server runs and with its configuration, \
             or set RIALTO_DATA_FOLDER",
            database.display()
        )));
    }
    let unreadable = |error: io::Error| {
        Failure::failed(format!(
            "not everything can be looked through ({error}): run this as the user that Rialto runs \
             as, or as root, and name files that exist"
        ))
    };
    // Before the database is opened: that makes files.
    let places = places(settings, also).map_err(unreadable)?;
    let forms = search.forms();
    let looking = tokio::task::spawn_blocking(move || {
        let looked = places.iter().filter_map(|place| looked_through(&search, place));
        (looked.collect::<Vec<_>>(), at_rest(&database))
    });
    let (places, kept) = looking.await.map_err(|error| Failure::failed(error.to_string()))?;
    let kept = kept.map_err(|error| Failure::failed(error.to_string()))?;
    let at_rest = counted(kept, settings.deliveries.keep_parked.duration);
    let clean = places.iter().all(|place| place.found.is_empty() && place.problem.is_none())
        && at_rest.done == 0;
    Ok(Report {
        clean,
        markers: markers.to_vec(),
        forms,
        processes: holders(&settings.data_folder),
        places,
        at_rest,
        unseen: UNSEEN,
    })
}

/// `None` for a place that is gone.
fn looked_through(search: &Search, place: &Place) -> Option<PlaceReport> {
    let scanned = match place.open() {
        Ok(file) => search.scan(file?),
        Err(error) => Err(error),
    };
    let (Scanned { bytes, found }, problem) = match scanned {
        Ok(scanned) => (scanned, None),
        Err(error) => (Scanned::default(), Some(error.to_string())),
    };
    let found = found.into_iter().map(|((marker, form), times)| Found { marker, form, times });
    Some(PlaceReport { place: place.shown.clone(), bytes, found: found.collect(), problem })
}

fn counted(kept: AtRest, keep_parked: Duration) -> AtRestReport {
    let until = |at: Timestamp| at.checked_add(keep_parked).ok();
    AtRestReport {
        webhooks: kept.inbox,
        waiting: kept.waiting,
        begun: kept.begun,
        parked: kept.parked,
        parked_until: kept.last_parked_at.and_then(until),
        done: kept.settled,
    }
}
