//! What people do, as it is told.

use rialto_model::{AttachmentKind, EventKind, MentionTarget, Own, Revision, Signal};
use rialto_platform::HistoryRequest;
use serde_json::{Value, json};

use super::support::{World, part};

async fn listening() -> World {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    world
}

#[tokio::test]
async fn a_message_is_read_when_it_is_told_of() {
    let world = listening().await;
    let text = "**hi** <@personEmail:bob@acme.example|Bob>\nsee https://a.example/x_y";
    let id = world.post(text).await;
    let told = world.told().await;
    let [(fact, events)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(fact.key, format!("m:{id}"));
    assert_eq!(fact.workspace.as_str().len(), 36, "{}", fact.workspace);
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event.conversation, world.room("general").await);
    let EventKind::Message(state) = &event.kind else { panic!("{event:?}") };
    assert_eq!((&state.id, state.revision, &state.own), (&id, Revision(0), &Own::No));
    assert_eq!(state.author.account.as_ref(), Some(&world.person("Ann Lee").await));
    assert_eq!(state.author.name, "ann@acme.example", "all that Webex says of her here");
    assert_eq!(state.content.text.plain_text(), "hi @Bob\nsee https://a.example/x_y");
    let mut mentioned = Vec::new();
    state.content.text.clone().for_each_line(&mut |line| {
        for inline in line {
            if let rialto_model::Inline::Mention(mention) = inline {
                mentioned.push(mention.target.clone());
            }
        }
    });
    assert_eq!(mentioned, [MentionTarget::Account(world.person("Bob Ray").await)]);
}

#[tokio::test]
async fn mentions_are_mentions_also_where_webex_shows_their_addresses() {
    let world = listening().await;
    let fault = json!({ "target": "api", "kind": "special", "name": "plain_mentions" });
    world.fault(fault).await;
    let (bob, since) = (world.person("Bob Ray").await, world.now());
    world
        .says_by_app("Bob Ray is <@personEmail:bob@acme.example>, mail **ann@acme.example**")
        .await;
    let general = world.room("general").await;
    let past = HistoryRequest { conversation: &general, since, whole: true, page: None };
    let [listed] = world.connection.history(past).await.unwrap().events.try_into().unwrap();
    let EventKind::Message(listed) = listed.kind else { panic!("{listed:?}") };
    for state in [world.message().await, *listed] {
        let text = state.content.text;
        assert_eq!(text.plain_text(), "Bob Ray is @Bob Ray, mail ann@acme.example");
        let rialto_model::Block::Paragraph(line) = &text.blocks[0] else { panic!("{text:?}") };
        let target = MentionTarget::Account(bob.clone());
        let mention = rialto_model::Mention { target, name: "Bob Ray".into() };
        assert_eq!(line[1], rialto_model::Inline::Mention(mention));
    }
}

#[tokio::test]
async fn addresses_that_are_typed_are_links() {
    let world = listening().await;
    world.post("see https://a.example/x_y, ok").await;
    let text = world.message().await.content.text;
    let rialto_model::Block::Paragraph(line) = &text.blocks[0] else { panic!("{text:?}") };
    let url = |it: &rialto_model::Inline| match it {
        rialto_model::Inline::Link { url, .. } => Some(url.clone()),
        _ => None,
    };
    assert_eq!(line.iter().find_map(url).as_deref(), Some("https://a.example/x_y"));
}

#[tokio::test]
async fn replies_edits_and_deletions_are_of_their_message() {
    let world = listening().await;
    let root = world.post("root").await;
    world.told().await;
    let reply = json!({ "as": "Bob Ray", "do": "reply", "channel": "general", "id": root, "text": "reply" });
    let reply = world.act(reply).await["id"].as_str().unwrap().to_owned();
    assert_eq!(world.message().await.thread.as_ref(), Some(&root));
    let edit = json!({ "as": "Bob Ray", "do": "edit", "id": reply, "text": "changed" });
    world.act(edit).await;
    let told = world.told().await;
    let [(fact, events)] = &told[..] else { panic!("{told:?}") };
    let EventKind::Message(state) = &events[0].kind else { panic!("{events:?}") };
    assert!(fact.key.starts_with(&format!("e:{reply}:")), "{}", fact.key);
    assert_eq!(state.revision, Revision(events[0].at.as_microsecond()));
    assert!(state.revision > Revision(0));
    assert_eq!(state.content.text.plain_text(), "changed");
    world.act(json!({ "as": "Bob Ray", "do": "delete", "id": reply })).await;
    let [event] = world.events().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::Deleted { message: reply.as_str().into() });
}

#[tokio::test]
async fn two_edits_within_a_second_are_two_where_webex_tells_times_to_the_second() {
    let world = listening().await;
    world.fault(json!({ "target": "api", "kind": "special", "name": "whole_seconds" })).await;
    let id = world.post("one").await;
    let general = world.room("general").await;
    let since = world.now();
    let mut last = Revision(-1);
    // Told of, or found in the past.
    for (text, told) in [("one", true), ("two", true), ("three", true), ("four", false)] {
        if text != "one" {
            world.act(json!({ "as": "Ann Lee", "do": "edit", "id": id, "text": text })).await;
        }
        let state = world.message().await;
        let listed = match told {
            true => state,
            false => {
                let past =
                    HistoryRequest { conversation: &general, since, whole: true, page: None };
                let [event] =
                    world.connection.history(past).await.unwrap().events.try_into().unwrap();
                let EventKind::Message(state) = event.kind else { panic!("{event:?}") };
                *state
            }
        };
        assert_eq!(listed.content.text.plain_text(), text);
        assert_eq!(listed.posted_at.subsec_nanosecond(), 0, "{text}");
        assert!(listed.revision > last, "{text}: {:?} after {last:?}", listed.revision);
        last = listed.revision;
    }
}

#[tokio::test]
async fn what_was_said_within_a_second_stays_in_order_where_webex_tells_times_to_the_second() {
    let world = World::start().await;
    world.fault(json!({ "target": "api", "kind": "special", "name": "whole_seconds" })).await;
    let (general, since) = (world.room("general").await, world.now());
    let mut said = Vec::new();
    for number in 0..20 {
        said.push(world.post(&format!("m{number}")).await);
    }
    let past = HistoryRequest { conversation: &general, since, whole: true, page: None };
    let mut listed: Vec<_> = world
        .connection
        .history(past)
        .await
        .unwrap()
        .events
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Message(state) => Some((state.posted_at, state.id)),
            _ => None,
        })
        .collect();
    listed.sort();
    assert_eq!(listed.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), said);
}

#[tokio::test]
async fn what_is_gone_before_it_is_read_is_counted() {
    let world = listening().await;
    let id = world.post("oops").await;
    world.act(json!({ "as": "Ann Lee", "do": "delete", "id": id })).await;
    let kinds: Vec<_> = world.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::Ignored { reason: "message gone before it was read".into() },
            EventKind::Deleted { message: id },
        ]
    );
}

#[tokio::test]
async fn what_the_service_user_says_is_known_by_how_it_reads() {
    let world = listening().await;
    let general = world.room("general").await;
    for text in ["hello", "1. no list\n\n`code` *x* 3 < 4 & ~~so~~ 🎉", "- a\n- b"] {
        let part = part(world.connection.as_ref(), &general, text);
        let post = rialto_platform::Post { to: &general, thread: None, part: &part, files: &[] };
        let id = world.connection.post(&post, &world.begun()).await.unwrap();
        let state = world.message().await;
        assert_eq!(state.id, id);
        assert_eq!(state.own, Own::Account { fingerprint: part.fingerprint }, "{text}");
    }
}

#[tokio::test]
async fn files_are_named_by_a_look_at_them() {
    let world = listening().await;
    let deed = json!({ "as": "Ann Lee", "do": "post", "channel": "general", "text": "",
        "files": [{ "name": "café.png", "mime": "image/png", "random_bytes": 5_000 }] });
    world.act(deed).await;
    let state = world.message().await;
    let [file] = &state.content.attachments[..] else { panic!("{state:?}") };
    assert_eq!((file.name.as_str(), file.mime.as_str()), ("café.png", "image/png"));
    assert_eq!((file.size, file.kind), (Some(5_000), AttachmentKind::Image));
    assert!(state.content.text.is_blank());
}

#[tokio::test]
async fn who_comes_and_goes_is_told() {
    let world = listening().await;
    let (general, own) = (world.room("general").await, world.person("Rialto").await);
    let bob = world.person("Bob Ray").await;
    let person = |what: &str, who: &str| json!({ "as": "Ann Lee", "do": what, "channel": "general", "person": who });
    for (deed, expected) in
        [(person("remove", "Bob Ray"), false), (person("invite", "Bob Ray"), true)]
    {
        world.act(deed).await;
        let [event] = world.events().await.try_into().unwrap();
        assert_eq!(event.conversation, general);
        let EventKind::Membership { author, joined } = event.kind else { panic!("{event:?}") };
        assert_eq!((author.account.as_ref(), joined), (Some(&bob), expected));
        assert_eq!(author.name, "Bob Ray");
    }
    world.act(person("remove", own.as_str())).await;
    let [event] = world.events().await.try_into().unwrap();
    assert!(matches!(event.kind, EventKind::Signal(Signal::Closed { .. })), "{event:?}");
    world.act(person("invite", own.as_str())).await;
    let [event] = world.events().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::Signal(Signal::Missed));
    world
        .act(json!({ "as": "Ann Lee", "do": "rename", "channel": "general", "name": "all" }))
        .await;
    let [event] = world.events().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::Signal(Signal::Upkeep));
}

#[tokio::test]
async fn what_nobody_has_heard_of_is_counted_and_never_quoted() {
    let world = World::start().await;
    for (resource, event, reason) in [
        ("attachmentActions", "created", "event attachmentActions created"),
        ("Ann's secret plan", "created", "event unknown"),
        ("", "", "event unknown"),
    ] {
        let call = json!({ "resource": resource, "event": event, "data": { "roomId": "r" } });
        let events = world.connection.normalize(call.to_string().as_bytes()).await.unwrap();
        assert_eq!(events[0].kind, EventKind::Ignored { reason: reason.into() });
    }
    assert!(world.connection.normalize(b"nonsense").await.is_err());
}

#[tokio::test]
async fn the_past_is_read_page_by_page_and_what_is_missing_was_deleted() {
    let special = |names: &[&str]| -> Vec<Value> {
        let fault = |name: &&str| json!({ "target": "api", "method": "GET /messages*", "kind": "special", "name": name });
        names.iter().map(fault).collect()
    };
    for faults in [special(&[]), special(&["no_link"]), special(&["no_link", "whole_seconds"])] {
        let world = World::start().await;
        for fault in faults {
            world.fault(fault).await;
        }
        the_past_is_whole(&world).await;
    }
}

async fn the_past_is_whole(world: &World) {
    let general = world.room("general").await;
    let start = world.now();
    let root = world.post("root").await;
    let mut ids = vec![root.clone()];
    for index in 0..120 {
        let deed = json!({ "as": "Bob Ray", "do": "post", "channel": "general",
            "text": format!("m{index}"), "thread": if index == 7 { Value::from(root.as_str()) } else { Value::Null } });
        ids.push(world.act(deed).await["id"].as_str().unwrap().into());
        if index % 40 == 0 {
            world.sandbox.core().clock.advance(std::time::Duration::from_secs(2));
        }
    }
    world.act(json!({ "as": "Bob Ray", "do": "delete", "id": ids[3] })).await;
    world.act(json!({ "as": "Bob Ray", "do": "edit", "id": ids[4], "text": "edited" })).await;
    let (mut seen, mut page, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let request = HistoryRequest {
            conversation: &general,
            since: start,
            whole: true,
            page: page.as_deref(),
        };
        let read = world.connection.history(request).await.unwrap();
        // Only who has read all of it knows what is missing.
        assert_eq!(read.complete_since.is_some(), read.next.is_none());
        let complete = read.complete_since.unwrap_or_default();
        assert!(complete < start, "edits of older messages are looked for too");
        if pages == 1 {
            assert!(read.threads.contains(&root));
        }
        seen.extend(read.events);
        pages += 1;
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(pages, 2);
    let states = seen.iter().filter_map(|event| match &event.kind {
        EventKind::Message(state) => Some(state),
        _ => None,
    });
    let states: std::collections::BTreeMap<_, _> =
        states.map(|state| (state.id.clone(), state)).collect();
    assert_eq!(states.len(), 120);
    assert!(!states.contains_key(&ids[3]));
    assert!(states[&ids[4]].revision > Revision(0) && states[&ids[5]].revision == Revision(0));
    assert_eq!(states[&ids[8]].thread.as_ref(), Some(&root));
    // What is older is not read again.
    world.sandbox.core().clock.advance(std::time::Duration::from_secs(26 * 3_600));
    let since = world.now();
    let request = HistoryRequest { conversation: &general, since, whole: true, page: None };
    let read = world.connection.history(request).await.unwrap();
    assert_eq!((read.events, read.next), (vec![], None));
}
