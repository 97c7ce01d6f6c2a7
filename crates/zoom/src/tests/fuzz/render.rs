//! What is written for Zoom, whatever was read elsewhere; and what Zoom makes of it.

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
};
use rialto_fuzz::{Allowance, check, fuzz, grows_linearly};
use rialto_model::{
    Audience, Block, EventKind, Inline, ListItem, Mention, MentionTarget, Revision, RichText,
    Style, testing,
};
use rialto_platform::{Note, Outgoing, testing::said_elsewhere};
use serde_json::{Value, json};

use super::{messages, within};
use crate::{
    fingerprint,
    normalize::past,
    render::{MAX_UNITS, parts, units},
    tests::support::own,
    wire::Message,
};

/// Of a long text a good many pieces are tried, in both forms.
const WRITING: Allowance = Allowance { held: 400, allocated: 40_000 };
/// Bytes of JSON for each byte of a text in memory: it is said in its thread and in the channel, in both
/// forms, with up to six letters for a character, and each style is a range.
const WRITTEN: usize = 48;
/// Pieces of a text that takes several posts.
const LONG: usize = 4_000;

fn outgoing(text: RichText) -> Outgoing {
    Outgoing {
        thread: Some("M1".into()),
        broadcast: true,
        notes: vec![Note::ReplyToUnknown],
        ..said_elsewhere(text)
    }
}

fn read(message: &Value) -> Option<RichText> {
    let message: Message = serde_json::from_value(message.clone()).ok()?;
    let now = jiff::Timestamp::UNIX_EPOCH;
    let told = past(&message, Some("U1"), Revision(0), &own(), now);
    told.into_iter().find_map(|(kind, _)| match kind {
        EventKind::Message(state) => Some(state.content.text),
        _ => None,
    })
}

/// It costs what it may, fits, and says the same when it is read again.
fn written(text: RichText) {
    let outgoing = outgoing(text);
    let weight = outgoing.content.text.weight();
    let parts = within(WRITING, weight, || parts(&outgoing));
    let bytes: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(bytes <= WRITTEN * weight + 4_096, "{weight} bytes became {bytes}");
    for part in parts {
        let body: Value = serde_json::from_str(&part.body).unwrap();
        let words = body["message"].as_str().unwrap();
        assert!(units(words) <= MAX_UNITS, "{} units", units(words));
        let listed = json!({ "id": "M1", "timestamp": 1, "message": words,
            "rich_text": body["rich_text"], "at_items": body["at_items"] });
        let back = read(&listed).expect("a message");
        assert_eq!(fingerprint::of(&back.plain_text()), part.fingerprint, "{listed}");
    }
}

#[test]
fn no_text_breaks_the_writer() {
    let text = testing::rich_text().boxed();
    fuzz(check!(), |choices| written(choices.of(&text)));
}

#[test]
fn what_was_read_can_be_written() {
    let corpus = messages();
    fuzz(check!(), |choices| {
        if let Some(text) = read(&corpus.json(choices)) {
            written(text);
        }
    });
}

/// Words that take one, two and three units a letter, and one that is no letter.
fn words() -> impl Strategy<Value = String> {
    let word = select(vec!["word", "日本語", "Zoë", "x", "👍🏽", "a_b*c"]);
    vec(word, 1..3).prop_map(|words| words.join(" "))
}

fn style() -> impl Strategy<Value = Style> {
    let flags = any::<[bool; 4]>();
    flags.prop_map(|[bold, italic, strike, underline]| Style {
        bold,
        italic,
        strike,
        underline,
        ..Style::PLAIN
    })
}

/// A piece of a line that Zoom has of its own, as the capabilities say: in a quote italics and links
/// alone, in a link no underline.
fn native(style: impl Strategy<Value = Style> + Clone + 'static) -> impl Strategy<Value = Inline> {
    let text = (words(), style.clone()).prop_map(|(text, style)| Inline::styled(text, style));
    let link = (words(), style, 0..9).prop_map(|(text, style, number)| Inline::Link {
        url: format!("https://x.example/{number}"),
        content: vec![Inline::styled(text, Style { underline: false, ..style })],
    });
    let mention = prop_oneof![
        words().prop_map(|name| Mention { target: MentionTarget::Account("U2".into()), name }),
        Just(Mention {
            target: MentionTarget::Everyone(Audience::Conversation),
            name: "all".to_owned()
        }),
    ];
    prop_oneof![3 => text, 1 => link, 1 => mention.prop_map(Inline::Mention)]
}

fn line(
    style: impl Strategy<Value = Style> + Clone + 'static,
) -> impl Strategy<Value = Vec<Inline>> {
    vec(native(style), 1..4).prop_map(|pieces| {
        let spaced = pieces.into_iter().flat_map(|piece| [piece, Inline::text(" ")]);
        let mut line: Vec<Inline> = spaced.collect();
        line.pop();
        line
    })
}

fn native_block() -> impl Strategy<Value = Block> {
    let italic = any::<bool>().prop_map(|italic| Style { italic, ..Style::PLAIN }).boxed();
    let paragraph = |content| Block::Paragraph(content);
    let lines = |many| vec(line(style().boxed()), many);
    let list = (any::<bool>(), lines(1..4)).prop_map(|(numbered, lines)| Block::List {
        start: numbered.then_some(1),
        items: lines
            .into_iter()
            .map(|it| ListItem { blocks: vec![Block::Paragraph(it)] })
            .collect(),
    });
    prop_oneof![
        line(style().boxed()).prop_map(paragraph),
        (1_u8..4, line(style().boxed()))
            .prop_map(|(level, content)| Block::Heading { level, content }),
        list,
        vec(line(italic).prop_map(paragraph), 1..3).prop_map(Block::Quote),
    ]
}

/// Each letter, with all that holds for it.
fn letters(text: &RichText) -> Vec<String> {
    fn inlines(line: &[Inline], around: &str, letters: &mut Vec<String>) {
        for inline in line {
            let (text, what) = match inline {
                Inline::Text { text, style } => (text.clone(), format!("{style:?}")),
                Inline::Mention(it) => (format!("@{}", it.name), format!("{:?}", it.target)),
                Inline::Link { url, content } => {
                    inlines(content, &format!("{around} {url}"), letters);
                    continue;
                }
                Inline::Emoji(emoji) => (emoji.as_text(), format!("{:?}", Style::PLAIN)),
                Inline::LineBreak => continue,
            };
            let seen = text.chars().filter(|c| !c.is_whitespace());
            letters.extend(seen.map(|letter| format!("{letter} {around} {what}")));
        }
    }
    fn blocks(all: &[Block], around: &str, letters: &mut Vec<String>) {
        for block in all {
            match block {
                Block::Paragraph(line) => inlines(line, around, letters),
                Block::Heading { level, content } => {
                    inlines(content, &format!("{around} h{level}"), letters);
                }
                Block::Quote(inner) => blocks(inner, &format!("{around} quote"), letters),
                Block::List { start, items } => {
                    for item in items {
                        blocks(&item.blocks, &format!("{around} list {start:?}"), letters);
                    }
                }
                other => letters.push(format!("{other:?}")),
            }
        }
    }
    let mut letters = Vec::new();
    blocks(&text.blocks, "", &mut letters);
    letters
}

/// Styles, links, mentions, headings, lists and quotes: what is Zoom's own crosses there and back, on the
/// same letters.
#[test]
fn what_zoom_has_of_its_own_is_read_as_it_was_written() {
    let text = vec(native_block(), 1..4).boxed();
    fuzz(check!(), |choices| {
        let mut blocks = choices.of(&text);
        // Zoom would count two lists as one: the second is written out.
        let numbered = |block: &Block| matches!(block, Block::List { start: Some(_), .. });
        blocks.dedup_by(|next, before| numbered(next) && numbered(before));
        let text = RichText { blocks };
        let [part] = parts(&said_elsewhere(text.clone())).try_into().unwrap();
        let body: Value = serde_json::from_str(&part.body).unwrap();
        let listed = json!({ "id": "M1", "timestamp": 1, "message": body["message"],
            "rich_text": body["rich_text"], "at_items": body["at_items"] });
        let (written, back) = (letters(&text), letters(&read(&listed).expect("a message")));
        assert!(back.ends_with(&written), "{written:#?}\n{back:#?}\n{listed}");
    });
}

#[test]
fn writing_a_text_takes_as_long_as_it_is() {
    for (name, text) in testing::long_texts() {
        grows_linearly(name, LONG, |count| outgoing(text(count)), parts);
    }
}
