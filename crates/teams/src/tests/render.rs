//! What a message looks like in Teams.

use rialto_model::{Attachment, AttachmentKind, Inline, Mention, MentionTarget, PartKey, RichText};
use rialto_platform::{Note, Outgoing, Part, testing::said_elsewhere};
use serde_json::Value;

use crate::{capabilities::MAX_BYTES, render::render};

fn outgoing(text: &str) -> Outgoing {
    let mut said = said_elsewhere(RichText::plain(text));
    said.to = "team/19:c@thread.tacv2".into();
    said.author.name = "Ana <Lima>".into();
    said
}

fn html(part: &Part) -> String {
    let body: Value = serde_json::from_str(&part.body).unwrap();
    assert_eq!(body["body"]["contentType"], "html");
    body["body"]["content"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_begins_with_who_says_it_where_and_when() {
    let mut message = outgoing("hello");
    let head = "<p><strong>Ana &lt;Lima&gt;</strong> <em>(Slack)</em></p>";
    assert_eq!(html(&render(&message)[0]), format!("{head}<p>hello</p>"));

    message.notes =
        vec![Note::SaidAt("2026-11-22T09:30:59Z".parse().unwrap()), Note::ReplyToUnknown];
    assert_eq!(
        html(&render(&message)[0]),
        "<p><strong>Ana &lt;Lima&gt;</strong> <em>(Slack, said 2026-11-22 09:30 UTC)</em></p>\
         <p><em>In reply to a message that is not here</em></p><p>hello</p>"
    );
}

#[test]
fn a_long_message_goes_in_pieces_that_fit_and_nothing_is_lost() {
    let words: Vec<String> = (0..12_000).map(|n| format!("w{n}&")).collect();
    let message = outgoing(&words.join(" "));
    let parts = render(&message);
    assert!(parts.len() > 2);
    assert_eq!(parts, render(&message));
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        assert_eq!(part.key, PartKey::Text(u16::try_from(index).unwrap()));
        assert!(part.in_thread);
        let html = html(part);
        assert!(html.len() <= MAX_BYTES, "{}", html.len());
        assert_eq!(html.contains("(Slack, continued)"), index > 0);
        let text = crate::html::parse(&html, &Default::default()).text.plain_text();
        found.extend(text.split_whitespace().filter(|w| w.starts_with('w')).map(str::to_owned));
    }
    assert_eq!(found, words);
}

#[test]
fn a_reply_shown_in_the_channel_is_posted_there_too_and_calls_nobody_twice() {
    let mut message = outgoing("");
    let call = Mention { target: MentionTarget::Account("bo".into()), name: "Bo".into() };
    message.content.text.blocks = vec![rialto_model::Block::Paragraph(vec![Inline::Mention(call)])];
    message.broadcast = true;
    assert_eq!(render(&message).len(), 1, "without a thread there is nothing to repeat");
    message.thread = Some("1".into());
    let parts = render(&message);
    let keys: Vec<_> = parts.iter().map(|part| (part.key, part.in_thread)).collect();
    assert_eq!(keys, [(PartKey::Text(0), true), (PartKey::Broadcast(0), false)]);
    assert!(html(&parts[0]).contains("<at id=\"0\">Bo</at>"));
    assert!(html(&parts[1]).ends_with("<em>(Slack, in a thread)</em></p><p>@Bo</p>"));
    assert!(!parts[1].body.contains("mentionText"));
}

#[test]
fn files_go_with_the_text_ten_at_a_time() {
    let mut message = outgoing("");
    let file = Attachment {
        remote: "x".into(),
        name: "a.txt".into(),
        mime: "text/plain".into(),
        size: None,
        kind: AttachmentKind::File,
    };
    message.content.attachments = vec![file; 12];
    let parts = render(&message);
    let files: Vec<_> = parts.iter().map(|part| (part.key, part.files.len())).collect();
    assert_eq!(files, [(PartKey::Text(0), 10), (PartKey::Files(0), 2)]);
    assert_eq!(parts[1].files, [10, 11]);
}
