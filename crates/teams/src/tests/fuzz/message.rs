//! Messages: resource data that was opened, and what Graph answers.

use rialto_fuzz::{check, fuzz, grows_linearly, within};
use rialto_model::{Event, EventKind};
use serde_json::{Value, json};

use super::{READING_JSON, messages};
use crate::{
    message::{Circumstances, events},
    place::{MessagePath, Place},
    tests::support::{OWN, now},
    wire::ChatMessage,
};

/// Letters of what is read for each byte of what came: a card's address is its title, too.
const LETTERS: usize = 8;

fn read(bytes: &[u8]) -> Vec<Event> {
    let Ok(message) = serde_json::from_slice::<ChatMessage>(bytes) else { return Vec::new() };
    let place = Place::new("team", "19:c@thread.tacv2").unwrap();
    let path = MessagePath { place, message: "1".into(), root: None };
    let about = Circumstances { path: &path, ours: &OWN.into(), updated: true, now: now() };
    events(&message, &about)
}

fn measured(bytes: &[u8]) {
    for event in within(READING_JSON, bytes.len(), || read(bytes)) {
        let EventKind::Message(state) = event.kind else { continue };
        let letters = state.content.text.plain_text().len();
        assert!(letters <= LETTERS * bytes.len() + 256, "{} bytes became {letters}", bytes.len());
    }
}

#[test]
fn no_resource_data_breaks_the_reader() {
    let corpus = messages();
    fuzz(check!(), |choices| measured(&corpus.bytes(choices)));
}

#[test]
fn no_message_breaks_the_reader() {
    let corpus = messages();
    fuzz(check!(), |choices| measured(corpus.json(choices).to_string().as_bytes()));
}

#[test]
fn reading_a_message_takes_as_long_as_it_is() {
    let with = |field: &str, value: Value| {
        let mut message = json!({ "id": "1", "messageType": "message",
            "body": { "contentType": "html", "content": "<p>x</p>" } });
        message[field] = value;
        message.to_string()
    };
    let card = |inner: &str, count: usize| {
        let content = format!(r#"{{"body":[{}0]}}"#, inner.repeat(count));
        with(
            "attachments",
            json!([{ "contentType": "application/vnd.microsoft.card.adaptive", "content": content }]),
        )
    };
    type Make<'a> = &'a dyn Fn(usize) -> String;
    let texts: [(&str, Make<'_>); 5] = [
        ("reactions", &|n| {
            let one = json!({ "reactionType": "like", "user": { "user": { "id": "ana" } } });
            with("reactions", vec![one; n].into())
        }),
        ("attachments", &|n| with("attachments", vec![json!({ "contentType": "x" }); n].into())),
        ("a card", &|n| card(r#"{"type":"TextBlock","text":"a"},"#, n)),
        ("a deep card", &|n| {
            card(&format!("{}{}", r#"{"items":["#.repeat(30), "]}".repeat(30) + ","), n / 20)
        }),
        ("mentions of somebody with a long id", &|n| {
            let id = "x".repeat(10 * n);
            let body = r#"<at id="0">a</at>, "#.repeat(n);
            let mut message: Value = serde_json::from_str(&with(
                "mentions",
                json!([
                    { "id": 0, "mentioned": { "user": { "id": id } } }
                ]),
            ))
            .unwrap();
            message["body"]["content"] = body.into();
            message.to_string()
        }),
    ];
    for (name, make) in texts {
        grows_linearly(name, 400, make, |message| read(message.as_bytes()));
    }
}
