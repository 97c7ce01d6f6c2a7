//! Posting, finding again, changing.

use rialto_model::{Author, Content, DeliveryId, Emoji, RemoteId, RichText};
use rialto_platform::{HoldScope, MessageChange, Outgoing, Part, SendError};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{
    ResponseTemplate,
    matchers::{body_string_contains, query_param},
};

use crate::workspace::{Workspace, begun, now, post, workspace};

pub fn parts(workspace: &Workspace, content: Content) -> Vec<Part> {
    workspace.connection.render(&Outgoing {
        delivery: DeliveryId::new(Uuid::from_u128(7)),
        to: "C1".into(),
        thread: Some("1.000001".into()),
        broadcast: true,
        author: Author {
            account: None,
            name: "Ada".into(),
            avatar_url: Some("https://a.example/ada.png".into()),
            bot: false,
        },
        said_on: "Teams",
        content,
        notes: Vec::new(),
    })
}

pub fn text_part(workspace: &Workspace) -> Part {
    let content = Content { text: RichText::plain("*hi* <!channel>"), attachments: Vec::new() };
    parts(workspace, content).remove(0)
}

async fn post_text(workspace: &Workspace) -> Result<RemoteId, SendError> {
    let (to, thread) = ("C1".into(), "1.000001".into());
    let part = text_part(workspace);
    workspace.connection.post(&post(&to, Some(&thread), &part, &[]), &begun()).await
}

#[tokio::test]
async fn a_post_carries_its_author_its_thread_and_its_delivery() {
    let workspace = workspace().await;
    workspace.answers("chat.postMessage", json!({ "ok": true, "ts": "5.000006" })).await;
    assert_eq!(post_text(&workspace).await.unwrap().as_str(), "5.000006");
    let sent = workspace.sent("chat.postMessage").await;
    let expected = json!({
        "channel": "C1", "thread_ts": "1.000001", "reply_broadcast": true, "mrkdwn": false,
        "username": "Ada", "icon_url": "https://a.example/ada.png",
        "text": "*hi* &lt;!channel&gt;",
        "blocks": [{ "type": "rich_text", "elements": [{ "type": "rich_text_section",
            "elements": [{ "type": "text", "text": "*hi* <!channel>" }] }] }],
        "metadata": { "event_type": "rialto_delivery", "event_payload": {
            "delivery": DeliveryId::new(Uuid::from_u128(7)), "part": 0 } },
    });
    assert_eq!(sent, expected);
    let call = &workspace.calls("chat.postMessage").await[0];
    assert_eq!(call.headers["authorization"], "Bearer xoxb-fake");
}

#[tokio::test]
async fn an_app_that_is_in_its_channel_no_more_comes_back_where_it_may_and_posts() {
    let refused = |code: &str| json!({ "ok": false, "error": code });
    for (joining, expected, posts) in [
        (json!({ "ok": true }), "posted", 2),
        (refused("method_not_supported_for_channel_type"), "Permanent", 1),
        (refused("service_unavailable"), "Transient", 1),
    ] {
        let workspace = workspace().await;
        workspace.answers_once("chat.postMessage", refused("not_in_channel")).await;
        workspace.answers("chat.postMessage", json!({ "ok": true, "ts": "5.000006" })).await;
        workspace.answers("conversations.join", joining).await;
        let outcome = match post_text(&workspace).await {
            Ok(_) => "posted",
            Err(SendError::Permanent(why)) => {
                assert!(why.contains("invite it there"), "{why}");
                "Permanent"
            }
            Err(SendError::Transient(_)) => "Transient",
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(outcome, expected);
        assert_eq!(workspace.calls("chat.postMessage").await.len(), posts);
        let joined = &workspace.calls("conversations.join").await[0];
        assert_eq!(joined.body, b"channel=C1");
    }
}

#[tokio::test]
async fn every_failure_is_a_decision() {
    let refused = |error: &str| {
        ResponseTemplate::new(200).set_body_json(json!({ "ok": false, "error": error }))
    };
    for (response, expected) in [
        (refused("token_revoked"), "Revoked"),
        (refused("channel_not_found"), "Permanent"),
        (refused("fatal_error"), "Unknown"),
        (ResponseTemplate::new(503), "Unknown"),
        (ResponseTemplate::new(200).set_body_string("<html>"), "Unknown"),
        (ResponseTemplate::new(200).set_body_json(json!({ "ok": true })), "Unknown"),
    ] {
        let workspace = workspace().await;
        workspace.responds("chat.postMessage", response).await;
        let error = format!("{:?}", post_text(&workspace).await.unwrap_err());
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn a_wish_to_wait_is_granted() {
    for response in [
        ResponseTemplate::new(429),
        ResponseTemplate::new(200).set_body_json(json!({ "ok": false, "error": "ratelimited" })),
    ] {
        let workspace = workspace().await;
        let response = response.insert_header("retry-after", "30");
        workspace.responds("chat.postMessage", response).await;
        let until = now() + jiff::SignedDuration::from_secs(30);
        let expected = SendError::RateLimited { until, scope: HoldScope::Conversation };
        assert_eq!(post_text(&workspace).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let workspace = workspace().await;
    let answer = json!({ "ok": false, "error": "missing_scope", "needed": "chat:write.customize" });
    workspace.answers("chat.postMessage", answer).await;
    let error = post_text(&workspace).await.unwrap_err();
    assert!(matches!(&error, SendError::Permanent(why) if why.contains("chat:write.customize")));
}

#[tokio::test]
async fn of_a_refusal_only_slacks_codes_are_kept() {
    let quoting = [
        json!({ "ok": false, "error": "My secret plan", "needed": "My secret plan" }),
        json!({ "ok": false, "error": "missing_scope", "needed": "My secret plan" }),
        json!({ "ok": false, "error": "invalid_arguments",
                "response_metadata": { "messages": ["[ERROR] My secret plan"] } }),
    ];
    for answer in quoting {
        let workspace = workspace().await;
        workspace.answers("chat.postMessage", answer).await;
        let error = post_text(&workspace).await.unwrap_err();
        assert!(!format!("{error:?}").contains("plan"), "{error:?}");
        assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
    }
}

#[tokio::test]
async fn blocks_that_slack_refuses_go_as_text() {
    let workspace = workspace().await;
    workspace.answers("chat.postMessage", json!({ "ok": true, "ts": "5.000006" })).await;
    let refusal = json!({ "ok": false, "error": "invalid_blocks" });
    workspace.answers_if("chat.postMessage", body_string_contains("blocks"), refusal).await;
    assert_eq!(post_text(&workspace).await.unwrap().as_str(), "5.000006");
    let calls = workspace.calls("chat.postMessage").await;
    let last: Value = calls[1].body_json().unwrap();
    assert_eq!((last.get("blocks"), &last["text"]), (None, &json!("*hi* &lt;!channel&gt;")));
}

#[tokio::test]
async fn a_post_is_found_again_by_what_it_carries() {
    let workspace = workspace().await;
    let carrying = |ts: &str, delivery: u128, part: i64| {
        json!({ "ts": ts, "bot_id": "BOWN", "text": "same", "metadata": {
            "event_type": "rialto_delivery", "event_payload": {
                "delivery": DeliveryId::new(Uuid::from_u128(delivery)), "part": part } } })
    };
    let at = now().as_second();
    let second = json!({ "ok": true, "messages": [
        carrying(&format!("{}.000001", at - 50), 7, 0),
        // The root of the thread comes along, however old.
        carrying("1.000001", 7, 0),
    ] });
    let first = json!({ "ok": true, "response_metadata": { "next_cursor": "more" }, "messages": [
        carrying(&format!("{at}.000002"), 7, 0),
        carrying(&format!("{at}.000003"), 7, 1),
        carrying(&format!("{at}.000004"), 8, 0),
        { "ts": format!("{at}.000005"), "text": "same" },
    ] });
    workspace.answers("conversations.replies", first).await;
    workspace.answers_if("conversations.replies", query_param("cursor", "more"), second).await;
    let (to, thread) = ("C1".into(), "1.000001".into());
    let part = text_part(&workspace);
    let post = post(&to, Some(&thread), &part, &[]);
    let found = workspace.connection.find_sent(&post, &begun()).await.unwrap();
    let expected: Vec<RemoteId> =
        vec![format!("{}.000001", at - 50).into(), format!("{at}.000002").into()];
    assert_eq!(found, expected);
    let asked = workspace.calls("conversations.replies").await[0].url.query().unwrap().to_owned();
    for needed in ["include_all_metadata=true", "ts=1.000001", "oldest="] {
        assert!(asked.contains(needed), "{asked}");
    }
}

#[tokio::test]
async fn nothing_is_known_when_it_could_not_be_looked_up() {
    let workspace = workspace().await;
    workspace.responds("conversations.history", ResponseTemplate::new(500)).await;
    let (to, part) = ("C1".into(), text_part(&workspace));
    assert!(workspace.connection.find_sent(&post(&to, None, &part, &[]), &begun()).await.is_err());
}

#[tokio::test]
async fn changes_made_twice_are_made_once() {
    let (to, message): (RemoteId, RemoteId) = ("C1".into(), "5.000006".into());
    let thumb = Emoji::Unicode("👍🏽".into());
    let react = MessageChange::React { message: &message, thread: None, emoji: &thumb };
    let unreact = MessageChange::Unreact { message: &message, thread: None, emoji: &thumb };
    let delete = MessageChange::Delete { message: &message, thread: None };
    for (change, method, already) in [
        (&react, "reactions.add", "already_reacted"),
        (&unreact, "reactions.remove", "no_reaction"),
        (&delete, "chat.delete", "message_not_found"),
    ] {
        for answer in [json!({ "ok": true }), json!({ "ok": false, "error": already })] {
            let workspace = workspace().await;
            workspace.answers(method, answer).await;
            workspace.connection.change(&to, change).await.unwrap();
            let sent = workspace.calls(method).await.remove(0).body;
            let sent = String::from_utf8(sent).unwrap();
            assert!(sent.contains("channel=C1") && sent.contains("5.000006"), "{sent}");
            let named = sent.contains("name=%2B1%3A%3Askin-tone-4");
            assert_eq!(named, method.starts_with("reactions"), "{sent}");
        }
    }
}

#[tokio::test]
async fn an_emoji_that_the_workspace_lacks_never_comes() {
    let workspace = workspace().await;
    workspace.answers("reactions.add", json!({ "ok": false, "error": "invalid_name" })).await;
    let (to, message) = ("C1".into(), "5.000006".into());
    for emoji in [Emoji::Custom("blob".into()), Emoji::Unicode("not an emoji".into())] {
        let change = MessageChange::React { message: &message, thread: None, emoji: &emoji };
        let error = workspace.connection.change(&to, &change).await.unwrap_err();
        assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
    }
}

#[tokio::test]
async fn an_edit_replaces_text_and_blocks() {
    let workspace = workspace().await;
    workspace.answers("chat.update", json!({ "ok": true, "ts": "5.000006" })).await;
    let (to, message, part) = ("C1".into(), "5.000006".into(), text_part(&workspace));
    let change = MessageChange::Edit { message: &message, thread: None, part: &part, files: &[] };
    workspace.connection.change(&to, &change).await.unwrap();
    let sent = workspace.sent("chat.update").await;
    assert_eq!((&sent["ts"], &sent["text"]), (&json!("5.000006"), &json!("*hi* &lt;!channel&gt;")));
    assert_eq!(sent["blocks"][0]["type"], "rich_text");
}
