//! Channels in step, and what people do and see in them.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    Message, Side, World,
    sides::email,
    world::{LOOK_AGAIN, PATIENCE},
};

/// A channel, by what the sandbox calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// On which platform.
    pub side: Side,
    /// In which workspace.
    pub workspace: String,
    /// Its name or id.
    pub channel: String,
}

/// Channels in step.
#[derive(Clone, Debug)]
pub struct Channels {
    /// The channel sync.
    pub sync: String,
    /// Where they are.
    pub places: Vec<Place>,
}

impl Channels {
    /// The sides that have one, as they were named.
    pub fn sides(&self) -> impl Iterator<Item = Side> + '_ {
        self.places.iter().map(|place| place.side)
    }

    /// The sides but this one.
    pub fn others(&self, side: Side) -> Vec<Side> {
        self.sides().filter(|other| *other != side).collect()
    }

    /// Of two channels, the side of the other one.
    ///
    /// # Panics
    /// When there is no other one.
    pub fn other(&self, side: Side) -> Side {
        *self.others(side).first().expect("two channels are in step")
    }

    /// The channel of a side, the first of them.
    ///
    /// # Errors
    /// When it has none.
    pub fn on(&self, side: Side) -> Result<&Place> {
        let found = self.places.iter().find(|place| place.side == side);
        found.with_context(|| format!("no channel in {}", side.name()))
    }

    /// The same, with another channel of this side's in place of its own.
    #[must_use]
    pub fn with(mut self, side: Side, channel: &str) -> Self {
        for place in self.places.iter_mut().filter(|place| place.side == side) {
            channel.clone_into(&mut place.channel);
        }
        self
    }
}

/// `slack:launch`, as in the command line.
fn named(channel: &str) -> Result<(Side, &str)> {
    let (side, name) = channel.split_once(':').with_context(|| format!("{channel}: whose?"))?;
    Ok((Side::named(side)?, name))
}

impl World {
    /// A channel of a side, by what the sandbox calls it.
    pub fn place(&self, side: Side, channel: impl Into<String>) -> Place {
        Place { side, workspace: self.workspace(side).to_owned(), channel: channel.into() }
    }

    /// An endpoint for a channel that is written `slack:launch`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn endpoint(&self, channel: &str) -> Result<Value> {
        let (side, name) = named(channel)?;
        Ok(json!({
            "connection": self.connection(side).await?,
            "conversation": self.conversation(side, name).await?,
        }))
    }

    /// *Connect*: channels that exist, each written `slack:launch`.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn connect_channels(&self, channels: &[&str]) -> Result<Channels> {
        let (mut endpoints, mut places) = (Vec::new(), Vec::new());
        for channel in channels {
            endpoints.push(self.endpoint(channel).await?);
            let (side, name) = named(channel)?;
            places.push(self.place(side, side.place(name)));
        }
        let body = json!({"endpoints": endpoints});
        let made = self.api.post("/api/v1/channel-syncs/connect", body).await?;
        let sync = made["id"].as_str().context("the channel sync's id")?.to_owned();
        Ok(Channels { sync, places })
    }

    /// *Add*: makes a channel there for one that exists here, written `slack:launch`.
    ///
    /// # Errors
    /// When Rialto refuses.
    pub async fn add_channel(&self, channel: &str, there: Side) -> Result<Channels> {
        let (side, name) = named(channel)?;
        let to = self.connection(there).await?;
        let parents = self.api.get(&format!("/api/v1/connections/{to}/parents")).await?;
        let mut parents = parents.as_array().into_iter().flatten();
        let parent = parents.find(|it| there.parent().is_some_and(|name| it["name"] == name));
        let members = there.people().map(email);
        let body = json!({
            "source": self.endpoint(channel).await?,
            "target": {
                "connection": to,
                "parent": parent.map(|it| it["id"].clone()),
                "members": members,
            },
        });
        let made = self.api.post("/api/v1/channel-syncs/add", body).await?;
        let new = made["conversation"].as_str().context("the conversation's name")?;
        let sync = made["channel_sync"]["id"].as_str().context("the sync's id")?.to_owned();
        let here = self.place(side, side.place(name));
        Ok(Channels { sync, places: vec![here, self.place(there, there.place(new))] })
    }

    /// A person does something in a channel.
    ///
    /// # Errors
    /// When the platform would not let them.
    pub async fn act(
        &self,
        side: Side,
        channels: &Channels,
        person: &str,
        what: &str,
        more: Value,
    ) -> Result<Value> {
        self.act_in(channels.on(side)?, person, what, more).await
    }

    /// Likewise, in one place.
    ///
    /// # Errors
    /// When the platform would not let them.
    pub async fn act_in(
        &self,
        place: &Place,
        person: &str,
        what: &str,
        mut more: Value,
    ) -> Result<Value> {
        more["workspace"] = json!(place.workspace);
        more["as"] = json!(person);
        more["do"] = json!(what);
        more["channel"] = json!(place.channel);
        Ok(self.control.post(&format!("/{}/act", place.side.word()), more).await?)
    }

    /// The side's speaker says words that mean nothing but themselves. Gives the message's id.
    ///
    /// # Errors
    /// When the platform would not let them.
    pub async fn say(&self, side: Side, channels: &Channels, text: &str) -> Result<String> {
        self.say_in(channels.on(side)?, text).await
    }

    /// Likewise, in one place.
    ///
    /// # Errors
    /// When the platform would not let them.
    pub async fn say_in(&self, place: &Place, text: &str) -> Result<String> {
        let (side, plain) = (place.side, place.side.plain(text));
        id_of(&self.act_in(place, side.speaker(), "post", plain).await?)
    }

    /// What a side shows.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn read(&self, side: Side, channels: &Channels) -> Result<Vec<Message>> {
        self.read_in(channels.on(side)?).await
    }

    /// What is shown in a place.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn read_in(&self, place: &Place) -> Result<Vec<Message>> {
        let mut url = url::Url::parse(self.control.base())?;
        url.query_pairs_mut()
            .append_pair("workspace", &place.workspace)
            .append_pair("channel", &place.channel);
        let query = url.query().unwrap_or_default();
        let view = self.control.get(&format!("/{}/view?{query}", place.side.word())).await?;
        Ok(serde_json::from_value(view["messages"].clone())?)
    }

    /// Waits until a side shows something, and gives it.
    ///
    /// # Errors
    /// When it does not in time: with what it shows instead.
    pub async fn wait<T>(
        &self,
        side: Side,
        channels: &Channels,
        what: &str,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T> {
        self.wait_in(channels.on(side)?, what, look).await
    }

    /// Waits until a place shows something, and gives it.
    ///
    /// # Errors
    /// When it does not in time: with what it shows instead.
    pub async fn wait_in<T>(
        &self,
        place: &Place,
        what: &str,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let messages = self.read_in(place).await?;
            if let Some(found) = look(&messages) {
                return Ok(found);
            }
            if Instant::now() > end {
                let last = &messages[messages.len().saturating_sub(6)..];
                let lines: Vec<_> = last.iter().map(Message::line).collect();
                return Err(anyhow!(
                    "{} does not show {what}; it shows\n    {}",
                    place.side.name(),
                    lines.join("\n    ")
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until a side shows a message with this text, and gives it.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn arrives(&self, side: Side, channels: &Channels, text: &str) -> Result<Message> {
        self.arrives_in(channels.on(side)?, text).await
    }

    /// Likewise, in one place.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn arrives_in(&self, place: &Place, text: &str) -> Result<Message> {
        let shown = |all: &[Message]| {
            all.iter().find(|message| !message.deleted && message.text.contains(text)).cloned()
        };
        self.wait_in(place, &format!("`{text}`"), shown).await
    }
}

/// The id of what somebody said.
///
/// # Errors
/// When there is none.
pub fn id_of(answer: &Value) -> Result<String> {
    Ok(answer["id"].as_str().with_context(|| format!("no id in {answer}"))?.to_owned())
}
