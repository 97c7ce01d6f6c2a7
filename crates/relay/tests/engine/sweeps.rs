//! What no webhook told of is found, and delivered once.

mod ahead;
mod many;
mod rounds;
mod told;
mod turns;

use std::time::Duration;

use rialto_model::ChannelSyncId;
use rialto_store::{ChannelSyncTraffic, ConnectionState};
use uuid::Uuid;

use crate::{
    LEFT, RIGHT,
    network::{Fault, Illness, Kind},
    world::{Member, Members, SYNC, World, connection},
};

/// More than the engine takes to notice by itself.
const LONG: Duration = Duration::from_secs(40 * 60);

async fn figures(world: &World) -> ChannelSyncTraffic {
    world.store.traffic(ChannelSyncId::new(Uuid::from_u128(SYNC))).await.unwrap()
}

async fn pass(world: &mut World, time: Duration) {
    tokio::time::sleep(time).await;
    world.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_said_while_rialto_was_down_goes_before_what_is_said_now() {
    let mut world = World::new().await;
    let (_, first) = world.left.post("general", "ana", "one", None);
    world.hear(LEFT, &first).await;
    world.settle().await;
    world.relay.stop().await;
    for text in ["two", "three", "four"] {
        world.left.post("general", "ana", text, None);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    world.crash().await;
    let (_, event) = world.left.post("general", "ana", "five", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(
        world.right.read("general"),
        ["ana: one", "ana: two", "ana: three", "ana: four", "ana: five"]
    );
    assert_eq!((figures(&world).await.missing, figures(&world).await.deaf_since), (0, None));
}

#[tokio::test(start_paused = true)]
async fn edits_deletions_reactions_and_replies_are_found_too() {
    let mut world = World::new().await;
    let (one, event) = world.left.post("general", "ana", "one", None);
    world.hear(LEFT, &event).await;
    let (two, event) = world.left.post("general", "ana", "two", None);
    world.hear(LEFT, &event).await;
    let (_, event) = world.left.post("general", "ana", "three", None);
    world.hear(LEFT, &event).await;
    let reacted = world.left.react("general", &one, "bob", "👀", true);
    world.hear(LEFT, &reacted).await;
    world.settle().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    // No webhook tells of any of this.
    world.left.edit("general", &one, "one, changed");
    world.left.react("general", &one, "bob", "👀", false);
    world.left.react("general", &one, "ana", "🎉", true);
    world.left.delete("general", &two);
    let (late, _) = world.left.post("general", "bob", "late", None);
    world.left.post("general", "ana", "reply", Some(&late));
    world.left.react("general", &late, "ana", "👍", true);
    pass(&mut world, LONG).await;
    let expected =
        ["ana: one, changed [🎉]", "ana: two ✗", "ana: three", "bob: late [👍]", "⤷ ana: reply"];
    assert_eq!(world.right.read("general"), expected);
    // And once.
    let calls = world.right.calls().len();
    pass(&mut world, LONG).await;
    assert_eq!(world.right.read("general"), expected);
    assert_eq!(world.right.calls().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn a_reaction_on_one_part_of_a_message_is_not_taken_back_for_the_others() {
    let mut world = World::new().await;
    let (first, second) = ("what does not fit into", "one message over there goes in two parts");
    let (_, event) = world.left.post("general", "ana", &format!("{first}\n{second}"), None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    let part = world.right.find("general", second);
    let reacted = world.right.react("general", &part, "bob", "👍", true);
    world.hear(RIGHT, &reacted).await;
    world.settle().await;
    let expected = [format!("ana: {first}\n{second} [👍]")];
    assert_eq!(world.left.read("general"), expected);
    // Sweeps see it on one part and not on the other.
    pass(&mut world, LONG).await;
    assert_eq!(world.left.calls(), ["react"]);
    assert_eq!(world.left.read("general"), expected);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_goes_first_also_where_it_could_not_be_read_until_somebody_connected_again()
{
    let all = [Kind::Webex, Kind::Teams].map(Member::new).to_vec();
    let mut world = World::of(&Members { all, paced: false }, None).await;
    world.settle().await;
    world.relay.stop().await;
    world.left.post("general", "ana", "one", None);
    world.left.falls_ill(Illness::Revoked);
    world.crash().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (_, event) = world.left.post("general", "ana", "two", None);
    world.hear(LEFT, &event).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.left.is_well();
    world.connect_again(&[LEFT]).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: one", "ana: two"]);
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_vanished_with_its_root_is_deleted_as_a_whole() {
    let mut world = World::new().await;
    let (root, event) = world.left.post("general", "ana", "question", None);
    world.hear(LEFT, &event).await;
    let (reply, event) = world.left.post("general", "bob", "answer", Some(&root));
    world.hear(LEFT, &event).await;
    world.settle().await;
    // No webhook tells of it.
    for message in [&root, &reply] {
        world.left.purge("general", message);
    }
    pass(&mut world, LONG).await;
    assert_eq!(world.right.read("general"), ["ana: question ✗", "⤷ bob: answer ✗"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_outruns_what_it_replies_to_goes_below_it() {
    let mut world = World::new().await;
    // The sweep at the start is over.
    pass(&mut world, Duration::from_secs(60)).await;
    let (root, late) = world.left.post("general", "ana", "question", None);
    let (_, reply) = world.left.post("general", "bob", "answer", Some(&root));
    world.hear(LEFT, &reply).await;
    world.settle().await;
    let expected = ["ana: question", "⤷ bob: answer"];
    assert_eq!(world.right.read("general"), expected);
    world.hear(LEFT, &late).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_reply_waits_while_much_that_was_missed_is_read_as_slowly_as_the_workspace_wants() {
    let all = [Kind::Slack, Kind::Teams].map(Member::new).to_vec();
    let mut world = World::of(&Members { all, paced: true }, None).await;
    pass(&mut world, Duration::from_secs(60)).await;
    for number in 0..100 {
        world.left.post("general", "ana", &format!("missed {number}"), None);
    }
    let (root, _) = world.left.post("general", "ana", "question", None);
    let (_, reply) = world.left.post("general", "bob", "answer", Some(&root));
    let asked = tokio::time::Instant::now();
    world.hear(LEFT, &reply).await;
    while !world.right.read("general").iter().any(|text| text.ends_with("answer")) {
        assert!(asked.elapsed() < Duration::from_secs(600), "it waits for ever");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(asked.elapsed() > Duration::from_secs(25), "{:?} is not long", asked.elapsed());
    let arrived = world.right.read("general");
    assert_eq!(arrived.len(), 102);
    assert_eq!(arrived[100..], ["ana: question", "⤷ bob: answer"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_waits_for_what_it_replies_to_until_its_workspace_is_connected_again() {
    let mut world = World::new().await;
    pass(&mut world, Duration::from_secs(60)).await;
    let (reason, since) = ("token_revoked".into(), world.toolkit.clock.now());
    let gone = ConnectionState::NeedsReconnect { reason, since };
    world.store.set_connection_state(connection(LEFT), gone).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    let (root, _) = world.left.post("general", "ana", "question", None);
    let (_, reply) = world.left.post("general", "bob", "answer", Some(&root));
    world.hear(LEFT, &reply).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.right.read("general"), [""; 0]);
    world.store.set_connection_state(connection(LEFT), ConnectionState::Active).await.unwrap();
    world.relay.changed(&[connection(LEFT)]).await.unwrap();
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: question", "⤷ bob: answer"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_a_post_of_ours_that_is_still_under_way_goes_below_the_original() {
    let mut world = World::new().await;
    pass(&mut world, Duration::from_secs(60)).await;
    world.left.fail_next([Fault::LostAnswer]);
    let (_, event) = world.right.post("general", "bob", "question", None);
    world.hear(RIGHT, &event).await;
    while world.left.read("general").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let copy = world.left.find("general", "question");
    let (_, reply) = world.left.post("general", "ana", "answer", Some(&copy));
    world.hear(LEFT, &reply).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["bob: question", "⤷ ana: answer"]);
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_is_older_than_its_channel_sync_goes_on_in_one_place() {
    let mut world = World::new().await;
    let old = world.left.posted_long_ago("general", "ana", "long ago");
    let (_, event) = world.left.post("general", "ana", "now", Some(&old));
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(world.right.read("general"), ["ana: (reply)\nnow"], "the root is not relayed");
    let copy = world.right.find("general", "(reply)\nnow");
    let (_, event) = world.right.post("general", "bob", "answer", Some(&copy));
    world.hear(RIGHT, &event).await;
    world.settle().await;
    let event = world.left.edit("general", &old, "long ago, changed");
    world.hear(LEFT, &event).await;
    let (_, event) = world.left.post("general", "ana", "more", Some(&old));
    world.hear(LEFT, &event).await;
    pass(&mut world, LONG).await;
    let here = ["ana: long ago, changed", "⤷ ana: now", "⤷ bob: answer", "⤷ ana: more"];
    assert_eq!(world.left.read("general"), here);
    assert_eq!(
        world.right.read("general"),
        ["ana: (reply)\nnow", "⤷ bob: answer", "ana: (reply)\nmore"]
    );
    assert_eq!(world.left.thread_of("general", "answer"), Some(old));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_and_a_sweep_that_race_bring_one_message() {
    let mut world = World::new().await;
    for number in 0..20 {
        let (_, event) = world.left.post("general", "ana", &format!("{number}"), None);
        // Some webhooks come late, when the sweep has found their message; some never.
        tokio::time::sleep(Duration::from_secs(110)).await;
        if number % 3 > 0 {
            world.hear(LEFT, &event).await;
        }
    }
    pass(&mut world, LONG).await;
    let mut arrived = world.right.read("general");
    arrived.sort();
    let mut said: Vec<_> = (0..20).map(|number| format!("ana: {number}")).collect();
    said.sort();
    assert_eq!(arrived, said);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_no_webhook_tells_of_is_deaf_until_one_does() {
    let mut world = World::new().await;
    pass(&mut world, LONG).await;
    let before = figures(&world).await;
    assert!(before.checked_until.is_some(), "both were swept: {before:?}");
    assert_eq!((before.recovered, before.deaf_since), (0, None));
    world.left.post("general", "ana", "is anybody there?", None);
    pass(&mut world, LONG).await;
    let deaf = figures(&world).await;
    assert_eq!((deaf.missing, deaf.recovered), (0, 1));
    assert!(deaf.deaf_since.is_some());
    assert_eq!(world.right.read("general"), ["ana: is anybody there?"]);
    let (_, event) = world.left.post("general", "ana", "hello", None);
    world.hear(LEFT, &event).await;
    pass(&mut world, LONG).await;
    assert_eq!(figures(&world).await.deaf_since, None);
    assert!(figures(&world).await.checked_until > deaf.checked_until);
}

#[tokio::test(start_paused = true)]
async fn a_crash_during_a_sweep_loses_and_doubles_nothing() {
    for steps in 0..40 {
        let mut world = World::new().await;
        world.relay.stop().await;
        for number in 0..7 {
            world.left.post("general", "ana", &format!("l{number}"), None);
            world.right.post("general", "ana", &format!("r{number}"), None);
        }
        world.crash().await;
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        world.crash().await;
        pass(&mut world, Duration::from_secs(60)).await;
        for (side, network) in [("l", &world.right), ("r", &world.left)] {
            let mark = format!("ana: {side}");
            let mut arrived = network.read("general");
            arrived.retain(|line| line.starts_with(&mark));
            let said: Vec<_> = (0..7).map(|number| format!("{mark}{number}")).collect();
            assert_eq!(arrived, said, "after {steps} steps: {:?}", world.right.calls());
        }
        assert_eq!(world.left.read("general").len(), 14, "after {steps} steps");
        world.relay.stop().await;
    }
}
