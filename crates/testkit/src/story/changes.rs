//! Second thoughts: edits, deletions, reactions.

use anyhow::{Result, ensure};

use super::{
    cell::{Cell, Way, impossible},
    scene::Scene,
};
use crate::{Message, Side};

pub(super) async fn edits(scene: &Scene<'_>) -> Result<String> {
    let (tag, speaker) = (scene.tagged("-first"), scene.speaker());
    let id = scene.say(&tag).await?;
    let there = scene.arrives(&tag).await?;
    for turn in ["-second", "-third"] {
        let tag = scene.tagged(turn);
        scene.edit(speaker, &id, &tag).await?;
        let message = scene.arrives(&tag).await?;
        ensure!(message.id == there.id, "another message than before");
    }
    let reply = scene.reply(speaker, &id, &scene.tagged("-reply")).await?;
    scene.arrives(&scene.tagged("-reply")).await?;
    scene.edit(speaker, &reply, &scene.tagged("-changed")).await?;
    let message = scene.arrives(&scene.tagged("-changed")).await?;
    ensure!(message.thread.as_deref() == Some(&there.id), "the reply left its thread");
    scene.told("the same message, changed twice, and its reply")
}

/// Ten edits are as many as Webex lets a person make of a message.
pub(super) fn has_many_edits(side: Side) -> bool {
    side != Side::Webex
}

pub(super) async fn many_edits(scene: &Scene<'_>) -> Result<String> {
    let tag = |turn: usize| scene.tagged(&format!("-{turn:02};"));
    let id = scene.say(&tag(0)).await?;
    let there = scene.arrives(&tag(0)).await?;
    for turn in 1..=11 {
        scene.edit(scene.speaker(), &id, &tag(turn)).await?;
        let message = scene.arrives(&tag(turn)).await?;
        let in_reply = message.thread.as_deref() == Some(&there.id);
        ensure!(message.id == there.id || turn == 11 && in_reply, "not there: {message:?}");
        ensure!(turn < 11 || in_reply != scene.natively(), "in a reply: {in_reply}");
    }
    scene.told("eleven times")
}

/// Messages of this row that are still to be read, roots only.
fn pieces(all: &[Message], tag: &str) -> Vec<Message> {
    all.iter()
        .filter(|it| !it.deleted && it.thread.is_none() && it.text.contains(tag))
        .cloned()
        .collect()
}

pub(super) async fn long(scene: &Scene<'_>) -> Result<String> {
    // As much as this side takes in one message.
    let count = scene.writing().lines();
    let line = |n: usize| format!("line {n:04} of {}", scene.tag);
    let lines: Vec<_> = (0..count).map(line).collect();
    let all_there = |messages: &[Message], lines: &[String]| {
        let pieces = pieces(messages, &scene.tag);
        let text: Vec<_> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let text = text.join("\n");
        lines.iter().all(|line| text.matches(line.as_str()).count() == 1).then_some(pieces)
    };
    let id = scene.say(&lines.join("\n")).await?;
    let parts = scene.there("all lines once", |all| all_there(all, &lines)).await?;
    let split = parts.len() > 1;
    ensure!(split != scene.natively(), "in {} messages", parts.len());
    let shorter = &lines[..10];
    scene.edit(scene.speaker(), &id, &shorter.join("\n")).await?;
    scene
        .there("ten lines in one message", |all| {
            let pieces = all_there(all, shorter)?;
            let more = pieces.iter().any(|piece| piece.text.contains(&line(10)));
            (!more && pieces.len() == 1).then_some(pieces)
        })
        .await?;
    scene.edit(scene.speaker(), &id, &lines.join("\n")).await?;
    scene.there("all lines again", |all| all_there(all, &lines)).await?;
    scene.delete(scene.speaker(), &id).await?;
    scene.there("nothing of it", |all| pieces(all, &scene.tag).is_empty().then_some(())).await?;
    scene.told(&format!("{} parts, changed to one, back, and all gone", parts.len()))
}

pub(super) async fn deletion(scene: &Scene<'_>) -> Result<String> {
    let id = scene.say(&scene.tag).await?;
    let there = scene.arrives(&scene.tag).await?;
    scene.delete(scene.speaker(), &id).await?;
    scene.there("the message gone", |all| gone(all, &there.id)).await?;
    scene.told("gone")
}

fn gone(all: &[Message], id: &str) -> Option<()> {
    all.iter().all(|message| message.id != id || message.deleted).then_some(())
}

pub(super) async fn root_deletion(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag).await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-reply");
    let reply = scene.reply(scene.other_person(), &root, &tag).await?;
    scene.arrives(&tag).await?;
    scene.delete(scene.speaker(), &root).await?;
    scene.there("the root gone", |all| gone(all, &there.id)).await?;
    // The reply is still there, and can still be changed.
    scene.edit(scene.other_person(), &reply, &scene.tagged("-still")).await?;
    scene.arrives(&scene.tagged("-still")).await?;
    scene.told("the root is gone, its reply stays and can be changed")
}

/// There are none in Webex that apps can see.
pub(super) fn has_reactions(side: Side) -> bool {
    side != Side::Webex
}

/// Where there are none, only a setting asks for replies.
pub(super) fn reactions_are(way: &Way<'_>) -> Cell {
    match way.crossing("reaction") {
        Cell::Emulated(how) => impossible(&format!("not unless it is set: {how}")),
        cell => cell,
    }
}

pub(super) async fn reactions(scene: &Scene<'_>) -> Result<String> {
    let id = scene.say(&scene.tag).await?;
    let there = scene.arrives(&scene.tag).await?;
    let in_a_reply = |all: &[Message]| {
        let below = |it: &&Message| it.thread.as_deref() == Some(&there.id) && !it.deleted;
        all.iter().filter(below).any(|it| it.text.contains("🎉"))
    };
    let shown = |all: &[Message], wanted: bool| {
        let message = all.iter().find(|message| message.id == there.id)?;
        let seen = [message.has_reaction("🎉"), in_a_reply(all)];
        let expected = match scene.expected {
            Cell::Native => [wanted, false],
            Cell::Emulated(_) => [false, wanted],
            Cell::Impossible(_) => [false, false],
        };
        (seen == expected).then_some(())
    };
    let (one, two) = (scene.speaker(), scene.other_person());
    let emoji = scene.from.reaction(&id, "🎉");
    scene.act(one, "react", emoji.clone()).await?;
    scene.act(two, "react", emoji.clone()).await?;
    scene.there("the reaction", |all| shown(all, true)).await?;
    scene.act(one, "unreact", emoji.clone()).await?;
    // Whatever the first one's leaving does has happened when this has crossed.
    let marker = scene.tagged("-marker");
    scene.say(&marker).await?;
    scene.arrives(&marker).await?;
    scene.there("the reaction still", |all| shown(all, true)).await?;
    scene.act(two, "unreact", emoji).await?;
    scene.there("the reaction gone", |all| shown(all, false)).await?;
    scene.told("🎉 until the last of two took theirs back")
}
