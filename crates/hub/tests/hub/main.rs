//! The hub as vendors, admins and probes see it, over a store in memory and a pretended platform.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

mod admin;
mod channel_syncs;
mod pretended;
mod public;
mod slow;
mod support;
mod webhooks;
