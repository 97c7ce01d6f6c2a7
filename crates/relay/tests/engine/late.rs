//! What arrives more than two minutes after it was said says when that was, and nothing else does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rialto_model::RemoteId;

use crate::{
    LEFT, RIGHT,
    network::{Fault, Illness, Network},
    world::World,
};

const MINUTE: Duration = Duration::from_secs(60);

/// When a copy says that it was said.
fn says(network: &Network, text: &str) -> Option<Timestamp> {
    let seen = network.seen("general");
    let copies: Vec<_> = seen.iter().filter(|it| it.is_copy() && it.reads() == text).collect();
    assert_eq!(copies.len(), 1, "{seen:?}");
    copies[0].says
}

fn said_at(network: &Network, id: &RemoteId) -> Timestamp {
    let seen = network.seen("general");
    seen.iter().find(|it| it.id == *id).unwrap().posted_at
}

async fn pass(world: &mut World, time: Duration) {
    tokio::time::sleep(time).await;
    world.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_edited_before_it_was_found_says_when_it_was_said() {
    let mut world = World::new().await;
    world.settle().await;
    world.relay.stop().await;
    let (id, _) = world.left.post("general", "ana", "at noon", None);
    tokio::time::sleep(29 * MINUTE).await;
    world.left.edit("general", &id, "at noon, sharp");
    tokio::time::sleep(MINUTE).await;
    world.crash().await;
    pass(&mut world, MINUTE).await;
    assert_eq!(says(&world.right, "at noon, sharp"), Some(said_at(&world.left, &id)));
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_is_found_late_says_nothing_of_when() {
    let mut world = World::new().await;
    let (id, event) = world.left.post("general", "ana", "soon", None);
    world.hear(LEFT, &event).await;
    world.settle().await;
    tokio::time::sleep(5 * MINUTE).await;
    world.left.edit("general", &id, "soon, really");
    pass(&mut world, 40 * MINUTE).await;
    assert_eq!(says(&world.right, "soon, really"), None);
}

#[tokio::test(start_paused = true)]
async fn a_late_message_goes_on_saying_when_it_was_said_however_often_it_is_edited() {
    let mut world = World::new().await;
    world.settle().await;
    world.relay.stop().await;
    let (id, _) = world.left.post("general", "ana", "one", None);
    tokio::time::sleep(10 * MINUTE).await;
    world.crash().await;
    pass(&mut world, MINUTE).await;
    let said = Some(said_at(&world.left, &id));
    assert_eq!(says(&world.right, "one"), said);
    for text in ["two", "three"] {
        let event = world.left.edit("general", &id, text);
        world.hear(LEFT, &event).await;
        pass(&mut world, Duration::from_secs(1)).await;
        assert_eq!(says(&world.right, text), said);
    }
}

#[tokio::test(start_paused = true)]
async fn what_had_to_wait_for_its_destination_says_when_it_was_said() {
    for illness in [Illness::Down, Illness::Limited, Illness::Revoked] {
        let mut world = World::new().await;
        world.settle().await;
        world.right.falls_ill(illness);
        let (id, event) = world.left.post("general", "ana", "early", None);
        world.hear(LEFT, &event).await;
        tokio::time::sleep(60 * MINUTE).await;
        world.right.is_well();
        world.connect_again(&[RIGHT]).await;
        let (_, event) = world.left.post("general", "ana", "now", None);
        world.hear(LEFT, &event).await;
        pass(&mut world, 10 * MINUTE).await;
        assert_eq!(says(&world.right, "early"), Some(said_at(&world.left, &id)), "{illness:?}");
        let (_, event) = world.left.post("general", "ana", "right now", None);
        world.hear(LEFT, &event).await;
        world.settle().await;
        assert_eq!(says(&world.right, "right now"), None, "{illness:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_planned_and_not_sent_when_the_process_died_says_when_it_was_said() {
    let mut world = World::new().await;
    world.settle().await;
    world.right.fail_next([Fault::Wait(1_000)]);
    let (id, event) = world.left.post("general", "ana", "planned", None);
    world.hear(LEFT, &event).await;
    tokio::time::sleep(MINUTE).await;
    world.relay.stop().await;
    tokio::time::sleep(60 * MINUTE).await;
    world.crash().await;
    world.settle().await;
    assert_eq!(says(&world.right, "planned"), Some(said_at(&world.left, &id)));
}

/// However late it is looked up, it is looked for as it was begun.
#[tokio::test(start_paused = true)]
async fn a_post_without_an_answer_that_is_late_by_now_is_there_once_wherever_the_process_dies() {
    for (side, fault) in [LEFT, RIGHT]
        .iter()
        .flat_map(|side| [Fault::LostAnswer, Fault::LostCall].map(|fault| (*side, fault)))
    {
        for steps in 1..60 {
            let mut world = World::new().await;
            world.settle().await;
            let (from, to) = match side {
                LEFT => (world.right.clone(), world.left.clone()),
                _ => (world.left.clone(), world.right.clone()),
            };
            to.fail_next([fault]);
            let (id, event) = from.post("general", "ana", "once", None);
            world.hear(1 - side, &event).await;
            while to.calls().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            world.relay.stop().await;
            // Nothing but the look-up tells of it.
            to.own_events();
            tokio::time::sleep(3 * MINUTE).await;
            world.crash().await;
            world.process.die_after(steps);
            tokio::time::sleep(MINUTE).await;
            world.crash().await;
            pass(&mut world, MINUTE).await;
            let late = (fault == Fault::LostCall).then(|| said_at(&from, &id));
            assert_eq!(says(&to, "once"), late, "{side} {fault:?}, died after {steps}");
            let event = from.edit("general", &id, "once, edited");
            world.hear(1 - side, &event).await;
            world.settle().await;
            assert_eq!(says(&to, "once, edited"), late, "{side} {fault:?}, died after {steps}");
            world.relay.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_two_minutes_is_not_late() {
    let mut world = World::new().await;
    world.settle().await;
    let (_, event) = world.left.post("general", "ana", "in time", None);
    tokio::time::sleep(Duration::from_secs(119)).await;
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(says(&world.right, "in time"), None);
    let (id, event) = world.left.post("general", "ana", "too late", None);
    tokio::time::sleep(Duration::from_secs(121)).await;
    world.hear(LEFT, &event).await;
    world.settle().await;
    assert_eq!(says(&world.right, "too late"), Some(said_at(&world.left, &id)));
    assert!(said_at(&world.left, &id) < world.toolkit.clock.now() - SignedDuration::from_mins(2));
}
