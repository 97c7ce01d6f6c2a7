//! Messages as listings show them.

use jiff::Timestamp;
use rialto_fuzz::{check, fuzz};
use rialto_model::{EventKind, Revision};

use super::{READING_JSON, messages, within};
use crate::{normalize::past, tests::support::own, wire::Message};

/// Letters of what is read for each byte of what came.
const LETTERS: usize = 4;

fn measured(bytes: &[u8]) {
    let told = within(READING_JSON, bytes.len(), || {
        let message: Message = serde_json::from_slice(bytes).ok()?;
        Some(past(&message, Some("U1"), Revision(0), &own(), Timestamp::UNIX_EPOCH))
    });
    for (kind, _) in told.into_iter().flatten() {
        let EventKind::Message(state) = kind else { continue };
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
