//! What was perhaps posted by a delivery that is parked: nothing of the message changes before that
//! is known, and what is past by then is taken away.

use std::time::Duration;

use crate::{
    LEFT, RIGHT,
    network::{Fault, SERVICE},
    world::World,
};

/// Lets a while pass in which no event tells of our own posts.
async fn unheard(world: &World) {
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(world.right.own_events());
}

/// An admin retries everything, until nothing more comes of it.
async fn retried(world: &mut World) -> Vec<String> {
    for _ in 0..2 {
        world.retry_what_is_parked().await;
        world.settle().await;
    }
    world.right.read("general").into_iter().filter(|line| !line.ends_with('✗')).collect()
}

/// Its second part is posted without an answer, and must not be looked up.
const HALF: [Fault; 3] = [Fault::Nothing, Fault::LostAnswer, Fault::Never];
const LONG: &str = "a long message in\ntwo parts, since it does not fit";

#[tokio::test(start_paused = true)]
async fn an_edit_waits_until_what_was_perhaps_posted_is_known() {
    let mut world = World::new().await;
    world.right.fail_next(HALF);
    let (id, event) = world.left.post("general", "ana", LONG, None);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    let event = world.left.edit("general", &id, "another long one in\ntwo other parts than before");
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    let there = ["ana: a long message in", "ana: two parts, since it does not fit"];
    assert_eq!(world.right.read("general"), there);
    let there = ["ana: another long one in", "ana: two other parts than before"];
    assert_eq!(retried(&mut world).await, there);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_reaches_what_was_perhaps_posted() {
    let mut world = World::new().await;
    world.right.fail_next(HALF);
    let (id, event) = world.left.post("general", "ana", LONG, None);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    let event = world.left.delete("general", &id);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    assert!(retried(&mut world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_away_is_not_taken_for_typed_when_its_webhook_comes_late() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::LostAnswer]);
    let (id, event) = world.left.post("general", "ana", "a mistake", None);
    world.hear(LEFT, &event).await;
    while world.right.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    let late = world.right.own_events();
    let event = world.left.delete("general", &id);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    assert_eq!(world.right.read("general"), ["ana: a mistake ✗"]);
    for event in late {
        world.hear(RIGHT, &event).await;
    }
    world.settle().await;
    assert_eq!(world.left.read("general"), ["ana: a mistake ✗"], "nobody reads it again");
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_holds_nobody_up() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Nothing, Fault::LostCall, Fault::Never]);
    let (_, event) = world.left.post("general", "ana", LONG, None);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    let (_, event) = world.right.post("general", SERVICE, "typed by hand", None);
    world.hear(RIGHT, &event).await;
    let elsewhere = world.right.post("general", "bob", "not relayed", None).0;
    let (_, event) = world.right.post("general", "bob", "a reply to it", Some(&elsewhere));
    world.right.purge("general", &elsewhere);
    world.hear(RIGHT, &event).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let last = &world.left.read("general")[1..];
    assert_eq!(last, ["service: typed by hand", "bob: (reply)\na reply to it"]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_reaches_what_an_edit_perhaps_added() {
    let mut world = World::new().await;
    let (id, event) = world.left.post("general", "ana", "short", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    world.right.fail_next(HALF);
    let event = world.left.edit("general", &id, LONG);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    assert_eq!(world.right.read("general").len(), 2);
    let event = world.left.delete("general", &id);
    world.hear(LEFT, &event).await;
    unheard(&world).await;
    assert!(retried(&mut world).await.is_empty());
}
