//! What is hard to carry, on four emulated platforms: how it looks there, and that nothing of it is
//! lost on the way there and back.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

mod crossing;
mod looks;
mod reading;
mod setup;
mod text;
mod workspace;
