//! The Web API's methods: name, rate limit tier, scopes, and what each does.

mod auth;
mod chat;
mod conversations;
mod files;
mod history;
mod manifest;
mod members;
mod pages;
mod people;
mod reactions;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::args::Args;
use super::error::{Answer, Fail};
use super::scopes::{self, Act};
use super::stage::Stage;
use super::world::{Channel, Kind, Token, Workspace};

/// How often a method may be called. The tiers are Slack's: 1, 20, 50, 100 a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tier {
    None,
    PerMinute(usize),
    /// About one a second and conversation.
    PerChannel,
}

const T1: Tier = Tier::PerMinute(1);
const T2: Tier = Tier::PerMinute(20);
const T3: Tier = Tier::PerMinute(50);
const T4: Tier = Tier::PerMinute(100);
/// Methods with a tier of their own, of which Slack says "hundreds a minute".
const HUNDREDS: Tier = Tier::PerMinute(600);

/// What allows a call before anything else is looked at.
#[derive(Debug, Clone, Copy)]
enum Needs {
    Nothing,
    OneOf(&'static [&'static str]),
    /// Depends on the conversation; checked again once it is known.
    On(Act),
}

/// One method.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    /// Needs no bot or user token.
    pub(crate) anonymous: bool,
    needs: Needs,
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

impl Method {
    /// Any of these lets a call in; empty: none is needed.
    pub(crate) fn scopes(&self) -> Vec<&'static str> {
        match self.needs {
            Needs::Nothing => Vec::new(),
            Needs::OneOf(scopes) => scopes.to_vec(),
            Needs::On(act) => scopes::any(act),
        }
    }
}

/// A call under way.
pub(crate) struct Call<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) who: Token,
    pub(crate) token: Option<String>,
    pub(crate) args: Args,
    /// Id and secret from `Authorization: Basic`.
    pub(crate) basic: Option<(String, String)>,
    pub(crate) warnings: Vec<&'static str>,
    pub(crate) messages: Vec<&'static str>,
}

impl Call<'_> {
    fn workspace(&self) -> Result<&Workspace, Fail> {
        self.stage.workspace(&self.who.team)
    }

    /// The conversation that argument `channel` names and the caller can know of, with the scope for `act`.
    fn channel(&self, act: Option<Act>) -> Result<&Channel, Fail> {
        let given = self.args.need("channel")?;
        self.known(&given, act)
    }

    fn known(&self, given: &str, act: Option<Act>) -> Result<&Channel, Fail> {
        let found = self.workspace()?.find_channel(given).ok_or("channel_not_found")?;
        if found.kind != Kind::Public && !found.members.contains(&self.who.user) {
            return Err("channel_not_found".into());
        }
        if let Some(act) = act {
            scopes::require(&self.who.scopes, scopes::of(act, found.kind))?;
        }
        Ok(found)
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.who.scopes.contains(scope)
    }
}

type Run = fn(&mut Call<'_>) -> Answer;

const fn method(name: &'static str, tier: Tier, needs: Needs, run: Run) -> Method {
    Method { name, tier, anonymous: false, needs, run }
}

const fn anonymous(name: &'static str, tier: Tier, run: Run) -> Method {
    Method { name, tier, anonymous: true, needs: Needs::Nothing, run }
}

const WRITE: Needs = Needs::OneOf(&["chat:write"]);

static METHODS: &[Method] = &[
    anonymous("api.test", Tier::None, auth::api_test),
    method("auth.test", HUNDREDS, Needs::Nothing, auth::test),
    method("auth.revoke", T3, Needs::Nothing, auth::revoke),
    anonymous("oauth.v2.access", Tier::None, auth::access),
    method("apps.uninstall", T1, Needs::Nothing, auth::uninstall),
    anonymous("apps.manifest.create", Tier::None, manifest::create),
    anonymous("apps.manifest.update", Tier::None, manifest::update),
    anonymous("apps.manifest.validate", Tier::None, manifest::validate),
    anonymous("apps.manifest.export", Tier::None, manifest::export),
    anonymous("apps.manifest.delete", Tier::None, manifest::delete),
    anonymous("tooling.tokens.rotate", Tier::None, manifest::rotate),
    method("bots.info", T3, Needs::OneOf(&["users:read"]), people::bot_info),
    method("team.info", T3, Needs::OneOf(&["team:read"]), people::team_info),
    method("chat.postMessage", Tier::PerChannel, WRITE, chat::post_message),
    method("chat.postEphemeral", T4, WRITE, chat::post_ephemeral),
    method("chat.meMessage", T3, WRITE, chat::me_message),
    method("chat.update", T3, WRITE, chat::update),
    method("chat.delete", T3, WRITE, chat::delete),
    method("chat.getPermalink", HUNDREDS, Needs::Nothing, chat::permalink),
    method("conversations.create", T2, Needs::On(Act::Manage), conversations::create),
    method("conversations.info", T3, Needs::On(Act::Read), conversations::info),
    method("conversations.list", T2, Needs::On(Act::Read), conversations::list),
    method("users.conversations", T2, Needs::On(Act::Read), conversations::of_user),
    method("conversations.history", T3, Needs::On(Act::History), history::history),
    method("conversations.replies", T3, Needs::On(Act::History), history::replies),
    method("conversations.members", T4, Needs::On(Act::Read), members::members),
    method("conversations.join", T3, Needs::On(Act::Join), members::join),
    method("conversations.leave", T3, Needs::On(Act::Manage), members::leave),
    method("conversations.invite", T3, Needs::On(Act::Invite), members::invite),
    method("conversations.kick", T3, Needs::On(Act::Manage), members::kick),
    method("conversations.open", T3, Needs::OneOf(&["im:write", "mpim:write"]), members::open),
    method("conversations.close", T2, Needs::On(Act::Manage), members::close),
    method("conversations.mark", T3, Needs::On(Act::Manage), conversations::mark),
    method("conversations.archive", T2, Needs::On(Act::Manage), conversations::archive),
    method("conversations.unarchive", T2, Needs::On(Act::Manage), conversations::unarchive),
    method("conversations.rename", T2, Needs::On(Act::Manage), conversations::rename),
    method("conversations.setTopic", T2, Needs::On(Act::Topic), conversations::set_topic),
    method("conversations.setPurpose", T2, Needs::On(Act::Topic), conversations::set_purpose),
    method("users.info", T4, Needs::OneOf(&["users:read"]), people::info),
    method("users.list", T2, Needs::OneOf(&["users:read"]), people::list),
    method("users.lookupByEmail", T3, Needs::OneOf(&["users:read.email"]), people::by_email),
    method("users.profile.get", T4, Needs::OneOf(&["users.profile:read"]), people::profile),
    method("users.getPresence", T3, Needs::OneOf(&["users:read"]), people::presence),
    method("usergroups.list", T2, Needs::OneOf(&["usergroups:read"]), people::groups),
    method("usergroups.users.list", T2, Needs::OneOf(&["usergroups:read"]), people::group_users),
    method("emoji.list", T2, Needs::OneOf(&["emoji:read"]), people::emoji),
    method("reactions.add", T3, Needs::OneOf(&["reactions:write"]), reactions::add),
    method("reactions.remove", T2, Needs::OneOf(&["reactions:write"]), reactions::remove),
    method("reactions.get", T3, Needs::OneOf(&["reactions:read"]), reactions::get),
    method("reactions.list", T2, Needs::OneOf(&["reactions:read"]), reactions::list),
    method("pins.add", T2, Needs::OneOf(&["pins:write"]), reactions::pin),
    method("pins.remove", T2, Needs::OneOf(&["pins:write"]), reactions::unpin),
    method("pins.list", T2, Needs::OneOf(&["pins:read"]), reactions::pins),
    method("files.upload", T2, Needs::Nothing, files::upload),
    method("files.getUploadURLExternal", T4, Needs::OneOf(&["files:write"]), files::begin),
    method("files.completeUploadExternal", T4, Needs::OneOf(&["files:write"]), files::complete),
    method("files.info", T4, Needs::OneOf(&["files:read"]), files::info),
    method("files.list", T3, Needs::OneOf(&["files:read"]), files::list),
    method("files.delete", T3, Needs::OneOf(&["files:write"]), files::delete),
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Method>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.name, method)).collect());

/// The method of this name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    BY_NAME.get(name).copied()
}

/// An answer without content beyond `ok`.
fn done() -> Answer {
    Ok(Value::Object(serde_json::Map::new()))
}
