//! The machine's clock was ahead and is set right: what was written down by it is not believed.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_platform::Clock;

use super::{LONG, pass};
use crate::{
    LEFT,
    network::{Fault, Illness},
    world::{World, connection},
};

const MINUTE: Duration = Duration::from_secs(60);
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The clock of the machine that Rialto runs on. The networks have the right one.
#[derive(Debug)]
struct OwnClock {
    right: Arc<dyn Clock>,
    ahead: Mutex<SignedDuration>,
}

impl OwnClock {
    fn is_set_right(&self) {
        *self.ahead.lock() = SignedDuration::ZERO;
    }
}

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        self.right.now() + *self.ahead.lock()
    }
}

/// A world on a machine whose clock is ahead, where all was compared once.
async fn ahead(mut world: World) -> (World, Arc<OwnClock>) {
    let right = world.toolkit.clock.clone();
    let clock = Arc::new(OwnClock { right, ahead: Mutex::new(AHEAD) });
    world.toolkit.clock = clock.clone();
    world.crash().await;
    pass(&mut world, MINUTE).await;
    (world, clock)
}

#[tokio::test(start_paused = true)]
async fn sweeps_go_on_as_they_are_due() {
    let (mut world, clock) = ahead(World::new().await).await;
    clock.is_set_right();
    pass(&mut world, MINUTE).await;
    world.left.past_read();
    world.left.post("general", "ana", "missed", None);
    pass(&mut world, LONG).await;
    assert_eq!(world.right.read("general"), ["ana: missed"]);
    let rounds = world.left.past_read().len();
    assert!((1..=3).contains(&rounds), "every quarter of an hour, not {rounds} times");
}

#[tokio::test(start_paused = true)]
async fn an_admin_is_told_of_what_is_not_compared_since() {
    let (mut world, clock) = ahead(World::new().await).await;
    world.left.falls_ill(Illness::Down);
    clock.is_set_right();
    pass(&mut world, LONG).await;
    let told = world.relay.problems(connection(LEFT));
    assert!(told.iter().any(|it| it.contains("could not be compared")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_while_rialto_was_down_is_found() {
    let mut world = World::new().await;
    let (old, event) = world.left.post("general", "ana", "long ago", None);
    world.hear(LEFT, &event).await;
    pass(&mut world, Duration::from_secs(3 * 24 * 3_600)).await;
    let (mut world, clock) = ahead(world).await;
    let (recent, event) = world.left.post("general", "ana", "just now", None);
    world.hear(LEFT, &event).await;
    pass(&mut world, MINUTE).await;
    world.relay.stop().await;
    world.left.post("general", "ana", "missed", None);
    world.left.purge("general", &recent);
    // A network may show its past for two days only.
    world.left.purge("general", &old);
    tokio::time::sleep(10 * MINUTE).await;
    clock.is_set_right();
    world.crash().await;
    pass(&mut world, LONG).await;
    let expected = ["ana: long ago", "ana: just now ✗", "ana: missed"];
    assert_eq!(world.right.read("general"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_wait_ends() {
    // Counted from what Rialto takes for now.
    let wait = AHEAD.as_secs() + 20;
    for (fault, starts_anew) in
        [(Fault::Wait(wait), false), (Fault::Wait(wait), true), (Fault::WaitAll(wait), false)]
    {
        let (mut world, clock) = ahead(World::new().await).await;
        world.right.fail_next([fault]);
        let (_, event) = world.left.post("general", "ana", "hello", None);
        world.hear(LEFT, &event).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        clock.is_set_right();
        if starts_anew {
            world.crash().await;
        }
        tokio::time::sleep(2 * MINUTE).await;
        assert_eq!(world.right.read("general"), ["ana: hello"], "{fault:?}, {starts_anew}");
        world.relay.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn workspaces_are_looked_after_as_before() {
    let (world, clock) = ahead(World::new().await).await;
    clock.is_set_right();
    world.left.post("general", "ana", "hello", None);
    world.left.moves("general", "moved");
    tokio::time::sleep(20 * MINUTE).await;
    let syncs = world.store.channel_syncs().await.unwrap();
    assert_eq!(syncs[0].endpoints[0].at.conversation.as_str(), "moved");
}
