//! What events mean, beyond what Zoom published examples of.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without references")]

use rialto_model::{Block, Emoji, Event, EventKind, Inline, MessageState, Own, Revision, Signal};
use serde_json::{Value, json};

use super::support::{facts, own};
use crate::{
    edits::Reading,
    fingerprint,
    normalize::{Told, normalize},
};

fn call(event: &str, operator: &str, object: &Value) -> Vec<u8> {
    let call = json!({ "event": event, "event_ts": 1_700_000_005_000_i64, "payload": {
        "account_id": "account-1", "operator": "ana@acme.example", "operator_id": operator,
        "operator_member_id": "m-ana", "object": object, "something": { "new": [] },
    } });
    call.to_string().into_bytes()
}

fn told(event: &str, operator: &str, object: Value) -> Told {
    let [fact] = facts(&call(event, operator, &object)).try_into().unwrap();
    normalize(&fact.payload, &own()).unwrap()
}

fn only(event: &str, operator: &str, object: Value) -> Event {
    let [event] = told(event, operator, object).events.try_into().unwrap();
    event
}

fn message(operator: &str, object: Value) -> MessageState {
    match only("team_chat.channel_message_posted", operator, object).kind {
        EventKind::Message(state) => *state,
        other => panic!("{other:?}"),
    }
}

fn posted(text: &str) -> Value {
    json!({ "message_id": "{aaaaaaaa-0000-0000-0000-000000000001}", "channel_id": "c1",
        "timestamp": 1_700_000_000_000_i64, "message": text })
}

/// The description of the events counts to the last position, their example to the one behind it.
#[test]
fn a_mention_is_the_whole_name_however_its_end_is_counted() {
    for (text, end, name) in [
        ("@Jill Chill, this", 11, "Jill Chill"),
        ("@Shrijana How are you?", 8, "Shrijana"),
        ("@Shrijana How are you?", 9, "Shrijana"),
        ("@Zoë", 3, "Zoë"),
        ("@田中さん", 3, "田中"),
    ] {
        let item = json!({ "at_type": 1, "at_contact_user_id": "u2", "start_position": 0, "end_position": end });
        let mut object = posted(text);
        object["at_items"] = json!([item]);
        let words = &message("u1", object).content.text.blocks[0];
        let Block::Paragraph(line) = words else { panic!("{words:?}") };
        let Inline::Mention(mention) = &line[0] else { panic!("{line:?}") };
        assert_eq!(mention.name, name, "{text} {end}");
    }
}

#[test]
fn a_message_is_one_fact_by_its_id_and_an_edit_by_its_time() {
    let key = |event: &str, object| {
        let [fact] = facts(&call(event, "u1", &object)).try_into().unwrap();
        (fact.conversation.to_string(), fact.key)
    };
    let id = "AAAAAAAA-0000-0000-0000-000000000001";
    for (event, expected) in [
        ("team_chat.channel_message_posted", format!("m:{id}")),
        ("team_chat.channel_message_updated", format!("e:{id}:1700000005000")),
        ("team_chat.channel_message_deleted", format!("d:{id}")),
    ] {
        assert_eq!(key(event, posted("hi")), ("c1".to_owned(), expected));
    }
    let state = message("u1", posted("hi"));
    assert_eq!((state.id.as_str(), state.revision), (id, Revision(0)));
    assert_eq!(state.posted_at.to_string(), "2023-11-14T22:13:20Z");
    let told = told("team_chat.channel_message_updated", "u1", posted("changed"));
    let reading = Reading::new("changed", &[]);
    let edited = (id.to_owned(), reading, Revision(1_700_000_005_000_000));
    assert_eq!(told.edited, Some(edited));
    assert_eq!(told.events[0].at.to_string(), "2023-11-14T22:13:25Z");
}

#[test]
fn what_the_service_user_says_is_known_by_how_it_reads() {
    let state = message("own-user", posted("Ana (Slack)\nhi"));
    assert_eq!(state.own, Own::Account { fingerprint: fingerprint::of("Ana (Slack) hi") });
    assert_eq!(message("u1", posted("hi")).own, Own::No);
}

#[test]
fn direct_messages_come_under_ids_that_are_never_kept_in_step() {
    for object in [
        json!({ "message_id": "m", "contact_id": "u2", "message": "hi" }),
        json!({ "message_id": "m", "message": "hi" }),
    ] {
        let body = call("team_chat.dm_message_posted", "u1", &object);
        let [fact] = facts(&body).try_into().unwrap();
        assert!(fact.conversation.as_str().starts_with('@'), "{fact:?}");
    }
}

#[test]
fn a_message_that_only_zoom_can_show_says_so() {
    let text = message("u1", posted("")).content.text.plain_text();
    assert_eq!(text, "something that only Zoom can show");
}

#[test]
fn reactions_are_code_points_or_names() {
    let object = |emoji: &str| json!({ "msg_id": "m1", "channel_id": "c1", "emoji": emoji });
    for (event, emoji, expected, added) in [
        ("team_chat.channel_reaction_added", "U+1f44c", Emoji::Unicode("👌".into()), true),
        ("team_chat.channel_reaction_removed", "shipit", Emoji::Custom("shipit".into()), false),
    ] {
        let event = only(event, "u1", object(emoji));
        let EventKind::Reaction { message, account, emoji, present } = event.kind else {
            panic!("{event:?}")
        };
        assert_eq!((message.as_str(), account.as_str()), ("m1", "u1"));
        assert_eq!((emoji, present), (expected, added));
    }
}

#[test]
fn who_comes_and_goes_is_told_one_by_one() {
    let members = json!({ "id": "c1", "members": [
        { "id": "u2", "display_name": "Tara" }, { "id": "own-user" }, { "display_name": "x" },
    ] });
    let invited = told("chat_channel.member_invited", "u1", members.clone()).events;
    let [first, second] = &invited[..] else { panic!("{invited:?}") };
    assert!(matches!(&first.kind, EventKind::Membership { author, joined: true }
        if author.name == "Tara" && author.account.as_ref().unwrap().as_str() == "u2"));
    assert_eq!(second.kind, EventKind::Ignored { reason: "own join".into() });
    let removed = told("chat_channel.member_removed", "u1", members).events;
    assert!(matches!(&removed[1].kind, EventKind::Signal(Signal::Closed { .. })));
    let left = only("chat_channel.member_left", "u3", json!({ "id": "c1" }));
    assert!(matches!(&left.kind, EventKind::Membership { joined: false, .. }));
    assert_eq!(left.conversation.as_str(), "c1");
}

#[test]
fn changes_around_a_channel_are_signals() {
    for (event, object, expected) in [
        ("chat_channel.updated", json!({ "id": "c1", "name": "new" }), Signal::Upkeep),
        ("user.updated", json!({ "id": "u1" }), Signal::AccountChanged { account: "u1".into() }),
        ("user.deactivated", json!({ "id": "own-user" }), Signal::Upkeep),
    ] {
        assert_eq!(only(event, "u9", object).kind, EventKind::Signal(expected), "{event}");
    }
}

#[test]
fn what_nobody_has_heard_of_is_counted_and_never_quoted() {
    for (event, reason) in [
        ("team_chat.channel_polls_opened", "event team_chat.channel_polls_opened"),
        ("Ana's secret plan", "event unknown"),
    ] {
        let kind = only(event, "u1", json!({ "channel_id": "c1" })).kind;
        assert_eq!(kind, EventKind::Ignored { reason: reason.into() });
    }
}
