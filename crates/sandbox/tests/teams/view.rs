//! The human side, and what people see.

use serde_json::json;

use crate::tenant::World;

#[tokio::test]
async fn people_write_as_their_client_would_and_see_it() {
    let world = World::unlimited().await;
    let ann = world.id("Ann Lee");
    world
        .act(
            "Bob Roy",
            "post",
            json!({
                "html": "<p>@Ann Lee look: <strong>now</strong> <emoji id=\"smile\" alt=\"😄\"></emoji></p><codeblock class=\"Rust\"><code>let a = 1;<br>a</code></codeblock>",
                "mentions": ["Ann Lee"], "subject": "News", "importance": "high",
                "files": [{"name": "big.bin", "random_bytes": 3_000_000, "seed": 4}],
                "images": [{"name": "dot.png", "mime": "image/png", "base64": "iVBORw0KGgo="}],
            }),
        )
        .await;
    let root = world.view().await[0]["id"].clone();
    world.act("Ann Lee", "reply", json!({"thread": root, "text": "thanks & bye"})).await;
    world.act("Ann Lee", "react", json!({"message": root, "emoji": "👍"})).await;
    let seen = world.view().await;
    assert_eq!(
        seen[0]["html"],
        json!(format!(
            "<p><span class=\"mention\" data-account=\"{ann}\">Ann Lee</span> look: <strong>now</strong> 😄</p><pre data-language=\"rust\">let a = 1;\na</pre>"
        ))
    );
    assert_eq!(seen[0]["mentions"], json!([{"account": ann, "name": "Ann Lee"}]));
    assert_eq!((&seen[0]["subject"], &seen[0]["importance"]), (&json!("News"), &json!("high")));
    assert_eq!(seen[0]["files"][0]["size"], json!(3_000_000));
    assert_eq!(seen[0]["files"][1]["name"], "dot.png");
    assert_eq!(seen[0]["reactions"], json!([{"emoji": "👍", "by": [ann]}]));
    assert_eq!((&seen[1]["thread"], &seen[1]["text"]), (&root, &json!("thanks & bye")));

    world.act("Bob Roy", "edit", json!({"message": root, "html": "<p>Later</p>"})).await;
    let seen = world.view().await;
    assert_eq!((&seen[0]["text"], &seen[0]["edited"]), (&json!("Later"), &json!(true)));
    assert_eq!(seen[0]["files"][0]["name"], "big.bin", "an edit keeps the files");
    let more = json!({"message": root, "text": "More", "keep": ["big.bin"], "files": [{"name": "b.txt", "text": "b"}]});
    world.act("Bob Roy", "edit", more).await;
    let seen = world.view().await;
    assert_eq!(seen[0]["files"].as_array().unwrap().len(), 2, "it keeps those that it names");
    world.act("Bob Roy", "delete", json!({"message": root})).await;
    assert_eq!(world.view().await[0]["deleted"], true);
    let act = json!({"workspace": world.tenant, "as": "Cid Orr", "do": "post", "channel": "Plans", "text": "x"});
    let (status, _) = world.control_raw("/teams/act", act).await;
    assert_eq!(status, 409, "who is no member cannot post");
}

#[tokio::test]
async fn a_guest_has_a_badge_and_a_card_is_read() {
    let world = World::unlimited().await;
    world.act("Ann Lee", "invite", json!({"people": ["Gia Fox"]})).await;
    let card = json!({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Build failed"}],
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "https://ci.example/1"}]});
    world
        .act(
            "Gia Fox",
            "post",
            json!({
                "html": "<attachment id=\"c1\"></attachment>",
                "attachments": [{"id": "c1", "contentType": "application/vnd.microsoft.card.adaptive", "content": card.to_string()}],
            }),
        )
        .await;
    let seen = world.view().await;
    assert_eq!(seen[0]["author"]["badge"], "Guest");
    assert_eq!(
        seen[0]["html"],
        "<p>Build failed</p><p><a href=\"https://ci.example/1\">Open</a></p>"
    );
}
