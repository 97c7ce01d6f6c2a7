//! One run of mrkdwn as rich_text elements: styles, links, mentions, emoji, escapes.

use serde_json::{Value, json};

/// The styles in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    bold: bool,
    italic: bool,
    strike: bool,
    code: bool,
}

impl Style {
    fn json(self) -> Option<Value> {
        let mut map = serde_json::Map::new();
        for (on, name) in [
            (self.bold, "bold"),
            (self.italic, "italic"),
            (self.strike, "strike"),
            (self.code, "code"),
        ] {
            if on {
                map.insert(name.to_owned(), true.into());
            }
        }
        (!map.is_empty()).then_some(Value::Object(map))
    }

    fn with(mut self, marker: u8) -> Self {
        match marker {
            b'*' => self.bold = true,
            b'_' => self.italic = true,
            b'~' => self.strike = true,
            _ => self.code = true,
        }
        self
    }
}

/// Elements of `text`, appended to `out`. `custom` tells the workspace's own emoji.
pub(super) fn parse(text: &str, style: Style, custom: &dyn Fn(&str) -> bool, out: &mut Vec<Value>) {
    let bytes = text.as_bytes();
    let mut plain = String::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'<' => {
                if let Some(end) = text[at..].find('>').map(|n| at + n)
                    && let Some(element) = control(&text[at + 1..end], style)
                {
                    flush(&mut plain, style, out);
                    out.push(element);
                    at = end + 1;
                    continue;
                }
            }
            b'`' => {
                if let Some(end) = code_end(text, at) {
                    flush(&mut plain, style, out);
                    let mut code = unescape(&text[at + 1..end]);
                    flush(&mut code, style.with(b'`'), out);
                    at = end + 1;
                    continue;
                }
            }
            marker @ (b'*' | b'_' | b'~') => {
                if let Some(end) = styled_end(text, at, marker) {
                    flush(&mut plain, style, out);
                    parse(&text[at + 1..end], style.with(marker), custom, out);
                    at = end + 1;
                    continue;
                }
            }
            b':' => {
                if let Some((name, end)) = emoji(text, at)
                    && let Some(element) = emoji_element(name, style, custom)
                {
                    flush(&mut plain, style, out);
                    out.push(element);
                    at = end;
                    continue;
                }
            }
            _ => {}
        }
        let step = text[at..].chars().next().map_or(1, char::len_utf8);
        plain.push_str(&text[at..at + step]);
        at += step;
    }
    flush(&mut plain, style, out);
}

fn flush(plain: &mut String, style: Style, out: &mut Vec<Value>) {
    if !plain.is_empty() {
        let text =
            if style.code { std::mem::take(plain) } else { unescape(&std::mem::take(plain)) };
        let mut element = json!({"type": "text", "text": text});
        set_style(&mut element, style);
        out.push(element);
    }
}

fn set_style(element: &mut Value, style: Style) {
    if let Some(style) = style.json() {
        element["style"] = style;
    }
}

/// The three escapes that Slack's text knows.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn word(c: char) -> bool {
    c.is_alphanumeric()
}

fn code_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at + 1..];
    let end = rest.find('`')?;
    (end > 0 && !rest[..end].contains('\n')).then_some(at + 1 + end)
}

/// Where the style opened at `at` closes: on the same line, not after a space, not before a letter.
fn styled_end(text: &str, at: usize, marker: u8) -> Option<usize> {
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| word(c) || c == char::from(marker)) {
        return None;
    }
    let bytes = text.as_bytes();
    let opening = text[at + 1..].chars().next()?;
    if opening.is_whitespace() || opening == char::from(marker) {
        return None;
    }
    let mut n = at + 1;
    while n < bytes.len() {
        match bytes[n] {
            b'\n' => return None,
            b'<' => {
                // What is inside a link or mention closes nothing.
                n += text[n..].find('>').unwrap_or(0) + 1;
                continue;
            }
            b'`' => {
                n = code_end(text, n).unwrap_or(n) + 1;
                continue;
            }
            byte if byte == marker => {
                let inside = text[..n].chars().next_back();
                let after = text[n + 1..].chars().next();
                if inside.is_some_and(|c| !c.is_whitespace())
                    && after.is_none_or(|c| !word(c) && c != char::from(marker))
                {
                    return Some(n);
                }
            }
            _ => {}
        }
        n += 1;
    }
    None
}

/// `:name:` or `:name::skin-tone-3:` at `at`, with the index after it.
fn emoji(text: &str, at: usize) -> Option<(&str, usize)> {
    let name_at = |from: usize| -> Option<usize> {
        let length = text[from..].bytes().position(|b| {
            !(b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-+'".contains(&b))
        })?;
        (length > 0 && text.as_bytes()[from + length] == b':').then_some(from + length)
    };
    let end = name_at(at + 1)?;
    if text[end + 1..].starts_with(":skin-tone-")
        && let Some(toned) = name_at(end + 2)
    {
        return Some((&text[at + 1..toned], toned + 1));
    }
    Some((&text[at + 1..end], end + 1))
}

fn emoji_element(name: &str, style: Style, custom: &dyn Fn(&str) -> bool) -> Option<Value> {
    let (base, tone) = name.split_once("::skin-tone-").map_or((name, None), |(b, t)| (b, Some(t)));
    let mut element = json!({"type": "emoji", "name": base});
    if let Some(text) = crate::slack::emoji::unicode(name) {
        let codes: Vec<String> = text.chars().map(|c| format!("{:x}", u32::from(c))).collect();
        element["unicode"] = codes.join("-").into();
    } else if !custom(base) {
        return None;
    }
    if let Some(tone) = tone.and_then(|tone| tone.parse::<u8>().ok()) {
        element["skin_tone"] = tone.into();
    }
    set_style(&mut element, style);
    Some(element)
}

/// What stands between `<` and `>`: a mention, a channel, a link. Nothing when it is none of Slack's.
fn control(inside: &str, style: Style) -> Option<Value> {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(t, l)| (t, Some(l)));
    let mut element = if let Some(user) = target.strip_prefix('@') {
        json!({"type": "user", "user_id": user})
    } else if let Some(channel) = target.strip_prefix('#') {
        json!({"type": "channel", "channel_id": channel})
    } else if let Some(special) = target.strip_prefix('!') {
        if let Some(group) = special.strip_prefix("subteam^") {
            json!({"type": "usergroup", "usergroup_id": group})
        } else if let Some(date) = special.strip_prefix("date^") {
            let mut parts = date.splitn(3, '^');
            let timestamp: i64 = parts.next()?.parse().ok()?;
            json!({"type": "date", "timestamp": timestamp, "format": parts.next().unwrap_or(""),
                "fallback": label.map(unescape)})
        } else if matches!(special, "here" | "channel" | "everyone") {
            json!({"type": "broadcast", "range": special})
        } else {
            json!({"type": "text", "text": format!("@{}", label.unwrap_or(special))})
        }
    } else if is_link(target) {
        let mut link = json!({"type": "link", "url": unescape(target)});
        if let Some(label) = label {
            link["text"] = unescape(label).into();
        }
        link
    } else {
        return None;
    };
    set_style(&mut element, style);
    Some(element)
}

/// Whether Slack takes this for an address.
pub(crate) fn is_link(target: &str) -> bool {
    ["http://", "https://", "mailto:", "tel:", "slack://", "ftp://"]
        .iter()
        .any(|scheme| target.len() > scheme.len() && target.starts_with(scheme))
}
