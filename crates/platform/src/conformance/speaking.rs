//! Posts, and what is changed about them.

use jiff::SignedDuration;
use rialto_model::{
    Block, Emoji, EventKind, Feature, Inline, Own, PartKey, RichText, Style,
    Support::{self, Emulated, Native},
};

use super::{Emulator, Stage, field};
use crate::{MessageChange, Post, SendError};

pub async fn a_post_is_seen_and_comes_back_as_our_own<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let id = stage.say_plain("from elsewhere").await;
    let seen = stage.sees(&id).await.unwrap();
    assert!(seen["text"].as_str().unwrap().contains("from elsewhere"), "{seen}");
    let [echo] = stage.messages().await.try_into().unwrap();
    assert_eq!(echo.id, id);
    match echo.own {
        Own::No => panic!("it is taken for somebody else's"),
        Own::App { .. } => {}
        Own::Account { fingerprint } => {
            assert_eq!(fingerprint, stage.part("from elsewhere").fingerprint);
        }
    }
}

/// Nothing of it is a person's: neither its posts, one whose answer was lost included, nor its reactions.
pub async fn what_rialto_did_stays_its_own_when_somebody_else_signs_in<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let (part, message) = (stage.part("from elsewhere"), &stage.says("hello").await);
    let post = Post { to: &stage.channel, thread: None, part: &part, files: &[] };
    let begun = stage.begun(&part);
    let ours = stage.connection.post(&post, &begun).await.unwrap();
    let emoji = &Emoji::Unicode("🎉".into());
    let react = MessageChange::React { message, thread: None, emoji };
    stage.connection.change(&stage.channel, &react).await.unwrap();
    let heard = stage.messages().await.into_iter().find(|it| it.id == ours).unwrap();

    for (key, value) in stage.authorize_as("Ann Lee", true).await.unwrap().cabinet {
        crate::Cabinet::put(stage.cabinet.as_ref(), &key, value).await.unwrap();
    }
    let later = stage.restarted();
    assert!(later.is_own(&heard.author.account.unwrap()).await.unwrap());
    assert_eq!(later.find_sent(&post, &begun).await.unwrap(), [ours]);
    let since = begun.at() - SignedDuration::from_secs(5);
    let (past, _) = stage.past_of(later.as_ref(), since).await;
    for event in past {
        match event.kind {
            // Ann is who signs in, and may have typed it: the fingerprint tells.
            EventKind::Message(state) if state.id != *message => assert_ne!(state.own, Own::No),
            EventKind::Reactions { reactions, .. } => assert_eq!(reactions, []),
            _ => {}
        }
    }
}

pub async fn the_author_is_shown_as_the_table_says<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let id = stage.say_plain("hello").await;
    let seen = stage.sees(&id).await.unwrap();
    let named = seen["author"]["name"] == "Ada Byron";
    assert_eq!(named, stage.shown(Feature::AuthorName) == Native, "{seen}");
    let in_text = seen["text"].as_str().unwrap().contains("Ada Byron");
    assert!(named || in_text, "{seen}");
    let pictured = seen["author"]["avatar"] == "https://pictures.acme.example/ada.png";
    assert_eq!(pictured, stage.shown(Feature::AuthorPicture) == Native, "{seen}");
}

pub async fn a_reply_is_in_its_thread<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let theirs = stage.says("a question").await;
    let ours = stage.say_plain("our own").await;
    for root in [theirs, ours] {
        let reply = stage.post(&stage.part("an answer"), Some(&root), &[]).await.unwrap();
        let seen = stage.sees(&reply).await.unwrap();
        assert_eq!(seen["thread"], root.as_str(), "{seen}");
    }
}

/// Where a platform does not mind, the reply is made, in the thread; never does it count as failed for
/// good.
pub async fn a_reply_to_what_is_gone_says_so<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let root = stage.says("soon gone").await;
    stage.act("Ann Lee", "delete", stage.emulator.of(root.as_str())).await;
    match stage.post(&stage.part("an answer"), Some(&root), &[]).await {
        Ok(reply) => {
            let seen = stage.sees(&reply).await.unwrap();
            assert_eq!(seen["thread"], root.as_str(), "{seen}");
        }
        Err(SendError::NoThread(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}

pub async fn a_broadcast_is_shown_as_the_table_says<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let root = stage.says("a question").await;
    let mut outgoing = stage.outgoing(RichText::plain("for all"));
    (outgoing.thread, outgoing.broadcast) = (Some(root.clone()), true);
    stage.say(&outgoing).await;
    let view = stage.view().await;
    let with: Vec<_> =
        view.iter().filter(|it| it["text"].as_str().unwrap().contains("for all")).collect();
    let in_thread = with.iter().filter(|it| it["thread"] == root.as_str()).count();
    let in_channel = with.iter().filter(|it| it["broadcast"] == true || it["thread"].is_null());
    assert_eq!((in_thread, in_channel.count()), (1, 1), "{with:?}");
    let one = with.iter().any(|it| it["broadcast"] == true);
    assert_eq!(one, stage.shown(Feature::Broadcast) == Native);
}

/// Something bold.
fn bold(text: &str) -> RichText {
    let style = Style { bold: true, ..Style::PLAIN };
    RichText { blocks: vec![Block::Paragraph(vec![Inline::styled(text, style)])] }
}

pub async fn an_edit_is_seen_as_the_table_says<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let message = &stage.say_plain("first").await;
    let [part] = stage.connection.render(&stage.outgoing(bold("second"))).try_into().unwrap();
    let change = MessageChange::Edit { message, thread: None, part: &part, files: &[] };
    for _ in 0..2 {
        stage.connection.change(&stage.channel, &change).await.unwrap();
        let seen = stage.sees(message).await.unwrap();
        let text = seen["text"].as_str().unwrap();
        assert!(text.contains("second") && !text.contains("first"), "{seen}");
        let formatted = seen["html"].as_str().unwrap().contains("<strong>second</strong>");
        assert_eq!(formatted, stage.shown(Feature::EditFormats) == Native, "{seen}");
    }
    let most = stage.platform.manifest().capabilities.max_edits;
    assert_eq!(most.is_none(), stage.shown(Feature::ManyEdits) == Native, "{most:?}");
    let message = &stage.say_plain("number 00").await;
    for number in 1..=most.unwrap_or(11) + 1 {
        let text = format!("number {number:02}");
        let change =
            MessageChange::Edit { message, thread: None, part: &stage.part(&text), files: &[] };
        stage.connection.change(&stage.channel, &change).await.unwrap();
        let seen = stage.sees(message).await.unwrap();
        let by_edit = field(&seen, "text").contains(&text);
        assert_eq!(by_edit, most.is_none_or(|most| number <= most), "{text}: {seen}");
        let view = stage.view().await;
        assert!(view.iter().any(|it| field(it, "text").contains(&text)), "{text}: {view:?}");
    }
}

pub async fn a_deletion_is_seen_and_may_come_twice<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let root = stage.say_plain("our own question").await;
    let reply = stage.post(&stage.part("an answer"), Some(&root), &[]).await.unwrap();
    let message = stage.say_plain("soon gone").await;
    for (message, thread) in [(&reply, Some(&root)), (&message, None)] {
        for _ in 0..2 {
            let change = MessageChange::Delete { message, thread };
            stage.connection.change(&stage.channel, &change).await.unwrap();
            assert_eq!(stage.sees(message).await, None);
        }
    }
    assert!(stage.sees(&root).await.is_some());
}

/// A reply whose thread was gone went outside of it; who changes it knows of the thread alone.
pub async fn a_reply_outside_of_its_thread_is_changed_all_the_same<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let root = &stage.says("a question").await;
    stage.act("Ann Lee", "delete", stage.emulator.of(root.as_str())).await;
    let (message, thread) = (&stage.say_plain("an answer").await, Some(root));
    let part = &stage.part("another answer");
    let edit = MessageChange::Edit { message, thread, part, files: &[] };
    stage.connection.change(&stage.channel, &edit).await.unwrap();
    let seen = stage.sees(message).await.unwrap();
    assert!(seen["text"].as_str().unwrap().contains("another answer"), "{seen}");
    let delete = MessageChange::Delete { message, thread };
    stage.connection.change(&stage.channel, &delete).await.unwrap();
    assert_eq!(stage.sees(message).await, None);
}

pub async fn reactions_are_shown_as_the_table_says<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let message = &stage.says("done").await;
    let before = stage.view().await.len();
    for (emoji, feature, is_here) in [
        (Emoji::Unicode("🎉".into()), Feature::Reaction, true),
        (Emoji::Custom("shipit".into()), Feature::CustomReaction, true),
        (Emoji::Custom("theirs_alone".into()), Feature::CustomReaction, false),
    ] {
        let emoji = &emoji;
        let shown = stage.shown(feature);
        let by_itself = async || {
            let seen = stage.sees(message).await.unwrap();
            let mut all = seen["reactions"].as_array().unwrap().iter();
            all.any(|it| it["emoji"] == emoji.as_text().as_str())
        };
        let there = async || by_itself().await || stage.view().await.len() > before;
        let mut refused = false;
        for _ in 0..2 {
            let react = MessageChange::React { message, thread: None, emoji };
            match (stage.connection.change(&stage.channel, &react).await, shown) {
                (Ok(()), Native) => assert!(by_itself().await, "{emoji:?}"),
                (Ok(()), Emulated(_)) => assert!(there().await, "{emoji:?}"),
                (Err(SendError::Permanent(_)), Support::None(_)) => refused = true,
                (Err(SendError::Permanent(_)), Emulated(_)) if !is_here => refused = true,
                (other, _) => panic!("{emoji:?}: {other:?}"),
            }
        }
        if refused {
            assert!(!there().await, "{emoji:?} was refused and is there");
            continue;
        }
        for _ in 0..2 {
            let back = MessageChange::Unreact { message, thread: None, emoji };
            stage.connection.change(&stage.channel, &back).await.unwrap();
            assert!(!there().await, "{emoji:?} is still there");
        }
    }
}

pub async fn a_long_message_is_split_and_all_of_it_arrives<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let line = |number| format!("line {number:04} of a long text 😀");
    let most = stage.platform.manifest().capabilities.text.max;
    let lines: Vec<String> = (0..2 * most / line(0).len() + 1).map(line).collect();
    let outgoing = stage.outgoing(RichText::plain(&lines.join("\n")));
    let parts = stage.connection.render(&outgoing);
    assert_eq!(parts, stage.connection.render(&outgoing), "the same parts each time");
    assert!(parts.len() > 1, "it is not that long");
    let keys: Vec<PartKey> = parts.iter().map(|part| part.key).collect();
    let expected = (0..parts.len()).map(|it| PartKey::Text(u16::try_from(it).unwrap()));
    assert_eq!(keys, expected.collect::<Vec<_>>());
    let made = stage.say(&outgoing).await;
    let is_made = |it: &serde_json::Value| made.iter().any(|id| it["id"] == id.as_str());
    let mut view = stage.view().await;
    view.retain(is_made);
    assert_eq!(view.len(), parts.len());
    let all: Vec<&str> = view.iter().map(|it| it["text"].as_str().unwrap()).collect();
    let all = all.join("\n");
    let mut at = 0;
    for line in &lines {
        assert_eq!(all.matches(line.as_str()).count(), 1, "{line}");
        let here = all.find(line.as_str()).unwrap();
        assert!(here >= at, "{line} is out of order");
        at = here;
    }
}
