//! Webhooks, upkeep, the canary.

use rialto_model::{Emoji, EventKind, Own, RemoteId, Signal};
use rialto_platform::{MessageChange, Nest, SendError};
use serde_json::json;

use super::support::World;

fn everywhere() -> Vec<RemoteId> {
    vec![RemoteId::from("")]
}

#[tokio::test]
async fn webhooks_are_made_once_and_kept() {
    let world = World::start().await;
    assert_eq!(world.connection.upkeep(&[]).await.unwrap().gaps, everywhere());
    let hooks = world.hooks().await;
    let mut told: Vec<_> = hooks.iter().map(|it| (&it["resource"], &it["event"])).collect();
    told.sort_by_key(|it| it.0.to_string());
    let all = json!("all");
    assert_eq!(
        told,
        [(&json!("memberships"), &all), (&json!("messages"), &all), (&json!("rooms"), &all)]
    );
    assert_eq!(world.restarted().upkeep(&[]).await.unwrap().gaps, []);
    assert_eq!(world.hooks().await, hooks);
}

#[tokio::test]
async fn a_silent_webhook_is_revived_and_everything_may_have_been_missed() {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    let hooks = world.hooks().await;
    let hook = hooks.iter().find(|it| it["resource"] == "messages").unwrap();
    let id = hook["id"].as_str().unwrap();
    world.control(&format!("/webex/webhooks/{id}/deactivate"), json!({})).await;
    world.post("unheard").await;
    assert_eq!(world.told().await.len(), 0);
    assert_eq!(world.connection.upkeep(&[]).await.unwrap().gaps, everywhere());
    let hooks = world.hooks().await;
    assert!(hooks.iter().all(|it| it["status"] == "active") && hooks.len() == 3, "{hooks:?}");
    world.post("heard").await;
    assert_eq!(world.message().await.content.text.plain_text(), "heard");
}

#[tokio::test]
async fn messages_are_listened_to_also_where_spaces_may_not_be() {
    let world = World::start().await;
    world.fault(json!({ "target": "api", "kind": "special", "name": "no_room_webhooks" })).await;
    let general = world.room("general").await;
    for gaps in [everywhere(), Vec::new()] {
        let upkeep = world.connection.upkeep(std::slice::from_ref(&general)).await.unwrap();
        assert_eq!(upkeep.gaps, gaps, "what works is left alone");
        let [problem] = &upkeep.problems[..] else { panic!("{:?}", upkeep.problems) };
        assert!(problem.contains("spark:rooms_read"), "{problem}");
    }
    world.post("heard").await;
    assert_eq!(world.message().await.content.text.plain_text(), "heard");
}

#[tokio::test]
async fn webhooks_follow_the_address_and_none_tells_twice() {
    let world = World::start().await;
    let mut before = world.app.clone();
    before.webhook_url = "http://127.0.0.1:9/webhooks/webex/app".parse().unwrap();
    let wanted = crate::hooks::Wanted::of(&before).unwrap();
    let client = crate::connect::client(&world.app).unwrap();
    let api = crate::api::Api::new(world.toolkit(), client, world.drawer.clone());
    assert!(crate::hooks::ensure(&api, &wanted).await.unwrap().mended);
    let twice = |name: &str, target: &str| {
        json!({ "name": name, "targetUrl": target, "resource": "messages", "event": "created",
            "secret": "fake" })
    };
    for hook in [twice("x", world.app.webhook_url.as_str()), twice("mine", "https://a.example")] {
        let made = api.send::<serde_json::Value>(http::Method::POST, &["webhooks"], &hook).await;
        made.unwrap();
    }
    world.connection.upkeep(&[]).await.unwrap();
    let hooks = world.hooks().await;
    let ours = world.app.webhook_url.as_str();
    let (ours, others): (Vec<_>, Vec<_>) = hooks.iter().partition(|it| it["targetUrl"] == ours);
    assert!(ours.len() == 3 && ours.iter().all(|it| it["event"] == "all"), "{ours:?}");
    assert_eq!(others.len(), 1, "what somebody else made is theirs");
}

#[tokio::test]
async fn upkeep_says_where_rialto_is_not_and_where_it_may_not_post() {
    let world = World::start().await;
    let (general, board) = (world.room("general").await, world.room("board").await);
    let locked = world.room("locked").await;
    let upkeep = world.connection.upkeep(&[general.clone(), board, locked]).await.unwrap();
    let names: Vec<_> = upkeep.seen.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["general", "board"]);
    let [board, locked] = &upkeep.problems[..] else { panic!("{:?}", upkeep.problems) };
    assert!(board.contains("board") && board.contains("announcement"), "{board}");
    assert!(locked.contains("must add the service user"), "{locked}");
    assert!(upkeep.again_by.unwrap() > world.now());
}

#[tokio::test]
async fn a_space_that_moves_is_followed() {
    let world = World::start().await;
    let general = world.room("general").await;
    world.connection.upkeep(std::slice::from_ref(&general)).await.unwrap();
    world.told().await;
    let moved = world.act(json!({ "as": "Ann Lee", "do": "migrate", "channel": "general" })).await;
    let to: RemoteId = moved["channel"].as_str().unwrap().into();
    let told = world.told().await;
    let [(fact, events)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(fact.conversation.as_str(), "", "the new id is in no channel sync yet");
    let [followed, missed] = &events[..] else { panic!("{events:?}") };
    assert_eq!(followed.conversation, general);
    assert_eq!(followed.kind, EventKind::Signal(Signal::Moved { to: to.clone() }));
    assert_eq!(missed.conversation, to);
    assert_eq!(missed.kind, EventKind::Signal(Signal::Missed));
    // What is not heard is not followed.
    let deed = json!({ "as": "Ann Lee", "do": "migrate", "channel": "board" });
    world.act(deed).await;
    let events = world.events().await;
    assert!(matches!(&events[..], [event] if matches!(event.kind, EventKind::Ignored { .. })));
}

#[tokio::test]
async fn a_space_that_moved_while_nobody_listened_is_found() {
    let world = World::start().await;
    let general = world.room("general").await;
    let heard = std::slice::from_ref(&general);
    assert_eq!(world.connection.upkeep(heard).await.unwrap().moved, []);
    let moved = world.act(json!({ "as": "Ann Lee", "do": "migrate", "channel": "general" })).await;
    let to: RemoteId = moved["channel"].as_str().unwrap().into();
    for _ in 0..2 {
        let upkeep = world.restarted().upkeep(heard).await.unwrap();
        assert_eq!(upkeep.moved, [(general.clone(), to.clone())]);
        assert_eq!(upkeep.gaps, std::slice::from_ref(&to));
        assert_eq!(upkeep.problems, Vec::<String>::new());
    }
    let upkeep = world.restarted().upkeep(std::slice::from_ref(&to)).await.unwrap();
    assert_eq!((upkeep.moved, upkeep.gaps), (vec![], vec![]));
}

#[tokio::test]
async fn the_canary_has_a_space_of_its_own_in_which_a_message_comes_and_goes() {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    let nest = world.connection.nest(&[], false).await.unwrap();
    assert_eq!(world.connection.nest(&[], false).await.unwrap(), nest);
    world.told().await;
    let (message, emoji) = (&nest.message, &Emoji::Unicode("🐤".into()));
    for _ in 0..3 {
        let hush = MessageChange::Unreact { message, thread: None, emoji };
        world.connection.change(&nest.conversation, &hush).await.unwrap();
        let sing = MessageChange::React { message, thread: None, emoji };
        world.connection.change(&nest.conversation, &sing).await.unwrap();
        world.look("/idle").await;
        let heard = world.rialto.received_requests().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&heard.last().unwrap().body).unwrap();
        assert_eq!(body["data"]["roomId"], nest.conversation.as_str());
        let texts = world.texts(Nest::NAME).await;
        assert_eq!((texts.len(), texts[1].as_str()), (2, "🐤"));
    }
    // It is found again by its name.
    world.drawer.entries.lock().remove("nest");
    let again = world.restarted().nest(&[], false).await.unwrap();
    assert_eq!(again.conversation, nest.conversation);
}

#[tokio::test]
async fn elsewhere_a_reaction_is_a_reply_that_comes_and_goes() {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    let (general, message) = (world.room("general").await, world.post("hi").await);
    world.told().await;
    let emoji = &Emoji::Unicode("⚠️".into());
    let (message, thread) = (&message, None);
    let react = MessageChange::React { message, thread, emoji };
    let unreact = MessageChange::Unreact { message, thread, emoji };
    for _ in 0..2 {
        world.connection.change(&general, &react).await.unwrap();
        world.restarted().change(&general, &react).await.unwrap();
        let view = world.view("general").await;
        assert_eq!((view.len(), &view[1]["thread"]), (2, &json!(message)));
        assert_eq!(view[1]["text"], "Rialto reacts to this with ⚠️");
        assert_eq!(world.message().await.own, Own::App { delivery: None });
        world.connection.change(&general, &unreact).await.unwrap();
        world.connection.change(&general, &unreact).await.unwrap();
        assert_eq!(world.view("general").await.len(), 1);
        world.told().await;
    }
    let nothing = &RemoteId::from("nothing");
    let react = MessageChange::React { message: nothing, thread, emoji };
    let error = world.connection.change(&general, &react).await.unwrap_err();
    assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
}
