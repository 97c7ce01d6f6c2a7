//! Durable state behind one port, [`Store`]: short verbs in the product's words, each one
//! transaction.
//!
//! Guarantees: when a verb returns `Ok`, what it did is on disk; when it returns an error, nothing
//! of it happened. Content, tokens, file handles and fingerprints are sealed with the deployment's
//! key before they reach the database. `MemoryStore` and `SqlStore` pass the same suite.
//!
//! Times are kept to the microsecond.
//!
//! Deliberately absent: decisions. The store keeps what the relay decided, and knows no platform.

mod error;
mod memory;
mod records;
mod refusal;
mod sql;
mod store;
mod vault;

use std::sync::Arc;

pub use error::StoreError;
pub use memory::MemoryStore;
pub use records::{
    App, Appended, AuditEntry, Backlog, BegunPart, Change, ChannelSyncTraffic, Connection,
    ConnectionState, CopiedFile, Copy, DeliveryFilter, DropCount, InFlight, Inbound, Lane,
    MessageView, NewCopy, NewDelivery, NewInbound, PendingAuthorization, PendingDelivery, Plan,
    Progress, Reactor, Settled, StoredAccount, SweepRecord,
};
pub use sql::{AtRest, SqlOptions, SqlStore, at_rest};
pub use store::Store;
pub use vault::{Key, KeyError, OpenError, Vault};

/// What time it is: the caller's clock.
pub type Now = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
