//! `rich_text` and `at_items`: ranges over a message's text, their unit and their ends.
//!
//! **Unit.** UTF-16 code units. In the vendor's example of a pinned message a link begins at 123 behind `Here’s a`: the
//! apostrophe U+2019 counts as one, so the unit is not bytes of UTF-8. No example has a character beyond the Basic
//! Multilingual Plane, where code points and UTF-16 units would differ; this emulator takes UTF-16, in which Zoom's
//! clients (Java, Objective-C, JavaScript, Qt) count text. The limit of 1 024 characters is counted in the same unit.
//!
//! **Ends of `rich_text`.** One past the last: the reference's own example makes the first character of `Hello` bold
//! with 0…1, and the example of `team_chat.channel_message_posted` marks `this` with 13…17.
//!
//! **Ends of `at_items`.** The vendor says both. The reference counts `@Shrijana` (nine characters) as 0…8: the last
//! one. The example of `team_chat.channel_message_posted` counts `@Jill Chill` (eleven) as 0…11: one past the last. So
//! the API here answers with the former, events say the latter, and requests may use either.

use serde_json::{Value, json};

use super::world::Account;

/// One style on a range of the text, from `start` to one before `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// A size, colour, indent, heading level or address, where the kind has one.
    pub(crate) attribute: Option<String>,
}

/// `format_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Kind {
    Bold,
    Italic,
    Strikethrough,
    BulletedList,
    NumberedList,
    Underline,
    FontSize,
    FontColor,
    BackgroundColor,
    LeftIndent,
    Paragraph,
    Quote,
    AddLink,
}

/// Who is mentioned, from `start` to one before `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// A person's id; nobody: everybody in the channel.
    pub(crate) user: Option<String>,
}

/// How long a text is, as Zoom counts.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The part of `text` between two positions; what falls into the middle of a character takes the whole of it.
pub(crate) fn slice(text: &str, start: usize, end: usize) -> &str {
    let byte = |wanted: usize| {
        let mut units = 0;
        for (at, character) in text.char_indices() {
            if units >= wanted {
                return at;
            }
            units += character.len_utf16();
        }
        text.len()
    };
    let from = byte(start);
    text.get(from..byte(end).max(from)).unwrap_or("")
}

/// A field that is not as it must be, for `Validation Failed.`
pub(crate) struct Wrong(pub(crate) &'static str);

impl Style {
    /// Reads `rich_text`.
    ///
    /// # Errors
    /// Which field is wrong: an unknown type, a range outside of the text, an attribute that is missing or unfit.
    pub(crate) fn read(items: &Value, text: &str) -> Result<Vec<Self>, Wrong> {
        let all = length(text);
        array(items, "rich_text")?
            .iter()
            .map(|item| {
                let (start, end) = bounds(item, "rich_text")?;
                let kind: Kind = serde_json::from_value(item["format_type"].clone())
                    .map_err(|_| Wrong("rich_text.format_type"))?;
                let attribute = item["format_attr"].as_str().map(str::to_owned);
                if start >= end || end > all {
                    return Err(Wrong("rich_text.end_position"));
                }
                if !kind.takes(attribute.as_deref(), slice(text, start, end)) {
                    return Err(Wrong("rich_text.format_attr"));
                }
                Ok(Self { start, end, kind, attribute })
            })
            .collect()
    }

    /// As answers and events have it.
    pub(crate) fn json(&self) -> Value {
        let mut item = json!({"start_position": self.start, "end_position": self.end,
            "format_type": self.kind});
        if let Some(attribute) = &self.attribute {
            item["format_attr"] = attribute.clone().into();
        }
        item
    }
}

impl Kind {
    /// Whether `attribute` is what the kind needs on `covered`, as the reference lists it.
    fn takes(self, attribute: Option<&str>, covered: &str) -> bool {
        let given = attribute.unwrap_or("");
        match self {
            Self::FontSize => matches!(given, "s" | "m" | "l"),
            Self::FontColor | Self::BackgroundColor => {
                given.len() == 6 && given.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            Self::LeftIndent => given.parse::<u32>().is_ok_and(|pixels| pixels > 0),
            Self::Paragraph => matches!(given, "h1" | "h2" | "h3"),
            Self::AddLink => {
                // A link cannot cross lines.
                let web = given.starts_with("http://") || given.starts_with("https://");
                web && url::Url::parse(given).is_ok() && !covered.contains('\n')
            }
            Self::Bold
            | Self::Italic
            | Self::Strikethrough
            | Self::Underline
            | Self::BulletedList
            | Self::NumberedList
            | Self::Quote => true,
        }
    }
}

impl Mention {
    /// Reads `at_items`, whose ends may be the last position or the one behind it.
    ///
    /// # Errors
    /// Which field is wrong: no such type, nobody by that address or id, a range that does not begin with `@`.
    pub(crate) fn read(items: &Value, text: &str, account: &Account) -> Result<Vec<Self>, Wrong> {
        let all = length(text);
        array(items, "at_items")?
            .iter()
            .map(|item| {
                let (start, given) = bounds(item, "at_items")?;
                let user = match item["at_type"].as_u64() {
                    Some(2) => None,
                    Some(1) => {
                        let who = item["at_contact"].as_str().unwrap_or("");
                        let user = account.find_contact(who).ok_or(Wrong("at_items.at_contact"))?;
                        Some(user)
                    }
                    _ => return Err(Wrong("at_items.at_type")),
                };
                if start > given || given > all || slice(text, start, start + 1) != "@" {
                    return Err(Wrong("at_items.start_position"));
                }
                let name = user.map_or_else(|| "all".to_owned(), super::world::User::name);
                let end = end_of(text, start, given, &name);
                Ok(Self { start, end, user: user.map(|user| user.id.clone()) })
            })
            .collect()
    }

    /// As the API answers: the end is the last position.
    pub(crate) fn answer(&self, account: &Account) -> Value {
        let user = self.user.as_ref().and_then(|id| account.users.get(id));
        let mut item = json!({"at_type": if user.is_some() { 1 } else { 2 },
            "start_position": self.start, "end_position": self.end.saturating_sub(1)});
        if let Some(user) = user {
            item["at_contact"] = user.id.clone().into();
            item["at_contact_member_id"] = user.member_id.clone().into();
        }
        item
    }

    /// As events tell of it: the end is one past the last position, and who it is has other names.
    pub(crate) fn event(&self, account: &Account) -> Value {
        let user = self.user.as_ref().and_then(|id| account.users.get(id));
        let mut item = json!({"at_type": if user.is_some() { 1 } else { 2 },
            "start_position": self.start, "end_position": self.end});
        if let Some(user) = user {
            item["at_contact"] = user.email.clone().into();
            item["at_contact_user_id"] = user.id.clone().into();
            item["at_contact_member_id"] = user.member_id.clone().into();
        }
        item
    }
}

/// Which of the two readings of a mention's end it is: the one that covers `@` and the name. Where neither does, the
/// reference's reading, unless nothing of a name is at that position.
fn end_of(text: &str, start: usize, given: usize, name: &str) -> usize {
    let covers = |end: usize| slice(text, start, end).strip_prefix('@') == Some(name);
    if covers(given) {
        return given;
    }
    let last = slice(text, given, given + 1).chars().next();
    let within = last.is_some_and(|c| c.is_alphanumeric());
    if covers(given + 1) || within { given + last.map_or(1, char::len_utf16) } else { given }
}

fn array<'a>(items: &'a Value, name: &'static str) -> Result<&'a [Value], Wrong> {
    match items {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(Wrong(name)),
    }
}

fn bounds(item: &Value, name: &'static str) -> Result<(usize, usize), Wrong> {
    let position = |key: &str| item[key].as_u64().and_then(|n| usize::try_from(n).ok());
    position("start_position").zip(position("end_position")).ok_or(Wrong(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_utf16_units() {
        for (text, start, end, part) in [
            ("Hello", 0, 1, "H"),
            ("Here’s a daily", 9, 14, "daily"),
            ("日本語 ok", 4, 6, "ok"),
            ("👍 ok", 3, 5, "ok"),
            ("a👍b", 1, 3, "👍"),
            ("ab", 1, 9, "b"),
            ("ab", 5, 3, ""),
        ] {
            assert_eq!(slice(text, start, end), part, "{text} {start}..{end}");
        }
        assert_eq!(length("👍🏽日’x"), 4 + 1 + 1 + 1);
    }

    #[test]
    fn a_mentions_end_is_read_both_ways() {
        for (text, given, name, end) in [
            ("@Shrijana How are you?", 8, "Shrijana", 9),
            ("@Shrijana How are you?", 9, "Shrijana", 9),
            ("@Jill Chill, this", 11, "Jill Chill", 11),
            ("@Jill Chill, this", 10, "Jill Chill", 11),
            ("@Jill", 5, "Jill", 5),
            ("@Jill", 4, "Jill", 5),
            ("@Jil there", 4, "Jill Chill", 4),
            ("@Jil there", 3, "Jill Chill", 4),
            ("@Zoë👍 x", 6, "Zoë👍", 6),
        ] {
            assert_eq!(end_of(text, 0, given, name), end, "{text} {given}");
        }
    }
}
