//! Who speaks, and who is called.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    cell::{Cell, Way},
    scene::Scene,
};
use crate::Side;

/// Posts with a mention of a person of this side.
async fn mention(scene: &Scene<'_>, name: &str) -> Result<()> {
    let account = scene.world.account(scene.from, name).await?;
    scene.post(scene.writing().mention(&account, name, &scene.tag)).await.map(drop)
}

/// What a platform gets that fetches a picture without a token, as Slack does.
async fn picture(scene: &Scene<'_>, address: &str) -> Result<Vec<u8>> {
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
    scene.say(&scene.tag).await?;
    let message = scene.arrives(&scene.tag).await?;
    let name = scene.speaker();
    if !scene.natively() {
        ensure!(message.text.contains(name), "the name is missing in {}", message.text);
        return scene.told(name);
    }
    ensure!(message.author.name == name, "it is from {}", message.author.name);
    let address = message.author.avatar.as_deref().context("there is no picture")?;
    if scene.from == Side::Teams {
        // Its pictures need a token. The sandbox's hold whose they are.
        let bytes = picture(scene, address).await?;
        let account = scene.world.account(scene.from, name).await?;
        let theirs = bytes.windows(account.len()).any(|it| it == account.as_bytes());
        ensure!(theirs, "the picture is not {name}'s");
    } else {
        let theirs = address.starts_with("https://pictures.acme.example/");
        ensure!(theirs, "the picture is not {name}'s: {address}");
    }
    scene.told(&format!("from {name}, with their picture"))
}

pub(super) async fn known(scene: &Scene<'_>) -> Result<String> {
    mention(scene, "Megan Bowen").await?;
    let message = scene.arrives(&scene.tag).await?;
    let there = scene.world.account(scene.to, "Megan Bowen").await?;
    let called = message.mentions.iter().any(|it| it["account"] == there.as_str());
    ensure!(called, "Megan is not called: {:?} {}", message.mentions, message.html);
    scene.told("@Megan Bowen, a real mention")
}

pub(super) async fn unknown(scene: &Scene<'_>) -> Result<String> {
    let name = scene.writing().stranger();
    mention(scene, name).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains(&format!("@{name}")), "no name in {}", message.text);
    ensure!(message.mentions.is_empty(), "somebody was called: {:?}", message.mentions);
    scene.told(name)
}

/// Calls everybody here.
async fn call_everybody(scene: &Scene<'_>) -> Result<()> {
    let channel = &scene.channels.on(scene.from)?.channel;
    let name = channel.rsplit('/').next().unwrap_or(channel);
    let channel = scene.world.conversation(scene.from, name).await?;
    scene.post(scene.writing().everybody(&channel, &scene.tag)).await.map(drop)
}

fn calls_everybody(mentions: &[Value]) -> bool {
    mentions.iter().any(|it| it["everyone"].is_string())
}

pub(super) fn in_words(_: &Way<'_>) -> Cell {
    Cell::Emulated("in words that call nobody, unless it is set".to_owned())
}

pub(super) async fn everybody_in_words(scene: &Scene<'_>) -> Result<String> {
    call_everybody(scene).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.mentions.is_empty(), "everybody was called: {:?}", message.mentions);
    ensure!(message.text.contains('@'), "the words are missing in {}", message.text);
    scene.told("@everybody")
}

pub(super) async fn everybody_for_real(scene: &Scene<'_>) -> Result<String> {
    call_everybody(scene).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(calls_everybody(&message.mentions), "nobody is called: {}", message.html);
    scene.told("a real mention of the channel")
}
