use serde_json::{Value, json};

use super::world::World;

async fn begin(world: &World, name: &str, length: usize) -> (String, String) {
    let answer =
        world.ok("files.getUploadURLExternal", json!({"filename": name, "length": length})).await;
    (
        answer["upload_url"].as_str().unwrap().to_owned(),
        answer["file_id"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_file_goes_up_in_three_steps_and_is_shared_a_moment_later() {
    let world = World::start().await;
    let bytes = vec![7_u8; 200_000];
    let (url, id) = begin(&world, "report.pdf", bytes.len()).await;
    let complete = json!({"files": [{"id": id, "title": "Report"}], "channel_id": world.channel("general").await,
        "initial_comment": "look"});
    assert_eq!(
        world.error("files.completeUploadExternal", complete.clone()).await,
        "file_not_found"
    );
    let short = world.client.post(&url).body(vec![1]).send().await.unwrap();
    assert_eq!(short.status(), 400);
    let sent = world.client.post(&url).body(bytes.clone()).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let answer = world.ok("files.completeUploadExternal", complete).await;
    assert_eq!(answer["files"], json!([{"id": id, "title": "Report"}]), "no ts in the answer");
    let info = world.ok("files.info", json!({"file": id})).await;
    assert_eq!(info["file"]["shares"], json!({}), "not shared yet");

    let event = world.receiver.event(|event| event["subtype"] == "file_share").await;
    assert_eq!((&event["text"], &event["files"][0]["id"]), (&json!("look"), &json!(id)));
    world
        .receiver
        .event(|event| event["type"] == "file_shared" && event["file_id"] == id.as_str())
        .await;
    let info = world.ok("files.info", json!({"file": id})).await;
    let general = world.channel("general").await;
    assert_eq!(info["file"]["shares"]["public"][&general][0]["ts"], event["ts"]);

    let link = info["file"]["url_private_download"].as_str().unwrap();
    let got = world.client.get(link).bearer_auth(&world.bot).send().await.unwrap();
    assert_eq!(got.headers()["content-type"], "application/pdf");
    assert_eq!(got.bytes().await.unwrap(), bytes);
    let closed = world.client.get(link).send().await.unwrap();
    assert_eq!(closed.status(), 302, "without a token: the sign-in page");

    world.ok("files.delete", json!({"file": id})).await;
    assert_eq!(world.error("files.info", json!({"file": id})).await, "file_deleted");
}

#[tokio::test]
async fn a_form_upload_works_too() {
    let world = World::start().await;
    let (url, id) = begin(&world, "a.txt", 5).await;
    let part = reqwest::multipart::Part::bytes(b"hello".to_vec()).file_name("a.txt");
    let form = reqwest::multipart::Form::new().part("file", part);
    assert_eq!(world.client.post(&url).multipart(form).send().await.unwrap().status(), 200);
    world.ok("files.completeUploadExternal", json!({"files": [{"id": id}]})).await;
    assert_eq!(world.ok("files.info", json!({"file": id})).await["file"]["size"], 5);
}

#[tokio::test]
async fn a_share_can_be_lost_although_slack_said_ok() {
    let world = World::start().await;
    let rule = json!({"platform": "slack", "target": "api", "kind": "special", "name": "lost_share", "times": 1});
    world.control("POST", "/faults", rule).await;
    let (url, id) = begin(&world, "a.txt", 1).await;
    world.client.post(&url).body("x").send().await.unwrap();
    let complete = json!({"files": [{"id": id}], "channel_id": world.channel("general").await});
    world.ok("files.completeUploadExternal", complete).await;
    world.idle().await;
    assert_eq!(world.ok("files.info", json!({"file": id})).await["file"]["shares"], json!({}));
}

#[tokio::test]
async fn a_persons_large_file_is_streamed_and_hashed() {
    let world = World::start().await;
    let size = 30_000_000_u64;
    world
        .act(json!({"as": "ann", "do": "upload", "channel": "general", "text": "big",
            "files": [{"name": "big.bin", "random_bytes": size, "seed": 5}, {"name": "n.txt", "text": "note"}]}))
        .await;
    let event = world.receiver.event(|event| event["subtype"] == "file_share").await;
    let link = event["files"][0]["url_private"].as_str().unwrap();
    let got =
        world.client.get(link).bearer_auth(&world.bot).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(got.len() as u64, size);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &got);
    let seen = world.view("general").await;
    let files = &seen.last().unwrap()["files"];
    assert_eq!(files[0]["sha256"], hex::encode(digest));
    assert_eq!(
        files[1],
        json!({"name": "n.txt", "mime": "text/plain", "size": 4,
        "sha256": hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"note"))})
    );
    let outside: Value = world.api("files.info", json!({"file": "F0"})).await;
    assert_eq!(outside["error"], "file_not_found");
}
