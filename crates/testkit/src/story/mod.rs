//! Everything that must cross, row by row, from each platform to all others at once, as people there
//! do and see it.

pub(crate) mod cell;
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

pub use self::cell::Cell;
use self::{
    cell::{Page, Way},
    joint::Joint,
    scene::Scene,
};
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
    // What the compatibility page has as one feature.
    ($name:literal, $from:expr, $feature:literal, $tell:path $(, $settings:expr)?) => {
        row!($name, $from, |way| way.crossing($feature), $tell $(, $settings)?)
    };
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

const ROWS: &[Row] = &[
    row!("bold, italic", everywhere, "bold", text::styles),
    row!("inline code", text::has_code, "inline_code", text::code),
    row!("strikethrough", text::has_strike, "strike", text::strike),
    row!("underline", text::has_underline, "underline", text::underline),
    row!("code block", text::has_code_block, "code_block", text::code_block),
    row!("quote", everywhere, "quote", text::quote),
    row!("lists, numbered lists", everywhere, "lists", text::lists),
    row!("nested lists", text::has_nested_list, "nested_lists", text::nested_list),
    row!("heading", everywhere, "heading", text::heading),
    row!("link", everywhere, "link", text::link),
    row!("line breaks, blank lines", everywhere, "line_breaks", text::lines),
    row!("table", text::has_table, "table", text::table),
    row!("text that looks like markup", everywhere, "literal_text", text::look_alike),
    row!("emoji, skin tone", everywhere, "emoji", text::emoji),
    row!("author", everywhere, "author_name", people::author),
    row!("mention of somebody known there", everywhere, "mention_known", people::known),
    row!("mention of somebody unknown", everywhere, "mention_unknown", people::unknown),
    row!("mention of everybody", everywhere, people::in_words, people::everybody_in_words),
    row!(
        "mention of everybody, by setting",
        everywhere,
        "mention_everybody",
        people::everybody_for_real,
        Some([r#"{"everyone_mentions": "real"}"#, r#"{"everyone_mentions": "text"}"#])
    ),
    row!("thread reply, and an answer", everywhere, "thread", threads::reply),
    row!("reply shown in the channel too", native::is_slack, "broadcast", threads::broadcast),
    row!("edit, again, and of a reply", everywhere, "edit", changes::edits),
    row!("eleven edits", changes::has_many_edits, "many_edits", changes::many_edits),
    row!("long message, edited, deleted", everywhere, "long_message", changes::long),
    row!("deletion", everywhere, "deletion", changes::deletion),
    row!("deletion of a thread's root", everywhere, "deletion", changes::root_deletion),
    row!(
        "reactions of several people",
        changes::has_reactions,
        changes::reactions_are,
        changes::reactions
    ),
    row!(
        "reactions as replies, by setting",
        changes::has_reactions,
        "reaction",
        changes::reactions,
        Some([r#"{"reaction_replies": true}"#, r#"{"reaction_replies": false}"#])
    ),
    row!("file with text, edited", everywhere, "file", files::with_text),
    row!("several files and an image", everywhere, "many_files", files::several),
    row!("file that is too large", everywhere, "file_too_large", files::too_large),
    row!("subject, importance", native::is_teams, "subject", native::subject),
    row!("card", native::is_teams, "card", native::card),
    row!("another app's blocks", native::is_slack, "card", native::blocks),
    row!("joins, leaves, topic", everywhere, quiet::is_not_told, quiet::not_relayed),
];

/// Tells the story in channels that are in step: those rows whose name contains `only`. `seen` is
/// told of each row as it ends, with all its ways.
///
/// # Errors
/// When Rialto does not say what crosses, and how.
pub async fn tell(
    world: &World,
    channels: &Channels,
    only: &str,
    mut seen: impl FnMut(&'static str, &[Outcome]),
) -> Result<Vec<Outcome>> {
    let page = Page::read(world).await?;
    let mut outcomes = Vec::new();
    for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.name.contains(only)) {
        let [meanwhile, afterwards] = row.settings.unwrap_or_default();
        set(world, channels, meanwhile).await?;
        let from = channels.sides().filter(|side| (row.from)(*side));
        let ways = from.map(|from| tell_from(world, channels, &page, (number, row), from));
        let mut ways = join_all(ways).await.concat();
        set(world, channels, afterwards).await?;
        ways.extend(untold(channels, &page, row));
        seen(row.name, &ways);
        outcomes.extend(ways);
    }
    Ok(outcomes)
}

/// What the page says crosses as it is, from where nobody can say it: one of the two is wrong.
fn untold(channels: &Channels, page: &Page, row: &Row) -> Vec<Outcome> {
    let mut wrong = Vec::new();
    for from in channels.sides().filter(|side| !(row.from)(*side)) {
        for to in channels.others(from) {
            let expected = (row.shown)(&Way { from, to, page });
            if expected == Cell::Native {
                let why = format!("nobody in {} can say what the page says crosses", from.name());
                wrong.push(Outcome { row: row.name, from, to, expected, result: Err(why) });
            }
        }
    }
    wrong
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
    page: &Page,
    (number, row): (usize, &Row),
    from: Side,
) -> Vec<Outcome> {
    let others = channels.others(from);
    let joint = Joint::new(others.len());
    let ways = others.into_iter().map(|to| {
        let expected = (row.shown)(&Way { from, to, page });
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
