//! What a file of a message is known by until it is opened.

use rialto_model::RemoteId;
use serde::{Deserialize, Serialize};

use crate::place::{MessagePath, Place, is_id};

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Remote {
    /// Beside the message: a picture, a snippet.
    Hosted { team: String, channel: String, message: String, root: Option<String>, content: String },
    /// In SharePoint.
    Shared { team: String, channel: String, url: String },
}

impl Remote {
    /// Reads `…/hostedContents/{id}/$value`, as an address or relative to the message.
    pub fn hosted(src: &str, path: &MessagePath) -> Option<Self> {
        let (before, after) = src.split_once("/hostedContents/")?;
        let content = after.split(['/', '?', '#']).next().filter(|id| is_id(id))?;
        let path = MessagePath::parse(before).unwrap_or_else(|| path.clone());
        Some(Self::Hosted {
            team: path.place.team,
            channel: path.place.channel,
            message: path.message,
            root: path.root,
            content: content.to_owned(),
        })
    }

    pub fn shared(place: &Place, url: String) -> Self {
        Self::Shared { team: place.team.clone(), channel: place.channel.clone(), url }
    }

    pub fn encode(&self) -> RemoteId {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    pub fn decode(id: &RemoteId) -> Option<Self> {
        serde_json::from_str(id.as_str()).ok()
    }
}

/// A file's media type by its name: Graph does not say.
pub(crate) fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "json" => "application/json",
        "zip" => "application/zip",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}
