//! The Webex Messaging emulator, through real HTTP, as an app and a tester meet it.

#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

mod webex {
    mod contract;
    mod faults;
    mod files;
    mod limits;
    mod load;
    mod messages;
    mod oauth;
    mod people;
    mod receiver;
    mod spaces;
    mod teams;
    mod view;
    mod webhooks;
    mod world;
}
