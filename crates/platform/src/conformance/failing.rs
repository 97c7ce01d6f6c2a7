//! What goes wrong, and what is made of it.

use jiff::SignedDuration;
use serde_json::json;

use super::{Emulator, Stage};
use crate::{Post, ReadError, SendError};

/// A decision by its name.
fn decision(result: &Result<rialto_model::RemoteId, SendError>) -> &'static str {
    match result {
        Ok(_) => "Done",
        Err(SendError::RateLimited { .. }) => "RateLimited",
        Err(SendError::Transient(_)) => "Transient",
        Err(SendError::Unknown(_)) => "Unknown",
        Err(SendError::Revoked(_)) => "Revoked",
        Err(SendError::NoThread(_) | SendError::NoUpload(_)) => "Otherwise",
        Err(SendError::Permanent(_)) => "Permanent",
    }
}

pub async fn each_failure_is_a_decision<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let status = |code: u16| json!({ "kind": "status", "code": code });
    for (fault, allowed) in [
        (json!({ "kind": "status", "code": 429, "retry_after": 7 }), &["RateLimited"][..]),
        (status(500), &["Unknown", "Transient"]),
        (status(502), &["Unknown", "Transient"]),
        (status(503), &["Unknown", "Transient", "RateLimited"]),
        (json!({ "kind": "reset" }), &["Unknown", "Transient"]),
        (json!({ "kind": "lose_answer" }), &["Unknown"]),
    ] {
        stage.fault(E::POST, 1, &fault).await;
        let asked = stage.now();
        let sent = stage.post(&stage.part("once more"), None, &[]).await;
        assert!(allowed.contains(&decision(&sent)), "{fault}: {sent:?}");
        if let (Err(SendError::RateLimited { until, .. }), Some(wait)) =
            (&sent, fault["retry_after"].as_i64())
        {
            let waits = until.duration_since(asked);
            let wait = SignedDuration::from_secs(wait);
            assert!(waits >= wait && waits < wait * 2, "{waits:?}");
        }
    }
    let sent = stage.post(&stage.part("at last"), None, &[]).await;
    assert_eq!(decision(&sent), "Done", "{sent:?}");
    let part = stage.part("nowhere");
    let post = Post { to: &"nowhere".into(), thread: None, part: &part, files: &[] };
    let sent = stage.connection.post(&post, &stage.begun(&part)).await;
    assert_eq!(decision(&sent), "Permanent", "{sent:?}");
    stage.fault("*", 50, &status(503)).await;
    let read = stage.connection.account(&"nobody".into()).await;
    assert!(matches!(read, Err(ReadError::Transient { .. })), "{read:?}");
}

pub async fn an_answer_that_got_lost_is_found_again_and_nothing_else<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    stage.say_plain("something else").await;
    let before = stage.view().await.len();
    let part = stage.part("said once");
    let begun = stage.begun(&part);
    let post = Post { to: &stage.channel, thread: None, part: &part, files: &[] };
    stage.fault(E::POST, 1, &json!({ "kind": "lose_answer" })).await;
    let sent = stage.connection.post(&post, &begun).await;
    assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
    let view = stage.view().await;
    assert_eq!(view.len(), before + 1);
    let found = stage.connection.find_sent(&post, &begun).await.unwrap();
    let [found] = &found[..] else { panic!("{found:?}") };
    let seen = stage.sees(found).await.unwrap();
    assert!(seen["text"].as_str().unwrap().contains("said once"), "{seen}");
}

pub async fn what_was_not_posted_is_not_found<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    stage.says("not said by us").await;
    let part = stage.part("not said by us");
    let begun = stage.begun(&part);
    let post = Post { to: &stage.channel, thread: None, part: &part, files: &[] };
    let found = stage.connection.find_sent(&post, &begun).await.unwrap();
    assert_eq!(found, [], "what a person said is not ours");
    stage.fault("*", 50, &json!({ "kind": "status", "code": 503 })).await;
    let unknown = stage.connection.find_sent(&post, &begun).await;
    assert!(unknown.is_err(), "what could not be looked up is no `nothing`: {unknown:?}");
}
