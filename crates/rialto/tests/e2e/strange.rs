//! A Slack that is not our sandbox: unknown fields and kinds, missing optional fields, more pages,
//! other ids, slower answers. Nothing may break for want of politeness.

mod front;
mod ids;
mod odd;

use rialto_testkit::{Side, World, WorldOptions, story};
use serde_json::json;

use crate::{BINARY, connect, quick};
use front::Front;

/// A world whose Slack is seen through a front alone.
async fn seen_through(front: &Front) -> World {
    let mut options = WorldOptions::new(BINARY);
    options.sandbox.slack_url = Some(front.url.clone());
    options.environment = quick();
    // Events come through the front as well.
    options.environment.push(("RIALTO_PUBLIC_URL".into(), front.url.clone()));
    let world = World::start(options).await.unwrap();
    front.stand_before(&world).await;
    connect(&world, &[Side::Slack, Side::Teams]).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_crosses_to_and_from_a_slack_that_does_what_slack_may_do() {
    let front = Front::start().await;
    let world = seen_through(&front).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let outcomes = story::tell(&world, &channels, "", |_, _| {}).await.unwrap();
    let failed: Vec<_> = outcomes.iter().filter(|it| it.result.is_err()).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", world.rialto.lock().await.log());
    assert!(outcomes.len() > 50, "{}", outcomes.len());

    // What nobody knows is no text, and no error either.
    for side in [Side::Slack, Side::Teams] {
        for message in world.read(side, &channels).await.unwrap() {
            assert!(!message.text.contains(odd::WORD), "{side:?} shows {}", message.line());
        }
    }
    let seen = front.seen();
    assert_eq!(seen.refused, [""; 0], "events that Rialto did not take");
    for (what, count) in [
        ("calls", seen.calls),
        ("slow answers", seen.slow),
        ("events", seen.events),
        ("unknown events", seen.unknown_events),
    ] {
        assert!(count > 10, "only {count} {what}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_strange_slack_told_nobody_is_found_in_its_past() {
    let front = Front::start().await;
    let world = seen_through(&front).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let say = async |what: &str, more: serde_json::Value| {
        let said = world.act(Side::Slack, &channels, "Ana Silva", what, more).await.unwrap();
        said["ts"].clone()
    };
    let root = say("post", json!({"text": "the root;"})).await;
    let arrived = async |text: &str| {
        let one = |all: &[rialto_testkit::Message]| {
            let mut with_text = all.iter().filter(|it| it.text.contains(text));
            let first = with_text.next().cloned();
            assert!(with_text.next().is_none(), "{text} is there twice");
            first
        };
        world.wait(Side::Teams, &channels, text, one).await.unwrap()
    };
    let root_there = arrived("the root;").await;
    let lost = json!({"platform": "slack", "target": "webhook", "kind": "drop"});
    world.control.post("/faults", lost).await.unwrap();
    world.rialto.lock().await.kill().await.unwrap();
    for number in 0..5 {
        say("post", json!({"text": format!("unheard {number};")})).await;
        say("reply", json!({"ts": root, "text": format!("unheard reply {number};")})).await;
    }
    let before = front.seen().pages;
    world.rialto.lock().await.run().await.unwrap();
    for number in 0..5 {
        arrived(&format!("unheard {number};")).await;
        let reply = arrived(&format!("unheard reply {number};")).await;
        assert_eq!(reply.thread.as_ref(), Some(&root_there.id));
    }
    // Six messages and five replies, each on a page of its own.
    let pages = front.seen().pages - before;
    assert!(pages > 10, "only {pages} pages");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_sets_up_and_looks_after_a_strange_slack_as_any_other() {
    let front = Front::start().await;
    let world = seen_through(&front).await;
    for number in 0..7 {
        let channel = json!({"workspace": "Acme Engineering", "as": "Ana Silva",
                             "do": "create_channel", "name": format!("more-{number}")});
        world.control.post("/slack/act", channel).await.unwrap();
    }
    // A page of one after the other, and the first is empty.
    let slack = world.connection(Side::Slack).await.unwrap();
    let path = format!("/api/v1/connections/{slack}/conversations");
    let listed = world.api.get(&path).await.unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names.len(), 10, "{names:?}");

    let added = world.add_channel("slack:release-planning", Side::Teams).await.unwrap();
    for (from, person) in [(Side::Slack, "Ana Silva"), (Side::Teams, "Lee Gu")] {
        let text = format!("from {}", from.name());
        world.act(from, &added, person, "post", json!({"text": text})).await.unwrap();
        let there = |all: &[rialto_testkit::Message]| {
            all.iter().any(|message| message.text.contains(&text)).then_some(())
        };
        world.wait(added.other(from), &added, &text, there).await.unwrap();
    }
    let doctor = world.api.post(&format!("/api/v1/connections/{slack}/check"), json!({})).await;
    let findings = doctor.unwrap();
    let errors = findings.as_array().unwrap().iter().filter(|it| it["level"] == "error");
    assert_eq!(errors.count(), 0, "{findings:#}");
    world.stop().await;
}
