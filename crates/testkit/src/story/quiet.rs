//! What does not cross, and is counted.

use anyhow::{Result, ensure};

use super::{
    cell::{Cell, Way, impossible},
    scene::Scene,
};

pub(super) fn is_not_told(_: &Way<'_>) -> Cell {
    impossible("not relayed, and counted; words by setting")
}

pub(super) async fn not_relayed(scene: &Scene<'_>) -> Result<String> {
    for (person, what, more) in scene.writing().stir() {
        scene.act(person, what, more).await?;
    }
    // Whatever had been relayed has come when this has.
    scene.say(&scene.tag).await?;
    scene.arrives(&scene.tag).await?;
    for message in scene.world.read(scene.to, scene.channels).await? {
        let told = ["joined the channel", "left the channel", "a new topic"]
            .into_iter()
            .any(|words| message.author.badge.is_some() && message.text.contains(words));
        ensure!(!told, "it was relayed: {}", message.line());
    }
    let status = scene.world.api.get("/api/v1/status").await?;
    let drops = status["drops"].as_array().map_or(0, Vec::len);
    ensure!(drops > 0, "nothing is counted: {status}");
    scene.told("nothing")
}
