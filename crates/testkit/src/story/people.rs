//! Who speaks, and who is called.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;
use crate::Side;

/// Posts with a mention of a person of this side.
async fn mention(scene: &Scene<'_>, name: &str, tag: &str) -> Result<()> {
    let account = scene.world.account(scene.from, name).await?;
    let html = format!("<p>ask <at id=\"0\">{name}</at> {tag}</p>");
    let user = json!({"id": account, "displayName": name, "userIdentityType": "aadUser"});
    let mentions = json!([{"id": 0, "mentionText": name, "mentioned": {"user": user}}]);
    scene
        .post(
            json!({"text": format!("ask <@{account}> {tag}")}),
            json!({"html": html, "mentions": mentions}),
        )
        .await
        .map(drop)
}

/// What a platform gets that fetches a picture without a token, as Slack does.
async fn picture(scene: &Scene<'_>, address: Option<&str>) -> Result<Vec<u8>> {
    let address = address.context("there is no picture")?;
    let status = scene.world.api.get("/api/v1/status").await?;
    let public = status["public_url"].as_str().unwrap_or_default().trim_end_matches('/');
    let is_ours = address.starts_with(&format!("{public}/avatars/"));
    ensure!(is_ours, "the picture is at {address}, not at {public}");
    let answer = reqwest::get(address).await?.error_for_status()?;
    let mime = answer.headers().get("content-type").cloned();
    ensure!(mime.as_ref().is_some_and(|it| it == "image/png"), "it is {mime:?}");
    Ok(answer.bytes().await?.into())
}

pub(super) async fn author(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene.say(tag, &format!("<p>{tag}</p>")).await?;
    let message = scene.arrives(tag).await?;
    let name = scene.speaker();
    match scene.from {
        // Teams' posts go to Slack under the author's own name.
        Side::Teams => {
            ensure!(message.author.name == name, "it is from {}", message.author.name);
            let bytes = picture(scene, message.author.avatar.as_deref()).await?;
            let account = scene.world.account(scene.from, name).await?;
            // The sandbox's photos hold whose they are.
            let theirs = bytes.windows(account.len()).any(|it| it == account.as_bytes());
            ensure!(theirs, "the picture is not {name}'s");
            Ok(format!("from {name}, with their picture"))
        }
        Side::Slack => {
            ensure!(message.text.contains(name), "the name is missing in {}", message.text);
            Ok(format!("{name}, in the text"))
        }
    }
}

pub(super) async fn known(scene: &Scene<'_>) -> Result<String> {
    mention(scene, "Megan Bowen", &scene.tag).await?;
    let message = scene.arrives(&scene.tag).await?;
    let there = scene.world.account(scene.from.other(), "Megan Bowen").await?;
    let called = message.mentions.iter().any(|it| it["account"] == there.as_str());
    ensure!(called, "Megan is not called: {:?} {}", message.mentions, message.html);
    Ok("@Megan Bowen, a real mention".into())
}

pub(super) async fn unknown(scene: &Scene<'_>) -> Result<String> {
    let name = match scene.from {
        Side::Slack => "Casey Contractor",
        Side::Teams => "Ida Holm",
    };
    mention(scene, name, &scene.tag).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains(&format!("@{name}")), "no name in {}", message.text);
    ensure!(message.mentions.is_empty(), "somebody was called: {:?}", message.mentions);
    Ok(format!("@{name}, in words"))
}

/// Calls everybody here.
async fn call_everybody(scene: &Scene<'_>, tag: &str) -> Result<()> {
    let teams = match scene.from {
        Side::Slack => Value::Null,
        Side::Teams => {
            let channel = scene.world.conversation(Side::Teams, "Launch").await?;
            let channel = channel.split_once('/').context("team/channel")?.1.to_owned();
            json!([{"id": 0, "mentionText": "Launch", "mentioned": {"conversation": {
                "id": channel, "displayName": "Launch", "conversationIdentityType": "channel",
            }}}])
        }
    };
    let html = format!("<p><at id=\"0\">Launch</at> look {tag}</p>");
    scene
        .post(
            json!({"text": format!("<!channel> look {tag}")}),
            json!({"html": html, "mentions": teams}),
        )
        .await
        .map(drop)
}

fn calls_everybody(mentions: &[Value]) -> bool {
    mentions.iter().any(|it| it["everyone"].is_string())
}

pub(super) async fn everybody_in_words(scene: &Scene<'_>) -> Result<String> {
    call_everybody(scene, &scene.tag).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.mentions.is_empty(), "everybody was called: {:?}", message.mentions);
    ensure!(message.text.contains('@'), "the words are missing in {}", message.text);
    Ok("words that call nobody".into())
}

pub(super) async fn everybody_for_real(scene: &Scene<'_>) -> Result<String> {
    let path = format!("/api/v1/channel-syncs/{}", scene.channels.sync);
    let set = async |mentions: &str| {
        let body = json!({"everyone_mentions": mentions});
        scene.world.api.call(Method::PATCH, &path, Some(body)).await
    };
    set("real").await?;
    call_everybody(scene, &scene.tag).await?;
    let message = scene.arrives(&scene.tag).await;
    set("text").await?;
    let message = message?;
    ensure!(calls_everybody(&message.mentions), "nobody is called: {}", message.html);
    Ok("a real mention of the channel".into())
}
