//! What Slack posts to the event address, and whoever else does.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rialto_fuzz::{Choices, check, fuzz, grows_linearly};
use rialto_model::AppId;
use rialto_platform::{AppConfig, Inbound, Received, Verified, WebhookRequest};

use super::{READING_JSON, events, own, within};
use crate::{normalize::normalize, webhook::receive};

const SECRET: &str = "fake-signing-secret";
const NOW: i64 = 1_700_000_000;

/// An event's own text is in its facts once, next to a key and ids that are pieces of it.
const KEPT: usize = 4;

static APP: LazyLock<AppConfig> = LazyLock::new(|| AppConfig {
    id: AppId::new(uuid::Uuid::from_u128(1)),
    settings: Default::default(),
    secrets: [("signing_secret".to_owned(), SECRET.into())].into(),
    webhook_url: "https://rialto.example/webhooks/slack/app".parse().expect("a URL"),
    redirect_url: "https://rialto.example/oauth/callback".parse().expect("a URL"),
});

fn signed(body: &[u8]) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, &[format!("v0:{NOW}:").as_bytes(), body].concat());
    let value = |text: String| HeaderValue::from_str(&text).expect("letters and digits");
    HeaderMap::from_iter([
        (
            HeaderName::from_static("x-slack-signature"),
            value(format!("v0={}", hex::encode(signature))),
        ),
        (HeaderName::from_static("x-slack-request-timestamp"), value(NOW.to_string())),
    ])
}

/// Headers that anybody may send.
fn strange(choices: &mut Choices<'_>) -> HeaderMap {
    let names = ["x-slack-signature", "x-slack-request-timestamp", "content-type", "x-other"];
    let starts = ["v0=", "1700000000", "application/x-www-form-urlencoded", "-", ""];
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
    let now = jiff::Timestamp::from_second(NOW).expect("a time");
    match within(READING_JSON, body.len(), || receive(&APP, &request, now)) {
        Received::Inbound { inbound, .. } => {
            inbound.into_iter().map(Verified::into_inner).collect()
        }
        Received::Handshake(answer) => {
            assert!(answer.body.len() <= body.len());
            Vec::new()
        }
        Received::Refused(_) => Vec::new(),
    }
}

/// What is taken is no more than what came, and is understood or has a reason.
fn taken(body: &[u8]) {
    for fact in called(&signed(body), body) {
        let kept = fact.payload.len() + fact.key.len() + fact.conversation.as_str().len();
        assert!(kept <= KEPT * body.len() + 256, "{} bytes became {kept}", body.len());
        let events = within(READING_JSON, fact.payload.len(), || normalize(&fact.payload, &own()));
        assert_eq!(events.expect("what was taken is understood").len(), 1);
    }
}

#[test]
fn no_call_breaks_the_event_address() {
    let corpus = events();
    fuzz(check!(), |choices| {
        let headers = strange(choices);
        let body = corpus.bytes(choices);
        assert!(called(&headers, &body).is_empty(), "what is not signed is not taken");
        taken(&body);
    });
}

#[test]
fn no_event_breaks_the_reader() {
    let corpus = events();
    fuzz(check!(), |choices| taken(corpus.json(choices).to_string().as_bytes()));
}

#[test]
fn reading_a_call_takes_as_long_as_the_call_is() {
    let event = |inner: String| {
        format!(
            r#"{{"type":"event_callback","team_id":"T1","event":{{"type":"message","channel":"C1","ts":"1.2",{inner}}}}}"#
        )
    };
    for (name, piece) in [
        ("text", "*a* "),
        ("blocks", r#"{"type":"divider"},"#),
        ("objects", r#"{"":0},"#),
        ("lists", "[],"),
        ("escapes", r"\u0041"),
    ] {
        let make = |count: usize| {
            let all = piece.repeat(count);
            event(match name {
                "text" | "escapes" => format!(r#""text":"{all}""#),
                _ => format!(r#""blocks":[{all}0]"#),
            })
        };
        grows_linearly(name, 500, make, |body| taken(body.as_bytes()));
    }
}
