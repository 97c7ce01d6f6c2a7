//! The engine between two networks: every message once, in order, whatever goes wrong.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

mod crashes;
mod crowds;
mod halves;
mod late;
mod moves;
mod network;
mod retrying;
mod simulation;
mod stopping;
mod stranded;
mod sweeps;
mod watched;
mod world;

use rialto_model::{ChannelSyncId, ChannelSyncState, DeliveryState, RemoteId, SyncSettings};
use rialto_store::{ConnectionState, DeliveryFilter};
use uuid::Uuid;

use crate::{
    network::Fault,
    world::{SYNC, World, connection},
};

const LEFT: usize = 0;
const RIGHT: usize = 1;

#[tokio::test(start_paused = true)]
async fn a_conversation_crosses_with_its_threads_edits_reactions_and_deletions() {
    let mut world = World::new().await;
    let (root, event) = world.left.post("general", "ana", "hello", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: hello"]);

    let copy = world.right.find("general", "hello");
    let (reply, event) = world.right.post("general", "bob", "hi", Some(&copy));
    world.hear(RIGHT, &event).await;
    world.settle().await;
    assert_eq!(world.left.read("general"), ["ana: hello", "⤷ bob: hi"]);

    let event = world.right.edit("general", &reply, "hi there");
    world.hear(RIGHT, &event).await;
    for (by, present) in [("ana", true), ("eve", true), ("ana", false)] {
        let event = world.left.react("general", &root, by, "👍", present);
        world.hear(LEFT, &event).await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.settle().await;
    assert_eq!(world.left.read("general"), ["ana: hello", "⤷ bob: hi there"]);
    assert_eq!(world.right.read("general")[0], "ana: hello [👍]", "eve's reaction is still there");

    let event = world.left.react("general", &root, "eve", "👍", false);
    world.hear(LEFT, &event).await;
    let event = world.left.delete("general", &root);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: hello ✗", "⤷ bob: hi there"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_on_whoever_wrote_it_also_where_their_profile_is_refused() {
    for (by, hidden, shown) in [
        ("ana", false, "ana"),
        ("ana", true, "Unknown person"),
        ("ana@acme.example", false, "ana"),
        ("ana@acme.example", true, "ana@acme.example"),
    ] {
        let mut world = World::new().await;
        if hidden {
            world.left.hides(by);
        }
        let (_, event) = world.left.post("general", by, "hello", None);
        world.hear(LEFT, &event).await;
        world.settle().await;
        assert_eq!(world.right.read("general"), [format!("{shown}: hello")], "{by}, {hidden}");
    }
}

/// Somebody asks on the left: where that is, and its copy on the right.
async fn asked(world: &mut World) -> (RemoteId, RemoteId) {
    let (root, event) = world.left.post("general", "ana", "question", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    (root, world.right.find("general", "question"))
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_what_is_gone_there_is_said_outside_of_the_thread() {
    let mut world = World::new().await;
    let (root, copy) = asked(&mut world).await;
    world.left.purge("general", &root);
    let (_, event) = world.right.post(
        "general",
        "bob",
        "a long answer in\ntwo parts, since it does not fit",
        Some(&copy),
    );
    world.hear(RIGHT, &event).await;
    world.settle().await;
    assert_eq!(
        world.left.read("general"),
        ["bob: (reply)", "bob: a long answer in", "bob: two parts, since it does not fit"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_edit_adds_to_a_reply_goes_outside_of_a_thread_that_is_gone_there() {
    let mut world = World::new().await;
    let (root, copy) = asked(&mut world).await;
    let (answer, event) = world.right.post("general", "bob", "short", Some(&copy));
    world.hear(RIGHT, &event).await;
    world.settle().await;
    world.left.purge("general", &root);
    let longer = "a long answer in\ntwo parts, since it does not fit";
    let event = world.right.edit("general", &answer, longer);
    world.hear(RIGHT, &event).await;
    world.settle().await;
    assert_eq!(
        world.left.read("general"),
        ["⤷ bob: a long answer in", "bob: two parts, since it does not fit"]
    );
}

/// What could not go into its thread is looked for outside of it, too.
#[tokio::test(start_paused = true)]
async fn a_reply_that_went_outside_of_its_thread_without_an_answer_is_there_once() {
    let mut world = World::new().await;
    let (root, copy) = asked(&mut world).await;
    world.left.purge("general", &root);
    let faults = [Fault::Nothing, Fault::LostAnswer, Fault::Nothing, Fault::Wait(60)];
    world.left.fail_next(faults);
    let (_, event) = world.right.post("general", "bob", "answer", Some(&copy));
    world.hear(RIGHT, &event).await;
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    world.crash().await;
    world.settle().await;
    assert_eq!(world.left.read("general"), ["bob: (reply)\nanswer"]);
}

#[tokio::test(start_paused = true)]
async fn doubled_late_and_reordered_events_change_nothing() {
    let mut world = World::new().await;
    let (id, posted) = world.left.post("general", "ana", "one", None);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let edited = world.left.edit("general", &id, "two");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let edited_again = world.left.edit("general", &id, "three");
    // The last edit comes first, the post last and several times.
    for event in [&edited_again, &edited, &posted, &posted, &edited_again] {
        world.hear(LEFT, event).await;
        world.settle().await;
    }
    assert_eq!(world.right.read("general"), ["ana: three"]);
    let (id, posted) = world.left.post("general", "ana", "gone", None);
    let deleted = world.left.delete("general", &id);
    for event in [&deleted, &posted] {
        world.hear(LEFT, event).await;
        world.settle().await;
    }
    assert_eq!(world.right.read("general"), ["ana: three"], "what was deleted first never comes");
    assert_eq!(world.hear_as(LEFT, &posted, "same").await.kept, 1);
    assert_eq!(world.hear_as(LEFT, &posted, "same").await.duplicates, 1);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_was_kept_but_not_answered_is_worked_on_when_it_comes_again() {
    let mut world = World::new().await;
    let (_, event) = world.left.post("general", "ana", "hello", None);
    // The platform hung up between the commit and everything after it.
    let row = world.row(LEFT, &event, "the key");
    world.store.append_inbound(&[row]).await.unwrap();
    assert_eq!(world.hear_as(LEFT, &event, "the key").await.duplicates, 1);
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: hello"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_answered_is_looked_up_before_it_is_sent_again() {
    for (side, fault, looked_up_and_sent) in [
        (LEFT, Fault::LostAnswer, 1),
        (LEFT, Fault::LostCall, 2),
        (RIGHT, Fault::LostAnswer, 1),
        (RIGHT, Fault::LostCall, 2),
    ] {
        let mut world = World::new().await;
        let (from, to) = if side == LEFT {
            (world.right.clone(), world.left.clone())
        } else {
            (world.left.clone(), world.right.clone())
        };
        to.fail_next([fault]);
        let (_, event) = from.post("general", "ana", "once", None);
        world.hear(1 - side, &event).await;
        let (_, event) = from.post("general", "ana", "then this", None);
        world.hear(1 - side, &event).await;
        if fault == Fault::LostAnswer {
            // Our own event would settle it too: here it must be the lookup.
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
        world.settle().await;
        assert_eq!(to.read("general"), ["ana: once", "ana: then this"], "{side} {fault:?}");
        let posts = to.calls().iter().filter(|call| *call == "post once").count();
        assert_eq!(posts, looked_up_and_sent, "{side} {fault:?}: {:?}", to.calls());
    }
}

#[tokio::test(start_paused = true)]
async fn our_own_event_that_outruns_the_answer_confirms_the_post() {
    for side in [LEFT, RIGHT] {
        let mut world = World::new().await;
        let (from, to) = if side == LEFT {
            (world.right.clone(), world.left.clone())
        } else {
            (world.left.clone(), world.right.clone())
        };
        to.fail_next([Fault::LostAnswer]);
        let (_, event) = from.post("general", "ana", "once", None);
        world.hear(1 - side, &event).await;
        world.settle().await;
        assert_eq!(to.read("general"), ["ana: once"]);
        assert_eq!(from.read("general"), ["ana: once"], "an echo must not come back");
        assert!(!to.calls().iter().any(|call| call.starts_with("look up")), "{:?}", to.calls());
    }
}

#[tokio::test(start_paused = true)]
async fn a_human_who_shares_the_service_account_is_heard() {
    let mut world = World::new().await;
    let (_, event) = world.right.post("general", network::SERVICE, "typed by hand", None);
    world.hear(RIGHT, &event).await;
    world.settle().await;
    assert_eq!(world.left.read("general"), ["service: typed by hand"]);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_asks_to_wait_is_waited_for_also_after_a_restart() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Wait(30)]);
    let start = tokio::time::Instant::now();
    for text in ["one", "two"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    world.crash().await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"]);
    assert!((30..33).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(world.right.calls(), ["post one", "post one", "post two"]);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_succeed_is_parked_and_can_be_retried() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Never]);
    for text in ["one", "two"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
    }
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: two"], "the lane goes on");
    let filter =
        DeliveryFilter { state: Some(DeliveryState::Parked), limit: 10, ..Default::default() };
    let parked = world.store.deliveries(&filter).await.unwrap();
    assert_eq!(parked[0].reason.as_deref(), Some("the channel is archived"));
    world.retry_what_is_parked().await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: two", "ana: one"]);
}

#[tokio::test(start_paused = true)]
async fn a_defect_stops_nothing_but_what_trips_over_it() {
    let mut world = World::new().await;
    for text in ["unspeakable", "unreadable", "all the rest"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
    }
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: all the rest"]);
    let state = Some(DeliveryState::Parked);
    let parked = DeliveryFilter { state, limit: 10, ..Default::default() };
    let parked = world.store.deliveries(&parked).await.unwrap();
    assert!(parked[0].reason.as_deref().unwrap().contains("a defect of Rialto"), "{parked:?}");
    let drops = world.store.drops().await.unwrap();
    assert!(drops.iter().any(|drop| drop.reason.contains("a defect of Rialto")), "{drops:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_counted_under_one_reason_whatever_it_says() {
    let mut world = World::new().await;
    for payload in ["\"one secret\"", "{\"another\": 1}", "no event at all"] {
        world.hear(LEFT, payload.as_bytes()).await;
    }
    world.settle().await;
    let drops = world.store.drops().await.unwrap();
    let [drop] = &drops[..] else { panic!("{drops:?}") };
    assert_eq!(drop.count, 3);
    assert!(drop.reason.starts_with("it cannot be read: "), "{drop:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_message_goes_in_parts_and_its_edits_and_deletion_reach_all_of_them() {
    let mut world = World::new().await;
    let long = "first part of the message, \n second part of the message, \n and the third part";
    // The answer to the second part is lost on the way.
    world.right.fail_next([Fault::Down, Fault::LostAnswer]);
    let (id, event) = world.left.post("general", "ana", long, None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general").len(), 3, "{:?}", world.right.read("general"));
    let event = world.left.edit("general", &id, "now it is short");
    world.hear(LEFT, &event).await;
    world.settle().await;
    let visible = |world: &World| -> Vec<String> {
        world.right.read("general").into_iter().filter(|line| !line.ends_with('✗')).collect()
    };
    assert_eq!(visible(&world), ["ana: now it is short"]);
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let event = world.left.edit("general", &id, &format!("again {long}"));
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(visible(&world).len(), 3, "{:?}", visible(&world));
    let event = world.left.delete("general", &id);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert!(visible(&world).is_empty(), "{:?}", visible(&world));
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_messages_and_resuming_delivers_them_in_order() {
    let mut world = World::new().await;
    let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
    world.store.set_channel_sync_state(sync, ChannelSyncState::Paused).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    for text in ["one", "two", "three"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert!(world.right.read("general").is_empty());
    world.store.set_channel_sync_state(sync, ChannelSyncState::Active).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two", "ana: three"]);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_connection_waits_for_an_admin_and_loses_nothing() {
    let mut world = World::new().await;
    world.right.fail_next([Fault::Revoked]);
    for text in ["one", "two"] {
        let (_, event) = world.left.post("general", "ana", text, None);
        world.hear(LEFT, &event).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(world.right.calls(), ["post one"], "nobody keeps knocking");
    let state = world.store.connections().await.unwrap().remove(1).state;
    assert!(matches!(state, ConnectionState::NeedsReconnect { .. }), "{state:?}");
    world.store.set_connection_state(connection(RIGHT), ConnectionState::Active).await.unwrap();
    world.relay.changed(&[connection(RIGHT)]).await.unwrap();
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"]);
}

#[tokio::test(start_paused = true)]
async fn a_reaction_that_crossed_is_taken_back_when_reactions_are_switched_off() {
    let mut world = World::new().await;
    let (id, event) = world.left.post("general", "ana", "hello", None);
    world.hear(LEFT, &event).await;
    let event = world.left.react("general", &id, "bob", "👍", true);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: hello [👍]"]);
    let sync = ChannelSyncId::new(Uuid::from_u128(SYNC));
    let off = SyncSettings { reactions: false, ..SyncSettings::default() };
    world.store.set_channel_sync_settings(sync, "general", off).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    let event = world.left.react("general", &id, "bob", "👍", false);
    world.hear(LEFT, &event).await;
    let event = world.left.react("general", &id, "bob", "🎉", true);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: hello"]);
}
