//! What is seen of a channel sync on all its sides.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;

use super::{
    truth::{Said, Truth},
    words::marks_in,
};
use crate::{Channels, Message, Side, World};

/// The screens of a channel sync.
pub(super) struct Screens(BTreeMap<Side, Vec<Message>>);

impl Screens {
    pub(super) async fn look(world: &World, channels: &Channels) -> Result<Self> {
        let mut screens = BTreeMap::new();
        for side in channels.sides() {
            screens.insert(side, world.read(side, channels).await?);
        }
        Ok(Self(screens))
    }

    /// The sides that are in step.
    pub(super) fn sides(&self) -> impl Iterator<Item = Side> + '_ {
        self.0.keys().copied()
    }

    /// What a side shows.
    pub(super) fn on(&self, side: Side) -> &[Message] {
        self.0.get(&side).map_or(&[], Vec::as_slice)
    }

    /// What of a message is on another side than it was typed on, in the order of the screen.
    pub(super) fn copies(&self, truth: &Truth, said: &Said, there: Side) -> Vec<&Message> {
        let shows = |message: &&Message| {
            truth.original(said.sync, there, &message.id).is_none()
                && marks(message).contains(&said.number)
        };
        self.on(there).iter().filter(|message| !message.deleted).filter(shows).collect()
    }
}

/// The messages that one on a screen shows.
pub(super) fn marks(message: &Message) -> HashSet<usize> {
    let names = message.files.iter().map(|file| file.name.as_str());
    [message.text.as_str()].into_iter().chain(names).flat_map(marks_in).collect()
}
