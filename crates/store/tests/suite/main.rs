//! One suite over every store, and what only a file on a disk can do.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod disk;
mod oracle;
mod rotation;
mod scenarios;
mod world;
