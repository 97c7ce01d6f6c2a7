//! A message, wherever it came from.

use std::borrow::Cow;

use jiff::Timestamp;
use rialto_model::{
    Attachment, AttachmentKind, Author, Block, Content, Inline, MessageState, Own, Revision,
    RichText, Style,
};

use super::text::{Ends, read};
use crate::{
    fingerprint,
    wire::{self, AtItem, File, Message, Object, Payload, Range},
};

/// What a message of an event and one of a listing have in common.
pub(super) struct Said<'a> {
    pub id: &'a str,
    pub text: &'a str,
    pub ranges: &'a [Range],
    pub mentions: &'a [AtItem],
    pub ends: Ends,
    pub files: Cow<'a, [File]>,
    pub thread: Option<&'a str>,
    pub thread_began: Option<Timestamp>,
    pub posted_at: Timestamp,
    pub author: Author,
    pub own: bool,
}

impl<'a> Said<'a> {
    /// As an event tells of it; `None` without an id.
    pub fn told(
        payload: &'a Payload,
        object: &'a Object,
        at: Timestamp,
        own: bool,
    ) -> Option<Self> {
        let who = payload.operator_id.get().or(payload.operator_member_id.get());
        Some(Self {
            id: object.message_id.get()?,
            text: object.message.as_deref().unwrap_or_default(),
            ranges: &object.rich_text,
            mentions: &object.at_items,
            ends: Ends::Behind,
            files: Cow::Borrowed(&object.files),
            thread: object.reply_main_message_id.get(),
            thread_began: None,
            posted_at: object.timestamp.0.or(object.date_time.0).unwrap_or(at),
            author: author(who, ""),
            own,
        })
    }

    /// As a listing shows it, where authors have no user id: `who` is theirs.
    pub fn listed(message: &'a Message, who: Option<&str>, own: bool) -> Option<Self> {
        Some(Self {
            id: message.id.get()?,
            text: message.message.as_deref().unwrap_or_default(),
            ranges: &message.rich_text,
            mentions: &message.at_items,
            ends: Ends::Last,
            files: Cow::Owned(message.files()),
            thread: message.reply_main_message_id.get(),
            thread_began: message.reply_main_message_timestamp.0,
            posted_at: message.timestamp.0.or(message.date_time.0)?,
            author: author(who, message.sender_display_name.get().unwrap_or_default()),
            own,
        })
    }

    /// The message at a revision.
    pub fn state(self, revision: Revision) -> MessageState {
        let id = wire::message_id(self.id);
        let thread = self.thread.map(wire::message_id).filter(|root| *root != id);
        MessageState {
            thread_began: self.thread_began.filter(|_| thread.is_some()),
            thread: thread.map(Into::into),
            id: id.into(),
            revision,
            posted_at: self.posted_at,
            broadcast: false,
            own: if self.own {
                Own::Account { fingerprint: fingerprint::of(self.text) }
            } else {
                Own::No
            },
            content: content(&self),
            author: self.author,
        }
    }
}

/// Names that are missing are asked for by the relay.
fn author(account: Option<&str>, name: &str) -> Author {
    Author { account: account.map(Into::into), name: name.to_owned(), avatar_url: None, bot: false }
}

fn content(said: &Said<'_>) -> Content {
    let mut text = read(said.text, said.ranges, said.mentions, said.ends);
    let attachments: Vec<Attachment> = said.files.iter().filter_map(attachment).collect();
    if text.is_blank() && attachments.is_empty() {
        // A card, or something newer than this: there is nothing in it that can be read.
        let style = Style { italic: true, ..Style::PLAIN };
        let words = Inline::styled("something that only Zoom can show", style);
        text = RichText { blocks: vec![Block::Paragraph(vec![words])] };
    }
    Content { text, attachments }
}

/// A file. Its media type is not said: it follows from the name, as Zoom's own does.
fn attachment(file: &File) -> Option<Attachment> {
    // A name is no path.
    let name = file.file_name.get().unwrap_or("file").replace(['/', '\\'], "_");
    let mime = media_type(&name);
    Some(Attachment {
        remote: file.file_id.get()?.into(),
        kind: if mime.starts_with("image/") { AttachmentKind::Image } else { AttachmentKind::File },
        name,
        mime: mime.to_owned(),
        size: file.file_size,
    })
}

/// Those that other platforms show in a message; they look into all others themselves.
fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}
