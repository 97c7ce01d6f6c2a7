//! Who may do what: scopes, membership, limits, unknown paths, faults.

use serde_json::json;

use crate::tenant::World;

#[tokio::test]
async fn every_call_needs_its_scope_and_its_membership() {
    let world = World::unlimited().await;
    let messages = world.messages();
    let body = Some(json!({"body": {"content": "x"}}));
    for (by, scopes, method, status) in [
        ("Ann Lee", &["ChannelMessage.Send"][..], "POST", 201),
        ("Ann Lee", &["ChannelMessage.Send"][..], "GET", 403),
        ("Ann Lee", &["ChannelMessage.Read.All"][..], "GET", 200),
        ("Ann Lee", &["ChannelMessage.Read.All", "Chat.ReadWrite"][..], "POST", 403),
        ("Cid Orr", &["ChannelMessage.Send"][..], "POST", 403),
        ("Cid Orr", &["ChannelMessage.Read.All"][..], "GET", 403),
    ] {
        let token = world.token_with(by, scopes).await;
        let body = body.clone().filter(|_| method == "POST");
        let answer = world.call(method, &messages, &token, body).await;
        assert_eq!(answer.status, status, "{by} {scopes:?} {method}: {}", answer.body);
    }
    let nobody = world.call("GET", &messages, "not-a-token", None).await;
    assert_eq!((nobody.status, nobody.code()), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn a_private_channel_is_for_its_members() {
    let world = World::unlimited().await;
    let (ann, bob) = (world.token("Ann Lee").await, world.token("Bob Roy").await);
    let channels = format!("/teams/{}/channels", world.team);
    let made = world
        .call(
            "POST",
            &channels,
            &ann,
            Some(json!({"displayName": "Board", "membershipType": "private"})),
        )
        .await;
    assert_eq!((made.status, &made.body["membershipType"]), (201, &json!("private")));
    let secret = format!("{channels}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(world.call("GET", &secret, &bob, None).await.status, 403);
    let listed = world.get(&channels, &bob).await;
    assert!(!listed["value"].as_array().unwrap().iter().any(|c| c["displayName"] == "Board"));
    let filtered =
        world.get(&format!("{channels}?$filter=membershipType eq 'private'"), &ann).await;
    assert_eq!(filtered["value"].as_array().unwrap().len(), 1);
    let again = world.call("POST", &channels, &ann, Some(json!({"displayName": "board"}))).await;
    assert_eq!(again.status, 400, "names are unique");
}

#[tokio::test]
async fn what_graph_does_not_have_is_refused_in_its_shape() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    for (method, path, status, code) in [
        ("GET", "/nonsense", 400, "BadRequest"),
        ("GET", "/teams/no-such-team/channels", 404, "NotFound"),
        ("DELETE", "/organization", 405, "Request_BadRequest"),
        ("GET", "/users/nobody@x.example", 404, "Request_ResourceNotFound"),
        ("GET", "/users?$top=0", 400, "BadRequest"),
        ("GET", "/subscriptions/none", 404, "ResourceNotFound"),
    ] {
        let answer = world.call(method, path, &ann, None).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}");
    }
    let beta = format!("{}/beta/me", world.sandbox.urls().graph);
    assert_eq!(world.call("GET", &beta, &ann, None).await.status, 400);
    let bare = format!("{}/me", world.sandbox.urls().graph);
    assert_eq!(world.call("GET", &bare, &ann, None).await.status, 200, "the prefix may be absent");
}

#[tokio::test]
async fn limits_hold_on_the_emulated_clock() {
    let world = World::start().await;
    let ann = world.token("Ann Lee").await;
    world.post(&ann, "one").await;
    let body = Some(json!({"body": {"content": "two"}}));
    let refused = world.call("POST", &world.messages(), &ann, body.clone()).await;
    assert_eq!((refused.status, refused.code()), (429, "TooManyRequests"));
    assert_eq!(refused.retry_after.as_deref(), Some("1"));
    world.advance(1);
    assert_eq!(world.call("POST", &world.messages(), &ann, body.clone()).await.status, 201);
    world.control("/limits", json!({"platform": "teams", "off": true})).await;
    assert_eq!(world.call("POST", &world.messages(), &ann, body).await.status, 201);
}

#[tokio::test]
async fn faults_strike_before_or_after_the_act() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let body = || Some(json!({"body": {"content": "x"}}));
    let post = "POST /teams/{id}/channels/{id}/messages";
    let fault = |kind: &str| json!({"platform": "teams", "target": "api", "method": post, "kind": kind, "times": 1});
    let mut throttled = fault("status");
    throttled["code"] = json!(429);
    throttled["retry_after"] = json!(7);
    world.control("/faults", throttled).await;
    let answer = world.call("POST", &world.messages(), &ann, body()).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (429, Some("7")));

    let mut quotes = fault("status");
    quotes["code"] = json!(400);
    quotes["quotes"] = json!(true);
    world.control("/faults", quotes).await;
    let answer = world.call("POST", &world.messages(), &ann, body()).await;
    let words = answer.body["error"]["message"].as_str().unwrap();
    assert!(answer.status == 400 && words.contains(r#""content":"x""#), "{words}");

    world.control("/faults", fault("lose_answer")).await;
    let url = format!("{}{}", world.sandbox.urls().graph, world.messages());
    let lost = world.http.post(&url).bearer_auth(&ann).json(&body()).send().await;
    assert!(lost.is_err(), "no answer came");
    assert_eq!(world.view().await.len(), 1, "but the message is there");

    world.control("/faults", fault("reset")).await;
    assert!(world.http.post(&url).bearer_auth(&ann).json(&body()).send().await.is_err());
    assert_eq!(world.view().await.len(), 1, "and here it is not");

    world.control("/faults", fault("expire_tokens")).await;
    assert_eq!(world.call("POST", &world.messages(), &ann, body()).await.status, 401);
    assert_eq!(world.sandbox.core().calls.count("teams", post), 5);
}
