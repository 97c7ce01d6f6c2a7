//! Refusals in Slack's own words.

use serde_json::{Map, Value, json};

/// Why a Web API call was refused: Slack's error code, and what it adds to the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fail {
    pub(crate) code: &'static str,
    pub(crate) extra: Map<String, Value>,
    /// Seconds; makes it a 429.
    pub(crate) retry_after: Option<u64>,
}

pub(crate) type Answer = Result<Value, Fail>;

impl Fail {
    pub(crate) fn new(code: &'static str) -> Self {
        Self { code, extra: Map::new(), retry_after: None }
    }

    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.extra.insert(key.to_owned(), value);
        self
    }

    /// `invalid_arguments` with the messages that Slack adds.
    pub(crate) fn arguments(message: String) -> Self {
        Self::new("invalid_arguments").messages(&[message])
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::arguments(format!("[ERROR] missing required field: {field}"))
    }

    pub(crate) fn messages(self, messages: &[String]) -> Self {
        self.with("response_metadata", json!({"messages": messages}))
    }

    pub(crate) fn scope(needed: &str, provided: &str) -> Self {
        Self::new("missing_scope").with("needed", needed.into()).with("provided", provided.into())
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = Map::from_iter([
            ("ok".to_owned(), Value::Bool(false)),
            ("error".to_owned(), self.code.into()),
        ]);
        body.extend(self.extra.clone());
        Value::Object(body)
    }
}

impl From<&'static str> for Fail {
    fn from(code: &'static str) -> Self {
        Self::new(code)
    }
}
