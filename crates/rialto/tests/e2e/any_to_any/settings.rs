//! What a channel sync is set to, for all of its channels and for each.

use reqwest::Method;
use rialto_testkit::{Channels, Message, Side, World};
use serde_json::{Value, json};

use super::{all_is_quiet, copies, lines, shown};
use crate::{four_in_step, says};

/// The channel sync's endpoint on a side.
async fn endpoint(world: &World, channels: &Channels, side: Side) -> String {
    let sync = world.api.get(&format!("/api/v1/channel-syncs/{}", channels.sync)).await.unwrap();
    let mut endpoints = sync["endpoints"].as_array().unwrap().iter();
    let endpoint = endpoints.find(|it| it["platform"] == side.word()).unwrap();
    endpoint["id"].as_str().unwrap().to_owned()
}

async fn set(world: &World, channels: &Channels, settings: Value) {
    let path = format!("/api/v1/channel-syncs/{}", channels.sync);
    world.api.call(Method::PATCH, &path, Some(settings)).await.unwrap();
}

/// Everybody says something, and those and only those who are named read it.
async fn is_read_by(world: &World, channels: &Channels, word: &str, readers: [&[Side]; 4]) {
    let mark = |side: Side| format!("{word}-{};", side.word());
    for side in Side::ALL {
        world.say(side, channels, &mark(side)).await.unwrap();
    }
    for (from, readers) in Side::ALL.into_iter().zip(readers) {
        for there in readers {
            world.arrives(*there, channels, &mark(from)).await.unwrap();
        }
        if readers.is_empty() {
            let counted = async || {
                let status = world.api.get("/api/v1/status").await?;
                Ok(status["drops"].to_string().contains("this endpoint is only written to"))
            };
            world.until("that nobody is told is counted", counted).await.unwrap();
        }
    }
    let nothing_waits = async || {
        let sync = world.api.get(&format!("/api/v1/channel-syncs/{}", channels.sync)).await?;
        Ok(sync["traffic"]["pending"] == 0)
    };
    world.until("nothing is on its way", nothing_waits).await.unwrap();
    for (from, readers) in Side::ALL.into_iter().zip(readers) {
        for there in channels.others(from).into_iter().filter(|it| !readers.contains(it)) {
            let shown = shown(world, channels, there, &mark(from)).await;
            assert!(shown.is_empty(), "{from:?} → {there:?}: {:?}", lines(&shown));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_channel_is_heard_and_written_to_as_it_is_set() {
    use Side::{Slack, Teams, Webex, Zoom};
    let (world, channels) = four_in_step(&[]).await;
    for (side, way) in [(Slack, "in"), (Zoom, "out")] {
        let endpoint = endpoint(&world, &channels, side).await;
        let name =
            world.api.get(&format!("/api/v1/channel-syncs/{}", channels.sync)).await.unwrap();
        let name = name["name"].as_str().unwrap().to_owned();
        let set = ["channel-sync", "set-channel", &name, &endpoint, "--direction", way];
        assert!(says(&world, &set).await.contains(way));
    }
    let set: [&[Side]; 4] = [&[Teams, Webex, Zoom], &[Webex, Zoom], &[Teams, Zoom], &[]];
    is_read_by(&world, &channels, "set", set).await;
    for side in [Slack, Zoom] {
        let id = endpoint(&world, &channels, side).await;
        let path = format!("/api/v1/channel-syncs/{}/endpoints/{id}", channels.sync);
        let both = json!({"direction": "both"});
        world.api.call(Method::PATCH, &path, Some(both)).await.unwrap();
    }
    let both: [&[Side]; 4] = [
        &[Teams, Webex, Zoom],
        &[Slack, Webex, Zoom],
        &[Slack, Teams, Zoom],
        &[Slack, Teams, Webex],
    ];
    is_read_by(&world, &channels, "both", both).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_channel_sync_is_set_to_holds_on_all_its_channels() {
    let (world, channels) = four_in_step(&[]).await;

    // Files do not cross: their names do.
    set(&world, &channels, json!({"files": false})).await;
    for from in Side::ALL {
        let name = format!("plan-of-{}.txt", from.word());
        let mut typed = from.plain(&format!("file-{};", from.word()));
        typed["files"] = json!([{"name": name, "mime": "text/plain", "text": "the plan"}]);
        world.act(from, &channels, from.speaker(), "post", typed).await.unwrap();
        for (there, copy) in copies(&world, &channels, from, &name).await {
            assert!(copy.files.is_empty(), "{from:?} → {there:?}: {}", copy.line());
        }
    }

    // Reactions cross, in replies where there are none else, or not at all.
    for (settings, natively, in_replies) in [
        (json!({"reactions": true, "reaction_replies": true}), true, true),
        (json!({"reactions": true, "reaction_replies": false}), true, false),
        (json!({"reactions": false, "reaction_replies": true}), false, false),
    ] {
        set(&world, &channels, settings.clone()).await;
        let mark = format!("reaction-{natively}-{in_replies};");
        let id = world.say(Side::Slack, &channels, &mark).await.unwrap();
        let there = copies(&world, &channels, Side::Slack, &mark).await;
        let typed = Side::Slack.reaction(&id, "🎉");
        world.act(Side::Slack, &channels, "Ben Okafor", "react", typed.clone()).await.unwrap();
        all_is_quiet(&world, &channels).await;
        for side in [Side::Teams, Side::Zoom] {
            let copy = &shown(&world, &channels, side, &mark).await[0];
            assert_eq!(copy.has_reaction("🎉"), natively, "{settings} on {side:?}");
        }
        let below = async || {
            let all = world.read(Side::Webex, &channels).await.unwrap();
            let root = &there[&Side::Webex].id;
            let all: Vec<_> =
                all.into_iter().filter(|it| it.thread.as_ref() == Some(root)).collect();
            lines(&all)
        };
        let replies = below().await;
        assert_eq!(replies.len(), usize::from(in_replies), "{settings}: {replies:?}");
        assert!(replies.iter().all(|it| it.contains("🎉")), "{replies:?}");
        // What was shown goes, whatever the setting is by now.
        set(&world, &channels, json!({"reactions": true, "reaction_replies": false})).await;
        world.act(Side::Slack, &channels, "Ben Okafor", "unreact", typed).await.unwrap();
        all_is_quiet(&world, &channels).await;
        assert_eq!(below().await, [""; 0], "{settings}");
    }

    // Joins and leaves are told.
    set(&world, &channels, json!({"memberships": true})).await;
    for (from, person, deeds) in [
        (Side::Slack, "Chloé Martin", [("leave", json!({})), ("join", json!({}))]),
        (Side::Zoom, "Ines Duarte", [("leave", json!({})), ("join", json!({}))]),
    ] {
        for (what, more) in deeds {
            world.act(from, &channels, person, what, more).await.unwrap();
        }
        for there in channels.others(from) {
            for words in ["left the channel", "joined the channel"] {
                let told = |all: &[Message]| {
                    let theirs =
                        |it: &&Message| it.author.name == person || it.text.contains(person);
                    let told = all.iter().filter(theirs).any(|it| it.text.contains(words));
                    told.then_some(())
                };
                let what = format!("that {person} {words}");
                world.wait(there, &channels, &what, told).await.unwrap();
            }
        }
    }
    world.stop().await;
}
