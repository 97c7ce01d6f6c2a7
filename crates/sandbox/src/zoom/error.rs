//! Refusals in Zoom's own words: `{"code": …, "message": …}`.

use serde_json::{Value, json};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fail {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
    /// Which fields are wrong, for `Validation Failed.`
    pub(crate) fields: Vec<&'static str>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Fail {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new(), headers: Vec::new() }
    }

    /// A field is missing or not as it must be.
    pub(crate) fn field(name: &'static str) -> Self {
        Self { fields: vec![name], ..Self::new(400, 300, "Validation Failed.") }
    }

    pub(crate) fn no_user(who: &str) -> Self {
        Self::new(404, 1001, format!("User does not exist: {who}."))
    }

    pub(crate) fn no_channel(id: &str) -> Self {
        Self::new(404, 4130, format!("Channel does not exist: {id}."))
    }

    pub(crate) fn no_message(id: &str) -> Self {
        Self::new(400, 300, format!("Message does not exist: {id}."))
    }

    /// The caller or the person acted for may not do that.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(400, 200, message)
    }

    pub(crate) fn scopes(needed: &[&str]) -> Self {
        let needed = needed.join(", ");
        let message = format!("Invalid access token, does not contain scopes:[{needed}].");
        Self::new(400, 4711, message)
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"code": self.code, "message": self.message});
        if !self.fields.is_empty() {
            body["errors"] = self
                .fields
                .iter()
                .map(|field| json!({"field": field, "message": "Invalid field."}))
                .collect();
        }
        body
    }
}

impl From<super::ranges::Wrong> for Fail {
    fn from(super::ranges::Wrong(field): super::ranges::Wrong) -> Self {
        Self::field(field)
    }
}
