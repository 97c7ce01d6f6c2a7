use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::world::{World, answered};

fn form(field: &'static str, name: &str, bytes: Vec<u8>) -> Form {
    Form::new().part(field, Part::bytes(bytes).file_name(name.to_owned()))
}

#[tokio::test]
async fn a_file_is_sent_and_downloaded() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let root = world.post("root").await;
    let form = form("files", "Ünïcode plan.txt", b"content".to_vec());
    let form = form.text("to_channel", general.clone()).text("reply_main_message_id", root.clone());
    let request = world.request("POST", "/chat/users/me/messages/files").multipart(form);
    let sent = answered(request).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let id = sent.body["id"].as_str().unwrap();
    let seen = world.view("general").await;
    assert_eq!(
        (&seen[1]["thread"], &seen[1]["files"][0]["name"]),
        (&json!(root), &json!("Ünïcode plan.txt"))
    );
    assert_eq!(seen[1]["files"][0]["mime"], "text/plain");
    let read = world
        .ok("GET", &format!("/chat/users/me/messages/{id}?to_channel={general}"), Value::Null)
        .await;
    assert_eq!((&read["file_size"], &read["message_type"]), (&json!(7), &json!("others")));
    let url = read["download_url"].as_str().unwrap();
    let download = world.client.get(url).send().await.unwrap();
    assert_eq!(download.status(), 200);
    assert_eq!(download.bytes().await.unwrap(), "content");
    let forged = url.replace("jwt=", "jwt=9");
    assert_eq!(world.client.get(forged).send().await.unwrap().status(), 403);
    world.advance(86_401).await;
    assert_eq!(world.client.get(url).send().await.unwrap().status(), 403, "a day later");
}

#[tokio::test]
async fn files_are_uploaded_first_and_sent_with_a_text() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let mut files = Vec::new();
    for name in ["a.png", "b.txt"] {
        let request = world.request("POST", "/chat/users/me/files?postToPersonalChat=false");
        let uploaded = answered(request.multipart(form("file", name, vec![7; 100]))).await;
        assert_eq!(uploaded.status, 201, "{}", uploaded.body);
        files.push(uploaded.body["id"].clone());
    }
    let body = json!({"message": "both", "to_channel": general, "file_ids": files});
    world.ok("POST", "/chat/users/me/messages", body).await;
    let seen = world.view("general").await;
    let names: Vec<_> = seen[0]["files"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
    assert_eq!(json!(names), json!(["a.png", "b.txt"]));
    let info =
        world.ok("GET", &format!("/chat/files/{}", files[0].as_str().unwrap()), Value::Null).await;
    assert_eq!((&info["digest"], &info["length"]), (&seen[0]["files"][0]["sha256"], &json!(100)));
    let request =
        world.request("POST", "/chat/users/me/files").multipart(form("file", "c.txt", vec![1]));
    assert_eq!(answered(request).await.status, 201);
    let path = format!("/zoom/view?workspace={}&channel=@Ann Lee&as=Ann Lee", world.account);
    let own = world.control("GET", &path, Value::Null).await;
    assert_eq!(own["messages"][0]["files"][0]["name"], "c.txt", "in the personal chat by default");
}

#[tokio::test]
async fn files_have_limits_and_owners() {
    let world = World::start().await;
    let general = world.channel("general").await;
    for (name, size, status) in
        [("big.png", 16, 201), ("huge.png", 17, 400), ("big.bin", 20, 201), ("huge.bin", 21, 400)]
    {
        let form =
            form("files", name, vec![0; size * 1024 * 1024]).text("to_channel", general.clone());
        let request = world.request("POST", "/chat/users/me/messages/files").multipart(form);
        assert_eq!(answered(request).await.status, status, "{name}");
    }
    let form = Form::new().text("to_channel", general);
    let request = world.request("POST", "/chat/users/me/messages/files").multipart(form);
    assert_eq!(answered(request).await.status, 400, "no file at all");
    let upload = json!({"as": "Cy Doe", "do": "upload", "to": "Bob Ray", "files": [{"name": "secret.txt", "text": "x"}]});
    let theirs = world.act(upload).await["files"][0].clone();
    let path = format!("/chat/files/{}", theirs.as_str().unwrap());
    assert_eq!(world.error("GET", &path, Value::Null).await, (403, 403));
    assert_eq!(world.error("GET", "/chat/files/nothing", Value::Null).await, (404, 404));
    let upload = json!({"as": "Ann Lee", "do": "upload", "channel": "board", "files": [{"name": "mine.txt", "text": "x"}]});
    let mine = world.act(upload).await["files"][0].clone();
    world.ok("DELETE", &format!("/chat/files/{}", mine.as_str().unwrap()), Value::Null).await;
    assert_eq!(world.view("board").await[0]["files"], json!([]));
}
