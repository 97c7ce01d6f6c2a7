//! Whoever wrote what did not arrive is told where they wrote it, until it arrives after all.

use rialto_testkit::{Channels, Message, Side, World};
use serde_json::{Value, json};

use crate::{connected_with, four_in_step};

/// What Rialto told a person in a conversation of its own with them.
async fn told(world: &World, side: Side, person: &str) -> Vec<Message> {
    let messages = match side {
        Side::Slack | Side::Teams => match direct(world, side, person).await {
            Some(id) => world.read_in(&world.place(side, id)).await.unwrap(),
            None => Vec::new(),
        },
        Side::Webex | Side::Zoom => {
            let query = [
                ("workspace", world.workspace(side)),
                ("channel", &format!("@{person}")),
                ("as", "Rialto Service"),
            ];
            let url = format!("{}/{}/view", world.control.base(), side.word());
            let url = url::Url::parse_with_params(&url, query).unwrap();
            let path = url.as_str().strip_prefix(world.control.base()).unwrap();
            let view = world.control.get(path).await.unwrap();
            serde_json::from_value(view["messages"].clone()).unwrap()
        }
    };
    messages.into_iter().filter(|message| !message.deleted).collect()
}

/// The id of that conversation, where the sandbox lists it.
async fn direct(world: &World, side: Side, person: &str) -> Option<String> {
    let account = world.account(side, person).await.unwrap();
    let all = world.control.get(&format!("/{}/workspaces", side.word())).await.unwrap();
    let directs = if side == Side::Slack { &all[0]["channels"] } else { &all[0]["chats"] };
    let with = |it: &&Value| {
        let members = it["members"].as_array().or(it["people"].as_array());
        (it["kind"] == "im" || side == Side::Teams)
            && members.is_some_and(|all| all.contains(&json!(account)))
    };
    let direct = directs.as_array().unwrap().iter().find(with)?;
    Some(direct["id"].as_str().unwrap().to_owned())
}

/// Whether a message is marked as one that did not arrive: by a reaction, or by a reply in its place.
async fn marked(world: &World, side: Side, channels: &Channels, text: &str) -> bool {
    let messages = world.read(side, channels).await.unwrap();
    let Some(message) = messages.iter().find(|it| it.text.contains(text)) else { return false };
    let is_below = |it: &&Message| it.thread.as_ref() == Some(&message.id) && !it.deleted;
    let in_reply = messages.iter().filter(is_below).any(|it| it.text.contains("⚠️"));
    if side == Side::Webex { in_reply } else { message.has_reaction("⚠️") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_what_was_given_up_is_told_until_it_arrives() {
    let (world, channels) = four_in_step(&[]).await;
    for (from, to, place) in [
        (Side::Slack, Side::Teams, "Launch on Microsoft Teams"),
        (Side::Teams, Side::Slack, "launch on Slack"),
        (Side::Webex, Side::Teams, "Launch on Microsoft Teams"),
        (Side::Zoom, Side::Slack, "launch on Slack"),
    ] {
        let writer = from.speaker();
        world.act(to, &channels, to.owner(), "archive", json!({})).await.unwrap();
        let words = format!("the numbers are in, from {}", from.name());
        world.say(from, &channels, &words).await.unwrap();
        let mark = async || Ok(marked(&world, from, &channels, &words).await);
        world.until("the mark", mark).await.unwrap();
        let notice = async || Ok(!told(&world, from, writer).await.is_empty());
        world.until("the notice", notice).await.unwrap();
        let [notice] = told(&world, from, writer).await.try_into().unwrap();
        for words in [words.as_str(), place, "archived"] {
            assert!(notice.text.contains(words), "{words:?} is missing in: {}", notice.text);
        }

        world.act(to, &channels, to.owner(), "unarchive", json!({})).await.unwrap();
        let parked = world.api.get("/api/v1/deliveries?state=parked").await.unwrap();
        let id = parked[0]["id"].as_str().unwrap_or_else(|| panic!("parked: {parked}"));
        world.api.post(&format!("/api/v1/deliveries/{id}/retry"), json!({})).await.unwrap();
        world.arrives(to, &channels, &words).await.unwrap();
        let taken_back = async || {
            Ok(!marked(&world, from, &channels, &words).await
                && told(&world, from, writer).await.is_empty())
        };
        world.until("what was told is taken back", taken_back).await.unwrap();
        for there in channels.others(from) {
            let mut there = world.read(there, &channels).await.unwrap();
            there.retain(|message| message.text.contains(&words));
            assert!(there.iter().all(|it| it.reactions.is_empty()), "a mark is nobody's reaction");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_what_takes_long_is_told_by_a_reaction_alone() {
    let world = connected_with(&[("RIALTO_DELIVERIES_TELL_AFTER", "500ms")]).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let away = json!({"platform": "teams", "target": "api", "kind": "status", "code": 503});
    world.control.post("/faults", away).await.unwrap();
    world
        .act(Side::Slack, &channels, "Ana Silva", "post", json!({"text": "in time?"}))
        .await
        .unwrap();
    let mark = async || Ok(marked(&world, Side::Slack, &channels, "in time?").await);
    world.until("the mark", mark).await.unwrap();

    world.control.call(reqwest::Method::DELETE, "/faults", None).await.unwrap();
    let gone = async || Ok(!marked(&world, Side::Slack, &channels, "in time?").await);
    world.until("the mark goes", gone).await.unwrap();
    assert_eq!(told(&world, Side::Slack, "Ana Silva").await.len(), 0);
    world.stop().await;
}
