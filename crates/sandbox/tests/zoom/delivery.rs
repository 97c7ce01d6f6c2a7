use serde_json::{Value, json};

use super::receiver::Receiver;
use super::world::World;

fn starts(world: &World) -> Value {
    json!({"do": "post", "as": "Ann Lee", "channel": "general", "text": "x", "workspace": world.account})
}

/// An app that hears of messages alone, once each.
async fn world() -> World {
    World::with(json!({}), json!({"events": ["chat_message.sent"]})).await
}

async fn waiting(world: &World) -> Value {
    world.control("GET", "/idle", Value::Null).await["waiting_for_retry"].clone()
}

#[tokio::test]
async fn server_errors_are_retried_three_times_and_client_errors_never() {
    let world = world().await;
    world.receiver.answer_next(&[500, 503, 502]);
    world.control("POST", "/zoom/act", starts(&world)).await;
    world.idle().await;
    let mut count = 1;
    for wait in [300, 1200, 3600] {
        assert_eq!((world.receiver.requests().len(), waiting(&world).await), (count, json!(1)));
        world.advance(wait - 1).await;
        assert_eq!(world.receiver.requests().len(), count, "not before its time");
        world.advance(1).await;
        count += 1;
        world.receiver.count(count).await;
        world.idle().await;
    }
    assert_eq!(waiting(&world).await, 0);
    let requests = world.receiver.requests();
    assert!(requests.iter().all(|(_, body)| *body == requests[0].1), "the same each time");
    let stamps: Vec<_> =
        requests.iter().map(|(headers, _)| headers["x-zm-request-timestamp"].clone()).collect();
    assert!(stamps[0] != stamps[1], "signed anew");
    world.receiver.clear();
    for status in [400, 404, 429, 301] {
        world.receiver.answer_next(&[status]);
        world.control("POST", "/zoom/act", starts(&world)).await;
        world.idle().await;
    }
    assert_eq!((world.receiver.requests().len(), waiting(&world).await), (4, json!(0)));
    let journal =
        world.control("GET", "/webhooks?platform=zoom&event=chat_message.sent", Value::Null).await;
    let states: Vec<_> =
        journal["webhooks"].as_array().unwrap().iter().map(|w| &w["state"]).collect();
    assert_eq!(json!(states), json!(["delivered", "given up", "given up", "given up", "given up"]));
}

#[tokio::test]
async fn silence_is_retried_like_a_server_error() {
    let world = World::with(json!({}), json!({"event_url": null})).await;
    let gone = Receiver::start().await;
    let path = format!("/zoom/apps/{}", world.app["id"].as_str().unwrap());
    let app = world
        .control("PATCH", &path, json!({"event_url": gone.url, "events": ["chat_message.sent"]}))
        .await;
    assert_eq!(app["events"]["state"], "validated");
    gone.stop();
    world.control("POST", "/zoom/act", starts(&world)).await;
    world.idle().await;
    assert_eq!(waiting(&world).await, 1);
    let sent = world.control("GET", "/webhooks?event=chat_message.sent", Value::Null).await;
    assert!(sent["webhooks"][0]["attempts"][0]["error"].is_string(), "{sent}");
}

#[tokio::test]
async fn nothing_is_sent_to_a_url_that_was_not_validated() {
    let world = world().await;
    world.receiver.answer_always(Some(500));
    let validate = format!("/zoom/apps/{}/validate", world.app["id"].as_str().unwrap());
    let app = world.control("POST", &validate, Value::Null).await;
    assert_eq!(app["events"]["state"], "failed");
    world.receiver.clear();
    world.control("POST", "/zoom/act", starts(&world)).await;
    world.idle().await;
    assert!(world.receiver.requests().is_empty());
}

#[tokio::test]
async fn a_url_must_answer_the_challenge() {
    let world = world().await;
    assert_eq!(world.app["events"]["state"], "validated");
    let validate = format!("/zoom/apps/{}/validate", world.app["id"].as_str().unwrap());
    world.receiver.answer_always(Some(403));
    let app = world.control("POST", &validate, Value::Null).await;
    assert_eq!(
        (&app["events"]["state"], &app["events"]["error"]),
        (&json!("failed"), &json!("answered 403"))
    );
    world.receiver.answer_always(None);
    world.receiver.forget_the_secret();
    let app = world.control("POST", &validate, Value::Null).await;
    assert_eq!(app["events"]["error"], "the challenge was not answered", "anybody could have");
}

#[tokio::test]
async fn a_url_is_asked_again_every_72_hours_and_switched_off_after_six_failures() {
    let world = world().await;
    let events =
        async || world.control("GET", "/zoom/apps", Value::Null).await[0]["events"].clone();
    let three_days = 72 * 3600;
    world.advance(three_days - 60).await;
    world.idle().await;
    assert!(world.receiver.requests().is_empty(), "not before its time");
    world.advance(60).await;
    world.receiver.count(1).await;
    assert_eq!(world.receiver.requests()[0].1["event"], "endpoint.url_validation");
    world.receiver.answer_always(Some(500));
    for (failures, warnings) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        world.idle().await;
        world.advance(three_days).await;
        world.receiver.count(failures + 1).await;
        world.idle().await;
        let events = events().await;
        assert_eq!(
            (&events["failed_revalidations"], &events["warnings"], &events["state"]),
            (&json!(failures), &json!(warnings), &json!("validated"))
        );
    }
    world.receiver.answer_always(None);
    let revalidate = format!("/zoom/apps/{}/revalidate", world.app["id"].as_str().unwrap());
    let app = world.control("POST", &revalidate, Value::Null).await;
    assert_eq!(app["events"]["failed_revalidations"], 0, "one success is enough");
    world.receiver.answer_always(Some(500));
    for _ in 0..6 {
        world.control("POST", &revalidate, Value::Null).await;
    }
    assert_eq!(events().await["state"], "disabled");
    world.receiver.answer_always(None);
    world.receiver.clear();
    world.control("POST", "/zoom/act", starts(&world)).await;
    world.advance(three_days).await;
    world.idle().await;
    assert!(world.receiver.requests().is_empty(), "no events and no more challenges");
    let validate = format!("/zoom/apps/{}/validate", world.app["id"].as_str().unwrap());
    let app = world.control("POST", &validate, Value::Null).await;
    assert_eq!(app["events"]["state"], "validated");
    world.receiver.clear();
    world.control("POST", "/zoom/act", starts(&world)).await;
    world.idle().await;
    assert_eq!(world.receiver.names(), ["chat_message.sent"]);
}
