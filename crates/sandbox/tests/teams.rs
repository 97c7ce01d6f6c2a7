//! The Microsoft Teams emulator as its clients and its people meet it: real HTTP, real encryption, vendor contracts.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests may panic and talk"
)]

#[path = "teams/contract.rs"]
mod contract;
#[path = "teams/files.rs"]
mod files;
#[path = "teams/load.rs"]
mod load;
#[path = "teams/messages.rs"]
mod messages;
#[path = "teams/notifications.rs"]
mod notifications;
#[path = "teams/rules.rs"]
mod rules;
#[path = "teams/sign_in.rs"]
mod sign_in;
#[path = "teams/tenant.rs"]
mod tenant;
#[path = "teams/view.rs"]
mod view;
