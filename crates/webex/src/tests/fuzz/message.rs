//! Messages as the API shows them.

use jiff::Timestamp;
use rialto_fuzz::{check, fuzz, grows_linearly, within};
use rialto_model::EventKind;
use serde_json::json;

use super::{READING_JSON, messages};
use crate::{api::Identity, edits::Edits, normalize::kind, wire::Message};

/// Letters of what is read for each byte of what came.
const LETTERS: usize = 4;

fn read(bytes: &[u8]) -> Option<EventKind> {
    let message: Message = serde_json::from_slice(bytes).ok()?;
    let own = Identity {
        person_id: "P1".into(),
        email: "rialto@a.example".into(),
        name: "Rialto".into(),
        org: "O1".into(),
        ..Identity::default()
    };
    Some(kind(&message, Vec::new(), &own, &Edits::default(), Timestamp::UNIX_EPOCH))
}

fn measured(bytes: &[u8]) {
    if let Some(EventKind::Message(state)) = within(READING_JSON, bytes.len(), || read(bytes)) {
        let letters = state.content.text.plain_text().len();
        assert!(letters <= LETTERS * bytes.len() + 256, "{} bytes became {letters}", bytes.len());
    }
}

#[test]
fn no_answer_breaks_the_reader() {
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
    for piece in ["word ", "https://a.example ", "a\n\n", "http", "\r\n"] {
        let make = |count: usize| json!({ "id": "M1", "text": piece.repeat(count) }).to_string();
        grows_linearly(piece, 400, make, |message| read(message.as_bytes()));
    }
}
