//! What exists: organizations, people, spaces, messages, webhooks, files, tokens. Data without behaviour.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::core::files::Content;

/// Everything the Webex emulator knows. People of all organizations meet in the same spaces, so nothing but people is
/// below an organization.
#[derive(Default)]
pub(crate) struct State {
    /// The emulator's own address, for the URLs in answers.
    pub(crate) base: String,
    pub(crate) orgs: BTreeMap<String, Org>,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) teams: BTreeMap<String, Team>,
    pub(crate) webhooks: BTreeMap<String, Hook>,
    pub(crate) files: HashMap<String, File>,
    pub(crate) presses: HashMap<String, Press>,
    /// In which room each message is.
    pub(crate) places: HashMap<String, String>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) refresh: HashMap<String, Refresh>,
}

/// An organization as made by control.
pub(crate) struct Org {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) policy: Policy,
    /// In Webex for Government (FedRAMP), where bots are made by an API.
    pub(crate) government: bool,
}

/// What an organization's admins allow in Control Hub.
#[derive(Debug, Clone, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub(crate) struct Policy {
    /// People of this organization are not to be in spaces with others ("block external messaging").
    pub(crate) block_external: bool,
    /// E-mail addresses of the bots that may be added; by default all.
    pub(crate) bots: Option<BTreeSet<String>>,
    /// Client ids of the integrations that may be authorized; by default all.
    pub(crate) integrations: Option<BTreeSet<String>>,
}

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Bot,
}

pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) org: String,
    pub(crate) kind: Kind,
    pub(crate) email: String,
    pub(crate) display_name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) title: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) admin: bool,
    pub(crate) inactive: bool,
    /// Invited by e-mail, has never signed in.
    pub(crate) pending: bool,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

/// A space.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Between two people; cannot grow.
    pub(crate) direct: bool,
    /// Moderated: only moderators add, remove and rename.
    pub(crate) locked: bool,
    /// Only moderators post. Goes with `locked` alone.
    pub(crate) announcement: bool,
    pub(crate) public: Option<Timestamp>,
    pub(crate) description: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) creator: String,
    /// The organization that owns it.
    pub(crate) owner: String,
    pub(crate) created: Timestamp,
    pub(crate) active: Timestamp,
    pub(crate) members: BTreeMap<String, Member>,
    /// By the millisecond in which they were sent, unique in a room.
    pub(crate) messages: BTreeMap<i64, Message>,
    pub(crate) ids: HashMap<String, i64>,
}

#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) moderator: bool,
    pub(crate) hidden: bool,
    pub(crate) created: Timestamp,
}

#[derive(Clone, Default)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) sender: String,
    pub(crate) body: Body,
    /// The id of the message it is a reply to.
    pub(crate) parent: Option<String>,
    pub(crate) files: Vec<String>,
    pub(crate) cards: Vec<Value>,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) edits: u32,
    pub(crate) deleted: bool,
}

/// A message's content in the forms in which it is shown.
#[derive(Clone, Default)]
pub(crate) struct Body {
    pub(crate) text: String,
    /// As an app sent it. People's clients send HTML, so what people write has none.
    pub(crate) markdown: Option<String>,
    /// Webex's own rendition.
    pub(crate) html: Option<String>,
    /// The rendition for views.
    pub(crate) seen: String,
    pub(crate) mentions: Vec<String>,
    /// `<@all>`.
    pub(crate) everyone: bool,
}

pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) members: BTreeMap<String, Member>,
}

/// A webhook.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) resource: String,
    pub(crate) event: String,
    pub(crate) filter: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) active: bool,
    pub(crate) creator: String,
    pub(crate) app: String,
    pub(crate) created: Timestamp,
    /// When deliveries failed lately.
    pub(crate) failures: VecDeque<Timestamp>,
}

/// A file that was posted.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Content,
    pub(crate) room: String,
    /// Downloads are refused until then: it is being scanned.
    pub(crate) scanned: Timestamp,
    pub(crate) verdict: Verdict,
}

/// What the scan for malware found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verdict {
    #[default]
    Clean,
    Infected,
    /// Encrypted, say.
    Unscannable,
}

/// Somebody pressed a card's button.
pub(crate) struct Press {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) room: String,
    pub(crate) person: String,
    pub(crate) inputs: Value,
    pub(crate) created: Timestamp,
}

/// An integration, or the registration of a bot.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) scopes: BTreeSet<String>,
    /// The bot's account and its token, which does not expire.
    pub(crate) bot: Option<(String, String)>,
}

/// An authorization code.
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) person: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) redirect_uri: String,
    /// PKCE: method and challenge.
    pub(crate) challenge: Option<(String, String)>,
    pub(crate) expires: Timestamp,
    pub(crate) used: bool,
}

/// An access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) app: String,
    pub(crate) person: String,
    pub(crate) scopes: Arc<BTreeSet<String>>,
    /// A bot's never does.
    pub(crate) expires: Option<Timestamp>,
}

/// A refresh token: what it gives, and until when.
pub(crate) struct Refresh {
    pub(crate) app: String,
    pub(crate) person: String,
    pub(crate) scopes: Arc<BTreeSet<String>>,
    pub(crate) expires: Timestamp,
}
