//! Microsoft Teams: Graph and Entra sign-in.

use std::sync::Arc;

use axum::Router;

use crate::Urls;
use crate::core::{Core, Emulator};

/// The Microsoft Teams emulator.
pub struct Teams;

impl Teams {
    /// An empty emulator.
    pub fn new(_core: Arc<Core>, _urls: &Urls) -> Arc<Self> {
        Arc::new(Self)
    }

    /// Graph.
    pub fn graph_router(self: Arc<Self>) -> Router {
        Router::new()
    }

    /// Entra sign-in.
    pub fn login_router(self: Arc<Self>) -> Router {
        Router::new()
    }
}

impl Emulator for Teams {
    fn platform(&self) -> &'static str {
        "teams"
    }
}
