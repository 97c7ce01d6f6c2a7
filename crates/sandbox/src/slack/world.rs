//! What exists: apps, workspaces, people, conversations, messages, files, tokens. Data without behaviour.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::ts::Ts;
use crate::core::files::Content;

/// Everything the Slack emulator knows.
#[derive(Default)]
pub(crate) struct State {
    /// The emulator's own address, for the URLs in answers.
    pub(crate) base: String,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) workspaces: BTreeMap<String, Workspace>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) refresh: HashMap<String, Refresh>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) uploads: HashMap<String, Upload>,
    pub(crate) interactions: HashMap<String, Interaction>,
    /// Configuration tokens for `apps.manifest.*`.
    pub(crate) config_tokens: HashMap<String, ConfigToken>,
}

/// An app as registered with Slack.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) signing_secret: String,
    pub(crate) verification_token: String,
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) bot_scopes: BTreeSet<String>,
    pub(crate) user_scopes: BTreeSet<String>,
    pub(crate) bot_events: BTreeSet<String>,
    pub(crate) user_events: BTreeSet<String>,
    pub(crate) request_url: Option<String>,
    pub(crate) url_state: UrlState,
    pub(crate) interactivity_url: Option<String>,
    pub(crate) rotation: bool,
    pub(crate) icon: Option<String>,
    pub(crate) bot_name: String,
    pub(crate) manifest: Value,
    pub(crate) deliveries: Deliveries,
}

/// Whether events are sent to the app's request URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UrlState {
    None,
    Verified,
    Failed(String),
    Disabled,
}

/// The outcomes of the last 60 minutes, and from how many on they may disable the app.
#[derive(Default)]
pub(crate) struct Deliveries {
    pub(crate) recent: VecDeque<(Timestamp, bool)>,
    pub(crate) failed: usize,
    pub(crate) floor: usize,
}

/// A workspace (Slack's team).
pub(crate) struct Workspace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) bots: BTreeMap<String, Bot>,
    pub(crate) channels: BTreeMap<String, Channel>,
    /// Names of channels that are taken, archived ones too.
    pub(crate) channel_names: HashMap<String, String>,
    /// Direct and group messages by their sorted members.
    pub(crate) direct: HashMap<Vec<String>, String>,
    pub(crate) installs: BTreeMap<String, Install>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) emoji: BTreeMap<String, String>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) last_ts: Ts,
    /// Seconds within which a message may be edited; the workspace's setting.
    pub(crate) edit_window: Option<u64>,
}

impl Workspace {
    /// A person or bot user by id, handle, e-mail or shown name.
    pub(crate) fn find_user(&self, who: &str) -> Option<&User> {
        self.users.get(who).or_else(|| {
            let same = |text: &str| text.eq_ignore_ascii_case(who);
            self.users.values().find(|user| {
                same(&user.name)
                    || same(&user.display_name)
                    || same(&user.real_name)
                    || user.email.as_deref().is_some_and(same)
            })
        })
    }

    /// A conversation by id or name (with or without `#`).
    pub(crate) fn find_channel(&self, what: &str) -> Option<&Channel> {
        let name = what.trim_start_matches('#');
        self.channels
            .get(what)
            .or_else(|| self.channel_names.get(name).and_then(|id| self.channels.get(id)))
    }
}

/// A person, or an app's bot user.
#[derive(Clone, Default)]
pub(crate) struct User {
    pub(crate) id: String,
    /// The handle, unique in the workspace.
    pub(crate) name: String,
    pub(crate) real_name: String,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    pub(crate) title: String,
    pub(crate) avatar: Option<String>,
    pub(crate) tz: String,
    pub(crate) admin: bool,
    pub(crate) guest: bool,
    pub(crate) deleted: bool,
    pub(crate) updated: u64,
    /// Set when this is a bot user.
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
}

/// What posts for an app.
pub(crate) struct Bot {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) name: String,
    pub(crate) icon: Option<String>,
    pub(crate) updated: u64,
    pub(crate) deleted: bool,
}

/// An app installed in a workspace.
pub(crate) struct Install {
    pub(crate) app_id: String,
    pub(crate) bot_user: Option<String>,
    pub(crate) bot_id: String,
    pub(crate) bot_scopes: Arc<BTreeSet<String>>,
    /// People who gave a user token, with its scopes.
    pub(crate) users: BTreeMap<String, Arc<BTreeSet<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Public,
    Private,
    Im,
    Mpim,
}

#[derive(Clone, Default)]
pub(crate) struct Described {
    pub(crate) value: String,
    pub(crate) creator: String,
    pub(crate) last_set: u64,
}

/// A conversation of any kind.
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) general: bool,
    pub(crate) archived: bool,
    pub(crate) created: u64,
    pub(crate) creator: String,
    pub(crate) topic: Described,
    pub(crate) purpose: Described,
    pub(crate) previous_names: Vec<String>,
    pub(crate) members: BTreeSet<String>,
    pub(crate) messages: BTreeMap<Ts, Message>,
    pub(crate) ephemeral: Vec<(String, Message)>,
    pub(crate) pins: Vec<(Ts, String, u64)>,
}

/// A message. `thread` is the root's ts for replies, and the message's own for roots that have replies.
#[derive(Clone, Default)]
pub(crate) struct Message {
    pub(crate) ts: Ts,
    pub(crate) user: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) icon_url: Option<String>,
    pub(crate) icon_emoji: Option<String>,
    pub(crate) subtype: Option<&'static str>,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
    pub(crate) attachments: Option<Value>,
    pub(crate) metadata: Option<Value>,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) thread: Option<Ts>,
    pub(crate) broadcast: bool,
    pub(crate) replies: BTreeSet<Ts>,
    pub(crate) reply_users: BTreeMap<String, usize>,
    pub(crate) edited: Option<(String, Ts)>,
    pub(crate) reactions: Vec<(String, Vec<String>)>,
    pub(crate) files: Vec<String>,
    pub(crate) tombstone: bool,
    /// What only some subtypes have: `topic`, `old_name`, `inviter` …
    pub(crate) extra: serde_json::Map<String, Value>,
}

impl Message {
    pub(crate) fn is_reply(&self) -> bool {
        self.thread.is_some_and(|root| root != self.ts)
    }
}

/// An uploaded file.
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) mime: String,
    pub(crate) user: String,
    pub(crate) bot: bool,
    pub(crate) created: u64,
    pub(crate) content: Content,
    /// Where it is shared: conversation and message.
    pub(crate) shares: Vec<(String, Ts)>,
    pub(crate) deleted: bool,
}

/// A user group (Slack's subteam).
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) handle: String,
    pub(crate) description: String,
    pub(crate) users: BTreeSet<String>,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) disabled: bool,
}

/// An access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) team: String,
    pub(crate) app: String,
    /// Who acts: the bot user, or the person.
    pub(crate) user: String,
    /// Set for bot tokens.
    pub(crate) bot: Option<String>,
    pub(crate) scopes: Arc<BTreeSet<String>>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) revoked: bool,
}

/// A refresh token; used once.
#[derive(Clone)]
pub(crate) struct Refresh {
    pub(crate) token: Token,
    pub(crate) used: bool,
}

/// An OAuth code; used once, within 10 minutes.
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) team: String,
    pub(crate) user: String,
    pub(crate) bot_scopes: BTreeSet<String>,
    pub(crate) user_scopes: BTreeSet<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) expires: Timestamp,
    pub(crate) used: bool,
}

/// An upload that was begun with `files.getUploadURLExternal`.
pub(crate) struct Upload {
    pub(crate) team: String,
    pub(crate) file: String,
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) content: Option<Content>,
    pub(crate) completed: bool,
}

/// A `response_url` that was given with a button press.
pub(crate) struct Interaction {
    pub(crate) team: String,
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) message: Ts,
    pub(crate) left: u32,
    pub(crate) expires: Timestamp,
}

/// An app configuration token and its single-use refresh token.
pub(crate) struct ConfigToken {
    pub(crate) team: String,
    pub(crate) user: String,
    pub(crate) refresh: String,
    pub(crate) expires: Timestamp,
}
