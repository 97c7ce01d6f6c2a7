//! What people write.

use anyhow::{Result, ensure};

use super::scene::{Scene, shows};
use crate::Side;

pub(super) async fn styles(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().styled(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    shows(&message, &["<strong>bold</strong>", "<em>italic</em>"])?;
    scene.told("bold and italic")
}

/// People in Zoom have no code: what they put between backticks is words.
pub(super) fn has_code(side: Side) -> bool {
    side != Side::Zoom
}

pub(super) async fn code(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().styled(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    match scene.natively() {
        true => shows(&message, &["<code>code</code>"])?,
        false => ensure!(message.text.contains("`code`"), "no code in {}", message.text),
    }
    scene.told("code")
}

pub(super) fn has_strike(side: Side) -> bool {
    side.writing().struck("").is_some()
}

pub(super) async fn strike(scene: &Scene<'_>) -> Result<String> {
    scene.try_post(scene.writing().struck(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    match scene.natively() {
        true => shows(&message, &["<s>gone</s>"])?,
        false => ensure!(message.text.contains("~gone~"), "no sign in {}", message.text),
    }
    scene.told("gone")
}

pub(super) fn has_underline(side: Side) -> bool {
    side.writing().underlined("").is_some()
}

pub(super) async fn underline(scene: &Scene<'_>) -> Result<String> {
    scene.try_post(scene.writing().underlined(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains("under"), "the word is missing in {}", message.text);
    let underlined = message.html.contains("<u>under</u>");
    ensure!(underlined == scene.natively(), "underlined or not: {}", message.html);
    scene.told("under")
}

const CODE: &str = "let x = 1;\nlet y = `2`;";

pub(super) fn has_code_block(side: Side) -> bool {
    side.writing().code_block("", "").is_some()
}

pub(super) async fn code_block(scene: &Scene<'_>) -> Result<String> {
    scene.try_post(scene.writing().code_block(&scene.tag, CODE)).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains(CODE), "changed: {}", message.text);
    match scene.natively() {
        true => shows(&message, &["<pre"])?,
        false => ensure!(message.text.contains("\n```"), "no signs in {}", message.text),
    }
    scene.told("code, character for character")
}

pub(super) async fn quote(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().quote("said before", &scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains("said before"), "the quote is missing in {}", message.text);
    shows(&message, &["<blockquote>"])?;
    scene.told("a quote")
}

pub(super) async fn lists(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().lists(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    for word in ["fruit", "first", "second"] {
        ensure!(message.text.contains(word), "{word} is missing in {}", message.text);
    }
    shows(&message, &["<ul", "<ol", "<li"])?;
    scene.told("lists")
}

pub(super) fn has_nested_list(side: Side) -> bool {
    side.writing().nested_list("").is_some()
}

pub(super) async fn nested_list(scene: &Scene<'_>) -> Result<String> {
    scene.try_post(scene.writing().nested_list(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    match scene.natively() {
        true => ensure!(message.html.matches("<ul").count() >= 2, "not in it: {}", message.html),
        false => ensure!(
            message.text.contains("• fruit\n    ◦ apple"),
            "not written out: {}",
            message.text
        ),
    }
    scene.told("a list within a list")
}

pub(super) async fn heading(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().heading("Big news", &scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    let forms = if scene.natively() { &["<h1", "<h2", "<h3"][..] } else { &["<strong>"] };
    let as_heading = forms.iter().any(|form| message.html.contains(form));
    ensure!(as_heading && message.text.contains("Big news"), "no heading in {}", message.html);
    scene.told("Big news")
}

pub(super) async fn link(scene: &Scene<'_>) -> Result<String> {
    let url = "https://acme.example/a?b=1&c=(2)";
    scene.post(scene.writing().link("the plan", url, &scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    // Parentheses may be written as an address has them, or by number.
    let html = message.html.replace("%28", "(").replace("%29", ")");
    let there = html.contains("href=\"https://acme.example/a?b=1&amp;c=(2)\">the plan</a>");
    ensure!(there, "the link is missing in {}", message.html);
    scene.told("the plan")
}

pub(super) async fn lines(scene: &Scene<'_>) -> Result<String> {
    scene.say(&format!("{} one\ntwo\n\nthree", scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    let text = message.text.replace('\u{a0}', "");
    // Between paragraphs there is a blank line that is in no text.
    let apart = message.html.contains("one<br>two</p><p>three");
    ensure!(apart || text.contains("one\ntwo\n\nthree"), "lines are lost: {}", message.html);
    scene.told("one ⏎ two ⏎⏎ three")
}

pub(super) fn has_table(side: Side) -> bool {
    side.writing().table(&[], "").is_some()
}

pub(super) async fn table(scene: &Scene<'_>) -> Result<String> {
    let rows = [["Who", "What"], ["Ana", "Plan"]];
    scene.try_post(scene.writing().table(&rows, &scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    if scene.natively() {
        ensure!(message.html.contains("<td"), "no table in {}", message.html);
        return scene.told("a table");
    }
    for line in [["Who", "What"], ["Ana", "Plan"]] {
        let in_a_row = |it: &str| line.iter().all(|cell| it.contains(cell));
        ensure!(message.text.lines().any(in_a_row), "no row {line:?} in {}", message.text);
    }
    scene.told("all cells")
}

pub(super) async fn look_alike(scene: &Scene<'_>) -> Result<String> {
    let typed = "2 * 3 * 4, snake_case_name, <b>not bold</b> & <!channel> <@all> ~/home # [x](y)";
    scene.say(&format!("{typed} {}", scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    ensure!(message.text.contains(typed), "changed: {}", message.text);
    ensure!(message.mentions.is_empty(), "somebody was called: {:?}", message.mentions);
    scene.told("the same characters, nobody called")
}

pub(super) async fn emoji(scene: &Scene<'_>) -> Result<String> {
    scene.post(scene.writing().emoji(&scene.tag)).await?;
    let message = scene.arrives(&scene.tag).await?;
    for emoji in ["😀", "👍🏽", ":shipit:"] {
        ensure!(message.text.contains(emoji), "{emoji} is missing in {}", message.text);
    }
    scene.told("😀 👍🏽 :shipit:")
}
