//! What Rialto says of a message in a reply, where Webex has nothing else for it: how it reads now, when
//! it takes no more edits (after ten: *Edit a Message*); and a reaction, which apps cannot make. Such a
//! reply goes when what it says is not true any more.
//!
//! It is no copy that the engine knows, so it is known by its first line, and in the cabinet by the
//! message that it is about. The entry is there before the reply is made: after a crash in between the
//! reply is looked for.

use std::sync::Arc;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use rialto_model::{Emoji, RichText};
use rialto_platform::{Cabinet, SendError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::{Api, Identity, Query},
    normalize,
    render::words,
    wire::{Made, Message},
};

const ENTRY: &str = "reply:";
/// What replies begin with.
const READS: &str = "This is how it reads now, as Webex lets it be edited no more:";
const REACTS: &str = "Rialto reacts to this with";
/// Webex's clock may be behind ours by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Whether a text of the service user's is such a reply.
pub(crate) fn is_one(text: &RichText) -> bool {
    let text = text.plain_text();
    [READS, REACTS].iter().any(|first| text.starts_with(first))
}

/// What a reply says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About<'a> {
    /// How it reads now.
    Reading,
    /// That we react to it.
    Reaction(&'a Emoji),
}

impl About<'_> {
    fn entry(self, message: &str) -> String {
        match self {
            Self::Reading => format!("{ENTRY}{message}:"),
            Self::Reaction(emoji) => format!("{ENTRY}{message}:{}", emoji.as_text()),
        }
    }

    fn first_line(self) -> String {
        match self {
            Self::Reading => READS.to_owned(),
            Self::Reaction(emoji) => format!("{REACTS} {}", emoji.as_text()),
        }
    }
}

/// A reply that was made, or is about to be.
#[derive(Debug, Deserialize, Serialize)]
struct Reply {
    id: Option<String>,
    begun: Timestamp,
    /// The message that began the thread.
    root: String,
    room: String,
}

fn read(text: &SecretString) -> Option<Reply> {
    serde_json::from_str(text.expose_secret()).ok()
}

/// Replies that Rialto made, by what they are about.
pub(crate) struct Replies(Arc<dyn Cabinet>);

impl Replies {
    pub fn new(cabinet: Arc<dyn Cabinet>) -> Self {
        Self(cabinet)
    }

    async fn keep(&self, entry: &str, reply: &Reply) -> Result<(), SendError> {
        let text = serde_json::to_string(reply).unwrap_or_default();
        Ok(self.0.put(entry, SecretString::from(text)).await?)
    }

    /// Whether a reply says how a message reads already: then it cannot be edited.
    pub async fn tell_of(&self, message: &str) -> Result<bool, SendError> {
        Ok(self.0.get(&About::Reading.entry(message)).await?.is_some())
    }

    /// Says something of a message, in place of what was said so before.
    pub async fn say(
        &self,
        api: &Api,
        own: &Identity,
        message: &Message,
        about: About<'_>,
        more: &str,
    ) -> Result<(), SendError> {
        let id = message.id.get().unwrap_or_default();
        let (entry, first) = (about.entry(id), about.first_line());
        let markdown = match more {
            "" => words(&first),
            more => format!("*{}*  \n{more}", words(&first)),
        };
        if let Some(before) = self.made(api, own, &entry, &first).await? {
            if before.markdown.get() == Some(&markdown) {
                return Ok(());
            }
            api.delete(&["messages", before.id.get().unwrap_or_default()]).await?;
        }
        let mut reply = Reply {
            id: None,
            begun: api.toolkit.clock.now(),
            root: message.parent_id.get().unwrap_or(id).to_owned(),
            room: message.room_id.get().unwrap_or_default().to_owned(),
        };
        self.keep(&entry, &reply).await?;
        let call = json!({ "roomId": reply.room, "parentId": reply.root, "markdown": markdown });
        let made: Made = api.send(Method::POST, &["messages"], &call).await?;
        reply.id = made.id.get().map(str::to_owned);
        self.keep(&entry, &reply).await
    }

    /// Takes away what was said of a message.
    pub async fn forget(
        &self,
        api: &Api,
        own: &Identity,
        message: &str,
        about: About<'_>,
    ) -> Result<(), SendError> {
        self.unsay(api, own, &about.entry(message), &about.first_line()).await
    }

    /// Takes away all that was said of a message.
    pub async fn forget_all(
        &self,
        api: &Api,
        own: &Identity,
        message: &str,
    ) -> Result<(), SendError> {
        let reading = About::Reading.entry(message);
        for (entry, _) in self.0.list(&reading).await? {
            let first = match entry.strip_prefix(&reading) {
                Some(emoji) if !emoji.is_empty() => format!("{REACTS} {emoji}"),
                _ => About::Reading.first_line(),
            };
            self.unsay(api, own, &entry, &first).await?;
        }
        Ok(())
    }

    async fn unsay(
        &self,
        api: &Api,
        own: &Identity,
        entry: &str,
        first: &str,
    ) -> Result<(), SendError> {
        if let Some(reply) = self.made(api, own, entry, first).await? {
            api.delete(&["messages", reply.id.get().unwrap_or_default()]).await?;
        }
        Ok(self.0.remove(entry).await?)
    }

    /// The reply of an entry, looked for where it is not known whether it was made.
    async fn made(
        &self,
        api: &Api,
        own: &Identity,
        entry: &str,
        first: &str,
    ) -> Result<Option<Message>, SendError> {
        let kept = self.0.get(entry).await?;
        let Some(mut kept) = kept.as_ref().and_then(read) else { return Ok(None) };
        if let Some(id) = &kept.id {
            return match api.get(&["messages", id], &Vec::new()).await {
                Err(error) if error.is_gone() => Ok(None),
                reply => reply.map(Some).map_err(SendError::looked),
            };
        }
        let since = kept.begun.checked_sub(SKEW).unwrap_or(kept.begun);
        let others = self.0.list(ENTRY).await?;
        let others: Vec<String> = others.iter().filter_map(|(_, text)| read(text)?.id).collect();
        let query: Query<'_> = vec![
            ("roomId", kept.room.clone()),
            ("parentId", kept.root.clone()),
            ("max", "100".to_owned()),
        ];
        let listed = match api.list::<Message>(&["messages"], &query).await {
            Err(error) if error.is_gone() => return Ok(None),
            listed => listed.map_err(SendError::looked)?,
        };
        let found = listed.items.into_iter().find(|it| {
            normalize::is_own(it, own)
                && it.created.is_none_or(|at| at >= since)
                && !others.iter().any(|id| it.id.get() == Some(id))
                && normalize::text(it).plain_text().lines().next() == Some(first)
        });
        if let Some(id) = found.as_ref().and_then(|it| it.id.get()) {
            // Others in this thread may say the same: this one is taken.
            kept.id = Some(id.to_owned());
            self.keep(entry, &kept).await?;
        }
        Ok(found)
    }
}
