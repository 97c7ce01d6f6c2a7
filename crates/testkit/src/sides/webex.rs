//! Webex: Markdown as its client takes it, where a line's end ends a line.

use anyhow::Result;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Customs, Side, email, id, needed, tell_rialto};
use crate::World;

/// Who is in Webex. The first one is the admin, the last one the service user. Priya is nowhere else.
const PEOPLE: [&str; 6] =
    ["Wanda Novak", "Mark Roux", "Priya Nair", "Megan Bowen", "Ana Silva", SERVICE_USER];
const SERVICE_USER: &str = "Rialto Service";

pub(super) struct Webex;

/// Signs that would mean something stand behind a backslash.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn said(markdown: impl Into<String>) -> Value {
    json!({"text": markdown.into()})
}

impl Customs for Webex {
    fn word(&self) -> &'static str {
        "webex"
    }

    fn name(&self) -> &'static str {
        "Webex"
    }

    fn workspace(&self) -> Value {
        let person = |(index, name): (usize, &&str)| {
            json!({
                "name": name,
                "email": email(name),
                "admin": index == 0,
                "avatar": format!("https://pictures.acme.example/{}.png", email(name)),
            })
        };
        let people: Vec<Value> = PEOPLE.iter().enumerate().map(person).collect();
        json!({
            "name": "Acme Support",
            "people": people,
            "channels": [
                {"name": "General", "members": PEOPLE, "public": true, "description": "All of us"},
                {"name": "Launch", "members": PEOPLE, "public": true, "description": "The launch"},
                {"name": "Board", "members": PEOPLE, "locked": true, "announcement": true},
            ],
        })
    }

    fn people(&self) -> [&'static str; 3] {
        ["Wanda Novak", "Mark Roux", "Priya Nair"]
    }

    fn stranger(&self) -> &'static str {
        "Priya Nair"
    }

    fn owner(&self) -> &'static str {
        "Wanda Novak"
    }

    fn signs_in(&self) -> &'static str {
        SERVICE_USER
    }

    fn place(&self, channel: &str) -> String {
        channel.to_owned()
    }

    fn parent(&self) -> Option<&'static str> {
        None
    }

    fn shares_its_app(&self) -> bool {
        true
    }

    fn register<'a>(
        &'a self,
        world: &'a World,
        _workspace: &'a str,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let webex = world.address(Side::Webex);
            let values = json!({"api_url": format!("{webex}/v1/")});
            let app = tell_rialto(world, Side::Webex, values).await?;
            let registration = json!({
                "name": "Rialto",
                "kind": "integration",
                "redirect_urls": [app["redirect_url"]],
                "scopes": needed(world, Side::Webex, "scope").await?,
            });
            let made = world.control.post("/webex/apps", registration).await?;
            let values =
                json!({"client_id": made["client_id"], "client_secret": made["client_secret"]});
            let id = id(&app)?;
            world.change_app(&id, values).await?;
            Ok(id)
        })
    }

    fn of(&self, id: &str) -> Value {
        json!({"id": id})
    }

    fn reaction(&self, emoji: &str) -> Value {
        json!({"emoji": emoji})
    }

    fn plain(&self, text: &str) -> Value {
        said(escaped(text))
    }

    fn styled(&self, tag: &str) -> Value {
        said(format!("**bold** *italic* `code` {tag}"))
    }

    fn struck(&self, _tag: &str) -> Option<Value> {
        None
    }

    fn underlined(&self, _tag: &str) -> Option<Value> {
        None
    }

    fn code_block(&self, tag: &str, code: &str) -> Option<Value> {
        Some(said(format!("{tag}\n\n```\n{code}\n```")))
    }

    fn quote(&self, words: &str, tag: &str) -> Value {
        said(format!("> {words}\n\n{tag}"))
    }

    fn lists(&self, tag: &str) -> Value {
        said(format!("{tag}\n\n- fruit\n\n1. first\n2. second"))
    }

    fn nested_list(&self, tag: &str) -> Option<Value> {
        Some(said(format!("{tag}\n\n- fruit\n  - apple")))
    }

    fn heading(&self, words: &str, tag: &str) -> Value {
        said(format!("# {words}\n\n{tag}"))
    }

    fn link(&self, words: &str, url: &str, tag: &str) -> Value {
        said(format!("[{words}](<{url}>) {tag}"))
    }

    fn table(&self, _rows: &[[&str; 2]], _tag: &str) -> Option<Value> {
        None
    }

    fn emoji(&self, tag: &str) -> Value {
        said(format!("😀 👍🏽 :shipit: {tag}"))
    }

    fn mention(&self, account: &str, name: &str, tag: &str) -> Value {
        said(format!("ask <@personId:{account}|{name}> {tag}"))
    }

    fn everybody(&self, _channel: &str, tag: &str) -> Value {
        said(format!("<@all> look {tag}"))
    }

    fn lines(&self) -> usize {
        310
    }

    fn sharing(&self) -> &'static str {
        "post"
    }

    fn edits_what_has_files(&self) -> bool {
        false
    }

    fn stir(&self) -> Vec<(&'static str, &'static str, Value)> {
        let who = json!({"person": "Priya Nair"});
        vec![("Wanda Novak", "remove", who.clone()), ("Wanda Novak", "invite", who)]
    }
}
