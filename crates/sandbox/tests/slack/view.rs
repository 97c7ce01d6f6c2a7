use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn a_channel_is_shown_as_a_person_sees_it() {
    let world = World::start().await;
    let bob = world.person("bob").await;
    let text = format!(
        "*Hello* <@{bob}>, _see_ <https://x.example/?a=1&amp;b=2|this>\n&gt; quoted\n• one\n• two\n```code &lt;```"
    );
    let root = world
        .act(json!({"as": "ann", "do": "post", "channel": "general", "text": text}))
        .await["ts"]
        .clone();
    world.act(json!({"as": "bob", "do": "reply", "channel": "general", "ts": root, "text": "<!channel> ok :shipit:"})).await;
    world.act(json!({"as": "ann", "do": "post", "channel": "general", "blocks": [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "from "}, {"type": "text", "text": "blocks", "style": {"bold": true}}]}]}]})).await;
    let seen = world.view("general").await;
    let seen: Vec<&Value> = seen.iter().filter(|m| m["markup"]["subtype"].is_null()).collect();
    assert_eq!(
        seen[0]["html"],
        format!(
            "<p><strong>Hello</strong> <span class=\"mention\" data-account=\"{bob}\">@bob</span>, <em>see</em> \
             <a href=\"https://x.example/?a=1&amp;b=2\">this</a></p><blockquote><p>quoted</p></blockquote>\
             <ul><li>one</li><li>two</li></ul><pre>code &lt;</pre>"
        )
    );
    assert_eq!(seen[0]["text"], "Hello @bob, see this\nquoted\n• one\n• two\ncode <");
    assert_eq!(seen[0]["mentions"], json!([{"account": bob, "name": "bob"}]));
    assert_eq!(seen[0]["author"]["name"], "ann");
    assert_eq!(seen[0]["author"]["avatar"], "https://img.example/ann.png");
    assert_eq!(seen[0]["author"]["badge"], Value::Null);
    assert_eq!(seen[1]["thread"], root);
    assert_eq!(seen[1]["mentions"], json!([{"everyone": "channel"}]));
    assert_eq!(seen[2]["html"], "<p>from <strong>blocks</strong></p>");
    assert_eq!(seen[2]["markup"]["text"], "from *blocks*");
}

#[tokio::test]
async fn markdown_text_and_ephemeral_messages_are_shown() {
    let world = World::start().await;
    let (general, bob) = (world.channel("general").await, world.person("bob").await);
    world
        .ok(
            "chat.postMessage",
            json!({"channel": general, "markdown_text": "**b** [t](https://x.example)"}),
        )
        .await;
    let seen = world.view("general").await;
    assert_eq!(
        seen.last().unwrap()["html"],
        "<p><strong>b</strong> <a href=\"https://x.example\">t</a></p>"
    );
    world
        .ok("chat.postEphemeral", json!({"channel": general, "user": bob, "text": "only you"}))
        .await;
    assert!(world.view("general").await.iter().all(|message| message["text"] != "only you"));
    let path = format!("/slack/view?workspace=Acme&channel=general&as={bob}");
    let view = world.control("GET", &path, Value::Null).await;
    assert_eq!(view["messages"].as_array().unwrap().last().unwrap()["text"], "only you");
    let cy =
        world.send("GET", "/slack/view?workspace=Acme&channel=secret&as=cy", Value::Null).await;
    assert_eq!(cy.0, 404, "a private channel is not shown to those outside");
}
