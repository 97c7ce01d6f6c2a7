//! One workspace: what is said in it, and what is read there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use jiff::SignedDuration;
use rialto_corpus::{CONVERSATION, PEOPLE, Said};
use rialto_model::{
    Author, Begun, Content, DeliveryId, EventKind, Inline, Mention, MentionTarget, RemoteId,
    RichText,
};
use rialto_platform::{Connection, HistoryRequest, NewConversation, Outgoing, Post};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    reading::without_byline,
    setup::{Scene, email},
};

/// Who says everything.
pub const AUTHOR: &str = PEOPLE[0];

/// A workspace that is connected.
pub struct Workspace {
    pub id: &'static str,
    pub connection: Arc<dyn Connection>,
    scene: Arc<Scene>,
    /// Where channels are made in.
    parent: Option<RemoteId>,
    /// Ids by name.
    people: BTreeMap<&'static str, RemoteId>,
    conversation: RemoteId,
    channels: AtomicUsize,
}

/// A channel for one reading of the corpus.
pub struct Channel {
    name: String,
    id: RemoteId,
}

/// All four.
pub async fn all() -> Vec<Workspace> {
    let scene = Arc::new(Scene::start().await);
    let connections = [
        ("slack", scene.slack().await),
        ("teams", scene.teams().await),
        ("webex", scene.webex().await),
        ("zoom", scene.zoom().await),
    ];
    let mut all = Vec::new();
    for (id, connection) in connections {
        all.push(Workspace::of(id, connection, scene.clone()).await);
    }
    all
}

impl Workspace {
    async fn of(id: &'static str, connection: Arc<dyn Connection>, scene: Arc<Scene>) -> Self {
        let mut people = BTreeMap::new();
        for (index, name) in PEOPLE.into_iter().enumerate() {
            let email = email(index);
            let account = connection.account_by_email(&email).await.unwrap();
            people.insert(name, account.unwrap_or_else(|| panic!("{id}: no {email}")).id);
        }
        let listed = connection.conversations(None).await.unwrap().items;
        let found = listed.into_iter().find(|it| it.name == CONVERSATION);
        let conversation = found.unwrap_or_else(|| panic!("{id}: no {CONVERSATION}")).id;
        let parent = connection.parents().await.unwrap().first().map(|(id, _)| id.clone());
        connection.join(&conversation).await.unwrap();
        Self { id, connection, scene, parent, people, conversation, channels: AtomicUsize::new(0) }
    }

    /// A new channel that everybody is in.
    pub async fn channel(&self, name: &str) -> Channel {
        let new = NewConversation {
            name: name.to_owned(),
            parent: self.parent.clone(),
            private: false,
            members: self.people.values().cloned().collect(),
            topic: None,
        };
        let id = self.connection.create_conversation(&new).await.unwrap().id;
        Channel { name: name.to_owned(), id }
    }

    /// The posts that a text takes when somebody elsewhere says it.
    pub async fn say(
        &self,
        channel: &Channel,
        said_on: &'static str,
        text: &RichText,
    ) -> Vec<RemoteId> {
        let outgoing = Outgoing {
            delivery: DeliveryId::new(Uuid::from_u128(3)),
            to: channel.id.clone(),
            thread: None,
            broadcast: false,
            author: Author { account: None, name: AUTHOR.to_owned(), avatar_url: None, bot: false },
            said_on,
            content: Content { text: self.localized(text), attachments: Vec::new() },
            notes: Vec::new(),
        };
        let mut posts = Vec::new();
        for part in self.connection.render(&outgoing) {
            let begun =
                Begun::committed(outgoing.delivery, part.key, self.scene.toolkit.clock.now());
            let post = Post { to: &channel.id, thread: None, part: &part, files: &[] };
            let made = self.connection.post(&post, &begun).await;
            posts.push(made.unwrap_or_else(|error| panic!("{}: {error}: {}", self.id, part.body)));
        }
        posts
    }

    /// Somebody here says what is of this platform.
    pub async fn act(&self, channel: &Channel, deed: &Value) -> RemoteId {
        let mut text = deed.to_string();
        for (name, id) in &self.people {
            text = text.replace(&format!("{{{name}}}"), id.as_str());
        }
        text = text.replace(&format!("{{{CONVERSATION}}}"), self.conversation.as_str());
        let mut deed: Value = serde_json::from_str(&text).unwrap();
        deed["workspace"] = "Acme".into();
        deed["do"] = "post".into();
        deed["channel"] = channel.name.as_str().into();
        if deed["as"].is_null() {
            deed["as"] = AUTHOR.into();
        }
        let done = self.scene.control(&format!("/{}/act", self.id), deed).await;
        let id = done["ts"].as_str().or(done["id"].as_str());
        id.unwrap_or_else(|| panic!("{done}")).into()
    }

    /// What the connector makes of what somebody here says.
    pub async fn heard(&self, deed: &Value) -> RichText {
        let channel = self.channel(&format!("heard-{}", self.channels.fetch_add(1, Relaxed))).await;
        let id = self.act(&channel, deed).await;
        self.read(&channel).await.remove(&id).unwrap()
    }

    /// A message of the corpus, wherever it is from; `None` when it is another platform's own.
    pub async fn say_sample(&self, channel: &Channel, said: &Said) -> Option<Vec<RemoteId>> {
        match said {
            Said::Text(text) => Some(self.say(channel, "Chat", text).await),
            Said::Native(platform, deed) if *platform == self.id => {
                Some(vec![self.act(channel, deed).await])
            }
            Said::Native(..) => None,
        }
    }

    /// Everything in a channel as the connector reads it, by id, without bylines.
    pub async fn read(&self, channel: &Channel) -> HashMap<RemoteId, RichText> {
        let mut read = HashMap::new();
        let since = self.scene.toolkit.clock.now() - SignedDuration::from_hours(1);
        let mut page: Option<String> = None;
        loop {
            let request = HistoryRequest {
                conversation: &channel.id,
                since,
                whole: false,
                page: page.as_deref(),
            };
            let listed = self.connection.history(request).await.unwrap();
            for event in listed.events {
                if let EventKind::Message(state) = event.kind {
                    let text = self.canonical(state.content.text);
                    // Slack shows the author's name with the message.
                    let text = if self.id == "slack" { text } else { without_byline(text) };
                    read.insert(state.id, text);
                }
            }
            page = listed.next;
            if page.is_none() {
                return read;
            }
        }
    }

    /// What people see in a channel, by id.
    pub async fn view(&self, channel: &Channel) -> HashMap<RemoteId, String> {
        let path = format!("/{}/view?workspace=Acme&channel={}", self.id, channel.name);
        let view = self.scene.look(&path).await;
        let seen = |message: &Value| {
            let field = |name: &str| message[name].as_str().unwrap().to_owned();
            (RemoteId::from(field("id")), field("html"))
        };
        view["messages"].as_array().unwrap_or_else(|| panic!("{view}")).iter().map(seen).collect()
    }

    /// In the platform's terms, as the relay puts it there: calls by the ids that people have here.
    fn localized(&self, text: &RichText) -> RichText {
        let mut text = text.clone();
        text.for_each_line(&mut |line| {
            for inline in line {
                let Inline::Mention(Mention { target, name }) = inline else { continue };
                let there = match target {
                    MentionTarget::Account(id) => {
                        self.people.get(id.as_str()).map(|id| MentionTarget::Account(id.clone()))
                    }
                    MentionTarget::Conversation(id) if id.as_str() == CONVERSATION => {
                        Some(MentionTarget::Conversation(self.conversation.clone()))
                    }
                    MentionTarget::Everyone(audience) => Some(MentionTarget::Everyone(*audience)),
                    _ => None,
                };
                let sign = if matches!(target, MentionTarget::Conversation(_)) { '#' } else { '@' };
                match there {
                    Some(there) => *target = there,
                    None => *inline = Inline::text(format!("{sign}{name}")),
                }
            }
        });
        text
    }

    /// In the corpus's terms: calls by names, as the relay completes them.
    fn canonical(&self, mut text: RichText) -> RichText {
        text.for_each_line(&mut |line| {
            for inline in line {
                let Inline::Mention(Mention { target, name }) = inline else { continue };
                match target {
                    MentionTarget::Account(id) => {
                        if let Some((known, _)) = self.people.iter().find(|(_, it)| *it == id) {
                            *id = (*known).into();
                            *name = (*known).to_owned();
                        }
                    }
                    MentionTarget::Conversation(id) if *id == self.conversation => {
                        *id = CONVERSATION.into();
                        *name = CONVERSATION.to_owned();
                    }
                    _ => {}
                }
            }
        });
        text
    }
}
