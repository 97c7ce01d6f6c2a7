//! What Slack is and can do, and the application manifest that an admin pastes there.

use rialto_model::PlatformId;
use rialto_platform::{AppConfig, Field, Manifest};
use serde_json::json;

use crate::capabilities::capabilities;

/// Bot scopes, and what each is needed for.
pub(crate) const SCOPES: [(&str, &str); 19] = [
    ("channels:history", "to hear messages in public channels"),
    ("channels:join", "to join public channels"),
    ("channels:manage", "to make public channels"),
    ("channels:read", "to list public channels and their members"),
    ("chat:write", "to post, edit and delete"),
    ("chat:write.customize", "to post with the author's name and picture"),
    ("chat:write.public", "to post where it is not a member yet"),
    ("emoji:read", "to show custom emoji"),
    ("files:read", "to fetch files"),
    ("files:write", "to upload files"),
    ("groups:history", "to hear messages in private channels"),
    ("groups:read", "to list private channels that it is in"),
    ("groups:write", "to make private channels"),
    ("im:write", "to tell people in a direct message what did not arrive"),
    ("reactions:read", "to hear reactions"),
    ("reactions:write", "to add and take back reactions"),
    ("team:read", "to show the workspace's name"),
    ("users:read", "to show people's names and pictures"),
    ("users:read.email", "to know who is the same person elsewhere"),
];

/// Events that the app asks for.
const EVENTS: [&str; 20] = [
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
    "user_change",
];

const STEPS: &[&str] = &[
    "Print the app manifest: `rialto manifest slack`.",
    "At https://api.slack.com/apps choose Create New App, From a manifest, your workspace, and paste it.",
    "Decide on token rotation before: set `token_rotation_enabled` to true in the manifest if tokens shall expire every 12 hours. Rialto renews them; Slack cannot turn it off again.",
    "On Basic Information copy the client id, the client secret and the signing secret to Rialto.",
    "On Event Subscriptions press Retry if the request URL is not marked as verified.",
    "Connect the workspace: `rialto connect slack`, or paste its bot token.",
];

/// Slack.
pub(crate) fn manifest() -> Manifest {
    let field = |name, help, secret, default: Option<&'static str>| Field {
        name,
        help,
        secret,
        required: default.is_none(),
        default,
    };
    Manifest {
        id: PlatformId::new("slack"),
        name: "Slack",
        capabilities: capabilities(),
        fields: vec![
            field("client_id", "Client ID: Basic Information, App Credentials", false, None),
            field("client_secret", "Client Secret: Basic Information, App Credentials", true, None),
            field(
                "signing_secret",
                "Signing Secret: Basic Information, App Credentials",
                true,
                None,
            ),
            field("api_url", "Where Slack's Web API is", false, Some("https://slack.com/api/")),
            field(
                "authorize_url",
                "Slack's page for authorizing an app",
                false,
                Some("https://slack.com/oauth/v2/authorize"),
            ),
        ],
        steps: STEPS,
        permissions: Vec::new(),
        needs_parent: false,
        webhook_window: Some(crate::webhook::WINDOW),
    }
}

/// The manifest for *Create an app from a manifest* (docs.slack.dev/reference/app-manifest).
pub(crate) fn app_manifest(app: &AppConfig) -> String {
    let scopes: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    let manifest = json!({
        "display_information": {
            "name": "Rialto",
            "description": "Keeps channels in step with other chat platforms",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            "bot_user": { "display_name": "Rialto", "always_online": true },
        },
        "oauth_config": {
            "redirect_urls": [app.redirect_url],
            "scopes": { "bot": scopes },
        },
        "settings": {
            "event_subscriptions": { "request_url": app.webhook_url, "bot_events": EVENTS },
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    });
    serde_json::to_string_pretty(&manifest).unwrap_or_default()
}
