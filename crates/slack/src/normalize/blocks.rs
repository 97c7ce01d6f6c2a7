//! Everything else that a message can hold — layout blocks, attachments — as readable text.
//!
//! Source: docs.slack.dev/reference/block-kit/blocks and …/messaging/legacy-attachments.

use rialto_model::{Block, Inline, RichText, Style, Table};
use serde_json::Value;

use super::{
    mrkdwn::mrkdwn,
    rich_text::rich_text,
    text::{BOLD, ITALIC, emoji_named, paragraphs, push_link, push_text},
};

/// A message's `blocks`, from top to bottom.
pub(crate) fn blocks(values: &[Value]) -> Vec<Block> {
    values.iter().flat_map(block).collect()
}

fn block(value: &Value) -> Vec<Block> {
    match kind(value) {
        "rich_text" => rich_text(value),
        "section" => {
            let mut out = text_object(&value["text"]);
            for field in list(&value["fields"]) {
                out.extend(text_object(field));
            }
            out.extend(line(element(&value["accessory"])));
            out
        }
        "header" => vec![Block::Heading { level: 1, content: one_line(&value["text"]) }],
        "context" => line(join(list(&value["elements"]).map(|one| match kind(one) {
            "mrkdwn" | "plain_text" => one_line(one),
            _ => element(one),
        }))),
        "divider" => vec![Block::Rule],
        "image" => line(image(value)),
        "video" => line(titled(value, "title_url", &["title", "alt_text"])),
        "actions" => line(join(list(&value["elements"]).map(element))),
        "context_actions" => Vec::new(),
        "table" => vec![table(value)],
        "markdown" => RichText::plain(text(value, "text")).blocks,
        "input" => text_object(&value["label"]),
        // Something new: what it says under the usual names.
        _ => {
            let mut out = text_object(&value["title"]);
            out.extend(text_object(&value["text"]));
            out
        }
    }
}

/// A message's `attachments`: quoted, as they are set off by a bar in Slack.
pub(crate) fn attachments(values: &[Value]) -> Vec<Block> {
    values.iter().filter(|value| !is_preview(value)).flat_map(attachment).collect()
}

/// Whether Slack or an app added it to show what a link in the text leads to: the link is there
/// already. A message that somebody shared is not a preview.
fn is_preview(value: &Value) -> bool {
    !value["is_share"].as_bool().unwrap_or(false)
        && ["from_url", "original_url"].iter().any(|name| !text(value, name).is_empty())
}

fn attachment(value: &Value) -> Vec<Block> {
    let mut out = mrkdwn(text(value, "pretext")).blocks;
    if text(value, "pretext").is_empty() {
        out.clear();
    }
    let mut inner = Vec::new();
    let name = text(value, "author_name");
    if !name.is_empty() {
        inner.extend(line(linked(text(value, "author_link"), name, BOLD)));
    }
    let title = text(value, "title");
    if !title.is_empty() {
        inner.extend(line(linked(text(value, "title_link"), title, BOLD)));
    }
    let own: Vec<Block> = list(&value["blocks"]).flat_map(block).collect();
    let shared = list(&value["message_blocks"])
        .flat_map(|one| list(&one["message"]["blocks"]))
        .flat_map(block);
    inner.extend(own);
    inner.extend(shared);
    // Where there are blocks, the text is what they say, for notifications.
    if list(&value["blocks"]).next().is_none() && list(&value["message_blocks"]).next().is_none() {
        inner.extend(marked(text(value, "text")));
    }
    for field in list(&value["fields"]) {
        let title = text(field, "title");
        if !title.is_empty() {
            inner.extend(line(vec![Inline::styled(title, BOLD)]));
        }
        inner.extend(marked(text(field, "value")));
    }
    inner.extend(line(titled(value, "image_url", &[])));
    inner.extend(line(join(list(&value["actions"]).map(element))));
    let footer = text(value, "footer");
    if !footer.is_empty() {
        inner.extend(line(vec![Inline::styled(footer.replace('\n', " "), ITALIC)]));
    }
    if inner.is_empty() && out.is_empty() {
        inner.extend(marked(text(value, "fallback")));
    }
    if !inner.is_empty() {
        out.push(Block::Quote(inner));
    }
    out
}

/// A table block: cells are plain or rich text.
fn table(value: &Value) -> Block {
    let cell = |cell: &Value| match kind(cell) {
        "rich_text" => flat(rich_text(cell)),
        _ => {
            let mut out = Vec::new();
            push_text(&mut out, text(cell, "text"), Style::PLAIN);
            out
        }
    };
    let rows =
        list(&value["rows"]).map(|row| row.as_array().into_iter().flatten().map(cell).collect());
    Block::Table(Table { header: false, rows: rows.collect() })
}

/// An interactive element or picture: a link where it is one, else its label.
fn element(value: &Value) -> Vec<Inline> {
    match kind(value) {
        "image" => image(value),
        "button" | "workflow_button" => {
            let label = text(&value["text"], "text");
            let label = if label.is_empty() { text(value, "text") } else { label };
            match text(value, "url") {
                "" if label.is_empty() => Vec::new(),
                "" => vec![Inline::text(format!("[{}]", label.replace('\n', " ")))],
                url => linked(url, label, Style::PLAIN),
            }
        }
        "mrkdwn" | "plain_text" => one_line(value),
        // A menu or a picker means nothing where it cannot be used.
        _ => Vec::new(),
    }
}

fn image(value: &Value) -> Vec<Inline> {
    let url = match text(value, "image_url") {
        "" => text(&value["slack_file"], "url"),
        url => url,
    };
    let name = [text(&value["title"], "text"), text(value, "alt_text"), url];
    let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    linked(url, name, Style::PLAIN)
}

fn titled(value: &Value, url: &str, names: &[&str]) -> Vec<Inline> {
    let url = text(value, url);
    let name = names
        .iter()
        .flat_map(|name| [text(&value[*name], "text"), text(value, name)])
        .find(|name| !name.is_empty())
        .unwrap_or(url);
    linked(url, name, Style::PLAIN)
}

/// Text that is a link if there is a target.
fn linked(url: &str, shown: &str, style: Style) -> Vec<Inline> {
    let mut content = Vec::new();
    if !shown.is_empty() {
        content.push(Inline::styled(shown.replace('\n', " "), style));
    }
    if url.is_empty() || content.is_empty() {
        return content;
    }
    let mut out = Vec::new();
    push_link(&mut out, url, content);
    out
}

fn text_object(value: &Value) -> Vec<Block> {
    match kind(value) {
        "mrkdwn" => marked(text(value, "text")),
        "plain_text" => {
            let line = plain_text(text(value, "text"));
            if line.is_empty() { Vec::new() } else { paragraphs(line) }
        }
        _ => Vec::new(),
    }
}

fn marked(text: &str) -> Vec<Block> {
    if text.is_empty() { Vec::new() } else { mrkdwn(text).blocks }
}

/// Plain text knows emoji by name and nothing else.
fn plain_text(text: &str) -> Vec<Inline> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        let name = after.split_once(':').map(|(name, rest)| (emoji_named(name), rest));
        if let Some((emoji @ rialto_model::Emoji::Unicode(_), after)) = name {
            push_text(&mut out, before, Style::PLAIN);
            out.push(Inline::Emoji(emoji));
            rest = after;
        } else {
            push_text(&mut out, &format!("{before}:"), Style::PLAIN);
            rest = after;
        }
    }
    push_text(&mut out, rest, Style::PLAIN);
    out
}

fn one_line(value: &Value) -> Vec<Inline> {
    flat(text_object(value))
}

/// Blocks as one line, for places that hold no blocks.
fn flat(blocks: Vec<Block>) -> Vec<Inline> {
    let mut out = Vec::new();
    for (index, block) in blocks.into_iter().enumerate() {
        if index > 0 {
            out.push(Inline::LineBreak);
        }
        match block {
            Block::Paragraph(line) | Block::Heading { content: line, .. } => out.extend(line),
            other => {
                let text = RichText { blocks: vec![other] }.plain_text();
                push_text(&mut out, &text, Style::PLAIN);
            }
        }
    }
    out
}

/// Pieces beside one another.
fn join(pieces: impl Iterator<Item = Vec<Inline>>) -> Vec<Inline> {
    let mut out = Vec::new();
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        if !out.is_empty() {
            out.push(Inline::text(" "));
        }
        out.extend(piece);
    }
    out
}

/// A line of its own, if there is anything on it.
fn line(content: Vec<Inline>) -> Vec<Block> {
    if content.is_empty() { Vec::new() } else { vec![Block::Paragraph(content)] }
}

fn kind(value: &Value) -> &str {
    text(value, "type")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use rialto_model::RichText;
    use serde_json::json;

    use super::{super::sketch::sketch, attachments, blocks};

    fn reads(value: serde_json::Value) -> String {
        sketch(&RichText { blocks: blocks(&[value]) }.normalized())
    }

    #[test]
    fn rich_text_keeps_its_form() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let section = |elements: serde_json::Value| json!({ "type": "rich_text_section", "elements": elements });
        let list = |style: &str, indent: u64, offset: u64, items: &[&str]| {
            let items: Vec<_> = items.iter().map(|item| section(json!([text(item)]))).collect();
            json!({ "type": "rich_text_list", "style": style, "indent": indent, "offset": offset,
                "elements": items })
        };
        for (elements, expected) in [
            (
                json!([section(json!([
                    { "type": "text", "text": "b", "style": { "bold": true, "italic": true } },
                    { "type": "text", "text": "c\nd", "style": { "code": true } },
                    { "type": "link", "url": "https://a.example" },
                    { "type": "link", "url": "https://b.example", "text": "x", "style": { "bold": true } },
                    { "type": "link", "url": "javascript:x", "text": "y" },
                ]))]),
                "bi{b}c{c} ⏎ c{d}[https://a.example](https://a.example)[b{x}](https://b.example)y",
            ),
            (
                json!([section(json!([
                    { "type": "emoji", "name": "wave", "skin_tone": 3, "unicode": "1f44b-1f3fc" },
                    { "type": "emoji", "name": "wave::skin-tone-2" },
                    { "type": "emoji", "name": "partyparrot" },
                    { "type": "user", "user_id": "U1" },
                    { "type": "channel", "channel_id": "C1" },
                    { "type": "usergroup", "usergroup_id": "S1" },
                    { "type": "broadcast", "range": "here" },
                    { "type": "color", "value": "#ff0000" },
                    { "type": "date", "timestamp": 1, "fallback": "Feb 18" },
                ]))]),
                "emoji{👋🏼}emoji{👋🏻}custom{partyparrot}@{U1 }#{C1 }group{S1 }all{Present here}#ff0000Feb 18",
            ),
            (
                json!([section(json!([text("a\n\nb\n")])), list("bullet", 0, 0, &["x"])]),
                "a /  / b / list(x)",
            ),
            (
                json!([
                    list("ordered", 0, 0, &["one", "two"]),
                    list("bullet", 1, 0, &["in"]),
                    list("bullet", 2, 0, &["deeper"]),
                    list("ordered", 0, 2, &["three"]),
                ]),
                "list1(one; two / list(in / list(deeper)); three)",
            ),
            (json!([list("ordered", 0, 4, &["five"])]), "list5(five)"),
            (json!([list("bullet", 7, 0, &["deep alone"])]), "list(deep alone)"),
            (
                json!([
                    { "type": "rich_text_quote", "elements": [text("q")] },
                    { "type": "rich_text_preformatted", "border": 1, "elements": [text("c")] },
                    { "type": "rich_text_preformatted", "language": "Rust",
                      "elements": [text("fn f() {}\n")] },
                ]),
                "quote(q / code(\"c\")) / coderust(\"fn f() {}\")",
            ),
            (json!([{ "type": "rich_text_novelty", "elements": [text("new")] }]), "new"),
            (json!([1, null, { "type": 7 }, { "elements": {} }]), ""),
        ] {
            assert_eq!(reads(json!({ "type": "rich_text", "elements": elements })), expected);
        }
    }

    #[test]
    fn layout_blocks_are_readable() {
        for (block, expected) in [
            (
                json!({ "type": "section", "text": { "type": "mrkdwn", "text": "*a*" },
                    "fields": [{ "type": "plain_text", "text": "*b* :wave:" }],
                    "accessory": { "type": "button", "text": { "text": "Go" }, "url": "https://a.example" } }),
                "b{a} / *b* emoji{👋} / [Go](https://a.example)",
            ),
            (json!({ "type": "header", "text": { "type": "plain_text", "text": "T" } }), "h1(T)"),
            (
                json!({ "type": "context", "elements": [
                    { "type": "image", "image_url": "https://a.example/i.png", "alt_text": "pic" },
                    { "type": "mrkdwn", "text": "by _me_" }] }),
                "[pic](https://a.example/i.png) by i{me}",
            ),
            (json!({ "type": "divider" }), "rule"),
            (
                json!({ "type": "image", "image_url": "https://a.example/i.png", "alt_text": "pic" }),
                "[pic](https://a.example/i.png)",
            ),
            (
                json!({ "type": "actions", "elements": [
                    { "type": "button", "text": { "text": "Yes" } },
                    { "type": "users_select" }] }),
                "[Yes]",
            ),
            (
                json!({ "type": "table", "rows": [[{ "type": "raw_text", "text": "a" },
                    { "type": "rich_text", "elements": [{ "type": "rich_text_section",
                        "elements": [{ "type": "text", "text": "b", "style": { "bold": true } }] }] }]] }),
                "table(a, b{b})",
            ),
            (json!({ "type": "novelty", "text": { "type": "mrkdwn", "text": "_n_" } }), "i{n}"),
            (json!({ "type": "section" }), ""),
            (json!(null), ""),
        ] {
            assert_eq!(reads(block.clone()), expected, "{block}");
        }
    }

    #[test]
    fn attachments_are_quoted_and_previews_left_out() {
        let read = |value| sketch(&RichText { blocks: attachments(&[value]) }.normalized());
        assert_eq!(
            read(json!({
                "pretext": "*new*", "author_name": "Ada", "title": "T", "title_link": "https://a.example",
                "text": "body", "fields": [{ "title": "State", "value": "open" }],
                "image_url": "https://a.example/i.png", "footer": "CI", "fallback": "x",
            })),
            "b{new} / quote(b{Ada} / [b{T}](https://a.example) / body / b{State} / open / \
             [https://a.example/i.png](https://a.example/i.png) / i{CI})",
        );
        assert_eq!(read(json!({ "fallback": "only this" })), "quote(only this)");
        assert_eq!(read(json!({ "from_url": "https://a.example", "text": "preview" })), "");
        assert_eq!(
            read(
                json!({ "from_url": "https://x.slack.example", "is_share": true, "text": "said" })
            ),
            "quote(said)",
        );
    }
}
