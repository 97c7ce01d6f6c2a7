//! The arguments of a Web API call: query, form and JSON, as Slack allows them.

use serde_json::{Map, Value};

use super::error::Fail;
use super::ts::Ts;
use crate::core::calls::SHOWN;

/// Arguments by name. Forms give text, JSON gives anything.
#[derive(Debug, Default)]
pub(crate) struct Args {
    map: Map<String, Value>,
}

impl Args {
    /// Reads the query and the body. A JSON body's `token` does not count, as on Slack.
    pub(crate) fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, Fail> {
        let mut args = Self::default();
        args.form(query.as_bytes());
        let (mime, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        match mime.trim() {
            "application/json" => {
                if body.iter().any(|byte| !byte.is_ascii_whitespace()) {
                    let Ok(value) = serde_json::from_slice::<Value>(body) else {
                        return Err("invalid_json".into());
                    };
                    let Value::Object(map) = value else { return Err("json_not_object".into()) };
                    args.map.extend(map.into_iter().filter(|(key, _)| key != "token"));
                }
            }
            "application/x-www-form-urlencoded" => args.form(body),
            "multipart/form-data" => args.multipart(parameters, body),
            "" if body.is_empty() => {}
            _ if body.is_empty() => {}
            _ => return Err("invalid_post_type".into()),
        }
        Ok(args)
    }

    /// The arguments as the journal of calls shows them: cut, and without secrets.
    pub(crate) fn line(&self) -> String {
        const SECRETS: [&str; 4] = ["token", "client_secret", "refresh_token", "code"];
        let shown = self.map.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
        let cut = |text: &str| text.chars().take(SHOWN).collect::<String>();
        let words = shown.map(|(name, value)| match value {
            Value::String(text) => format!("{name}={}", cut(text)),
            Value::Array(_) => format!("{name}=[…]"),
            other => format!("{name}={}", cut(&other.to_string())),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn form(&mut self, text: &[u8]) {
        for (key, value) in url::form_urlencoded::parse(text) {
            self.map.insert(key.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// Text fields of a multipart body; files in it are ignored (no method here takes one).
    fn multipart(&mut self, parameters: &str, body: &[u8]) {
        let Some((_, boundary)) = parameters.split_once("boundary=") else { return };
        let boundary = format!("--{}", boundary.trim().trim_matches('"'));
        let text = String::from_utf8_lossy(body);
        for part in text.split(&boundary) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
            let Some((_, name)) = head.split_once("name=\"") else { continue };
            let Some((name, rest)) = name.split_once('"') else { continue };
            if !rest.contains("filename") {
                let value = value.strip_suffix("\r\n").unwrap_or(value);
                self.map.insert(name.to_owned(), value.into());
            }
        }
    }

    /// Text, or a number or boolean as text; empty text counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.map.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(crate) fn need(&self, name: &str) -> Result<String, Fail> {
        self.text(name).ok_or_else(|| Fail::missing(name))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    pub(crate) fn flag_or(&self, name: &str, default: bool) -> bool {
        match self.map.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) if !text.is_empty() => {
                matches!(text.as_str(), "1" | "true" | "True" | "TRUE")
            }
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            _ => default,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Fail> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse::<i64>() {
            Ok(number) => Ok(Some(u64::try_from(number).unwrap_or(0))),
            Err(_) => {
                Err(Fail::arguments(format!("[ERROR] must be an integer [json-pointer:/{name}]")))
            }
        }
    }

    /// JSON, also when it came as text in a form; `code` is Slack's error when it is no JSON.
    pub(crate) fn json(&self, name: &str, code: &'static str) -> Result<Option<Value>, Fail> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                serde_json::from_str(text).map(Some).map_err(|_| Fail::new(code))
            }
            Some(other) => Ok(Some(other.clone())),
        }
    }

    /// A comma-separated list, or a JSON array.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.map.get(name) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A message's timestamp; `code` is Slack's error when it is none.
    pub(crate) fn ts(&self, name: &str, code: &'static str) -> Result<Option<Ts>, Fail> {
        self.text(name).map(|text| text.parse().map_err(|()| Fail::new(code))).transpose()
    }
}
