//! mrkdwn text → a rich_text block, as Slack's own composer makes for what a person types; and the clean-up that
//! Slack does to an app's text before it stores it.

use serde_json::{Value, json};

use super::inline::{self, Style, unescape};

/// The rich_text block of `text`.
pub(crate) fn rich_text(text: &str, block_id: &str, custom: &dyn Fn(&str) -> bool) -> Value {
    json!({"type": "rich_text", "block_id": block_id, "elements": elements(text, custom)})
}

/// Sections, lists, quotes and preformatted text of `text`.
pub(crate) fn elements(text: &str, custom: &dyn Fn(&str) -> bool) -> Vec<Value> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("```") {
        let Some((code, after)) = after.split_once("```") else { break };
        lines(before.strip_suffix('\n').unwrap_or(before), custom, &mut out);
        let code = code.strip_prefix('\n').unwrap_or(code);
        let code = unescape(code.strip_suffix('\n').unwrap_or(code));
        out.push(json!({"type": "rich_text_preformatted", "border": 0,
            "elements": if code.is_empty() { json!([]) } else { json!([{"type": "text", "text": code}]) }}));
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    lines(rest, custom, &mut out);
    out
}

/// What a line begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Plain,
    Quote,
    Item { ordered: bool, indent: usize },
}

fn classify(line: &str) -> (Line, &str) {
    for quote in ["&gt;", ">"] {
        if let Some(rest) = line.strip_prefix(quote) {
            return (Line::Quote, rest.strip_prefix(' ').unwrap_or(rest));
        }
    }
    let trimmed = line.trim_start_matches(' ');
    let indent = (line.len() - trimmed.len()) / 4;
    for bullet in ["• ", "◦ ", "▪︎ ", "▪ "] {
        if let Some(rest) = trimmed.strip_prefix(bullet) {
            return (Line::Item { ordered: false, indent }, rest);
        }
    }
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits)
        && let Some(rest) = trimmed[digits..].strip_prefix(". ")
    {
        return (Line::Item { ordered: true, indent }, rest);
    }
    (Line::Plain, line)
}

fn lines(text: &str, custom: &dyn Fn(&str) -> bool, out: &mut Vec<Value>) {
    if text.is_empty() {
        return;
    }
    let mut run: Option<(Line, Vec<&str>)> = None;
    let mut rest = text.split('\n').collect::<Vec<_>>().into_iter();
    while let Some(line) = rest.next() {
        let all = line.strip_prefix("&gt;&gt;&gt;").or_else(|| line.strip_prefix(">>>"));
        if let Some(first) = all {
            // Everything that follows is quoted.
            close(run.take(), custom, out);
            let mut quoted = vec![first.strip_prefix(' ').unwrap_or(first)];
            quoted.extend(rest.by_ref());
            close(Some((Line::Quote, quoted)), custom, out);
            return;
        }
        let (kind, content) = classify(line);
        match &mut run {
            Some((current, content_lines)) if *current == kind => content_lines.push(content),
            _ => {
                close(run.take(), custom, out);
                run = Some((kind, vec![content]));
            }
        }
    }
    close(run, custom, out);
}

fn close(run: Option<(Line, Vec<&str>)>, custom: &dyn Fn(&str) -> bool, out: &mut Vec<Value>) {
    let Some((kind, lines)) = run else { return };
    let inline = |text: &str| {
        let mut elements = Vec::new();
        inline::parse(text, Style::default(), custom, &mut elements);
        elements
    };
    out.push(match kind {
        Line::Plain => json!({"type": "rich_text_section", "elements": inline(&lines.join("\n"))}),
        Line::Quote => json!({"type": "rich_text_quote", "elements": inline(&lines.join("\n"))}),
        Line::Item { ordered, indent } => {
            let items: Vec<Value> = lines
                .iter()
                .map(|line| json!({"type": "rich_text_section", "elements": inline(line)}))
                .collect();
            json!({"type": "rich_text_list", "style": if ordered { "ordered" } else { "bullet" },
                "indent": indent, "border": 0, "elements": items})
        }
    });
}

/// What Slack stores of an app's text: lone `&`, `<`, `>` escaped, bare addresses made links.
pub(crate) fn store(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut code = false;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with('`') {
            code = !code;
        }
        let Some(c) = rest.chars().next() else { break };
        let taken = match c {
            '&' => {
                let escape = ["&amp;", "&lt;", "&gt;"].into_iter().find(|e| rest.starts_with(e));
                out.push_str(escape.unwrap_or("&amp;"));
                escape.map_or(1, str::len)
            }
            '<' => match rest.find('>') {
                Some(end) if is_control(&rest[1..end]) => {
                    out.push_str(&rest[..=end]);
                    end + 1
                }
                _ => {
                    out.push_str("&lt;");
                    1
                }
            },
            '>' => {
                out.push_str("&gt;");
                1
            }
            'h' if !code && (rest.starts_with("https://") || rest.starts_with("http://")) => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "<>\"'`|*~)]".contains(c))
                    .unwrap_or(rest.len());
                let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '_']);
                if url::Url::parse(address).is_ok() {
                    out.push('<');
                    out.push_str(address);
                    out.push('>');
                } else {
                    out.push_str(address);
                }
                address.len().max(1)
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        at += taken;
    }
    out
}

fn is_control(inside: &str) -> bool {
    let target = inside.split('|').next().unwrap_or("");
    let id = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    match target.as_bytes().first() {
        Some(b'@' | b'#') => id(&target[1..]),
        Some(b'!') => target.len() > 1 && !inside.contains('\n'),
        _ => inline::is_link(target) && !inside.contains('\n'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Value {
        json!(elements(text, &|name| name == "shipit"))
    }

    #[test]
    fn a_persons_text_becomes_rich_text() {
        let text = |t: &str| json!({"type": "text", "text": t});
        let section =
            |elements: Value| json!([{"type": "rich_text_section", "elements": elements}]);
        for (mrkdwn, expected) in [
            ("hi &amp; &lt;b&gt;", section(json!([text("hi & <b>")]))),
            (
                "*b _bi_*",
                section(json!([
                {"type": "text", "text": "b ", "style": {"bold": true}},
                {"type": "text", "text": "bi", "style": {"bold": true, "italic": true}}])),
            ),
            ("snake_case_name 2*3*4", section(json!([text("snake_case_name 2*3*4")]))),
            (
                "`a *b*`",
                section(json!([{"type": "text", "text": "a *b*", "style": {"code": true}}])),
            ),
            (
                "<@U1> <#C1|x> <!here>",
                section(json!([
                {"type": "user", "user_id": "U1"}, text(" "),
                {"type": "channel", "channel_id": "C1"}, text(" "),
                {"type": "broadcast", "range": "here"}])),
            ),
            (
                "<https://a.b/?x=1&amp;y=2|t>",
                section(json!([
                {"type": "link", "url": "https://a.b/?x=1&y=2", "text": "t"}])),
            ),
            (
                ":tada: :shipit: :nope:",
                section(json!([
                {"type": "emoji", "name": "tada", "unicode": "1f389"}, text(" "),
                {"type": "emoji", "name": "shipit"}, text(" :nope:")])),
            ),
            (
                "&gt; q\n&gt; r\nx",
                json!([
                {"type": "rich_text_quote", "elements": [text("q\nr")]},
                {"type": "rich_text_section", "elements": [text("x")]}]),
            ),
            (
                "```\nlet a;\n```",
                json!([
                {"type": "rich_text_preformatted", "border": 0, "elements": [text("let a;")]}]),
            ),
            (
                "• a\n    ◦ b",
                json!([
                {"type": "rich_text_list", "style": "bullet", "indent": 0, "border": 0, "elements": [
                    {"type": "rich_text_section", "elements": [text("a")]}]},
                {"type": "rich_text_list", "style": "bullet", "indent": 1, "border": 0, "elements": [
                    {"type": "rich_text_section", "elements": [text("b")]}]}]),
            ),
        ] {
            assert_eq!(parsed(mrkdwn), expected, "{mrkdwn}");
        }
    }

    #[test]
    fn an_apps_text_is_escaped_and_linked() {
        for (given, stored) in [
            ("a & b &amp; c", "a &amp; b &amp; c"),
            ("1 < 2 > 1", "1 &lt; 2 &gt; 1"),
            ("<@U1> <!here> <https://a.b|c>", "<@U1> <!here> <https://a.b|c>"),
            ("<b>", "&lt;b&gt;"),
            ("see https://a.b/c.", "see <https://a.b/c>."),
            ("`https://a.b`", "`https://a.b`"),
        ] {
            assert_eq!(store(given), stored, "{given}");
        }
    }

    #[test]
    fn nothing_panics_on_odd_text() {
        for text in [
            "",
            "*",
            "**",
            "``",
            "```",
            "``````",
            "<",
            "<>",
            "<|>",
            "<!date^x>",
            ":",
            "::",
            "_é_",
            "<@",
            ">>>",
            "1. ",
            "*<*>*",
        ] {
            let _ = (parsed(text), store(text));
        }
    }
}
