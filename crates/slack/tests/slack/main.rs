//! The connector through its port: webhooks in, calls out to a server that answers as Slack does.

mod calls;
mod events;
mod files;
mod setup;
mod tokens;
mod webhook;
mod workspace;
