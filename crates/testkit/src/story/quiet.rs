//! What does not cross, and is counted.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::Side;

pub(super) async fn not_relayed(scene: &Scene<'_>) -> Result<String> {
    let other = scene.from.other();
    let before = scene.world.read(other, scene.channels).await?.len();
    match scene.from {
        Side::Slack => {
            scene.act("Chloé Martin", "leave", json!({})).await?;
            scene.act("Chloé Martin", "join", json!({})).await?;
            scene.act(scene.speaker(), "topic", json!({"text": "a new topic"})).await?;
        }
        Side::Teams => {
            let team = json!({"team": "Projects", "people": ["Megan Bowen"]});
            scene.act("Ida Holm", "remove", team.clone()).await?;
            scene.act("Ida Holm", "invite", team).await?;
        }
    }
    scene.say(&scene.tag, &format!("<p>{}</p>", scene.tag)).await?;
    scene.arrives(&scene.tag).await?;
    let after = scene.world.read(other, scene.channels).await?.len();
    ensure!(after == before + 1, "{} messages crossed instead of one", after - before);
    let status = scene.world.api.get("/api/v1/status").await?;
    let drops = status["drops"].as_array().map_or(0, Vec::len);
    ensure!(drops > 0, "nothing is counted: {status}");
    Ok("nothing crossed; counted with the reason".into())
}
