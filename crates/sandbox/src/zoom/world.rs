//! What exists: apps, accounts, people, channels, messages, files, tokens. Data without behaviour.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::pace::Pace;
use super::pages::Page;
use super::ranges::{Mention, Style};
use super::reaction::Emoji;
use crate::core::files::Content;

/// Everything the Zoom emulator knows.
#[derive(Default)]
pub(crate) struct State {
    /// The emulator's own address, for the URLs in answers.
    pub(crate) base: String,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) refresh: HashMap<String, Refresh>,
    pub(crate) codes: HashMap<String, Code>,
    /// What `next_page_token`s stand for.
    pub(crate) pages: HashMap<String, Page>,
    /// Calls of an account's day by what is counted together.
    pub(crate) daily: HashMap<(String, &'static str), (jiff::civil::Date, u64)>,
}

impl State {
    /// An account by id or name.
    pub(crate) fn find_account(&self, what: &str) -> Option<&Account> {
        self.accounts.get(what).or_else(|| self.accounts.values().find(|a| a.name == what))
    }
}

/// Who may add an app, and for whom it then acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppKind {
    /// User-managed OAuth: each person adds it for themselves.
    User,
    /// Admin-managed OAuth: an admin adds it for the whole account.
    Account,
    /// Server-to-Server OAuth: belongs to one account and needs nobody's consent.
    Server,
}

/// An app as registered on the Marketplace.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: AppKind,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Signs webhooks and answers to the challenge.
    pub(crate) secret_token: String,
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) events: BTreeSet<String>,
    pub(crate) event_url: Option<String>,
    pub(crate) endpoint: Endpoint,
}

/// Whether events are sent to an app's URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum EndpointState {
    #[default]
    None,
    Validated,
    /// The first validation did not succeed: nothing is sent.
    Failed(String),
    /// Six revalidations failed in a row.
    Disabled,
}

/// How the checks of an app's URL went.
#[derive(Default)]
pub(crate) struct Endpoint {
    pub(crate) state: EndpointState,
    /// Revalidations that failed in a row.
    pub(crate) failures: u32,
    /// E-mails that the owner of the account got about it.
    pub(crate) warnings: u32,
    /// Which series of revalidations is in force: a manual validation begins a new one.
    pub(crate) series: u64,
}

/// What an account pays for, which decides its rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Plan {
    Free,
    #[default]
    Pro,
    /// Business, Education, Enterprise and Partners.
    Business,
}

/// How events write the ids of messages. The vendor's examples leave it open: answers to posts, and paths, have them in
/// small letters, listings and events in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageIds {
    /// As the API does.
    #[default]
    AsMade,
    /// In capitals, though the API takes those of apps' posts in small letters.
    CapitalsInEvents,
}

/// A Zoom account: the workspace.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) channels: BTreeMap<String, Channel>,
    /// Conversations of two by their sorted user ids.
    pub(crate) directs: BTreeMap<(String, String), Conversation>,
    pub(crate) installs: BTreeMap<String, Install>,
    pub(crate) files: BTreeMap<String, File>,
    /// Custom emoji: file id and name.
    pub(crate) emoji: BTreeMap<String, CustomEmoji>,
    pub(crate) last_ts: u64,
    pub(crate) message_ids: MessageIds,
}

impl Account {
    /// A person as apps may name them: by id, member id or e-mail.
    pub(crate) fn find_contact(&self, who: &str) -> Option<&User> {
        self.users.get(who).or_else(|| {
            let same = |user: &&User| user.member_id == who || user.email.eq_ignore_ascii_case(who);
            self.users.values().find(same)
        })
    }

    /// A person as control names them: also by the name that is shown.
    pub(crate) fn find_user(&self, who: &str) -> Option<&User> {
        self.find_contact(who)
            .or_else(|| self.users.values().find(|user| user.name().eq_ignore_ascii_case(who)))
    }

    /// A channel by id or name.
    pub(crate) fn find_channel(&self, what: &str) -> Option<&Channel> {
        let name = what.trim_start_matches('#');
        self.channels.get(what).or_else(|| self.channels.values().find(|c| c.name == name))
    }

    /// A message's id, as events write it.
    pub(crate) fn told_id(&self, message: &Message) -> String {
        match self.message_ids {
            MessageIds::AsMade => message.id.clone(),
            MessageIds::CapitalsInEvents => message.id.to_ascii_uppercase(),
        }
    }

    /// A conversation that was begun.
    pub(crate) fn conversation(&self, place: &Place) -> Option<&Conversation> {
        match place {
            Place::Channel(id) => self.channels.get(id).map(|channel| &channel.conversation),
            Place::Direct(one, other) => self.directs.get(&(one.clone(), other.clone())),
        }
    }
}

/// A person.
#[derive(Clone, Default)]
pub(crate) struct User {
    pub(crate) id: String,
    /// How members of channels are named, also those of other accounts.
    pub(crate) member_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) title: String,
    pub(crate) department: String,
    pub(crate) picture: Option<String>,
    pub(crate) timezone: String,
    pub(crate) admin: bool,
    pub(crate) inactive: bool,
    pub(crate) created: Timestamp,
}

impl User {
    /// The name that is shown.
    pub(crate) fn name(&self) -> String {
        if self.display_name.is_empty() {
            format!("{} {}", self.first_name, self.last_name).trim().to_owned()
        } else {
            self.display_name.clone()
        }
    }
}

/// An app added to an account.
#[derive(Default)]
pub(crate) struct Install {
    /// For user-managed apps the people who added it, with what they granted; else whoever added it for all.
    pub(crate) users: BTreeMap<String, Arc<BTreeSet<String>>>,
}

/// Where messages are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A channel or group chat, by id.
    Channel(String),
    /// Two people, sorted; a person's notes to themselves name them twice.
    Direct(String, String),
}

impl Place {
    /// The conversation of these two.
    pub(crate) fn direct(one: &str, other: &str) -> Self {
        let (one, other) = if one <= other { (one, other) } else { (other, one) };
        Self::Direct(one.to_owned(), other.to_owned())
    }

    /// Of a conversation of two, the one who is not `user`.
    pub(crate) fn other(&self, user: &str) -> Option<&str> {
        match self {
            Self::Channel(_) => None,
            Self::Direct(one, other) => Some(if one == user { other } else { one }),
        }
    }
}

/// The messages of one place.
#[derive(Default)]
pub(crate) struct Conversation {
    /// What events call the chat session.
    pub(crate) session: String,
    pub(crate) messages: BTreeMap<u64, Message>,
    /// Message ids, letter for letter.
    pub(crate) ids: HashMap<String, u64>,
    /// How fast apps post here.
    pub(crate) pace: Pace,
}

/// The kind of channel that is a group chat.
pub(crate) const GROUP_CHAT: u8 = 4;

/// A channel, or a group chat.
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Zoom's number: 1 private, 2 private within the account, 3 public, 4 group chat, 5 public, external people too.
    pub(crate) kind: u8,
    pub(crate) owner: String,
    pub(crate) admins: BTreeSet<String>,
    pub(crate) members: BTreeSet<String>,
    pub(crate) archived: bool,
    pub(crate) settings: Settings,
    pub(crate) conversation: Conversation,
}

impl Channel {
    /// Anybody in the account can find and join it.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self.kind, 3 | 5)
    }

    /// The owner and those who help.
    pub(crate) fn is_run_by(&self, user: &str) -> bool {
        self.owner == user || self.admins.contains(user)
    }
}

/// `channel_settings`, with Zoom's numbers.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// 1: members may add members; 2: only the owner and admins.
    pub(crate) add_member_permissions: u8,
    pub(crate) new_members_can_see_previous_messages_files: bool,
    /// 1: all may post; 2: the owner and admins; 3: they and `designated_posting_members`.
    pub(crate) posting_permissions: u8,
    /// 1: all may mention all; 2: the owner and admins; 3: nobody.
    pub(crate) mention_all_permissions: u8,
    pub(crate) allow_to_add_external_users: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            add_member_permissions: 1,
            new_members_can_see_previous_messages_files: true,
            posting_permissions: 1,
            mention_all_permissions: 1,
            allow_to_add_external_users: 0,
        }
    }
}

/// A message.
#[derive(Clone, Default)]
pub(crate) struct Message {
    /// A UUID: in capitals as people's clients make it, in small letters when an app posted the message.
    pub(crate) id: String,
    /// Milliseconds since 1970; no two in an account are the same.
    pub(crate) ts: u64,
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) styles: Vec<Style>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) files: Vec<String>,
    /// The main message of the thread when this is a reply.
    pub(crate) root: Option<u64>,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
    pub(crate) reactions: Vec<(Emoji, Vec<String>)>,
    /// Who marked it as unread.
    pub(crate) unread_by: BTreeSet<String>,
}

/// An uploaded file.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) owner: String,
    pub(crate) created: Timestamp,
    pub(crate) content: Content,
}

/// An emoji of the account's own.
pub(crate) struct CustomEmoji {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) by: String,
    pub(crate) added: Timestamp,
}

/// An access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) account: String,
    pub(crate) app: String,
    /// Who `me` is: the person who granted it, or the owner of a Server-to-Server app.
    pub(crate) user: String,
    pub(crate) scopes: Arc<BTreeSet<String>>,
    pub(crate) expires: Timestamp,
    pub(crate) revoked: bool,
}

/// A refresh token; used once.
#[derive(Clone)]
pub(crate) struct Refresh {
    pub(crate) token: Token,
    /// The access token that came with it.
    pub(crate) access: String,
    pub(crate) expires: Timestamp,
    pub(crate) used: bool,
}

/// An authorization code; used once, within five minutes.
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) redirect_uri: String,
    /// PKCE: method and challenge.
    pub(crate) challenge: Option<(String, String)>,
    pub(crate) expires: Timestamp,
    pub(crate) used: bool,
}
