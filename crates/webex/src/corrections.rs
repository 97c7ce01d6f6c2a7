//! What a message reads now that cannot be edited any more: after ten edits, or with a file, Webex takes
//! none (*Edit a Message*). It is said in a reply, which goes when it changes again or is deleted.
//!
//! A reply is no copy that the engine knows, so it is known by its first words, and in the cabinet by the
//! message that it belongs to. The entry is there before the reply is made: after a crash in between the
//! reply is looked for.

use std::sync::Arc;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use rialto_model::RichText;
use rialto_platform::{Cabinet, SendError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::{Api, Identity, Query, looked},
    normalize,
    render::words,
    wire::{Made, Message},
};

const ENTRY: &str = "correction:";
/// What such a reply begins with.
const PREFACE: &str = "This is how it reads now, as Webex lets it be edited no more:";
/// Webex's clock may be behind ours by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Whether a text of the service user's is such a reply.
pub(crate) fn is_one(text: &RichText) -> bool {
    text.plain_text().starts_with(PREFACE)
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

/// Replies that say how messages read now.
pub(crate) struct Corrections(Arc<dyn Cabinet>);

impl Corrections {
    pub fn new(cabinet: Arc<dyn Cabinet>) -> Self {
        Self(cabinet)
    }

    async fn of(&self, message: &str) -> Result<Option<Reply>, SendError> {
        let kept = self.0.get(&format!("{ENTRY}{message}")).await?;
        Ok(kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok()))
    }

    async fn keep(&self, message: &str, reply: &Reply) -> Result<(), SendError> {
        let text = serde_json::to_string(reply).unwrap_or_default();
        Ok(self.0.put(&format!("{ENTRY}{message}"), SecretString::from(text)).await?)
    }

    /// Whether a message has one already: then it cannot be edited.
    pub async fn has(&self, message: &str) -> Result<bool, SendError> {
        Ok(self.of(message).await?.is_some())
    }

    /// Says how a message reads now, in place of what was said so before.
    pub async fn say(
        &self,
        api: &Api,
        own: &Identity,
        message: &Message,
        markdown: &str,
    ) -> Result<(), SendError> {
        let id = message.id.get().unwrap_or_default();
        let room = message.room_id.get().unwrap_or_default().to_owned();
        let root = message.parent_id.get().unwrap_or(id).to_owned();
        let preface = words(PREFACE);
        let now_reads = format!("*{preface}*  \n{markdown}");
        if let Some(before) = self.reply(api, own, id).await? {
            if before.markdown.get() == Some(&now_reads) {
                return Ok(());
            }
            let before = before.id.get().unwrap_or_default();
            api.delete(&["messages", before]).await?;
        }
        let begun = api.toolkit.clock.now();
        let mut reply = Reply { id: None, begun, root: root.clone(), room: room.clone() };
        self.keep(id, &reply).await?;
        let call = json!({ "roomId": room, "parentId": root, "markdown": now_reads });
        let made: Made = api.send(Method::POST, &["messages"], &call).await?;
        reply.id = made.id.get().map(str::to_owned);
        self.keep(id, &reply).await
    }

    /// Takes away what was said of a message.
    pub async fn forget(&self, api: &Api, own: &Identity, message: &str) -> Result<(), SendError> {
        if !self.has(message).await? {
            return Ok(());
        }
        if let Some(reply) = self.reply(api, own, message).await? {
            api.delete(&["messages", reply.id.get().unwrap_or_default()]).await?;
        }
        Ok(self.0.remove(&format!("{ENTRY}{message}")).await?)
    }

    /// The reply about a message, looked for where it is not known whether it was made.
    async fn reply(
        &self,
        api: &Api,
        own: &Identity,
        message: &str,
    ) -> Result<Option<Message>, SendError> {
        let Some(kept) = self.of(message).await? else { return Ok(None) };
        if let Some(id) = &kept.id {
            return match api.get(&["messages", id], &Vec::new()).await {
                Err(error) if error.is_gone() => Ok(None),
                reply => reply.map(Some).map_err(looked),
            };
        }
        let since = kept.begun.checked_sub(SKEW).unwrap_or(kept.begun);
        let of_others = self.replies().await?;
        let query: Query<'_> = vec![
            ("roomId", kept.room.clone()),
            ("parentId", kept.root.clone()),
            ("max", "100".to_owned()),
        ];
        let listed = api.list::<Message>(&["messages"], &query).await.map_err(looked)?;
        Ok(listed.items.into_iter().find(|it| {
            normalize::is_own(it, own)
                && it.created.is_none_or(|at| at >= since)
                && !of_others.iter().any(|id| it.id.get() == Some(id))
                && is_one(&normalize::text(it))
        }))
    }

    /// Replies whose messages are known.
    async fn replies(&self) -> Result<Vec<String>, SendError> {
        let all = self.0.list(ENTRY).await?.into_iter();
        let read = |text: SecretString| serde_json::from_str::<Reply>(text.expose_secret()).ok();
        Ok(all.filter_map(|(_, text)| read(text)?.id).collect())
    }
}
