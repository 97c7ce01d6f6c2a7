//! Files: the channel's folder, simple upload, upload sessions, attachments, downloads.

use serde_json::{Value, json};

use crate::tenant::World;

async fn put(world: &World, url: &str, range: &str, bytes: Vec<u8>) -> (u16, Value) {
    let answer =
        world.http.put(url).header("content-range", range).body(bytes).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_large_file_goes_up_in_parts_and_is_attached() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let folder = world
        .get(&format!("/teams/{}/channels/{}/filesFolder", world.team, world.channel), &ann)
        .await;
    let drive = folder["parentReference"]["driveId"].as_str().unwrap();
    let target =
        format!("/drives/{drive}/items/{}:/big%20one.bin:", folder["id"].as_str().unwrap());
    let session = world
        .call(
            "POST",
            &format!("{target}/createUploadSession"),
            &ann,
            Some(json!({"item": {"@microsoft.graph.conflictBehavior": "rename"}})),
        )
        .await;
    assert_eq!(session.status, 200, "{}", session.body);
    let url = session.body["uploadUrl"].as_str().unwrap();
    let part = 320 * 1024;
    let total = part + 1000;
    let bytes: Vec<u8> = (0..total).map(|n| (n % 251) as u8).collect();
    let (status, refusal) =
        put(&world, url, &format!("bytes 0-99/{total}"), bytes[..100].to_vec()).await;
    assert_eq!((status, &refusal["error"]["code"]), (400, &json!("invalidRequest")));
    let (status, more) =
        put(&world, url, &format!("bytes 0-{}/{total}", part - 1), bytes[..part].to_vec()).await;
    assert_eq!((status, &more["nextExpectedRanges"]), (202, &json!([format!("{part}-")])));
    let (status, _) =
        put(&world, url, &format!("bytes 0-{}/{total}", part - 1), bytes[..part].to_vec()).await;
    assert_eq!(status, 416, "what has come is not asked for again");
    let (status, item) =
        put(&world, url, &format!("bytes {part}-{}/{total}", total - 1), bytes[part..].to_vec())
            .await;
    assert_eq!((status, &item["name"], &item["size"]), (201, &json!("big one.bin"), &json!(total)));

    let down = world.http.get(item["@microsoft.graph.downloadUrl"].as_str().unwrap());
    assert_eq!(down.send().await.unwrap().bytes().await.unwrap(), bytes);
    let content = format!(
        "{}/drives/{drive}/items/{}/content",
        world.sandbox.urls().graph,
        item["id"].as_str().unwrap()
    );
    let down = world.http.get(content).bearer_auth(&ann).send().await.unwrap();
    assert_eq!(down.bytes().await.unwrap(), bytes);

    let guid = item["eTag"].as_str().unwrap().split(['{', '}']).nth(1).unwrap().to_lowercase();
    let body = json!({
        "body": {"contentType": "html", "content": format!("see <attachment id=\"{guid}\"></attachment>")},
        "attachments": [{"id": guid, "contentType": "reference", "contentUrl": item["webUrl"], "name": "big one.bin"}],
    });
    let sent = world.call("POST", &world.messages(), &ann, Some(body)).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let seen = world.view().await;
    assert_eq!(seen[0]["files"][0]["size"], json!(total));
    assert_eq!(seen[0]["text"], "see");
}

#[tokio::test]
async fn names_conflict_as_asked() {
    let world = World::unlimited().await;
    let ann = world.token("Ann Lee").await;
    let folder = world
        .get(&format!("/teams/{}/channels/{}/filesFolder", world.team, world.channel), &ann)
        .await;
    let base = format!(
        "{}/drives/{}/items/{}:/a.txt:/content",
        world.sandbox.urls().graph,
        folder["parentReference"]["driveId"].as_str().unwrap(),
        folder["id"].as_str().unwrap()
    );
    for (query, status, name) in [
        ("", 201, "a.txt"),
        ("", 200, "a.txt"),
        ("?@microsoft.graph.conflictBehavior=rename", 201, "a 1.txt"),
        ("?@microsoft.graph.conflictBehavior=fail", 409, ""),
    ] {
        let request = world.http.put(format!("{base}{query}")).bearer_auth(&ann).body("text");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{query}");
        let item: Value = answer.json().await.unwrap();
        assert_eq!(item["name"].as_str().unwrap_or(""), name);
    }
    let cid = world.token("Cid Orr").await;
    let refused = world.http.put(&base).bearer_auth(&cid).body("x").send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403, "the library is for the team");
}
