//! Acme's four workspaces in step: some channels of two, some of three, one of all four.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;

use super::Options;
use crate::{Channels, Side, World, WorldOptions};

/// Four workspaces connected, with channel syncs made by Connect, by Add, and by adding one more.
pub(super) async fn set_up(options: &Options) -> Result<(Arc<World>, Arc<[Channels]>)> {
    let mut world = WorldOptions::new(&options.binary);
    world.sandbox.seed = options.seed;
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    world.environment = vec![
        set("RIALTO_DELIVERIES_PACING", "false"),
        set("RIALTO_DELIVERIES_LOOK_AFTER", "500ms"),
        set("RIALTO_SWEEPS_EVERY", "5s"),
        set("RIALTO_SWEEPS_GRACE", "1s"),
        set("RIALTO_LOG_LEVEL", "info"),
    ];
    let world = World::start(world).await?;
    for side in Side::ALL {
        let off = json!({"platform": side.word(), "off": true});
        world.control.post("/limits", off).await?;
        world.connect(side).await?;
    }
    // Every other time with tokens of Slack's that end and are renewed by ones for single use.
    if options.seed % 2 == 1 {
        rotate_tokens(&world).await?;
    }
    for side in [Side::Slack, Side::Webex, Side::Zoom] {
        // Whoever makes it is in it; in Webex nobody sees it who is not, the service user neither.
        let mut members: Vec<_> =
            side.people().into_iter().filter(|it| *it != side.owner()).collect();
        members.extend((side == Side::Webex).then_some(side.signs_in()));
        let channel = json!({
            "workspace": world.workspace(side), "as": side.owner(), "do": "create_channel",
            "name": "support", "members": members, "public": true,
            "description": "Who needs help",
        });
        world.control.post(&format!("/{}/act", side.word()), channel).await?;
    }
    let everywhere = ["slack:launch", "teams:Launch", "webex:Launch", "zoom:launch"];
    let made = world.add_channel("slack:support", Side::Teams).await?;
    let syncs = [
        world.connect_channels(&everywhere).await?,
        world.connect_channels(&["webex:General", "zoom:general"]).await?,
        world.add_channel("slack:release-planning", Side::Teams).await?,
        world.connect_channels(&["slack:general", "teams:General", "webex:support"]).await?,
        with_one_more(&world, made, Side::Zoom, "support").await?,
    ];
    for sync in syncs.iter().filter(|sync| asks_for_replies(sync)) {
        let path = format!("/api/v1/channel-syncs/{}", sync.sync);
        let settings = Some(json!({"reaction_replies": true}));
        world.api.call(reqwest::Method::PATCH, &path, settings).await?;
    }
    Ok((Arc::new(world), Arc::new(syncs)))
}

async fn rotate_tokens(world: &World) -> Result<()> {
    let apps = world.control.get("/slack/apps").await?;
    let app = apps[0]["id"].as_str().context("the app's id")?;
    let rotation = Some(json!({"token_rotation": true}));
    world.control.call(reqwest::Method::PATCH, &format!("/slack/apps/{app}"), rotation).await?;
    world.authorize(Side::Slack, &world.app(Side::Slack).await?).await
}

/// Where reactions are told in replies to those who cannot see them: not everywhere.
pub(super) fn asks_for_replies(channels: &Channels) -> bool {
    channels.places.len() == 3
}

async fn with_one_more(
    world: &World,
    mut channels: Channels,
    side: Side,
    channel: &str,
) -> Result<Channels> {
    let endpoint = world.endpoint(&format!("{}:{channel}", side.word())).await?;
    world.api.post(&format!("/api/v1/channel-syncs/{}/endpoints", channels.sync), endpoint).await?;
    channels.places.push(world.place(side, channel));
    Ok(channels)
}
