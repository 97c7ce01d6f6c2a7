//! The connector through its port: webhooks in, calls out to a server that answers as Slack does.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]
#![expect(clippy::needless_pass_by_value, reason = "JSON literals read better without `&`")]

mod calls;
mod events;
mod files;
mod past;
mod setup;
mod tokens;
mod webhook;
mod workspace;
