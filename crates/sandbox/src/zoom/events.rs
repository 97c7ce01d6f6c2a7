//! Event subscriptions: who is told of what, in which envelope.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::delivery::Subscription;
use super::scopes;
use super::stage::Stage;
use super::world::{Account, App, AppKind, EndpointState, Install, Place};
use crate::core::webhooks::Webhook;

/// The time limit that Zoom gives a receiver.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// Whom an event concerns: user-managed apps hear of what concerns somebody who added them.
#[derive(Clone, Copy)]
pub(crate) enum Concerned<'a> {
    /// Everybody in the conversation.
    Place(&'a Place),
    /// These people.
    People(&'a [String]),
}

impl Concerned<'_> {
    fn includes(self, account: &Account, user: &str) -> bool {
        match self {
            Self::People(people) => people.iter().any(|person| person == user),
            Self::Place(Place::Direct(one, other)) => one == user || other == user,
            Self::Place(Place::Channel(id)) => {
                account.channels.get(id).is_some_and(|channel| channel.members.contains(user))
            }
        }
    }

    /// Webhooks about one conversation are sent in order.
    fn lane(self, app: &str, account: &str) -> u64 {
        let mut lane = DefaultHasher::new();
        (app, account).hash(&mut lane);
        if let Self::Place(place) = self {
            place.hash(&mut lane);
        }
        lane.finish()
    }
}

/// The scopes of which an app needs one to be told of an event, as the event's description lists them. Of reactions in
/// channels it lists none: the ones of reactions in direct messages are taken.
fn scopes_of(event: &str) -> &'static [&'static str] {
    match event {
        "chat_message.sent"
        | "chat_message.replied"
        | "chat_message.updated"
        | "chat_message.deleted" => {
            &["team_chat:read:user_message", "chat_message:read", "chat_message:write"]
        }
        "chat_channel.created" | "chat_channel.updated" | "chat_channel.deleted" => {
            &["team_chat:read:channel", "chat_channel:read", "chat_channel:write"]
        }
        "team_chat.channel_archived" | "team_chat.channel_unarchived" => {
            &["team_chat:read:archive_channels", "chat:read"]
        }
        event if event.starts_with("chat_channel.member_") => {
            &["team_chat:read:list_members", "chat_channel:read", "chat_channel:write"]
        }
        event if event.contains("_reaction_") => &["team_chat:read:message_emoji", "chat:read"],
        event if event.starts_with("team_chat.file_") => &["team_chat:read:file", "chat:read"],
        "user.updated" => &["user:read:user", "user:read", "user:write"],
        event if event.starts_with("user.") => {
            &["user:read:user:admin", "user:read:admin", "user:write:admin"]
        }
        _ => &["team_chat:read:user_message", "chat:read"],
    }
}

/// Whether the app is to hear of it. Apps for a whole account hear everything in it; others what concerns one of the
/// people who added them.
fn hears(
    app: &App,
    install: &Install,
    account: &Account,
    event: &str,
    concerned: Concerned<'_>,
) -> bool {
    let needed = scopes_of(event);
    let allowed = |granted: &BTreeSet<String>, for_others: bool| {
        needed.iter().any(|scope| scopes::covers(granted, scope, for_others))
    };
    if !app.events.contains(event) || app.endpoint.state != EndpointState::Validated {
        return false;
    }
    match app.kind {
        AppKind::Account | AppKind::Server => {
            install.users.values().any(|granted| allowed(granted, true))
        }
        AppKind::User => install
            .users
            .iter()
            .any(|(user, granted)| concerned.includes(account, user) && allowed(granted, false)),
    }
}

impl Stage<'_> {
    /// Sends an event to every app that subscribed to it and may know. `by` did it.
    pub(crate) fn tell(
        &self,
        account: &str,
        by: &str,
        event: &str,
        concerned: Concerned<'_>,
        object: &Value,
    ) {
        let Ok(known) = self.account(account) else { return };
        let mut payload = json!({"account_id": account, "object": object});
        if let Some(operator) = known.users.get(by) {
            payload["operator"] = operator.email.clone().into();
            payload["operator_id"] = operator.id.clone().into();
            if event.starts_with("team_chat.") {
                payload["operator_member_id"] = operator.member_id.clone().into();
                if !matches!(event, "team_chat.file_uploaded" | "team_chat.file_deleted") {
                    payload["by_external_user"] = false.into();
                }
            }
        }
        if event == "user.created" {
            payload["creation_type"] = "create".into();
        }
        let body = json!({"event": event, "event_ts": self.millis(), "payload": payload});
        for (id, install) in &known.installs {
            let Some(app) = self.state.apps.get(id) else { continue };
            if hears(app, install, known, event, concerned) {
                self.send(app, account, event, concerned.lane(id, account), &body);
            }
        }
    }

    fn send(&self, app: &App, account: &str, event: &str, lane: u64, body: &Value) {
        let (Some(url), Ok(body)) = (app.event_url.clone(), serde_json::to_vec(body)) else {
            return;
        };
        self.core.webhooks.send(Webhook {
            platform: "zoom",
            event: event.to_owned(),
            about: format!("{} {account}", app.id),
            lane,
            url,
            body: Bytes::from(body),
            timeout: PATIENCE,
            policy: Arc::new(Subscription::new(&app.secret_token, &self.core.ids)),
        });
    }
}
