//! Hostile input: whatever comes, nothing panics, and what it costs grows with its size.
//!
//! One target for each reader and writer: [`webhook`] for what is posted to our addresses, [`sealed`]
//! for resource data, [`message`] for what is in it, [`html`] for a message's markup and cards,
//! [`render`] for what is written for Teams.

mod html;
mod message;
mod render;
mod sealed;
mod webhook;

use rialto_fuzz::{Allowance, Corpus};
use serde_json::json;

use super::support::{CLIENT_STATE, OWN, TENANT};

/// JSON takes up to two hundred times its size in memory (an object of one empty field), and is
/// copied from level to level by types that take anything.
const READING_JSON: Allowance = Allowance { held: 400, allocated: 4_000 };
/// A tag of five letters can be a block of its own, in lists that double as they grow.
const READING_HTML: Allowance = Allowance { held: 400, allocated: 2_000 };

/// What means something in a message's markup.
const MARKUP: [&str; 64] = [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<ul>",
    "</ul>",
    "<ol start=\"9\">",
    "</ol>",
    "<li>",
    "</li>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "</th>",
    "<pre>",
    "</pre>",
    "<codeblock class=\"Rust\">",
    "</codeblock>",
    "<code>",
    "</code>",
    "<blockquote>",
    "</blockquote>",
    "<a href=\"https://a.example/x\">",
    "<a href=\"javascript:x\">",
    "</a>",
    "<at id=\"0\">",
    "<at id=\"1\">",
    "</at>",
    "<b>",
    "</b>",
    "<i>",
    "</em>",
    "<u>",
    "<s>",
    "<br>",
    "<hr>",
    "<h1>",
    "</h1>",
    "<img src=\"https://a.example/i.png\" alt=\"pic\">",
    "<img src=\"../hostedContents/x/$value\" alt=\"own\">",
    "<emoji alt=\"🎉\">",
    "</emoji>",
    "<customemoji alt=\":own:\">",
    "<attachment id=\"1\">",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<",
    ">",
    "&",
    "&amp;",
    "&nbsp;",
    " ",
    "x",
    "é",
    "\u{0}",
];

/// Messages as Graph gives them: one with everything in it, and those that Microsoft published.
fn messages() -> Corpus {
    let card = json!({ "type": "AdaptiveCard", "body": [
        { "type": "TextBlock", "text": "a", "weight": "bolder" },
        { "type": "FactSet", "facts": [{ "title": "t", "value": "v" }] },
        { "type": "ColumnSet", "columns": [{ "items": [{ "type": "Image", "altText": "x", "url": "https://a.example" }] }] },
        { "type": "RichTextBlock", "inlines": ["a", { "text": "b" }] },
    ], "actions": [{ "type": "Action.OpenUrl", "title": "x", "url": "https://a.example" }] });
    let quoted = json!({ "messagePreview": "a", "originalMessageContent": "<p>a</p>",
        "messageSender": { "user": { "displayName": "Bo" } } });
    let connector = json!({ "title": "t", "text": "<b>a</b>", "sections": [{ "activityTitle": "a",
        "facts": [{ "name": "n", "value": "v" }] }], "potentialAction": [{ "name": "n",
        "targets": [{ "uri": "https://a.example" }] }], "buttons": [{ "title": "b", "value": "https://a.example" }] });
    let attachment = |kind: &str, content: String| {
        json!({ "id": "1", "contentType": kind, "content": content, "name": "a.txt",
            "contentUrl": "https://a.example/sites/x/a.txt" })
    };
    let who = json!({ "user": { "id": "ana", "displayName": "Ana" } });
    let message = json!({
        "id": "1700000000000", "messageType": "message", "createdDateTime": "2026-11-22T09:59:00Z",
        "lastEditedDateTime": "2026-11-22T09:59:01Z", "subject": "s", "importance": "high",
        "from": who, "replyToId": "1700000000001",
        "body": { "contentType": "html", "content": "<p>a <at id=\"0\">Ana</at></p>" },
        "mentions": [
            { "id": 0, "mentionText": "Ana", "mentioned": who },
            { "id": 1, "mentioned": { "conversation": { "id": "x", "conversationIdentityType": "channel" } } },
            { "id": 2, "mentioned": { "tag": { "id": "t" } } },
        ],
        "reactions": [{ "reactionType": "like", "user": who }, { "reactionType": "custom", "displayName": "x", "user": who }],
        "attachments": [
            attachment("reference", "x".into()),
            attachment("messageReference", quoted.to_string()),
            attachment("application/vnd.microsoft.card.adaptive", card.to_string()),
            attachment("application/vnd.microsoft.teams.card.o365connector", connector.to_string()),
            attachment("application/vnd.microsoft.card.codesnippet", json!({ "code": "x", "language": "Rust" }).to_string()),
        ],
    });
    let system = json!({
        "id": "1", "messageType": "systemEventMessage", "deletedDateTime": "2026-11-22T09:59:02Z",
        "eventDetail": { "@odata.type": "#microsoft.graph.membersAddedEventMessageDetail",
            "members": [{ "id": OWN, "displayName": "Rialto" }] },
    });
    Corpus::of(MARKUP)
        .and(message.to_string())
        .and(system.to_string())
        .and(card.to_string())
        .and(connector.to_string())
        .and_payloads("graph/fixtures")
}

/// Calls to our addresses: a batch of everything, and those that Microsoft published.
fn calls() -> Corpus {
    let resource = "teams('t')/channels('19:c@thread.tacv2')/messages('1')/replies('2')";
    let item = json!({
        "subscriptionId": "s", "clientState": CLIENT_STATE, "changeType": "updated", "tenantId": TENANT,
        "resource": resource, "id": "n1", "resourceData": { "id": "2", "@odata.id": resource, "@odata.etag": "e" },
        "encryptedContent": { "data": "AAAA", "dataSignature": "AAAA", "dataKey": "AAAA",
            "encryptionCertificateId": "c", "encryptionCertificateThumbprint": "t" },
    });
    let lifecycle = json!({
        "subscriptionId": "s", "clientState": CLIENT_STATE, "tenantId": TENANT, "lifecycleEvent": "missed",
    });
    Corpus::of([
        "validationToken=",
        "&",
        "%",
        "%3a",
        "+",
        "lifecycle",
        "{\"value\":[",
        "]}",
        "{",
        "}",
    ])
    .and(json!({ "value": [item, lifecycle], "validationTokens": ["v"] }).to_string())
    .and_payloads("graph/fixtures")
}
