//! What Webex posts to our address, and whoever else does.

use http::{HeaderMap, HeaderName, HeaderValue};
use rialto_fuzz::{Choices, check, fuzz, grows_linearly, within};
use rialto_platform::{Inbound, Received, Verified};
use serde_json::json;

use super::{READING_JSON, calls};
use crate::{
    tests::support::{SECRET, received, signed},
    wire::Call,
};

/// A call's own text is in its fact once, next to a key and ids that are pieces of it.
const KEPT: usize = 4;

/// Headers that anybody may send.
fn strange(choices: &mut Choices<'_>) -> HeaderMap {
    let names = ["x-spark-signature", "content-type", "x-other"];
    (0..choices.below(4))
        .filter_map(|_| {
            let name = HeaderName::from_static(names[choices.below(names.len())]);
            let count = choices.below(80);
            Some((name, HeaderValue::from_bytes(choices.take(count)).ok()?))
        })
        .collect()
}

fn called(headers: &HeaderMap, body: &[u8]) -> Vec<Inbound> {
    match within(READING_JSON, body.len(), || received(headers, body)) {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        Received::Handshake(answer) => panic!("Webex shakes no hands: {answer:?}"),
        Received::Refused(_) => Vec::new(),
    }
}

/// What is taken is no more than what came, and is understood.
fn taken(body: &[u8]) {
    for fact in called(&signed(SECRET, body), body) {
        let kept = fact.payload.len() + fact.key.len() + fact.conversation.as_str().len();
        assert!(kept <= KEPT * body.len() + 256, "{} bytes became {kept}", body.len());
        within(READING_JSON, fact.payload.len(), || serde_json::from_slice::<Call>(&fact.payload))
            .unwrap_or_else(|error| panic!("what was kept is not understood: {error}"));
    }
}

#[test]
fn no_call_breaks_our_address() {
    let corpus = calls();
    fuzz(check!(), |choices| {
        let headers = strange(choices);
        let body = corpus.bytes(choices);
        assert!(called(&headers, &body).is_empty(), "what is not signed is not taken");
        taken(&body);
    });
}

#[test]
fn no_fact_breaks_the_reader() {
    let corpus = calls();
    fuzz(check!(), |choices| taken(corpus.json(choices).to_string().as_bytes()));
}

#[test]
fn reading_a_call_takes_as_long_as_the_call_is() {
    let call = |inner: String| {
        format!(r#"{{"resource":"messages","event":"created","orgId":"O1","data":{{{inner}}}}}"#)
    };
    for (name, piece) in [("an id", "M1"), ("objects", r#"{"":0},"#), ("lists", "[],")] {
        let make = |count: usize| {
            let all = piece.repeat(count);
            call(match name {
                "an id" => format!(r#""id":{},"roomId":{0}"#, json!(all)),
                _ => format!(r#""other":[{all}0]"#),
            })
        };
        grows_linearly(name, 500, make, |body| taken(body.as_bytes()));
    }
}
