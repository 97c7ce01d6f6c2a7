//! What an admin is told while setting up.

use std::fs;

use rialto_testkit::Side;
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

#[tokio::test]
async fn a_key_that_was_rotated_out_may_be_destroyed() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let folder = world.folder().to_owned();
    let run = async |arguments: &[&str]| {
        let mut command = world.rialto.lock().await.command(arguments);
        command.env("RIALTO_DATA_FOLDER", &folder).env("RIALTO_KEY_FILE", folder.join("new.key"));
        let older = format!("[{:?}]", folder.join("rialto.key"));
        command.env("RIALTO_KEYS_OLDER", older).output().await.unwrap()
    };
    assert!(run(&["keys", "init"]).await.status.success());
    let running = run(&["keys", "rotate"]).await;
    assert!(!running.status.success(), "a server that runs has the older key in use");
    assert!(String::from_utf8_lossy(&running.stderr).contains("another Rialto uses"));

    world.rialto.lock().await.kill().await.unwrap();
    let rotated = run(&["keys", "rotate"]).await;
    let said = String::from_utf8_lossy(&rotated.stderr);
    assert!(rotated.status.success() && said.contains("keys.older"), "{said}");
    fs::rename(folder.join("new.key"), folder.join("rialto.key")).unwrap();
    world.rialto.lock().await.run().await.unwrap();
    let audit = run(&["audit", "--json", "--limit", "1"]).await;
    let audit: serde_json::Value = serde_json::from_slice(&audit.stdout).unwrap();
    assert_eq!(audit[0]["action"], "keys.rotate");
    assert_eq!(audit[0]["detail"]["done"], true);
    // Both need their tokens, and Slack's webhooks the signing secret.
    for (side, text) in [(Side::Slack, "from slack"), (Side::Teams, "from teams")] {
        world.say(side, &channels, text).await.unwrap();
        let there = |all: &[rialto_testkit::Message]| {
            all.iter().any(|message| message.text.contains(text)).then_some(())
        };
        world.wait(channels.other(side), &channels, text, there).await.unwrap();
    }
    world.stop().await;
}
