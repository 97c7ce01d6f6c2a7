//! Files, both ways.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rialto_model::{Attachment, AttachmentKind, PartKey, RemoteId, RichText};
use rialto_platform::{
    FileBody, FileError, HistoryRequest, Post, ReadError, SendError, UploadedFile,
};
use serde_json::{Value, json};

use super::support::{World, saying};

pub(super) fn body(bytes: &'static [u8]) -> FileBody {
    let stream = stream::iter([Ok(Bytes::from_static(bytes))]).boxed();
    FileBody { size: Some(bytes.len() as u64), mime: None, stream }
}

fn attachment(name: &str) -> Attachment {
    Attachment {
        remote: "elsewhere".into(),
        name: name.into(),
        mime: "text/plain".into(),
        size: Some(5),
        kind: AttachmentKind::File,
    }
}

/// What Ann shares in general.
async fn shared(world: &World, more: Value) {
    let mut deed = json!({ "as": "Ann Lee", "do": "post", "channel": "general", "text": "look",
        "files": [{ "name": "a.txt", "mime": "text/plain", "text": "hello" }] });
    deed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.act(deed).await;
}

async fn listening() -> World {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    world
}

#[tokio::test]
async fn a_file_is_fetched_with_the_token() {
    let world = listening().await;
    shared(&world, json!({})).await;
    let state = world.message().await;
    let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
    let opened = world.connection.open(file).await.unwrap();
    assert_eq!((opened.mime.as_deref(), opened.size), (Some("text/plain"), file.size));
    let bytes: Vec<Bytes> = opened.stream.try_collect().await.unwrap();
    assert_eq!(Some(bytes.concat().len() as u64), file.size);
    // Once more with a token that has ended.
    world.fault(json!({ "target": "api", "kind": "expire_tokens", "times": 1 })).await;
    world.connection.open(file).await.unwrap();
}

#[tokio::test]
async fn a_scan_is_waited_for_and_what_it_finds_is_said() {
    let world = listening().await;
    shared(&world, json!({ "scan_seconds": 60, "infected": true })).await;
    world.look("/idle").await;
    let calls = world.rialto.received_requests().await.unwrap();
    let call =
        calls.iter().find(|it| String::from_utf8_lossy(&it.body).contains("messages")).unwrap();
    let error = world.connection.normalize(&call.body).await.unwrap_err();
    let ReadError::Transient { after: Some(after), .. } = error else { panic!("{error:?}") };
    assert!(after > world.now());
    world.sandbox.core().clock.advance(std::time::Duration::from_secs(61));
    let state = world.message().await;
    let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
    let refused = async |file: &Attachment| match world.connection.open(file).await.unwrap_err() {
        FileError::Refused(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(file).await, "Webex found malware in it");
    shared(&world, json!({ "unscannable": true })).await;
    let state = world.message().await;
    let why = refused(&state.content.attachments[0]).await;
    assert_eq!(why, "Webex could not scan it for malware");
    let mut gone = file.clone();
    gone.remote = format!("{}x", gone.remote).as_str().into();
    assert_eq!(refused(&gone).await, "it was deleted in Webex");
    gone.remote = "https://evil.example/v1/contents/x".into();
    assert_eq!(refused(&gone).await, "it is not at Webex");
}

#[tokio::test]
async fn a_scan_that_takes_too_long_holds_nothing_up() {
    let world = listening().await;
    shared(&world, json!({ "scan_seconds": 3_600 })).await;
    world.sandbox.core().clock.advance(std::time::Duration::from_secs(301));
    let state = world.message().await;
    assert_eq!(state.content.attachments[0].name, "file");
    let error = world.connection.open(&state.content.attachments[0]).await.unwrap_err();
    assert!(matches!(error, FileError::Transient { after: Some(_), .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_looked_at_holds_its_message_up_for_five_minutes_at_most() {
    for code in [500, 502, 503] {
        let world = listening().await;
        world.fault(json!({ "target": "api", "method": "* /contents*", "kind": "status", "code": code })).await;
        shared(&world, json!({})).await;
        let (general, since) = (world.room("general").await, world.now());
        world.look("/idle").await;
        let calls = world.rialto.received_requests().await.unwrap();
        let told = calls.iter().find(|it| String::from_utf8_lossy(&it.body).contains("messages"));
        let told = &told.unwrap().body;
        let past = HistoryRequest { conversation: &general, since, whole: true, page: None };
        for error in [
            world.connection.normalize(told).await.unwrap_err(),
            world.connection.history(past).await.unwrap_err(),
        ] {
            assert!(matches!(error, ReadError::Transient { .. }), "{code}: {error:?}");
        }
        world.sandbox.core().clock.advance(std::time::Duration::from_secs(301));
        assert_eq!(world.connection.history(past).await.unwrap().events.len(), 1, "{code}");
        let state = world.message().await;
        assert_eq!(state.content.text.plain_text(), "look", "{code}");
        let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
        let error = world.connection.open(file).await.unwrap_err();
        assert!(matches!(error, FileError::Transient { .. }), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn a_file_is_named_also_where_nobody_answers_a_look_at_it() {
    for code in [403, 404, 405, 501, 503] {
        let world = listening().await;
        world.fault(json!({ "target": "api", "method": "HEAD /contents*", "kind": "status", "code": code })).await;
        shared(&world, json!({})).await;
        let state = world.message().await;
        let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
        assert_eq!((file.name.as_str(), file.mime.as_str()), ("a.txt", "text/plain"), "{code}");
        assert_eq!(file.size, Some(5), "{code}");
    }
}

#[tokio::test]
async fn a_file_goes_with_its_post_and_is_found_there() {
    let world = World::start().await;
    let general = world.room("general").await;
    let attachments = vec![attachment("plan.txt"), attachment("big.txt")];
    let outgoing = saying(&general, RichText::plain("look"), attachments.clone());
    let parts = world.connection.render(&outgoing);
    let keys: Vec<_> = parts.iter().map(|part| part.key).collect();
    assert_eq!(keys, [PartKey::Text(0), PartKey::Files(0), PartKey::Files(1)]);
    let handle = world.connection.upload(&general, &attachments[0], body(b"hello")).await.unwrap();
    let root = world.post("root").await;
    let thread = Some(&root);
    let files = [UploadedFile { attachment: &attachments[0], outcome: Ok(&handle) }];
    let post = Post { to: &general, thread, part: &parts[1], files: &files };
    let id = world.connection.post(&post, &world.begun()).await.unwrap();
    assert_eq!(
        world.connection.find_sent(&post, &world.begun()).await.unwrap(),
        std::slice::from_ref(&id)
    );
    let failed = [UploadedFile { attachment: &attachments[1], outcome: Err("it is *too* large") }];
    let post = Post { to: &general, thread, part: &parts[2], files: &failed };
    let words = world.connection.post(&post, &world.begun()).await.unwrap();
    assert_eq!(
        world.connection.find_sent(&post, &world.begun()).await.unwrap(),
        std::slice::from_ref(&words)
    );
    let view = world.view("general").await;
    let seen = |id: &RemoteId| view.iter().find(|it| it["id"] == id.as_str()).unwrap();
    assert_eq!(
        (&seen(&id)["files"][0]["name"], &seen(&id)["thread"]),
        (&json!("plan.txt"), &json!(root))
    );
    assert_eq!(
        seen(&words)["text"],
        "Ada Byron \u{200b}(Slack, continued)\u{200b}\n\
         📎 The file big.txt (5 B) did not come along: it is *too* large"
    );
}

#[tokio::test]
async fn a_file_that_waits_no_more_is_uploaded_again() {
    let world = World::start().await;
    let general = world.room("general").await;
    let attachment = attachment("plan.txt");
    let handle = world.connection.upload(&general, &attachment, body(b"hello")).await.unwrap();
    let outgoing = saying(&general, RichText::default(), vec![attachment.clone()]);
    let parts = world.connection.render(&outgoing);
    let files = [UploadedFile { attachment: &attachment, outcome: Ok(&handle) }];
    let post = Post { to: &general, thread: None, part: &parts[0], files: &files };
    // After a restart.
    let error = world.restarted().post(&post, &world.begun()).await.unwrap_err();
    assert!(matches!(error, SendError::NoUpload(_)), "{error:?}");
    world.connection.post(&post, &world.begun()).await.unwrap();
    let error = world.connection.post(&post, &world.begun()).await.unwrap_err();
    assert!(matches!(error, SendError::NoUpload(_)), "it was posted: {error:?}");
}

#[tokio::test]
async fn a_file_is_sent_once_more_with_another_token() {
    let world = World::start().await;
    let general = world.room("general").await;
    let attachment = attachment("plan.txt");
    let handle = world.connection.upload(&general, &attachment, body(b"hello")).await.unwrap();
    let outgoing = saying(&general, RichText::default(), vec![attachment.clone()]);
    let parts = world.connection.render(&outgoing);
    let files = [UploadedFile { attachment: &attachment, outcome: Ok(&handle) }];
    let post = Post { to: &general, thread: None, part: &parts[0], files: &files };
    let expire =
        json!({ "target": "api", "method": "POST /messages", "kind": "expire_tokens", "times": 1 });
    world.fault(expire).await;
    // Where it is refused before all of it was sent, no answer may be seen.
    for _ in 0..50 {
        match world.connection.post(&post, &world.begun()).await {
            Err(SendError::Unknown(_)) => {}
            done => {
                done.unwrap();
                break;
            }
        }
    }
    assert_eq!(world.view("general").await[0]["files"][0]["name"], "plan.txt");
    assert_eq!(world.calls("POST /access_token").await, 2);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_sent() {
    let world = World::start().await;
    let general = world.room("general").await;
    let mut large = body(b"");
    large.size = Some(crate::files::MAX_BYTES + 1);
    let error = world.connection.upload(&general, &attachment("x"), large).await.unwrap_err();
    assert_eq!(error, FileError::Refused("it is larger than Webex takes (100 MB)".into()));
}
