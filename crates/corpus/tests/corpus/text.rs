//! What of a text must survive: every character that is seen, in its order, and every word.
//!
//! Formats may become signs: what is added is looked at, too, and must stand for something that the
//! message has.

use std::collections::BTreeMap;

use rialto_model::{Block, Inline, ListItem, MentionTarget, RichText};

/// Why a text is not the other one any more; `None` when nothing is lost.
pub fn loss(before: &RichText, after: &RichText) -> Option<String> {
    let (was, is) = (spoken(before), spoken(after));
    let mut rest = is.chars();
    let mut found = String::new();
    for c in was.chars() {
        if !rest.any(|it| it == c) {
            let behind: String = found.chars().rev().take(30).collect();
            let behind: String = behind.chars().rev().collect();
            return Some(format!("{c:?} is lost behind {behind:?}"));
        }
        found.push(c);
    }
    let allowed = signs(before);
    let mut added = counted(&is);
    for (c, count) in counted(&was) {
        added.entry(c).and_modify(|it| *it -= count);
    }
    if let Some((c, _)) = added.iter().find(|(c, count)| **count > 0 && !allowed.contains(**c)) {
        return Some(format!("{c:?} was added to {:?}", short(&is)));
    }
    let (was, is) = (words(before), words(after));
    let mut rest = is.iter();
    for word in &was {
        if !rest.any(|it| it == word) {
            return Some(format!("the word {word:?} is lost in {:?}", short(&is.join(" "))));
        }
    }
    None
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

fn counted(text: &str) -> BTreeMap<char, i64> {
    let mut counted = BTreeMap::new();
    text.chars().for_each(|c| *counted.entry(c).or_default() += 1);
    counted
}

/// As read aloud; whoever calls everybody does so by the platform's word, and rules say nothing.
fn aloud(text: &RichText) -> String {
    let mut text = RichText { blocks: without_rules(&text.blocks) };
    text.for_each_line(&mut |line| {
        for inline in line {
            if let Inline::Mention(mention) = inline
                && matches!(mention.target, MentionTarget::Everyone(_))
            {
                mention.name = "all".to_owned();
            }
        }
    });
    text.plain_text()
}

fn without_rules(blocks: &[Block]) -> Vec<Block> {
    let inside = |block: &Block| match block {
        Block::Rule => None,
        Block::Quote(blocks) => Some(Block::Quote(without_rules(blocks))),
        Block::List { start, items } => {
            let item = |item: &ListItem| ListItem { blocks: without_rules(&item.blocks) };
            Some(Block::List { start: *start, items: items.iter().map(item).collect() })
        }
        other => Some(other.clone()),
    };
    blocks.iter().filter_map(inside).collect()
}

/// What is seen of a text, without spaces.
fn spoken(text: &RichText) -> String {
    let seen = |c: &char| !c.is_whitespace() && !c.is_control() && !"\u{200b}\u{feff}".contains(*c);
    aloud(text).chars().filter(seen).collect()
}

/// Signs that may stand for what a message has.
fn signs(text: &RichText) -> String {
    let mut signs = String::new();
    of_blocks(&text.blocks, &mut signs);
    let mut text = text.clone();
    text.for_each_line(&mut |line| line.iter().for_each(|inline| of_inline(inline, &mut signs)));
    signs
}

fn of_blocks(blocks: &[Block], signs: &mut String) {
    for block in blocks {
        match block {
            Block::Code { language, .. } => {
                signs.push('`');
                signs.push_str(language.as_deref().unwrap_or_default());
            }
            Block::Table(table) => {
                signs.push_str("`|-+");
                // A table that goes on in another post has its header there, too.
                let header = table.rows.iter().take(1).flatten();
                header.for_each(|cell| signs.push_str(&aloud(&line(cell))));
            }
            Block::Rule => signs.push_str("—─-"),
            Block::Quote(blocks) => {
                signs.push('>');
                of_blocks(blocks, signs);
            }
            Block::List { items, .. } => {
                signs.push_str("•◦▪-.0123456789");
                items.iter().for_each(|item| of_blocks(&item.blocks, signs));
            }
            Block::Paragraph(_) | Block::Heading { .. } => {}
        }
    }
}

fn line(content: &[Inline]) -> RichText {
    RichText { blocks: vec![Block::Paragraph(content.to_vec())] }
}

fn of_inline(inline: &Inline, signs: &mut String) {
    match inline {
        Inline::Text { style, .. } => {
            signs.push_str(if style.code { "`" } else { "" });
            signs.push_str(if style.strike { "~" } else { "" });
        }
        Inline::Link { url, content } => {
            signs.push_str("()");
            signs.push_str(url);
            content.iter().for_each(|inline| of_inline(inline, signs));
        }
        _ => {}
    }
}

/// Words, without the signs that may stand for formats. One that is longer than a post may be cut.
fn words(text: &RichText) -> Vec<String> {
    let sign = |c: char| "`~|•◦▪—>\u{200b}\u{feff}".contains(c) || c.is_control();
    let word = |word: &str| word.replace(sign, "");
    aloud(text).split_whitespace().map(word).filter(|it| !it.is_empty() && it.len() < 500).collect()
}

#[test]
fn what_is_lost_or_added_is_noticed() {
    let before = RichText::plain("one two\nthree");
    let changed = |text: &str| loss(&before, &RichText::plain(text)).is_some();
    for (text, lost) in [
        ("one two\nthree", false),
        ("one  two\u{200b} three ", false),
        ("one two", true),
        ("one two\nthre", true),
        ("onetwo\nthree", true),
        ("two one\nthree", true),
        ("one two\n*three", true),
        ("one two\nthree `", true),
        ("one two\nthree three", true),
    ] {
        assert_eq!(changed(text), lost, "{text:?}");
    }
    let struck = RichText {
        blocks: vec![Block::Paragraph(vec![Inline::styled(
            "gone",
            rialto_model::Style { strike: true, ..Default::default() },
        )])],
    };
    assert_eq!(loss(&struck, &RichText::plain("~gone~")), None);
    assert!(loss(&struck, &RichText::plain("*gone*")).is_some());
}
