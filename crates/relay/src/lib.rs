//! The engine: what came in is kept, ordered, understood, planned, and delivered once.
//!
//! Guarantees: nothing is acknowledged before it is on disk; every message is delivered to each
//! destination once or shown as failed with a reason; order is kept per (source conversation →
//! destination conversation), and a slow conversation delays no other; a change of what an admin
//! set up takes effect at once.
//!
//! Deliberately absent: HTTP, SQL, and the name of any platform. What differs between platforms is
//! data in their manifests, or lives in their connectors.

pub mod admin;
mod admission;
mod avatars;
mod cabinet;
mod canary;
mod change;
mod complete;
mod decide;
mod deliver;
mod echo;
mod edit;
mod figures;
mod files;
mod ids;
mod intake;
mod known;
mod lane;
mod localize;
mod pacing;
mod people;
mod plan;
mod platforms;
mod post;
mod problems;
mod queue;
mod relay;
mod retry;
mod roster;
mod shared;
mod sweep;
mod tell;
mod trace;
mod upkeep;

pub use avatars::{AvatarLinks, BadSignature};
pub use figures::describe_figures;
pub use plan::{Scene, plan};
pub use platforms::Platforms;
pub use relay::{Accepted, Relay, RelaySettings};
pub use roster::{AppEntry, ConnectionEntry, Roster, RosterView};
pub use trace::{Span, Traces};
