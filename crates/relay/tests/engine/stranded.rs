//! What was planned for a conversation just as that was removed, or moved.

use std::time::Duration;

use rialto_model::{ChannelSyncId, ChannelSyncState, DeliveryState, Direction, EndpointId};
use rialto_relay::admin::{EndpointChange, Who};
use rialto_store::DeliveryFilter;
use uuid::Uuid;

use crate::{
    LEFT, RIGHT,
    network::Fault,
    world::{SYNC, World, at, connection},
};

fn right() -> EndpointId {
    EndpointId::new(Uuid::from_u128(40 + RIGHT as u128))
}

/// The endpoint of the right side is removed by another thread, of which the engine is not told yet.
async fn removed(world: &World) {
    world.store.remove_endpoint(right(), world.toolkit.clock.now()).await.unwrap();
}

/// A message is planned for the right side as if that were still there.
async fn planned(world: &mut World) {
    let (_, event) = world.left.post("general", "ana", "late", None);
    world.hear(LEFT, &event).await;
    while world.store.lanes().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A message waits for the right side, which asked to come again later.
async fn waits(world: &mut World) {
    world.right.fail_next([Fault::Wait(30)]);
    let (_, event) = world.left.post("general", "ana", "early", None);
    world.hear(LEFT, &event).await;
    while world.right.calls().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// Of all deliveries, the newest first.
async fn states(world: &World) -> Vec<DeliveryState> {
    let all = DeliveryFilter { limit: 10, ..DeliveryFilter::default() };
    let all = world.store.deliveries(&all).await.unwrap();
    all.into_iter().map(|delivery| delivery.state).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_planned_for_a_removed_channel_is_cancelled() {
    let mut world = World::new().await;
    waits(&mut world).await;
    removed(&world).await;
    planned(&mut world).await;
    world.relay.changed(&[]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(states(&world).await, [DeliveryState::Cancelled; 2]);
    assert_eq!(world.right.read("general"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_parked_in_a_removed_channel_is_cancelled_when_it_is_retried() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Never]);
    let (_, event) = world.left.post("general", "ana", "parked", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    removed(&world).await;
    world.relay.changed(&[]).await.unwrap();
    world.retry_what_is_parked().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(states(&world).await.last(), Some(&DeliveryState::Cancelled));
    assert_eq!(world.right.read("general"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_channel_that_is_only_heard_now_is_cancelled() {
    let mut world = World::new().await;
    waits(&mut world).await;
    let (who, sync) = (Who::new("an admin"), ChannelSyncId::new(Uuid::from_u128(SYNC)));
    let change = EndpointChange { direction: Direction::In, allow_wider_audience: true };
    world.relay.change_endpoint(&who, sync, right(), change).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(states(&world).await, [DeliveryState::Cancelled]);
    assert_eq!(world.right.read("general"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_moment_only_is_not_posted_after_a_pause() {
    let mut world = World::new().await;
    world.also("brook").await;
    world.right.fail_next([Fault::WaitAll(3)]);
    let (_, event) = world.left.post("brook", "ana", "too fast", None);
    world.hear_in("brook", LEFT, &event, "brook").await;
    while world.right.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    let (_, event) = world.left.post("general", "ana", "held", None);
    world.hear(LEFT, &event).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
    world.store.set_channel_sync_state(sync, ChannelSyncState::Paused).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.right.calls(), ["post too fast", "post too fast"]);
    world.store.set_channel_sync_state(sync, ChannelSyncState::Active).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: held"]);
}

#[tokio::test(start_paused = true)]
async fn what_never_was_in_a_channel_is_not_missed_there() {
    let mut world = World::new().await;
    let (who, sync) = (Who::new("an admin"), ChannelSyncId::new(Uuid::from_u128(SYNC)));
    let flows = |direction| EndpointChange { direction, allow_wider_audience: true };
    world.relay.change_endpoint(&who, sync, right(), flows(Direction::In)).await.unwrap();
    let (id, event) = world.left.post("general", "ana", "before", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    world.relay.change_endpoint(&who, sync, right(), flows(Direction::Both)).await.unwrap();
    let event = world.left.edit("general", &id, "before, corrected");
    world.hear(LEFT, &event).await;
    let event = world.left.react("general", &id, "bob", "👍", true);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(states(&world).await, [DeliveryState::Cancelled; 2]);
    assert_eq!(world.left.read("general"), ["ana: before, corrected"], "nobody is alarmed");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_where_nobody_listened_stays_there() {
    let mut world = World::new().await;
    let (who, sync) = (Who::new("an admin"), ChannelSyncId::new(Uuid::from_u128(SYNC)));
    let flows = |direction| EndpointChange { direction, allow_wider_audience: true };
    world.relay.change_endpoint(&who, sync, right(), flows(Direction::Out)).await.unwrap();
    let (_, event) = world.right.post("general", "bob", "among us", None);
    world.hear(RIGHT, &event).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.relay.change_endpoint(&who, sync, right(), flows(Direction::Both)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (_, event) = world.right.post("general", "bob", "to all", None);
    world.hear(RIGHT, &event).await;
    world.settle().await;
    assert_eq!(world.left.read("general"), ["bob: to all"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_sender_was_to_be_told_is_cancelled_when_their_workspace_is_removed() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Never]);
    world.left.fail_next([Fault::Wait(30)]);
    let (_, event) = world.left.post("general", "ana", "parked", None);
    world.hear(LEFT, &event).await;
    while world.left.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(states(&world).await[0], DeliveryState::Pending);
    let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
    world.store.remove_channel_sync(sync, world.toolkit.clock.now()).await.unwrap();
    world.store.remove_connection(connection(LEFT)).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(states(&world).await[0], DeliveryState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_was_planned_for_a_moved_channel_follows_it() {
    let mut world = World::new().await;
    let (_, event) = world.left.post("general", "ana", "before", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    waits(&mut world).await;
    world.right.moves("general", "moved");
    world.store.move_conversation(&at(RIGHT), &"moved".into()).await.unwrap();
    planned(&mut world).await;
    world.relay.changed(&[]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.right.read("moved"), ["ana: before", "ana: early", "ana: late"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_to_where_a_channel_moved_meanwhile_and_brings_none_back_that_was_removed() {
    let world = World::new().await;
    let (who, sync) = (Who::new("an admin"), ChannelSyncId::new(Uuid::from_u128(SYNC)));
    let only_heard = EndpointChange { direction: Direction::In, allow_wider_audience: true };
    let change = async || world.relay.change_endpoint(&who, sync, right(), only_heard).await;
    // The engine is not told of it yet.
    world.store.move_conversation(&at(RIGHT), &"moved".into()).await.unwrap();
    change().await.unwrap();
    let there = world.store.channel_syncs().await.unwrap().remove(0).endpoints.remove(RIGHT);
    assert_eq!((there.at.conversation.as_str(), there.direction), ("moved", Direction::In));
    removed(&world).await;
    assert!(change().await.is_err());
    assert_eq!(world.store.channel_syncs().await.unwrap()[0].endpoints.len(), 1);
}
