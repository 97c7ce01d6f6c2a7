//! One suite over every store, and what only a file on a disk can do.

mod disk;
mod oracle;
mod scenarios;
mod world;
