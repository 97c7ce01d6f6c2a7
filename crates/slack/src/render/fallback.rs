//! The `text` that goes along with blocks: for notifications, and for readers that know no blocks.
//!
//! It is sent with `mrkdwn: false`, so that `*` and its like are what they are; `& < >` are escaped,
//! so that nothing in it is a reference but real mentions and links.

use rialto_model::{Block, Inline, Mention, MentionTarget, RichText};
use rialto_platform::{links::is_followable, table::aligned};

use super::blocks::{RULE, is_id, range};

/// The text as it reads without blocks.
pub(super) fn fallback(text: &RichText) -> String {
    lines(&text.blocks).join("\n")
}

fn lines(blocks: &[Block]) -> Vec<String> {
    let mut out = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => {
                let mut line = String::new();
                inlines(&mut line, content);
                out.push(line);
            }
            Block::Code { code, .. } => out.push(escape(code)),
            Block::Quote(inner) => {
                out.extend(lines(inner).iter().map(|text| prefixed(text, "&gt; ", "&gt; ")));
            }
            Block::List { start, items } => {
                for (index, item) in items.iter().enumerate() {
                    let mark = match start {
                        Some(start) => format!("{}. ", u64::from(*start) + index as u64),
                        None => "• ".to_owned(),
                    };
                    out.push(prefixed(&lines(&item.blocks).join("\n"), &mark, "    "));
                }
            }
            Block::Table(table) => out.push(escape(&aligned(table))),
            Block::Rule => out.push(RULE.to_owned()),
        }
    }
    out
}

/// The text with something before its first line and before its others.
fn prefixed(text: &str, first: &str, others: &str) -> String {
    format!("{first}{}", text.replace('\n', &format!("\n{others}")))
}

fn inlines(out: &mut String, content: &[Inline]) {
    for inline in content {
        match inline {
            Inline::Text { text, .. } => out.push_str(&escape(text)),
            Inline::Link { url, content } => link(out, url, content),
            Inline::Mention(mention) => out.push_str(&reference(mention)),
            Inline::Emoji(emoji) => out.push_str(&escape(&emoji.as_text())),
            Inline::LineBreak => out.push('\n'),
        }
    }
}

fn link(out: &mut String, url: &str, content: &[Inline]) {
    let text = RichText { blocks: vec![Block::Paragraph(content.to_vec())] }.plain_text();
    let shown = escape(&text.replace('\n', " "));
    if !is_followable(url) {
        out.push_str(&shown);
        return;
    }
    let target = escape(&url.replace('|', "%7C").replace(['<', '>', ' ', '\n'], ""));
    if shown.is_empty() || text == url {
        out.push_str(&format!("<{target}>"));
    } else {
        out.push_str(&format!("<{target}|{}>", shown.replace('|', "¦")));
    }
}

fn reference(mention: &Mention) -> String {
    match &mention.target {
        MentionTarget::Account(id) if is_id(id.as_str()) => format!("<@{id}>"),
        MentionTarget::Conversation(id) if is_id(id.as_str()) => format!("<#{id}>"),
        MentionTarget::Group(id) if is_id(id.as_str()) => format!("<!subteam^{id}>"),
        MentionTarget::Everyone(audience) => format!("<!{}>", range(*audience)),
        MentionTarget::Conversation(_) => escape(&format!("#{}", mention.name)),
        _ => escape(&format!("@{}", mention.name)),
    }
}

/// The three characters that Slack wants escaped, and no other.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
