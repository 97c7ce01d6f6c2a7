//! A whole world for end-to-end tests, for the demo and for the chaos run: the real binary as a
//! process of its own, the sandbox's emulated workspaces, and what people on each side see.
//!
//! Guarantees: nothing here looks into Rialto; what arrived is what the emulated screens show.
//!
//! Deliberately absent: sleeping for luck. Whatever takes time is waited for by looking, up to a
//! limit, and a failure says what was seen instead.

mod api;
mod channels;
pub mod chaos;
mod process;
mod screen;
mod sides;
pub mod story;
mod world;

pub use api::{Api, CallError};
pub use channels::{Channels, Place, id_of};
pub use process::Rialto;
pub use screen::Message;
pub use sides::Side;
pub use world::{World, WorldOptions};
