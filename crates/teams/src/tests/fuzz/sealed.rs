//! Sealed resource data.

use base64::{Engine, prelude::BASE64_STANDARD};
use rialto_fuzz::{check, fuzz};
use serde_json::json;

use crate::{
    certificate::Certificate,
    crypto::open,
    tests::{listening::sealed, now},
    wire::EncryptedContent,
};

#[test]
fn what_is_opened_is_what_was_sealed() {
    let certificate = Certificate::generate(now()).unwrap();
    let plain = json!({ "id": "1", "body": { "content": "hello" } });
    let whole: EncryptedContent = serde_json::from_value(sealed(&plain, &certificate)).unwrap();
    fuzz(check!(), |choices| {
        let mut content = whole.clone();
        let field = match choices.below(3) {
            0 => &mut content.data,
            1 => &mut content.data_signature,
            _ => &mut content.data_key,
        };
        let mut bytes = BASE64_STANDARD.decode(&*field).unwrap();
        let at = choices.below(bytes.len());
        match choices.below(4) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= choices.byte(),
            2 => bytes.splice(at..at, choices.take(40).iter().copied()).for_each(drop),
            _ => {}
        }
        *field = match choices.below(8) {
            0 => String::from_utf8_lossy(choices.take(200)).into_owned(),
            _ => BASE64_STANDARD.encode(bytes),
        };
        if let Ok(opened) = open(&content, certificate.key().unwrap()) {
            assert_eq!(opened, plain.to_string().into_bytes());
        }
    });
}
