//! The connector against what Webex published, and against the emulator.

mod connecting;
mod contracts;
mod events;
mod files;
mod fuzz;
mod listening;
mod sending;
mod spaces;
mod support;
