//! The Slack emulator, through real HTTP, as an app and a tester meet it.

mod slack {
    mod contract;
    mod conversations;
    mod events;
    mod faults;
    mod files;
    mod messages;
    mod oauth;
    mod view;
    mod world;
}
