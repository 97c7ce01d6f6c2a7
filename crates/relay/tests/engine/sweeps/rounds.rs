//! More was missed than a sweep may have in memory: it comes in several rounds.

use std::time::Duration;

use super::{LONG, figures, pass};
use crate::{LEFT, world::World};

const MISSED: usize = 24;
/// Bytes that a sweep may have in memory: some five of these messages.
const FEW: usize = 4_000;

/// Rialto is down while much is said, some of it in a thread; it starts again.
async fn after_an_outage() -> World {
    let mut world = World::new().await;
    pass(&mut world, Duration::from_secs(60)).await;
    world.relay.stop().await;
    let (root, _) = world.left.post("general", "ana", "0", None);
    for number in 1..MISSED {
        let thread = (number % 4 == 0).then_some(&root);
        world.left.post("general", "ana", &format!("{number}"), thread);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    world.left.readings();
    world.settings.sweep_memory = FEW;
    world.crash().await;
    world
}

fn as_said() -> Vec<String> {
    let line = |number| match number {
        4.. if number % 4 == 0 => format!("⤷ ana: {number}"),
        _ => format!("ana: {number}"),
    };
    (0..MISSED).map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_memory_crosses_once_and_in_order() {
    let mut world = after_an_outage().await;
    pass(&mut world, Duration::from_secs(60)).await;
    assert_eq!(world.right.read("general"), as_said());
    let readings = world.left.readings();
    assert!((4..=7).contains(&readings), "its past was read {readings} times");
    let calls = world.right.calls().len();
    pass(&mut world, LONG).await;
    assert_eq!(world.right.read("general"), as_said());
    assert_eq!(world.right.calls().len(), calls);
    assert_eq!((figures(&world).await.missing, figures(&world).await.deaf_since), (0, None));
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_rounds_loses_and_doubles_nothing() {
    let mut between = 0;
    for steps in (20..600).step_by(20) {
        let mut world = after_an_outage().await;
        world.process.die_after(steps);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let waiting = world.store.pending_inbound(i64::MIN, 100).await.unwrap().len();
        between += usize::from((1..MISSED).contains(&waiting));
        world.crash().await;
        pass(&mut world, LONG).await;
        assert_eq!(world.right.read("general"), as_said(), "died after {steps} steps");
        world.relay.stop().await;
    }
    assert!(between > 3, "{between} died when something was kept and something not");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_not_taken_for_deleted_and_what_changed_before_it_is_found() {
    let mut world = World::new().await;
    let mut heard = Vec::new();
    for text in ["stays", "changes", "goes", "pleases"] {
        let (id, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
        heard.push(id);
    }
    pass(&mut world, Duration::from_secs(60)).await;
    world.relay.stop().await;
    world.left.edit("general", &heard[1], "changed");
    world.left.delete("general", &heard[2]);
    world.left.react("general", &heard[3], "bob", "👍", true);
    for number in 0..MISSED {
        world.left.post("general", "ana", &format!("{number}"), None);
    }
    let last = world.left.find("general", &format!("{}", MISSED - 1));
    world.left.react("general", &last, "bob", "🎉", true);
    world.settings.sweep_memory = FEW;
    world.crash().await;
    pass(&mut world, LONG).await;
    let known = ["ana: stays", "ana: changed", "ana: goes ✗", "ana: pleases [👍]"];
    let mut expected: Vec<_> = known.map(String::from).into();
    expected.extend((0..MISSED).map(|number| format!("ana: {number}")));
    expected.last_mut().unwrap().push_str(" [🎉]");
    assert_eq!(world.right.read("general"), expected);
}
