//! Files on their way: where the platform itself loses them, and where edits bring and take them.

use rialto_testkit::{Message, Side};
use serde_json::json;

use crate::{connected, four_in_step, without_canary};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_slack_took_and_never_showed_is_uploaded_again_and_shown_once() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let lost = json!({"platform": "slack", "target": "api", "kind": "special",
                      "name": "lost_share", "times": 1});
    world.control.post("/faults", lost).await.unwrap();
    let file = json!({"name": "plan.txt", "mime": "text/plain", "text": "the plan"});
    let body = json!({"html": "<p>with a file</p>", "files": [file]});
    world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
    let after = json!({"html": "<p>and what comes after it</p>"});
    world.act(Side::Teams, &channels, "Lee Gu", "post", after).await.unwrap();

    let shown = |all: &[Message]| {
        let after = all.iter().any(|message| message.text.contains("what comes after"));
        let files = all.iter().flat_map(|message| &message.files);
        let plans = files.filter(|file| file.name == "plan.txt").count();
        after.then_some(plans)
    };
    let plans = world.wait(Side::Slack, &channels, "what comes after the file", shown).await;
    assert_eq!(plans.unwrap(), 1, "the file is there once, before what comes after it");
}

/// Names of the files that people see, in the order of their messages.
fn names(all: &[Message]) -> Vec<String> {
    let there = all.iter().filter(|message| !message.deleted);
    there.flat_map(|message| message.files.iter().map(|file| file.name.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_and_go_with_the_edits_of_their_message() {
    let (world, channels) = four_in_step(&[]).await;
    let file = |name: &str| json!({"name": name, "mime": "text/plain", "text": name});
    let body = json!({"text": "first;", "files": [file("one.txt"), file("two.txt")]});
    let posted = world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
    let id = posted["id"].as_str().unwrap();
    let shows = async |text: &str, files: &[&str]| {
        for side in channels.others(Side::Teams) {
            let settled = |all: &[Message]| {
                let says = all.iter().any(|it| !it.deleted && it.text.contains(text));
                (says && names(all) == files).then_some(())
            };
            let what = format!("{files:?} with {text:?}");
            world.wait(side, &channels, &what, settled).await.unwrap();
        }
    };
    shows("first;", &["one.txt", "two.txt"]).await;
    let edit = async |text: &str, keep: &[&str], files: &[&str]| {
        let mut body = Side::Teams.to(id, text);
        body["keep"] = json!(keep);
        body["files"] = files.iter().map(|name| file(name)).collect();
        world.act(Side::Teams, &channels, "Lee Gu", "edit", body).await.unwrap();
    };
    edit("one is gone;", &["two.txt"], &[]).await;
    shows("one is gone;", &["two.txt"]).await;
    edit("three is new;", &["two.txt"], &["three.txt"]).await;
    shows("three is new;", &["two.txt", "three.txt"]).await;
    edit("again;", &["three.txt"], &["four.txt"]).await;
    shows("again;", &["three.txt", "four.txt"]).await;
    edit("none;", &[], &[]).await;
    shows("none;", &[]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_stays_with_the_file_when_a_text_is_added() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let body = json!({"files": [{"name": "one.txt", "mime": "text/plain", "text": "one"}]});
    let posted = world.act(Side::Teams, &channels, "Lee Gu", "post", body).await.unwrap();
    let id = posted["id"].as_str().unwrap();
    let file = |all: &[Message]| all.iter().find(|message| !message.files.is_empty()).cloned();
    world.wait(Side::Slack, &channels, "the file", file).await.unwrap();
    let react = async |deed| {
        let body = Side::Teams.reaction(id, "👍");
        world.act(Side::Teams, &channels, "Lee Gu", deed, body).await.unwrap();
    };
    let with = |count| move |all: &[Message]| file(all).filter(|it| it.reactions.len() == count);
    react("react").await;
    world.wait(Side::Slack, &channels, "the reaction", with(1)).await.unwrap();
    world.act(Side::Teams, &channels, "Lee Gu", "edit", Side::Teams.to(id, "look;")).await.unwrap();
    world.arrives(Side::Slack, &channels, "look;").await.unwrap();
    react("unreact").await;
    world.wait(Side::Slack, &channels, "no reaction", with(0)).await.unwrap();
    world.stop().await;
}
