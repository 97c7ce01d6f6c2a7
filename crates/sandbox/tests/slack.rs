//! The Slack emulator, through real HTTP, as an app and a tester meet it.

#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

mod slack {
    mod contract;
    mod conversations;
    mod events;
    mod faults;
    mod files;
    mod load;
    mod messages;
    mod oauth;
    mod view;
    mod world;
}
