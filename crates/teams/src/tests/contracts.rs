//! The vendor's own payloads, through the connector.

use std::fs;

use aws_lc_rs::rsa::PrivateDecryptingKey;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method};
use rialto_model::{EventKind, Own};
use rialto_platform::{Received, WebhookRequest};
use secrecy::SecretString;
use serde_json::Value;

use super::support::{OWN, app, now};
use crate::{
    crypto::{SealError, open},
    message::{Circumstances, events},
    place::{MessagePath, Place},
    webhook::receive,
    wire::{ChatMessage, EncryptedContent},
};

fn vector() -> Option<(EncryptedContent, PrivateDecryptingKey, Value)> {
    let dir = rialto_platform::testing::fixtures("graph")?;
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let content = serde_json::from_slice(&read("encryptedContent.vector.json")).unwrap();
    let key: Value =
        serde_json::from_slice(&read("encryptedContent.vector.test_key.json")).unwrap();
    let der = BASE64_STANDARD.decode(key["der_base64"].as_str().unwrap()).unwrap();
    let plain = serde_json::from_slice(&read("encryptedContent.vector.plaintext.json")).unwrap();
    Some((content, PrivateDecryptingKey::from_pkcs8(&der).unwrap(), plain))
}

#[test]
fn the_vendors_vector_opens_to_its_plaintext() {
    let Some((content, key, plain)) = vector() else { return };
    let opened = open(&content, key).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&opened).unwrap(), plain);
}

#[test]
fn what_was_tampered_with_is_refused_before_it_is_decrypted() {
    let Some((content, _, _)) = vector() else { return };
    let refused = |change: &dyn Fn(&mut EncryptedContent)| {
        let (mut content, key, _) = vector().unwrap();
        change(&mut content);
        open(&content, key).unwrap_err()
    };
    let flipped = |text: &str| {
        let mut bytes = BASE64_STANDARD.decode(text).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        BASE64_STANDARD.encode(bytes)
    };
    type Change<'a> = &'a dyn Fn(&mut EncryptedContent);
    let cases: [(Change<'_>, SealError); 6] = [
        (&|c| c.data_signature = flipped(&content.data_signature), SealError::Signature),
        // Data that does not even decrypt: the signature is what is looked at.
        (&|c| c.data = BASE64_STANDARD.encode(b"short"), SealError::Signature),
        (&|c| c.data = flipped(&content.data), SealError::Signature),
        (&|c| c.data_signature = String::new(), SealError::Signature),
        (&|c| c.data_key = flipped(&content.data_key), SealError::Key),
        (&|c| c.data_key = "no base64!".into(), SealError::Malformed),
    ];
    for (change, expected) in cases {
        assert_eq!(refused(change), expected);
    }
}

#[test]
fn every_notification_of_the_vendor_is_kept_or_refused_as_its_rules_say() {
    let Some(dir) = rialto_platform::testing::fixtures("graph") else { return };
    let mut seen = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !(name.ends_with(".json") && (name.contains("notification") || name.contains("webhook")))
        {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let batch: Value = serde_json::from_slice(&body).unwrap();
        let mut app = app("https://graph.example");
        let state = batch["value"][0]["clientState"].as_str().unwrap_or("fake").to_owned();
        app.secrets.insert("client_state".into(), SecretString::from(state));
        let headers = HeaderMap::new();
        let request = WebhookRequest {
            method: &Method::POST,
            tail: "",
            query: "",
            headers: &headers,
            body: &body,
        };
        let carries_state = batch["value"][0]["clientState"].is_string();
        match receive(&app, &request, now()) {
            Received::Inbound { inbound, .. } => {
                assert!(carries_state && !inbound.is_empty(), "{name}");
                seen += 1;
            }
            Received::Refused(refusal) => assert!(!carries_state, "{name}: {refusal}"),
            Received::Handshake(_) => panic!("{name}"),
        }
    }
    assert!(seen >= 5, "{seen} notifications");
}

#[test]
fn every_message_of_the_vendor_is_read() {
    let Some(dir) = rialto_platform::testing::fixtures("graph") else { return };
    let mut messages = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !(name.ends_with(".json") && (name.contains("message") || name.contains("plaintext"))) {
            continue;
        }
        let body: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let several = body["value"].as_array().cloned().unwrap_or_else(|| vec![body]);
        for one in several {
            let Ok(message) = serde_json::from_value::<ChatMessage>(one.clone()) else { continue };
            let place = Place::new("t", "c").unwrap();
            let path = MessagePath { place, message: message.id.clone(), root: None };
            let about = Circumstances { path: &path, ours: &OWN.into(), updated: true, now: now() };
            let told = events(&message, &about);
            assert!(!told.is_empty(), "{name}");
            if let (EventKind::Message(state), Some("message")) =
                (&told[0].kind, one["messageType"].as_str())
            {
                let posted = one["createdDateTime"].as_str().unwrap();
                assert_eq!(state.posted_at, posted.parse().unwrap(), "{name}");
                let content = &state.content;
                assert!(!content.text.is_blank() || !content.attachments.is_empty(), "{name}");
                assert_eq!(state.own, Own::No, "{name}");
                messages += 1;
            }
        }
    }
    assert!(messages >= 20, "{messages} messages");
}
