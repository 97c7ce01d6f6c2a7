//! From what a client posts to what is stored: Graph's checks of a chatMessage, its clean-up, its size limit.

use base64::Engine;
use serde_json::{Value, json};

use super::call::Call;
use super::conversation::{Body, Draft, Hosted, Place};
use super::error::GraphError;
use super::json::place_key;
use super::markup::{flat_text, parse, visit};
use super::sanitize::sanitize;
use super::world::{Tenant, World};

/// A post above this is refused, HTML, mentions and attachments included. About 28 KB; Microsoft names no exact number.
const SIZE_LIMIT: usize = 28 * 1024;

/// Properties that only the service sets.
const READ_ONLY: &[&str] = &[
    "from",
    "createdDateTime",
    "lastModifiedDateTime",
    "lastEditedDateTime",
    "deletedDateTime",
    "etag",
    "id",
    "replyToId",
    "webUrl",
    "chatId",
    "channelIdentity",
    "policyViolation",
    "eventDetail",
    "reactions",
    "messageType",
];

/// Reads and checks a posted message (or the changed part of one).
pub(crate) fn draft(
    world: &World,
    tenant: &Tenant,
    place: &Place,
    posted: &Value,
) -> Result<Draft, GraphError> {
    for name in READ_ONLY {
        // Clients send read-only properties back as nulls, or `messageType: message`; that is harmless.
        let harmless =
            posted[*name].is_null() || (*name == "messageType" && posted[*name] == "message");
        if !harmless {
            return Err(GraphError::bad_request(format!(
                "Property '{name}' is read-only and cannot be set."
            )));
        }
    }
    let importance = match Call::text(posted, "importance")? {
        None | Some("normal") => "normal",
        Some("high") => "high",
        Some("urgent") => "urgent",
        Some(other) => {
            return Err(GraphError::bad_request(format!("Invalid importance '{other}'.")));
        }
    };
    let given = posted.get("body").filter(|b| b.is_object()).ok_or_else(|| {
        GraphError::bad_request("Missing body content: property 'body' is required.")
    })?;
    let content = Call::text(given, "content")?.unwrap_or("");
    let html = match Call::text(given, "contentType")? {
        None | Some("text") => false,
        Some("html") => true,
        Some(other) => {
            return Err(GraphError::bad_request(format!("Invalid contentType '{other}'.")));
        }
    };
    let list = |name: &str| match posted.get(name) {
        None | Some(Value::Null) => Ok(&[][..]),
        Some(Value::Array(items)) => Ok(items.as_slice()),
        Some(_) => Err(GraphError::bad_request(format!("Property '{name}' must be an array."))),
    };
    let (mentions, attachments) = (list("mentions")?, list("attachments")?);
    let size = content.len() + list_size(mentions) + list_size(attachments);
    if size > SIZE_LIMIT {
        return Err(GraphError::new(
            413,
            "RequestEntityTooLarge",
            format!("The message is too large: {size} bytes; at most {SIZE_LIMIT} are accepted."),
        ));
    }
    if content.trim().is_empty() && attachments.is_empty() {
        return Err(GraphError::bad_request("Missing body content."));
    }
    let tags = if html { Tags::of(content) } else { Tags::default() };
    let mentions = checked_mentions(tenant, place, mentions, &tags)?;
    let attachments = checked_attachments(world, tenant, attachments, &tags)?;
    let hosted = hosted_contents(list("hostedContents")?)?;
    let content = if html { sanitize(content) } else { content.to_owned() };
    Ok(Draft {
        subject: Call::text(posted, "subject")?.filter(|s| !s.is_empty()).map(str::to_owned),
        summary: Call::text(posted, "summary")?.map(str::to_owned),
        importance,
        body: Body { html, content },
        attachments,
        mentions,
        hosted,
    })
}

fn list_size(items: &[Value]) -> usize {
    if items.is_empty() { 0 } else { items.iter().map(|i| i.to_string().len()).sum() }
}

/// The marker tags of a body.
#[derive(Default)]
struct Tags {
    /// `<at id>` with its text.
    at: Vec<(String, String)>,
    attachments: Vec<String>,
}

impl Tags {
    fn of(html: &str) -> Self {
        let mut tags = Self::default();
        if !html.contains("<at") && !html.contains("<AT") {
            return tags;
        }
        let tree = parse(html);
        visit(&tree, &mut |element| match element.name.as_str() {
            "at" => {
                let mut text = String::new();
                flat_text(&element.children, &mut text);
                tags.at.push((element.attribute("id").unwrap_or("").to_owned(), text));
            }
            "attachment" => tags.attachments.push(element.attribute("id").unwrap_or("").to_owned()),
            _ => {}
        });
        tags
    }
}

fn checked_mentions(
    tenant: &Tenant,
    place: &Place,
    mentions: &[Value],
    tags: &Tags,
) -> Result<Vec<Value>, GraphError> {
    let wrong = |text: String| Err(GraphError::bad_request(text));
    let mut out = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let Some(id) = mention["id"].as_i64() else {
            return wrong("Property 'id' of a mention must be an integer.".to_owned());
        };
        if !tags.at.iter().any(|(tag, _)| *tag == id.to_string()) {
            return wrong(format!(
                "Neither Body nor adaptive card content contains marker for mention with Id '{id}'."
            ));
        }
        let Some(text) = mention["mentionText"].as_str() else {
            return wrong(format!("Mention with Id '{id}' has no mentionText."));
        };
        let mentioned = &mention["mentioned"];
        let identity = if let Some(user) = mentioned["user"]["id"].as_str() {
            let Some(user) = tenant.users.get(user) else {
                return wrong(format!("Mentioned user '{user}' was not found."));
            };
            json!({
                "application": null, "device": null, "conversation": null, "tag": null,
                "user": super::json::user_identity(tenant, &user.id),
            })
        } else if let Some(conversation) = mentioned["conversation"]["id"].as_str() {
            let kind = mentioned["conversation"]["conversationIdentityType"].as_str().unwrap_or("");
            let (known, name) = conversation_named(tenant, place, kind, conversation);
            if !known {
                return wrong(format!(
                    "Mentioned conversation '{conversation}' of type '{kind}' was not found."
                ));
            }
            json!({
                "application": null, "device": null, "user": null, "tag": null,
                "conversation": {
                    "id": conversation, "displayName": name, "conversationIdentityType": kind,
                },
            })
        } else {
            return wrong(format!(
                "Mention with Id '{id}' names neither a user nor a conversation."
            ));
        };
        out.push(json!({"id": id, "mentionText": text, "mentioned": identity}));
    }
    for (tag, _) in &tags.at {
        if !out.iter().any(|m| m["id"].as_i64().is_some_and(|id| id.to_string() == *tag)) {
            return wrong(format!(
                "Body contains a marker for mention with Id '{tag}' that is not in mentions."
            ));
        }
    }
    Ok(out)
}

fn conversation_named(
    tenant: &Tenant,
    place: &Place,
    kind: &str,
    id: &str,
) -> (bool, Option<String>) {
    match (place, kind) {
        (Place::Channel { team, .. }, "channel") => {
            let channel = tenant.channels.get(id).filter(|c| c.team == *team);
            (channel.is_some(), channel.map(|c| c.name.clone()))
        }
        // A team is mentioned by its own id or by that of its General channel.
        (Place::Channel { team, .. }, "team") => {
            let found = tenant
                .teams
                .get(team)
                .filter(|t| t.id == id || t.channels.first().is_some_and(|g| g == id));
            (found.is_some(), found.map(|t| t.name.clone()))
        }
        (Place::Chat { chat }, "chat") => (chat == id, Some("Everyone".to_owned())),
        _ => (false, None),
    }
}

fn checked_attachments(
    world: &World,
    tenant: &Tenant,
    attachments: &[Value],
    tags: &Tags,
) -> Result<Vec<Value>, GraphError> {
    let wrong = |text: String| Err(GraphError::bad_request(text));
    let mut out = Vec::with_capacity(attachments.len());
    for attachment in attachments {
        let Some(id) = attachment["id"].as_str().filter(|id| !id.is_empty()) else {
            return wrong("Attachment id is missing.".to_owned());
        };
        if !tags.attachments.iter().any(|tag| tag == id) {
            return wrong(format!("Attachment with Id '{id}' is not referenced in the body."));
        }
        let content_type = attachment["contentType"].as_str().unwrap_or("");
        let mut kept = json!({
            "id": id,
            "contentType": content_type,
            "contentUrl": attachment["contentUrl"],
            "content": attachment["content"],
            "name": attachment["name"],
            "thumbnailUrl": attachment["thumbnailUrl"],
            "teamsAppId": null,
        });
        match content_type {
            "reference" => {
                let url = attachment["contentUrl"].as_str().unwrap_or("");
                let Some((_, item)) = world.item_at(&tenant.id, url) else {
                    return wrong(format!(
                        "Attachment '{id}': no file was found at contentUrl '{url}'."
                    ));
                };
                if kept["name"].is_null() {
                    kept["name"] = json!(item.name);
                }
            }
            "messageReference" | "forwardedMessageReference" => {}
            kind if kind.starts_with("application/vnd.microsoft.card.") => {
                let card = attachment["content"].as_str().map(serde_json::from_str::<Value>);
                if !matches!(card, Some(Ok(Value::Object(_)))) {
                    return wrong(format!("Attachment '{id}': content is no JSON card."));
                }
            }
            other => {
                return wrong(format!(
                    "Attachment '{id}': contentType '{other}' is not supported."
                ));
            }
        }
        out.push(kept);
    }
    for tag in &tags.attachments {
        if !out.iter().any(|a| a["id"] == tag.as_str()) {
            return wrong(format!(
                "Body references attachment '{tag}' that is not in attachments."
            ));
        }
    }
    Ok(out)
}

fn hosted_contents(given: &[Value]) -> Result<Vec<Hosted>, GraphError> {
    let wrong = |text: &str| GraphError::bad_request(text);
    given
        .iter()
        .map(|content| {
            let id = content["@microsoft.graph.temporaryId"].as_str().ok_or_else(|| {
                wrong("hostedContents: '@microsoft.graph.temporaryId' is missing.")
            })?;
            let bytes = content["contentBytes"]
                .as_str()
                .and_then(|b| base64::engine::general_purpose::STANDARD.decode(b).ok())
                .ok_or_else(|| wrong("hostedContents: 'contentBytes' is not valid base64."))?;
            let mime = content["contentType"].as_str().unwrap_or("image/png");
            Ok(Hosted { id: id.to_owned(), mime: mime.to_owned(), bytes: bytes.into() })
        })
        .collect()
}

/// Gives hosted contents their lasting ids and makes the body point at them. `base` is the Graph address with version.
pub(crate) fn settle_hosted(
    draft: &mut Draft,
    place: &Place,
    root: Option<u64>,
    id: u64,
    base: &str,
) {
    let path = match (place, root) {
        (Place::Channel { team, channel }, None) => {
            format!("teams/{team}/channels/{channel}/messages/{id}")
        }
        (Place::Channel { team, channel }, Some(root)) => {
            format!("teams/{team}/channels/{channel}/messages/{root}/replies/{id}")
        }
        (Place::Chat { chat }, _) => format!("chats/{chat}/messages/{id}"),
    };
    for (n, hosted) in draft.hosted.iter_mut().enumerate() {
        let raw = format!("id=x_{id}-{n},type=1,url={}", place_key(place, false));
        let lasting = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(raw);
        let temporary = format!("../hostedContents/{}/$value", hosted.id);
        let url = format!("{base}/{path}/hostedContents/{lasting}/$value");
        draft.body.content = draft.body.content.replace(&temporary, &url);
        for attachment in &mut draft.attachments {
            if let Some(content) = attachment["content"].as_str() {
                attachment["content"] = json!(content.replace(&temporary, &url));
            }
        }
        hosted.id = lasting;
    }
}

/// Whether a text is one emoji: what `setReaction` takes.
pub(crate) fn is_emoji(text: &str) -> bool {
    let known = |c: char| {
        matches!(u32::from(c),
            0x23 | 0x2a | 0x30..=0x39 | 0xa9 | 0xae | 0x200d | 0x203c | 0x2049 | 0x20e3 | 0x2122 | 0x2139
            | 0x2190..=0x21ff | 0x2300..=0x27bf | 0x2900..=0x297f | 0x2b00..=0x2bff | 0x3030 | 0x303d
            | 0x3297 | 0x3299 | 0xfe0e | 0xfe0f | 0x1f000..=0x1faff | 0xe0020..=0xe007f)
    };
    let plain_ascii = text.is_ascii();
    !text.is_empty() && !plain_ascii && text.chars().count() <= 16 && text.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::is_emoji;

    #[test]
    fn reactions_are_unicode_emoji_only() {
        for (text, emoji) in [
            ("👍", true),
            ("👍🏽", true),
            ("❤️", true),
            ("👩‍💻", true),
            ("🇩🇪", true),
            ("1️⃣", true),
            ("☕", true),
            ("like", false),
            (":party:", false),
            ("", false),
            ("a👍", false),
            ("1", false),
        ] {
            assert_eq!(is_emoji(text), emoji, "{text}");
        }
    }
}
