//! What Zoom posts to our address, and whoever else does.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use rialto_fuzz::{Choices, check, fuzz, grows_linearly};
use rialto_platform::{AppConfig, Inbound, Received, Verified, WebhookRequest};

use super::{READING_JSON, calls, within};
use crate::{
    normalize::normalize,
    tests::support::{NOW, SECRET, app, own, signed},
    webhook::receive,
};

static APP: LazyLock<AppConfig> = LazyLock::new(|| app("https://a.example"));

/// An event's own text is in its fact once, next to a key and ids that are pieces of it.
const KEPT: usize = 4;

/// Headers that anybody may send.
fn strange(choices: &mut Choices<'_>) -> HeaderMap {
    let names = ["x-zm-signature", "x-zm-request-timestamp", "content-type", "x-other"];
    let now = NOW.to_string();
    let starts = ["v0=", now.as_str(), "-", ""];
    (0..choices.below(5))
        .filter_map(|_| {
            let name = HeaderName::from_static(names[choices.below(names.len())]);
            let count = choices.below(80);
            let value = [choices.one_of(&starts).as_bytes(), choices.take(count)].concat();
            Some((name, HeaderValue::from_bytes(&value).ok()?))
        })
        .collect()
}

fn called(headers: &HeaderMap, body: &[u8]) -> Vec<Inbound> {
    let request = WebhookRequest { method: &Method::POST, tail: "", query: "", headers, body };
    let now = Timestamp::from_second(NOW).unwrap();
    let app = &*APP;
    match within(READING_JSON, body.len(), || receive(app, &request, now)) {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        Received::Handshake(answer) => {
            assert!(answer.body.len() <= 6 * body.len() + 128);
            Vec::new()
        }
        Received::Refused(_) => Vec::new(),
    }
}

/// What is taken is no more than what came, and is understood or has a reason.
fn taken(body: &[u8]) {
    for fact in called(&signed(SECRET, NOW, body), body) {
        let kept = fact.payload.len() + fact.key.len() + fact.conversation.as_str().len();
        assert!(kept <= KEPT * body.len() + 256, "{} bytes became {kept}", body.len());
        let told = within(READING_JSON, fact.payload.len(), || normalize(&fact.payload, &own()));
        assert!(!told.expect("what was taken is understood").events.is_empty());
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
fn no_event_breaks_the_reader() {
    let corpus = calls();
    fuzz(check!(), |choices| taken(corpus.json(choices).to_string().as_bytes()));
}

#[test]
fn reading_a_call_takes_as_long_as_the_call_is() {
    let event = |inner: String| {
        format!(
            r#"{{"event":"team_chat.channel_message_posted","event_ts":1,"payload":{{"account_id":"A1","object":{{"message_id":"M1","channel_id":"c1",{inner}}}}}}}"#
        )
    };
    for (name, piece) in [
        ("message", "word "),
        ("rich_text", r#"{"start_position":0,"end_position":9,"format_type":"Bold"},"#),
        ("at_items", r#"{"at_type":2,"start_position":0,"end_position":3},"#),
        ("files", r#"{"file_id":"F","file_name":"a"},"#),
        ("other", r#"{"":0},"#),
    ] {
        let make = |count: usize| {
            let all = piece.repeat(count);
            event(match name {
                "message" => format!(r#""message":"{all}""#),
                _ => format!(r#""message":"@all of this is said","{name}":[{all}0]"#),
            })
        };
        grows_linearly(name, 200, make, |body| taken(body.as_bytes()));
    }
}
