//! Replies.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::sides::both;

pub(super) async fn reply(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag).await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-reply");
    scene.reply(scene.other_person(), &root, &tag).await?;
    let message = scene.arrives(&tag).await?;
    ensure!(message.thread.as_deref() == Some(&there.id), "not under its root: {message:?}");
    // And an answer from there comes to all others under their own.
    let answer = scene.tagged(&format!("-answer-{}", scene.to.word()));
    let typed = scene.to.to(&there.id, &answer);
    scene.world.act(scene.to, scene.channels, scene.to.speaker(), "reply", typed).await?;
    for side in scene.channels.others(scene.to) {
        let message = scene.world.arrives(side, scene.channels, &answer).await?;
        let thread = message.thread.clone();
        let above = scene.world.read(side, scene.channels).await?.into_iter();
        let above = above.map(|it| (Some(it.id), it.text)).find(|(id, _)| *id == thread);
        let below = above.is_some_and(|(_, text)| text.contains(&root_tag));
        ensure!(below, "not under the root in {}: {message:?}", side.name());
    }
    scene.told("under the right message, and the answer too")
}

pub(super) async fn broadcast(scene: &Scene<'_>) -> Result<String> {
    let root_tag = scene.tagged("-root");
    let root = scene.say(&root_tag).await?;
    let there = scene.arrives(&root_tag).await?;
    let tag = scene.tagged("-broadcast");
    let more = both(scene.from.to(&root, &tag), json!({"broadcast": true}));
    scene.act(scene.speaker(), "reply", more).await?;
    scene
        .there("the reply in its thread and in the channel", |all| {
            let with_tag: Vec<_> = all.iter().filter(|it| it.text.contains(&tag)).collect();
            let in_thread = with_tag.iter().any(|it| it.thread.as_deref() == Some(&there.id));
            let in_channel = with_tag.iter().any(|it| it.thread.is_none());
            (in_thread && in_channel).then_some(())
        })
        .await?;
    scene.told("in its thread and in the channel")
}
