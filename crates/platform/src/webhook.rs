//! Webhooks, from raw bytes to verified facts.

use std::ops::Deref;

use http::{HeaderMap, Method, StatusCode};
use rialto_model::RemoteId;

use crate::verify::Proof;

/// A call to a webhook address, as it came.
#[derive(Clone, Copy, Debug)]
pub struct WebhookRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a Method,
    /// What follows the app's address, without `/`: empty, or `lifecycle`.
    pub tail: &'a str,
    /// The raw query, without `?`.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw body: signatures are over these bytes.
    pub body: &'a [u8],
}

/// What a webhook turned out to be.
#[derive(Debug)]
pub enum Received {
    /// Facts to keep; answered with `answer` after they are on disk. Perhaps none.
    Inbound {
        /// The facts.
        inbound: Vec<Verified<Inbound>>,
        /// The answer once they are kept.
        answer: WebhookAnswer,
    },
    /// A handshake: answered at once, nothing is kept.
    Handshake(WebhookAnswer),
    /// Not from who it should be, or not understood.
    Refused(Refusal),
}

/// An answer to the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: StatusCode,
    /// The body's media type; no body when `None`.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

impl WebhookAnswer {
    /// A status without a body.
    pub fn status(status: StatusCode) -> Self {
        Self { status, content_type: None, body: String::new() }
    }
}

/// Why a webhook is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// 400 for what cannot be read, 401 for what is not proved, 403 for what is not allowed.
    pub status: StatusCode,
    /// In words, for the log and the answer: never a secret, never the expected signature.
    pub reason: &'static str,
}

impl Refusal {
    /// The call cannot be read.
    pub const fn malformed(reason: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, reason }
    }

    /// The call does not prove who it is from.
    pub const fn unproven(reason: &'static str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, reason }
    }
}

/// One fact out of a webhook, still as the platform says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The workspace, as `Authorized::workspace` named it.
    pub workspace: RemoteId,
    /// The conversation whose order it belongs to; empty for facts about the workspace.
    pub conversation: RemoteId,
    /// Identity within the conversation: message id and revision, never an event's own id.
    pub key: String,
    /// What `Connection::normalize` will be given.
    pub payload: Vec<u8>,
}

/// Something that was proved to come from the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Takes the proof that a check of [`crate::verify`] gave.
    pub fn by(_proof: Proof, value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
