//! What a row works with: somebody says something here, and it is looked for there.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{cell::Cell, joint::Joint};
use crate::{Channels, Message, Side, World, id_of, sides::Customs};

/// A row being tried on one way. What is done here is done once for all ways that begin here.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) channels: &'a Channels,
    pub(super) from: Side,
    pub(super) to: Side,
    /// Found in every text of this row from this side, and in no other.
    pub(super) tag: String,
    /// How it is to be shown there.
    pub(super) expected: Cell,
    pub(super) joint: &'a Joint,
}

impl Scene<'_> {
    pub(super) fn speaker(&self) -> &'static str {
        self.from.speaker()
    }

    pub(super) fn other_person(&self) -> &'static str {
        self.from.people()[1]
    }

    /// How people here write.
    pub(super) fn writing(&self) -> &'static dyn Customs {
        self.from.writing()
    }

    /// Whether it is to be shown by the platform's own.
    pub(super) fn natively(&self) -> bool {
        self.expected == Cell::Native
    }

    /// What is printed: what arrived, and how.
    pub(super) fn told(&self, what: &str) -> Result<String> {
        Ok(match &self.expected {
            Cell::Native => what.to_owned(),
            Cell::Emulated(how) => format!("{what}: {how}"),
            Cell::Impossible(why) => why.clone(),
        })
    }

    /// A tag of its own for one of several messages.
    pub(super) fn tagged(&self, what: &str) -> String {
        format!("{}{what}", self.tag)
    }

    /// A person here does something; gives the message's id, if it has one.
    pub(super) async fn act(&self, person: &str, what: &str, more: Value) -> Result<String> {
        let deed = async || {
            let done = self.world.act(self.from, self.channels, person, what, more).await?;
            Ok(id_of(&done).unwrap_or_default())
        };
        self.joint.once(deed).await
    }

    /// The speaker posts. Gives the message's id.
    pub(super) async fn post(&self, more: Value) -> Result<String> {
        let id = self.act(self.speaker(), "post", more).await?;
        if id.is_empty() { bail!("the post has no id") } else { Ok(id) }
    }

    /// The speaker posts what only some can write.
    pub(super) async fn try_post(&self, more: Option<Value>) -> Result<String> {
        match more {
            Some(more) => self.post(more).await,
            None => bail!("people in {} cannot write that", self.from.name()),
        }
    }

    /// The speaker says words that mean nothing but themselves.
    pub(super) async fn say(&self, text: &str) -> Result<String> {
        self.post(self.from.plain(text)).await
    }

    /// Somebody replies here to a message that is here.
    pub(super) async fn reply(&self, person: &str, root: &str, text: &str) -> Result<String> {
        self.act(person, "reply", self.from.to(root, text)).await
    }

    /// The author changes a message.
    pub(super) async fn edit(&self, person: &str, id: &str, text: &str) -> Result<()> {
        self.act(person, "edit", self.from.to(id, text)).await.map(drop)
    }

    /// Its author takes a message away.
    pub(super) async fn delete(&self, person: &str, id: &str) -> Result<()> {
        self.act(person, "delete", self.from.of(id)).await.map(drop)
    }

    /// Waits until the other side shows a message with this text, and gives it.
    pub(super) async fn arrives(&self, text: &str) -> Result<Message> {
        self.world.arrives(self.to, self.channels, text).await
    }

    /// Waits until the other side shows something.
    pub(super) async fn there<T>(
        &self,
        what: &str,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T> {
        self.world.wait(self.to, self.channels, what, look).await
    }

    /// What this side shows now.
    pub(super) async fn here(&self) -> Result<Vec<Message>> {
        self.world.read(self.from, self.channels).await
    }
}

/// That a message is seen as it should be.
pub(super) fn shows(message: &Message, expected: &[&str]) -> Result<()> {
    for expected in expected {
        if !message.html.contains(expected) {
            bail!("`{expected}` is missing in {}", message.html);
        }
    }
    Ok(())
}
