//! The hub as vendors, admins and probes see it, over a store in memory and a pretended platform.

mod admin;
mod pretended;
mod public;
mod support;
mod webhooks;
