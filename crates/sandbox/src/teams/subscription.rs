//! Change-notification subscriptions: what each listens to, and the index that finds them for a message.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::conversation::Place;
use super::encrypt::Certificate;
use super::json::time;

/// What a subscription listens to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Topic {
    Channel(String),
    /// All channels of one team.
    Team(String),
    AllTeams,
    Chat(String),
    /// All chats of one person.
    PersonChats(String),
    AllChats,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    Created,
    Updated,
    Deleted,
}

impl Change {
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

#[derive(Clone)]
pub(crate) struct Subscription {
    pub id: String,
    pub tenant: String,
    pub app: String,
    /// The person it was created as; `None` for an app by itself.
    pub user: Option<String>,
    pub resource: String,
    pub topic: Topic,
    pub change_type: String,
    pub url: String,
    pub lifecycle_url: Option<String>,
    pub client_state: Option<String>,
    pub expires: Timestamp,
    pub certificate: Option<Arc<Certificate>>,
    /// Until when the access token last shown for it is good; afterwards nothing is delivered until it is renewed.
    pub authorized_until: Timestamp,
    /// `reauthorizationRequired` went out for the present token.
    pub asked: bool,
    /// `missed` went out for the present gap.
    pub missed: bool,
}

impl Subscription {
    /// Whether it wants this kind of change.
    pub fn wants(&self, change: Change) -> bool {
        self.change_type.split(',').any(|c| c.trim().eq_ignore_ascii_case(change.name()))
    }

    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app,
            "changeType": self.change_type,
            "clientState": self.client_state,
            "notificationUrl": self.url,
            "notificationQueryOptions": null,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": time(self.expires),
            "creatorId": self.user.as_ref().unwrap_or(&self.app),
            "includeResourceData": self.certificate.is_some(),
            "latestSupportedTlsVersion": "v1_2",
            "encryptionCertificate": self.certificate.as_ref().map(|c| c.given.as_str()),
            "encryptionCertificateId": self.certificate.as_ref().map(|c| c.id.as_str()),
            "notificationUrlAppId": null,
        })
    }
}

#[derive(Default)]
pub(crate) struct Subscriptions {
    pub all: HashMap<String, Subscription>,
    by_topic: HashMap<(String, Topic), Vec<String>>,
}

impl Subscriptions {
    pub fn add(&mut self, subscription: Subscription) {
        self.by_topic
            .entry((subscription.tenant.clone(), subscription.topic.clone()))
            .or_default()
            .push(subscription.id.clone());
        self.all.insert(subscription.id.clone(), subscription);
    }

    pub fn remove(&mut self, id: &str) -> Option<Subscription> {
        let gone = self.all.remove(id)?;
        let key = (gone.tenant.clone(), gone.topic.clone());
        if let Some(ids) = self.by_topic.get_mut(&key) {
            ids.retain(|other| other != id);
            if ids.is_empty() {
                self.by_topic.remove(&key);
            }
        }
        Some(gone)
    }

    /// Whoever listens on exactly this topic.
    pub fn on<'a>(&'a self, tenant: &str, topic: &Topic) -> impl Iterator<Item = &'a Subscription> {
        self.by_topic
            .get(&(tenant.to_owned(), topic.clone()))
            .into_iter()
            .flatten()
            .filter_map(|id| self.all.get(id))
    }

    /// Ids of all that hear a message in this place; `people` are the chat's members.
    pub fn hearing<'a>(
        &self,
        tenant: &str,
        place: &Place,
        people: impl Iterator<Item = &'a String>,
    ) -> Vec<String> {
        if self.by_topic.is_empty() {
            return Vec::new();
        }
        let mut topics = match place {
            Place::Channel { team, channel } => {
                vec![Topic::Channel(channel.clone()), Topic::Team(team.clone()), Topic::AllTeams]
            }
            Place::Chat { chat } => vec![Topic::Chat(chat.clone()), Topic::AllChats],
        };
        if matches!(place, Place::Chat { .. }) {
            topics.extend(people.map(|id| Topic::PersonChats(id.clone())));
        }
        topics.iter().flat_map(|t| self.on(tenant, t)).map(|s| s.id.clone()).collect()
    }
}
