//! Microsoft Teams: HTML.

use anyhow::Result;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Customs, Side, both, email, id, tell_rialto};
use crate::World;

/// Who is in Teams. The first one is the admin and nowhere else, the second the service user.
const PEOPLE: [&str; 5] = ["Ida Holm", SERVICE_USER, "Megan Bowen", "Lee Gu", "Ana Silva"];
const SERVICE_USER: &str = "Rialto Service";

pub(super) struct Teams;

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace("\n\n", "</p><p>&nbsp;</p><p>").replace('\n', "<br>")
}

fn said(html: impl AsRef<str>) -> Value {
    json!({"html": format!("<p>{}</p>", html.as_ref())})
}

impl Customs for Teams {
    fn word(&self) -> &'static str {
        "teams"
    }

    fn name(&self) -> &'static str {
        "Teams"
    }

    fn workspace(&self) -> Value {
        let person = |(index, name): (usize, &&str)| {
            let roles: &[&str] = if index == 0 { &["Global Administrator"] } else { &[] };
            json!({"name": name, "mail": email(name), "roles": roles})
        };
        let people: Vec<Value> = PEOPLE.iter().enumerate().map(person).collect();
        let members: Vec<&str> = PEOPLE.into_iter().filter(|name| *name != SERVICE_USER).collect();
        json!({
            "name": "Acme Sales",
            "people": people,
            "teams": [{"name": "Projects", "members": members, "channels": ["General", "Launch"]}],
        })
    }

    fn people(&self) -> [&'static str; 3] {
        ["Lee Gu", "Megan Bowen", "Ida Holm"]
    }

    fn stranger(&self) -> &'static str {
        "Ida Holm"
    }

    fn owner(&self) -> &'static str {
        "Ida Holm"
    }

    fn signs_in(&self) -> &'static str {
        SERVICE_USER
    }

    fn place(&self, channel: &str) -> String {
        format!("Projects/{channel}")
    }

    fn parent(&self) -> Option<&'static str> {
        Some("Projects")
    }

    fn shares_its_app(&self) -> bool {
        false
    }

    fn register<'a>(&'a self, world: &'a World, tenant: &'a str) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let (graph, login) = (&world.urls().graph, &world.urls().login);
            let values = json!({
                "tenant": tenant,
                "graph_url": format!("{graph}/v1.0/"),
                "login_url": format!("{login}/"),
            });
            let app = tell_rialto(world, Side::Teams, values).await?;
            let registration = json!({
                "name": "Rialto",
                "redirect_uris": [app["redirect_url"]],
                "delegated": [
                    "User.Read", "User.ReadBasic.All", "ChannelMessage.Send",
                    "ChannelMessage.Read.All", "ChannelMessage.ReadWrite", "Channel.ReadBasic.All",
                    "Channel.Create", "ChannelMember.Read.All", "Team.ReadBasic.All",
                    "TeamMember.ReadWrite.All", "Files.ReadWrite.All", "Chat.ReadWrite", "openid",
                    "profile", "offline_access",
                ],
                "application": [
                    "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMember.ReadWrite.All",
                    "TeamMember.ReadWriteNonOwnerRole.All", "User.Read.All",
                    "ChannelMessage.Read.All",
                ],
            });
            let made = world.control.post("/teams/apps", registration).await?;
            let values =
                json!({"client_id": made["client_id"], "client_secret": made["client_secret"]});
            let id = id(&app)?;
            world.change_app(&id, values).await?;
            let consent = json!({
                "authorize_url": format!(
                    "{login}/{tenant}/adminconsent?client_id={}&redirect_uri={}",
                    made["client_id"].as_str().unwrap_or_default(),
                    app["redirect_url"].as_str().unwrap_or_default(),
                ),
                "as": PEOPLE[0],
                "approve": true,
            });
            world.control.post("/teams/consent", consent).await?;
            Ok(id)
        })
    }

    fn of(&self, id: &str) -> Value {
        json!({"message": id})
    }

    fn reaction(&self, emoji: &str) -> Value {
        json!({"emoji": emoji})
    }

    fn plain(&self, text: &str) -> Value {
        said(escaped(text))
    }

    fn styled(&self, tag: &str) -> Value {
        said(format!("<b>bold</b> <i>italic</i> <code>code</code> {tag}"))
    }

    fn struck(&self, tag: &str) -> Option<Value> {
        Some(said(format!("<s>gone</s> {tag}")))
    }

    fn underlined(&self, tag: &str) -> Option<Value> {
        Some(said(format!("<u>under</u> {tag}")))
    }

    fn code_block(&self, tag: &str, code: &str) -> Option<Value> {
        let code = escaped(code);
        let html = format!("<p>{tag}</p><codeblock class=\"Rust\"><code>{code}</code></codeblock>");
        Some(json!({"html": html}))
    }

    fn quote(&self, words: &str, tag: &str) -> Value {
        json!({"html": format!("<blockquote>{words}</blockquote><p>{tag}</p>")})
    }

    fn lists(&self, tag: &str) -> Value {
        let html =
            format!("<p>{tag}</p><ul><li>fruit</li></ul><ol><li>first</li><li>second</li></ol>");
        json!({"html": html})
    }

    fn nested_list(&self, tag: &str) -> Option<Value> {
        let html = format!("<p>{tag}</p><ul><li>fruit<ul><li>apple</li></ul></li></ul>");
        Some(json!({"html": html}))
    }

    fn heading(&self, words: &str, tag: &str) -> Value {
        json!({"html": format!("<h1>{words}</h1><p>{tag}</p>")})
    }

    fn link(&self, words: &str, url: &str, tag: &str) -> Value {
        said(format!("<a href=\"{}\">{words}</a> {tag}", escaped(url)))
    }

    fn table(&self, rows: &[[&str; 2]], tag: &str) -> Option<Value> {
        let cell = |name: &str, text: &str| format!("<{name}>{text}</{name}>");
        let row = |(index, row): (usize, &[&str; 2])| {
            let name = if index == 0 { "th" } else { "td" };
            let cells: String = row.iter().map(|text| cell(name, text)).collect();
            format!("<tr>{cells}</tr>")
        };
        let rows: String = rows.iter().enumerate().map(row).collect();
        Some(json!({"html": format!("<p>{tag}</p><table>{rows}</table>")}))
    }

    fn emoji(&self, tag: &str) -> Value {
        said(format!("😀 👍🏽 :shipit: {tag}"))
    }

    fn mention(&self, account: &str, name: &str, tag: &str) -> Value {
        let user = json!({"id": account, "displayName": name, "userIdentityType": "aadUser"});
        let mentions = json!([{"id": 0, "mentionText": name, "mentioned": {"user": user}}]);
        let words = said(format!("ask <at id=\"0\">{name}</at> {tag}"));
        both(words, json!({ "mentions": mentions }))
    }

    fn everybody(&self, channel: &str, tag: &str) -> Value {
        let (_, id) = channel.split_once('/').unwrap_or(("", channel));
        let conversation = json!({
            "id": id, "displayName": "Launch", "conversationIdentityType": "channel",
        });
        let mentioned = json!({ "conversation": conversation });
        let mentions = json!([{"id": 0, "mentionText": "Launch", "mentioned": mentioned}]);
        let words = said(format!("<at id=\"0\">Launch</at> look {tag}"));
        both(words, json!({ "mentions": mentions }))
    }

    fn lines(&self) -> usize {
        1_000
    }

    fn sharing(&self) -> &'static str {
        "upload"
    }

    fn edits_what_has_files(&self) -> bool {
        true
    }

    fn stir(&self) -> Vec<(&'static str, &'static str, Value)> {
        let team = json!({"team": "Projects", "people": ["Megan Bowen"]});
        vec![("Ida Holm", "remove", team.clone()), ("Ida Holm", "invite", team)]
    }
}
