//! A conversation that has another id from now on.

use crate::{
    LEFT, RIGHT,
    network::Fault,
    world::{World, connection},
};

/// Says something on both sides, also in threads that began before the move.
async fn goes_on(world: &mut World) {
    let (_, event) = world.left.post("moved", "ana", "after", None);
    world.hear_in("moved", LEFT, &event, "after").await;
    world.settle().await;
    let copy = world.right.find("general", "before");
    let (_, event) = world.right.post("general", "bob", "an answer", Some(&copy));
    world.hear(RIGHT, &event).await;
    let root = world.left.find("moved", "before");
    let event = world.left.edit("moved", &root, "before, corrected");
    world.hear_in("moved", LEFT, &event, "edit").await;
    world.settle().await;
    assert_eq!(
        world.left.read("moved"),
        ["ana: before, corrected", "bob: waits", "ana: after", "⤷ bob: an answer"]
    );
    assert_eq!(
        world.right.read("general"),
        ["ana: before, corrected", "bob: waits", "ana: after", "⤷ bob: an answer"]
    );
    assert_eq!(world.left.read("general"), [""; 0], "nothing goes where it was");
    let syncs = world.store.channel_syncs().await.unwrap();
    let endpoints = syncs[0].endpoints.iter();
    let ids: Vec<_> = endpoints
        .filter(|it| it.at.connection == connection(LEFT))
        .map(|it| it.at.conversation.as_str().to_owned())
        .collect();
    assert_eq!(ids, ["moved"]);
}

/// A message has crossed, and one waits to go where the conversation is no more.
async fn before() -> World {
    let mut world = World::new().await;
    let (_, event) = world.left.post("general", "ana", "before", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    world.left.fail_next([Fault::Wait(30)]);
    let (_, event) = world.right.post("general", "bob", "waits", None);
    world.hear(RIGHT, &event).await;
    while !world.left.calls().iter().any(|call| call.contains("waits")) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn a_webhook_tells_of_it_and_what_waits_follows() {
    let mut world = before().await;
    world.left.moves("general", "moved");
    let event = world.left.tells_of_move("general", "moved");
    world.hear_in("", LEFT, &event, "moved").await;
    world.settle().await;
    goes_on(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn what_no_webhook_told_of_is_found_by_looking_after_the_connection() {
    let mut world = before().await;
    world.left.moves("general", "moved");
    world.crash().await;
    world.settle().await;
    goes_on(&mut world).await;
}

#[tokio::test(start_paused = true)]
async fn what_looking_after_finds_is_followed_at_once() {
    let mut world = World::new().await;
    let (_, event) = world.left.post("general", "ana", "before", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    world.left.moves("general", "moved");
    world.left.post("moved", "ana", "missed", None);
    world.crash().await;
    let start = tokio::time::Instant::now();
    while world.right.read("general") != ["ana: before", "ana: missed"] {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
