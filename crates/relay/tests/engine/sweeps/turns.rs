//! Which conversation is swept when, and what is told when none can be.

use std::time::Duration;

use rialto_model::{EventKind, Signal};

use super::{LONG, pass};
use crate::{
    LEFT,
    network::Illness,
    world::{World, connection},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Three channel syncs, swept once.
async fn three() -> World {
    let mut world = World::new().await;
    for name in ["brook", "creek"] {
        world.also(name).await;
    }
    pass(&mut world, MINUTE).await;
    world.left.past_read();
    world
}

/// Something was missed, nobody knows where.
async fn something_was_missed(world: &mut World) {
    let missed = world.left.payload("", EventKind::Signal(Signal::Missed));
    world.hear_in("", LEFT, &missed, "missed").await;
}

fn uncompared(world: &World) -> Option<String> {
    let problems = world.relay.problems(connection(LEFT));
    problems.into_iter().find(|problem| problem.contains("could not be compared"))
}

#[tokio::test(start_paused = true)]
async fn where_something_was_said_last_is_swept_first() {
    let mut world = three().await;
    for (number, name) in ["creek", "general", "brook", "general"].iter().enumerate() {
        let (_, event) = world.left.post(name, "ana", "hello", None);
        world.hear_in(name, LEFT, &event, &format!("said {number}")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    pass(&mut world, MINUTE).await;
    something_was_missed(&mut world).await;
    pass(&mut world, MINUTE).await;
    assert_eq!(world.left.past_read(), ["general", "brook", "creek"]);
    // It is known after a restart too.
    world.crash().await;
    pass(&mut world, MINUTE).await;
    assert_eq!(world.left.past_read(), ["general", "brook", "creek"]);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_must_be_left_alone_keeps_no_other_waiting() {
    let mut world = three().await;
    let (_, event) = world.left.post("general", "ana", "heard", None);
    world.hear(LEFT, &event).await;
    pass(&mut world, MINUTE).await;
    for name in ["general", "brook", "creek"] {
        world.left.post(name, "ana", "missed", None);
    }
    world.left.refuse_past(&["general"], HOUR);
    something_was_missed(&mut world).await;
    pass(&mut world, MINUTE).await;
    assert_eq!(world.right.read("brook"), ["ana: missed"]);
    assert_eq!(world.right.read("creek"), ["ana: missed"]);
    assert_eq!(world.right.read("general"), ["ana: heard"]);
    let asked = |read: Vec<String>| read.iter().filter(|name| *name == "general").count();
    assert_eq!(asked(world.left.past_read()), 1);
    pass(&mut world, HOUR - 2 * MINUTE).await;
    assert_eq!(asked(world.left.past_read()), 0, "it asked for an hour");
    pass(&mut world, 2 * MINUTE).await;
    assert_eq!(world.right.read("general"), ["ana: heard", "ana: missed"]);
}

#[tokio::test(start_paused = true)]
async fn a_root_is_looked_for_only_as_often_as_the_workspace_wants() {
    let mut world = World::new().await;
    pass(&mut world, MINUTE).await;
    let (root, _) = world.left.post("general", "ana", "question", None);
    let (_, reply) = world.left.post("general", "bob", "answer", Some(&root));
    world.left.refuse_past(&["general"], HOUR);
    world.hear(LEFT, &reply).await;
    pass(&mut world, MINUTE).await;
    assert_eq!(world.left.refusals(), 1);
    assert_eq!(world.right.read("general"), ["bob: (reply)\nanswer"], "not all wait for it");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_refuses_several_in_a_row_is_left_alone() {
    let mut world = three().await;
    world.left.refuse_past(&["general", "brook", "creek"], HOUR);
    something_was_missed(&mut world).await;
    pass(&mut world, HOUR - MINUTE).await;
    assert_eq!(world.left.past_read().len(), 2);
    pass(&mut world, LONG).await;
    assert!(world.left.past_read().len() >= 3);
}

#[tokio::test(start_paused = true)]
async fn an_admin_is_told_what_is_not_compared_any_more() {
    let mut world = three().await;
    pass(&mut world, LONG).await;
    assert_eq!(uncompared(&world), None);
    world.left.falls_ill(Illness::Down);
    pass(&mut world, 10 * MINUTE).await;
    assert_eq!(uncompared(&world), None, "two rounds are waited for");
    pass(&mut world, 25 * MINUTE).await;
    let told = uncompared(&world).unwrap();
    assert!(told.starts_with("3 of its channels"), "{told}");
    world.left.is_well();
    pass(&mut world, LONG).await;
    assert_eq!(uncompared(&world), None);
}
