//! Second thoughts: edits, deletions, reactions.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::{Message, Side};

pub(super) async fn edits(scene: &Scene<'_>) -> Result<String> {
    let (tag, speaker) = (scene.tagged("-first"), scene.speaker());
    let id = scene.say(&tag, &format!("<p>{tag}</p>")).await?;
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
    Ok("the same message, changed twice, and its reply".into())
}

/// Messages of this row that are still to be read, roots only.
fn pieces(all: &[Message], tag: &str) -> Vec<Message> {
    all.iter()
        .filter(|it| !it.deleted && it.thread.is_none() && it.text.contains(tag))
        .cloned()
        .collect()
}

pub(super) async fn long(scene: &Scene<'_>) -> Result<String> {
    // Longer than one message of the other side, within what this side takes.
    let count = match scene.from {
        Side::Slack => 1_500,
        Side::Teams => 300,
    };
    let line = |n: usize| format!("line {n:04} of {}", scene.tag);
    let lines: Vec<_> = (0..count).map(line).collect();
    let all_there = |messages: &[Message], lines: &[String]| {
        let pieces = pieces(messages, &scene.tag);
        let text: Vec<_> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let text = text.join("\n");
        lines.iter().all(|line| text.matches(line.as_str()).count() == 1).then_some(pieces)
    };
    let id = scene.say(&lines.join("\n"), &format!("<p>{}</p>", lines.join("<br>"))).await?;
    let parts = scene.there("all lines once", |all| all_there(all, &lines)).await?;
    let shorter = &lines[..20];
    scene.edit(scene.speaker(), &id, &shorter.join("\n")).await?;
    scene
        .there("twenty lines in one message", |all| {
            let pieces = all_there(all, shorter)?;
            let more = pieces.iter().any(|piece| piece.text.contains(&line(20)));
            (!more && pieces.len() == 1).then_some(pieces)
        })
        .await?;
    scene.edit(scene.speaker(), &id, &lines.join("\n")).await?;
    scene.there("all lines again", |all| all_there(all, &lines)).await?;
    scene.on(scene.speaker(), "delete", &id, json!({})).await?;
    scene.there("nothing of it", |all| pieces(all, &scene.tag).is_empty().then_some(())).await?;
    Ok(format!("{} parts, changed to one, back, and all gone", parts.len()))
}

pub(super) async fn deletion(scene: &Scene<'_>) -> Result<String> {
    let id = scene.say(&scene.tag, &format!("<p>{}</p>", scene.tag)).await?;
    let there = scene.arrives(&scene.tag).await?;
    scene.on(scene.speaker(), "delete", &id, json!({})).await?;
    scene.there("the message gone", |all| gone(all, &there.id)).await?;
    Ok("gone".into())
}

fn gone(all: &[Message], id: &str) -> Option<()> {
    all.iter().all(|message| message.id != id || message.deleted).then_some(())
}

pub(super) async fn root_deletion(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag, &format!("<p>{root_tag}</p>")).await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-reply");
    let reply = scene.reply(scene.other_person(), &root, &tag).await?;
    scene.arrives(&tag).await?;
    scene.on(scene.speaker(), "delete", &root, json!({})).await?;
    scene.there("the root gone", |all| gone(all, &there.id)).await?;
    // The reply is still there, and can still be changed.
    scene.edit(scene.other_person(), &reply, &scene.tagged("-still")).await?;
    scene.arrives(&scene.tagged("-still")).await?;
    Ok("the root is gone, its reply stays and can be changed".into())
}

pub(super) async fn reactions(scene: &Scene<'_>) -> Result<String> {
    let id = scene.say(&scene.tag, &format!("<p>{}</p>", scene.tag)).await?;
    let there = scene.arrives(&scene.tag).await?;
    let emoji = match scene.from {
        Side::Slack => json!({"emoji": "tada"}),
        Side::Teams => json!({"emoji": "🎉"}),
    };
    let shown = |all: &[Message], wanted: bool| {
        let message = all.iter().find(|message| message.id == there.id)?;
        (message.has_reaction("🎉") == wanted).then_some(())
    };
    let (one, two) = (scene.speaker(), scene.other_person());
    scene.on(one, "react", &id, emoji.clone()).await?;
    scene.on(two, "react", &id, emoji.clone()).await?;
    scene.there("the reaction", |all| shown(all, true)).await?;
    scene.on(one, "unreact", &id, emoji.clone()).await?;
    // Whatever the first one's leaving does has happened when this has crossed.
    let marker = scene.tagged("-marker");
    scene.say(&marker, &format!("<p>{marker}</p>")).await?;
    scene.arrives(&marker).await?;
    scene.there("the reaction still", |all| shown(all, true)).await?;
    scene.on(two, "unreact", &id, emoji).await?;
    scene.there("the reaction gone", |all| shown(all, false)).await?;
    Ok("🎉 until the last of two took theirs back".into())
}
