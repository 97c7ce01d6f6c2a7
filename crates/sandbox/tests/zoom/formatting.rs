use serde_json::{Value, json};

use super::world::World;

fn style(start: u64, end: u64, kind: &str, attribute: Option<&str>) -> Value {
    let mut item = json!({"start_position": start, "end_position": end, "format_type": kind});
    if let Some(attribute) = attribute {
        item["format_attr"] = attribute.into();
    }
    item
}

#[tokio::test]
async fn ranges_cover_what_they_say_also_behind_emoji() {
    let world = World::start().await;
    let general = world.channel("general").await;
    for (message, styles, html) in [
        ("Hello", vec![style(0, 1, "Bold", None)], "<p><strong>H</strong>ello</p>"),
        ("👍日本 ok", vec![style(2, 4, "Italic", None)], "<p>👍<em>日本</em> ok</p>"),
        (
            "a<b",
            vec![style(1, 2, "Strikethrough", None), style(0, 3, "Underline", None)],
            "<p><u>a<s>&lt;</s>b</u></p>",
        ),
        (
            "abcd",
            vec![style(0, 3, "Bold", None), style(2, 4, "Italic", None)],
            "<p><strong>ab<em>c</em></strong><em>d</em></p>",
        ),
        (
            "go here",
            vec![style(3, 7, "AddLink", Some("https://x.example/?a=1&b=2"))],
            "<p>go <a href=\"https://x.example/?a=1&amp;b=2\">here</a></p>",
        ),
        (
            "x\ny\nz",
            vec![style(0, 3, "BulletedList", None), style(4, 5, "Quote", None)],
            "<ul><li>x</li><li>y</li></ul><blockquote><p>z</p></blockquote>",
        ),
        (
            "h\none\ntwo",
            vec![style(0, 1, "Paragraph", Some("h2")), style(2, 9, "NumberedList", None)],
            "<h2>h</h2><ol><li>one</li><li>two</li></ol>",
        ),
        ("two\nlines", vec![], "<p>two<br>lines</p>"),
        (
            "a\n\nb\nc",
            vec![style(0, 4, "BulletedList", None)],
            "<ul><li>a</li><li></li><li>b</li></ul><p>c</p>",
        ),
        ("a\nb", vec![style(1, 3, "Quote", None)], "<p>a</p><blockquote><p>b</p></blockquote>"),
    ] {
        let body = json!({"message": message, "to_channel": general, "rich_text": styles});
        let sent = world.ok("POST", "/chat/users/me/messages", body).await;
        let seen = world.view("general").await.pop().unwrap();
        assert_eq!(seen["html"], html, "{message}");
        let path = format!(
            "/chat/users/me/messages/{}?to_channel={general}",
            sent["id"].as_str().unwrap()
        );
        let read = world.ok("GET", &path, Value::Null).await;
        let expected = if styles.is_empty() { Value::Null } else { json!(styles) };
        assert_eq!(read["rich_text"], expected, "as it was sent");
        // How fast a channel may be posted to is not what is tried here.
        world.advance(100).await;
    }
}

#[tokio::test]
async fn ranges_that_do_not_fit_are_refused() {
    let world = World::start().await;
    let general = world.channel("general").await;
    for (field, item) in [
        ("rich_text", style(0, 6, "Bold", None)),
        ("rich_text", style(2, 2, "Bold", None)),
        ("rich_text", style(0, 1, "Shiny", None)),
        ("rich_text", style(0, 1, "AddLink", Some("ftp://x.example"))),
        ("rich_text", style(0, 1, "AddLink", None)),
        ("rich_text", style(0, 1, "FontSize", Some("xl"))),
        ("rich_text", style(0, 1, "FontColor", Some("red"))),
        ("rich_text", style(0, 1, "Paragraph", Some("h4"))),
        ("rich_text", json!({"format_type": "Bold"})),
        (
            "at_items",
            json!({"at_type": 1, "at_contact": "nobody@x.example", "start_position": 0, "end_position": 1}),
        ),
        ("at_items", json!({"at_type": 3, "start_position": 0, "end_position": 1})),
        ("at_items", json!({"at_type": 2, "start_position": 1, "end_position": 2})),
    ] {
        let body = json!({"message": "@all", "to_channel": general, field: [item]});
        let refused = world.call("POST", "/chat/users/me/messages", body.clone()).await;
        assert_eq!(refused.body["message"], "Validation Failed.", "{body}");
        let named = refused.body["errors"][0]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{named}");
    }
}

#[tokio::test]
async fn mentions_end_as_the_reference_or_as_the_example_says() {
    let world = World::start().await;
    let (general, bob, member) = (
        world.channel("general").await,
        world.person("Bob Ray").await,
        world.member("Bob Ray").await,
    );
    for (end, contact) in [(9, "bob@acme.example"), (10, member.as_str())] {
        let body = json!({"message": "👍@Bob Ray, hi", "to_channel": general,
            "at_items": [{"at_type": 1, "at_contact": contact, "start_position": 2, "end_position": end}]});
        let sent = world.ok("POST", "/chat/users/me/messages", body).await;
        let seen = world.view("general").await.pop().unwrap();
        assert_eq!(
            seen["html"],
            format!("<p>👍<span class=\"mention\" data-account=\"{bob}\">@Bob Ray</span>, hi</p>")
        );
        assert_eq!(seen["mentions"], json!([{"account": bob, "name": "Bob Ray"}]));
        let path = format!(
            "/chat/users/me/messages/{}?to_channel={general}",
            sent["id"].as_str().unwrap()
        );
        let read = world.ok("GET", &path, Value::Null).await;
        assert_eq!(
            read["at_items"],
            json!([{"at_type": 1, "at_contact": bob, "at_contact_member_id": member,
            "start_position": 2, "end_position": 9}]),
            "the API names the last position"
        );
    }
    world.idle().await;
    let told = world.receiver.events();
    let told =
        told.iter().find(|event| event["event"] == "team_chat.channel_message_posted").unwrap();
    assert_eq!(
        told["payload"]["object"]["at_items"],
        json!([{"at_type": 1, "at_contact": "bob@acme.example",
        "at_contact_user_id": bob, "at_contact_member_id": member, "start_position": 2, "end_position": 10}]),
        "events name the one behind it"
    );
}

#[tokio::test]
async fn a_channel_may_keep_its_members_from_mentioning_all() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let bob = format!("/chat/users/{}/messages", world.person("Bob Ray").await);
    let body = json!({"message": "@all", "to_channel": general, "at_items": [{"at_type": 2, "start_position": 0, "end_position": 3}]});
    world.ok("POST", &bob, body.clone()).await;
    assert_eq!(world.view("general").await[0]["mentions"], json!([{"everyone": "channel"}]));
    let settings = json!({"channel_settings": {"mention_all_permissions": 2}});
    world.ok("PATCH", &format!("/chat/channels/{general}"), settings).await;
    assert_eq!(world.error("POST", &bob, body.clone()).await, (400, 5301));
    world.ok("POST", "/chat/users/me/messages", body).await;
}

#[tokio::test]
async fn what_a_person_types_is_formatted() {
    let world = World::start().await;
    let bob = world.person("Bob Ray").await;
    world.post("*Hello* @Bob Ray, [see](https://x.example)\n- one\n- _two_\n> quoted").await;
    let seen = world.view("general").await;
    assert_eq!(
        seen[0]["html"],
        format!(
            "<p><strong>Hello</strong> <span class=\"mention\" data-account=\"{bob}\">@Bob Ray</span>, \
             <a href=\"https://x.example\">see</a></p><ul><li>one</li><li><em>two</em></li></ul>\
             <blockquote><p>quoted</p></blockquote>"
        )
    );
    assert_eq!(seen[0]["text"], "Hello @Bob Ray, see\n• one\n• two\nquoted");
    assert_eq!(seen[0]["markup"]["message"], "Hello @Bob Ray, see\none\ntwo\nquoted");
}
