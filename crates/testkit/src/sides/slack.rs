//! Slack: mrkdwn, and blocks for what it has no signs for.

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Customs, Side, email, id, tell_rialto};
use crate::World;

/// Who is in Slack. The first one is the admin. Casey is nowhere else.
const PEOPLE: [(&str, &str); 5] = [
    ("Ana Silva", "ana"),
    ("Ben Okafor", "ben"),
    ("Chloé Martin", "chloe"),
    ("Megan Bowen", "megan"),
    ("Casey Contractor", "casey"),
];

pub(super) struct Slack;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn said(mrkdwn: impl Into<String>) -> Value {
    json!({"text": mrkdwn.into()})
}

fn section(text: &str) -> Value {
    json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]})
}

fn list(style: &str, indent: u8, items: &[&str]) -> Value {
    let items: Vec<_> = items.iter().map(|text| section(text)).collect();
    json!({"type": "rich_text_list", "style": style, "indent": indent, "elements": items})
}

fn rich_text(elements: &[Value]) -> Value {
    json!({"blocks": [{"type": "rich_text", "elements": elements}]})
}

impl Customs for Slack {
    fn word(&self) -> &'static str {
        "slack"
    }

    fn name(&self) -> &'static str {
        "Slack"
    }

    fn workspace(&self) -> Value {
        let person = |(index, (name, handle)): (usize, &(&str, &str))| {
            json!({
                "name": name,
                "display_name": name,
                "handle": handle,
                "email": email(name),
                "admin": index == 0,
                "avatar": format!("https://pictures.acme.example/{handle}.png"),
            })
        };
        let people: Vec<Value> = PEOPLE.iter().enumerate().map(person).collect();
        let everybody: Vec<&str> = PEOPLE.iter().map(|(name, _)| *name).collect();
        json!({
            "name": "Acme Engineering",
            "people": people,
            "channels": [
                {"name": "general", "members": everybody},
                {"name": "launch", "members": everybody},
                {"name": "release-planning", "members": everybody},
            ],
            "emoji": {"shipit": "https://pictures.acme.example/shipit.png"},
        })
    }

    fn people(&self) -> [&'static str; 3] {
        ["Ana Silva", "Ben Okafor", "Chloé Martin"]
    }

    fn stranger(&self) -> &'static str {
        "Casey Contractor"
    }

    fn owner(&self) -> &'static str {
        "Ana Silva"
    }

    fn signs_in(&self) -> &'static str {
        "Ana Silva"
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
            let slack = world.address(Side::Slack);
            let values = json!({
                "api_url": format!("{slack}/api/"),
                "authorize_url": format!("{slack}/oauth/v2/authorize"),
            });
            let id = id(&tell_rialto(world, Side::Slack, values).await?)?;
            let manifest = world.api.get(&format!("/api/v1/apps/{id}/manifest")).await?;
            let manifest = manifest["manifest"].as_str().context("the manifest")?;
            let manifest: Value = serde_json::from_str(manifest).context("the manifest is JSON")?;
            let made = world.control.post("/slack/apps", json!({"manifest": manifest})).await?;
            let values = json!({
                "client_id": made["client_id"],
                "client_secret": made["client_secret"],
                "signing_secret": made["signing_secret"],
            });
            world.change_app(&id, values).await?;
            Ok(id)
        })
    }

    fn of(&self, id: &str) -> Value {
        json!({"ts": id})
    }

    fn reaction(&self, emoji: &str) -> Value {
        let name = match emoji {
            "🎉" => "tada",
            "👀" => "eyes",
            "🚀" => "rocket",
            "👍" => "+1",
            other => other.trim_matches(':'),
        };
        json!({"emoji": name})
    }

    fn plain(&self, text: &str) -> Value {
        said(escaped(text))
    }

    fn styled(&self, tag: &str) -> Value {
        said(format!("*bold* _italic_ `code` {tag}"))
    }

    fn struck(&self, tag: &str) -> Option<Value> {
        Some(said(format!("~gone~ {tag}")))
    }

    fn underlined(&self, tag: &str) -> Option<Value> {
        let under = json!({"type": "text", "text": "under", "style": {"underline": true}});
        let rest = json!({"type": "text", "text": format!(" {tag}")});
        Some(rich_text(&[json!({"type": "rich_text_section", "elements": [under, rest]})]))
    }

    fn code_block(&self, tag: &str, code: &str) -> Option<Value> {
        Some(said(format!("{tag}\n```\n{}\n```", escaped(code))))
    }

    fn quote(&self, words: &str, tag: &str) -> Value {
        said(format!("&gt; {words}\n{tag}"))
    }

    fn lists(&self, tag: &str) -> Value {
        rich_text(&[
            section(&format!("{tag}\n")),
            list("bullet", 0, &["fruit"]),
            list("ordered", 0, &["first", "second"]),
        ])
    }

    fn nested_list(&self, tag: &str) -> Option<Value> {
        Some(rich_text(&[
            section(&format!("{tag}\n")),
            list("bullet", 0, &["fruit"]),
            list("bullet", 1, &["apple"]),
        ]))
    }

    fn heading(&self, words: &str, tag: &str) -> Value {
        json!({"blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": words}},
            {"type": "section", "text": {"type": "mrkdwn", "text": tag}},
        ]})
    }

    fn link(&self, words: &str, url: &str, tag: &str) -> Value {
        said(format!("<{}|{words}> {tag}", escaped(url)))
    }

    fn table(&self, rows: &[[&str; 2]], tag: &str) -> Option<Value> {
        let cell = |text: &&str| json!({"type": "raw_text", "text": text});
        let row = |row: &[&str; 2]| row.iter().map(cell).collect::<Vec<_>>();
        let rows: Vec<_> = rows.iter().map(row).collect();
        let words = json!({"type": "section", "text": {"type": "mrkdwn", "text": tag}});
        Some(json!({"blocks": [words, {"type": "table", "rows": rows}]}))
    }

    fn emoji(&self, tag: &str) -> Value {
        said(format!(":grinning: :+1::skin-tone-4: :shipit: {tag}"))
    }

    fn mention(&self, account: &str, _name: &str, tag: &str) -> Value {
        said(format!("ask <@{account}> {tag}"))
    }

    fn everybody(&self, _channel: &str, tag: &str) -> Value {
        said(format!("<!channel> look {tag}"))
    }

    fn lines(&self) -> usize {
        1_500
    }

    fn sharing(&self) -> &'static str {
        "upload"
    }

    fn edits_what_has_files(&self) -> bool {
        true
    }

    fn stir(&self) -> Vec<(&'static str, &'static str, Value)> {
        vec![
            ("Chloé Martin", "leave", json!({})),
            ("Chloé Martin", "join", json!({})),
            ("Ana Silva", "topic", json!({"text": "a new topic"})),
        ]
    }
}
