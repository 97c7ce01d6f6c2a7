//! Slack: Web API, OAuth, Events API, files.

use std::sync::Arc;

use axum::Router;

use crate::Urls;
use crate::core::{Core, Emulator};

/// The Slack emulator.
pub struct Slack;

impl Slack {
    /// An empty emulator.
    pub fn new(_core: Arc<Core>, _urls: &Urls) -> Arc<Self> {
        Arc::new(Self)
    }

    /// Everything under Slack's address.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
    }
}

impl Emulator for Slack {
    fn platform(&self) -> &'static str {
        "slack"
    }
}
