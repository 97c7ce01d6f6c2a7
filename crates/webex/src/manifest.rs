//! What Webex is and can do, what an admin sets up there, and what that is needed for.

use rialto_model::PlatformId;
use rialto_platform::{Field, Manifest, Permission};

use crate::capabilities::capabilities;

/// The setting that webhooks are signed with; Rialto makes it up.
pub(crate) const WEBHOOK_SECRET: &str = "webhook_secret";

/// Scopes, and what each is needed for.
pub(crate) const SCOPES: [(&str, &str); 8] = [
    ("spark:messages_read", "to hear messages, and to read what no webhook told of"),
    ("spark:messages_write", "to post, edit and delete"),
    ("spark:rooms_read", "to list spaces, and to hear that one is renamed or moved"),
    ("spark:rooms_write", "to make spaces"),
    ("spark:memberships_read", "to hear who joins and leaves"),
    ("spark:memberships_write", "to invite people to a space"),
    (
        "spark:people_read",
        "to show people's names and pictures, and to know who is the same person",
    ),
    ("spark:teams_read", "to make spaces in teams"),
];

const STEPS: &[&str] = &[
    "Make an account in your Webex organization for Rialto, the service user. Bots will not do: they hear only messages that mention them.",
    "Sign in to https://developer.webex.com as the service user, choose My Webex Apps, Create a New App, Integration.",
    "Enter the redirect address that `rialto manifest webex` prints as Redirect URI, and check the scopes that are listed below.",
    "Copy the client id and the client secret to Rialto.",
    "If integrations need to be allowed, allow this one: Control Hub, Apps, Integrations.",
    "Connect the organization: `rialto connect webex`, and sign in as the service user. Rialto makes its webhooks by itself.",
];

/// Webex.
pub(crate) fn manifest() -> Manifest {
    let field = |name, help| Field { name, help, secret: false, required: true, default: None };
    let of = |(name, needed_for)| Permission { kind: "scope", name, needed_for };
    Manifest {
        id: PlatformId::new("webex"),
        name: "Webex",
        capabilities: capabilities(),
        fields: vec![
            field("client_id", "Client ID: My Webex Apps, the integration"),
            Field {
                secret: true,
                ..field("client_secret", "Client Secret, which is shown once: My Webex Apps")
            },
            Field {
                required: false,
                default: Some("https://webexapis.com/v1/"),
                ..field("api_url", "Where Webex's API is; for government another one")
            },
        ],
        steps: STEPS,
        permissions: SCOPES.into_iter().map(of).collect(),
        needs_parent: false,
        webhook_window: None,
    }
}

/// Which scopes are missing among those that a token has, and what each is needed for. Nothing is
/// missing where nobody said which it has.
pub(crate) fn missing_scopes(given: &str) -> Vec<(&'static str, &'static str)> {
    let has =
        |wanted: &str| given.split_whitespace().any(|one| one == wanted || one == "spark:all");
    let all = SCOPES.into_iter();
    if given.trim().is_empty() { Vec::new() } else { all.filter(|(name, _)| !has(name)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scope_that_is_known_to_be_missing_is_missing() {
        let all = SCOPES.map(|(name, _)| name).join(" ");
        let without = all.replace("spark:teams_read", "spark:teams_readx");
        for (given, expected) in [
            (all.as_str(), vec![]),
            ("spark:all", vec![]),
            ("", vec![]),
            (without.as_str(), vec!["spark:teams_read"]),
        ] {
            let missing: Vec<_> = missing_scopes(given).into_iter().map(|(name, _)| name).collect();
            assert_eq!(missing, expected, "{given}");
        }
    }
}
