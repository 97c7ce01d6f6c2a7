//! What webhooks tell, and what the past tells where they did not.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rialto_model::{Emoji, EventKind, Feature, Own, RemoteId, Support};
use secrecy::SecretString;
use serde_json::json;

use super::{
    Emulator, Stage, ear,
    stage::{both, messages},
};
use crate::Received;

pub async fn what_people_say_is_heard<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let id = stage.says("good morning").await;
    let [said] = stage.messages().await.try_into().unwrap();
    assert_eq!((&said.id, said.content.text.plain_text().as_str()), (&id, "good morning"));
    assert_eq!((&said.thread, said.broadcast, &said.own), (&None, false, &Own::No));
    let author = said.author.account.unwrap();
    let account = stage.connection.account(&author).await.unwrap().unwrap();
    assert_eq!(account.name, "Ann Lee");
}

pub async fn replies_edits_and_deletions_are_heard<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let root = stage.says("question").await;
    let before = stage.messages().await.pop().unwrap().revision;
    let reply = stage.says_to("reply", &root, "answer").await;
    let [said] = stage.messages().await.try_into().unwrap();
    assert_eq!((said.id, said.thread), (reply.clone(), Some(root.clone())));
    let mut revision = before;
    for text in ["better question", "best question"] {
        // Some platforms date edits to the second.
        stage.control.post("/clock", &json!({ "advance_ms": 1_500 })).await;
        stage.says_to("edit", &root, text).await;
        let changed: Vec<_> =
            stage.messages().await.into_iter().filter(|it| it.id == root).collect();
        let changed = changed.last().unwrap();
        assert_eq!(changed.content.text.plain_text(), text);
        assert!(changed.revision > revision, "{:?} {revision:?}", changed.revision);
        revision = changed.revision;
    }
    stage.act("Ann Lee", "delete", stage.emulator.of(reply.as_str())).await;
    let gone =
        |kind: &EventKind| matches!(kind, EventKind::Deleted { message } if *message == reply);
    let events = stage.told().await;
    assert!(events.iter().any(|event| gone(&event.kind)), "{events:?}");
}

/// Whether 🎉 is there, as the last event about it tells.
fn reacted(events: &[rialto_model::Event], id: &RemoteId) -> Option<bool> {
    let party = Emoji::Unicode("🎉".into());
    events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Reaction { message, emoji, present, .. } if message == id => {
            (*emoji == party).then_some(*present)
        }
        EventKind::Reactions { message, reactions } if message == id => {
            Some(reactions.iter().any(|it| it.emoji == party))
        }
        _ => None,
    })
}

pub async fn reactions_are_heard_as_the_table_says<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let heard = stage.heard(Feature::Reaction);
    let id = stage.says("done").await;
    stage.told().await;
    for (deed, present) in [("react", true), ("unreact", false)] {
        let party = both(stage.emulator.of(id.as_str()), stage.emulator.party());
        let done = stage.try_to("Bob Ray", deed, party).await;
        let told = reacted(&stage.told().await, &id);
        if matches!(heard, Support::None(_)) {
            assert_eq!(told, None, "{deed} is heard after all");
        } else {
            done.unwrap();
            assert_eq!(told, Some(present), "{deed}");
        }
    }
}

pub async fn a_webhook_with_another_secret_is_refused<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    stage.says("good morning").await;
    let mut other = stage.app.clone();
    for secret in other.secrets.values_mut() {
        *secret = SecretString::from("another-secret");
    }
    let calls = stage.calls().await;
    assert!(!calls.is_empty());
    for call in calls {
        let received = stage.received(&call, &other, stage.now());
        assert!(matches!(received, Received::Refused(_)), "{received:?}");
        let received = stage.received(&call, &stage.app, stage.now());
        assert!(matches!(received, Received::Inbound { .. }), "{received:?}");
    }
}

pub async fn an_old_webhook_is_refused_where_it_has_a_time<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    stage.says("good morning").await;
    let window = stage.platform.manifest().webhook_window;
    for call in stage.calls().await {
        let refused = |off: SignedDuration| {
            let received = stage.received(&call, &stage.app, stage.now() + off);
            matches!(received, Received::Refused(_))
        };
        let Some(window) = window else {
            assert!(!refused(SignedDuration::from_hours(1)));
            continue;
        };
        let (near, far) = (SignedDuration::from_secs(10), SignedDuration::from_secs(30));
        assert!(!refused(window - near) && !refused(near - window), "within the window");
        assert!(refused(window + far) && refused(-window - far), "outside of it");
    }
}

pub async fn a_webhook_that_comes_twice_has_one_key<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let id = stage.says("good morning").await;
    stage.says_to("edit", &id, "good evening").await;
    let calls = stage.calls().await;
    let mut now = stage.now();
    let facts = |all: &[ear::Call], now| -> BTreeSet<(RemoteId, String)> {
        let all = all.iter().flat_map(|it| ear::facts(stage.received(it, &stage.app, now)));
        all.filter(|it| it.conversation == stage.channel)
            .map(|it| (it.conversation, it.key))
            .collect()
    };
    let once = facts(&calls, now);
    assert!(once.len() >= 2, "a message and its edit are two facts: {once:?}");
    if E::SAYS_WHICH_EDIT {
        now += SignedDuration::from_secs(1);
    }
    assert_eq!(facts(&[calls.clone(), calls].concat(), now), once);
}

pub async fn what_cannot_be_read_is_no_crash<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    for payload in ["", "{}", "[]", "null", "{\"event\":{\"type\":7}}", "\u{0}"] {
        if let Ok(events) = stage.connection.normalize(payload.as_bytes()).await {
            let ignored = |kind: &EventKind| matches!(kind, EventKind::Ignored { .. });
            assert!(events.iter().all(|it| ignored(&it.kind)), "{payload}: {events:?}");
        }
    }
}

pub async fn the_past_is_read_to_its_end_from_a_time_on<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let began = stage.now();
    let mut ids = Vec::new();
    for number in 0..110 {
        ids.push(stage.says(&format!("number {number}")).await);
    }
    let reply = stage.says_to("reply", &ids[30], "an answer").await;
    let ours = stage.say_plain("ours").await;
    let (events, pages) = stage.past(began - SignedDuration::from_secs(5)).await;
    assert!(pages > 1, "nothing was left for another page");
    let found = messages(events);
    for (number, id) in ids.iter().enumerate() {
        let all: Vec<_> = found.iter().filter(|it| it.id == *id).collect();
        assert!(!all.is_empty(), "number {number} is not there");
        for state in all {
            assert_eq!(state.content.text.plain_text(), format!("number {number}"));
            assert_eq!(state.own, Own::No);
        }
    }
    let answer = found.iter().find(|it| it.id == reply).unwrap();
    assert_eq!(answer.thread.as_ref(), Some(&ids[30]));
    assert_ne!(found.iter().find(|it| it.id == ours).unwrap().own, Own::No);
    let later = stage.now() + SignedDuration::from_hours(49);
    let none = messages(stage.past(later).await.0);
    assert!(none.is_empty(), "{} are from before", none.len());
}
