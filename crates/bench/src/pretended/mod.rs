//! The pretended platforms: APIs in this process that answer as fast as they can and know when each
//! post arrived, and the webhooks that they send. What these say can be read there afterwards: Rialto
//! takes for deleted what is not. One file for each.

mod behaviour;
mod desk;
mod listen;
mod past;
mod slack;
mod teams;
#[cfg(test)]
mod tests;
mod webex;
mod zoom;

use std::sync::Arc;

use anyhow::Result;
use serde_json::Value;

pub use self::{
    behaviour::{Behaviour, Held},
    slack::{SIGNING_SECRET, SlackEvents, channel as slack_channel},
};
use self::{desk::Desk, slack::SlackApi, teams::GraphApi, webex::WebexApi, zoom::ZoomApi};
use crate::{event::Events, ledger::Ledger};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Slack.
    Slack,
    /// Microsoft Teams.
    Teams,
    /// Webex.
    Webex,
    /// Zoom Team Chat.
    Zoom,
}

/// Which end of a route: two of Slack's workspaces can be in step with one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// People write there.
    From,
    /// It is relayed to there.
    To,
}

/// A platform, as figures use it.
pub trait Pretended: Send + Sync {
    /// Where it takes posts.
    fn desk(&self) -> &Desk;

    /// Nobody is told of anything yet, and there are so many channels in each workspace, in which
    /// nobody said anything.
    fn starts_anew(&self, channels: usize) {
        self.desk().starts_anew(channels);
    }

    /// Posts are told to this ledger from now on.
    fn tells(&self, ledger: &Arc<Ledger>) {
        self.desk().tells(ledger);
    }

    /// What an admin enters of the application: the admin API's values.
    fn app(&self) -> Value;

    /// What an admin pastes to connect a workspace; without it the service user signs in.
    fn token(&self, side: Side) -> Option<String>;

    /// What Rialto calls a channel.
    fn channel(&self, side: Side, number: usize) -> String;

    /// Webhooks to a path, about what people write in channels of [`Side::From`].
    fn events(&self, path: &str) -> Arc<dyn Events>;
}

/// All of them.
pub struct Platforms {
    slack: SlackApi,
    teams: GraphApi,
    webex: WebexApi,
    zoom: ZoomApi,
}

impl Platform {
    /// All.
    pub const ALL: [Self; 4] = [Self::Slack, Self::Teams, Self::Webex, Self::Zoom];

    /// What Rialto calls it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Webex => "webex",
            Self::Zoom => "zoom",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Teams => "Teams",
            Self::Webex => "Webex",
            Self::Zoom => "Zoom",
        }
    }
}

impl Platforms {
    /// Starts them in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        Ok(Self {
            slack: SlackApi::start().await?,
            teams: GraphApi::start().await?,
            webex: WebexApi::start().await?,
            zoom: ZoomApi::start().await?,
        })
    }

    /// One of them.
    pub fn of(&self, platform: Platform) -> &dyn Pretended {
        match platform {
            Platform::Slack => &self.slack,
            Platform::Teams => &self.teams,
            Platform::Webex => &self.webex,
            Platform::Zoom => &self.zoom,
        }
    }

    /// Posts are told to this ledger from now on, wherever they arrive.
    pub fn tell(&self, ledger: &Arc<Ledger>) {
        for platform in Platform::ALL {
            self.of(platform).tells(ledger);
        }
    }

    /// Slack answers posts so from now on.
    pub fn slack_behaves(&self, behaviour: Behaviour) {
        self.slack.behaves(behaviour);
    }

    /// Where Slack's API is, without a slash at the end.
    pub fn slack_url(&self) -> &str {
        &self.slack.url
    }
}
