//! Tokens that expired, and authorizations that are gone.

use rialto_testkit::{Message, Side, World};
use serde_json::json;

use super::{app, arrives, command, say, vendors_app, workspace};
use crate::connected;

/// The calls that renew a token, and that post, by side.
fn operations(side: Side) -> [&'static str; 2] {
    if side == Side::Slack {
        ["oauth.v2.access", "chat.postMessage"]
    } else {
        ["POST /{tenant}/oauth2/v2.0/token", "POST /teams/{id}/channels/{id}/messages"]
    }
}

async fn calls(world: &World, side: Side, operation: &str) -> u64 {
    let path = format!("/calls?platform={}", side.word());
    let calls = world.control.get(&path).await.unwrap();
    calls["counts"][format!("{} {operation}", side.word())].as_u64().unwrap_or_default()
}

/// Turns token rotation on for the Slack app, and authorizes it again.
async fn rotate(world: &World) {
    let path = format!("/slack/apps/{}", vendors_app(world).await["id"].as_str().unwrap());
    let rotation = Some(json!({"token_rotation": true}));
    world.control.call(reqwest::Method::PATCH, &path, rotation).await.unwrap();
    let slack = app(world, Side::Slack).await;
    world.authorize(Side::Slack, &slack).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_renewed_and_the_message_crosses_once() {
    let world = connected().await;
    rotate(&world).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    for side in [Side::Slack, Side::Teams] {
        let [renew, post] = operations(side);
        let before = calls(&world, side, renew).await;
        let expired = json!({"platform": side.word(), "target": "api", "method": post,
                             "kind": "expire_tokens", "times": 1});
        world.control.post("/faults", expired).await.unwrap();
        let text = format!("to-{}-with-a-new-token", side.word());
        say(&world, &channels, channels.other(side), &text).await;
        arrives(&world, &channels, side, &text).await;
        assert!(calls(&world, side, renew).await > before, "{side:?}: nothing was renewed");
        assert_eq!(workspace(&world, side).await["healthy"], true);
    }
    world.stop().await;
}

/// The authorization ends at the vendor's: the app is uninstalled, the service user locked out.
async fn revoke(world: &World, side: Side) {
    if side == Side::Slack {
        let id = vendors_app(world).await["id"].as_str().unwrap().to_owned();
        let from = json!({"workspace": "Acme Engineering"});
        world.control.post(&format!("/slack/apps/{id}/uninstall"), from).await.unwrap();
        return;
    }
    lock(world, "deactivate").await;
    // What was given before holds for its hour.
    let expired = json!({"platform": "teams", "target": "api", "kind": "expire_tokens",
                         "method": operations(side)[1], "times": 1});
    world.control.post("/faults", expired).await.unwrap();
}

async fn lock(world: &World, what: &str) {
    let deed = json!({"workspace": "Acme Sales", "as": "Ida Holm", "do": what,
                      "person": "Rialto Service"});
    world.control.post("/teams/act", deed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_waits_for_a_revoked_authorization_and_goes_on_in_order_when_it_is_given_again() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    for side in [Side::Slack, Side::Teams] {
        let said = |number: usize| format!("{}-{number};", side.word());
        revoke(&world, side).await;
        for number in 0..3 {
            say(&world, &channels, channels.other(side), &said(number)).await;
        }
        world
            .until("the workspace is known to be gone", async || {
                Ok(workspace(&world, side).await["healthy"] == false)
            })
            .await
            .unwrap();
        let unheard = format!("said-in-{}-meanwhile", side.word());
        say(&world, &channels, side, &unheard).await;
        let mend = format!("rialto connect {}", side.word());
        let waiting = "Waiting: deliveries to";
        world
            .until("the lane waits", async || {
                Ok(command(&world, &["status"]).await.words.contains(waiting))
            })
            .await
            .unwrap();
        command(&world, &["status"]).await.tells(0, &[&mend, waiting]);
        let name = if side == Side::Slack { "Acme Engineering" } else { "Acme Sales" };
        command(&world, &["doctor"]).await.tells(1, &[name, &mend]);

        if side == Side::Teams {
            lock(&world, "activate").await;
        }
        world.authorize(side, &app(&world, side).await).await.unwrap();
        let mut last = String::new();
        for number in 0..3 {
            let message = arrives(&world, &channels, side, &said(number)).await;
            assert!(message.id > last, "{side:?}: out of order");
            last = message.id;
        }
        assert_eq!(workspace(&world, side).await["healthy"], true);
        // What was said there meanwhile comes as well, and it is heard again.
        arrives(&world, &channels, channels.other(side), &unheard).await;
        let back = format!("back-from-{}", side.word());
        say(&world, &channels, side, &back).await;
        arrives(&world, &channels, channels.other(side), &back).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_service_users_reaction_is_not_taken_for_a_persons() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    say(&world, &channels, Side::Teams, "typed-in-teams").await;
    let copy = arrives(&world, &channels, Side::Slack, "typed-in-teams").await;
    let original = arrives(&world, &channels, Side::Teams, "typed-in-teams").await;
    let shows = async |side: Side, emoji: &str| {
        let has = |all: &[Message]| {
            let mut all = all.iter().filter(|it| it.text.contains("typed-in-teams"));
            all.find(|it| it.has_reaction(emoji)).cloned()
        };
        world.wait(side, &channels, emoji, has).await.unwrap()
    };
    let react = async |side: Side, id: &str, emoji: &str| {
        let typed = side.reaction(id, emoji);
        world.act(side, &channels, side.speaker(), "react", typed).await.unwrap();
    };
    react(Side::Slack, &copy.id, "🎉").await;
    shows(Side::Teams, "🎉").await;

    let teams = app(&world, Side::Teams).await;
    world.authorize_as(Side::Teams, &teams, Side::Teams.owner()).await.unwrap();
    // Graph tells all reactions of a message when one comes.
    react(Side::Teams, &original.id, "👀").await;
    let copy = shows(Side::Slack, "👀").await;
    let party = copy.reactions.iter().find(|it| it.emoji == "🎉").unwrap();
    let reacted = world.account(Side::Slack, Side::Slack.speaker()).await.unwrap();
    assert_eq!(party.by, [reacted], "Rialto says that somebody in Teams reacted, too");
    world.stop().await;
}
