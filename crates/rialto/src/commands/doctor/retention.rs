//! `rialto doctor retention`.

use std::path::PathBuf;

use clap::Args;
use rialto_platform::Toolkit;
use serde_json::json;

use crate::{
    config::Settings,
    failure::Failure,
    output::{Output, time},
    retention::{self, AtRestReport, PlaceReport, Report},
};

/// Prove that nothing of what was said is left behind: looks for words that you wrote into a chat in
/// the database, its log, temporary files, the server's log and whatever else Rialto has open
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  rialto doctor retention --propose                 # makes a marker: write it into channels that are in step\n  rialto doctor retention --marker marker0123456789abcdef\n\nRun it where the server runs, as the same user, while it runs or after it was stopped. Exit code 0 means that nothing was found and that everything could be read."
)]
pub struct Retention {
    /// A word that was written into a chat; give it again for more of them
    #[arg(long = "marker", value_name = "WORD", required_unless_present = "propose")]
    markers: Vec<String>,
    /// Another file or folder to look through: a log that something else keeps
    #[arg(long, value_name = "PATH")]
    also: Vec<PathBuf>,
    /// Make up a marker that stands nowhere yet
    #[arg(long, conflicts_with_all = ["markers", "also"])]
    propose: bool,
}

impl Retention {
    pub async fn run(
        &self,
        settings: &Settings,
        toolkit: &Toolkit,
        out: Output,
    ) -> Result<(), Failure> {
        if self.propose {
            return propose(toolkit, out);
        }
        let report = retention::look(settings, &self.markers, &self.also).await?;
        if !out.json(&report)? {
            show(&report, out)?;
        }
        ended(&report)
    }
}

fn propose(toolkit: &Toolkit, out: Output) -> Result<(), Failure> {
    let mut random = [0; 8];
    toolkit.random.fill(&mut random);
    let marker = format!("marker{}", hex::encode(random));
    if !out.json(&json!({ "marker": marker }))? {
        out.line(&marker)?;
        out.note(format!(
            "Write it where people talk: in a message, a reply, an edit, a file and its name, in \
             channels that are in step. When everything has arrived on the other side:\n  \
             rialto doctor retention --marker {marker}"
        ));
    }
    Ok(())
}

fn show(report: &Report, out: Output) -> Result<(), Failure> {
    let rows = report.places.iter().map(|place| {
        let verdict = match (&place.problem, place.found.is_empty()) {
            (Some(problem), _) => format!("CANNOT BE READ: {problem}"),
            (None, true) => "nothing".to_owned(),
            (None, false) => found(place),
        };
        [place.place.clone(), place.bytes.to_string(), verdict]
    });
    out.table(["LOOKED THROUGH", "BYTES", "FOUND"], rows.collect(), "there is no file")?;
    out.line("")?;
    out.line(format!(
        "Looked for {} marker(s) in {} forms: plain, UTF-16, JSON escapes, percent encoding, Base64, \
         hexadecimal.",
        report.markers.len(),
        report.forms
    ))?;
    out.line(match &report.processes[..] {
        [] => "No server runs on this data folder, as far as this user can see.".to_owned(),
        processes => format!(
            "The server runs as process {}; what it has open was looked through.",
            processes.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
        ),
    })?;
    out.line(at_rest(&report.at_rest))?;
    out.line(format!("Not seen: {}.", report.unseen.join("; ")))
}

fn found(place: &PlaceReport) -> String {
    let each = place.found.iter().map(|it| format!("{} ({}, {}×)", it.marker, it.form, it.times));
    format!("FOUND {}", each.collect::<Vec<_>>().join(", "))
}

fn at_rest(kept: &AtRestReport) -> String {
    let AtRestReport { webhooks, waiting, begun, parked, parked_until, done } = kept;
    let until = parked_until.map_or(String::new(), |at| format!(" (until {})", time(at)));
    let left = match done {
        0 => "none of what is done has kept its content".to_owned(),
        done => format!("{done} THAT ARE DONE HAVE KEPT THEIR CONTENT"),
    };
    format!(
        "Content that is kept, sealed: {webhooks} webhook(s) and {waiting} deliveries that wait, \
         {begun} post(s) that have begun, {parked} parked{until}; {left}."
    )
}

fn ended(report: &Report) -> Result<(), Failure> {
    if report.clean {
        return Ok(());
    }
    let named = |wanted: fn(&&PlaceReport) -> bool| {
        let names: Vec<_> =
            report.places.iter().filter(wanted).map(|place| place.place.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let mut words = Vec::new();
    if let Some(names) = named(|place| !place.found.is_empty()) {
        words.push(format!(
            "what was said is readable in {names}. A file that is on its way between platforms may \
             be: wait until it has arrived and look again. If it is a log, `log.level` may be finer \
             than `info`, or something else wrote it. Otherwise this is a fault of Rialto's: \
             SECURITY.md says whom to tell. Do not delete the file before that"
        ));
    }
    if let Some(names) = named(|place| place.problem.is_some()) {
        words.push(format!(
            "not to be read: {names}. Run this as the user that Rialto runs as, or as root"
        ));
    }
    if report.at_rest.done > 0 {
        words.push(
            "deliveries that are done have kept their content, sealed: SECURITY.md says whom to tell"
                .to_owned(),
        );
    }
    Err(Failure::failed(words.join("; ")))
}
