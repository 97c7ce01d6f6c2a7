//! A burst goes as fast as the published limits allow and no faster, and nobody else waits for it: the
//! engine with the limits of real platforms, in simulated time, against a strict model of what they
//! publish.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

mod limits;
mod network;
mod world;

use std::{collections::BTreeMap, time::Duration};

use rialto_model::{Pacing, Window};

use crate::{
    limits::Published,
    world::{BURST, World, other},
};

/// Messages of the burst.
const MESSAGES: usize = 2_000;
/// Conversations beside it, in the same workspaces.
const OTHERS: usize = 20;
/// How long somebody else may wait because of it.
const PATIENCE: Duration = Duration::from_millis(50);

#[tokio::test(start_paused = true)]
async fn a_burst_is_never_blocked_takes_no_longer_than_it_must_and_delays_nobody() {
    let mut world = World::new(OTHERS).await;
    for number in 0..MESSAGES {
        world.say(BURST, &format!("burst {number}")).await;
    }
    // Meanwhile people talk elsewhere: often while the burst is fastest, then now and then.
    let mut said = BTreeMap::new();
    for number in 0..1_500 {
        let pause = if number < 500 { 400 } else { 4_000 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let text = format!("other {number}");
        world.say(&other(number % OTHERS), &text).await;
        said.insert(text, world.elapsed());
    }
    world.settle().await;
    for platform in &world.platforms {
        let posts = platform.posts();
        let refused = platform.refused();
        assert_eq!(refused, 0, "{}: was blocked", platform.name());
        let burst: Vec<_> = posts.iter().filter(|post| post.to == BURST).collect();
        assert_eq!(burst.len(), MESSAGES, "{}", platform.name());
        let in_order = burst.iter().enumerate().all(|(n, post)| post.text == format!("burst {n}"));
        assert!(in_order, "{}: out of order", platform.name());

        let shortest = platform.published().shortest(MESSAGES);
        let taken = burst.last().unwrap().arrived;
        assert!(taken <= shortest.mul_f64(1.1), "{}: {taken:?} of {shortest:?}", platform.name());
        assert!(taken >= shortest, "{}: the model is not strict", platform.name());

        let mut longest = Duration::ZERO;
        for post in posts.iter().filter(|post| post.to != BURST) {
            longest = longest.max(post.called - said[&post.text]);
        }
        assert!(longest <= PATIENCE, "{}: somebody waited for {longest:?}", platform.name());
        assert_eq!(posts.len() - MESSAGES, said.len(), "{}", platform.name());
        println!(
            "{}: {MESSAGES} messages in {:.1} s, at least {:.1} s; others waited {longest:?} at most",
            platform.name(),
            taken.as_secs_f64(),
            shortest.as_secs_f64(),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_conversations_wait_for_their_turn_another_one_does_not() {
    let minute = Window { count: 1, per: Duration::from_secs(60) };
    let limits = Pacing { conversation: vec![minute], ..Pacing::default() };
    // More than calls may be under way to one workspace.
    let mut world = World::within(601, Some(limits)).await;
    for number in 0..600 {
        for text in ["at once", "a minute later"] {
            world.say(&other(number), text).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let said = world.elapsed();
    world.say(&other(600), "at once").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    for platform in &world.platforms {
        let posts = platform.posts();
        assert_eq!(posts.len(), 601, "{}", platform.name());
        let last = posts.iter().find(|post| post.to == other(600)).unwrap();
        assert!(last.called - said <= PATIENCE, "{}", platform.name());
    }
    world.settle().await;
    assert!(world.platforms.iter().all(|platform| platform.posts().len() == 1_201));
}

#[test]
fn the_model_refuses_what_is_too_fast() {
    for (published, every_ms, refused_after) in [
        (Published::zoom(), 0, 10),
        (Published::zoom(), 300, 30),
        (Published::zoom(), 1_600, 60),
        (Published::zoom(), 2_200, 450),
        (Published::slack(), 0, 4),
        (Published::slack(), 900, 30),
    ] {
        let mut model = published.model();
        let first = (0_u64..).find(|n| !model.post(Duration::from_millis(n * every_ms))).unwrap();
        assert!(first >= refused_after && first <= refused_after + 1, "{every_ms} ms: {first}");
    }
}
