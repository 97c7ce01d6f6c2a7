//! Posts read again.

use rialto_model::{Block, Inline, RichText};

use crate::workspace::AUTHOR;

/// A post without the line that says who says it, if it has one.
pub fn without_byline(mut text: RichText) -> RichText {
    let Some(Block::Paragraph(line)) = text.blocks.first_mut() else { return text };
    let end = line.iter().position(|it| *it == Inline::LineBreak).unwrap_or(line.len());
    let first = RichText { blocks: vec![Block::Paragraph(line[..end].to_vec())] }.plain_text();
    let told = first.strip_prefix(AUTHOR).and_then(|rest| rest.strip_prefix(" ("));
    if told.is_some_and(|rest| rest.ends_with(')')) {
        if end == line.len() {
            text.blocks.remove(0);
        } else {
            line.drain(..=end);
        }
    }
    text
}

/// The posts of one message as one text.
pub fn joined(posts: impl IntoIterator<Item = RichText>) -> RichText {
    RichText { blocks: posts.into_iter().flat_map(|post| post.blocks).collect() }
}
