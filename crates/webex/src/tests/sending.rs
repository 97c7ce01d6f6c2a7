//! Posting, finding, editing, deleting.

use rialto_model::{
    Attachment, AttachmentKind, Emoji, EventKind, Inline, Mention, MentionTarget, Own, RemoteId,
    RichText,
};
use rialto_platform::{HoldScope, MessageChange, Post, SendError, UploadedFile};
use serde_json::json;

use super::support::{World, part, saying};

async fn say(world: &World, to: &RemoteId, thread: Option<&RemoteId>, text: &str) -> RemoteId {
    let part = part(world.connection.as_ref(), to, text);
    let post = Post { to, thread, part: &part, files: &[] };
    world.connection.post(&post, &world.begun()).await.unwrap()
}

async fn edit(world: &World, to: &RemoteId, message: &RemoteId, text: &str) {
    let part = part(world.connection.as_ref(), to, text);
    let change = MessageChange::Edit { message, thread: None, part: &part, files: &[] };
    world.connection.change(to, &change).await.unwrap();
}

#[tokio::test]
async fn a_post_is_seen_with_its_author_and_in_its_thread() {
    let world = World::start().await;
    let general = world.room("general").await;
    let root = say(&world, &general, None, "a < b\n- no list").await;
    let reply = say(&world, &general, Some(&root), "reply").await;
    let view = world.view("general").await;
    assert_eq!(
        view[0]["html"],
        "<p><strong>Ada Byron</strong> <em>\u{200b}(Slack)\u{200b}</em><br>a &lt; b<br>- no list</p>"
    );
    assert_eq!((&view[1]["id"], &view[1]["thread"]), (&json!(reply), &json!(root)));
}

#[tokio::test]
async fn who_is_not_there_is_named_and_who_is_is_called() {
    let world = World::start().await;
    let locked = world.room("locked").await;
    let general = world.room("general").await;
    world
        .act(json!({ "as": "Ann Lee", "do": "invite", "channel": "locked", "person": "Rialto" }))
        .await;
    let bob = world.person("Bob Ray").await;
    let call = |target| Inline::Mention(Mention { target, name: "Bob_by".into() });
    let text = RichText {
        blocks: vec![rialto_model::Block::Paragraph(vec![
            call(MentionTarget::Account(bob.clone())),
            call(MentionTarget::Account("nobody".into())),
        ])],
    };
    for (to, name, called) in [(&general, "general", 1), (&locked, "locked", 0)] {
        let [part] = world.connection.render(&saying(to, text.clone(), vec![])).try_into().unwrap();
        let post = Post { to, thread: None, part: &part, files: &[] };
        let id = world.connection.post(&post, &world.begun()).await.unwrap();
        let view = world.view(name).await;
        let seen = view.last().unwrap();
        assert_eq!(seen["mentions"].as_array().unwrap().len(), called, "{seen}");
        assert!(seen["text"].as_str().unwrap().contains("Bob_by"), "{seen}");
        // However it is shown, it is found again.
        let found = world.connection.find_sent(&post, &world.begun()).await.unwrap();
        assert_eq!(found, [id], "{seen}");
    }
}

#[tokio::test]
async fn a_reply_to_what_is_gone_or_a_reply_itself_has_no_thread() {
    let world = World::start().await;
    let general = world.room("general").await;
    let root = world.post("root").await;
    let reply = say(&world, &general, Some(&root), "reply").await;
    let gone = world.post("gone").await;
    world.act(json!({ "as": "Ann Lee", "do": "delete", "id": gone })).await;
    let part = part(world.connection.as_ref(), &general, "hi");
    for thread in [&reply, &gone] {
        let post = Post { to: &general, thread: Some(thread), part: &part, files: &[] };
        let error = world.connection.post(&post, &world.begun()).await.unwrap_err();
        assert!(matches!(error, SendError::NoThread(_)), "{error:?}");
    }
    let nowhere = RemoteId::from("nowhere");
    let post = Post { to: &nowhere, thread: Some(&root), part: &part, files: &[] };
    let error = world.connection.post(&post, &world.begun()).await.unwrap_err();
    assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
}

#[tokio::test]
async fn a_limit_is_heeded_and_a_lost_answer_is_not_known() {
    let world = World::start().await;
    let general = world.room("general").await;
    let part = part(world.connection.as_ref(), &general, "hi");
    let post = Post { to: &general, thread: None, part: &part, files: &[] };
    let begun = world.begun();
    let fault = |kind: serde_json::Value| {
        let mut rule = json!({ "target": "api", "method": "POST /messages", "times": 1 });
        rule.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        world.fault(rule)
    };
    fault(json!({ "kind": "status", "code": 429, "retry_after": 30 })).await;
    let error = world.connection.post(&post, &begun).await.unwrap_err();
    let SendError::RateLimited { until, scope: HoldScope::Connection } = error else {
        panic!("{error:?}")
    };
    assert!(until.duration_since(world.now()).as_secs() >= 28);
    fault(json!({ "kind": "status", "code": 502 })).await;
    let error = world.connection.post(&post, &begun).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    assert_eq!(world.connection.find_sent(&post, &begun).await.unwrap(), []);
    fault(json!({ "kind": "lose_answer" })).await;
    let error = world.connection.post(&post, &begun).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    let found = world.connection.find_sent(&post, &begun).await.unwrap();
    let view = world.view("general").await;
    assert_eq!((view.len(), &view[0]["id"]), (1, &json!(found[0])));
}

#[tokio::test]
async fn what_was_sent_is_found_by_who_says_it_what_when_and_where() {
    let world = World::start().await;
    let general = world.room("general").await;
    let before = say(&world, &general, None, "same").await;
    world.sandbox.core().clock.advance(std::time::Duration::from_secs(120));
    let begun = world.begun();
    let root = world.post("**Ada** *(Slack)*\nsame").await;
    let first = say(&world, &general, None, "same").await;
    let reply = say(&world, &general, Some(&root), "same").await;
    let other = say(&world, &general, None, "other").await;
    let second = say(&world, &general, None, "same").await;
    let part = part(world.connection.as_ref(), &general, "same");
    let found = async |thread: Option<&RemoteId>| {
        let post = Post { to: &general, thread, part: &part, files: &[] };
        world.connection.find_sent(&post, &begun).await.unwrap()
    };
    assert_eq!(found(None).await, [first, second]);
    assert_eq!(found(Some(&root)).await, [reply]);
    assert!(!found(None).await.iter().any(|id| *id == before || *id == other));
}

#[tokio::test]
async fn what_was_sent_is_found_behind_a_full_page_also_where_no_page_names_the_next() {
    let world = World::start().await;
    let general = world.room("general").await;
    let no_link = json!({ "target": "api", "kind": "special", "name": "no_link" });
    world.fault(no_link).await;
    let begun = world.begun();
    let id = say(&world, &general, None, "same").await;
    for _ in 0..101 {
        world.post("something else").await;
    }
    let part = part(world.connection.as_ref(), &general, "same");
    let post = Post { to: &general, thread: None, part: &part, files: &[] };
    assert_eq!(world.connection.find_sent(&post, &begun).await.unwrap(), [id]);
}

#[tokio::test]
async fn what_is_taken_away_takes_along_what_was_said_of_it() {
    let world = World::start().await;
    let general = world.room("general").await;
    let (root, other) = (world.post("root").await, say(&world, &general, None, "stays").await);
    let id = say(&world, &general, Some(&root), "goes").await;
    for (message, thread) in [(&id, Some(&root)), (&other, None)] {
        for emoji in ["🎉", "🚀"].map(|it| Emoji::Unicode(it.into())) {
            let react = MessageChange::React { message, thread, emoji: &emoji };
            world.connection.change(&general, &react).await.unwrap();
        }
    }
    assert_eq!(world.view("general").await.len(), 7);
    let delete = MessageChange::Delete { message: &id, thread: Some(&root) };
    world.restarted().change(&general, &delete).await.unwrap();
    let left = world.view("general").await;
    assert!(left.iter().all(|it| it["thread"] != json!(root)), "{left:?}");
    assert_eq!(left.len(), 4, "{left:?}");
}

#[tokio::test]
async fn people_are_told_directly() {
    let world = World::start().await;
    let direct = world.connection.direct(&world.person("Bob Ray").await).await.unwrap();
    let part = part(world.connection.as_ref(), &direct, "not delivered");
    let post = Post { to: &direct, thread: None, part: &part, files: &[] };
    assert_eq!(world.connection.find_sent(&post, &world.begun()).await.unwrap(), []);
    let id = world.connection.post(&post, &world.begun()).await.unwrap();
    let found = world.connection.find_sent(&post, &world.begun()).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&id));
    edit(&world, &direct, &id, "delivered").await;
    let view = world.look("/webex/view?workspace=Acme&channel=@Rialto&as=Bob%20Ray").await;
    assert!(view["messages"][0]["text"].as_str().unwrap().ends_with("\ndelivered"), "{view}");
    let delete = MessageChange::Delete { message: &id, thread: None };
    world.connection.change(&direct, &delete).await.unwrap();
    world.connection.change(&direct, &delete).await.unwrap();
    let view = world.look("/webex/view?workspace=Acme&channel=@Rialto&as=Bob%20Ray").await;
    assert_eq!(view["messages"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn an_edit_is_made_once_however_often_it_is_asked_for() {
    let world = World::start().await;
    let general = world.room("general").await;
    let id = say(&world, &general, None, "one").await;
    for _ in 0..20 {
        edit(&world, &general, &id, "two").await;
    }
    assert_eq!(world.calls("PUT /messages/{messageId}").await, 1);
    assert!(world.texts("general").await[0].ends_with("\ntwo"));
}

#[tokio::test]
async fn after_ten_edits_a_reply_says_how_it_reads_now() {
    let world = World::start().await;
    world.connection.upkeep(&[]).await.unwrap();
    let general = world.room("general").await;
    let id = say(&world, &general, None, "v0").await;
    for version in 1..=10 {
        edit(&world, &general, &id, &format!("v{version}")).await;
    }
    world.told().await;
    edit(&world, &general, &id, "v11").await;
    let view = world.view("general").await;
    assert!(view[0]["text"].as_str().unwrap().ends_with("\nv10"), "{view:?}");
    assert_eq!((view.len(), &view[1]["thread"]), (2, &json!(id)));
    let said = view[1]["text"].as_str().unwrap();
    assert!(said.starts_with("This is how it reads now") && said.ends_with("\nv11"), "{said}");
    // It is nobody's message: the engine knows no such copy.
    let state = world.message().await;
    assert_eq!(state.own, Own::App { delivery: None });
    // Again, and anew: one reply, whoever remembers it.
    edit(&world, &general, &id, "v11").await;
    assert_eq!(world.view("general").await.len(), 2);
    let part = part(world.connection.as_ref(), &general, "v12");
    let change = MessageChange::Edit { message: &id, thread: None, part: &part, files: &[] };
    world.restarted().change(&general, &change).await.unwrap();
    let view = world.view("general").await;
    assert!(view.len() == 2 && view[1]["text"].as_str().unwrap().ends_with("\nv12"), "{view:?}");
    // What is deleted is not to be read in a reply either.
    let delete = MessageChange::Delete { message: &id, thread: None };
    world.connection.change(&general, &delete).await.unwrap();
    assert_eq!(world.view("general").await.len(), 0);
    let events = world.events().await;
    assert!(events.iter().any(|it| matches!(it.kind, EventKind::Deleted { .. })));
}

#[tokio::test]
async fn a_reply_whose_making_was_not_answered_is_found_again() {
    let world = World::start().await;
    let general = world.room("general").await;
    let id = say(&world, &general, None, "v0").await;
    for version in 1..=10 {
        edit(&world, &general, &id, &format!("v{version}")).await;
    }
    let lose =
        json!({ "target": "api", "method": "POST /messages", "kind": "lose_answer", "times": 1 });
    world.fault(lose).await;
    let part = part(world.connection.as_ref(), &general, "v11");
    let change = MessageChange::Edit { message: &id, thread: None, part: &part, files: &[] };
    let error = world.connection.change(&general, &change).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    world.restarted().change(&general, &change).await.unwrap();
    assert_eq!(world.view("general").await.len(), 2);
}

#[tokio::test]
async fn two_replies_that_say_the_same_are_not_taken_for_each_other() {
    let world = World::start().await;
    let general = world.room("general").await;
    let root = say(&world, &general, None, "root").await;
    let below = say(&world, &general, Some(&root), "below").await;
    let lost = json!({ "kind": "lose_answer" });
    // The first is made, not answered and found; the second is not made at the first try.
    for (message, emoji, mut fault) in [
        (&root, "👍🏿", lost.clone()),
        (&root, "👍", lost),
        (&below, "👍", json!({ "kind": "status", "code": 503 })),
    ] {
        fault["target"] = "api".into();
        fault["method"] = "POST /messages".into();
        fault["times"] = 1.into();
        world.fault(fault).await;
        let emoji = &Emoji::Unicode(emoji.into());
        let react = MessageChange::React { message, thread: None, emoji };
        world.connection.change(&general, &react).await.unwrap_err();
        world.restarted().change(&general, &react).await.unwrap();
    }
    let mut texts = world.texts("general").await.split_off(2);
    texts.sort();
    let light = "Rialto reacts to this with 👍";
    assert_eq!(texts, [light, light, "Rialto reacts to this with 👍🏿"]);
}

#[tokio::test]
async fn a_file_stays_while_words_come_to_it_and_go() {
    let world = World::start().await;
    let general = world.room("general").await;
    let attachment = Attachment {
        remote: "elsewhere".into(),
        name: "plan.pdf".into(),
        mime: "application/pdf".into(),
        size: Some(3),
        kind: AttachmentKind::File,
    };
    let body = super::files::body(b"abc");
    let handle = world.connection.upload(&general, &attachment, body).await.unwrap();
    let outgoing = saying(&general, RichText::default(), vec![attachment.clone()]);
    let [file] = world.connection.render(&outgoing).try_into().unwrap();
    let files = [UploadedFile { attachment: &attachment, outcome: Ok(&handle) }];
    let post = Post { to: &general, thread: None, part: &file, files: &files };
    world.connection.post(&post, &world.begun()).await.unwrap();
    let posted = world.view("general").await;
    assert_eq!(posted[0]["files"][0]["name"], "plan.pdf");

    let outgoing = saying(&general, RichText::plain("now with words"), vec![attachment.clone()]);
    let [words, still] = world.connection.render(&outgoing).try_into().unwrap();
    assert_eq!(still.key, file.key, "it is the file's post still");
    let post = Post { to: &general, thread: None, part: &words, files: &[] };
    let caption = world.connection.post(&post, &world.begun()).await.unwrap();
    let view = world.view("general").await;
    assert_eq!((view.len(), &view[0]), (2, &posted[0]));
    assert!(view[1]["text"].as_str().unwrap().ends_with("\nnow with words"), "{view:?}");

    let delete = MessageChange::Delete { message: &caption, thread: None };
    world.connection.change(&general, &delete).await.unwrap();
    assert_eq!(world.view("general").await, posted);
}
