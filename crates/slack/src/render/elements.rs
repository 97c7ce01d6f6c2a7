//! What `rich_text` blocks are made of, as Slack writes it.

use std::borrow::Cow;

use rialto_model::{RemoteId, Style};
use serde::Serialize;

/// A block, or something in one.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Element<'a> {
    RichText {
        elements: Vec<Self>,
    },
    Divider,
    RichTextSection {
        elements: Vec<Self>,
    },
    RichTextQuote {
        elements: Vec<Self>,
    },
    RichTextPreformatted {
        elements: [Box<Self>; 1],
        border: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        language: Option<&'a str>,
    },
    RichTextList {
        style: &'static str,
        indent: u64,
        border: u8,
        elements: Vec<Self>,
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<u32>,
    },
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    Link {
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    User {
        user_id: &'a RemoteId,
    },
    Channel {
        channel_id: &'a RemoteId,
    },
    Usergroup {
        usergroup_id: &'a RemoteId,
    },
    Broadcast {
        range: &'static str,
    },
    Emoji {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        skin_tone: Option<u64>,
    },
}

impl<'a> Element<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self::Text { text: text.into(), style }
    }
}
