//! Conversations, and the sets of them that are kept in step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ChannelSyncId, ConnectionId, EndpointId, OrganizationId, RemoteId};

/// A conversation on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConversationRef {
    /// The workspace.
    pub connection: ConnectionId,
    /// The conversation there.
    pub conversation: RemoteId,
}

/// A conversation as its platform describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The platform's id (made by the connector where the platform needs two, as Teams does).
    pub id: RemoteId,
    /// Its name, without `#`.
    pub name: String,
    /// What it is.
    pub kind: ConversationKind,
    /// The team around it, where there is one: id and name.
    pub parent: Option<(RemoteId, String)>,
    /// Whether only members see it.
    pub private: bool,
    /// Whether nobody can write there any more.
    pub archived: bool,
    /// Whether the service identity is in it.
    pub joined: bool,
    /// Its topic or description.
    pub topic: Option<String>,
}

impl Conversation {
    /// Its name, with that of the team around it: `Projects / Launch`.
    pub fn full_name(&self) -> String {
        match &self.parent {
            Some((_, parent)) => format!("{parent} / {}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// A channel or space.
    Channel,
    /// A direct message between two.
    Direct,
    /// A direct message among several.
    Group,
}

/// Conversations kept in step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSync {
    /// Its id.
    pub id: ChannelSyncId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// A name for people.
    pub name: String,
    /// Whether messages flow.
    pub state: ChannelSyncState,
    /// Choices that hold for all endpoints.
    pub settings: SyncSettings,
    /// When it began: older messages are not relayed.
    pub created_at: Timestamp,
    /// The conversations, two or more.
    pub endpoints: Vec<Endpoint>,
}

/// Whether messages flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelSyncState {
    /// They do.
    Active,
    /// They wait: what is said meanwhile is delivered in order on resume.
    Paused,
}

/// One conversation of a channel sync. A conversation is in one channel sync at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Where it is.
    #[serde(flatten)]
    pub at: ConversationRef,
    /// Its name when it was last seen.
    pub name: String,
    /// Which way messages flow.
    pub direction: Direction,
    /// When it was added: what is older is not delivered from it.
    pub since: Timestamp,
}

/// Which way messages flow through an endpoint, seen from the channel sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Heard and written to.
    #[default]
    Both,
    /// Only heard.
    In,
    /// Only written to.
    Out,
}

impl Direction {
    /// Whether what is said at the endpoint goes to the others.
    pub fn hears(self) -> bool {
        self != Self::Out
    }

    /// Whether what the others say goes to the endpoint.
    pub fn writes(self) -> bool {
        self != Self::In
    }
}

/// Choices that hold for all endpoints of a channel sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// What becomes of `@channel`, `@here`, `@team`.
    pub everyone_mentions: EveryoneMentions,
    /// Whether reactions cross.
    pub reactions: bool,
    /// Whether reactions are told in short replies where they can be shown by nothing else.
    pub reaction_replies: bool,
    /// Whether files cross; if not, their names do.
    pub files: bool,
    /// Whether joins and leaves are told on the other sides.
    pub memberships: bool,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            everyone_mentions: EveryoneMentions::Text,
            reactions: true,
            reaction_replies: false,
            files: true,
            memberships: false,
        }
    }
}

/// What becomes of a mention of everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EveryoneMentions {
    /// Words that call nobody.
    #[default]
    Text,
    /// The other side's own mention of everybody.
    Real,
}
