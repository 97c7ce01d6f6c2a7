//! What each command does.

pub mod apps;
pub mod audit;
pub mod channel_sync;
pub mod channels;
pub mod compatibility;
pub mod connect;
pub mod connections;
pub mod deliveries;
pub mod doctor;
pub mod keys;
pub mod names;
pub mod sandbox;
pub mod status;
