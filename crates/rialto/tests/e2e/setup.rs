//! What an admin is told while setting up.

use serde_json::json;

use crate::connected;

#[tokio::test]
async fn what_is_set_up_by_hand_at_microsoft_is_printed_whole() {
    let world = connected().await;
    let run = async |arguments: &[&str]| {
        let command = world.rialto.lock().await.command(arguments).output();
        let done = command.await.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let printed = run(&["manifest", "teams"]).await;
    let (_, permissions) = printed.split_once("delegated permissions").unwrap();
    let (delegated, application) = permissions.split_once("application permissions").unwrap();
    for (printed, names) in [
        (delegated, ["offline_access", "User.ReadBasic.All", "ChannelMessage.Send"]),
        (application, ["Team.ReadBasic.All", "User.Read.All", "ChannelMessage.Read.All"]),
    ] {
        for name in names {
            let line = printed.lines().find(|it| it.split_whitespace().next() == Some(name));
            let line = line.unwrap_or_else(|| panic!("{name} is missing in {printed}"));
            assert!(line.split_whitespace().count() > 1, "what for? {line}");
        }
    }
    let callback = format!("redirect address: {}/oauth/callback", world.api.base());
    assert!(printed.contains(&callback), "{printed}");

    let printed = run(&["manifest", "teams", "--json"]).await;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["manifest"], json!(null));
    // The README's tables are what admins read first: they must lack nothing.
    let readme = include_str!("../../../../README.md");
    for permission in printed["permissions"].as_array().unwrap() {
        let name = permission["name"].as_str().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "{name} is missing in README.md");
    }
    world.stop().await;
}
