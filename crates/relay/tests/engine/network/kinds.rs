//! Kinds of network: what differs between them is data, as between the platforms that they are like.

use std::time::Duration;

use rialto_model::{
    Abilities, Ability, Capabilities, Feature, FileLimits, LengthUnit, Pacing, PlatformId, Support,
    TextLimit, Window,
};
use rialto_platform::Manifest;

/// A kind of network, called by the platform that it is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It can do all, and posts carry the id of their delivery.
    Slack,
    /// It can do all, but posts are known by what they say alone.
    Teams,
    /// Nobody hears of reactions, a message may be edited ten times, and what a webhook tells of is
    /// fetched.
    Webex,
    /// Messages are short, and whoever posts too fast is blocked.
    Zoom,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Slack, Self::Teams, Self::Webex, Self::Zoom];

    /// Whether a webhook only names what it is about.
    pub fn fetches(self) -> bool {
        self == Self::Webex
    }

    fn name(self) -> &'static str {
        match self {
            Self::Slack => "like-slack",
            Self::Teams => "like-teams",
            Self::Webex => "like-webex",
            Self::Zoom => "like-zoom",
        }
    }

    /// Whether posts carry their delivery's id.
    pub fn marks(self) -> bool {
        self == Self::Slack
    }

    /// Whether reactions are heard and shown.
    pub fn reacts(self) -> bool {
        self != Self::Webex
    }

    pub fn max_edits(self) -> Option<u32> {
        (self == Self::Webex).then_some(10)
    }

    /// Characters of a message. None takes two of the lines that people say; the last not even one.
    pub fn longest(self) -> usize {
        match self {
            Self::Slack | Self::Teams => 40,
            Self::Webex => 36,
            Self::Zoom => 20,
        }
    }

    fn pacing(self) -> Pacing {
        let window = |count, millis| Window { count, per: Duration::from_millis(millis) };
        let conversation = match self {
            Self::Slack | Self::Teams => vec![window(1, 1_000)],
            Self::Webex => Vec::new(),
            Self::Zoom => vec![window(10, 1_250), window(30, 10_250), window(60, 100_250)],
        };
        let connection = match self {
            Self::Webex => vec![window(5, 1_000)],
            _ => Vec::new(),
        };
        Pacing { conversation, connection, history: vec![window(2, 1_000)] }
    }

    pub fn manifest(self) -> Manifest {
        Manifest {
            id: PlatformId::new(self.name()),
            name: self.name(),
            capabilities: Capabilities {
                text: TextLimit { max: self.longest(), unit: LengthUnit::Characters },
                longest: TextLimit { max: self.longest(), unit: LengthUnit::Characters },
                max_edits: self.max_edits(),
                reactions_in_replies: !self.reacts(),
                files: FileLimits { max_bytes: 1_000, per_message: 10 },
                abilities: Abilities::new(|feature| match feature {
                    Feature::CustomReaction => Ability::shown(Support::None("there are none")),
                    _ => Ability::NATIVE,
                }),
                pacing: self.pacing(),
            },
            fields: Vec::new(),
            steps: &[],
            permissions: Vec::new(),
            needs_parent: false,
            webhook_window: None,
        }
    }
}
