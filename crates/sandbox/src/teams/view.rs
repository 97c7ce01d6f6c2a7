//! A channel or chat as a person sees it.

use serde_json::{Value, json};

use super::Teams;
use super::canonical::{Mentioned, Surroundings, as_text, from_html, from_text};
use super::conversation::Message;
use super::human::place;
use super::json::time;
use super::markup::{escape, escape_attribute, parse, visit};
use super::world::{Tenant, World};
use crate::core::ControlError;
use crate::core::control::ViewAsk;
use crate::core::view::{Author, Reaction, Seen, SeenFile, View};

impl Teams {
    /// `GET /teams/view`. System messages are not part of it.
    pub(crate) fn seen(&self, ask: &ViewAsk) -> Result<View, ControlError> {
        let world = self.world();
        let tenant = world
            .tenant_named(&ask.workspace)
            .ok_or_else(|| ControlError::NotFound(format!("no workspace {}", ask.workspace)))?;
        let place = place(tenant, None, &ask.channel)?;
        if let Some(by) = &ask.by {
            let person = tenant
                .person(by)
                .ok_or_else(|| ControlError::NotFound(format!("no person {by}")))?;
            tenant
                .require_member(&place, Some(&person.id))
                .map_err(|e| ControlError::Refused(e.message))?;
        }
        let conversation = tenant
            .conversations
            .get(place.id())
            .ok_or_else(|| ControlError::NotFound("no conversation".to_owned()))?;
        let mut messages = Vec::new();
        for root in &conversation.roots {
            let Some(root) = conversation.messages.get(root) else { continue };
            let thread = root.replies.iter().filter_map(|id| conversation.messages.get(id));
            for message in std::iter::once(root).chain(thread) {
                if message.event.is_none() {
                    messages.push(self.one(&world, tenant, message));
                }
            }
        }
        Ok(View { messages })
    }

    fn one(&self, world: &World, tenant: &Tenant, m: &Message) -> Seen {
        let gone = m.deleted.is_some();
        let around = Around { message: m };
        let html = match (gone, m.draft.body.html) {
            (true, _) => String::new(),
            (false, true) => from_html(&m.draft.body.content, &around),
            (false, false) => from_text(&m.draft.body.content),
        };
        let author = m.author.as_deref().and_then(|id| tenant.users.get(id));
        Seen {
            id: m.id.to_string(),
            thread: m.reply_to.map(|id| id.to_string()),
            broadcast: false,
            author: Author {
                account: m.author.clone().unwrap_or_default(),
                name: author.map_or_else(String::new, |u| u.name.clone()),
                avatar: author
                    .filter(|u| u.photo.is_some())
                    .map(|u| format!("{}/v1.0/users/{}/photo/$value", self.urls.graph, u.id)),
                badge: author.filter(|u| u.guest).map(|_| "Guest"),
            },
            markup: if gone { Value::Null } else { json!(m.draft.body.content) },
            text: as_text(&html),
            mentions: if gone {
                Vec::new()
            } else {
                m.draft.mentions.iter().map(mention).collect()
            },
            reactions: reactions(m),
            files: if gone { Vec::new() } else { files(world, tenant, m) },
            edited: m.edited.is_some(),
            deleted: gone,
            at: time(m.created),
            subject: m.draft.subject.clone().filter(|_| !gone),
            importance: Some(m.draft.importance.to_owned()),
            html,
        }
    }
}

fn mention(mention: &Value) -> Value {
    let mentioned = &mention["mentioned"];
    match mentioned["conversation"]["conversationIdentityType"].as_str() {
        Some(kind) => json!({"everyone": kind}),
        None => json!({"account": mentioned["user"]["id"], "name": mention["mentionText"]}),
    }
}

fn reactions(m: &Message) -> Vec<Reaction> {
    let mut out: Vec<Reaction> = Vec::new();
    for reaction in &m.reactions {
        match out.iter_mut().find(|r| r.emoji == reaction.emoji) {
            Some(there) => there.by.push(reaction.user.clone()),
            None => out
                .push(Reaction { emoji: reaction.emoji.clone(), by: vec![reaction.user.clone()] }),
        }
    }
    out
}

/// Attached files, then inline images that the body still shows.
fn files(world: &World, tenant: &Tenant, m: &Message) -> Vec<SeenFile> {
    let mut out = Vec::new();
    for attachment in m.draft.attachments.iter().filter(|a| a["contentType"] == "reference") {
        let url = attachment["contentUrl"].as_str().unwrap_or("");
        if let Some((_, item)) = world.item_at(&tenant.id, url)
            && let Some(file) = &item.file
        {
            out.push(SeenFile {
                name: attachment["name"].as_str().unwrap_or(&item.name).to_owned(),
                mime: file.mime.clone(),
                size: file.content.size,
                sha256: file.content.sha256.clone(),
            });
        }
    }
    let tree = parse(&m.draft.body.content);
    visit(&tree, &mut |element| {
        let source = element.attribute("src").unwrap_or("");
        let hosted =
            m.draft.hosted.iter().find(|h| element.name == "img" && source.contains(&h.id));
        if let Some(hosted) = hosted {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &hosted.bytes);
            out.push(SeenFile {
                name: element
                    .attribute("alt")
                    .filter(|a| !a.is_empty())
                    .unwrap_or("image")
                    .to_owned(),
                mime: hosted.mime.clone(),
                size: hosted.bytes.len() as u64,
                sha256: hex::encode(digest.as_ref()),
            });
        }
    });
    out
}

/// A message, as the surroundings of its body.
struct Around<'a> {
    message: &'a Message,
}

impl Surroundings for Around<'_> {
    fn mentioned(&self, id: &str) -> Mentioned {
        let found = self
            .message
            .draft
            .mentions
            .iter()
            .find(|m| m["id"].as_i64().is_some_and(|n| id.parse() == Ok(n)));
        let Some(mentioned) = found.map(|m| &m["mentioned"]) else { return Mentioned::Nobody };
        match (
            mentioned["user"]["id"].as_str(),
            mentioned["conversation"]["conversationIdentityType"].as_str(),
        ) {
            (Some(user), _) => Mentioned::Account(user.to_owned()),
            (None, Some("team")) => Mentioned::Everyone("team"),
            (None, Some(_)) => Mentioned::Everyone("channel"),
            (None, None) => Mentioned::Nobody,
        }
    }

    fn attachment(&self, id: &str) -> String {
        let found = self.message.draft.attachments.iter().find(|a| a["id"] == id);
        let Some(attachment) = found else { return String::new() };
        let content =
            attachment["content"].as_str().and_then(|c| serde_json::from_str::<Value>(c).ok());
        let Some(content) = content else { return String::new() };
        let mut out = String::new();
        match attachment["contentType"].as_str().unwrap_or("") {
            "messageReference" => {
                out.push_str("<blockquote><p>");
                escape(content["messagePreview"].as_str().unwrap_or(""), &mut out);
                out.push_str("</p></blockquote>");
            }
            "application/vnd.microsoft.card.adaptive" => adaptive(&content, &mut out),
            kind if kind.starts_with("application/vnd.microsoft.card.") => hero(&content, &mut out),
            _ => {}
        }
        out
    }
}

fn paragraph(text: &str, out: &mut String) {
    if !text.is_empty() {
        out.push_str("<p>");
        escape(text, out);
        out.push_str("</p>");
    }
}

fn link(url: &str, title: &str, out: &mut String) {
    out.push_str("<p><a href=\"");
    escape_attribute(url, out);
    out.push_str("\">");
    escape(title, out);
    out.push_str("</a></p>");
}

/// What a reader gets from an adaptive card: its texts, facts and links, in order.
fn adaptive(card: &Value, out: &mut String) {
    for name in ["body", "items", "columns", "actions", "facts", "inlines"] {
        for element in card[name].as_array().into_iter().flatten() {
            match element["type"].as_str().unwrap_or("") {
                "TextBlock" | "TextRun" => paragraph(element["text"].as_str().unwrap_or(""), out),
                "Action.OpenUrl" => {
                    link(
                        element["url"].as_str().unwrap_or(""),
                        element["title"].as_str().unwrap_or(""),
                        out,
                    );
                }
                _ if name == "facts" => {
                    let title = element["title"].as_str().unwrap_or("");
                    paragraph(&format!("{title} {}", element["value"].as_str().unwrap_or("")), out);
                }
                _ => adaptive(element, out),
            }
        }
    }
}

fn hero(card: &Value, out: &mut String) {
    for name in ["title", "subtitle", "text"] {
        let tree = parse(card[name].as_str().unwrap_or(""));
        let mut text = String::new();
        super::markup::flat_text(&tree, &mut text);
        paragraph(text.trim(), out);
    }
    for button in card["buttons"].as_array().into_iter().flatten() {
        let title = button["title"].as_str().unwrap_or("");
        match (button["type"].as_str(), button["value"].as_str()) {
            (Some("openUrl"), Some(url)) => link(url, title, out),
            _ => paragraph(title, out),
        }
    }
}
