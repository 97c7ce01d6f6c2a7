//! Channels, accounts, conversations with one person.

use std::collections::BTreeSet;

use rialto_model::{AccountKind, RemoteId};
use serde_json::json;

use super::{Emulator, Stage, field};
use crate::NewConversation;

pub async fn channels_are_listed_once_and_found_by_their_ids<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let mut listed = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let found = stage.connection.conversations(page.as_deref()).await.unwrap();
        listed.extend(found.items);
        page = found.next;
        if page.is_none() {
            break;
        }
    }
    let ids: BTreeSet<RemoteId> = listed.iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids.len(), listed.len(), "one is listed twice");
    let channel = listed.into_iter().find(|it| it.id == stage.channel).unwrap();
    let asked = stage.connection.conversation(&stage.channel).await.unwrap().unwrap();
    assert_eq!((&asked.name, asked.private), (&channel.name, channel.private));
    let nowhere = stage.connection.conversation(&"nowhere".into()).await;
    assert!(matches!(nowhere, Ok(None)), "{nowhere:?}");
}

pub async fn joining_twice_is_joining_once<E: Emulator>() {
    let stage = Stage::<E>::before_joining().await;
    for _ in 0..2 {
        stage.connection.join(&stage.channel).await.unwrap();
        let channel = stage.connection.conversation(&stage.channel).await.unwrap().unwrap();
        assert!(channel.joined);
    }
}

pub async fn a_new_name_is_seen<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    stage.act("Ann Lee", "rename", json!({ "name": "renamed" })).await;
    let channel = stage.connection.conversation(&stage.channel).await.unwrap().unwrap();
    assert_eq!(channel.name, "renamed");
    let kept = stage.connection.upkeep(std::slice::from_ref(&stage.channel)).await.unwrap();
    let seen = kept.seen.into_iter().find(|it| it.id == stage.channel).unwrap();
    assert_eq!(seen.name, "renamed", "upkeep tells of it, whatever webhooks do");
}

pub async fn a_channel_is_made_and_can_be_written_to<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let parents = stage.connection.parents().await.unwrap();
    let parent = E::PARENT.map(|name| parents.iter().find(|it| it.1 == name).unwrap().0.clone());
    assert_eq!(parent.is_some(), stage.platform.manifest().needs_parent);
    let new = NewConversation {
        name: "launch plans".into(),
        parent,
        private: false,
        members: Vec::new(),
        topic: None,
    };
    let made = stage.connection.create_conversation(&new).await.unwrap();
    let part = stage.part("first");
    let post = crate::Post { to: &made.id, thread: None, part: &part, files: &[] };
    stage.connection.post(&post, &stage.begun(&part)).await.unwrap();
    let found = stage.connection.conversation(&made.id).await.unwrap().unwrap();
    assert_eq!(found.name, made.name);
}

pub async fn accounts_are_found_by_id_and_by_address<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let bob = stage.connection.account_by_email("bob@acme.example").await.unwrap().unwrap();
    assert_eq!((bob.name.as_str(), &bob.kind), ("Bob Ray", &AccountKind::Person));
    assert_eq!(bob.email.as_deref(), Some("bob@acme.example"));
    let loud = stage.connection.account_by_email("Bob@ACME.Example").await.unwrap();
    assert_eq!(loud.as_ref(), Some(&bob), "an address is the same in any letters' case");
    let again = stage.connection.account(&bob.id).await.unwrap().unwrap();
    assert_eq!((again.name, again.email), (bob.name, bob.email));
    assert!(!stage.connection.is_own(&bob.id).await.unwrap());
    let nobody = stage.connection.account_by_email("nobody@acme.example").await;
    assert!(matches!(nobody, Ok(None)), "{nobody:?}");
}

pub async fn a_person_is_told_something_in_private<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let bob = stage.connection.account_by_email("bob@acme.example").await.unwrap().unwrap();
    let before = stage.view().await;
    let with = stage.connection.direct(&bob.id).await.unwrap();
    assert_eq!(stage.connection.direct(&bob.id).await.unwrap(), with, "there is one alone");
    let part = stage.part("for you alone");
    let post = crate::Post { to: &with, thread: None, part: &part, files: &[] };
    stage.connection.post(&post, &stage.begun(&part)).await.unwrap();
    let seen = stage.bob_sees(&with).await;
    assert!(seen.iter().any(|it| field(it, "text").contains("for you alone")), "{seen:?}");
    assert_eq!(stage.view().await, before, "nobody else sees it");
}

pub async fn the_nest_is_made_once<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let heard = std::slice::from_ref(&stage.channel);
    let before = stage.view().await;
    let nest = stage.connection.nest(heard, false).await.unwrap();
    assert_eq!(stage.connection.nest(heard, false).await.unwrap(), nest);
    stage.cabinet.entries.lock().remove("nest");
    let found = stage.restarted().nest(heard, false).await.unwrap();
    assert_eq!(found.conversation, nest.conversation, "it is found again by its name");
    assert_eq!(stage.view().await, before, "nobody sees anything of it");
}
