//! Files both ways.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rialto_model::{Attachment, AttachmentKind, Content, RichText};
use rialto_platform::{FileBody, FileError, SendError, UploadedFile};
use serde_json::json;
use wiremock::{Mock, ResponseTemplate, matchers::path};

use crate::{
    calls::parts,
    workspace::{begun, now, post, workspace},
};

fn attachment(name: &str, size: Option<u64>) -> Attachment {
    Attachment {
        remote: "F9".into(),
        name: name.into(),
        mime: "image/png".into(),
        size,
        kind: AttachmentKind::Image,
    }
}

fn body(pieces: &[&'static str], size: Option<u64>) -> FileBody {
    let pieces: Vec<_> =
        pieces.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect();
    FileBody { size, mime: None, stream: stream::iter(pieces).boxed() }
}

#[tokio::test]
async fn a_file_is_uploaded_with_its_length_whether_told_or_not() {
    for size in [Some(10), None] {
        let workspace = workspace().await;
        let url = format!("{}/upload/1", workspace.server.uri());
        let answer = json!({ "ok": true, "upload_url": url, "file_id": "F1" });
        workspace.answers("files.getUploadURLExternal", answer).await;
        workspace.takes("/upload/1").await;
        let file = attachment("a b.png", None);
        let body = body(&["01234", "56789"], size);
        let id = workspace.connection.upload(&"C1".into(), &file, body).await.unwrap();
        assert_eq!(id, "F1");
        let asked = workspace.calls("files.getUploadURLExternal").await.remove(0).body;
        assert_eq!(String::from_utf8(asked).unwrap(), "filename=a+b.png&length=10");
        let requests = workspace.server.received_requests().await.unwrap();
        let upload = requests.iter().find(|one| one.url.path() == "/upload/1").unwrap();
        assert_eq!(
            (upload.body.as_slice(), &upload.headers["content-length"]),
            (&b"0123456789"[..], &"10".parse().unwrap())
        );
        assert!(!upload.headers.contains_key("authorization"), "the token is for the API alone");
    }
}

#[tokio::test]
async fn files_that_slack_never_takes_are_refused_at_once() {
    let workspace = workspace().await;
    for (size, why) in [(0, "empty"), (1_000_000_001, "1 GB")] {
        let file = attachment("a.png", Some(size));
        let upload = workspace.connection.upload(&"C1".into(), &file, body(&[], Some(size))).await;
        assert!(matches!(upload, Err(FileError::Refused(text)) if text.contains(why)));
    }
    assert!(workspace.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_post_of_files_names_its_author_and_what_did_not_come() {
    let workspace = workspace().await;
    workspace
        .answers("files.completeUploadExternal", json!({ "ok": true, "files": [{ "id": "F1" }] }))
        .await;
    let share =
        json!({ "C1": [{ "ts": "3.000003" }, { "ts": "5.000006", "thread_ts": "1.000001" }] });
    let shared = json!({ "ok": true, "file": { "id": "F1", "shares": { "private": share } } });
    workspace.answers("files.info", shared).await;
    workspace.answers("conversations.replies", json!({ "ok": true, "messages": [] })).await;
    let (good, bad) = (attachment("a.png", Some(5)), attachment("b.png", Some(2_000_000)));
    let content =
        Content { text: RichText::default(), attachments: vec![good.clone(), bad.clone()] };
    let part = parts(&workspace, content).remove(0);
    let files = [
        UploadedFile { attachment: &good, outcome: Ok("F1") },
        UploadedFile { attachment: &bad, outcome: Err("it is infected") },
    ];
    let (to, thread) = ("C1".into(), "1.000001".into());
    let id = workspace.connection.post(&post(&to, Some(&thread), &part, &files), &begun()).await;
    assert_eq!(id.unwrap().as_str(), "5.000006");
    let sent = workspace.sent("files.completeUploadExternal").await;
    assert_eq!(sent["files"], json!([{ "id": "F1", "title": "a.png" }]));
    assert_eq!((&sent["channel_id"], &sent["thread_ts"]), (&json!("C1"), &json!("1.000001")));
    assert_eq!(
        sent["blocks"][0]["elements"][0]["elements"],
        json!([
            { "type": "text", "text": "Ada", "style": { "bold": true } },
            { "type": "text", "text": "\n" },
            { "type": "text", "text": "b.png", "style": { "bold": true } },
            { "type": "text", "text": " (2 MB) is not here: it is infected" },
        ])
    );
}

#[tokio::test]
async fn files_that_all_failed_are_told_in_words() {
    let workspace = workspace().await;
    workspace.answers("chat.postMessage", json!({ "ok": true, "ts": "5.000006" })).await;
    let bad = attachment("b.png", None);
    let content = Content { text: RichText::default(), attachments: vec![bad.clone()] };
    let part = parts(&workspace, content).remove(0);
    let files = [UploadedFile { attachment: &bad, outcome: Err("it is infected") }];
    workspace.connection.post(&post(&"C1".into(), None, &part, &files), &begun()).await.unwrap();
    let sent = workspace.sent("chat.postMessage").await;
    assert_eq!(
        (&sent["text"], &sent["username"]),
        (&json!("b.png is not here: it is infected"), &json!("Ada"))
    );
}

#[tokio::test]
async fn files_that_are_not_shared_yet_are_neither_posted_nor_not() {
    let workspace = workspace().await;
    workspace.answers("files.completeUploadExternal", json!({ "ok": true })).await;
    workspace.answers("files.info", json!({ "ok": true, "file": { "id": "F1" } })).await;
    let at = now().as_second();
    let shown = |name: &str, ts: &str, user: &str| json!({ "ts": format!("{at}.{ts}"), "user": user, "files": [{ "id": "F2", "name": name }] });
    let history = json!({ "ok": true, "messages": [
        shown("a.png", "000003", "UOWN"),
        shown("other.png", "000002", "UOWN"),
        shown("a.png", "000001", "U1"),
    ] });
    let good = attachment("a.png", Some(5));
    let content = Content { text: RichText::default(), attachments: vec![good.clone()] };
    let part = parts(&workspace, content).remove(0);
    let files = [UploadedFile { attachment: &good, outcome: Ok("F1") }];
    let to = "C1".into();
    let post = post(&to, None, &part, &files);
    let error = workspace.connection.post(&post, &begun()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    // Uploaded again since under another id, and still ours.
    workspace.answers("conversations.history", history).await;
    let found = workspace.connection.find_sent(&post, &begun()).await.unwrap();
    assert_eq!(found, [format!("{at}.000003").into()]);
}

#[tokio::test]
async fn what_cannot_be_completed_is_uploaded_again_and_no_file_goes_where_nobody_sees_it() {
    let workspace = workspace().await;
    let good = attachment("a.png", Some(5));
    let content = Content { text: RichText::default(), attachments: vec![good.clone()] };
    let part = parts(&workspace, content).remove(0);
    let files = [UploadedFile { attachment: &good, outcome: Ok("F1") }];
    let (to, thread) = ("C1".into(), "1.000001".into());

    let gone = json!({ "ok": false, "error": "thread_not_found" });
    workspace.answers("conversations.replies", gone).await;
    let reply = post(&to, Some(&thread), &part, &files);
    let error = workspace.connection.post(&reply, &begun()).await.unwrap_err();
    assert!(matches!(error, SendError::NoThread(_)), "{error:?}");

    let spent = json!({ "ok": false, "error": "file_not_found" });
    workspace.answers("files.completeUploadExternal", spent).await;
    let post = post(&to, None, &part, &files);
    let error = workspace.connection.post(&post, &begun()).await.unwrap_err();
    assert!(matches!(error, SendError::NoUpload(_)), "{error:?}");
}

#[tokio::test]
async fn an_upload_that_was_never_completed_is_no_post_and_may_be_completed() {
    let workspace = workspace().await;
    let unknown = json!({ "ok": false, "error": "file_not_found" });
    workspace.answers("files.info", unknown).await;
    workspace.answers("conversations.history", json!({ "ok": true, "messages": [] })).await;
    let good = attachment("a.png", Some(5));
    let content = Content { text: RichText::default(), attachments: vec![good.clone()] };
    let part = parts(&workspace, content).remove(0);
    let files = [UploadedFile { attachment: &good, outcome: Ok("F1") }];
    let to = "C1".into();
    let post = post(&to, None, &part, &files);
    assert_eq!(workspace.connection.find_sent(&post, &begun()).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_is_opened_with_the_token_at_slacks_own_addresses_only() {
    let workspace = workspace().await;
    let url = format!("{}/files/a.png", workspace.server.uri());
    let info = |file| json!({ "ok": true, "file": file });
    Mock::given(path("/files/a.png"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("0123456789", "image/png"))
        .mount(&workspace.server)
        .await;
    let file = info(json!({ "id": "F9", "mimetype": "image/png", "url_private_download": url }));
    workspace.answers("files.info", file).await;
    let opened = workspace.connection.open(&attachment("a.png", None)).await.unwrap();
    assert_eq!((opened.size, opened.mime.as_deref()), (Some(10), Some("image/png")));
    let bytes: Vec<Bytes> = opened.stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"0123456789");
    let requests = workspace.server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().headers["authorization"], "Bearer xoxb-fake");
}

#[tokio::test]
async fn a_page_instead_of_a_file_is_a_missing_right_only_if_the_token_is_good() {
    for (token, revoked) in
        [(json!({ "ok": true }), false), (json!({ "ok": false, "error": "token_revoked" }), true)]
    {
        let workspace = workspace().await;
        let url = format!("{}/files/a.png", workspace.server.uri());
        Mock::given(path("/files/a.png"))
            .respond_with(ResponseTemplate::new(200).set_body_raw("<html>", "text/html"))
            .mount(&workspace.server)
            .await;
        let file = json!({ "id": "F9", "mimetype": "image/png", "url_private_download": url });
        workspace.answers("files.info", json!({ "ok": true, "file": file })).await;
        workspace.answers("auth.test", token).await;
        let error = workspace.connection.open(&attachment("a.png", None)).await.unwrap_err();
        match error {
            FileError::Revoked(_) => assert!(revoked),
            FileError::Refused(why) => assert!(!revoked && why.contains("files:read"), "{why}"),
            FileError::Transient { reason, .. } => panic!("{reason}"),
        }
    }
}

#[tokio::test]
async fn files_that_are_not_there_say_why() {
    for (file, why) in [
        (json!({ "mode": "tombstone" }), "deleted"),
        (json!({ "mode": "hidden_by_limit" }), "free plan"),
        (
            json!({ "mode": "external", "url_private": "https://docs.example/1" }),
            "https://docs.example/1",
        ),
        (json!({ "url_private": "https://evil.example/x" }), "not its own"),
        (json!({}), "where it is"),
    ] {
        let workspace = workspace().await;
        workspace.answers("files.info", json!({ "ok": true, "file": file })).await;
        let error = workspace.connection.open(&attachment("a.png", None)).await.unwrap_err();
        assert!(matches!(&error, FileError::Refused(text) if text.contains(why)), "{error:?}");
    }
}
