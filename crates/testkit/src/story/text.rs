//! What people write.

use anyhow::{Result, ensure};
use serde_json::json;

use super::scene::{Scene, shows};

pub(super) async fn styles(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!("*bold* _italic_ ~gone~ `code` {tag}"),
            &format!("<p><b>bold</b> <i>italic</i> <s>gone</s> <code>code</code> {tag}</p>"),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    shows(
        &message,
        &["<strong>bold</strong>", "<em>italic</em>", "<s>gone</s>", "<code>code</code>"],
    )
}

pub(super) async fn underline(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene.say("", &format!("<p><u>under</u> {tag}</p>")).await?;
    let message = scene.arrives(tag).await?;
    ensure!(message.text.contains("under"), "the word is missing in {}", message.text);
    Ok("the words; Slack has no underline".into())
}

pub(super) async fn code_block(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!("{tag}\n```\nlet x = 1;\nlet y = `2`;\n```"),
            &format!(
                "<p>{tag}</p><codeblock class=\"Rust\"><code>let x = 1;<br>let y = `2`;</code></codeblock>"
            ),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    ensure!(message.html.contains("<pre"), "no code block in {}", message.html);
    ensure!(message.text.contains("let x = 1;\nlet y = `2`;"), "changed: {}", message.text);
    Ok("a code block, character for character".into())
}

pub(super) async fn quote(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!("&gt; said before\n{tag}"),
            &format!("<blockquote>said before</blockquote><p>{tag}</p>"),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    ensure!(message.text.contains("said before"), "the quote is missing in {}", message.text);
    shows(&message, &["<blockquote>"])
}

pub(super) async fn lists(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let item = |text: &str| json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]});
    let list = |style: &str, indent: u8, items: &[&str]| {
        let items: Vec<_> = items.iter().map(|text| item(text)).collect();
        json!({"type": "rich_text_list", "style": style, "indent": indent, "elements": items})
    };
    let blocks = json!([{"type": "rich_text", "elements": [
        item(&format!("{tag}\n")),
        list("bullet", 0, &["fruit"]),
        list("bullet", 1, &["apple"]),
        list("ordered", 0, &["first", "second"]),
    ]}]);
    let html = format!(
        "<p>{tag}</p><ul><li>fruit<ul><li>apple</li></ul></li></ul><ol><li>first</li><li>second</li></ol>"
    );
    scene.post(json!({"blocks": blocks}), json!({"html": html})).await?;
    let message = scene.arrives(tag).await?;
    for word in ["fruit", "apple", "first", "second"] {
        ensure!(message.text.contains(word), "{word} is missing in {}", message.text);
    }
    let nested = message.html.matches("<ul").count() >= 2;
    ensure!(nested, "the list is not nested in {}", message.html);
    shows(&message, &["<ul", "<ol", "<li"])
}

pub(super) async fn heading(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Big news"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": tag}},
    ]);
    let html = format!("<h1>Big news</h1><p>{tag}</p>");
    scene.post(json!({"blocks": blocks}), json!({"html": html})).await?;
    let message = scene.arrives(tag).await?;
    let as_heading = ["<h1", "<h2", "<h3", "<strong>"].iter().any(|it| message.html.contains(it));
    ensure!(as_heading && message.text.contains("Big news"), "no heading in {}", message.html);
    Ok("Big news, as a heading or bold".into())
}

pub(super) async fn link(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!("<https://acme.example/a?b=1&amp;c=(2)|the plan> {tag}"),
            &format!("<p><a href=\"https://acme.example/a?b=1&amp;c=(2)\">the plan</a> {tag}</p>"),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    shows(&message, &["href=\"https://acme.example/a?b=1&amp;c=(2)\"", ">the plan</a>"])
}

pub(super) async fn lines(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!("{tag} one\ntwo\n\nthree"),
            &format!("<p>{tag} one<br>two</p><p>&nbsp;</p><p>three</p>"),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    let text = message.text.replace('\u{a0}', "");
    ensure!(text.contains("one\ntwo\n\nthree"), "lines are lost: {}", message.html);
    Ok("one ⏎ two ⏎⏎ three".into())
}

pub(super) async fn table(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let html = format!(
        "<p>{tag}</p><table><tr><th>Who</th><th>What</th></tr><tr><td>Ana</td><td>Plan</td></tr></table>"
    );
    scene.say("", &html).await?;
    let message = scene.arrives(tag).await?;
    for cell in ["Who", "What", "Ana", "Plan"] {
        ensure!(message.text.contains(cell), "{cell} is missing in {}", message.text);
    }
    Ok("all cells, in columns".into())
}

pub(super) async fn look_alike(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    let typed = "2 * 3 * 4, snake_case_name, <b>not bold</b> & <!channel> ~/home";
    let escaped = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    scene.say(&format!("{escaped} {tag}"), &format!("<p>{escaped} {tag}</p>")).await?;
    let message = scene.arrives(tag).await?;
    ensure!(message.text.contains(typed), "changed: {}", message.text);
    ensure!(message.mentions.is_empty(), "somebody was called: {:?}", message.mentions);
    Ok("the same characters, nobody called".into())
}

pub(super) async fn emoji(scene: &Scene<'_>) -> Result<String> {
    let tag = &scene.tag;
    scene
        .say(
            &format!(":grinning: :+1::skin-tone-4: :shipit: {tag}"),
            &format!("<p>😀 👍🏽 :shipit: {tag}</p>"),
        )
        .await?;
    let message = scene.arrives(tag).await?;
    for emoji in ["😀", "👍🏽", ":shipit:"] {
        ensure!(message.text.contains(emoji), "{emoji} is missing in {}", message.text);
    }
    Ok("😀 👍🏽 :shipit:".into())
}
