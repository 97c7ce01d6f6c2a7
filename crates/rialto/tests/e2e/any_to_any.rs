//! Channel syncs of many channels, on any of the platforms.

mod faults;
mod membership;
mod settings;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use rialto_testkit::{Channels, Message, Side, World};

use crate::four_in_step;

/// Those that a side shows of what has this mark.
async fn shown(world: &World, channels: &Channels, side: Side, mark: &str) -> Vec<Message> {
    let all = world.read(side, channels).await.unwrap();
    all.into_iter().filter(|it| !it.deleted && it.text.contains(mark)).collect()
}

/// The copies of what has this mark, on all sides but this one.
async fn copies(
    world: &World,
    channels: &Channels,
    from: Side,
    mark: &str,
) -> BTreeMap<Side, Message> {
    let mut copies = BTreeMap::new();
    for side in channels.others(from) {
        copies.insert(side, world.arrives(side, channels, mark).await.unwrap());
    }
    copies
}

/// Whatever is still on its way when this is called has arrived, or was refused, when it ends:
/// everybody says something, which everybody hears, and order is kept.
async fn all_is_quiet(world: &World, channels: &Channels) {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    for side in channels.sides() {
        let mark = format!("quiet-{};", TIMES.fetch_add(1, Ordering::Relaxed));
        world.say(side, channels, &mark).await.unwrap();
        copies(world, channels, side, &mark).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_arrives_once_on_each_other_and_so_does_what_is_done_to_it_on_any() {
    let (world, channels) = four_in_step(&[]).await;
    for from in Side::ALL {
        let mark = format!("from-{};", from.word());
        let id = world.say(from, &channels, &mark).await.unwrap();
        let mut here = copies(&world, &channels, from, &mark).await;
        for (side, copy) in &here {
            assert!(copy.text.contains(from.speaker()) || copy.author.name == from.speaker());
            assert_eq!(copy.thread, None, "on {side:?}");
        }
        let original = world.arrives(from, &channels, &mark).await.unwrap();
        assert_eq!(original.id, id);
        here.insert(from, original);

        // A reply on any of them is below the message on all others.
        for side in Side::ALL {
            let reply = format!("{mark} answer-{};", side.word());
            let typed = side.to(&here[&side].id, &reply);
            world.act(side, &channels, side.people()[1], "reply", typed).await.unwrap();
            for (there, copy) in copies(&world, &channels, side, &reply).await {
                assert_eq!(copy.thread.as_ref(), Some(&here[&there].id), "{side:?} → {there:?}");
            }
        }

        // A reaction on any of them is on all others that have any; the last one gone, ours goes.
        for side in [Side::Slack, Side::Teams, Side::Zoom] {
            let typed = side.reaction(&here[&side].id, "👀");
            world.act(side, &channels, side.speaker(), "react", typed.clone()).await.unwrap();
            let others = || channels.others(side).into_iter().filter(|it| *it != Side::Webex);
            for there in others() {
                let has = |all: &[Message]| {
                    all.iter().any(|it| it.id == here[&there].id && it.has_reaction("👀"))
                };
                let what = format!("{side:?}'s reaction");
                world.wait(there, &channels, &what, |all| has(all).then_some(())).await.unwrap();
            }
            world.act(side, &channels, side.speaker(), "unreact", typed).await.unwrap();
            for there in others() {
                let none = |all: &[Message]| {
                    all.iter().any(|it| it.id == here[&there].id && !it.has_reaction("👀"))
                };
                let what = format!("{side:?}'s reaction gone");
                world.wait(there, &channels, &what, |all| none(all).then_some(())).await.unwrap();
            }
        }

        // It is changed everywhere, and gone everywhere.
        let changed = format!("{mark} changed;");
        let typed = from.to(&id, &changed);
        world.act(from, &channels, from.speaker(), "edit", typed).await.unwrap();
        for (there, copy) in copies(&world, &channels, from, &changed).await {
            assert_eq!(copy.id, here[&there].id, "another message than before");
        }
        all_is_quiet(&world, &channels).await;
        for side in Side::ALL {
            // The message, and an answer of each.
            let all = shown(&world, &channels, side, &mark).await;
            assert_eq!(all.len(), 5, "on {side:?}: {:#?}", lines(&all));
        }
        world.act(from, &channels, from.speaker(), "delete", from.of(&id)).await.unwrap();
        for side in channels.others(from) {
            let gone = |all: &[Message]| {
                all.iter().all(|it| it.deleted || !it.text.contains("changed;")).then_some(())
            };
            world.wait(side, &channels, "the message gone", gone).await.unwrap();
        }
    }
    world.stop().await;
}

fn lines(messages: &[Message]) -> Vec<String> {
    messages.iter().map(Message::line).collect()
}
