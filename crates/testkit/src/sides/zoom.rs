//! Zoom Team Chat: what is typed in its client, where signs make formats; or words with Zoom's own
//! ranges.

use anyhow::{Result, bail};
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Customs, Side, email, id, needed, tell_rialto};
use crate::World;

/// Who is in Zoom. The first one is the service user, and an admin, who alone can add an app for all.
/// Ines is nowhere else.
const PEOPLE: [&str; 6] =
    [SERVICE_USER, "Zoe Park", "Omar Haddad", "Ines Duarte", "Megan Bowen", "Ana Silva"];
const SERVICE_USER: &str = "Rialto Service";

pub(super) struct Zoom;

fn said(typed: impl Into<String>) -> Value {
    json!({"text": typed.into()})
}

/// A format on so many letters at the beginning.
fn ranged(text: &str, letters: usize, format: &str) -> Value {
    let range = json!({
        "start_position": 0, "end_position": letters, "format_type": format,
    });
    json!({"text": text, "rich_text": [range]})
}

impl Customs for Zoom {
    fn word(&self) -> &'static str {
        "zoom"
    }

    fn name(&self) -> &'static str {
        "Zoom"
    }

    /// The service user is in no channel yet.
    fn workspace(&self) -> Value {
        let person = |(index, name): (usize, &&str)| {
            json!({
                "name": name,
                "email": email(name),
                "admin": index == 0,
                "picture": format!("https://pictures.acme.example/{}.png", email(name)),
            })
        };
        let people: Vec<Value> = PEOPLE.iter().enumerate().map(person).collect();
        json!({
            "name": "Acme Subsidiary",
            "plan": "business",
            "people": people,
            "channels": [
                {"name": "general", "members": &PEOPLE[1..]},
                {"name": "launch", "members": &PEOPLE[1..]},
            ],
            "emoji": ["shipit"],
        })
    }

    fn people(&self) -> [&'static str; 3] {
        ["Zoe Park", "Omar Haddad", "Ines Duarte"]
    }

    fn stranger(&self) -> &'static str {
        "Ines Duarte"
    }

    fn owner(&self) -> &'static str {
        "Zoe Park"
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
            let zoom = world.address(Side::Zoom);
            let values = json!({
                "api_url": format!("{zoom}/v2/"),
                "file_url": format!("{zoom}/v2/"),
                "login_url": format!("{zoom}/"),
            });
            let app = tell_rialto(world, Side::Zoom, values).await?;
            let id = id(&app)?;
            // An app for a whole account has scopes for it.
            let scopes = needed(world, Side::Zoom, "scope").await?.into_iter();
            let scopes = scopes.map(|name| format!("{}:admin", name.trim_end_matches(":admin")));
            let registration = json!({
                "name": "Rialto",
                "kind": "account",
                "redirect_urls": [app["redirect_url"]],
                "scopes": scopes.collect::<Vec<_>>(),
                "events": needed(world, Side::Zoom, "event").await?,
            });
            let made = world.control.post("/zoom/apps", registration).await?;
            let values = json!({
                "client_id": made["client_id"],
                "client_secret": made["client_secret"],
                "secret_token": made["secret_token"],
            });
            world.change_app(&id, values).await?;
            // The admin enters the address, which Zoom validates: Rialto knows the secret by now.
            let path = format!("/zoom/apps/{}", made["id"].as_str().unwrap_or_default());
            let events = json!({"event_url": app["webhook_url"]});
            let made = world.control.call(Method::PATCH, &path, Some(events)).await?;
            if made["events"]["state"] != "validated" {
                bail!("Zoom did not validate the address: {}", made["events"]);
            }
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
        json!({"text": text, "rich_text": []})
    }

    /// There is no code in Zoom; people put it between backticks.
    fn styled(&self, tag: &str) -> Value {
        said(format!("*bold* _italic_ `code` {tag}"))
    }

    fn struck(&self, tag: &str) -> Option<Value> {
        Some(said(format!("~gone~ {tag}")))
    }

    fn underlined(&self, tag: &str) -> Option<Value> {
        Some(ranged(&format!("under {tag}"), "under".len(), "Underline"))
    }

    fn code_block(&self, _tag: &str, _code: &str) -> Option<Value> {
        None
    }

    fn quote(&self, words: &str, tag: &str) -> Value {
        said(format!("> {words}\n{tag}"))
    }

    fn lists(&self, tag: &str) -> Value {
        said(format!("{tag}\n- fruit\n1. first\n2. second"))
    }

    fn nested_list(&self, _tag: &str) -> Option<Value> {
        None
    }

    fn heading(&self, words: &str, tag: &str) -> Value {
        said(format!("# {words}\n{tag}"))
    }

    fn link(&self, words: &str, url: &str, tag: &str) -> Value {
        let (text, letters) = (format!("{words} {tag}"), words.len());
        let range = json!({
            "start_position": 0, "end_position": letters, "format_type": "AddLink",
            "format_attr": url,
        });
        json!({"text": text, "rich_text": [range]})
    }

    fn table(&self, _rows: &[[&str; 2]], _tag: &str) -> Option<Value> {
        None
    }

    fn emoji(&self, tag: &str) -> Value {
        said(format!("😀 👍🏽 :shipit: {tag}"))
    }

    fn mention(&self, _account: &str, name: &str, tag: &str) -> Value {
        said(format!("ask @{name} {tag}"))
    }

    fn everybody(&self, _channel: &str, tag: &str) -> Value {
        said(format!("@all look {tag}"))
    }

    fn lines(&self) -> usize {
        45
    }

    fn sharing(&self) -> &'static str {
        "upload"
    }

    fn edits_what_has_files(&self) -> bool {
        true
    }

    fn stir(&self) -> Vec<(&'static str, &'static str, Value)> {
        vec![("Ines Duarte", "leave", json!({})), ("Ines Duarte", "join", json!({}))]
    }
}
