//! The connector against what Webex published, and against the emulator.
