//! What a platform refuses for good: parked with its reason, the lane goes on, retried after the
//! mend.

use rialto_testkit::{Channels, Side, World};
use serde_json::{Value, json};

use super::{app, arrives, command, parked, say, vendors_app, workspace};
use crate::connected;

/// Somebody's deed in a channel.
struct Deed(&'static str, &'static str, Value);

impl Deed {
    async fn done(&self, world: &World, channels: &Channels, side: Side) {
        let Self(person, what, more) = self;
        world.act(side, channels, person, what, more.clone()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_channel_refuses_is_parked_with_the_reason_and_goes_after_the_mend() {
    let world = connected().await;
    let secret = json!({"workspace": "Acme Engineering", "as": "Ana Silva", "do": "create_channel",
                        "name": "secret", "private": true, "members": ["Rialto"]});
    world.control.post("/slack/act", secret).await.unwrap();
    let channels = private_with_public(&world).await;
    let bot = json!({"person": "Rialto"});
    for (number, (to, trouble, mend, words)) in [
        (
            Side::Slack,
            Deed("Ana Silva", "archive", json!({})),
            Deed("Ana Silva", "unarchive", json!({})),
            "the channel is archived",
        ),
        (
            Side::Slack,
            Deed("Ana Silva", "remove", bot.clone()),
            Deed("Ana Silva", "invite", bot),
            "does not exist, or is private and Rialto is not in it",
        ),
        (
            Side::Teams,
            Deed("Ida Holm", "archive", json!({})),
            Deed("Ida Holm", "unarchive", json!({})),
            "archived",
        ),
        // Taken out of a team, the service user joins again by itself: see `listening`.
    ]
    .into_iter()
    .enumerate()
    {
        let [refused, after] = ["refused", "after"].map(|what| format!("{what}-{number};"));
        trouble.done(&world, &channels, to).await;
        say(&world, &channels, channels.other(to), &refused).await;
        let delivery = parked(&world, to).await;
        let reason = delivery["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{words:?} is missing in: {reason}");
        let id = delivery["id"].as_str().unwrap();
        command(&world, &["deliveries", "--state", "parked"]).await.tells(0, &[id, words]);

        mend.done(&world, &channels, to).await;
        say(&world, &channels, channels.other(to), &after).await;
        arrives(&world, &channels, to, &after).await;
        let name = sync_name(&world).await;
        let retried = command(&world, &["retry", "--sync", &name]).await;
        retried.tells(0, &["1 parked deliveries of `", "wait again"]);
        arrives(&world, &channels, to, &refused).await;
        command(&world, &["deliveries", "--state", "parked"]).await.tells(0, &["there is none"]);
    }
    world.stop().await;
}

/// A channel that Rialto is in by invitation only, kept in step with one that all the team reads.
async fn private_with_public(world: &World) -> Channels {
    let mut endpoints = Vec::new();
    for (side, name) in [(Side::Slack, "secret"), (Side::Teams, "Launch")] {
        endpoints.push(json!({
            "connection": world.connection(side).await.unwrap(),
            "conversation": world.conversation(side, name).await.unwrap(),
        }));
    }
    let body = json!({"endpoints": endpoints, "allow_wider_audience": true});
    let made = world.api.post("/api/v1/channel-syncs/connect", body).await.unwrap();
    let sync = made["id"].as_str().unwrap().to_owned();
    let places =
        vec![world.place(Side::Slack, "secret"), world.place(Side::Teams, "Projects/Launch")];
    Channels { sync, places }
}

async fn sync_name(world: &World) -> String {
    let status = world.api.get("/api/v1/status").await.unwrap();
    status["channel_syncs"][0]["name"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_gone_is_said_to_be_and_the_other_channels_go_on() {
    let world = connected().await;
    let going = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let staying =
        world.connect_channels(&["slack:release-planning", "teams:General"]).await.unwrap();
    for (to, person, words) in [
        (Side::Slack, "Ana Silva", "the channel does not exist"),
        (Side::Teams, "Ida Holm", "the channel or message is gone"),
    ] {
        let going = if to == Side::Slack { &going } else { &staying };
        Deed(person, "delete_channel", json!({})).done(&world, going, to).await;
        let text = format!("to-a-gone-channel-of-{}", to.word());
        say(&world, going, going.other(to), &text).await;
        let delivery = parked(&world, to).await;
        let reason = delivery["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{words:?} is missing in: {reason}");
        if to == Side::Slack {
            say(&world, &staying, Side::Teams, "elsewhere-all-is-well").await;
            arrives(&world, &staying, Side::Slack, "elsewhere-all-is-well").await;
        }
        // Without a mend the answer is the same.
        let id = delivery["id"].as_str().unwrap();
        command(&world, &["retry", id]).await.tells(0, &["waits for its turn again"]);
        assert_eq!(parked(&world, to).await["reason"], delivery["reason"]);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_scope_is_named_stops_only_what_needs_it_and_is_mended_by_authorizing_again() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let vendors = vendors_app(&world).await;
    let path = format!("/slack/apps/{}", vendors["id"].as_str().unwrap());
    let scopes: Vec<_> = vendors["bot_scopes"].as_array().unwrap().to_vec();
    let fewer: Vec<_> = scopes.iter().filter(|it| *it != "reactions:write").collect();
    let change = async |scopes: Value| {
        let scopes = Some(json!({"bot_scopes": scopes}));
        world.control.call(reqwest::Method::PATCH, &path, scopes).await.unwrap();
    };
    // Uninstalled, since scopes only ever grow, and installed without it, as by an admin who crossed
    // out what they did not like.
    change(json!(fewer)).await;
    let place = json!({"workspace": "Acme Engineering", "as": "Ana Silva"});
    world.control.post(&format!("{path}/uninstall"), place.clone()).await.unwrap();
    let gone = async || Ok(workspace(&world, Side::Slack).await["healthy"] == false);
    world.until("Rialto knows that it was uninstalled", gone).await.unwrap();
    let installed = world.control.post(&format!("{path}/install"), place).await.unwrap();
    let slack = app(&world, Side::Slack).await;
    let token = json!({"token": installed["access_token"]});
    let adopted = world.api.post(&format!("/api/v1/apps/{slack}/tokens"), token).await.unwrap();
    let missing = "the scope `reactions:write` is missing";
    assert!(adopted["warnings"].to_string().contains(missing), "{adopted}");

    say(&world, &channels, Side::Slack, "from-slack").await;
    let there = arrives(&world, &channels, Side::Teams, "from-slack").await;
    let thumb = json!({"message": there.id, "emoji": "👍"});
    world.act(Side::Teams, &channels, "Lee Gu", "react", thumb).await.unwrap();
    let delivery = parked(&world, Side::Slack).await;
    let reason = delivery["reason"].as_str().unwrap();
    assert!(reason.contains("lacks the scope `reactions:write`: add it to the app"), "{reason}");
    say(&world, &channels, Side::Teams, "needs-no-reaction").await;
    arrives(&world, &channels, Side::Slack, "needs-no-reaction").await;

    change(json!(scopes)).await;
    world.authorize(Side::Slack, &slack).await.unwrap();
    let id = delivery["id"].as_str().unwrap();
    command(&world, &["retry", id]).await.tells(0, &["waits for its turn again"]);
    world
        .wait(Side::Slack, &channels, "the reaction", |all| {
            all.iter()
                .any(|it| it.text.contains("from-slack") && it.has_reaction("👍"))
                .then_some(())
        })
        .await
        .unwrap();
    world.stop().await;
}
