//! The words of Rialto as pure types: messages, people, channel syncs, deliveries, capabilities.
//!
//! Guarantees: every type can be sent over a wire (serde) and compared; text is a closed tree, so
//! no platform's raw markup ever passes from one side to the other.
//!
//! Deliberately absent: I/O, clocks, randomness, platform names. Nothing here can fail at run time
//! but parsing an id.

mod account;
mod capability;
mod channel_sync;
mod compatibility;
mod content;
mod delivery;
mod event;
mod id;
mod rich_text;
#[cfg(feature = "testing")]
pub mod testing;

pub use account::{Account, AccountKind, Author};
pub use capability::{Capabilities, FileLimits, LengthUnit, Pacing, Support, TextLimit, Window};
pub use channel_sync::{
    ChannelSync, ChannelSyncState, Conversation, ConversationKind, ConversationRef, Direction,
    Endpoint, EveryoneMentions, SyncSettings,
};
pub use compatibility::{Abilities, Ability, Crossing, FEATURES, Feature, crossing};
pub use content::{Attachment, AttachmentKind, Content};
pub use delivery::{
    Attempt, AttemptOutcome, Begun, Delivery, DeliveryState, Fingerprint, PartKey, Work, WorkKind,
};
pub use event::{Event, EventKind, MessageState, Own, ReactionState, Revision, Signal};
pub use id::{
    AppId, ChannelSyncId, ConnectionId, DeliveryId, EndpointId, IdError, MessageId, OrganizationId,
    PlatformId, RemoteId,
};
pub use rich_text::{
    Audience, Block, Emoji, Inline, ListItem, Mention, MentionTarget, RichText, Style, Table,
};
