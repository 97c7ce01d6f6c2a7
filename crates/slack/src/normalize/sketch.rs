//! Text on one line, for tables of tests: blocks by `/`, `b{bold}`, `[shown](target)`.

use rialto_model::{Block, Emoji, Inline, MentionTarget, RichText};

/// The text on one line.
pub(crate) fn sketch(text: &RichText) -> String {
    blocks(&text.blocks)
}

fn blocks(all: &[Block]) -> String {
    let one = |block: &Block| match block {
        Block::Paragraph(content) => line(content),
        Block::Heading { level, content } => format!("h{level}({})", line(content)),
        Block::Code { language, code } => {
            format!("code{}({code:?})", language.as_deref().unwrap_or_default())
        }
        Block::Quote(inner) => format!("quote({})", blocks(inner)),
        Block::List { start, items } => {
            let items: Vec<_> = items.iter().map(|item| blocks(&item.blocks)).collect();
            format!("list{}({})", start.map_or(String::new(), |n| n.to_string()), items.join("; "))
        }
        Block::Table(table) => {
            let row = |row: &Vec<Vec<Inline>>| {
                row.iter().map(|cell| line(cell)).collect::<Vec<_>>().join(", ")
            };
            format!("table({})", table.rows.iter().map(row).collect::<Vec<_>>().join("; "))
        }
        Block::Rule => "rule".to_owned(),
    };
    all.iter().map(one).collect::<Vec<_>>().join(" / ")
}

fn line(content: &[Inline]) -> String {
    content.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text { text, style } if style.is_plain() => text.clone(),
        Inline::Text { text, style } => {
            let marks = [
                (style.bold, 'b'),
                (style.italic, 'i'),
                (style.strike, 's'),
                (style.underline, 'u'),
                (style.code, 'c'),
            ];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, c)| c).collect();
            format!("{marks}{{{text}}}")
        }
        Inline::Link { url, content } => format!("[{}]({url})", line(content)),
        Inline::Mention(mention) => {
            let name = &mention.name;
            match &mention.target {
                MentionTarget::Account(id) => format!("@{{{id} {name}}}"),
                MentionTarget::Conversation(id) => format!("#{{{id} {name}}}"),
                MentionTarget::Group(id) => format!("group{{{id} {name}}}"),
                MentionTarget::Everyone(audience) => format!("all{{{audience:?} {name}}}"),
            }
        }
        Inline::Emoji(Emoji::Unicode(text)) => format!("emoji{{{text}}}"),
        Inline::Emoji(Emoji::Custom(name)) => format!("custom{{{name}}}"),
        Inline::LineBreak => " ⏎ ".to_owned(),
    }
}
