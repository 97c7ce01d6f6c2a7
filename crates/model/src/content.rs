//! What one message holds.

use serde::{Deserialize, Serialize};

use crate::{RemoteId, RichText};

/// A message's text and files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Content {
    /// The text; blank for a message of files alone.
    pub text: RichText,
    /// The files, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A file of a message, by reference: its bytes stay where they are until they are streamed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// Whatever the source's connector needs to open it again; opaque to everybody else.
    pub remote: RemoteId,
    /// The file's name, without a path.
    pub name: String,
    /// The media type, `application/octet-stream` when not known.
    pub mime: String,
    /// Bytes, when the platform says so.
    pub size: Option<u64>,
    /// How it is shown.
    pub kind: AttachmentKind,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A file to download.
    File,
    /// A picture shown in the message.
    Image,
    /// Text shown in the message (a Slack snippet).
    Snippet,
}
