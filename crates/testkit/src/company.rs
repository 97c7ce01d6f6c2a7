//! Acme: its engineers live in Slack, its sales people in Microsoft Teams.

use serde_json::{Value, json};

/// Who is in Slack. The first one is the admin.
pub const SLACK_PEOPLE: [(&str, &str); 5] = [
    ("Ana Silva", "ana"),
    ("Ben Okafor", "ben"),
    ("Chloé Martin", "chloe"),
    ("Megan Bowen", "megan"),
    ("Casey Contractor", "casey"),
];

/// Who is in Teams. The first one is the admin, the second the service user.
pub const TEAMS_PEOPLE: [&str; 5] =
    ["Ida Holm", "Rialto Service", "Megan Bowen", "Lee Gu", "Ana Silva"];

/// Somebody's address. People of one name are one person: their address is the same on both sides.
pub(crate) fn email(name: &str) -> String {
    let plain = name.to_lowercase().replace('é', "e").replace(' ', ".");
    format!("{plain}@acme.example")
}

/// The Slack workspace. Casey is in no other app.
pub(crate) fn slack() -> Value {
    let people: Vec<Value> = SLACK_PEOPLE
        .iter()
        .enumerate()
        .map(|(index, (name, handle))| {
            json!({
                "name": name,
                "display_name": name,
                "handle": handle,
                "email": email(name),
                "admin": index == 0,
                "avatar": format!("https://pictures.acme.example/{handle}.png"),
            })
        })
        .collect();
    let everybody: Vec<&str> = SLACK_PEOPLE.iter().map(|(name, _)| *name).collect();
    json!({
        "name": "Acme Engineering",
        "people": people,
        "channels": [
            {"name": "general", "members": everybody},
            {"name": "launch", "members": everybody},
            {"name": "release-planning", "members": everybody},
        ],
        "emoji": {"shipit": "https://pictures.acme.example/shipit.png"},
    })
}

/// The Teams tenant.
pub(crate) fn teams() -> Value {
    let people: Vec<Value> = TEAMS_PEOPLE
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let roles: &[&str] = if index == 0 { &["Global Administrator"] } else { &[] };
            json!({"name": name, "mail": email(name), "roles": roles})
        })
        .collect();
    let members: Vec<&str> =
        TEAMS_PEOPLE.iter().filter(|name| **name != "Rialto Service").copied().collect();
    json!({
        "name": "Acme Sales",
        "people": people,
        "teams": [{"name": "Projects", "members": members, "channels": ["General", "Launch"]}],
    })
}
