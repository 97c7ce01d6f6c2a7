//! What a deployment chooses: defaults, then `rialto.toml`, then the environment.

mod error;
mod human_duration;
mod load;
mod settings;

pub use error::ConfigError;
pub use human_duration::HumanDuration;
pub use load::{Loaded, load};
pub use settings::{KEYS, Log, LogFormat, Settings};
