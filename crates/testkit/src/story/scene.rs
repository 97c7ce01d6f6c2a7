//! What a row works with: somebody says something here, and it is looked for there.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{Channels, Message, Side, World};

/// Who speaks on either side.
const SPEAKERS: [&str; 2] = ["Ana Silva", "Lee Gu"];
/// Somebody else on either side.
const OTHERS: [&str; 2] = ["Ben Okafor", "Megan Bowen"];

/// A row being tried from one side.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) channels: &'a Channels,
    pub(super) from: Side,
    /// Found in every text of this row, and in no other.
    pub(super) tag: String,
}

impl Scene<'_> {
    pub(super) fn speaker(&self) -> &'static str {
        SPEAKERS[self.from as usize]
    }

    pub(super) fn other_person(&self) -> &'static str {
        OTHERS[self.from as usize]
    }

    /// A tag of its own for one of several messages.
    pub(super) fn tagged(&self, what: &str) -> String {
        format!("{}{what}", self.tag)
    }

    /// A person here does something.
    pub(super) async fn act(&self, person: &str, what: &str, more: Value) -> Result<Value> {
        self.world.act(self.from, self.channels, person, what, more).await
    }

    /// The speaker posts; `slack` is mrkdwn and `teams` HTML. Gives the message's id.
    pub(super) async fn say(&self, slack: &str, teams: &str) -> Result<String> {
        self.post(json!({"text": slack}), json!({"html": teams})).await
    }

    /// The speaker posts whatever the platform takes.
    pub(super) async fn post(&self, slack: Value, teams: Value) -> Result<String> {
        let more = if self.from == Side::Slack { slack } else { teams };
        id_of(&self.act(self.speaker(), "post", more).await?)
    }

    /// Somebody replies here to a message that is here.
    pub(super) async fn reply(&self, person: &str, root: &str, text: &str) -> Result<String> {
        let more = match self.from {
            Side::Slack => json!({"ts": root, "text": text}),
            Side::Teams => json!({"message": root, "html": format!("<p>{text}</p>")}),
        };
        id_of(&self.act(person, "reply", more).await?)
    }

    /// The author changes a message; text without markup.
    pub(super) async fn edit(&self, person: &str, id: &str, text: &str) -> Result<()> {
        let more = match self.from {
            Side::Slack => json!({"ts": id, "text": text}),
            Side::Teams => {
                json!({"message": id, "html": format!("<p>{}</p>", text.replace('\n', "<br>"))})
            }
        };
        self.act(person, "edit", more).await.map(drop)
    }

    /// Somebody does something to a message: `delete`, `react`, `unreact`.
    pub(super) async fn on(&self, person: &str, what: &str, id: &str, more: Value) -> Result<()> {
        let mut body = more;
        body[if self.from == Side::Slack { "ts" } else { "message" }] = json!(id);
        self.act(person, what, body).await.map(drop)
    }

    /// Waits until the other side shows a message with this text, and gives it.
    pub(super) async fn arrives(&self, text: &str) -> Result<Message> {
        self.there(&format!("`{text}`"), |all| {
            all.iter().find(|message| !message.deleted && message.text.contains(text)).cloned()
        })
        .await
    }

    /// Waits until the other side shows something.
    pub(super) async fn there<T>(
        &self,
        what: &str,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T> {
        self.world.wait(self.from.other(), self.channels, what, look).await
    }

    /// What this side shows now.
    pub(super) async fn here(&self) -> Result<Vec<Message>> {
        self.world.read(self.from, self.channels).await
    }
}

pub(super) fn id_of(answer: &Value) -> Result<String> {
    match &answer["id"] {
        Value::String(id) => Ok(id.clone()),
        _ => bail!("no id in {answer}"),
    }
}

/// That a message is seen as it should be.
pub(super) fn shows(message: &Message, expected: &[&str]) -> Result<String> {
    for expected in expected {
        if !message.html.contains(expected) {
            bail!("`{expected}` is missing in {}", message.html);
        }
    }
    Ok(expected.join(" "))
}
