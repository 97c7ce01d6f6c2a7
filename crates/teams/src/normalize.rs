//! Notifications as canonical events: opened, checked, or asked for.

use rialto_model::{Event, EventKind, RemoteId, Signal};
use rialto_platform::ReadError;

use crate::{
    certificate,
    connection::TeamsConnection,
    crypto, message,
    message::Circumstances,
    place::MessagePath,
    subscription,
    tokens::Identity,
    webhook::{self, Payload},
    wire::{ChatMessage, EncryptedContent},
};

impl TeamsConnection {
    pub(crate) async fn events(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let payload: Payload = serde_json::from_slice(payload)
            .map_err(|_| ReadError::Permanent("the notification cannot be read".into()))?;
        let item = &payload.item;
        if let Some(event) = &item.lifecycle_event {
            return self.lifecycle(event, &item.subscription_id).await;
        }
        let Some(path) = webhook::message_path(item) else {
            return Ok(vec![
                self.event("", EventKind::Ignored { reason: "not a message of a channel".into() }),
            ]);
        };
        let told = self.told(&payload, &path).await?;
        let message = match told {
            Some(message) => message,
            None if item.change_type == "deleted" => return Ok(vec![self.deleted(&path)]),
            None => {
                let url = self.graph.url(&path.segments());
                match self.graph.get::<ChatMessage>(Identity::Service, url).await {
                    Ok(message) => message,
                    Err(fault) if fault.is_gone() => return Ok(vec![self.deleted(&path)]),
                    Err(fault) => return Err(fault.to_read()),
                }
            }
        };
        if message.id != path.message {
            return Err(ReadError::Permanent("the notification is about another message".into()));
        }
        let ours = self.ours().await.map_err(|fault| fault.to_read())?;
        let about = Circumstances {
            path: &path,
            ours,
            updated: item.change_type != "created",
            now: self.now(),
        };
        Ok(message::events(&message, &about))
    }

    /// The message as a rich notification tells it; `None` when it must be asked for.
    async fn told(
        &self,
        payload: &Payload,
        path: &MessagePath,
    ) -> Result<Option<ChatMessage>, ReadError> {
        let Some(content) = &payload.item.encrypted_content else { return Ok(None) };
        let received_at = payload.received_at.unwrap_or_else(|| self.now());
        let tokens = &payload.validation_tokens;
        self.senders.check(tokens, self.workspace.as_str(), received_at).await?;
        let Some(plain) = self.opened(content).await? else { return Ok(None) };
        let message: ChatMessage = serde_json::from_slice(&plain)
            .map_err(|_| ReadError::Permanent("the notification's content is unreadable".into()))?;
        let elsewhere = message.channel_identity.as_ref().is_some_and(|identity| {
            identity.team_id != path.place.team || identity.channel_id != path.place.channel
        });
        if elsewhere {
            return Err(ReadError::Permanent("the notification is about another channel".into()));
        }
        Ok(Some(message))
    }

    async fn opened(&self, content: &EncryptedContent) -> Result<Option<Vec<u8>>, ReadError> {
        let id = &content.encryption_certificate_id;
        let known = self.certificates.lock().get(id).cloned();
        let certificate = match known {
            Some(certificate) => certificate,
            None => {
                // Rotated away, or from before a restore: the message itself can still be read.
                let Some(found) = certificate::find(&*self.cabinet, id).await? else {
                    return Ok(None);
                };
                self.certificates.lock().insert(id.clone(), found.clone());
                found
            }
        };
        let Some(key) = certificate.key() else { return Ok(None) };
        let opened = crypto::open(content, key);
        opened.map(Some).map_err(|error| ReadError::Permanent(error.to_string()))
    }

    async fn lifecycle(&self, event: &str, id: &str) -> Result<Vec<Event>, ReadError> {
        let conversation = match event {
            "reauthorizationRequired" | "subscriptionRemoved" => {
                subscription::mark(&*self.cabinet, id, event).await?
            }
            _ => subscription::conversation_of(&*self.cabinet, id).await?,
        };
        let conversation = conversation.unwrap_or_default();
        let kind = match event {
            "missed" => EventKind::Signal(Signal::Missed),
            "reauthorizationRequired" | "subscriptionRemoved" => EventKind::Signal(Signal::Upkeep),
            _ => EventKind::Ignored { reason: "unknown lifecycle event".into() },
        };
        Ok(vec![self.event(&conversation, kind)])
    }

    fn deleted(&self, path: &MessagePath) -> Event {
        let message = RemoteId::from(path.message.as_str());
        self.event(path.place.id().as_str(), EventKind::Deleted { message })
    }

    fn event(&self, conversation: &str, kind: EventKind) -> Event {
        Event { conversation: conversation.into(), at: self.now(), kind }
    }
}
