//! Hostile input: whatever comes, nothing panics, and what it costs grows with its size.
//!
//! One target for each reader and writer: [`webhook`] for what is posted to our address, [`message`] for
//! messages as the API shows them, [`html`] for their markup, [`render`] for what is written for Webex.

mod html;
mod message;
mod render;
mod webhook;

use rialto_fuzz::{Allowance, Corpus};
use serde_json::json;

/// JSON takes up to two hundred times its size in memory (an object of one empty field), and is
/// copied from level to level by types that take anything.
const READING_JSON: Allowance = Allowance { held: 400, allocated: 4_000 };
/// A tag of five letters can be a block of its own, in lists that double as they grow.
const READING_HTML: Allowance = Allowance { held: 400, allocated: 2_000 };

/// What means something in a message's markup, and in the Markdown that it was.
const MARKUP: [&str; 52] = [
    "<p>",
    "</p>",
    "<ul>",
    "</ul>",
    "<ol start=\"9\">",
    "</ol>",
    "<li>",
    "</li>",
    "<blockquote>",
    "</blockquote>",
    "<pre><code class=\"language-rust\">",
    "</code></pre>",
    "<code>",
    "</code>",
    "<a href=\"https://a.example/x\">",
    "<a href=\"javascript:x\">",
    "</a>",
    "<spark-mention data-object-type=\"person\" data-object-id=\"P1\">",
    "<spark-mention data-object-type=\"groupMention\" data-group-type=\"all\">",
    "</spark-mention>",
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "<br>",
    "<hr>",
    "<h1>",
    "</h1>",
    "<div>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<",
    ">",
    "&",
    "&amp;",
    "&nbsp;",
    "*",
    "_",
    "`",
    "```",
    "<@all>",
    "<@personId:P1|Ana>",
    "[x](https://a.example)",
    "- ",
    "\n",
    " ",
    "x",
    "é",
    "\u{200b}",
    "\u{0}",
];

/// Messages as Webex shows them: one with everything in it, and those that were published.
fn messages() -> Corpus {
    let message = json!({
        "id": "M1", "parentId": "M0", "roomId": "R1", "roomType": "group", "text": "hi Ana",
        "markdown": "hi <@personId:P1|Ana>", "html": "<p>hi <em>Ana</em></p>",
        "files": ["https://webexapis.com/v1/contents/C1"], "personId": "P1",
        "personEmail": "ana@a.example", "created": "2026-11-22T10:00:00.000Z",
        "updated": "2026-11-22T10:00:01.000Z", "mentionedPeople": ["P1"], "mentionedGroups": ["all"],
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": {} }],
    });
    Corpus::of(MARKUP).and(message.to_string()).and_payloads("webex/fixtures")
}

/// Calls to our address: those that are read, and those that were published.
fn calls() -> Corpus {
    let call = |resource: &str, event: &str| {
        json!({
            "id": "H1", "name": "Rialto", "resource": resource, "event": event, "orgId": "O1",
            "createdBy": "P1", "appId": "A1", "ownedBy": "creator", "status": "active",
            "created": "2026-11-22T10:00:00.000Z", "actorId": "P1",
            "data": { "id": "M1", "roomId": "R1", "personId": "P1", "personEmail": "ana@a.example",
                "personDisplayName": "Ana", "creatorId": "P2", "created": "2026-11-22T10:00:00.000Z",
                "updated": "2026-11-22T10:00:01.000Z", "isModerator": true },
        })
    };
    [
        ("messages", "created"),
        ("messages", "updated"),
        ("messages", "deleted"),
        ("memberships", "created"),
        ("rooms", "migrated"),
        ("rooms", "updated"),
        ("attachmentActions", "created"),
    ]
    .into_iter()
    .fold(Corpus::of(["messages", "all", "{", "}", "\"", ":", ","]), |all, (resource, event)| {
        all.and(call(resource, event).to_string())
    })
    .and_payloads("webex/fixtures")
}
