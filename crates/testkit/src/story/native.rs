//! What one platform has and the others have not.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::Side;

pub(super) fn is_slack(side: Side) -> bool {
    side == Side::Slack
}

pub(super) fn is_teams(side: Side) -> bool {
    side == Side::Teams
}

pub(super) async fn subject(scene: &Scene<'_>) -> Result<String> {
    let html = format!("<p>{}</p>", scene.tag);
    let more = json!({"html": html, "subject": "Quarterly plan", "importance": "urgent"});
    scene.post(more).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains("Quarterly plan"), "no subject in {}", message.text);
    let lower = message.text.to_lowercase();
    ensure!(lower.contains("urgent") || lower.contains("❗"), "not urgent: {}", message.text);
    scene.told("Quarterly plan, urgent")
}

pub(super) async fn card(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let card = json!({
        "type": "AdaptiveCard", "version": "1.4",
        "body": [{"type": "TextBlock", "text": format!("Build {tag} is green")}],
        "actions": [{"type": "Action.OpenUrl", "title": "Log", "url": "https://ci.acme.example/1"}],
    });
    let more = json!({
        "html": "<attachment id=\"1\"></attachment>",
        "attachments": [{
            "id": "1",
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card.to_string(),
        }],
    });
    scene.post(more).await?;
    let message = scene.arrives(&format!("Build {tag} is green")).await?;
    ensure!(message.html.contains("https://ci.acme.example/1"), "no link in {}", message.html);
    scene.told("its text, and its button")
}

pub(super) async fn blocks(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let more = json!({
        "text": format!("fallback {tag}"),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": format!("*Deploy* {tag}")}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "by the pipeline"}]},
        ],
        "attachments": [{
            "title": "Change 17", "title_link": "https://code.acme.example/17", "text": "all green",
        }],
    });
    scene.act("app:Pipeline", "post", more).await?;
    let message = scene.arrives(&format!("Deploy {tag}")).await?;
    for words in ["by the pipeline", "Change 17", "all green"] {
        ensure!(message.text.contains(words), "`{words}` is missing in {}", message.text);
    }
    ensure!(message.html.contains("https://code.acme.example/17"), "no link in {}", message.html);
    scene.told("readable text")
}
