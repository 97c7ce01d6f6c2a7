//! What Rialto asks for, and why. From the permission tables of the Graph calls it makes.

use rialto_platform::Permission;

use crate::settings::Listening;

/// Delegated permissions of the service user, each with what cannot be done without it.
const DELEGATED: [(&str, &str); 12] = [
    ("User.Read", "signing in"),
    ("User.ReadBasic.All", "names and pictures"),
    ("ChannelMessage.Send", "posting messages"),
    ("ChannelMessage.Read.All", "hearing channels"),
    ("ChannelMessage.ReadWrite", "editing, deleting and reacting"),
    ("Channel.ReadBasic.All", "listing channels"),
    ("Channel.Create", "making channels"),
    ("ChannelMember.Read.All", "knowing whether private channels can be heard"),
    ("Team.ReadBasic.All", "listing teams"),
    ("TeamMember.ReadWrite.All", "adding people to teams in which channels are made"),
    ("Files.ReadWrite.All", "files"),
    ("Chat.ReadWrite", "telling people in a chat what did not arrive"),
];

/// Permissions that the sign-in itself needs; they are not named in the token's scopes.
const SIGN_IN: [(&str, &str); 3] = [
    ("openid", "signing in"),
    ("profile", "the service user's name"),
    ("offline_access", "staying signed in"),
];

/// Application permissions, each with what cannot be done without it.
const APPLICATION: [(&str, &str); 5] = [
    ("Team.ReadBasic.All", "listing all teams"),
    ("Channel.ReadBasic.All", "listing all channels"),
    ("TeamMember.ReadWriteNonOwnerRole.All", "adding the service user to teams"),
    ("ChannelMember.ReadWrite.All", "adding the service user to private channels"),
    ("User.Read.All", "recognising people by their e-mail"),
];

const TENANT_WIDE: (&str, &str) = ("ChannelMessage.Read.All", "hearing the whole tenant");

/// All that an admin adds to the app registration.
pub(crate) fn all() -> Vec<Permission> {
    let of = |kind| move |(name, needed_for)| Permission { kind, name, needed_for };
    let delegated = SIGN_IN.into_iter().chain(DELEGATED).map(of("delegated"));
    let tenant_wide = (TENANT_WIDE.0, "hearing the whole tenant; only with `--listening tenant`");
    let application = APPLICATION.into_iter().chain([tenant_wide]).map(of("application"));
    delegated.chain(application).collect()
}

/// Those of ours that a text names.
pub(crate) fn named_in(text: &str) -> Vec<&'static str> {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_')).collect();
    let ours = DELEGATED.into_iter().chain(APPLICATION).map(|(name, _)| name);
    let mut named: Vec<&str> = ours.filter(|name| words.contains(name)).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// The scopes of the sign-in, as asked for.
pub(crate) fn scopes() -> String {
    let names = SIGN_IN.into_iter().chain(DELEGATED).map(|(name, _)| name);
    names.collect::<Vec<_>>().join(" ")
}

/// What a token's `scope` lacks. Scopes may be given with Graph's address before them.
pub(crate) fn missing_scopes(granted: &str) -> Vec<(&'static str, &'static str)> {
    let granted: Vec<&str> =
        granted.split_whitespace().map(|scope| scope.rsplit('/').next().unwrap_or(scope)).collect();
    let missing = |(name, _): &(&str, &str)| !granted.iter().any(|g| g.eq_ignore_ascii_case(name));
    DELEGATED.into_iter().filter(missing).collect()
}

/// What an application token's roles lack.
pub(crate) fn missing_roles(
    roles: &[String],
    listening: Listening,
) -> Vec<(&'static str, &'static str)> {
    let tenant_wide = (listening == Listening::Tenant).then_some(TENANT_WIDE);
    let missing = |(name, _): &(&str, &str)| !roles.iter().any(|role| role == name);
    APPLICATION.into_iter().chain(tenant_wide).filter(missing).collect()
}
