//! Messages as they are on one platform: what its people's apps, and other apps, send.

use serde_json::{Value, json};

use crate::{Said, Sample};

fn native(platform: &'static str, name: &str, deed: Value) -> Sample {
    Sample { name: format!("{platform}: {name}"), said: Said::Native(platform, deed) }
}

pub(crate) fn samples() -> Vec<Sample> {
    [slack(), teams(), webex(), zoom()].concat()
}

fn slack() -> Vec<Sample> {
    let says = |name: &str, text: &str| native("slack", name, json!({ "text": text }));
    let app = |name: &str, deed: Value| {
        let mut deed = deed;
        deed["as"] = "app:CI".into();
        native("slack", name, deed)
    };
    vec![
        says("typed styles", "*bold* _italic_ ~struck~ `code` and *_both_*"),
        says("typed call", "hi <@{Ana Lima}>, see <#{launch}|launch> and <!here>"),
        says("typed link", "see <https://a.example/x?a=1&amp;b=2|the plan> or <https://b.example>"),
        says("typed quote", "&gt; said before\n&gt; twice\nmy answer"),
        says("typed block", "look:\n```let x = 1;\nlet y &lt; 2;```\nok"),
        says("typed emoji", "well done :tada: :wave::skin-tone-3: :shipit:"),
        says("typed signs", "2 * 3 &lt; 7 &amp;&amp; a_b_c ~ x"),
        app(
            "text of an app",
            json!({ "text": "*Build* <https://ci.example/1|#1> failed: `exit 1`\n• lint\n• test" }),
        ),
        app(
            "sections",
            json!({ "text": "x", "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": "Deploy *now*" } },
            { "type": "section", "text": { "type": "mrkdwn", "text": "*prod* is <https://a.example|up>" },
              "fields": [{ "type": "mrkdwn", "text": "*By*\nAna" }, { "type": "mrkdwn", "text": "*At*\n10:30" }] },
            { "type": "divider" },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": "build _42_" }] },
        ] }),
        ),
        app(
            "an attachment",
            json!({ "text": "alert", "attachments": [
            { "color": "danger", "title": "CPU", "title_link": "https://m.example", "text": "*95 %* on `web-1`",
              "fields": [{ "title": "Host", "value": "web-1", "short": true }], "footer": "monitor" },
        ] }),
        ),
        native(
            "slack",
            "rich text",
            json!({ "text": "x", "blocks": [{ "type": "rich_text", "elements": [
            { "type": "rich_text_section", "elements": [
                { "type": "text", "text": "done", "style": { "bold": true, "strike": true } },
                { "type": "text", "text": " by " },
                { "type": "user", "user_id": "{Ana Lima}" },
                { "type": "emoji", "name": "tada" },
            ] },
            { "type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": "one" }] },
            ] },
            { "type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "link", "url": "https://a.example", "text": "two" }] },
            ] },
            { "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "let x;\nlet y;" }] },
            { "type": "rich_text_quote", "elements": [{ "type": "text", "text": "said\nbefore" }] },
        ] }] }),
        ),
    ]
}

fn teams() -> Vec<Sample> {
    let says = |name: &str, html: &str| native("teams", name, json!({ "html": html }));
    vec![
        says(
            "styles",
            "<p><strong>bold</strong> <em>italic</em> <s>struck</s> <u>under</u> <code>code</code></p>",
        ),
        says("paragraphs", "<p>first</p><p>&nbsp;</p><p>second<br>third</p>"),
        says("a list", "<ul><li>one<ol><li>inner</li></ol></li><li>two</li></ul>"),
        says("a quote", "<blockquote><p>said before</p></blockquote><p>answer</p>"),
        says(
            "a code block",
            "<codeblock class=\"Rust\"><code>let x = 1;<br>let y = &lt;2&gt;;</code></codeblock>",
        ),
        says(
            "a table",
            "<table><tbody><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        says("headings", "<h1>Plan</h1><h3>Part</h3><p>text</p>"),
        says(
            "links",
            "<p>see <a href=\"https://a.example/x?a=1&amp;b=2\" title=\"x\">the plan</a> &amp; <a href=\"https://b.example\">https://b.example</a></p>",
        ),
        says(
            "emoji",
            "<p>well done <emoji id=\"1f389_partypopper\" alt=\"🎉\" title=\"Party\"></emoji></p>",
        ),
        says(
            "spans and colors",
            "<div><div><span style=\"color:red; background-color:yellow\">red</span> <span style=\"font-size:20px\">large</span></div></div>",
        ),
        says("signs", "<p>2 &lt; 3 &amp;&amp; a_b_c *x* `y` &quot;z&quot;</p>"),
        says(
            "from a mail program",
            "<div>\n<div itemprop=\"copy-paste-block\">first<br>\nsecond</div>\n<p class=\"MsoNormal\">third&nbsp;&nbsp;fourth</p>\n</div>",
        ),
        native(
            "teams",
            "a call",
            json!({ "html": "<p>hi <at id=\"0\">Ana Lima</at>, ready?</p>", "mentions": ["Ana Lima"] }),
        ),
        native("teams", "a subject", json!({ "html": "<p>text</p>", "subject": "The subject" })),
        native("teams", "plain text", json!({ "text": "a < b\nsecond line" })),
        native(
            "teams",
            "a card",
            json!({ "html": "<attachment id=\"c1\"></attachment>", "attachments": [{ "id": "c1",
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": "{\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":[{\"type\":\"TextBlock\",\"text\":\"Deployed\"},{\"type\":\"FactSet\",\"facts\":[{\"title\":\"By\",\"value\":\"Ana\"}]}],\"actions\":[{\"type\":\"Action.OpenUrl\",\"title\":\"Open\",\"url\":\"https://a.example\"}]}" }] }),
        ),
    ]
}

fn webex() -> Vec<Sample> {
    let says = |name: &str, text: &str| native("webex", name, json!({ "text": text }));
    vec![
        says("plain", "hello there\nsecond line"),
        says("styles", "**bold** *italic* `code` ~~struck~~ ***both***"),
        says("a list", "- one\n- two\n\n1. first\n2. second"),
        says("a quote", "> said before\n\nanswer"),
        says("a block", "```rust\nlet x = 1;\nlet y = `2`;\n```"),
        says("headings", "# Plan\n\ntext\n\n## Part"),
        says("a link", "see [the plan](https://a.example/x?a=1&b=2) or https://b.example"),
        says("a call", "hi <@personId:{Ana Lima}|Ana Lima>, ready?"),
        says("a call of everybody", "<@all> lunch"),
        says("signs", "2 \\* 3 &lt; 7 && a_b_c"),
        says("a rule", "above\n\n---\n\nbelow"),
    ]
}

fn zoom() -> Vec<Sample> {
    let range = |kind: &str, start: usize, end: usize| json!({ "format_type": kind, "start_position": start, "end_position": end });
    let ranged = |name: &str, text: &str, rich_text: Value| {
        native("zoom", name, json!({ "text": text, "rich_text": rich_text, "at_items": [] }))
    };
    vec![
        native("zoom", "plain", json!({ "text": "hello there\nsecond line" })),
        native("zoom", "typed styles", json!({ "text": "*bold* _italic_ ~struck~ and *_both_*" })),
        native("zoom", "a list", json!({ "text": "- one\n- two\nafter\n1. first\n2. second" })),
        native("zoom", "a quote", json!({ "text": "> said before\n> twice\nanswer" })),
        native("zoom", "a heading", json!({ "text": "# Plan\ntext" })),
        native(
            "zoom",
            "a link",
            json!({ "text": "see [the plan](https://a.example/x?a=1&b=2) or https://b.example" }),
        ),
        native("zoom", "a call", json!({ "text": "👍🏽 hi @Ana Lima, and @all" })),
        ranged(
            "ranges that overlap",
            "one two three",
            json!([range("Bold", 0, 7), range("Italic", 4, 13)]),
        ),
        ranged(
            "ranges behind emoji",
            "👨‍👩‍👧 bold 日本",
            json!([range("Bold", 9, 13), range("Underline", 14, 16)]),
        ),
        ranged(
            "colors and sizes",
            "red large",
            json!([
                { "format_type": "FontColor", "format_attr": "FF0000", "start_position": 0, "end_position": 3 },
                { "format_type": "FontSize", "format_attr": "l", "start_position": 4, "end_position": 9 },
            ]),
        ),
        native(
            "zoom",
            "signs",
            json!({ "text": "2 < 3 && a_b_c <b>x</b> &amp; `y`", "rich_text": [], "at_items": [] }),
        ),
    ]
}
