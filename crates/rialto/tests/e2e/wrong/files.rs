//! Files whose way is not free.

use rialto_testkit::{Message, Side};
use serde_json::json;

use super::{app, workspace};
use crate::{connected, without_canary};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_waits_until_its_workspace_is_connected_again() {
    let world = connected().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    // Without rotation, nothing renews it.
    let expired = json!({"platform": "slack", "target": "api", "method": "files.info",
                         "kind": "expire_tokens", "times": 1});
    world.control.post("/faults", expired).await.unwrap();
    let file = json!([{"name": "notes.txt", "mime": "text/plain", "text": "some notes"}]);
    let body = json!({"text": "with notes", "files": file});
    world.act(Side::Slack, &channels, "Ana Silva", "post", body).await.unwrap();
    let noticed = async || Ok(workspace(&world, Side::Slack).await["healthy"] == false);
    world.until("the admin is told", noticed).await.unwrap();
    let slack = app(&world, Side::Slack).await;
    world.authorize(Side::Slack, &slack).await.unwrap();
    let whole = |all: &[Message]| {
        let message = all.iter().find(|message| message.text.contains("with notes"))?;
        Some(message.files.first().map(|file| file.name.clone()))
    };
    let arrived = world.wait(Side::Teams, &channels, "the message", whole).await.unwrap();
    assert_eq!(arrived.as_deref(), Some("notes.txt"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_must_wait_uploads_its_files_once() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let post = "POST /teams/{id}/channels/{id}/messages";
    let fault = json!({"platform": "teams", "target": "api", "method": post, "kind": "status",
                       "code": 503, "times": 1});
    world.control.post("/faults", fault).await.unwrap();
    let file = json!([{"name": "notes.txt", "mime": "text/plain", "text": "some notes"}]);
    let body = json!({"text": "with notes", "files": file});
    world.act(Side::Slack, &channels, "Ana Silva", "post", body).await.unwrap();
    let arrived = |all: &[Message]| {
        let message = all.iter().find(|message| message.text.contains("with notes"))?;
        Some(message.files.first().map(|file| file.name.clone()))
    };
    let name = world.wait(Side::Teams, &channels, "the message", arrived).await.unwrap();
    assert_eq!(name.as_deref(), Some("notes.txt"), "not a second one beside a first");
    let counts =
        async || world.control.get("/calls?platform=teams").await.unwrap()["counts"].clone();
    // A call is counted when it is answered, and the message can be seen before that.
    let posts = async || Ok(counts().await[format!("teams {post}")] == 2);
    world.until("two posts: tried, done", posts).await.unwrap();
    let counts = counts().await;
    assert_eq!(counts["teams PUT /drives/{id}/items/{id}/{id}/content"], 1, "{counts}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_workspace_asks_for_patience_holds_up_nobody_elsewhere() {
    let world = without_canary().await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let fault = json!({"platform": "slack", "target": "api", "method": "files.info",
                       "kind": "status", "code": 429, "retry_after": 3600, "times": 1});
    world.control.post("/faults", fault).await.unwrap();
    let file = json!([{"name": "notes.txt", "mime": "text/plain", "text": "some notes"}]);
    let body = json!({"text": "with notes", "files": file});
    world.act(Side::Slack, &channels, "Ana Silva", "post", body).await.unwrap();
    let body = json!({"text": "the next"});
    world.act(Side::Slack, &channels, "Ana Silva", "post", body).await.unwrap();
    let arrived = |all: &[Message]| {
        all.iter().find(|message| message.text.contains("the next"))?;
        all.iter().find(|message| message.text.contains("with notes")).cloned()
    };
    let message = world.wait(Side::Teams, &channels, "both messages", arrived).await.unwrap();
    assert_eq!(message.files.len(), 0);
    assert!(message.text.contains("notes.txt"), "the file is told of: {}", message.text);
    world.stop().await;
}
