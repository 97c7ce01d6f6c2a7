//! Ids of another shape: longer, and of users and channels with another letter in front. Abroad is
//! Rialto; at home is the sandbox.

use serde_json::{Map, Value};

/// Characters of the sandbox's ids.
const LENGTH: usize = 11;
/// What ids end with abroad.
const TAIL: &str = "0FARAWAY9";
/// First letters at home and abroad. Slack has all of them (docs: *Object types*).
const LETTERS: [(char, char); 7] =
    [('U', 'W'), ('C', 'G'), ('T', 'T'), ('B', 'B'), ('F', 'F'), ('A', 'A'), ('S', 'S')];

/// The same value with ids as they are abroad.
pub(super) fn abroad(value: Value) -> Value {
    map(value, &|text| words(text, &away))
}

/// The same value with ids as they are at home.
pub(super) fn home(value: Value) -> Value {
    map(value, &home_text)
}

/// The same text with ids as they are at home.
pub(super) fn home_text(text: &str) -> String {
    words(text, &back)
}

fn map(value: Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items.into_iter().map(|item| map(item, change)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (change(&key), map(value, change)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// A text with each of its words changed.
fn words(text: &str, change: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(&change(word).unwrap_or_else(|| word.to_owned()));
        let next = after.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

fn away(word: &str) -> Option<String> {
    let fits = word.len() == LENGTH
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let first = word.chars().next().filter(|_| fits)?;
    let (_, letter) = LETTERS.into_iter().find(|(home, _)| *home == first)?;
    Some(format!("{letter}{}{TAIL}", &word[1..]))
}

fn back(word: &str) -> Option<String> {
    let body = word.strip_suffix(TAIL).filter(|body| body.len() == LENGTH)?;
    let first = body.chars().next()?;
    let (letter, _) = LETTERS.into_iter().find(|(_, abroad)| *abroad == first)?;
    Some(format!("{letter}{}", &body[1..]))
}

#[test]
fn ids_come_home_from_abroad_and_nothing_else_is_changed() {
    let text = "<@U0123456789> in /files/T0123456789-F0123456789/a, not CHECKPOINT or u0123456789";
    let abroad = words(text, &away);
    assert_eq!(
        abroad,
        "<@W01234567890FARAWAY9> in /files/T01234567890FARAWAY9-F01234567890FARAWAY9/a, not \
         CHECKPOINT or u0123456789"
    );
    assert_eq!(home_text(&abroad), text);
}
