//! How Teams is heard: per channel and tenant-wide, and what happens when subscriptions end.
