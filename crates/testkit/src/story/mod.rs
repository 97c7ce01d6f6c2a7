//! Everything that must cross, row by row and both ways, as people on either side do and see it.

mod changes;
mod files;
mod native;
mod people;
mod quiet;
mod scene;
mod text;
mod threads;

use anyhow::Result;
use futures_util::future::BoxFuture;

use crate::{Channels, Side, World};
use scene::Scene;

/// What came of a row.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What crossed.
    pub row: &'static str,
    /// From where.
    pub from: Side,
    /// What arrived, or what is wrong.
    pub result: Result<String, String>,
}

type Tell = for<'a> fn(&'a Scene<'a>) -> BoxFuture<'a, Result<String>>;

/// A row: what crosses, from which sides, and how it is tried.
struct Row {
    name: &'static str,
    from: &'static [Side],
    tell: Tell,
}

const BOTH: &[Side] = &[Side::Slack, Side::Teams];
const SLACK: &[Side] = &[Side::Slack];
const TEAMS: &[Side] = &[Side::Teams];

macro_rules! row {
    ($name:literal, $from:expr, $tell:path) => {
        Row { name: $name, from: $from, tell: |scene| Box::pin($tell(scene)) }
    };
}

const ROWS: &[Row] = &[
    row!("bold, italic, strike, inline code", BOTH, text::styles),
    row!("underline", TEAMS, text::underline),
    row!("code block with its language", BOTH, text::code_block),
    row!("quote", BOTH, text::quote),
    row!("nested and numbered lists", BOTH, text::lists),
    row!("heading", BOTH, text::heading),
    row!("link", BOTH, text::link),
    row!("line breaks and blank lines", BOTH, text::lines),
    row!("table", TEAMS, text::table),
    row!("text that looks like markup", BOTH, text::look_alike),
    row!("emoji, skin tone, custom emoji", BOTH, text::emoji),
    row!("author's name", BOTH, people::author),
    row!("mention of somebody known there", BOTH, people::known),
    row!("mention of somebody unknown there", BOTH, people::unknown),
    row!("mention of everybody: words by default", BOTH, people::everybody_in_words),
    row!("mention of everybody: real by setting", BOTH, people::everybody_for_real),
    row!("thread reply", BOTH, threads::reply),
    row!("reply broadcast to the channel", SLACK, threads::broadcast),
    row!("edit, again, and of a reply", BOTH, changes::edits),
    row!("long message split, edited, deleted", BOTH, changes::long),
    row!("deletion", BOTH, changes::deletion),
    row!("deletion of a thread's root", BOTH, changes::root_deletion),
    row!("reactions of several people", BOTH, changes::reactions),
    row!("file with text, edited", BOTH, files::with_text),
    row!("several files and an image, without text", BOTH, files::several),
    row!("file that is too large", BOTH, files::too_large),
    row!("subject, importance", TEAMS, native::subject),
    row!("card", TEAMS, native::card),
    row!("blocks and attachments of another app", SLACK, native::blocks),
    row!("joins, leaves, topic: not relayed", BOTH, quiet::not_relayed),
];

/// Tells the story in a pair of channels: those rows whose name contains `only`. `seen` is told of
/// each row as it ends.
pub async fn tell(
    world: &World,
    channels: &Channels,
    only: &str,
    mut seen: impl FnMut(&Outcome),
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.name.contains(only)) {
        for from in row.from {
            let tag = format!("{}-{number}", from.word());
            let scene = Scene { world, channels, from: *from, tag };
            let result = (row.tell)(&scene).await.map_err(|error| format!("{error:#}"));
            let outcome = Outcome { row: row.name, from: *from, result };
            seen(&outcome);
            outcomes.push(outcome);
        }
    }
    outcomes
}
