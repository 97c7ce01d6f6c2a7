//! The process is killed in the middle of a two-way stream, again and again.

use std::time::Duration;

use rialto_testkit::{Channels, Message, Side, World};
use serde_json::json;

use crate::connected;

/// How often the process is killed; `RIALTO_KILLS` for more.
fn kills() -> usize {
    std::env::var("RIALTO_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// Messages of each side between two kills.
const MESSAGES: usize = 12;

/// Killed while it delivers: all webhooks were taken, so all that is said is on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_delivers_nothing_is_lost_doubled_or_reordered() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    // So that the kill meets a stream and not its end.
    for (platform, method) in [("slack", "*chat.postMessage*"), ("teams", "*messages*")] {
        let slow = json!({"platform": platform, "target": "api", "method": method,
                          "kind": "latency", "ms": 25});
        world.control.post("/faults", slow).await.unwrap();
    }
    let mut said = Said::default();
    for round in 0..kills() {
        said.more(&world, &channels, round, None).await;
        kill(&world, round).await;
    }
    for side in [Side::Slack, Side::Teams] {
        let expected = said.by(side);
        let arrived = said.wait_for_all(&world, &channels, side).await;
        assert_eq!(&arrived, expected, "from {side:?}: lost, doubled or reordered");
    }
    world.stop().await;
}

/// Killed while it hears: what it had not taken, the platforms send again, minutes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_hears_nothing_is_lost_or_doubled() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let mut said = Said::default();
    for round in 0..kills() {
        said.more(&world, &channels, round, Some(MESSAGES / 2)).await;
    }
    for side in [Side::Slack, Side::Teams] {
        let mut arrived = said.wait_for_all(&world, &channels, side).await;
        arrived.sort();
        let mut expected = said.by(side).clone();
        expected.sort();
        assert_eq!(arrived, expected, "from {side:?}: lost or doubled");
    }
    world.stop().await;
}

async fn kill(world: &World, round: usize) {
    // Somewhere in the middle, at another place each time.
    tokio::time::sleep(Duration::from_millis((round as u64 * 37) % 150)).await;
    let mut rialto = world.rialto.lock().await;
    rialto.kill().await.unwrap();
    rialto.run().await.unwrap();
}

/// What was said on either side, in order.
#[derive(Default)]
struct Said([Vec<String>; 2]);

impl Said {
    fn by(&self, side: Side) -> &Vec<String> {
        &self.0[side as usize]
    }

    /// Both sides speak; in the middle of it the process is killed, if so wanted.
    async fn more(
        &mut self,
        world: &World,
        channels: &Channels,
        round: usize,
        kill_at: Option<usize>,
    ) {
        for number in 0..MESSAGES {
            for side in [Side::Slack, Side::Teams] {
                let text = format!("{}-{round:02}-{number:02};", side.word());
                world.say(side, channels, &text).await.unwrap();
                self.0[side as usize].push(text);
            }
            match kill_at {
                Some(at) if at == number => kill(world, round).await,
                Some(_) => {}
                // No platform promises the order of webhooks that it sends at the same time.
                None => drop(world.control.get("/idle?timeout_ms=20000").await.unwrap()),
            }
        }
    }

    /// Waits until as much arrived from a side as was said there. The emulated clock is moved on,
    /// since platforms wait minutes before they send a webhook again.
    async fn wait_for_all(&self, world: &World, channels: &Channels, from: Side) -> Vec<String> {
        let end = tokio::time::Instant::now() + Duration::from_secs(120);
        loop {
            let arrived = arrived(&world.read(channels.other(from), channels).await.unwrap(), from);
            if arrived.len() >= self.by(from).len() {
                return arrived;
            }
            if tokio::time::Instant::now() > end {
                let missing: Vec<_> =
                    self.by(from).iter().filter(|it| !arrived.contains(it)).collect();
                let log = world.rialto.lock().await.log();
                panic!("from {from:?} these did not arrive: {missing:?}\n{log}");
            }
            world.control.post("/clock", json!({"advance_ms": 20_000})).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The texts of a side as they arrived on the other.
fn arrived(messages: &[Message], from: Side) -> Vec<String> {
    let mark = format!("{}-", from.word());
    messages
        .iter()
        .filter_map(|message| {
            let at = message.text.find(&mark)?;
            let text = &message.text[at..];
            Some(text[..=text.find(';')?].to_owned())
        })
        .collect()
}
