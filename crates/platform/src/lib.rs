//! The connector port, and the toolkit that every connector uses.
//!
//! A connector implements [`Platform`] (a kind of network) and [`Connection`] (one authorized
//! workspace on it). Guarantees that the types make: an [`Inbound`] reaches the relay only as
//! [`Verified`]; a post needs the [`Begun`](rialto_model::Begun) that the store gives; a
//! [`SendError`] is a decision and not a story.
//!
//! Deliberately absent: the store, the relay, any platform's name. A connector keeps what it must
//! remember in its [`Cabinet`].

pub mod byline;
pub mod emoji;
pub mod failed_files;
pub mod html;
pub mod http;
pub mod links;
pub mod sent;
pub mod split;
pub mod spool;
pub mod table;
pub mod verify;
pub mod wire;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "conformance")]
pub mod testing;

mod acted_as;
mod authorize;
mod cabinet;
mod connection;
mod environment;
mod error;
mod file;
#[cfg(test)]
mod fuzz;
mod history;
mod manifest;
mod nest;
mod outgoing;
mod tokens;
mod webhook;

pub use acted_as::ActedAs;
pub use authorize::{AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, Consented};
pub use cabinet::{Cabinet, CabinetError};
pub use connection::{
    Connection, Credential, Finding, FindingLevel, NewConversation, Page, Upkeep,
};
pub use environment::{Clock, Random, SystemClock, SystemRandom, Toolkit};
pub use error::{ApiFailure, FileError, HoldScope, ReadError, SendError, SetupError};
pub use file::FileBody;
pub use history::{HistoryPage, HistoryRequest};
pub use manifest::{ConnectContext, Field, Manifest, Permission, Platform};
pub use nest::Nest;
pub use outgoing::{HeldFile, MessageChange, Note, Outgoing, Part, Post, UploadedFile};
pub use tokens::{RENEWED_AGAIN_AFTER, TokenPair, TokenSource, Tokens};
pub use webhook::{Inbound, Received, Refusal, Verified, WebhookAnswer, WebhookRequest};
