//! Which scopes allow what, where that depends on the kind of conversation.

use std::collections::BTreeSet;

use super::error::Fail;
use super::world::Kind;

/// What is done with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Read,
    History,
    Manage,
    Topic,
    Invite,
    Join,
}

/// Any one of these allows `act` on a conversation of `kind`.
pub(crate) fn of(act: Act, kind: Kind) -> &'static [&'static str] {
    match (act, kind) {
        (Act::Read, Kind::Public) => &["channels:read"],
        (Act::Read, Kind::Private) => &["groups:read"],
        (Act::Read, Kind::Im) => &["im:read"],
        (Act::Read, Kind::Mpim) => &["mpim:read"],
        (Act::History, Kind::Public) => &["channels:history"],
        (Act::History, Kind::Private) => &["groups:history"],
        (Act::History, Kind::Im) => &["im:history"],
        (Act::History, Kind::Mpim) => &["mpim:history"],
        (Act::Manage, Kind::Public) => &["channels:manage", "channels:write"],
        (Act::Manage, Kind::Private) => &["groups:write"],
        (Act::Topic, Kind::Public) => {
            &["channels:manage", "channels:write.topic", "channels:write"]
        }
        (Act::Topic, Kind::Private) => &["groups:write", "groups:write.topic"],
        (Act::Invite, Kind::Public) => {
            &["channels:manage", "channels:write.invites", "channels:write"]
        }
        (Act::Invite, Kind::Private) => &["groups:write", "groups:write.invites"],
        (Act::Manage | Act::Topic | Act::Invite, Kind::Im) => &["im:write"],
        (Act::Manage | Act::Topic | Act::Invite, Kind::Mpim) => &["mpim:write"],
        (Act::Join, _) => &["channels:join", "channels:write"],
    }
}

pub(crate) const KINDS: [Kind; 4] = [Kind::Public, Kind::Private, Kind::Mpim, Kind::Im];

/// All scopes that could allow `act` on some conversation: what `x-accepted-oauth-scopes` says.
pub(crate) fn any(act: Act) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for kind in KINDS {
        for scope in of(act, kind) {
            if !all.contains(scope) {
                all.push(scope);
            }
        }
    }
    all
}

/// # Errors
/// `missing_scope`, when none of `needed` is there.
pub(crate) fn require(have: &BTreeSet<String>, needed: &[&str]) -> Result<(), Fail> {
    if needed.is_empty() || needed.iter().any(|scope| have.contains(*scope)) {
        return Ok(());
    }
    let provided = have.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    Err(Fail::scope(&needed.join(","), &provided))
}
