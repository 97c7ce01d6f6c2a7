//! Graph permissions: which exist as delegated scopes, which of those only an administrator may grant, and the
//! check that every call makes. Names from the Graph permissions reference.

use super::error::GraphError;
use super::sign_in::Token;

/// Delegated scopes a person may consent to for themselves.
const OPEN: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "User.Read",
    "User.ReadBasic.All",
    "User.ReadWrite",
    "Team.ReadBasic.All",
    "Team.Create",
    "Channel.ReadBasic.All",
    "ChannelMessage.Send",
    "ChannelMessage.Edit",
    "Chat.Create",
    "Chat.Read",
    "Chat.ReadBasic",
    "Chat.ReadWrite",
    "ChatMessage.Read",
    "ChatMessage.Send",
    "ChatMember.Read",
    "ChatMember.ReadWrite",
    "Files.Read",
    "Files.ReadWrite",
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "TeamsAppInstallation.ReadForUser",
    "TeamsAppInstallation.ReadWriteSelfForUser",
    "Presence.Read",
    "Calendars.Read",
    "Mail.Read",
    "User.Invite.All.Self",
    ".default",
];

/// Delegated scopes that need an administrator.
const ADMIN: &[&str] = &[
    "User.Read.All",
    "User.ReadWrite.All",
    "User.Invite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Organization.Read.All",
    "ChannelMessage.Read.All",
    "ChannelMessage.ReadWrite",
    "Channel.Create",
    "Channel.Delete.All",
    "ChannelMember.Read.All",
    "ChannelMember.ReadWrite.All",
    "ChannelSettings.Read.All",
    "ChannelSettings.ReadWrite.All",
    "TeamMember.Read.All",
    "TeamMember.ReadWrite.All",
    "TeamMember.ReadWriteNonOwnerRole.All",
    "TeamSettings.Read.All",
    "TeamSettings.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppCatalog.ReadWrite.All",
    "AppCatalog.Submit",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "RoleManagement.Read.Directory",
    "Sites.Manage.All",
    "Sites.FullControl.All",
    "TeamsAppInstallation.ReadWriteForUser",
    "TeamsAppInstallation.ReadWriteForTeam",
    "TeamsAppInstallation.ReadWriteSelfForTeam",
    "Policy.Read.All",
    "Domain.Read.All",
    "LicenseAssignment.ReadWrite.All",
    "User-LifeCycleInfo.Read.All",
    "AuditLog.Read.All",
];

/// How far a delegated scope may be granted.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Consent {
    Person,
    Administrator,
}

/// Who may grant this scope; `None` when Graph has no such scope.
pub(crate) fn consent_for(scope: &str) -> Option<Consent> {
    if OPEN.contains(&scope) {
        Some(Consent::Person)
    } else if ADMIN.contains(&scope) {
        Some(Consent::Administrator)
    } else {
        None
    }
}

/// Delegated and application permissions, any one of which suffices.
pub(crate) struct Needs {
    pub delegated: &'static [&'static str],
    pub application: &'static [&'static str],
}

macro_rules! needs {
    ($(#[$doc:meta])* $name:ident: [$($d:literal),*] [$($a:literal),*]) => {
        $(#[$doc])*
        pub(crate) const $name: Needs = Needs { delegated: &[$($d),*], application: &[$($a),*] };
    };
}

needs!(READ_ORGANIZATION: ["User.Read", "User.Read.All", "Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"]
    ["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All"]);
needs!(READ_ME: ["User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"] []);
needs!(READ_USERS: ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
    ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);
needs!(READ_TEAMS: ["Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
    ["Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);
needs!(CREATE_TEAM: ["Team.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"] ["Team.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(CHANGE_TEAM: ["TeamSettings.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"] ["TeamSettings.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(READ_TEAM_MEMBERS: ["TeamMember.Read.All", "TeamMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
    ["TeamMember.Read.All", "TeamMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);
needs!(CHANGE_TEAM_MEMBERS: ["TeamMember.ReadWrite.All", "TeamMember.ReadWriteNonOwnerRole.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]
    ["TeamMember.ReadWrite.All", "TeamMember.ReadWriteNonOwnerRole.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(READ_CHANNELS: ["Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
    ["Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);
needs!(CREATE_CHANNEL: ["Channel.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"] ["Channel.Create", "Teamwork.Migrate.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(CHANGE_CHANNEL: ["ChannelSettings.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"] ["ChannelSettings.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(DELETE_CHANNEL: ["Channel.Delete.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"] ["Channel.Delete.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"]);
needs!(READ_CHANNEL_MEMBERS: ["ChannelMember.Read.All", "ChannelMember.ReadWrite.All"] ["ChannelMember.Read.All", "ChannelMember.ReadWrite.All"]);
needs!(CHANGE_CHANNEL_MEMBERS: ["ChannelMember.ReadWrite.All"] ["ChannelMember.ReadWrite.All"]);
needs!(READ_FILES_FOLDER: ["Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All"]
    ["Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All"]);
needs!(READ_FILES: ["Files.Read", "Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"]
    ["Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"]);
needs!(WRITE_FILES: ["Files.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All"] ["Files.ReadWrite.All", "Sites.ReadWrite.All"]);
needs!(READ_CHANNEL_MESSAGES: ["ChannelMessage.Read.All", "ChannelMessage.ReadWrite", "Group.Read.All", "Group.ReadWrite.All"]
    ["ChannelMessage.Read.All", "Group.Read.All", "Group.ReadWrite.All"]);
needs!(
    /// Without `Teamwork.Migrate.All` no app may send by itself; with it only imports are allowed.
    SEND_CHANNEL_MESSAGE: ["ChannelMessage.Send", "Group.ReadWrite.All"] ["Teamwork.Migrate.All"]);
needs!(CHANGE_CHANNEL_MESSAGE: ["ChannelMessage.ReadWrite", "Group.ReadWrite.All"] []);
needs!(REACT_IN_CHANNEL: ["ChannelMessage.Send", "Group.ReadWrite.All"] []);
needs!(READ_CHATS: ["Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"] ["Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All"]);
needs!(CREATE_CHAT: ["Chat.Create", "Chat.ReadWrite"] ["Chat.Create"]);
needs!(CHANGE_CHAT: ["Chat.ReadWrite"] ["Chat.ReadWrite.All"]);
needs!(READ_CHAT_MEMBERS: ["ChatMember.Read", "ChatMember.ReadWrite", "Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"]
    ["ChatMember.Read.All", "ChatMember.ReadWrite.All", "Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All"]);
needs!(CHANGE_CHAT_MEMBERS: ["ChatMember.ReadWrite", "Chat.ReadWrite"] ["ChatMember.ReadWrite.All", "Chat.ReadWrite.All"]);
needs!(READ_CHAT_MESSAGES: ["Chat.Read", "Chat.ReadWrite", "ChatMessage.Read"] ["Chat.Read.All", "Chat.ReadWrite.All"]);
needs!(SEND_CHAT_MESSAGE: ["ChatMessage.Send", "Chat.ReadWrite"] ["Teamwork.Migrate.All"]);
needs!(CHANGE_CHAT_MESSAGE: ["Chat.ReadWrite"] []);
needs!(REACT_IN_CHAT: ["ChatMessage.Send", "Chat.ReadWrite"] []);
needs!(INVITE: ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"] ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"]);

impl Needs {
    /// Whether the token carries one of these; the refusal names what is missing, as Graph's does.
    pub fn check(&self, token: &Token) -> Result<(), GraphError> {
        let (wanted, held, kind) = match token.user {
            Some(_) => (self.delegated, &token.scopes, "scope"),
            None => (self.application, &token.roles, "role"),
        };
        if wanted.iter().any(|w| held.contains(*w)) {
            return Ok(());
        }
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        Err(GraphError::forbidden(format!(
            "Missing {kind} permissions on the request. API requires one of '{}'. {}s on the request '{}'.",
            wanted.join(", "),
            if kind == "scope" { "Scope" } else { "Role" },
            held.join(", "),
        )))
    }
}
