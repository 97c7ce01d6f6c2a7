//! What events mean.

use std::fs;

use proptest::prelude::*;
use rialto_model::{
    AttachmentKind, DeliveryId, Event, EventKind, MessageState, Own, Revision, Signal,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    webhook::{callback, facts},
    workspace::{Workspace, workspace},
};

async fn normalized(body: &Value) -> Vec<Event> {
    normalized_by(&workspace().await, body).await
}

async fn normalized_by(workspace: &Workspace, body: &Value) -> Vec<Event> {
    let mut events = Vec::new();
    for fact in facts(body) {
        events.extend(workspace.connection.normalize(&fact.payload).await.unwrap());
    }
    events
}

async fn kind(event: Value) -> EventKind {
    let [event] = normalized(&callback(event)).await.try_into().unwrap();
    event.kind
}

async fn message(event: Value) -> MessageState {
    match kind(event).await {
        EventKind::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn every_payload_that_slack_published_is_understood_or_has_a_reason() {
    let Some(fixtures) = rialto_platform::testing::fixtures("slack") else { return };
    let workspace = workspace().await;
    let mut seen = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_event = name.starts_with("event.") && name != "event.url_verification.json";
        let is_shape = name.starts_with("shape.") && name.ends_with("Payload.json");
        if !is_event && !is_shape {
            continue;
        }
        let mut body = read(&path);
        if name.starts_with("shape.") {
            // The shapes are blank: their type and workspace say nothing.
            body["type"] = json!("event_callback");
            body["team_id"] = json!("T1");
        }
        for event in normalized_by(&workspace, &body).await {
            seen += 1;
            if is_event && name.starts_with("event.message") {
                let told = matches!(event.kind, EventKind::Message(_) | EventKind::Deleted { .. });
                assert!(told, "{name}: {:?}", event.kind);
                assert!(event.at.as_second() > 1_000_000_000, "{name}: {}", event.at);
            }
        }
    }
    assert!(seen > 40, "only {seen} events");
}

#[tokio::test]
async fn published_messages_read_as_they_did_in_slack() {
    let Some(fixtures) = rialto_platform::testing::fixtures("slack") else { return };
    let fixture = |name: &str| read(&fixtures.join(name));
    let first = |mut events: Vec<Event>| match events.remove(0).kind {
        EventKind::Message(message) => *message,
        other => panic!("{other:?}"),
    };

    let file = first(normalized(&fixture("event.message.file_share.json")).await);
    assert_eq!(file.content.text.plain_text(), "Here is your file!");
    let attachment = &file.content.attachments[0];
    assert_eq!((attachment.remote.as_str(), attachment.size), ("F111", Some(42_706)));
    assert_eq!(attachment.kind, AttachmentKind::Image);

    let changed = first(normalized(&fixture("event.message.message_changed.json")).await);
    assert_eq!(changed.id.as_str(), "1665102338.901939");
    // `edited.ts` counts whole seconds; the event itself was a little later.
    assert_eq!(changed.revision, Revision(1_665_102_362_013_600));
    assert_eq!(changed.content.text.plain_text(), "updated message");

    let reply = first(normalized(&fixture("event.message.thread_broadcast.json")).await);
    assert!(reply.broadcast);
    assert_eq!(reply.thread.unwrap().as_str(), "1633663824.000500");

    let bot = first(normalized(&fixture("event.message.bot_message.json")).await);
    assert_eq!((bot.author.name.as_str(), bot.author.bot), ("classic-bot", true));
    assert_eq!(bot.author.account.unwrap().as_str(), "B888");
}

#[tokio::test]
async fn what_we_posted_is_known_by_bot_user_or_app() {
    let delivery = DeliveryId::new(Uuid::from_u128(7));
    let metadata = json!({ "event_type": "rialto_delivery",
        "event_payload": { "delivery": delivery, "part": 0 } });
    for (extra, expected) in [
        (json!({ "bot_id": "BOWN", "metadata": metadata }), Own::App { delivery: Some(delivery) }),
        (json!({ "user": "UOWN" }), Own::App { delivery: None }),
        (json!({ "bot_id": "B2", "app_id": "AOWN" }), Own::App { delivery: None }),
        // Anybody can write metadata: it proves nothing by itself.
        (json!({ "bot_id": "B2", "app_id": "A2", "metadata": metadata }), Own::No),
        (json!({ "user": "U1" }), Own::No),
    ] {
        let mut event = json!({ "type": "message", "channel": "C1", "ts": "1.2", "text": "x" });
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(message(event).await.own, expected, "{extra}");
    }
}

#[tokio::test]
async fn an_unfurl_is_no_edit() {
    let changed = |attachments: Value| {
        json!({ "type": "message", "subtype": "message_changed",
        "channel": "C1", "ts": "9.9", "message": { "ts": "1.2", "user": "U1",
        "text": "<https://a.example>", "attachments": attachments } })
    };
    let preview = json!([{ "from_url": "https://a.example", "text": "preview" }]);
    let (before, after) = (message(changed(json!([]))).await, message(changed(preview)).await);
    assert_eq!(before, after);
    assert_eq!(after.revision, Revision(0));
}

#[tokio::test]
async fn what_a_bot_changes_in_its_attachments_is_an_edit() {
    let says = |attachment: Value| {
        json!({ "ts": "1.2", "bot_id": "B2", "text": "", "edited": { "user": "B2", "ts": "8.0" },
            "attachments": [attachment] })
    };
    let changed = async |before: Value, after: Value| {
        kind(json!({ "type": "message", "subtype": "message_changed", "channel": "C1", "ts": "9.9",
            "event_ts": "9.9", "previous_message": says(before), "message": says(after) }))
        .await
    };
    let preview = json!({ "from_url": "https://a.example", "text": "preview" });
    let other = json!({ "from_url": "https://b.example", "text": "another preview" });
    assert!(matches!(changed(preview, other).await, EventKind::Ignored { .. }));
    let (queued, passed) = (json!({ "text": "queued" }), json!({ "text": "passed" }));
    let EventKind::Message(edited) = changed(queued, passed).await else { panic!("it is ignored") };
    assert!(edited.content.text.plain_text().contains("passed"), "{edited:?}");
}

#[tokio::test]
async fn me_messages_are_italic() {
    let said = message(json!({ "type": "message", "subtype": "me_message", "channel": "C1",
        "ts": "1.2", "user": "U1", "text": "waves *hard*" }))
    .await;
    let text = format!("{:?}", said.content.text);
    assert_eq!(text.matches("italic: true").count(), 2, "{text}");
}

#[tokio::test]
async fn files_come_whatever_their_mode() {
    let said = message(json!({ "type": "message", "subtype": "file_share", "channel": "C1",
        "ts": "1.2", "user": "U1", "text": "", "files": [
            { "id": "F1", "name": "../a.txt", "mode": "snippet", "mimetype": "text/plain" },
            { "id": "F2", "mode": "tombstone" }, { "mode": "hosted" }, null, 7 ] }))
    .await;
    let files: Vec<_> = said
        .content
        .attachments
        .iter()
        .map(|file| (file.remote.as_str(), file.name.as_str(), file.kind))
        .collect();
    assert_eq!(
        files,
        [("F1", ".._a.txt", AttachmentKind::Snippet), ("F2", "file", AttachmentKind::File),]
    );
}

#[tokio::test]
async fn an_edited_message_does_not_have_the_files_that_were_deleted() {
    let edited = message(json!({ "type": "message", "subtype": "message_changed", "channel": "C1",
        "ts": "9.9", "message": { "ts": "1.2", "user": "U1", "text": "new",
            "edited": { "user": "U1", "ts": "9.0" },
            "files": [{ "id": "F1", "mode": "hosted" }, { "id": "F2", "mode": "tombstone" }] } }))
    .await;
    let files: Vec<_> = edited.content.attachments.iter().map(|it| it.remote.as_str()).collect();
    assert_eq!(files, ["F1"]);
}

#[tokio::test]
async fn everything_else_is_a_signal_or_has_a_reason() {
    let ignored = |reason: &str| EventKind::Ignored { reason: reason.into() };
    let closed = |reason: &str| EventKind::Signal(Signal::Closed { reason: reason.into() });
    for (event, expected) in [
        (
            json!({ "type": "message", "subtype": "message_changed", "channel": "C1",
                "message": { "ts": "1.2", "subtype": "tombstone" } }),
            EventKind::Deleted { message: "1.2".into() },
        ),
        (
            json!({ "type": "message", "subtype": "channel_join", "channel": "C1", "ts": "1.2" }),
            ignored("subtype channel_join"),
        ),
        (
            json!({ "type": "message", "subtype": "Secret content!", "channel": "C1" }),
            ignored("subtype unknown"),
        ),
        (json!({ "type": "message", "channel": "C1" }), ignored("message without a time")),
        (json!({ "type": "app_mention", "channel": "C1" }), ignored("event app_mention")),
        (
            json!({ "type": "reaction_added", "user": "U1", "reaction": "wave",
                "item": { "type": "file", "file": "F1" } }),
            ignored("reaction to what is no message"),
        ),
        (
            json!({ "type": "member_left_channel", "channel": "C1", "user": "UOWN" }),
            closed("Rialto was removed from the channel"),
        ),
        (
            json!({ "type": "channel_archive", "channel": "C1", "user": "U1" }),
            closed("the channel was archived"),
        ),
        (
            json!({ "type": "channel_rename", "channel": { "id": "C1", "name": "new" } }),
            EventKind::Signal(Signal::Upkeep),
        ),
        (
            json!({ "type": "group_unarchive", "channel": "C1", "user": "U1" }),
            EventKind::Signal(Signal::Upkeep),
        ),
        (
            json!({ "type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C2" }),
            EventKind::Signal(Signal::Moved { to: "C2".into() }),
        ),
        (
            json!({ "type": "user_change", "user": { "id": "U1" } }),
            EventKind::Signal(Signal::AccountChanged { account: "U1".into() }),
        ),
        (
            json!({ "type": "tokens_revoked", "tokens": { "bot": ["UOWN"] } }),
            EventKind::Signal(Signal::Upkeep),
        ),
        (
            json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"] } }),
            ignored("event tokens_revoked"),
        ),
    ] {
        assert_eq!(kind(event.clone()).await, expected, "{event}");
    }
    let limited = json!({ "type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 7 });
    assert_eq!(normalized(&limited).await[0].kind, EventKind::Signal(Signal::Missed));
}

fn json_value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "message",
        "message_changed",
        "rich_text",
        "rich_text_list",
        "rich_text_section",
        "text",
        "link",
        "section",
        "table",
        "ordered",
        "*a* <@U1|x> ```",
        "1.2",
        "C1",
        "file_share",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "type",
        "subtype",
        "channel",
        "ts",
        "message",
        "blocks",
        "elements",
        "text",
        "files",
        "attachments",
        "style",
        "indent",
        "offset",
        "border",
        "url",
        "rows",
        "fields",
        "edited",
        "user",
        "item",
        "name",
        "skin_tone",
        "title",
        "accessory",
        "thread_ts",
        "id",
        "metadata",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(String::from), inner, 0..6)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

#[test]
fn no_event_breaks_the_connector() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let workspace = runtime.block_on(workspace());
    proptest!(|(mut event in json_value(), kind in "message|reaction_added|user_change")| {
        if let Some(event) = event.as_object_mut() {
            event.insert("type".into(), kind.into());
        }
        for fact in facts(&callback(event)) {
            runtime.block_on(workspace.connection.normalize(&fact.payload)).unwrap();
        }
    });
    assert!(runtime.block_on(workspace.connection.normalize(b"not ours")).is_err());
}
