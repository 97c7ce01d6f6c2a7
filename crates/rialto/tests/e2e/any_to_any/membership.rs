//! Which channels are in a channel sync.

use rialto_testkit::{Channels, Message, Side};
use serde_json::json;

use super::{copies, shown};
use crate::{all_connected_with, both_ways, four_in_step, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_put_in_later_hears_and_is_heard_at_once() {
    let world = all_connected_with(&Side::ALL, &[]).await;
    let mut channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let before = world.say(Side::Slack, &channels, "before anybody else came;").await.unwrap();
    world.arrives(Side::Teams, &channels, "before anybody else came;").await.unwrap();

    for (side, channel) in [(Side::Webex, "webex:Launch"), (Side::Zoom, "zoom:launch")] {
        says(&world, &["channel-sync", "add-channel", "launch", channel]).await;
        let name = channel.split_once(':').unwrap().1;
        channels.places.push(world.place(side, name));
        both_ways(&world, &channels, &format!("with {}", side.name())).await;
        let old = shown(&world, &channels, side, "before anybody").await;
        assert!(old.is_empty(), "what is older does not come: {old:?}");

        // What is said in an older thread comes, and says that it is a reply.
        let answer = format!("an answer for {};", side.name());
        let typed = Side::Slack.to(&before, &answer);
        world.act(Side::Slack, &channels, "Ben Okafor", "reply", typed).await.unwrap();
        let copy = world.arrives(side, &channels, &answer).await.unwrap();
        assert_eq!(copy.thread, None);
        assert!(copy.text.to_lowercase().contains("reply"), "{}", copy.text);
    }

    // And one that is taken out does neither any more.
    let webex = channels.places.remove(2);
    says(&world, &["channel-sync", "remove-channel", "launch", "webex:Launch"]).await;
    world.say_in(&webex, "said to nobody;").await.unwrap();
    both_ways(&world, &channels, "without Webex").await;
    let there = world.read_in(&webex).await.unwrap();
    assert!(!there.iter().any(|it| it.text.contains("without Webex")), "{there:?}");
    for side in channels.sides() {
        assert!(shown(&world, &channels, side, "said to nobody").await.is_empty(), "{side:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_in_one_channel_sync_at_most() {
    let (world, channels) = four_in_step(&[]).await;
    for taken in crate::LAUNCH {
        let side = taken.split_once(':').unwrap().0;
        let free = if side == "slack" { "teams:General" } else { "slack:general" };
        let refused = world.connect_channels(&[free, taken]).await.unwrap_err().to_string();
        for words in ["409", "already", "one at most"] {
            assert!(refused.contains(words), "{words} is missing in {refused}");
        }
        let add = json!({
            "source": world.endpoint(taken).await.unwrap(),
            "target": {"connection": world.connection(Side::Zoom).await.unwrap()},
        });
        let refused = world.api.post("/api/v1/channel-syncs/add", add).await.unwrap_err();
        assert_eq!(refused.status, Some(409), "{refused}");
    }
    let other = world.connect_channels(&["slack:general", "teams:General"]).await.unwrap();
    let path = format!("/api/v1/channel-syncs/{}/endpoints", other.sync);
    for taken in crate::LAUNCH {
        let taken = world.endpoint(taken).await.unwrap();
        let refused = world.api.post(&path, taken).await.unwrap_err();
        assert_eq!(refused.status, Some(409), "{refused}");
    }
    // Nothing of it changed anything.
    both_ways(&world, &channels, "as before").await;
    both_ways(&world, &other, "as before").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workspaces_of_one_platform_are_in_one_channel_sync() {
    for side in Side::ALL {
        let world = all_connected_with(&[side], &[]).await;
        let name = if matches!(side, Side::Slack | Side::Zoom) { "launch" } else { "Launch" };
        let own = format!("{}:{name}", side.word());
        let (research, connection) = world.connect_another(side, name).await.unwrap();
        let there = json!({
            "connection": connection,
            "conversation": world.conversation_of(&connection, name).await.unwrap(),
        });
        let body = json!({"endpoints": [world.endpoint(&own).await.unwrap(), there]});
        let made = world.api.post("/api/v1/channel-syncs/connect", body).await.unwrap();
        let sync = made["id"].as_str().unwrap().to_owned();
        let acme = world.place(side, research.channel.clone());
        let channels = Channels { sync, places: vec![acme.clone(), research.clone()] };

        for (from, to) in [(&acme, &research), (&research, &acme)] {
            let text = format!("from {} of {};", from.workspace, side.name());
            let id = world.say_in(from, &text).await.unwrap();
            let copy = world.arrives_in(to, &text).await.unwrap();
            assert_ne!(copy.id, id, "one workspace has the ids of the other");
            let reply = format!("and a reply: {text}");
            let typed = side.to(&copy.id, &reply);
            world.act_in(to, side.people()[1], "reply", typed).await.unwrap();
            let answer = world.arrives_in(from, &reply).await.unwrap();
            assert_eq!(answer.thread, Some(id), "{side:?}");
        }
        for place in &channels.places {
            let all = world.read_in(place).await.unwrap();
            let said: Vec<_> = all.iter().filter(|it| it.text.contains("from ")).collect();
            let lines: Vec<_> = said.iter().map(|it| Message::line(it)).collect();
            assert_eq!(said.len(), 4, "{side:?}: {lines:#?}");
        }
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_missing_channel_is_made_on_each_platform() {
    let world = all_connected_with(&Side::ALL, &[]).await;
    let acme = world.workspace(Side::Zoom);
    let desk = json!({"workspace": acme, "as": "Zoe Park", "do": "create_channel", "name": "desk"});
    world.control.post("/zoom/act", desk).await.unwrap();
    for (from, channel) in [(Side::Slack, "slack:release-planning"), (Side::Zoom, "zoom:desk")] {
        for to in Side::ALL.into_iter().filter(|to| *to != from) {
            let channels = world.add_channel(channel, to).await.unwrap();
            both_ways(&world, &channels, &format!("made in {}", to.name())).await;
            // A message of each, and nobody's twice.
            let mark = format!("made in {}", to.name());
            assert_eq!(copies(&world, &channels, from, &mark).await.len(), 1);
            assert_eq!(shown(&world, &channels, to, &mark).await.len(), 2);
            says(&world, &["channel-sync", "remove", &channels.sync]).await;
        }
    }
    world.stop().await;
}
