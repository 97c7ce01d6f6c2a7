//! Cards as readable text: what they say, with their links.

use rialto_model::{Block, Inline, RichText, Style};
use rialto_platform::html::safe_link;
use serde_json::Value;

use crate::html;

/// Nested elements that are read; deeper ones are left out.
const DEEPEST: usize = 16;

/// Reads a card; `None` when it is of a kind, or in a form, that is not understood.
pub(crate) fn read(content_type: &str, content: &str) -> Option<Vec<Block>> {
    let kind = content_type.strip_prefix("application/vnd.microsoft.")?;
    let card: Value = serde_json::from_str(content).ok()?;
    let mut out = Vec::new();
    match kind {
        "card.adaptive" => adaptive(&card, &mut out, 0),
        "card.hero" | "card.thumbnail" | "card.announcement" => simple(&card, &mut out),
        "teams.card.o365connector" | "card.o365connector" => connector(&card, &mut out),
        "card.codesnippet" => {
            let code = card["code"].as_str().or_else(|| card["content"].as_str())?;
            let language = card["language"].as_str().map(str::to_lowercase);
            out.push(Block::Code { language, code: code.trim_end_matches('\n').to_owned() });
        }
        _ => return None,
    }
    (!out.is_empty()).then_some(out)
}

fn bold(text: &str) -> Block {
    Block::Paragraph(vec![Inline::styled(text, Style { bold: true, ..Style::PLAIN })])
}

fn link(title: &str, url: &str) -> Option<Block> {
    let url = safe_link(url)?;
    let title = if title.trim().is_empty() { url.clone() } else { title.to_owned() };
    Some(Block::Paragraph(vec![Inline::Link { url, content: vec![Inline::text(title)] }]))
}

/// Text that may hold some HTML, or none.
fn prose(text: &str) -> Vec<Block> {
    if text.contains('<') || text.contains('&') {
        html::parse(text, &html::Mentions::new()).text.blocks
    } else {
        RichText::plain(text.trim()).blocks
    }
}

fn simple(card: &Value, out: &mut Vec<Block>) {
    out.extend(card["title"].as_str().filter(|title| !title.trim().is_empty()).map(bold));
    for field in ["subtitle", "text"] {
        out.extend(card[field].as_str().map(prose).into_iter().flatten());
    }
    for button in card["buttons"].as_array().into_iter().flatten() {
        let title = button["title"].as_str().unwrap_or_default();
        out.extend(button["value"].as_str().and_then(|value| link(title, value)));
    }
}

fn connector(card: &Value, out: &mut Vec<Block>) {
    simple(card, out);
    if out.is_empty() {
        out.extend(card["summary"].as_str().map(prose).into_iter().flatten());
    }
    for section in card["sections"].as_array().into_iter().flatten() {
        for field in ["title", "activityTitle", "activitySubtitle", "activityText", "text"] {
            out.extend(section[field].as_str().map(prose).into_iter().flatten());
        }
        out.extend(
            section["facts"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|fact| pair(&fact["name"], &fact["value"])),
        );
    }
    for action in card["potentialAction"].as_array().into_iter().flatten() {
        let title = action["name"].as_str().unwrap_or_default();
        for target in action["targets"].as_array().into_iter().flatten() {
            out.extend(target["uri"].as_str().and_then(|url| link(title, url)));
        }
    }
}

fn pair(name: &Value, value: &Value) -> Block {
    let (name, value) = (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
    Block::Paragraph(vec![
        Inline::styled(name, Style { bold: true, ..Style::PLAIN }),
        Inline::text(format!(" {value}")),
    ])
}

/// An Adaptive Card or one of its elements. Markdown in its texts stays as it is written.
fn adaptive(element: &Value, out: &mut Vec<Block>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let text = element["text"].as_str().filter(|text| !text.trim().is_empty());
    match element["type"].as_str().unwrap_or_default() {
        "TextBlock" => match (text, element["weight"].as_str()) {
            (Some(text), Some(weight)) if weight.eq_ignore_ascii_case("bolder") => {
                out.push(bold(text));
            }
            (Some(text), _) => out.extend(RichText::plain(text).blocks),
            _ => {}
        },
        "RichTextBlock" => {
            let runs = element["inlines"].as_array().into_iter().flatten();
            let line: String =
                runs.filter_map(|run| run["text"].as_str().or(run.as_str())).collect();
            if !line.is_empty() {
                out.push(Block::Paragraph(vec![Inline::text(line)]));
            }
        }
        "FactSet" => {
            let facts = element["facts"].as_array().into_iter().flatten();
            out.extend(facts.map(|fact| pair(&fact["title"], &fact["value"])));
        }
        "Image" => {
            if let (Some(alt), Some(url)) = (element["altText"].as_str(), element["url"].as_str()) {
                out.extend(link(alt, url));
            }
        }
        "Action.OpenUrl" => {
            let title = element["title"].as_str().unwrap_or_default();
            out.extend(element["url"].as_str().and_then(|url| link(title, url)));
        }
        _ => {}
    }
    for field in ["body", "items", "columns", "rows", "cells", "images", "actions"] {
        for inner in element[field].as_array().into_iter().flatten() {
            adaptive(inner, out, depth + 1);
        }
    }
    if element["selectAction"].is_object() {
        adaptive(&element["selectAction"], out, depth + 1);
    }
}
