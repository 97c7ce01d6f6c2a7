//! A call to the API: what it is given, who makes it, what it answers. The operations are in [`operations`].

mod actions;
mod applications;
mod memberships;
mod messages;
mod operations;
mod people;
mod rooms;
mod team_memberships;
mod teams;
mod webhooks;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contents::{Download, Upload};
use super::error::Fail;
use super::pages;
use super::stage::Stage;
use super::world::Token;

pub(crate) use operations::{Found, find};

/// What an operation answers.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// Where the next page is.
    pub(crate) link: Option<String>,
    pub(crate) file: Option<Download>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), ..Self::default() }
    }

    /// 204.
    fn done() -> Self {
        Self { status: 204, ..Self::default() }
    }
}

pub(crate) type Answer = Result<Reply, Fail>;

/// What was sent with a call.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) query: BTreeMap<String, String>,
    /// The JSON body, or the texts of a form.
    pub(crate) body: Value,
    pub(crate) uploads: Vec<Upload>,
}

impl Input {
    /// For the journal: at most `shown` characters of it.
    pub(crate) fn line(&self, shown: usize) -> String {
        let query = self.query.iter().map(|(key, value)| format!("{key}={value}"));
        let body = self.body.as_object().into_iter().flatten().map(|(key, value)| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        });
        query.chain(body).collect::<Vec<_>>().join(" ").chars().take(shown).collect()
    }
}

/// One operation.
pub(crate) struct Operation {
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    /// Which a token must have; empty: any token.
    pub(crate) scope: &'static str,
    pub(crate) takes_file: bool,
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

impl Operation {
    /// As journals and fault rules name it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.verb, self.path)
    }
}

/// A call under way.
pub(crate) struct Call<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) who: Token,
    pub(crate) operation: &'static Operation,
    /// What stands in the path's places.
    pub(crate) named: Vec<(&'static str, String)>,
    pub(crate) input: Input,
    pub(crate) path: String,
}

impl Call<'_> {
    /// Whose token it is.
    fn me(&self) -> String {
        self.who.person.clone()
    }

    /// What stands at the path's only place.
    fn id(&self) -> String {
        self.named.first().map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Whether a fault of Webex's own strikes this call.
    fn strikes(&self, name: &str) -> bool {
        self.stage.core.faults.strikes_special("webex", name, &self.operation.name())
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.input.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A text of the body; an empty one counts as none.
    fn text(&self, name: &str) -> Option<&str> {
        self.input.body[name].as_str().filter(|value| !value.is_empty())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 400 where it is not.
    fn needed(&self, name: &str) -> Result<String, Fail> {
        self.text(name).map(str::to_owned).ok_or_else(|| Fail::missing(name))
    }

    /// A truth of the body.
    ///
    /// # Errors
    /// 400 for what is neither true nor false.
    fn truth(&self, name: &str) -> Result<Option<bool>, Fail> {
        match &self.input.body[name] {
            Value::Null => Ok(None),
            Value::Bool(truth) => Ok(Some(*truth)),
            _ => Err(Fail::bad(format!("{name} must be true or false."))),
        }
    }

    /// Whom `personId` or `personEmail` of the body names; nobody yet known is invited by e-mail.
    ///
    /// # Errors
    /// 400 where neither is there, 404 for an unknown id.
    fn person_meant(&mut self) -> Result<String, Fail> {
        if let Some(id) = self.text("personId") {
            return Ok(self.stage.person(id)?.id.clone());
        }
        let email = self.needed("personEmail")?;
        self.stage.invite(&email)
    }

    /// One page of a listing; where it goes on is said by a `cursor`.
    fn listing(&self, all: impl Iterator<Item = Value>, default: usize, most: usize) -> Answer {
        let size = pages::size(self.query("max"), default, most)?;
        let from = self.query("cursor").map_or(Ok(0), str::parse);
        let from = from.map_err(|_| Fail::bad("Invalid cursor."))?;
        let page = pages::page(all, from, size);
        let link = page.next.map(|next| self.address(&[("cursor", &next.to_string())]));
        Ok(Reply { link, ..Reply::ok(json!({"items": page.items})) })
    }

    /// The call's own address, with other values in its query.
    fn address(&self, changed: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in &self.input.query {
            if changed.iter().all(|(name, _)| name != key) {
                query.append_pair(key, value);
            }
        }
        query.extend_pairs(changed);
        format!("{}/v1{}?{}", self.stage.state.base, self.path, query.finish())
    }
}
