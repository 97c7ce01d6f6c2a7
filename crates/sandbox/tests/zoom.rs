//! The Zoom Team Chat emulator, through real HTTP, as an app and a tester meet it.

#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

mod zoom {
    mod channels;
    mod contract;
    mod delivery;
    mod events;
    mod faults;
    mod files;
    mod formatting;
    mod limits;
    mod load;
    mod messages;
    mod oauth;
    mod reading;
    mod receiver;
    mod world;
}
