//! A message, wherever it was read.

use jiff::Timestamp;
use rialto_model::{
    Attachment, Author, Block, Content, EventKind, Inline, MessageState, Own, RichText, Style,
};
use rialto_platform::links::push_typed;

use super::ignored;
use crate::{api::Identity, edits::Edits, fingerprint, html, replies, wire::Message};

/// Domains that only bots have addresses in (*Bots*).
const BOTS: [&str; 2] = ["webex.bot", "sparkbot.io"];

/// Whether an e-mail address is a bot's.
pub(super) fn is_bot(email: Option<&str>) -> bool {
    let domain = email.and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
    domain.is_some_and(|domain| BOTS.contains(&domain))
}

/// Whether the service user wrote it, or a former one.
pub(crate) fn is_own(message: &Message, own: &Identity) -> bool {
    message.person_id.get().is_some_and(|id| own.has_been(id))
}

/// What a message says. A client sends no HTML where nothing is formatted.
pub(crate) fn text(message: &Message) -> RichText {
    match (message.html.get(), message.text.get()) {
        (Some(markup), _) => html::parse(markup),
        (None, Some(text)) => typed(text),
        (None, None) => RichText::default(),
    }
}

fn typed(text: &str) -> RichText {
    let mut text = RichText::plain(&text.replace("\r\n", "\n"));
    text.for_each_line(&mut |line| {
        let mut linked = Vec::with_capacity(line.len());
        for inline in line.drain(..) {
            match inline {
                Inline::Text { text, style } => push_typed(&mut linked, &text, style),
                other => linked.push(other),
            }
        }
        *line = linked;
    });
    text.normalized()
}

/// The message as an event.
pub(crate) fn kind(
    message: &Message,
    attachments: Vec<Attachment>,
    own: &Identity,
    edits: &Edits,
    now: Timestamp,
) -> EventKind {
    let Some(id) = message.id.get() else { return ignored("message without an id") };
    let mut text = text(message);
    let said_by_us = match is_own(message, own) {
        false => Own::No,
        // No copy: nobody but Rialto says so.
        true if replies::is_one(&text) => Own::App { delivery: None },
        true => Own::Account { fingerprint: fingerprint::of(&text) },
    };
    if text.is_blank() && attachments.is_empty() {
        // A card, or something newer than this: there is nothing in it that can be read.
        let style = Style { italic: true, ..Style::PLAIN };
        let words = Inline::styled("something that only Webex can show", style);
        text = RichText { blocks: vec![Block::Paragraph(vec![words])] };
    }
    let thread = message.parent_id.get().filter(|root| *root != id);
    EventKind::Message(Box::new(MessageState {
        id: id.into(),
        revision: edits.revision(message),
        posted_at: message.created.unwrap_or(now),
        thread: thread.map(Into::into),
        thread_began: None,
        broadcast: false,
        author: Author {
            account: message.person_id.get().map(Into::into),
            // Better names are asked for by the relay.
            name: message.person_email.get().unwrap_or_default().to_owned(),
            avatar_url: None,
            bot: is_bot(message.person_email.get()),
        },
        content: Content { text, attachments },
        own: said_by_us,
    }))
}
