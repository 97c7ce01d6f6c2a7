//! A message of Teams as canonical events.

use jiff::Timestamp;
use rialto_model::{
    Attachment, AttachmentKind, Audience, Author, Block, Content, Emoji, Event, EventKind, Inline,
    MentionTarget, MessageState, Own, ReactionState, Revision, RichText, Style,
};
use rialto_platform::{ActedAs, html::safe_link};
use serde_json::Value;

use crate::{
    cards, fingerprint,
    html::{self, Mentions},
    place::{MessagePath, Place},
    remote::{Remote, media_type},
    wire::{ChatMessage, Identity, IdentitySet, Mention, MessageAttachment},
};

/// What is known besides the message itself.
pub(crate) struct Circumstances<'a> {
    /// Where it is.
    pub path: &'a MessagePath,
    /// The service user, and former ones.
    pub ours: &'a ActedAs,
    /// Whether it is told because something changed: reactions come that way.
    pub updated: bool,
    /// Now, for messages that do not say when they were posted.
    pub now: Timestamp,
}

/// Everything that a message says.
pub(crate) fn events(message: &ChatMessage, about: &Circumstances<'_>) -> Vec<Event> {
    let posted_at = message
        .created_date_time
        .or_else(|| Timestamp::from_millisecond(message.id.parse().ok()?).ok())
        .unwrap_or(about.now);
    let conversation = about.path.place.id();
    let event =
        |at: Timestamp, kind: EventKind| Event { conversation: conversation.clone(), at, kind };
    let id = || message.id.as_str().into();

    if let Some(at) = message.deleted_date_time {
        return vec![event(at, EventKind::Deleted { message: id() })];
    }
    if message.message_type != "message" {
        let events = system_events(message).into_iter().map(|kind| event(posted_at, kind));
        return events.collect();
    }
    let edited_at = message.last_edited_date_time;
    let root = about.path.root.as_deref().or(message.reply_to_id.as_deref());
    // Ids of messages are the milliseconds in which they were made.
    let began = |id: &str| Timestamp::from_millisecond(id.parse().ok()?).ok();
    let state = MessageState {
        id: id(),
        revision: Revision(edited_at.map_or(0, Timestamp::as_microsecond)),
        posted_at,
        thread: root.map(Into::into),
        thread_began: root.and_then(began),
        broadcast: false,
        author: author(message.from.as_ref()),
        content: content(message, about.path),
        own: own(message, about.ours),
    };
    let mut events =
        vec![event(edited_at.unwrap_or(posted_at), EventKind::Message(Box::new(state)))];
    if about.updated {
        let at = message.last_modified_date_time.unwrap_or(posted_at);
        let reactions = reactions(message, about.ours);
        events.push(event(at, EventKind::Reactions { message: id(), reactions }));
    }
    events
}

fn own(message: &ChatMessage, ours: &ActedAs) -> Own {
    let from = message.from.as_ref().and_then(|from| from.user.as_ref());
    if from.and_then(|user| user.id.as_deref()).is_some_and(|id| ours.has(id)) {
        Own::Account { fingerprint: fingerprint::of_body(&message.body) }
    } else {
        Own::No
    }
}

fn author(from: Option<&IdentitySet>) -> Author {
    let (identity, bot) = match from {
        Some(IdentitySet { user: Some(user), .. }) => (Some(user), false),
        Some(IdentitySet { application: Some(app), .. }) => (Some(app), true),
        _ => (None, true),
    };
    named(identity, bot)
}

fn named(identity: Option<&Identity>, bot: bool) -> Author {
    Author {
        account: identity.and_then(|who| who.id.as_deref()).map(Into::into),
        name: identity.and_then(|who| who.display_name.clone()).unwrap_or_default(),
        avatar_url: None,
        bot,
    }
}

/// Joins and leaves; everything else that Teams tells as a message of its own is not relayed.
fn system_events(message: &ChatMessage) -> Vec<EventKind> {
    let detail = message.event_detail.as_ref();
    let name = detail.map_or("", |detail| detail.odata_type.as_str());
    let name = name.rsplit('.').next().unwrap_or_default();
    let name = name.strip_suffix("EventMessageDetail").unwrap_or(name);
    let joined = match name {
        "membersAdded" | "membersJoined" => Some(true),
        "membersDeleted" | "membersLeft" => Some(false),
        _ => None,
    };
    let known = |who: &&Identity| who.id.is_some();
    let members = detail.map_or(&[][..], |detail| &detail.members).iter().filter(known);
    let members: Vec<EventKind> = joined
        .into_iter()
        .flat_map(|joined| {
            members
                .clone()
                .map(move |who| EventKind::Membership { author: named(Some(who), false), joined })
        })
        .collect();
    if !members.is_empty() {
        return members;
    }
    let label = if name.is_empty() { &message.message_type } else { name };
    let plain = label.len() <= 40 && label.chars().all(|c| c.is_ascii_alphanumeric());
    let label = if plain && !label.is_empty() { label } else { "unknown" };
    vec![EventKind::Ignored { reason: format!("system event: {label}") }]
}

fn reactions(message: &ChatMessage, ours: &ActedAs) -> Vec<ReactionState> {
    message
        .reactions
        .iter()
        .filter_map(|reaction| {
            let account = reaction.user.as_ref()?.user.as_ref()?.id.as_deref()?;
            let emoji = match reaction.reaction_type.as_str() {
                "like" => Emoji::Unicode("👍".into()),
                "heart" => Emoji::Unicode("❤️".into()),
                "laugh" => Emoji::Unicode("😆".into()),
                "surprised" => Emoji::Unicode("😮".into()),
                "sad" => Emoji::Unicode("🙁".into()),
                "angry" => Emoji::Unicode("😡".into()),
                "" => return None,
                "custom" => Emoji::Custom(reaction.display_name.clone()?),
                unicode => Emoji::Unicode(unicode.into()),
            };
            (!ours.has(account)).then(|| ReactionState { account: account.into(), emoji })
        })
        .collect()
}

fn content(message: &ChatMessage, path: &MessagePath) -> Content {
    let mut blocks = Vec::new();
    match message.importance.as_deref() {
        Some("high") => blocks.push(bold("❗ Important")),
        Some("urgent") => blocks.push(bold("❗ Urgent")),
        _ => {}
    }
    if let Some(subject) = message.subject.as_deref().filter(|text| !text.trim().is_empty()) {
        blocks.push(bold(subject.trim()));
    }
    let mut attachments = Vec::new();
    let mut after = Vec::new();
    for attachment in &message.attachments {
        match attachment.content_type.as_str() {
            "messageReference" | "forwardedMessageReference" => {
                blocks.extend(quote(attachment));
            }
            "reference" => match file(attachment, &path.place) {
                Some(file) => attachments.push(file),
                None => after.push(words("A file", attachment)),
            },
            kind => match snippet(attachment, path) {
                Some(file) => attachments.push(file),
                None => match attachment.content.as_deref().and_then(|c| cards::read(kind, c)) {
                    Some(card) => after.extend(card),
                    None => after.push(words(kind_in_words(kind), attachment)),
                },
            },
        }
    }
    if message.body.content_type.eq_ignore_ascii_case("text") {
        blocks.extend(RichText::plain(&message.body.content).blocks);
    } else {
        let parsed = html::parse(&message.body.content, &mentions(message, &path.place));
        blocks.extend(parsed.text.blocks);
        attachments.extend(parsed.pictures.iter().filter_map(|picture| {
            Some(Attachment {
                remote: Remote::hosted(&picture.src, path)?.encode(),
                name: match picture.alt.trim() {
                    "" => "image".into(),
                    alt => alt.chars().filter(|c| !"/\\".contains(*c)).take(120).collect(),
                },
                mime: "application/octet-stream".into(),
                size: None,
                kind: AttachmentKind::Image,
            })
        }));
    }
    blocks.extend(after);
    Content { text: RichText { blocks }.normalized(), attachments }
}

fn bold(text: &str) -> Block {
    Block::Paragraph(vec![Inline::styled(text, Style { bold: true, ..Style::PLAIN })])
}

fn mentions(message: &ChatMessage, place: &Place) -> Mentions {
    let known = message.mentions.iter();
    known.filter_map(|mention| Some((mention.id.to_string(), target(mention, place)?))).collect()
}

/// Whom a mention calls; apps are called by nobody but in words.
fn target(mention: &Mention, place: &Place) -> Option<MentionTarget> {
    let who = mention.mentioned.as_ref()?;
    if let Some(id) = who.user.as_ref().and_then(|user| user.id.as_deref()) {
        return Some(MentionTarget::Account(id.into()));
    }
    if let Some(id) = who.tag.as_ref().and_then(|tag| tag.id.as_deref()) {
        return Some(MentionTarget::Group(id.into()));
    }
    let conversation = who.conversation.as_ref()?;
    let id = conversation.id.as_deref()?;
    Some(match conversation.conversation_identity_type.as_deref() {
        Some("team") => MentionTarget::Everyone(Audience::Team),
        Some("channel") if id == place.channel => MentionTarget::Everyone(Audience::Conversation),
        Some("channel") => MentionTarget::Conversation(Place::new(&place.team, id)?.id()),
        _ => return None,
    })
}

/// A message that this one answers or forwards.
fn quote(attachment: &MessageAttachment) -> Option<Block> {
    let quoted: Value = serde_json::from_str(attachment.content.as_deref()?).ok()?;
    let sender = ["messageSender", "originalMessageSender"]
        .iter()
        .find_map(|field| quoted[*field]["user"]["displayName"].as_str());
    let words = match quoted["originalMessageContent"].as_str() {
        Some(html) => html::parse(html, &Mentions::new()).text.blocks,
        None => RichText::plain(quoted["messagePreview"].as_str()?.trim()).blocks,
    };
    Some(Block::Quote(sender.map(bold).into_iter().chain(words).collect()))
}

fn file(attachment: &MessageAttachment, place: &Place) -> Option<Attachment> {
    let url = attachment.content_url.as_deref().and_then(safe_link)?;
    let last = url.split(['?', '#']).next().and_then(|url| url.rsplit('/').next());
    let name = attachment.name.clone().or(last.map(str::to_owned)).filter(|n| !n.is_empty());
    let name = name.unwrap_or_else(|| "file".into()).replace(['/', '\\'], "_");
    let mime = media_type(&name);
    Some(Attachment {
        remote: Remote::shared(place, url).encode(),
        kind: match mime.starts_with("image/") {
            true => AttachmentKind::Image,
            false => AttachmentKind::File,
        },
        mime: mime.to_owned(),
        name,
        size: None,
    })
}

/// A code snippet whose code is kept beside the message.
fn snippet(attachment: &MessageAttachment, path: &MessagePath) -> Option<Attachment> {
    let hosted = Remote::hosted(attachment.content_url.as_deref()?, path)?;
    let name = attachment.name.clone().filter(|name| !name.is_empty());
    Some(Attachment {
        remote: hosted.encode(),
        name: name.unwrap_or_else(|| "snippet.txt".into()),
        mime: "text/plain".into(),
        size: None,
        kind: AttachmentKind::Snippet,
    })
}

fn kind_in_words(content_type: &str) -> &'static str {
    match content_type {
        "tabReference" => "A tab",
        "meetingReference" => "A meeting",
        kind if kind.contains("fluid") => "A Loop component",
        kind if kind.contains(".card.") => "A card",
        kind if kind.starts_with("image/") => "A picture",
        kind if kind.starts_with("audio/") => "An audio message",
        kind if kind.starts_with("video/") => "A video",
        _ => "An attachment",
    }
}

/// What cannot be shown, named, with its link.
fn words(what: &str, attachment: &MessageAttachment) -> Block {
    let name = attachment.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let text = match name {
        Some(name) => format!("{what}: {name}"),
        None => format!("{what} that can be seen in Teams"),
    };
    let inline = match attachment.content_url.as_deref().and_then(safe_link) {
        Some(url) => Inline::Link { url, content: vec![Inline::text(text)] },
        None => Inline::text(text),
    };
    Block::Paragraph(vec![inline])
}
