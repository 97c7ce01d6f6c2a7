//! `markdown_text`: standard Markdown, which Slack turns into its own format when it is posted.

/// The mrkdwn of `markdown`: emphasis, strike-through, links, headings, bullets; code is left alone.
pub(crate) fn to_mrkdwn(markdown: &str) -> String {
    let mut out = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            out.push("```".to_owned());
        } else if fenced {
            out.push(escape(line));
        } else {
            out.push(self::line(line));
        }
    }
    out.join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn line(line: &str) -> String {
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes)
        && let Some(title) = line[hashes..].strip_prefix(' ')
    {
        return format!("*{}*", spans(title.trim()).replace('*', ""));
    }
    if let Some(quoted) = line.strip_prefix('>') {
        return format!("&gt; {}", spans(quoted.trim_start()));
    }
    let trimmed = line.trim_start();
    let indent = " ".repeat((line.len() - trimmed.len()) / 2 * 4);
    match trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* ")) {
        Some(item) => format!("{indent}• {}", spans(item)),
        None => spans(line),
    }
}

fn spans(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut take = |open: &str, close: &str, as_: &str| -> Option<usize> {
            let inside = rest.strip_prefix(open)?;
            let end = inside.find(close).filter(|end| *end > 0 && !inside.starts_with(' '))?;
            let inner = if as_ == "`" { escape(&inside[..end]) } else { spans(&inside[..end]) };
            out.push_str(&format!("{as_}{inner}{as_}"));
            Some(open.len() + end + close.len())
        };
        let taken = take("`", "`", "`")
            .or_else(|| take("**", "**", "*"))
            .or_else(|| take("__", "__", "*"))
            .or_else(|| take("~~", "~~", "~"))
            .or_else(|| take("*", "*", "_"));
        if let Some(taken) = taken {
            rest = &rest[taken..];
        } else if let Some((label, address, length)) = link(rest) {
            out.push_str(&format!("<{}|{}>", escape(address), escape(label)));
            rest = &rest[length..];
        } else {
            // Slack's own mentions and links are allowed in markdown_text.
            match (c, rest.find('>')) {
                ('<', Some(end)) if rest[1..].starts_with(['@', '#', '!', 'h']) => {
                    out.push_str(&rest[..=end]);
                    rest = &rest[end + 1..];
                }
                _ => {
                    out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
    }
    out
}

fn link(text: &str) -> Option<(&str, &str, usize)> {
    let inside = text.strip_prefix('[')?;
    let (label, after) = inside.split_once("](")?;
    let (address, _) = after.split_once(')')?;
    Some((label, address, 1 + label.len() + 2 + address.len() + 1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn markdown_becomes_mrkdwn() {
        for (markdown, mrkdwn) in [
            ("**b** *i* ~~s~~ `c*`", "*b* _i_ ~s~ `c*`"),
            ("# Title", "*Title*"),
            ("[t](https://a.b)", "<https://a.b|t>"),
            ("- a\n  - b", "• a\n    • b"),
            ("```rust\na < b\n```", "```\na &lt; b\n```"),
            ("a < b <@U1>", "a &lt; b <@U1>"),
        ] {
            assert_eq!(super::to_mrkdwn(markdown), mrkdwn, "{markdown}");
        }
    }
}
