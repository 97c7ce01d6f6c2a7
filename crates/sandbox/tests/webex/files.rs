use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::world::{World, answered};

async fn upload(world: &World, more: &[(&'static str, &str)]) -> super::world::Answered {
    let part =
        Part::bytes(vec![0, 159, 146, 150]).file_name("a \"b\".bin").mime_str("image/png").unwrap();
    let mut form = Form::new().text("roomId", world.room("general").await).part("files", part);
    for (name, value) in more {
        form = form.text(*name, (*value).to_owned());
    }
    answered(world.request(&world.ann, "POST", "/messages").multipart(form)).await
}

async fn download(world: &World, token: &str, verb: &str, url: &str) -> reqwest::Response {
    let verb = reqwest::Method::from_bytes(verb.as_bytes()).unwrap();
    world.client.request(verb, url).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn a_file_of_a_form_is_downloaded_with_a_token() {
    let world = World::start().await;
    let sent = upload(&world, &[("markdown", "*look*")]).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert_eq!(sent.body["html"], "<p><em>look</em></p>");
    let url = sent.body["files"][0].as_str().unwrap();
    assert!(url.starts_with(&world.url("/contents/")));
    for (verb, expected) in [("GET", &[0, 159, 146, 150][..]), ("HEAD", &[])] {
        let got = download(&world, &world.bob, verb, url).await;
        assert_eq!(got.status(), 200);
        assert_eq!(got.headers()["content-disposition"], "attachment; filename=\"a _b_.bin\"");
        assert_eq!(got.headers()["content-type"], "image/png");
        assert_eq!(got.headers()["content-length"], "4");
        assert_eq!(&got.bytes().await.unwrap()[..], expected);
    }
    assert_eq!(world.client.get(url).send().await.unwrap().status(), 401);
    world.with_bot().await;
    assert_eq!(
        download(&world, &world.bot, "GET", url).await.status(),
        404,
        "the bot is not mentioned"
    );
    let seen = &world.view("general").await[0]["files"][0];
    assert_eq!((&seen["mime"], &seen["size"]), (&json!("image/png"), &json!(4)));

    let id = sent.body["id"].as_str().unwrap();
    let edit = json!({"roomId": sent.body["roomId"], "text": "x"});
    assert_eq!(world.error("PUT", &format!("/messages/{id}"), edit).await, 400);
    world.ok("DELETE", &format!("/messages/{id}"), Value::Null).await;
    assert_eq!(download(&world, &world.bob, "GET", url).await.status(), 404);
}

#[tokio::test]
async fn a_file_is_fetched_from_its_address() {
    let world = World::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let file = || async { ([("content-type", "text/csv")], "a,b") };
    let router = axum::Router::new().route("/some/plan.csv", axum::routing::get(file));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let room = world.room("general").await;
    let body = json!({"roomId": room, "files": [format!("http://{address}/some/plan.csv")]});
    let sent = world.ok("POST", "/messages", body).await;
    let got = download(&world, &world.ann, "GET", sent["files"][0].as_str().unwrap()).await;
    assert_eq!(got.headers()["content-disposition"], "attachment; filename=\"plan.csv\"");
    assert_eq!(got.text().await.unwrap(), "a,b");
    for files in [
        json!([format!("http://{address}/missing")]),
        json!(["not an address"]),
        json!([
            format!("http://{address}/some/plan.csv"),
            format!("http://{address}/some/plan.csv")
        ]),
    ] {
        let body = json!({"roomId": room, "files": files});
        assert_eq!(world.error("POST", "/messages", body).await, 400, "{files}");
    }
}

#[tokio::test]
async fn a_form_has_one_file() {
    let world = World::start().await;
    let part = || Part::text("x").file_name("a.txt");
    let form = Form::new().text("roomId", world.room("general").await);
    let form = form.part("files", part()).part("files", part());
    let answer = answered(world.request(&world.ann, "POST", "/messages").multipart(form)).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn downloads_wait_for_the_scan() {
    let world = World::start().await;
    let file = json!([{"name": "a.txt", "text": "x"}]);
    for (verdict, after) in [("clean", 200), ("infected", 410), ("unscannable", 428)] {
        let mut deed = json!({"as": "Bob Ray", "do": "post", "channel": "general", "files": file, "scan_seconds": 30});
        if verdict != "clean" {
            deed[verdict] = true.into();
        }
        let id = world.act(deed).await["id"].as_str().unwrap().to_owned();
        let read = world.ok("GET", &format!("/messages/{id}"), Value::Null).await;
        let url = read["files"][0].as_str().unwrap();
        let early = download(&world, &world.ann, "GET", url).await;
        let wait: u64 = early.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert_eq!(early.status(), 423);
        assert!((1..=30).contains(&wait));
        world.advance(30).await;
        assert_eq!(download(&world, &world.ann, "GET", url).await.status(), after, "{verdict}");
        let forced = download(&world, &world.ann, "GET", &format!("{url}?allow=unscannable")).await;
        assert_eq!(forced.status(), if after == 410 { 410 } else { 200 }, "{verdict}");
    }
}

#[tokio::test]
async fn faults_decide_how_an_apps_file_is_scanned() {
    let world = World::start().await;
    for (name, status) in [("scanning", 423), ("infected", 410), ("unscannable", 428)] {
        let rule = json!({"platform": "webex", "target": "api", "method": "POST /messages",
            "kind": "special", "name": name, "times": 1});
        world.control("POST", "/faults", rule).await;
        let sent = upload(&world, &[]).await.body;
        let url = sent["files"][0].as_str().unwrap();
        assert_eq!(download(&world, &world.ann, "GET", url).await.status(), status, "{name}");
    }
    let sent = upload(&world, &[]).await.body;
    let url = sent["files"][0].as_str().unwrap();
    assert_eq!(download(&world, &world.ann, "GET", url).await.status(), 200);
}
