//! The real binary between emulated workspaces.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

mod any_to_any;
mod canary;
mod changes;
mod files;
mod fixtures;
mod kill;
mod listening;
mod locked;
#[cfg(target_os = "linux")]
mod open_files;
mod outage;
mod overload;
mod retention;
mod setup;
mod strange;
mod telling;
mod vendor;
mod watching;
mod webex;
mod wrong;
mod zoom;

use rialto_testkit::{Channels, Side, World, WorldOptions};
use serde_json::json;

/// The binary that was built for these tests.
const BINARY: &str = env!("CARGO_BIN_EXE_rialto");

/// A world with Slack and Teams connected, without the platforms' rates: a test of order and loss
/// need not be slow.
async fn connected() -> World {
    connected_with(&[]).await
}

/// Likewise, with more settings.
async fn connected_with(settings: &[(&str, &str)]) -> World {
    all_connected_with(&[Side::Slack, Side::Teams], settings).await
}

/// Likewise, with these sides connected.
async fn all_connected_with(sides: &[Side], settings: &[(&str, &str)]) -> World {
    let mut options = WorldOptions::new(BINARY);
    options.environment = quick();
    options
        .environment
        .extend(settings.iter().map(|(key, value)| ((*key).into(), (*value).into())));
    let world = World::start(options).await.unwrap();
    connect(&world, sides).await;
    world
}

/// The calls by which Rialto posts to a side.
fn posts(side: Side) -> &'static str {
    match side {
        Side::Slack => "chat.postMessage",
        Side::Teams => "POST /teams/{id}/channels/{id}/messages*",
        Side::Webex => "POST /messages",
        Side::Zoom => "POST /chat/users/{userId}/messages",
    }
}

/// The channels Launch of all four platforms.
const LAUNCH: [&str; 4] = ["slack:launch", "teams:Launch", "webex:Launch", "zoom:launch"];

/// All four platforms connected, and a channel of each in one channel sync.
async fn four_in_step(settings: &[(&str, &str)]) -> (World, Channels) {
    let world = all_connected_with(&Side::ALL, settings).await;
    let channels = world.connect_channels(&LAUNCH).await.unwrap();
    (world, channels)
}

/// Where subscriptions are looked at: the canary's nest would have one too.
async fn without_canary() -> World {
    connected_with(&[("RIALTO_CANARY_EVERY", "0s")]).await
}

/// Settings of a Rialto that waits for nothing that a test need not wait for.
fn quick() -> Vec<(String, String)> {
    vec![
        ("RIALTO_DELIVERIES_PACING".into(), "false".into()),
        ("RIALTO_DELIVERIES_LOOK_AFTER".into(), "200ms".into()),
        ("RIALTO_LOG_LEVEL".into(), "info".into()),
    ]
}

/// Connects workspaces, and turns their platforms' rates off.
async fn connect(world: &World, sides: &[Side]) {
    for side in sides {
        let off = json!({"platform": side.word(), "off": true});
        world.control.post("/limits", off).await.unwrap();
        world.connect(*side).await.unwrap();
    }
}

/// People on all sides say something, which arrives on all others: the server works as before.
async fn both_ways(world: &World, channels: &Channels, word: &str) {
    for from in channels.sides() {
        let text = format!("{word} from {}", from.name());
        world.say(from, channels, &text).await.unwrap();
        for there in channels.others(from) {
            world.arrives(there, channels, &text).await.unwrap();
        }
    }
}

/// What a command of the same binary prints.
async fn says(world: &World, arguments: &[&str]) -> String {
    world.rialto.lock().await.says(arguments).await.unwrap()
}
