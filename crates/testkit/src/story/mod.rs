//! Everything that must cross, row by row, from each platform to all others at once, as people there
//! do and see it.

mod cell;
mod changes;
mod files;
mod joint;
mod native;
mod people;
mod quiet;
mod scene;
mod text;
mod threads;

use anyhow::Result;
use futures_util::future::{BoxFuture, join_all};

pub use self::cell::{Cell, Way};
use self::{joint::Joint, scene::Scene};
use crate::{Channels, Side, World};

/// What came of a row, on one way.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What crossed.
    pub row: &'static str,
    /// From where.
    pub from: Side,
    /// To where.
    pub to: Side,
    /// How it should.
    pub expected: Cell,
    /// What arrived, or what is wrong.
    pub result: Result<String, String>,
}

type Tell = for<'a> fn(&'a Scene<'a>) -> BoxFuture<'a, Result<String>>;

/// A row: what crosses, where people can do it, how it is shown elsewhere, and how it is tried.
struct Row {
    name: &'static str,
    /// The channel sync's settings meanwhile, and those afterwards.
    settings: Option<[&'static str; 2]>,
    from: fn(Side) -> bool,
    shown: fn(&Way<'_>) -> Cell,
    tell: Tell,
}

macro_rules! row {
    ($name:literal, $from:expr, $shown:expr, $tell:path) => {
        row!($name, $from, $shown, $tell, None)
    };
    ($name:literal, $from:expr, $shown:expr, $tell:path, $settings:expr) => {
        Row {
            name: $name,
            settings: $settings,
            from: $from,
            shown: $shown,
            tell: |scene| Box::pin($tell(scene)),
        }
    };
}

fn everywhere(_: Side) -> bool {
    true
}

fn natively(_: &Way<'_>) -> Cell {
    Cell::Native
}

const ROWS: &[Row] = &[
    row!("bold, italic", everywhere, natively, text::styles),
    row!("inline code", text::has_code, text::code_is, text::code),
    row!("strikethrough", text::has_strike, text::strike_is, text::strike),
    row!("underline", text::has_underline, text::underline_is, text::underline),
    row!("code block", text::has_code_block, text::code_block_is, text::code_block),
    row!("quote", everywhere, natively, text::quote),
    row!("lists, numbered lists", everywhere, natively, text::lists),
    row!("nested lists", text::has_nested_list, text::nested_list_is, text::nested_list),
    row!("heading", text::has_heading, text::heading_is, text::heading),
    row!("link", everywhere, natively, text::link),
    row!("line breaks, blank lines", everywhere, natively, text::lines),
    row!("table", text::has_table, text::table_is, text::table),
    row!("text that looks like markup", everywhere, natively, text::look_alike),
    row!("emoji, skin tone", everywhere, natively, text::emoji),
    row!("author", everywhere, people::author_is, people::author),
    row!("mention of somebody known there", everywhere, natively, people::known),
    row!("mention of somebody unknown", everywhere, people::unknown_is, people::unknown),
    row!("mention of everybody", everywhere, people::in_words, people::everybody_in_words),
    row!(
        "mention of everybody, by setting",
        everywhere,
        people::everybody_is,
        people::everybody_for_real,
        Some([r#"{"everyone_mentions": "real"}"#, r#"{"everyone_mentions": "text"}"#])
    ),
    row!("thread reply, and an answer", everywhere, threads::replies_are, threads::reply),
    row!(
        "reply shown in the channel too",
        threads::has_broadcast,
        threads::broadcast_is,
        threads::broadcast
    ),
    row!("edit, again, and of a reply", everywhere, changes::edits_are, changes::edits),
    row!("eleven edits", everywhere, changes::many_edits_are, changes::many_edits),
    row!("long message, edited, deleted", everywhere, changes::long_is, changes::long),
    row!("deletion", everywhere, changes::deletion_is, changes::deletion),
    row!("deletion of a thread's root", everywhere, changes::deletion_is, changes::root_deletion),
    row!(
        "reactions of several people",
        changes::has_reactions,
        changes::reactions_are,
        changes::reactions
    ),
    row!(
        "reactions as replies, by setting",
        changes::has_reactions,
        changes::reactions_by_setting_are,
        changes::reactions,
        Some([r#"{"reaction_replies": true}"#, r#"{"reaction_replies": false}"#])
    ),
    row!("file with text, edited", everywhere, files::files_are, files::with_text),
    row!("several files and an image", everywhere, files::files_are, files::several),
    row!("file that is too large", everywhere, files::too_large_is, files::too_large),
    row!("subject, importance", native::is_teams, native::in_words, native::subject),
    row!("card", native::is_teams, native::in_words, native::card),
    row!("another app's blocks", native::is_slack, native::in_words, native::blocks),
    row!("joins, leaves, topic", everywhere, quiet::is_not_told, quiet::not_relayed),
];

/// Tells the story in channels that are in step: those rows whose name contains `only`. `seen` is
/// told of each row as it ends, with all its ways.
///
/// # Errors
/// When Rialto does not say what its platforms can do.
pub async fn tell(
    world: &World,
    channels: &Channels,
    only: &str,
    mut seen: impl FnMut(&'static str, &[Outcome]),
) -> Result<Vec<Outcome>> {
    let platforms = world.api.get("/api/v1/platforms").await?;
    let mut outcomes = Vec::new();
    for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.name.contains(only)) {
        let [meanwhile, afterwards] = row.settings.unwrap_or_default();
        set(world, channels, meanwhile).await?;
        let from = channels.sides().filter(|side| (row.from)(*side));
        let ways = from.map(|from| tell_from(world, channels, &platforms, (number, row), from));
        let ways = join_all(ways).await.concat();
        set(world, channels, afterwards).await?;
        seen(row.name, &ways);
        outcomes.extend(ways);
    }
    Ok(outcomes)
}

/// Changes the channel sync's settings; an empty text changes none.
async fn set(world: &World, channels: &Channels, settings: &str) -> Result<()> {
    if !settings.is_empty() {
        let path = format!("/api/v1/channel-syncs/{}", channels.sync);
        let body = serde_json::from_str(settings)?;
        world.api.call(reqwest::Method::PATCH, &path, Some(body)).await?;
    }
    Ok(())
}

/// A row from one side: said once, looked for on all others at the same time.
async fn tell_from(
    world: &World,
    channels: &Channels,
    platforms: &serde_json::Value,
    (number, row): (usize, &Row),
    from: Side,
) -> Vec<Outcome> {
    let others = channels.others(from);
    let joint = Joint::new(others.len());
    let ways = others.into_iter().map(|to| {
        let mut all = platforms.as_array().into_iter().flatten();
        let can = all.find(|it| it["id"] == to.word()).map(|it| &it["capabilities"]);
        let way = Way { from, to, can };
        let expected = (row.shown)(&way);
        let tag = format!("{}-{number}", from.word());
        let scene =
            Scene { world, channels, from, to, tag, expected: expected.clone(), joint: &joint };
        async move {
            let result = (row.tell)(&scene).await.map_err(|error| format!("{error:#}"));
            scene.joint.leave();
            Outcome { row: row.name, from, to, expected, result }
        }
    });
    join_all(ways).await
}
