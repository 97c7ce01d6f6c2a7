//! Files on their way, where the platform itself loses them.

use rialto_testkit::{Message, Side};
use serde_json::json;

use crate::without_canary;

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
