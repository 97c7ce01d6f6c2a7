//! rich_text blocks → mrkdwn text: what Slack puts into `text` when a person's message was composed as blocks.

use serde_json::Value;

/// The text of all rich_text blocks among `blocks`; other blocks give their own text.
pub(crate) fn text_of(blocks: &Value) -> String {
    let mut out = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        match kind(block) {
            "rich_text" => out.push(rich(block)),
            _ => {
                if let Some(text) = block["text"]["text"].as_str() {
                    out.push(text.to_owned());
                }
            }
        }
    }
    out.join("\n")
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or("")
}

fn children(value: &Value) -> impl Iterator<Item = &Value> {
    value["elements"].as_array().into_iter().flatten()
}

fn rich(block: &Value) -> String {
    let mut out = String::new();
    for element in children(block) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        match kind(element) {
            "rich_text_list" => {
                let indent = usize::try_from(element["indent"].as_u64().unwrap_or(0)).unwrap_or(0);
                let offset = element["offset"].as_u64().unwrap_or(0);
                for (item, n) in children(element).zip(offset + 1..) {
                    out.push_str(&"    ".repeat(indent.min(8)));
                    match (element["style"].as_str(), indent) {
                        (Some("ordered"), _) => out.push_str(&format!("{n}. ")),
                        (_, 0) => out.push_str("• "),
                        _ => out.push_str("◦ "),
                    }
                    out.push_str(&section(item));
                    out.push('\n');
                }
            }
            "rich_text_quote" => {
                for line in section(element).lines() {
                    out.push_str(&format!("&gt; {line}\n"));
                }
            }
            "rich_text_preformatted" => out.push_str(&format!("```{}```", section(element))),
            _ => out.push_str(&section(element)),
        }
    }
    out.trim_end_matches('\n').to_owned()
}

fn section(section: &Value) -> String {
    children(section).map(inline).collect()
}

fn inline(element: &Value) -> String {
    let field = |name: &str| element[name].as_str().unwrap_or("");
    let text = match kind(element) {
        "text" => escape(field("text")),
        "link" if element["text"].is_string() => {
            format!("<{}|{}>", escape(field("url")), escape(field("text")))
        }
        "link" => format!("<{}>", escape(field("url"))),
        "user" => format!("<@{}>", field("user_id")),
        "channel" => format!("<#{}>", field("channel_id")),
        "usergroup" => format!("<!subteam^{}>", field("usergroup_id")),
        "broadcast" => format!("<!{}>", field("range")),
        "emoji" => match element["skin_tone"].as_u64() {
            Some(tone) => format!(":{}::skin-tone-{tone}:", field("name")),
            None => format!(":{}:", field("name")),
        },
        "date" => escape(field("fallback")),
        "color" => escape(field("value")),
        _ => String::new(),
    };
    let style = &element["style"];
    let trimmed = text.trim();
    if trimmed.is_empty() || !style.is_object() {
        return text;
    }
    // Markers must touch the words: spaces stay outside.
    let mut marked = trimmed.to_owned();
    for (name, marker) in [("code", '`'), ("strike", '~'), ("italic", '_'), ("bold", '*')] {
        if style[name].as_bool() == Some(true) {
            marked = format!("{marker}{marked}{marker}");
        }
    }
    text.replacen(trimmed, &marked, 1)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
