//! The OData query options that a chat bridge uses, and the shape of collections.

use serde_json::{Map, Value, json};

use super::error::GraphError;

/// Query options, decoded, in order.
#[derive(Default, Clone, Debug)]
pub(crate) struct Query(pub Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        Self(url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// The value of an option, with or without its `$`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let bare = name.trim_start_matches('$');
        self.0
            .iter()
            .find(|(k, _)| k.trim_start_matches('$').eq_ignore_ascii_case(bare))
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }

    /// `$top`, at most `max`; above it Graph refuses.
    pub fn top(&self, default: usize, max: usize) -> Result<usize, GraphError> {
        match self.get("$top") {
            None => Ok(default),
            Some(text) => match text.parse::<usize>() {
                Ok(n) if (1..=max).contains(&n) => Ok(n),
                Ok(_) => Err(GraphError::bad_request(format!(
                    "The limit of '{max}' for Top query has been exceeded or the value is not positive. The value from the incoming request is '{text}'."
                ))),
                Err(_) => Err(GraphError::bad_request(format!(
                    "Invalid value '{text}' for $top query option found. The $top query option requires a non-negative integer value."
                ))),
            },
        }
    }

    /// Whether `$expand` names this property.
    pub fn expands(&self, property: &str) -> bool {
        self.get("$expand").is_some_and(|e| {
            e.split(',').any(|part| {
                part.split('(').next().is_some_and(|n| n.trim().eq_ignore_ascii_case(property))
            })
        })
    }

    /// The query string with one option set anew, the rest as they were.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        for (k, v) in &self.0 {
            let bare = k.trim_start_matches('$');
            if !matches!(bare, "skiptoken" | "deltatoken" | "skip") {
                out.append_pair(k, v);
            }
        }
        out.append_pair(name, value);
        out.finish().replace("%24", "$")
    }

    /// Drops what `$select` does not name; `id` and annotations always stay.
    pub fn select(&self, mut value: Value) -> Value {
        if let (Some(select), Value::Object(map)) = (self.get("$select"), &mut value) {
            let names: Vec<&str> = select.split(',').map(str::trim).collect();
            map.retain(|key, _| {
                key == "id" || key.starts_with('@') || names.contains(&key.as_str())
            });
        }
        value
    }
}

/// A comparison of `$filter`: `property operator value`, or `startswith(property,value)`.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Condition {
    pub property: String,
    pub operator: String,
    pub value: String,
}

impl Condition {
    /// Whether a text value meets this condition, as directory filters compare: case aside.
    pub fn holds(&self, actual: &str) -> bool {
        let (actual, wanted) = (actual.to_lowercase(), self.value.to_lowercase());
        match self.operator.as_str() {
            "eq" => actual == wanted,
            "ne" => actual != wanted,
            "startswith" => actual.starts_with(&wanted),
            "endswith" => actual.ends_with(&wanted),
            _ => false,
        }
    }
}

/// Reads a filter into alternatives (`or`) of conditions that hold together (`and`).
pub(crate) fn filter(text: &str) -> Result<Vec<Vec<Condition>>, GraphError> {
    split_outside_quotes(text, " or ")
        .into_iter()
        .map(|part| split_outside_quotes(part, " and ").into_iter().map(condition).collect())
        .collect()
}

fn split_outside_quotes<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        if c == '\'' {
            quoted = !quoted;
        }
        if !quoted
            && at >= from
            && text[at..].get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word))
        {
            parts.push(&text[from..at]);
            from = at + word.len();
        }
    }
    parts.push(text.get(from..).unwrap_or(""));
    parts
}

fn condition(text: &str) -> Result<Condition, GraphError> {
    let wrong = || GraphError::bad_request(format!("Invalid filter clause: '{text}'."));
    let text = text.trim().trim_start_matches('(');
    let unquote = |v: &str| {
        let v = v.trim();
        match v.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')) {
            Some(inner) => inner.replace("''", "'"),
            None => v.to_owned(),
        }
    };
    for function in ["startswith", "endswith"] {
        if let Some(arguments) = text.strip_prefix(function) {
            let arguments = arguments.trim().trim_start_matches('(').trim_end_matches(')');
            let (property, value) = arguments.split_once(',').ok_or_else(wrong)?;
            return Ok(Condition {
                property: property.trim().to_owned(),
                operator: function.to_owned(),
                value: unquote(value),
            });
        }
    }
    let mut words = text.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (
            Some(property),
            Some(operator @ ("eq" | "ne" | "gt" | "lt" | "ge" | "le")),
            Some(value),
        ) => Ok(Condition {
            property: property.to_owned(),
            operator: operator.to_owned(),
            value: unquote(value.trim_end_matches(')')),
        }),
        _ => Err(wrong()),
    }
}

/// A collection as Graph answers it.
pub(crate) fn collection(context: &str, values: Vec<Value>, next: Option<String>) -> Value {
    let mut out = Map::new();
    out.insert(
        "@odata.context".to_owned(),
        json!(format!("https://graph.microsoft.com/v1.0/$metadata#{context}")),
    );
    out.insert("@odata.count".to_owned(), json!(values.len()));
    if let Some(next) = next {
        out.insert("@odata.nextLink".to_owned(), Value::String(next));
    }
    out.insert("value".to_owned(), Value::Array(values));
    Value::Object(out)
}

/// One entity with its `@odata.context` in front.
pub(crate) fn entity(context: &str, value: Value) -> Value {
    let mut out = Map::new();
    out.insert(
        "@odata.context".to_owned(),
        json!(format!("https://graph.microsoft.com/v1.0/$metadata#{context}")),
    );
    if let Value::Object(map) = value {
        out.extend(map);
    }
    Value::Object(out)
}

/// An opaque page or delta token.
pub(crate) fn token(parts: &[&str]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(parts.join("\n"))
}

/// The parts of a token that [`token`] made.
pub(crate) fn read_token(token: &str) -> Result<Vec<String>, GraphError> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(|text| text.split('\n').map(str::to_owned).collect())
        .ok_or_else(|| GraphError::bad_request("The skip or delta token is malformed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read() {
        let read =
            filter("mail eq 'o''neil and co@x.example' or startswith(displayName,'Ann')").unwrap();
        assert_eq!(read[0][0].value, "o'neil and co@x.example");
        assert_eq!(read[1][0].operator, "startswith");
        assert!(filter("mail like 'x'").is_err());
        let between = filter("lastModifiedDateTime gt 2026-01-01T00:00:00Z and lastModifiedDateTime lt 2026-02-01T00:00:00Z").unwrap();
        assert_eq!(between[0].len(), 2);
    }

    #[test]
    fn tokens_come_back() {
        assert_eq!(read_token(&token(&["a", "1"])).unwrap(), ["a", "1"]);
        assert!(read_token("***").is_err());
    }
}
