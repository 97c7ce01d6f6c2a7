//! A call to the API: what it is given, who makes it, what it answers. The operations are in [`operations`].

mod channels;
mod contacts;
mod files;
mod members;
mod messages;
mod operations;
mod reading;
mod users;

use std::collections::HashMap;

use serde_json::Value;

use super::error::Fail;
use super::rates::Label;
use super::scopes;
use super::stage::Stage;
use super::world::{Account, Place, Token};
use crate::core::files::Content;

pub(crate) use operations::find;

/// What an operation answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body) }
    }

    /// 204.
    pub(crate) fn done() -> Self {
        Self { status: 204, body: None }
    }
}

pub(crate) type Answer = Result<Reply, Fail>;

/// A file that came in a form.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime: Option<String>,
    pub(crate) content: Content,
}

/// What was sent with a call.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) query: HashMap<String, String>,
    /// The JSON body, or the other fields of a form.
    pub(crate) body: Value,
    pub(crate) uploads: Vec<Upload>,
}

impl Input {
    /// For the journal: at most `shown` characters of it.
    pub(crate) fn line(&self, shown: usize) -> String {
        let mut parts: Vec<String> =
            self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        parts.sort();
        for (key, value) in self.body.as_object().into_iter().flatten() {
            parts.push(match value {
                Value::String(text) => format!("{key}={text}"),
                other => format!("{key}={other}"),
            });
        }
        parts.join(" ").chars().take(shown).collect()
    }
}

/// One operation.
pub(crate) struct Operation {
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    pub(crate) label: Label,
    /// Any of these, or its `:admin` form, lets a call in.
    pub(crate) scopes: &'static [&'static str],
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
}

impl Call<'_> {
    fn account(&self) -> Result<&Account, Fail> {
        self.stage.account(&self.who.account)
    }

    /// What stands at `{name}` in the path.
    fn named(&self, name: &str) -> String {
        let found = self.named.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.input.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    /// A text of the body.
    fn text(&self, name: &str) -> Option<&str> {
        self.input.body[name].as_str().filter(|value| !value.is_empty())
    }

    /// The person whose name is in the path, or, where there is none, whose token it is.
    ///
    /// # Errors
    /// 1001 when there is no such person; 4711 when it is somebody else and the scopes allow only one's own.
    fn user(&self) -> Result<String, Fail> {
        let given = self.named("userId");
        if given.is_empty() || given == "me" {
            return Ok(self.who.user.clone());
        }
        let user = self.account()?.find_contact(&given).ok_or_else(|| Fail::no_user(&given))?;
        let granted = &self.who.scopes;
        let allowed = |scope: &&str| scopes::covers(granted, scope, true);
        if user.id != self.who.user && !self.operation.scopes.iter().any(allowed) {
            let named = scopes::named(self.operation.scopes, true);
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            return Err(Fail::scopes(&named));
        }
        Ok(user.id.clone())
    }

    /// The conversation that `to_channel` or `to_contact` names, in the body or the query.
    fn place(&self, user: &str) -> Result<Place, Fail> {
        let find = |name: &str| self.text(name).or_else(|| self.query(name));
        self.stage.place(&self.who.account, user, find("to_channel"), find("to_contact"))
    }

    /// `page_size`, at most `most`; what is not given, or not a number, is the default.
    fn page_size(&self, default: usize, most: usize) -> usize {
        let given = self.query("page_size").and_then(|size| size.parse().ok());
        given.filter(|size| *size > 0).unwrap_or(default).min(most)
    }

    /// Identifies what a listing asks for, so that a `next_page_token` fits no other.
    fn question(&self, more: &[&str]) -> u64 {
        let name = self.operation.name();
        let mut parts = vec![name.as_str(), &self.who.account, &self.who.user];
        parts.extend(self.named.iter().map(|(_, value)| value.as_str()));
        parts.extend(more);
        super::pages::question(&parts)
    }

    /// One page of a listing: `{key: […], "next_page_token", "page_size"}`.
    fn listing(
        &mut self,
        key: &str,
        all: Vec<Value>,
        (default, most): (usize, usize),
    ) -> Result<Value, Fail> {
        let size = self.page_size(default, most);
        let token = self.query("next_page_token").unwrap_or("").to_owned();
        let question = self.question(&[]);
        let (page, next) = self.stage.page(all, size, &token, question)?;
        Ok(serde_json::json!({key: page, "next_page_token": next, "page_size": size}))
    }
}
