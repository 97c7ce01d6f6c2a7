//! An ordinary end: what was begun is let finish, and nothing more is begun.

use std::time::Duration;

use rialto_model::DeliveryState;
use rialto_store::DeliveryFilter;

use crate::world::{World, at};

const PATIENCE: Duration = Duration::from_secs(10);

/// A world whose right side is in the middle of the first of two posts.
async fn in_the_middle_of_a_call(slowness: Duration) -> World {
    let mut world = World::new().await;
    world.right.answer_after(slowness);
    for text in ["one", "two"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(0, &event).await;
    }
    while world.right.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world
}

async fn delivered(world: &World) -> usize {
    let state = Some(DeliveryState::Delivered);
    let filter = DeliveryFilter { state, limit: 10, ..DeliveryFilter::default() };
    world.store.deliveries(&filter).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_stop_leaves_no_outcome_unknown() {
    let mut world = in_the_middle_of_a_call(Duration::from_secs(3)).await;
    assert!(world.relay.wind_down(PATIENCE).await);
    world.relay.stop().await;
    assert_eq!(world.right.read("general"), ["ana: one"], "the second was not begun");
    assert_eq!(delivered(&world).await, 1);
    assert!(world.store.in_flight(&at(1)).await.unwrap().is_empty(), "the answer was kept");

    world.right.answer_after(Duration::ZERO);
    world.crash().await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"]);
    assert!(!world.right.calls().iter().any(|call| call.starts_with("look up")));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_end_holds_up_a_stop_for_a_while_only() {
    let mut world = in_the_middle_of_a_call(Duration::from_secs(60)).await;
    let start = tokio::time::Instant::now();
    assert!(!world.relay.wind_down(PATIENCE).await);
    world.relay.stop().await;
    assert_eq!(start.elapsed().as_secs(), PATIENCE.as_secs());
    assert_eq!(world.store.in_flight(&at(1)).await.unwrap().len(), 1);

    world.right.answer_after(Duration::ZERO);
    world.crash().await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"], "looked up, not doubled");
}
