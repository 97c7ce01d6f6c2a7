//! Replies.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::Scene;

pub(super) async fn reply(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag, &format!("<p>{root_tag}</p>")).await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-reply");
    scene.reply(scene.other_person(), &root, &tag).await?;
    let message = scene.arrives(&tag).await?;
    ensure!(message.thread.as_deref() == Some(&there.id), "not under its root: {message:?}");
    // And an answer from there comes back under the original.
    let answer = scene.tagged("-answer");
    let back = Scene {
        world: scene.world,
        channels: scene.channels,
        from: scene.from.other(),
        tag: answer.clone(),
    };
    back.reply(back.speaker(), &there.id, &answer).await?;
    let message = back.arrives(&answer).await?;
    ensure!(message.thread.as_deref() == Some(&root), "not under the original: {message:?}");
    Ok("under the right message, and the answer too".into())
}

pub(super) async fn broadcast(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag, "").await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-broadcast");
    let more = json!({"ts": root, "text": tag, "broadcast": true});
    scene.act(scene.speaker(), "reply", more).await?;
    scene
        .there("the reply in its thread and in the channel", |all| {
            let with_tag: Vec<_> = all.iter().filter(|it| it.text.contains(&tag)).collect();
            let in_thread = with_tag.iter().any(|it| it.thread.as_deref() == Some(&there.id));
            let in_channel = with_tag.iter().any(|it| it.thread.is_none());
            (in_thread && in_channel).then_some(())
        })
        .await?;
    Ok("in its thread, and as a post in the channel".into())
}
