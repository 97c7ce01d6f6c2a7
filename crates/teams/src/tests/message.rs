//! What of a message's own matters crosses: all of it as text, people, files or a reason.

use rialto_model::{
    AttachmentKind, Audience, Block, Emoji, Event, EventKind, Inline, MentionTarget, MessageState,
    Own, Revision,
};
use serde_json::{Value, json};

use super::support::{OWN, now};
use crate::{
    message::{Circumstances, events},
    place::{MessagePath, Place},
    remote::Remote,
    wire::ChatMessage,
};

fn told(message: &Value, updated: bool) -> Vec<Event> {
    let mut whole = json!({
        "id": "7", "messageType": "message", "createdDateTime": "2026-11-22T09:59:00Z",
        "from": { "user": { "id": "ana", "displayName": "Ana" } },
        "body": { "contentType": "html", "content": "<p>x</p>" },
    });
    for (field, value) in message.as_object().unwrap() {
        whole[field] = value.clone();
    }
    let message: ChatMessage = serde_json::from_value(whole).unwrap();
    let place = Place::new("T", "19:c").unwrap();
    let path = MessagePath { place, message: "7".into(), root: Some("1".into()) };
    events(&message, &Circumstances { path: &path, ours: &OWN.into(), updated, now: now() })
}

fn state(message: &Value) -> MessageState {
    match told(message, false).remove(0).kind {
        EventKind::Message(state) => *state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_says_who_when_where_and_which_edit() {
    let plain = state(&json!({}));
    assert_eq!((plain.id.as_str(), plain.revision, plain.own), ("7", Revision(0), Own::No));
    assert_eq!(plain.thread, Some("1".into()));
    assert_eq!(plain.posted_at.to_string(), "2026-11-22T09:59:00Z");
    let edited = state(&json!({ "lastEditedDateTime": "2026-11-22T09:59:30.5Z" }));
    assert_eq!(edited.revision, Revision(1_795_341_570_500_000));
    let ours = state(&json!({ "from": { "user": { "id": OWN } } }));
    let fingerprint = crate::fingerprint::of_html("x");
    assert_eq!(ours.own, Own::Account { fingerprint });
    let bot = state(&json!({ "from": { "application": { "id": "b", "displayName": "Build" } } }));
    assert_eq!((bot.author.name.as_str(), bot.author.bot), ("Build", true));
    let nobody = state(&json!({ "from": null, "createdDateTime": null }));
    assert_eq!((nobody.author.account, nobody.posted_at.as_millisecond()), (None, 7));
}

#[test]
fn everything_that_can_be_seen_becomes_text() {
    let card = |kind: &str, card: &Value| json!({ "attachments": [{ "id": "a", "contentType": kind, "content": card.to_string() }] });
    for (message, expected) in [
        (json!({ "subject": "News" }), "News\nx"),
        (json!({ "importance": "urgent", "subject": "News" }), "❗ Urgent\nNews\nx"),
        (json!({ "importance": "high" }), "❗ Important\nx"),
        (json!({ "body": { "contentType": "text", "content": "<a>\nb" } }), "<a>\nb"),
        (
            json!({ "attachments": [{ "contentType": "messageReference", "content":
                "{\"messagePreview\":\"before\",\"messageSender\":{\"user\":{\"displayName\":\"Bo\"}}}" }] }),
            "Bo\nbefore\nx",
        ),
        (
            card(
                "application/vnd.microsoft.card.thumbnail",
                &json!({
                    "title": "T", "subtitle": "<h3>S</h3>", "text": "see <a href='https://e.example'>it</a>",
                    "buttons": [{ "title": "Open", "value": "https://e.example" }, { "title": "No", "value": "x" }],
                }),
            ),
            "x\nT\nS\nsee it\nOpen",
        ),
        (
            card(
                "application/vnd.microsoft.card.adaptive",
                &json!({
                    "type": "AdaptiveCard",
                    "body": [
                        { "type": "TextBlock", "text": "Deployed", "weight": "bolder" },
                        { "type": "ColumnSet", "columns": [{ "items": [{ "type": "TextBlock", "text": "v2" }] }] },
                        { "type": "FactSet", "facts": [{ "title": "by", "value": "Ana" }] },
                    ],
                    "actions": [{ "type": "Action.OpenUrl", "title": "Log", "url": "https://e.example/log" }],
                }),
            ),
            "x\nDeployed\nv2\nby Ana\nLog",
        ),
        (
            card("application/vnd.microsoft.card.unheard", &json!({})),
            "x\nA card that can be seen in Teams",
        ),
        (
            json!({ "attachments": [{ "contentType": "meetingReference", "name": "Weekly" }] }),
            "x\nA meeting: Weekly",
        ),
        (json!({ "attachments": [7, null, {}] }), "x\nAn attachment that can be seen in Teams"),
    ] {
        assert_eq!(state(&message).content.text.plain_text(), expected, "{message}");
    }
    let mut nested = json!({ "type": "TextBlock", "text": "deep" });
    for _ in 0..60 {
        nested = json!({ "type": "Container", "items": [nested] });
    }
    state(&card("application/vnd.microsoft.card.adaptive", &nested));
}

#[test]
fn files_and_pictures_are_told_by_where_they_are() {
    let message = json!({
        "attachments": [
            { "contentType": "reference", "contentUrl": "https://s.example/d/a%20b.pdf", "name": "a b.pdf" },
            { "contentType": "reference", "contentUrl": "https://s.example/c.png" },
        ],
        "body": { "contentType": "html", "content":
            "<img src=\"https://g.example/v1.0/teams/T/channels/19:c/messages/1/replies/7/hostedContents/H=/$value\">" },
    });
    let files = state(&message).content.attachments;
    let seen: Vec<_> = files.iter().map(|f| (f.name.as_str(), f.mime.as_str(), f.kind)).collect();
    assert_eq!(
        seen,
        [
            ("a b.pdf", "application/pdf", AttachmentKind::File),
            ("c.png", "image/png", AttachmentKind::Image),
            ("image", "application/octet-stream", AttachmentKind::Image),
        ]
    );
    assert_eq!(
        Remote::decode(&files[2].remote),
        Some(Remote::Hosted {
            team: "T".into(),
            channel: "19:c".into(),
            message: "7".into(),
            root: Some("1".into()),
            content: "H=".into(),
        })
    );
}

#[test]
fn mentions_call_whom_they_called() {
    let mentioned = |who: Value| {
        let message = json!({
            "body": { "contentType": "html", "content": "<at id=\"0\">N</at>" },
            "mentions": [{ "id": 0, "mentionText": "N", "mentioned": who }],
        });
        match &state(&message).content.text.blocks[0] {
            Block::Paragraph(line) => line[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    let conversation = |id: &str, kind: &str| json!({ "conversation": { "id": id, "conversationIdentityType": kind } });
    for (who, expected) in [
        (json!({ "user": { "id": "bo" } }), Some(MentionTarget::Account("bo".into()))),
        (json!({ "tag": { "id": "g" } }), Some(MentionTarget::Group("g".into()))),
        (conversation("T", "team"), Some(MentionTarget::Everyone(Audience::Team))),
        (conversation("19:c", "channel"), Some(MentionTarget::Everyone(Audience::Conversation))),
        (conversation("19:d", "channel"), Some(MentionTarget::Conversation("T/19:d".into()))),
        (json!({ "application": { "id": "bot" } }), None),
        (json!(null), None),
    ] {
        match (mentioned(who), expected) {
            (Inline::Mention(mention), Some(target)) => assert_eq!(mention.target, target),
            (Inline::Text { text, .. }, None) => assert_eq!(text, "N"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_no_message_is_a_fact_or_has_a_reason() {
    let system = |kind: &str| {
        json!({ "messageType": "systemEventMessage", "eventDetail": {
            "@odata.type": format!("#microsoft.graph.{kind}EventMessageDetail"),
            "members": [{ "id": "bo", "displayName": "Bo" }, { "displayName": "nobody" }],
        } })
    };
    for (kind, expected) in [("membersAdded", true), ("membersLeft", false)] {
        let facts = told(&system(kind), false);
        assert_eq!(facts.len(), 1);
        match &facts[0].kind {
            EventKind::Membership { author, joined } => {
                assert_eq!((author.name.as_str(), *joined), ("Bo", expected));
            }
            other => panic!("{other:?}"),
        }
    }
    for (message, reason) in [
        (system("callEnded"), "system event: callEnded"),
        (json!({ "messageType": "typing" }), "system event: typing"),
        (json!({ "messageType": "<content!>" }), "system event: unknown"),
    ] {
        assert_eq!(told(&message, false)[0].kind, EventKind::Ignored { reason: reason.into() });
    }
    let deleted = told(&json!({ "deletedDateTime": "2026-11-22T10:00:00Z" }), true);
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].kind, EventKind::Deleted { message: "7".into() });
}

#[test]
fn every_change_tells_all_reactions_but_ours() {
    let by =
        |who: &str, what: &str| json!({ "reactionType": what, "user": { "user": { "id": who } } });
    let message = json!({ "reactions": [
        by("a", "like"), by("b", "heart"), by("c", "laugh"), by("d", "surprised"), by("e", "sad"),
        by("f", "angry"), by("g", "🎉"), by(OWN, "🎉"), { "reactionType": "like" },
        { "reactionType": "custom", "displayName": "parrot", "user": { "user": { "id": "h" } } },
    ] });
    assert_eq!(told(&message, false).len(), 1, "a new message has none");
    match &told(&message, true)[1].kind {
        EventKind::Reactions { reactions, .. } => {
            let seen: Vec<String> = reactions.iter().map(|r| r.emoji.as_text()).collect();
            assert_eq!(seen, ["👍", "❤️", "😆", "😮", "🙁", "😡", "🎉", ":parrot:"]);
            assert_eq!(reactions[7].emoji, Emoji::Custom("parrot".into()));
        }
        other => panic!("{other:?}"),
    }
}
