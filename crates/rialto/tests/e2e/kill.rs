//! The process is killed in the middle of streams from four platforms to all others, again and again.

use std::time::Duration;

use rialto_testkit::{Channels, Message, Side, World};
use serde_json::json;

use crate::{four_in_step, posts};

/// How often the process is killed; `RIALTO_KILLS` for more.
fn kills() -> usize {
    std::env::var("RIALTO_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// Messages of each side between two kills.
const MESSAGES: usize = 12;

/// Killed while it delivers: all webhooks were taken, so all that is said is on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_delivers_nothing_is_lost_doubled_or_reordered() {
    let (world, channels) = four_in_step(&[]).await;
    // So that the kill meets a stream and not its end.
    for side in Side::ALL {
        let slow = json!({"platform": side.word(), "target": "api", "method": posts(side),
                          "kind": "latency", "ms": 25});
        world.control.post("/faults", slow).await.unwrap();
    }
    let mut said = Said::default();
    for round in 0..kills() {
        said.more(&world, &channels, round, None).await;
        kill(&world, round).await;
    }
    for side in Side::ALL {
        for to in channels.others(side) {
            let arrived = said.wait_for_all(&world, &channels, side, to).await;
            assert_eq!(&arrived, said.by(side), "{side:?} → {to:?}: lost, doubled or reordered");
        }
    }
    world.stop().await;
}

/// Killed while it hears: what it had not taken, the platforms send again, minutes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_hears_nothing_is_lost_or_doubled() {
    let (world, channels) = four_in_step(&[]).await;
    let mut said = Said::default();
    for round in 0..kills() {
        said.more(&world, &channels, round, Some(MESSAGES / 2)).await;
    }
    for side in Side::ALL {
        let mut expected = said.by(side).clone();
        expected.sort();
        for to in channels.others(side) {
            let mut arrived = said.wait_for_all(&world, &channels, side, to).await;
            arrived.sort();
            assert_eq!(arrived, expected, "{side:?} → {to:?}: lost or doubled");
        }
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

/// What was said on each side, in order.
#[derive(Default)]
struct Said([Vec<String>; 4]);

impl Said {
    fn by(&self, side: Side) -> &Vec<String> {
        &self.0[side as usize]
    }

    /// All sides speak; in the middle of it the process is killed, if so wanted.
    async fn more(
        &mut self,
        world: &World,
        channels: &Channels,
        round: usize,
        kill_at: Option<usize>,
    ) {
        for number in 0..MESSAGES {
            for side in channels.sides() {
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
    async fn wait_for_all(
        &self,
        world: &World,
        channels: &Channels,
        from: Side,
        to: Side,
    ) -> Vec<String> {
        let end = tokio::time::Instant::now() + Duration::from_secs(120);
        loop {
            let arrived = arrived(&world.read(to, channels).await.unwrap(), from);
            if arrived.len() >= self.by(from).len() {
                return arrived;
            }
            if tokio::time::Instant::now() > end {
                let missing: Vec<_> =
                    self.by(from).iter().filter(|it| !arrived.contains(it)).collect();
                let log = world.rialto.lock().await.log();
                panic!("from {from:?} to {to:?} these did not arrive: {missing:?}\n{log}");
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
