//! Everything the emulated tenants hold: people, teams, channels, chats and what each app was granted.
//! Plain data behind one lock; nothing here does I/O, and time always comes in as a parameter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::conversation::{Conversation, Place};
use super::drive::Drive;
use super::subscription::Subscriptions;

/// All tenants and all app registrations.
pub(crate) struct World {
    pub tenants: BTreeMap<String, Tenant>,
    pub apps: BTreeMap<String, App>,
    pub sign_ins: super::sign_in::SignIns,
    pub subscriptions: Subscriptions,
    pub uploads: HashMap<String, super::drive::Upload>,
    /// Every drive with the tenant it belongs to: drive ids are addressed without their owner.
    pub drives: HashMap<String, Drive>,
    rng: StdRng,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            tenants: BTreeMap::new(),
            apps: BTreeMap::new(),
            sign_ins: super::sign_in::SignIns::default(),
            subscriptions: Subscriptions::default(),
            uploads: HashMap::new(),
            drives: HashMap::new(),
            rng: StdRng::seed_from_u64(seed ^ 0x0074_6561_6d73),
        }
    }

    /// A GUID; the same row of them under the same seed.
    pub fn guid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.rng.random()).into_uuid().to_string()
    }

    /// Random hexadecimal digits, `bytes` bytes of them.
    pub fn hex(&mut self, bytes: usize) -> String {
        let mut out = vec![0u8; bytes];
        self.rng.fill(&mut out[..]);
        hex::encode(out)
    }

    /// The tenant named by id, domain or display name.
    pub fn tenant_named(&self, name: &str) -> Option<&Tenant> {
        self.tenants.get(name).or_else(|| {
            self.tenants
                .values()
                .find(|t| t.domain.eq_ignore_ascii_case(name) || t.name.eq_ignore_ascii_case(name))
        })
    }
}

/// One Microsoft 365 organization.
pub(crate) struct Tenant {
    pub id: String,
    pub name: String,
    pub domain: String,
    pub created: Timestamp,
    pub users: BTreeMap<String, User>,
    /// Lower-cased user principal names and mail addresses.
    pub addresses: HashMap<String, String>,
    pub teams: BTreeMap<String, Team>,
    pub channels: HashMap<String, Channel>,
    pub chats: BTreeMap<String, Chat>,
    /// Messages of channels and chats, by channel or chat id.
    pub conversations: HashMap<String, Conversation>,
    /// Consent by app id.
    pub grants: HashMap<String, Grant>,
}

/// What an app may do in a tenant.
#[derive(Default)]
pub(crate) struct Grant {
    /// Application permissions, granted by an administrator.
    pub roles: BTreeSet<String>,
    /// Delegated permissions an administrator granted for everybody.
    pub everyone: BTreeSet<String>,
    /// Delegated permissions each person consented to.
    pub people: HashMap<String, BTreeSet<String>>,
}

/// A person, guest or service account.
pub(crate) struct User {
    pub id: String,
    pub name: String,
    pub upn: String,
    pub mail: Option<String>,
    pub guest: bool,
    /// Whether Entra would let this account sign in; an invited guest has no password here.
    pub can_sign_in: bool,
    pub enabled: bool,
    /// Directory roles by display name, such as "Global Administrator".
    pub directory_roles: BTreeSet<String>,
    pub photo: Option<(String, bytes::Bytes)>,
    pub job_title: Option<String>,
    pub drive: String,
    pub created: Timestamp,
    pub locale: String,
}

impl User {
    /// May act on teams this person is no member of, as "admin permissions" in Graph's pages say.
    pub fn administers_teams(&self) -> bool {
        self.directory_roles.contains("Global Administrator")
            || self.directory_roles.contains("Teams Administrator")
    }

    /// May consent to application permissions of Graph.
    pub fn consents_to_roles(&self) -> bool {
        self.directory_roles.contains("Global Administrator")
            || self.directory_roles.contains("Privileged Role Administrator")
    }

    /// May consent to delegated permissions for the whole organization.
    pub fn consents_for_everyone(&self) -> bool {
        self.consents_to_roles()
            || self.directory_roles.contains("Application Administrator")
            || self.directory_roles.contains("Cloud Application Administrator")
    }
}

/// Who is in a team, a private channel or a chat.
#[derive(Clone)]
pub(crate) struct Member {
    pub owner: bool,
    /// From when a chat's history is visible; `None` is all of it.
    pub history_from: Option<Timestamp>,
}

pub(crate) type Members = BTreeMap<String, Member>;

pub(crate) struct Team {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub public: bool,
    pub members: Members,
    pub channels: Vec<String>,
    pub drive: String,
    pub created: Timestamp,
    pub archived: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChannelKind {
    Standard,
    Private,
    Shared,
}

impl ChannelKind {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "standard" => Some(Self::Standard),
            "private" => Some(Self::Private),
            "shared" => Some(Self::Shared),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Private => "private",
            Self::Shared => "shared",
        }
    }
}

pub(crate) struct Channel {
    pub id: String,
    pub team: String,
    pub name: String,
    pub description: Option<String>,
    pub kind: ChannelKind,
    /// Own members of private and shared channels; empty in standard ones.
    pub members: Members,
    pub drive: String,
    pub folder: String,
    pub created: Timestamp,
    pub archived: bool,
}

pub(crate) struct Chat {
    pub id: String,
    pub one_on_one: bool,
    pub topic: Option<String>,
    pub members: Members,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// An app registration; known in every tenant.
#[derive(Clone)]
pub(crate) struct App {
    pub id: String,
    pub name: String,
    pub secrets: Vec<String>,
    /// Public clients prove themselves by PKCE alone.
    pub public: bool,
    pub redirect_uris: Vec<String>,
    pub delegated: BTreeSet<String>,
    pub application: BTreeSet<String>,
}

impl Tenant {
    /// A user by object id, user principal name or mail address.
    pub fn user(&self, key: &str) -> Option<&User> {
        self.users
            .get(key)
            .or_else(|| self.addresses.get(&key.to_lowercase()).and_then(|id| self.users.get(id)))
    }

    /// A user as a person would name them: also by display name.
    pub fn person(&self, key: &str) -> Option<&User> {
        self.user(key).or_else(|| {
            self.users.values().find(|u| {
                u.name.eq_ignore_ascii_case(key)
                    || u.upn.split('@').next().is_some_and(|local| local.eq_ignore_ascii_case(key))
            })
        })
    }

    /// Members of a channel: its own, or its team's.
    pub fn channel_members<'a>(&'a self, channel: &'a Channel) -> Option<&'a Members> {
        match channel.kind {
            ChannelKind::Standard => self.teams.get(&channel.team).map(|t| &t.members),
            ChannelKind::Private | ChannelKind::Shared => Some(&channel.members),
        }
    }

    /// Who takes part in the conversation of a channel or chat.
    pub fn members_of(&self, place: &Place) -> Option<&Members> {
        match place {
            Place::Channel { channel, .. } => {
                self.channels.get(channel).and_then(|c| self.channel_members(c))
            }
            Place::Chat { chat } => self.chats.get(chat).map(|c| &c.members),
        }
    }

    /// Channels of a team that this person sees.
    pub fn visible_channels<'a>(
        &'a self,
        team: &'a Team,
        user: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Channel> {
        team.channels.iter().filter_map(|id| self.channels.get(id)).filter(move |c| {
            c.kind == ChannelKind::Standard || user.is_none_or(|u| c.members.contains_key(u))
        })
    }
}
