//! The Events API: who is told of what, in which envelope.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::delivery::{Signed, Subscription};
use super::stage::Stage;
use super::ts::Ts;
use super::world::{App, Channel, Install, Kind, UrlState};
use crate::core::webhooks::Webhook;

/// The time limit that Slack gives a receiver.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Envelope<'a> {
    token: &'a str,
    team_id: &'a str,
    context_team_id: &'a str,
    context_enterprise_id: Option<&'a str>,
    api_app_id: &'a str,
    event: &'a Value,
    r#type: &'static str,
    event_id: &'a str,
    event_time: u64,
    authorizations: [Authorization<'a>; 1],
    authed_users: [&'a str; 1],
    is_ext_shared_channel: bool,
    event_context: String,
}

#[derive(Serialize)]
struct Authorization<'a> {
    enterprise_id: Option<&'a str>,
    team_id: &'a str,
    user_id: &'a str,
    is_bot: bool,
    is_enterprise_install: bool,
}

/// The name under which an event is subscribed to, and the scope that it takes.
fn subscription(event: &str, channel: Option<&Channel>) -> (String, Option<&'static str>) {
    let kind = channel.map(|channel| channel.kind);
    let scope = match (event, kind) {
        ("message", Some(kind)) => {
            let (name, scope) = match kind {
                Kind::Public => ("message.channels", "channels:history"),
                Kind::Private => ("message.groups", "groups:history"),
                Kind::Im => ("message.im", "im:history"),
                Kind::Mpim => ("message.mpim", "mpim:history"),
            };
            return (name.to_owned(), Some(scope));
        }
        ("app_mention", _) => Some("app_mentions:read"),
        ("reaction_added" | "reaction_removed", _) => Some("reactions:read"),
        ("member_joined_channel" | "member_left_channel", Some(Kind::Public)) => {
            Some("channels:read")
        }
        ("member_joined_channel" | "member_left_channel", _) => Some("groups:read"),
        ("file_shared" | "file_deleted" | "file_created" | "file_change", _) => Some("files:read"),
        ("user_change" | "team_join", _) => Some("users:read"),
        ("emoji_changed", _) => Some("emoji:read"),
        ("pin_added" | "pin_removed", _) => Some("pins:read"),
        (other, _) if other.starts_with("channel_") => Some("channels:read"),
        (other, _) if other.starts_with("group_") => Some("groups:read"),
        (other, _) if other.starts_with("subteam_") => Some("usergroups:read"),
        _ => None,
    };
    (event.to_owned(), scope)
}

/// Whom of an install the event concerns: the bot, or a person who gave a token.
fn audience<'a>(
    app: &App,
    install: &'a Install,
    name: &str,
    scope: Option<&str>,
    channel: Option<&Channel>,
) -> Option<(&'a str, bool)> {
    let allowed = |scopes: &std::collections::BTreeSet<String>| {
        scope.is_none_or(|scope| scopes.contains(scope))
    };
    let inside = |user: &str| channel.is_none_or(|channel| channel.members.contains(user));
    if app.bot_events.contains(name)
        && allowed(&install.bot_scopes)
        && let Some(bot) = install.bot_user.as_deref()
        && inside(bot)
    {
        return Some((bot, true));
    }
    if !app.user_events.contains(name) {
        return None;
    }
    let mut users = install.users.iter();
    users.find(|(user, scopes)| allowed(scopes) && inside(user)).map(|(user, _)| (&**user, false))
}

impl Stage<'_> {
    /// Tells of a message event: adds what only events carry; those who are mentioned get `app_mention` as well.
    pub(crate) fn tell_message(&mut self, team: &str, channel: &str, mut event: Value, at: Ts) {
        let Ok(conversation) = self.channel(team, channel) else { return };
        let kind = conversation.kind;
        event["channel"] = channel.into();
        event["channel_type"] = match kind {
            Kind::Public => "channel",
            Kind::Private => "group",
            Kind::Im => "im",
            Kind::Mpim => "mpim",
        }
        .into();
        event["event_ts"] = at.to_string().into();
        let plain =
            event.get("subtype").is_none_or(|s| s == "file_share" || s == "thread_broadcast");
        let mention = (plain
            && kind != Kind::Im
            && event["text"].as_str().is_some_and(|text| text.contains("<@")))
        .then(|| event.clone());
        self.tell(team, Some(channel), &event);
        if let Some(mut mention) = mention {
            mention["type"] = "app_mention".into();
            self.tell(team, Some(channel), &mention);
        }
    }

    /// Sends an event to every app that subscribed to it and is in the conversation, if it is about one.
    pub(crate) fn tell(&self, team: &str, channel: Option<&str>, event: &Value) {
        let Some(workspace) = self.state.workspaces.get(team) else { return };
        let channel = channel.and_then(|id| workspace.channels.get(id));
        let kind = event["type"].as_str().unwrap_or("");
        let (name, scope) = subscription(kind, channel);
        for install in workspace.installs.values() {
            let Some(app) = self.state.apps.get(&install.app_id) else { continue };
            if app.url_state != UrlState::Verified {
                continue;
            }
            if kind == "app_mention" && !mentions(event, install) {
                continue;
            }
            if let Some((user, bot)) = audience(app, install, &name, scope, channel) {
                self.send(app, team, user, bot, channel, event);
            }
        }
    }

    /// Sends an event to one app, if it subscribed to it: what concerns the app itself.
    pub(crate) fn tell_app(&self, team: &str, app: &str, user: &str, event: &Value) {
        let name = event["type"].as_str().unwrap_or("");
        if let Some(app) = self.state.apps.get(app)
            && app.url_state == UrlState::Verified
            && (app.bot_events.contains(name) || app.user_events.contains(name))
        {
            self.send(app, team, user, true, None, event);
        }
    }

    fn send(
        &self,
        app: &App,
        team: &str,
        user: &str,
        is_bot: bool,
        channel: Option<&Channel>,
        event: &Value,
    ) {
        let Some(url) = app.request_url.clone() else { return };
        let kind = event["type"].as_str().unwrap_or("");
        let channel = channel.map_or("", |channel| &channel.id);
        let event_id = format!("Ev{}", self.core.ids.upper(10));
        let envelope = Envelope {
            token: &app.verification_token,
            team_id: team,
            context_team_id: team,
            context_enterprise_id: None,
            api_app_id: &app.id,
            event,
            r#type: "event_callback",
            event_id: &event_id,
            event_time: self.seconds(),
            authorizations: [Authorization {
                enterprise_id: None,
                team_id: team,
                user_id: user,
                is_bot,
                is_enterprise_install: false,
            }],
            authed_users: [user],
            is_ext_shared_channel: false,
            event_context: format!("1-{kind}-{team}-{channel}"),
        };
        let Ok(body) = serde_json::to_vec(&envelope) else { return };
        let mut lane = DefaultHasher::new();
        (&app.id, team, channel).hash(&mut lane);
        let subtype = event["subtype"].as_str().map(|s| format!(".{s}")).unwrap_or_default();
        self.core.webhooks.send(Webhook {
            platform: "slack",
            event: format!("{kind}{subtype}"),
            about: format!("{} {team} {channel}", app.id),
            lane: lane.finish(),
            url,
            body: Bytes::from(body),
            timeout: PATIENCE,
            policy: Arc::new(Subscription {
                signed: Signed::json(&app.signing_secret),
                app: app.id.clone(),
                slack: self.slack.me.clone(),
            }),
        });
    }
}

fn mentions(event: &Value, install: &Install) -> bool {
    let text = event["text"].as_str().unwrap_or("");
    install.bot_user.as_deref().is_some_and(|bot| {
        text.contains(&format!("<@{bot}>")) || text.contains(&format!("<@{bot}|"))
    })
}

/// The handshake's body.
pub(crate) fn challenge(app: &App, challenge: &str) -> Value {
    json!({"token": app.verification_token, "challenge": challenge, "type": "url_verification"})
}
