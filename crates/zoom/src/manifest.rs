//! What Zoom Team Chat is and can do, what an admin sets up there, and what that is needed for.

use rialto_model::PlatformId;
use rialto_platform::{Field, Manifest, Permission};

use crate::capabilities::capabilities;

/// Granular scopes, and what each is needed for. Each may also be granted with `:admin`, as apps for
/// a whole account and Server-to-Server apps have them.
const SCOPES: [(&str, &str); 20] = [
    ("team_chat:write:user_message", "to post"),
    ("team_chat:update:user_message", "to edit"),
    ("team_chat:delete:user_message", "to delete"),
    ("team_chat:read:user_message", "to hear messages"),
    ("team_chat:read:list_user_messages", "to read what no event told of"),
    ("team_chat:read:message_emoji", "to hear reactions"),
    ("team_chat:update:message_emoji", "to add and take back reactions"),
    ("team_chat:read:list_custom_emojis", "to react with custom emoji"),
    ("team_chat:read:file", "to fetch files"),
    ("team_chat:write:files", "to upload files"),
    ("team_chat:read:list_user_channels", "to list channels that the service user is in"),
    (PUBLIC_CHANNELS, "to list public channels"),
    ("team_chat:read:channel", "to see a channel's name and to hear that it is renamed or deleted"),
    ("team_chat:read:archive_channels", "to hear that a channel is archived"),
    ("team_chat:read:list_members", "to hear who joins and leaves"),
    ("team_chat:write:user_channel", "to make channels"),
    ("team_chat:write:member", "to join public channels"),
    ("team_chat:write:members", "to invite people to a channel"),
    ("team_chat:read:contact", "to show people's names"),
    ("user:read:user", "to know who is the same person elsewhere, and to show pictures"),
];

/// A scope that exists for whole accounts only.
const PUBLIC_CHANNELS: &str = "team_chat:read:list_channels:admin";

/// Where the API is, unless it is set, and where it takes files (*Send a chat file*).
pub(crate) const API_URL: &str = "https://api.zoom.us/v2/";
pub(crate) const FILE_URL: &str = "https://file.zoom.us/v2/";

/// Events that the app subscribes to.
const EVENTS: [&str; 15] = [
    "team_chat.channel_message_posted",
    "team_chat.channel_message_updated",
    "team_chat.channel_message_deleted",
    "team_chat.channel_reaction_added",
    "team_chat.channel_reaction_removed",
    "team_chat.channel_archived",
    "team_chat.channel_unarchived",
    "chat_channel.updated",
    "chat_channel.deleted",
    "chat_channel.member_invited",
    "chat_channel.member_joined",
    "chat_channel.member_left",
    "chat_channel.member_removed",
    "user.updated",
    "user.deactivated",
];

const STEPS: &[&str] = &[
    "Make an account in Zoom for Rialto, the service user, with Team Chat switched on.",
    "At https://marketplace.zoom.us choose Develop, Build App, General App (admin-managed: it hears the whole account; user-managed: what the service user is in), or Server-to-Server OAuth App.",
    "On Basic Information copy the client id and the client secret to Rialto, and enter the redirect address that `rialto manifest zoom` prints as OAuth redirect URL and in the allow list.",
    "On Access, or Feature, copy the secret token to Rialto, add an event subscription with the webhook address, and choose the events that are listed below; then press Validate.",
    "On Scopes add the scopes that are listed below.",
    "Connect the account: `rialto connect zoom`, and sign in as the service user. For a Server-to-Server app set `service_user` to the service user's e-mail address and paste the account id as the token.",
];

/// Zoom Team Chat.
pub(crate) fn manifest() -> Manifest {
    let field = |name, help| Field { name, help, secret: false, required: true, default: None };
    let address = |name, help, default| Field {
        required: false,
        default: Some(default),
        ..field(name, help)
    };
    Manifest {
        id: PlatformId::new("zoom"),
        name: "Zoom Team Chat",
        capabilities: capabilities(),
        fields: vec![
            field("client_id", "Client ID: Basic Information, App Credentials"),
            Field {
                secret: true,
                ..field("client_secret", "Client Secret: Basic Information, App Credentials")
            },
            Field {
                secret: true,
                ..field("secret_token", "Secret Token: Access, or Feature, where events are")
            },
            Field {
                required: false,
                ..field(
                    "service_user",
                    "For Server-to-Server apps: the service user's e-mail address, when it is not \
                     who made the app",
                )
            },
            address("api_url", "Where Zoom's API is", API_URL),
            address(
                "file_url",
                "Where Zoom takes files; where the API is, if only that is set",
                FILE_URL,
            ),
            address("login_url", "Where people sign in to Zoom", "https://zoom.us/"),
        ],
        steps: STEPS,
        permissions: permissions(),
        needs_parent: false,
        webhook_window: Some(crate::webhook::WINDOW),
    }
}

fn permissions() -> Vec<Permission> {
    let of = |kind, name, needed_for| Permission { kind, name, needed_for };
    let scopes = SCOPES.into_iter().map(|(name, why)| of("scope", name, why));
    let events = EVENTS.into_iter().map(|name| of("event", name, "to hear of it"));
    scopes.chain(events).collect()
}

/// The scope of this name, in either form, if it is one of those that are needed.
pub(crate) fn scope_named(name: &str) -> Option<&'static str> {
    let bare = |name: &'static str| name.trim_end_matches(":admin");
    let mut all = SCOPES.into_iter().map(|(scope, _)| scope);
    all.find(|scope| bare(scope) == name.trim_end_matches(":admin"))
}

/// Which scopes are missing among those that a token has, and what each is needed for. An app that
/// a person adds for themselves cannot have those of whole accounts.
pub(crate) fn missing_scopes(given: &str) -> Vec<(&'static str, &'static str)> {
    let has = |wanted: &str| {
        given
            .split([' ', ','])
            .any(|one| one == wanted || one.strip_suffix(":admin") == Some(wanted))
    };
    let for_account = given.split([' ', ',']).any(|one| one.ends_with(":admin"));
    SCOPES
        .into_iter()
        .filter(|(name, _)| !has(name) && (for_account || *name != PUBLIC_CHANNELS))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_there_in_either_form() {
        let all = |suffix: &str| {
            SCOPES.map(|(name, _)| format!("{}{suffix}", name.trim_end_matches(":admin"))).join(" ")
        };
        assert_eq!(missing_scopes(&all(":admin")), []);
        assert_eq!(missing_scopes(&all("")), [], "nobody can have account scopes by themselves");
        let given = all(":admin").replace("team_chat:write:files:admin", "team_chat:write:filesx");
        assert_eq!(missing_scopes(&given), [("team_chat:write:files", "to upload files")]);
    }
}
