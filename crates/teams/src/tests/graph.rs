//! Calls to Graph: what is asked, and what is made of the answers.

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use jiff::SignedDuration;
use rialto_model::{
    Attachment, AttachmentKind, Begun, DeliveryId, Emoji, EventKind, PartKey, RemoteId,
};
use rialto_platform::{
    Connection, FileBody, FileError, HeldFile, HistoryRequest, HoldScope, MessageChange, Part,
    Post, SendError, UploadedFile,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_string_contains, header, method, path, path_regex},
};

use super::support::{OWN, app, desk, now};
use crate::{fingerprint::of_html, tokens::Identity};

const MESSAGES: &str = "/v1.0/teams/team/channels/19:c@thread.tacv2/messages";

fn channel() -> RemoteId {
    "team/19:c@thread.tacv2".into()
}

fn part(html: &str) -> Part {
    Part {
        key: PartKey::Text(0),
        body: json!({ "body": { "contentType": "html", "content": html }, "mentions": [] })
            .to_string(),
        files: vec![],
        fingerprint: of_html(html),
        in_thread: true,
    }
}

fn begun() -> Begun {
    Begun::committed(DeliveryId::new(Uuid::from_u128(4)), PartKey::Text(0), now())
}

fn file(name: &str, size: Option<u64>) -> Attachment {
    Attachment {
        remote: "x".into(),
        name: name.into(),
        mime: "text/plain".into(),
        size,
        kind: AttachmentKind::File,
    }
}

async fn bodies(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| request.body_json().unwrap_or(Value::Null)).collect()
}

fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_its_successor_kept_first() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    Mock::given(header("authorization", "Bearer fake-access"))
        .respond_with(answer(401, json!({})))
        .mount(&server)
        .await;
    Mock::given(path("/login/8afd02d6-ebdd-4270-a515-c749898ea5c5/oauth2/v2.0/token"))
        .and(body_string_contains("refresh_token=fake-refresh"))
        .respond_with(answer(
            200,
            json!({
                "access_token": "fake-second", "refresh_token": "fake-next", "expires_in": 3600,
            }),
        ))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer fake-second"))
        .and(method("POST"))
        .and(path(MESSAGES))
        .respond_with(answer(201, json!({ "id": "9" })))
        .mount(&server)
        .await;
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    assert_eq!(desk.connection.post(&post, &begun()).await, Ok("9".into()));
    assert!(desk.cabinet.entries.lock()["service_token"].contains("fake-next"));
}

#[tokio::test]
async fn a_sign_in_that_is_over_is_revoked_and_one_that_is_out_of_order_is_not() {
    let server = MockServer::start().await;
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    for (status, error, revoked) in [
        (400, "invalid_grant", true),
        (400, "interaction_required", true),
        (401, "invalid_client", true),
        (503, "temporarily_unavailable", false),
        (500, "server_error", false),
        (500, "", false),
    ] {
        let desk = desk(app(&server.uri()));
        desk.clock.forward(SignedDuration::from_hours(2));
        server.reset().await;
        Mock::given(path_regex("token$"))
            .respond_with(answer(status, json!({ "error": error })))
            .mount(&server)
            .await;
        let sent = desk.connection.post(&post, &begun()).await;
        match sent {
            Err(SendError::Revoked(_)) => assert!(revoked, "{error}"),
            Err(SendError::Transient(_)) => assert!(!revoked, "{error}"),
            other => panic!("{error}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_sign_in_service_that_is_busy_makes_everything_wait() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    desk.clock.forward(SignedDuration::from_hours(2));
    let busy =
        answer(429, json!({ "error": "too_many_requests" })).insert_header("retry-after", "3");
    Mock::given(path_regex("token$")).respond_with(busy).mount(&server).await;
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    let until = desk.connection.now() + SignedDuration::from_secs(3);
    assert_eq!(
        desk.connection.post(&post, &begun()).await,
        Err(SendError::RateLimited { until, scope: HoldScope::Connection })
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_yet_is_used_while_it_works() {
    let server = MockServer::start().await;
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    Mock::given(path_regex("token$")).respond_with(answer(503, json!({}))).mount(&server).await;
    Mock::given(header("authorization", "Bearer fake-access"))
        .and(path(MESSAGES))
        .respond_with(answer(201, json!({ "id": "9" })))
        .mount(&server)
        .await;
    let desk = desk(app(&server.uri()));
    desk.clock.forward(SignedDuration::from_mins(55));
    assert_eq!(desk.connection.post(&post, &begun()).await, Ok("9".into()));
    desk.clock.forward(SignedDuration::from_mins(10));
    assert!(matches!(desk.connection.post(&post, &begun()).await, Err(SendError::Transient(_))));
}

#[tokio::test]
async fn a_token_that_still_works_is_not_renewed_by_each_call_while_that_fails() {
    let server = MockServer::start().await;
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &[] };
    let asked = async || {
        let all = server.received_requests().await.unwrap();
        all.iter().filter(|request| request.url.path().ends_with("token")).count()
    };
    let tells = async |service: ResponseTemplate| {
        server.reset().await;
        Mock::given(path_regex("token$")).respond_with(service).mount(&server).await;
        Mock::given(path(MESSAGES))
            .respond_with(answer(201, json!({ "id": "9" })))
            .mount(&server)
            .await;
    };
    let desk = desk(app(&server.uri()));
    desk.clock.forward(SignedDuration::from_mins(51));
    for (service, wait) in [
        (answer(503, json!({})), 60),
        (answer(429, json!({})).insert_header("retry-after", "180"), 180),
    ] {
        tells(service).await;
        for _ in 0..3 {
            assert_eq!(desk.connection.post(&post, &begun()).await, Ok("9".into()));
        }
        desk.clock.forward(SignedDuration::from_secs(wait - 1));
        desk.connection.post(&post, &begun()).await.unwrap();
        assert_eq!(asked().await, 1, "not before {wait} s");
        desk.clock.forward(SignedDuration::from_secs(1));
        tells(answer(200, json!({ "access_token": "fake-next", "expires_in": 1_201 }))).await;
        desk.connection.post(&post, &begun()).await.unwrap();
        assert_eq!(asked().await, 1, "but then");
        desk.clock.forward(SignedDuration::from_secs(700));
    }
}

#[tokio::test]
async fn the_applications_own_token_is_used_while_it_works_and_cannot_be_renewed() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let token = async || desk.connection.graph.tokens.token(Identity::App, None).await;
    let tells = async |service: ResponseTemplate| {
        server.reset().await;
        Mock::given(path_regex("token$")).respond_with(service).mount(&server).await;
    };
    tells(answer(200, json!({ "access_token": "fake-app", "expires_in": 3_600 }))).await;
    token().await.unwrap();
    tells(answer(503, json!({}))).await;
    desk.clock.forward(SignedDuration::from_mins(55));
    for _ in 0..3 {
        assert_eq!(token().await.unwrap().expose_secret(), "fake-app");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "not by each call");
    desk.clock.forward(SignedDuration::from_mins(6));
    assert!(token().await.is_err(), "it has expired");
}

#[tokio::test]
async fn a_post_that_fails_is_a_decision() {
    let server = MockServer::start().await;
    let (part, to, root) = (part("<p>x</p>"), channel(), RemoteId::from("1"));
    let desk = desk(app(&server.uri()));
    let post = Post { to: &to, thread: Some(&root), part: &part, files: &[] };
    Mock::given(path(format!("{MESSAGES}/1/replies")))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "3"))
        .mount(&server)
        .await;
    assert_eq!(
        desk.connection.post(&post, &begun()).await,
        Err(SendError::RateLimited {
            until: now() + SignedDuration::from_secs(3),
            scope: HoldScope::Conversation,
        })
    );
    server.reset().await;
    Mock::given(method("POST")).respond_with(answer(500, json!({}))).mount(&server).await;
    let sent = desk.connection.post(&post, &begun()).await;
    assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
    server.reset().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_string("{"))
        .mount(&server)
        .await;
    let sent = desk.connection.post(&post, &begun()).await;
    assert!(matches!(sent, Err(SendError::Unknown(_))), "done, but its id is lost: {sent:?}");

    let nobody = super::support::desk(app("http://127.0.0.1:1"));
    let sent = nobody.connection.post(&post, &begun()).await;
    assert!(matches!(sent, Err(SendError::Transient(_))), "{sent:?}");
}

#[tokio::test]
async fn what_was_sent_is_found_by_sender_text_time_and_files() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let html = "<p><strong>Ana</strong></p><p>x</p>";
    let message = |id: &str, from: &str, seconds: i64, html: &str, file: &str| {
        json!({
            "id": id,
            "createdDateTime": (now() + SignedDuration::from_secs(seconds)).to_string(),
            "from": { "user": { "id": from } },
            "body": { "contentType": "html", "content": html },
            "attachments": [{ "id": file, "contentType": "reference" }],
        })
    };
    let rewritten = "<div><b>Ana</b><div>x&nbsp;</div></div>";
    let older =
        json!({ "value": [message("2", OWN, 1, html, "F"), message("1", OWN, -61, html, "F")] });
    Mock::given(path("/v1.0/page2")).respond_with(answer(200, older)).mount(&server).await;
    let newer = json!({
        "value": [
            message("6", OWN, 5, rewritten, "F"),
            message("5", "somebody", 4, html, "F"),
            message("4", OWN, 3, "<p>y</p>", "F"),
            message("3", OWN, 2, html, "another"),
        ],
        "@odata.nextLink": format!("{}/v1.0/page2", server.uri()),
    });
    Mock::given(path(MESSAGES)).respond_with(answer(200, newer)).mount(&server).await;
    let (part, to) = (part(html), channel());
    let attachment = file("a.txt", None);
    let handle = json!({ "item": "i", "attachment_id": "F", "name": "a.txt", "content_url": "u" })
        .to_string();
    let files = [UploadedFile { attachment: &attachment, outcome: Ok(&handle) }];
    let post = Post { to: &to, thread: None, part: &part, files: &files };
    let found = desk.connection.find_sent(&post, &begun()).await.unwrap();
    assert_eq!(found, [RemoteId::from("2"), "6".into()]);

    // A list that goes on elsewhere is not followed: our token would go there.
    server.reset().await;
    let elsewhere = json!({ "value": [message("9", OWN, 1, html, "F")],
        "@odata.nextLink": "https://elsewhere.example/v1.0/next" });
    Mock::given(path(MESSAGES)).respond_with(answer(200, elsewhere)).mount(&server).await;
    let found = desk.connection.find_sent(&post, &begun()).await;
    assert!(matches!(found, Err(SendError::Transient(_))), "{found:?}");
}

#[tokio::test]
async fn in_a_thread_that_is_gone_nothing_is_found_and_its_reply_is_found_outside() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let gone = json!({ "error": { "code": "NotFound", "message": "no" } });
    Mock::given(path(format!("{MESSAGES}/1/replies")))
        .respond_with(answer(404, gone))
        .mount(&server)
        .await;
    let outside = json!({ "value": [{ "id": "2", "createdDateTime": now(),
        "from": { "user": { "id": OWN } },
        "body": { "contentType": "html", "content": "<p>x</p>" } }] });
    Mock::given(path(MESSAGES)).respond_with(answer(200, outside)).mount(&server).await;
    let (part, to, root) = (part("<p>x</p>"), channel(), RemoteId::from("1"));
    let post = Post { to: &to, thread: Some(&root), part: &part, files: &[] };
    assert_eq!(desk.connection.find_sent(&post, &begun()).await, Ok(vec![]));
    let outside = Post { thread: None, ..post };
    assert_eq!(desk.connection.find_sent(&outside, &begun()).await, Ok(vec!["2".into()]));

    // Of a channel that is gone nobody knows what is there.
    server.reset().await;
    let found = desk.connection.find_sent(&outside, &begun()).await;
    assert!(matches!(found, Err(SendError::Permanent(_))), "{found:?}");
}

#[tokio::test]
async fn a_post_carries_its_files_and_says_which_failed() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    Mock::given(method("POST"))
        .respond_with(answer(201, json!({ "id": "9" })))
        .mount(&server)
        .await;
    let (good, bad) = (file("a.txt", None), file("b<.bin", Some(2_500_000)));
    let handle = json!({ "item": "i", "attachment_id": "GUID", "name": "a 1.txt",
        "content_url": "https://sharepoint.example/a%201.txt" })
    .to_string();
    let files = [
        UploadedFile { attachment: &good, outcome: Ok(&handle) },
        UploadedFile { attachment: &bad, outcome: Err("it is too large") },
    ];
    let (part, to) = (part("<p>x</p>"), channel());
    let post = Post { to: &to, thread: None, part: &part, files: &files };
    desk.connection.post(&post, &begun()).await.unwrap();
    let sent = &bodies(&server).await[0];
    let content = sent["body"]["content"].as_str().unwrap();
    assert_eq!(
        content,
        "<p>x</p><attachment id=\"GUID\"></attachment><p><em>📎 The file b&lt;.bin (2.5 MB) did not come along: it is too large</em></p>"
    );
    assert_eq!(
        sent["attachments"],
        json!([{ "id": "GUID", "contentType": "reference",
        "contentUrl": "https://sharepoint.example/a%201.txt", "name": "a 1.txt" }])
    );
    assert_eq!(of_html(content), part.fingerprint, "files do not change what a message reads like");
}

#[tokio::test]
async fn an_edit_keeps_the_files_that_stay_and_what_was_said_of_those_that_failed() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let file = |id| json!({ "id": id, "contentType": "reference", "contentUrl": "u", "name": "a" });
    let files = json!([file("ONE"), file("TWO")]);
    let failed = "<p><em>📎 The file b did not come along: why</em></p>";
    Mock::given(method("GET"))
        .and(path(format!("{MESSAGES}/1/replies/2")))
        .respond_with(answer(200, json!({
            "id": "2", "attachments": files,
            "body": { "content": format!("<p>old</p><attachment id=\"ONE\"></attachment>{failed}") },
        })))
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .and(path(format!("{MESSAGES}/1/replies/2")))
        .respond_with(ResponseTemplate::new(204))
        .expect(3)
        .mount(&server)
        .await;
    let (message, root) = (RemoteId::from("2"), RemoteId::from("1"));
    let part = part("<p>new</p>");
    let shown = |id| format!("<attachment id=\"{id}\"></attachment>");
    let (came, did_not) = (true, false);
    for (stays, left, said) in [
        ([true, true, true], files, failed.to_owned() + &shown("ONE") + &shown("TWO")),
        ([false, false, true], json!([file("TWO")]), shown("TWO")),
        ([false, true, false], json!([]), failed.to_owned()),
    ] {
        let held = [came, did_not, came].into_iter().zip(stays);
        let held: Vec<_> = held.map(|(came, stays)| HeldFile { came, stays }).collect();
        let (message, thread) = (&message, Some(&root));
        let edit = MessageChange::Edit { message, thread, part: &part, files: &held };
        desk.connection.change(&channel(), &edit).await.unwrap();
        let sent = bodies(&server).await.pop().unwrap();
        assert_eq!(sent["attachments"], left);
        assert_eq!(sent["body"]["content"], format!("<p>new</p>{said}"));
    }
}

#[tokio::test]
async fn what_is_gone_already_need_not_be_taken_away() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let gone = json!({ "error": { "code": "NotFound", "message": "no" } });
    Mock::given(method("POST")).respond_with(answer(404, gone)).mount(&server).await;
    let (message, thumb) = (RemoteId::from("2"), Emoji::Unicode("👍".into()));
    let parrot = Emoji::Custom("parrot".into());
    let to = channel();
    let (message, thread) = (&message, None);
    let change = async |change| desk.connection.change(&to, &change).await;
    assert_eq!(change(MessageChange::Delete { message, thread }).await, Ok(()));
    assert_eq!(change(MessageChange::Unreact { message, thread, emoji: &thumb }).await, Ok(()));
    let reacted = change(MessageChange::React { message, thread, emoji: &thumb }).await;
    assert!(matches!(reacted, Err(SendError::Permanent(_))), "{reacted:?}");
    let custom = change(MessageChange::React { message, thread, emoji: &parrot }).await;
    assert_eq!(custom, Err(SendError::Permanent("Teams knows no custom emoji".into())));
}

fn body(size: Option<u64>, bytes: usize) -> FileBody {
    let chunks = vec![7_u8; bytes];
    let chunks: Vec<_> = chunks.chunks(100_000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    FileBody { size, mime: None, stream: Box::pin(stream::iter(chunks)) }
}

async fn folder(server: &MockServer) {
    let item = json!({ "id": "F", "parentReference": { "driveId": "D" },
        "webUrl": "https://sharepoint.example/sites/s/Shared%20Documents/General" });
    Mock::given(path("/v1.0/teams/team/channels/19:c@thread.tacv2/filesFolder"))
        .respond_with(answer(200, item))
        .expect(1)
        .mount(server)
        .await;
}

#[tokio::test]
async fn files_are_uploaded_whole_or_in_fragments() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    folder(&server).await;
    let item = |request: &Request| {
        let complete = request.headers.get("content-range").is_none_or(|range| {
            let range = range.to_str().unwrap();
            let (_, range) = range.split_once('-').unwrap();
            let (end, size) = range.split_once('/').unwrap();
            end.parse::<u64>().unwrap() + 1 == size.parse::<u64>().unwrap()
        });
        match complete {
            true => answer(
                201,
                json!({ "id": "I", "eTag": "\"{GUID},1\"", "name": "a b.txt",
                "webUrl": "https://sharepoint.example/a%20b.txt" }),
            ),
            false => answer(202, json!({ "nextExpectedRanges": [] })),
        }
    };
    Mock::given(method("PUT"))
        .and(path("/v1.0/drives/D/items/F:/a%20b.txt:/content"))
        .respond_with(item)
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1.0/drives/D/items/F:/a%20b.txt:/createUploadSession"))
        .respond_with(answer(200, json!({ "uploadUrl": format!("{}/up?token=1", server.uri()) })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT")).and(path("/up")).respond_with(item).expect(3).mount(&server).await;

    let large = 6_000_000;
    for (size, bytes) in [(Some(500_000), 500_000), (None, 500_000), (Some(large as u64), large)] {
        let handle = desk
            .connection
            .upload(&channel(), &file("a b.txt", None), body(size, bytes))
            .await
            .unwrap();
        let handle: Value = serde_json::from_str(&handle).unwrap();
        assert_eq!(handle["attachment_id"], "GUID");
    }
    let fragments: Vec<(String, usize, bool)> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| request.url.path() == "/up")
        .map(|request| {
            let range = request.headers["content-range"].to_str().unwrap().to_owned();
            (range, request.body.len(), request.headers.contains_key("authorization"))
        })
        .collect();
    let fragment = 8 * 320 * 1024;
    assert_eq!(
        fragments,
        [
            (format!("bytes 0-{}/{large}", fragment - 1), fragment, false),
            (format!("bytes {fragment}-{}/{large}", 2 * fragment - 1), fragment, false),
            (format!("bytes {}-{}/{large}", 2 * fragment, large - 1), large - 2 * fragment, false),
        ]
    );
}

#[tokio::test]
async fn a_download_follows_graph_without_taking_the_token_along() {
    let (server, store) = (MockServer::start().await, MockServer::start().await);
    let desk = desk(app(&server.uri()));
    folder(&server).await;
    let moved = ResponseTemplate::new(302)
        .insert_header("location", format!("{}/bytes", store.uri()).as_str());
    Mock::given(path("/v1.0/drives/D/items/F:/sub/a%20b.txt:/content"))
        .and(header("authorization", "Bearer fake-access"))
        .respond_with(moved)
        .mount(&server)
        .await;
    Mock::given(path("/bytes"))
        .respond_with(ResponseTemplate::new(200).set_body_string("hello"))
        .mount(&store)
        .await;
    let place = crate::place::Place::new("team", "19:c@thread.tacv2").unwrap();
    let url = "https://sharepoint.example/sites/s/Shared%20Documents/General/sub/a%20b.txt";
    let mut attachment = file("a b.txt", None);
    attachment.remote = crate::remote::Remote::shared(&place, url.into()).encode();
    let opened = desk.connection.open(&attachment).await.unwrap();
    let bytes: Vec<Bytes> = opened.stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"hello");
    let asked = store.received_requests().await.unwrap();
    assert!(!asked[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn storage_that_refuses_says_nothing_of_our_authorization() {
    let (server, store) = (MockServer::start().await, MockServer::start().await);
    let desk = desk(app(&server.uri()));
    folder(&server).await;
    Mock::given(path("/v1.0/drives/D/items/F:/a%20b.txt:/createUploadSession"))
        .respond_with(answer(200, json!({ "uploadUrl": format!("{}/up", store.uri()) })))
        .mount(&server)
        .await;
    let moved = ResponseTemplate::new(302)
        .insert_header("location", format!("{}/bytes", store.uri()).as_str());
    Mock::given(path("/v1.0/drives/D/items/F:/a%20b.txt:/content"))
        .respond_with(moved)
        .mount(&server)
        .await;
    Mock::given(path_regex("^/")).respond_with(answer(401, json!({}))).mount(&store).await;
    let (file, size) = (file("a b.txt", None), 6_000_000);
    let uploaded = desk.connection.upload(&channel(), &file, body(Some(size as u64), size)).await;
    assert!(matches!(uploaded, Err(FileError::Transient { .. })), "{uploaded:?}");

    let place = crate::place::Place::new("team", "19:c@thread.tacv2").unwrap();
    let url = "https://sharepoint.example/sites/s/Shared%20Documents/General/a%20b.txt";
    let remote = crate::remote::Remote::shared(&place, url.into()).encode();
    let opened = desk.connection.open(&Attachment { remote, ..file }).await.map(|_| ());
    assert!(matches!(opened, Err(FileError::Transient { .. })), "{opened:?}");
}

#[tokio::test]
async fn replies_that_are_not_shown_with_their_root_are_asked_for_one_page_at_a_time() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let link = |name: &str| format!("{}/v1.0/{name}", server.uri());
    let message = |id: &str, root: Option<&str>| {
        json!({ "id": id, "replyToId": root, "messageType": "message", "createdDateTime": now(),
            "from": { "user": { "id": "ana" } }, "body": { "content": id } })
    };
    let long = |id: &str, reply: &str, more: &str| {
        let mut root = message(id, None);
        root["replies"] = json!([message(reply, Some(id))]);
        root["replies@odata.nextLink"] = link(more).into();
        root
    };
    for (name, page, next) in [
        (
            "teams/team/channels/19:c@thread.tacv2/messages/delta",
            json!([long("1", "11", "of-1"), long("2", "21", "of-2")]),
            Some("second"),
        ),
        ("of-1", json!([message("12", Some("1"))]), Some("more-of-1")),
        ("more-of-1", json!([message("13", Some("1"))]), None),
        ("of-2", json!([message("22", Some("2"))]), None),
        ("second", json!([message("3", None)]), None),
    ] {
        let page = json!({ "value": page, "@odata.nextLink": next.map(link) });
        Mock::given(path(format!("/v1.0/{name}")))
            .respond_with(answer(200, page))
            .expect(1)
            .mount(&server)
            .await;
    }
    let (to, mut page, mut found) = (channel(), None, Vec::new());
    for number in 1.. {
        let asked =
            HistoryRequest { conversation: &to, since: now(), whole: true, page: page.as_deref() };
        let read = desk.connection.history(asked).await.unwrap();
        assert_eq!(server.received_requests().await.unwrap().len(), number, "a call a page");
        found.extend(read.events.into_iter().filter_map(|event| match event.kind {
            EventKind::Message(state) => Some((state.id, state.thread)),
            _ => None,
        }));
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    let below = |id: &str, root: &str| (id.into(), Some(root.into()));
    assert_eq!(
        found,
        [
            ("1".into(), None),
            below("11", "1"),
            ("2".into(), None),
            below("21", "2"),
            below("12", "1"),
            below("13", "1"),
            below("22", "2"),
            ("3".into(), None),
        ]
    );
}
