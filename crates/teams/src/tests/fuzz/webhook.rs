//! What Graph posts to our addresses, and whoever else does.

use http::{HeaderMap, Method};
use rialto_fuzz::{check, fuzz, grows_linearly, within};
use rialto_platform::{Received, WebhookRequest};
use serde_json::{Value, json};

use super::{READING_JSON, calls};
use crate::{
    place::MessagePath,
    tests::support::{CLIENT_STATE, app, now},
    webhook::{Payload, receive},
};

/// A notification's own text is in its facts once, next to a key and ids that are pieces of it.
const KEPT: usize = 4;

fn called(method: &Method, tail: &str, query: &str, body: &[u8]) {
    let app = app("https://graph.example");
    let headers = HeaderMap::new();
    let request = WebhookRequest { method, tail, query, headers: &headers, body };
    let size = query.len() + body.len();
    match within(READING_JSON, size, || receive(&app, &request, now())) {
        Received::Inbound { inbound, .. } => {
            let tokens: usize = inbound.len() * validation_tokens(body);
            let kept: usize = inbound
                .iter()
                .map(|fact| {
                    fact.payload.len() + fact.key.len() + fact.conversation.as_str().len() + 64
                })
                .sum();
            let most = KEPT * (body.len() + tokens) + 256 * inbound.len();
            assert!(kept <= most, "{} bytes became {kept}", body.len());
            for fact in inbound {
                within(READING_JSON, fact.payload.len(), || {
                    serde_json::from_slice::<Payload>(&fact.payload)
                })
                .unwrap_or_else(|error| panic!("what was kept is not understood: {error}"));
            }
        }
        Received::Handshake(answer) => assert!(answer.body.len() <= 3 * query.len()),
        Received::Refused(_) => {}
    }
}

/// Bytes of the tokens that prove a whole batch: each fact keeps them.
fn validation_tokens(body: &[u8]) -> usize {
    let batch: Value = serde_json::from_slice(body).unwrap_or_default();
    batch["validationTokens"].to_string().len()
}

#[test]
fn no_call_breaks_our_addresses() {
    let corpus = calls();
    let methods = [Method::POST, Method::GET];
    fuzz(check!(), |choices| {
        let method = choices.one_of(&methods);
        let tail = if choices.yes() { "lifecycle" } else { "" };
        let query = if choices.yes() { corpus.text(choices) } else { String::new() };
        called(method, tail, &query, &corpus.bytes(choices));
    });
}

#[test]
fn no_notification_breaks_the_reader() {
    let corpus = calls();
    fuzz(check!(), |choices| {
        called(&Method::POST, "", "", corpus.json(choices).to_string().as_bytes());
    });
}

#[test]
fn no_resource_breaks_its_reader() {
    let corpus = calls();
    fuzz(check!(), |choices| {
        let resource = corpus.text(choices);
        let path = within(READING_JSON, resource.len(), || MessagePath::parse(&resource));
        let read: usize = path.iter().flat_map(MessagePath::segments).map(str::len).sum();
        assert!(read <= 3 * resource.len() + 32);
    });
}

#[test]
fn reading_a_call_takes_as_long_as_the_call_is() {
    let item = json!({ "clientState": CLIENT_STATE, "changeType": "created",
        "resource": "teams('t')/channels('19:c@thread.tacv2')/messages('1')" });
    let items = |count: usize| json!({ "value": vec![item.clone(); count] }).to_string();
    grows_linearly("items", 50, items, |body| called(&Method::POST, "", "", body.as_bytes()));
    let slashes = |count: usize| "teams/a/".repeat(count);
    grows_linearly("a resource", 500, slashes, |resource| MessagePath::parse(resource));
    let query = |count: usize| "a=%41&".repeat(count);
    grows_linearly("a query", 500, query, |query| called(&Method::POST, "", query, b""));
}
