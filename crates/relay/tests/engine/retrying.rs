//! What is parked, and when.

use std::time::Duration;

use rialto_model::{ChannelSyncId, ChannelSyncState, Delivery, DeliveryState};
use rialto_store::DeliveryFilter;
use uuid::Uuid;

use crate::{
    LEFT,
    network::{Fault, Illness},
    world::{SYNC, World},
};

const LONGER_THAN_IT_IS_TRIED: Duration = Duration::from_hours(8 * 24);

async fn parked(world: &World) -> Vec<Delivery> {
    let state = Some(DeliveryState::Parked);
    let parked = DeliveryFilter { state, limit: 100, ..DeliveryFilter::default() };
    world.store.deliveries(&parked).await.unwrap()
}

async fn flow(world: &World, state: ChannelSyncState) {
    let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
    world.store.set_channel_sync_state(sync, state).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_of_it_is_tried_again_in_the_order_in_which_it_was_said() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Never; 3]);
    let (root, event) = world.left.post("general", "ana", "a root", None);
    world.hear(LEFT, &event).await;
    let (_, event) = world.left.post("general", "ana", "a reply", Some(&root));
    world.hear(LEFT, &event).await;
    world.settle().await;
    let event = world.left.edit("general", &root, "a root, corrected");
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(parked(&world).await.len(), 3);
    world.right.is_well();
    world.retry_what_is_parked().await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: a root, corrected", "⤷ ana: a reply"]);
    assert_eq!(parked(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_for_too_long_is_given_up() {
    let mut world = World::new().await;
    world.right.falls_ill(Illness::Down);
    let (_, event) = world.left.post("general", "ana", "hello", None);
    world.hear(LEFT, &event).await;
    tokio::time::sleep(LONGER_THAN_IT_IS_TRIED).await;
    let parked = parked(&world).await;
    let [parked] = &parked[..] else { panic!("{parked:?}") };
    assert!(parked.reason.as_ref().unwrap().contains("after trying for too long"), "{parked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_only_waited_for_long_is_not_given_up() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Down]);
    let (_, event) = world.left.post("general", "ana", "one", None);
    world.hear(LEFT, &event).await;
    while world.right.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    flow(&world, ChannelSyncState::Paused).await;
    let (_, event) = world.left.post("general", "ana", "two", None);
    world.hear(LEFT, &event).await;
    tokio::time::sleep(LONGER_THAN_IT_IS_TRIED).await;
    world.right.fail_next([Fault::Down, Fault::LostCall, Fault::Down, Fault::Nothing, Fault::Down]);
    flow(&world, ChannelSyncState::Active).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"]);
    assert_eq!(parked(&world).await, []);
}
