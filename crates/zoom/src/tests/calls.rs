//! What is asked of Zoom, and what is made of its answers.

use rialto_model::{Begun, DeliveryId, EventKind, PartKey, RemoteId, Revision, RichText};
use rialto_platform::{
    HeldFile, HistoryRequest, MessageChange, Part, Post, SendError, UploadedFile,
    testing::{said_elsewhere, shared_elsewhere},
};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_partial_json, header, method, path, query_param},
};

use super::support::{NOW, connected};
use crate::{
    fingerprint,
    render::{MAX_UNITS, units},
};

fn part(message: &str) -> Part {
    let body = json!({
        "message": message, "plain": format!("{message} in words"),
        "rich_text": [{ "start_position": 0, "end_position": 1, "format_type": "Bold" }],
        "at_items": [{ "at_type": 1, "at_contact": "u2", "start_position": 0, "end_position": 1 }],
    });
    Part {
        key: PartKey::Text(0),
        body: body.to_string(),
        files: Vec::new(),
        fingerprint: fingerprint::of(message),
        in_thread: false,
    }
}

fn begun() -> Begun {
    let at = jiff::Timestamp::from_second(NOW).unwrap();
    Begun::committed(DeliveryId::new(Uuid::from_u128(3)), PartKey::Text(0), at)
}

async fn answers(zoom: &MockServer, verb: &str, at: &str, status: u16, body: Value) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(method(verb)).and(path(at)).respond_with(answer).mount(zoom).await;
}

/// Somebody's ids.
async fn knows_bob(zoom: &MockServer) {
    let bob = json!({ "id": "u2", "member_id": "m-bob", "email": "bob@acme.example" });
    answers(zoom, "GET", "/v2/chat/users/me/contacts/u2", 200, bob.clone()).await;
    answers(zoom, "GET", "/v2/chat/users/me/contacts/m-bob", 200, bob).await;
}

async fn bodies(zoom: &MockServer, verb: &str) -> Vec<Value> {
    let made = zoom.received_requests().await.unwrap();
    let bodies = made.iter().filter(|it| it.method.as_str() == verb);
    bodies.map(|it: &Request| serde_json::from_slice(&it.body).unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_rotated_token_is_remembered_before_it_is_used() {
    let zoom = MockServer::start().await;
    let (connection, cabinet) = connected(&zoom, 60);
    let given = json!({ "access_token": "fake-access-2", "refresh_token": "fake-refresh-2",
        "expires_in": 3_599, "scope": "a b" });
    Mock::given(method("POST"))
        .and(path("/oauth/token"))
        .and(header("authorization", "Basic ZmFrZS1jbGllbnQ6ZmFrZS1jbGllbnQtc2VjcmV0"))
        .respond_with(ResponseTemplate::new(200).set_body_json(given))
        .expect(1)
        .mount(&zoom)
        .await;
    let seen = std::sync::Arc::clone(&cabinet);
    Mock::given(method("GET"))
        .and(path("/v2/chat/users/me/channels"))
        .and(header("authorization", "Bearer fake-access-2"))
        .respond_with(move |_: &Request| {
            let kept = seen.entries.lock()["tokens"].clone();
            assert!(kept.contains("fake-access-2") && kept.contains("fake-refresh-2"));
            ResponseTemplate::new(200).set_body_json(json!({ "channels": [] }))
        })
        .mount(&zoom)
        .await;
    connection.conversations(None).await.unwrap();
    connection.conversations(None).await.unwrap();
}

#[tokio::test]
async fn a_token_that_zoom_does_not_accept_is_replaced_once() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    let bad = json!({ "code": 124, "message": "Access token is expired." });
    answers(&zoom, "GET", "/v2/chat/users/me/channels", 401, bad).await;
    let dead = json!({ "reason": "Invalid Token!", "error": "invalid_request" });
    answers(&zoom, "POST", "/oauth/token", 401, dead).await;
    let error = connection.conversations(None).await.unwrap_err();
    assert!(matches!(error, rialto_platform::ReadError::Revoked(_)), "{error:?}");
    assert_eq!(bodies(&zoom, "POST").await.len(), 1);
}

#[tokio::test]
async fn a_post_names_people_as_zoom_wants_and_its_thread() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    knows_bob(&zoom).await;
    answers(&zoom, "POST", "/v2/chat/users/me/messages", 201, json!({ "id": "{m1}" })).await;
    let (to, thread, part) = (RemoteId::from("c1"), RemoteId::from("M0"), part("@Bob"));
    let post = Post { to: &to, thread: Some(&thread), part: &part, files: &[] };
    assert_eq!(connection.post(&post, &begun()).await.unwrap().as_str(), "m1");
    let [body] = bodies(&zoom, "POST").await.try_into().unwrap();
    assert_eq!(body["to_channel"], "c1");
    assert_eq!(body["reply_main_message_id"], "M0");
    assert_eq!(body["at_items"][0]["at_contact"], "m-bob");
    assert_eq!(body["rich_text"][0]["format_type"], "Bold");
}

#[tokio::test]
async fn a_mention_needs_no_contact_and_a_message_no_mention() {
    let no_scope = json!({ "code": 4711, "message": "Invalid access token, does not contain \
        scopes:[team_chat:read:contact]." });
    let failed = json!({ "code": 5301, "message": "Request to get the presence status failed." });
    let bob = json!({ "id": "u2", "email": "bob@acme.example" });
    let expired = json!({ "code": 1120, "message": "A valid invitation was not found." });
    for (contact, user, expected) in [
        (&no_scope, (200, &bob), Some("bob@acme.example")),
        (&failed, (200, &bob), Some("bob@acme.example")),
        (&failed, (400, &expired), None),
        (&no_scope, (400, &no_scope), None),
    ] {
        let zoom = MockServer::start().await;
        let (connection, _) = connected(&zoom, 3_000);
        answers(&zoom, "GET", "/v2/chat/users/me/contacts/u2", 400, contact.clone()).await;
        answers(&zoom, "GET", "/v2/users/u2", user.0, user.1.clone()).await;
        answers(&zoom, "POST", "/v2/chat/users/me/messages", 201, json!({ "id": "m1" })).await;
        let (to, part) = (RemoteId::from("c1"), part("@Bob"));
        let post = Post { to: &to, thread: None, part: &part, files: &[] };
        connection.post(&post, &begun()).await.unwrap();
        let [body] = bodies(&zoom, "POST").await.try_into().unwrap();
        assert_eq!(body["at_items"][0]["at_contact"].as_str(), expected, "{contact} {user:?}");
        // Nor does a name fail, or the past.
        let account = connection.account(&"u2".into()).await.unwrap();
        assert_eq!(account.is_some(), expected.is_some());
    }
}

#[tokio::test]
async fn authors_of_the_past_are_known_by_address_where_there_are_no_contacts() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    let bob = json!({ "id": "u2", "email": "bob@acme.example" });
    answers(&zoom, "GET", "/v2/users/bob@acme.example", 200, bob).await;
    let said = |id: &str, who: &str| {
        json!({ "id": id, "status": "Normal", "message": "hi",
        "timestamp": NOW * 1_000, "sender": who, "send_member_id": format!("m-{who}") })
    };
    let listed = json!({ "messages": [said("m2", "bob@acme.example"), said("m1", "bob@acme.example"),
        said("m0", "")] });
    answers(&zoom, "GET", "/v2/chat/users/me/messages", 200, listed).await;
    let refused = json!({ "code": 4711, "message": "no scope" });
    let answer = ResponseTemplate::new(400).set_body_json(refused);
    Mock::given(method("GET")).respond_with(answer).with_priority(9).mount(&zoom).await;
    let (conversation, since) =
        (RemoteId::from("c1"), jiff::Timestamp::from_second(NOW - 600).unwrap());
    let request = HistoryRequest { conversation: &conversation, since, whole: true, page: None };
    let page = connection.history(request).await.unwrap();
    let authors = page.events.iter().filter_map(|event| match &event.kind {
        EventKind::Message(state) => state.author.account.as_ref().map(RemoteId::as_str),
        _ => None,
    });
    assert_eq!(authors.collect::<Vec<_>>(), ["u2", "u2", "m-"]);
    let made = zoom.received_requests().await.unwrap();
    let looked = made.iter().filter(|it| it.url.path() == "/v2/users/bob@acme.example").count();
    assert_eq!(looked, 1, "each author is looked up once");
}

#[tokio::test]
async fn a_post_whose_formatting_is_refused_goes_as_words() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    knows_bob(&zoom).await;
    let refused = json!({ "code": 300, "message": "Validation Failed.",
        "errors": [{ "field": "rich_text.format_attr" }] });
    Mock::given(method("POST"))
        .and(body_partial_json(json!({ "rich_text": [{}] })))
        .respond_with(ResponseTemplate::new(400).set_body_json(refused))
        .with_priority(1)
        .mount(&zoom)
        .await;
    answers(&zoom, "POST", "/v2/chat/users/me/messages", 201, json!({ "id": "m1" })).await;
    let (to, part) = (RemoteId::from("c1"), part("@Bob"));
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    connection.post(&post, &begun()).await.unwrap();
    let all = bodies(&zoom, "POST").await;
    assert_eq!(all.last().unwrap(), &json!({ "message": "@Bob", "to_channel": "c1" }));
}

#[tokio::test]
async fn a_channel_that_is_blocked_is_left_alone_and_no_other() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    knows_bob(&zoom).await;
    let blocked = json!({ "code": 429, "message": "blocked" });
    answers(&zoom, "POST", "/v2/chat/users/me/messages", 429, blocked).await;
    let (to, part) = (RemoteId::from("c1"), part("hi"));
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    for seconds in [10, 30] {
        let error = connection.post(&post, &begun()).await.unwrap_err();
        let expected = jiff::Timestamp::from_second(NOW + seconds).unwrap();
        assert!(
            matches!(error, SendError::RateLimited { until, scope: rialto_platform::HoldScope::Conversation }
                if until == expected),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_post_waits_at_least_as_long_as_zoom_says() {
    for (said, expected) in [("120", 120), ("3", 10)] {
        let zoom = MockServer::start().await;
        let (connection, _) = connected(&zoom, 3_000);
        knows_bob(&zoom).await;
        let answer = ResponseTemplate::new(429).insert_header("retry-after", said);
        Mock::given(method("POST")).respond_with(answer).mount(&zoom).await;
        let (to, part) = (RemoteId::from("c1"), part("hi"));
        let post = Post { to: &to, thread: None, part: &part, files: &[] };
        let error = connection.post(&post, &begun()).await.unwrap_err();
        let expected = jiff::Timestamp::from_second(NOW + expected).unwrap();
        assert!(
            matches!(error, SendError::RateLimited { until, .. } if until == expected),
            "{said}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_was_sent_is_found_by_who_says_it_what_when_and_where() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    let listed = |id: &str, text: &str, seconds: i64, more: Value| {
        let mut message = json!({ "id": id, "message": text, "timestamp": (NOW + seconds) * 1_000,
            "sender": "Rialto@acme.example", "status": "Normal" });
        for (key, value) in more.as_object().unwrap() {
            message[key] = value.clone();
        }
        message
    };
    let first = json!({ "next_page_token": "more", "messages": [
        listed("m5", "hello there", 9, json!({})),
        listed("m4", "hello there", 8, json!({ "sender": "ana@acme.example" })),
        listed("m3", "hello there", 7, json!({ "reply_main_message_id": "m0" })),
    ] });
    let second = json!({ "messages": [
        listed("m2", "hello\nthere", 2, json!({})),
        listed("m1", "hello there", 1, json!({ "status": "Deleted" })),
        listed("m6", "something else", 1, json!({})),
        listed("m7", "hello there", -61, json!({})),
    ] });
    Mock::given(query_param("next_page_token", "more"))
        .respond_with(ResponseTemplate::new(200).set_body_json(second))
        .with_priority(1)
        .mount(&zoom)
        .await;
    answers(&zoom, "GET", "/v2/chat/users/me/messages", 200, first).await;
    let (to, root, part) = (RemoteId::from("c1"), RemoteId::from("m0"), part("hello there"));
    let ids = async |thread: Option<&RemoteId>| {
        let post = Post { to: &to, thread, part: &part, files: &[] };
        let found = connection.find_sent(&post, &begun()).await.unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(ids(None).await, ["m2", "m5"]);
    assert_eq!(ids(Some(&root)).await, ["m3"]);
}

#[tokio::test]
async fn a_file_alone_is_a_messages_file_however_zoom_describes_it() {
    let (id, name, size) = (json!("f1"), json!("plan.png"), json!(7));
    let alone = json!({ "file_id": id, "file_name": name, "file_size": size });
    for described in [alone.clone(), json!({ "files": [alone] })] {
        let zoom = MockServer::start().await;
        let (connection, _) = connected(&zoom, 3_000);
        let mut message = json!({ "id": "m1", "message": "hi", "timestamp": NOW * 1_000,
            "sender": "rialto@acme.example", "send_member_id": "own-member", "status": "Normal" });
        for (key, value) in described.as_object().unwrap() {
            message[key] = value.clone();
        }
        answers(&zoom, "GET", "/v2/chat/users/me/messages/m1", 200, message.clone()).await;
        let listed = json!({ "messages": [message] });
        answers(&zoom, "GET", "/v2/chat/users/me/messages", 200, listed).await;
        Mock::given(method("PUT")).respond_with(ResponseTemplate::new(204)).mount(&zoom).await;
        let (to, message, part) = (RemoteId::from("c1"), RemoteId::from("m1"), part("hi"));

        let since = jiff::Timestamp::from_second(NOW - 600).unwrap();
        let request = HistoryRequest { conversation: &to, since, whole: true, page: None };
        let past = connection.history(request).await.unwrap();
        let EventKind::Message(state) = &past.events[0].kind else { panic!("{past:?}") };
        let shown = &state.content.attachments[0];
        assert_eq!((shown.remote.as_str(), &*shown.name, shown.size), ("f1", "plan.png", Some(7)));

        let attachment = shown.clone();
        let files = [UploadedFile { attachment: &attachment, outcome: Ok("f1") }];
        let post = Post { to: &to, thread: None, part: &part, files: &files };
        assert_eq!(connection.find_sent(&post, &begun()).await.unwrap(), ["m1".into()]);

        let edit = MessageChange::Edit { message: &message, thread: None, part: &part, files: &[] };
        connection.change(&to, &edit).await.unwrap();
        let [body] = bodies(&zoom, "PUT").await.try_into().unwrap();
        assert_eq!(body["file_ids"], json!(["f1"]), "what is not named is cleared");
    }
}

const ID: &str = "AAAAAAAA-0000-4000-8000-00000000000B";
const SMALL: &str = "aaaaaaaa-0000-4000-8000-00000000000b";

/// There is one message, whose id has small letters.
async fn has_one(zoom: &MockServer) {
    let none = json!({ "code": 300, "message": format!("Message does not exist: {ID}.") });
    let small = format!("/v2/chat/users/me/messages/{SMALL}");
    let message = json!({ "id": SMALL, "message": "hi" });
    answers(zoom, "GET", &small, 200, message).await;
    for (verb, at) in
        [("PUT", small.clone()), ("DELETE", small.clone()), ("PATCH", small + "/emoji_reactions")]
    {
        let done = ResponseTemplate::new(204);
        Mock::given(method(verb)).and(path(at)).respond_with(done).mount(zoom).await;
    }
    for verb in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = ResponseTemplate::new(400).set_body_json(&none);
        Mock::given(method(verb)).respond_with(answer).with_priority(9).mount(zoom).await;
    }
}

/// Which messages were named by the calls that were made, in order.
async fn named(zoom: &MockServer) -> Vec<String> {
    let made = zoom.received_requests().await.unwrap();
    let path = |it: &Request| format!("{} {}", it.method, it.url.path());
    let short = |path: String| path.replace("/v2/chat/users/me/messages", "").replace(ID, "ID");
    made.iter().map(path).map(short).map(|it| it.replace(SMALL, "id")).collect()
}

#[tokio::test]
async fn calls_name_a_message_as_zoom_wrote_its_id() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    has_one(&zoom).await;
    answers(&zoom, "POST", "/v2/chat/users/me/messages", 201, json!({ "id": SMALL })).await;
    knows_bob(&zoom).await;
    let (to, part) = (RemoteId::from("c1"), part("hi"));
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    let message = &connection.post(&post, &begun()).await.unwrap();
    assert_eq!(message.as_str(), ID, "one form for all who compare it");
    let changes = async |connection: &dyn rialto_platform::Connection| {
        let emoji = &rialto_model::Emoji::Unicode("🎉".into());
        for change in [
            MessageChange::Edit { message, thread: None, part: &part, files: &[] },
            MessageChange::React { message, thread: None, emoji },
            MessageChange::Unreact { message, thread: None, emoji },
            MessageChange::Delete { message, thread: None },
        ] {
            connection.change(&to, &change).await.unwrap();
        }
    };
    changes(connection.as_ref()).await;
    let reactions = "PATCH /id/emoji_reactions";
    let right = ["GET /id", "PUT /id", reactions, reactions, "DELETE /id"];
    assert_eq!(named(&zoom).await[2..], right);
    // Whoever has not seen it written tries both, once.
    zoom.reset().await;
    has_one(&zoom).await;
    changes(connected(&zoom, 3_000).0.as_ref()).await;
    assert_eq!(named(&zoom).await[0], "GET /ID");
    assert_eq!(named(&zoom).await[1..], right);
}

#[tokio::test]
async fn a_reply_that_is_refused_looks_at_what_it_replies_to() {
    let refused = json!({ "code": 5301, "message": "Message sending failed." });
    let gone = json!({ "code": 300, "message": "Message does not exist: x." });
    let (there, reply) =
        (json!({ "id": SMALL }), json!({ "id": SMALL, "reply_main_message_id": "m0" }));
    for (taken, root, expected) in [
        (Some(SMALL), (200, &there), "posted"),
        (None, (200, &there), "Permanent"),
        (None, (200, &reply), "NoThread"),
        (None, (400, &gone), "NoThread"),
        (None, (403, &json!({})), "Permanent"),
        (None, (503, &json!({})), "Transient"),
    ] {
        let zoom = MockServer::start().await;
        let (connection, _) = connected(&zoom, 3_000);
        if let Some(taken) = taken {
            Mock::given(body_partial_json(json!({ "reply_main_message_id": taken })))
                .respond_with(ResponseTemplate::new(201).set_body_json(json!({ "id": "m2" })))
                .mount(&zoom)
                .await;
        }
        knows_bob(&zoom).await;
        answers(&zoom, "POST", "/v2/chat/users/me/messages", 400, refused.clone()).await;
        let root_at = format!("/v2/chat/users/me/messages/{SMALL}");
        answers(&zoom, "GET", &root_at, root.0, root.1.clone()).await;
        answers(&zoom, "GET", &root_at.replace(SMALL, ID), 400, gone.clone()).await;
        let (to, thread, part) = (RemoteId::from("c1"), RemoteId::from(ID), part("hi"));
        let post = Post { to: &to, thread: Some(&thread), part: &part, files: &[] };
        let outcome = match connection.post(&post, &begun()).await {
            Ok(id) => {
                assert_eq!(id.as_str(), "m2");
                "posted".to_owned()
            }
            Err(error) => format!("{error:?}"),
        };
        assert!(outcome.starts_with(expected), "{root:?}: {outcome}");
    }
}

#[tokio::test]
async fn an_edit_is_words_and_keeps_what_the_message_says_of_files() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    let before = json!({ "id": "m1", "message": "hi\n📎 The file a.bin did not come along: why",
        "files": [{ "file_id": "f1" }, { "file_id": "f2" }] });
    answers(&zoom, "GET", "/v2/chat/users/me/messages/m1", 200, before).await;
    Mock::given(method("PUT")).respond_with(ResponseTemplate::new(204)).mount(&zoom).await;
    let (to, message, part) = (RemoteId::from("c1"), RemoteId::from("m1"), part("new"));
    let (came, did_not) = (true, false);
    let with_line = "new in words\n📎 The file a.bin did not come along: why";
    for (stays, left, said) in [
        ([true, true, true], json!(["f1", "f2"]), with_line),
        ([false, false, true], json!(["f2"]), "new in words"),
        // An empty list clears them.
        ([false, true, false], json!([]), with_line),
    ] {
        let held = [came, did_not, came].into_iter().zip(stays);
        let held: Vec<_> = held.map(|(came, stays)| HeldFile { came, stays }).collect();
        let (message, part) = (&message, &part);
        let edit = MessageChange::Edit { message, thread: None, part, files: &held };
        connection.change(&to, &edit).await.unwrap();
        let body = bodies(&zoom, "PUT").await.pop().unwrap();
        assert_eq!(body, json!({ "to_channel": "c1", "file_ids": left, "message": said }));
    }
}

#[tokio::test]
async fn a_post_says_of_each_file_why_it_did_not_come_along_however_much_it_says_itself() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    answers(&zoom, "POST", "/v2/chat/users/me/messages", 201, json!({ "id": "m1" })).await;
    let mut outgoing = said_elsewhere(RichText::plain(&"word ".repeat(400)));
    outgoing.content.attachments = vec![shared_elsewhere("a plan.pdf", 5_000_000); 6];
    let parts = connection.render(&outgoing);
    let failed = |attachment| UploadedFile { attachment, outcome: Err("it is too large") };
    let files: Vec<_> = outgoing.content.attachments.iter().map(failed).collect();
    assert_eq!((parts[0].key, parts[0].files.len()), (PartKey::Text(0), files.len()));
    let post = Post { to: &"c1".into(), thread: None, part: &parts[0], files: &files };
    connection.post(&post, &begun()).await.unwrap();
    let [body] = bodies(&zoom, "POST").await.try_into().unwrap();
    let said = body["message"].as_str().unwrap();
    assert!(units(said) <= MAX_UNITS && said.contains("word word"), "{said}");
    let line = "📎 The file a plan.pdf (5.0 MB) did not come along: it is too large";
    assert_eq!(said.lines().filter(|said| *said == line).count(), 6, "{said}");
}

#[tokio::test]
async fn the_past_tells_of_replies_edits_deletions_and_reactions() {
    let zoom = MockServer::start().await;
    let (connection, _) = connected(&zoom, 3_000);
    knows_bob(&zoom).await;
    let at = NOW * 1_000;
    let listed = json!({ "next_page_token": "", "messages": [
        { "id": "m4", "status": "Deleted", "timestamp": at, "send_member_id": "m-bob" },
        { "id": "m3", "status": "Edited", "timestamp": at - 90_000, "message": "changed",
          "send_member_id": "m-bob", "sender_display_name": "Bob" },
        { "id": "m2", "status": "Normal", "timestamp": at - 95_000, "message": "reply",
          "reply_main_message_id": "{m1}", "reply_main_message_timestamp": at - 99_000,
          "sender": "rialto@acme.example", "send_member_id": "own-member",
          "reactions": [{ "emoji": "U+1F600", "total_count": 2, "senders": [
            { "user_id": "u2", "member_id": "m-bob" }, { "user_id": "own-user" }] }] },
    ] });
    answers(&zoom, "GET", "/v2/chat/users/me/messages", 200, listed).await;
    let conversation = RemoteId::from("c1");
    let since = jiff::Timestamp::from_second(NOW - 600).unwrap();
    let page = async || {
        let request =
            HistoryRequest { conversation: &conversation, since, whole: true, page: None };
        connection.history(request).await.unwrap()
    };
    let (first, again) = (page().await, page().await);
    assert_eq!((&first.next, first.complete_since), (&None, None));
    let states = first.events.iter().filter_map(|event| match &event.kind {
        EventKind::Message(state) => Some((
            state.id.as_str(),
            state.revision > Revision(0),
            state.thread.as_ref().map(RemoteId::as_str),
            state.author.account.as_ref().map(RemoteId::as_str),
        )),
        _ => None,
    });
    assert_eq!(
        states.collect::<Vec<_>>(),
        [("m3", true, None, Some("u2")), ("m2", false, Some("m1"), Some("own-user")),]
    );
    let deleted = |it: &&rialto_model::Event| matches!(it.kind, EventKind::Deleted { .. });
    assert_eq!(first.events.iter().filter(deleted).count(), 1);
    let reacted = first.events.iter().find_map(|event| match &event.kind {
        EventKind::Reactions { reactions, .. } if !reactions.is_empty() => Some(reactions.clone()),
        _ => None,
    });
    assert_eq!(reacted.unwrap()[0].account.as_str(), "u2");
    // An edit has the same revision however often it is listed.
    assert_eq!(first.events, again.events);
    let made = zoom.received_requests().await.unwrap();
    let looked = made.iter().filter(|it| it.url.path().contains("contacts")).count();
    assert_eq!(looked, 1, "each author is looked up once");
}
