//! Microsoft Teams: an emulator of Microsoft Graph and of Entra sign-in.
//!
//! Guarantees: answers, refusals, subscriptions and encrypted notifications have Graph's shapes and follow its
//! published rules, on the sandbox's clock. Deliberately absent: presence, meetings, apps in tabs, `/beta`, and
//! whatever a chat bridge has no use for; such paths are refused as Graph refuses unknown ones.

mod call;
mod canonical;
mod compose;
mod control;
mod conversation;
mod drive;
mod encrypt;
mod error;
mod graph;
mod human;
mod json;
mod lifecycle;
mod login;
mod markup;
mod membership;
mod notify;
mod odata;
mod permissions;
mod sanitize;
mod sign_in;
mod subscription;
mod tenant;
mod throttle;
mod view;
mod world;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use parking_lot::{Mutex, MutexGuard};

use crate::Urls;
use crate::core::Core;
use notify::Notifier;
pub use sanitize::sanitize;
use world::World;

// For whoever must make notifications without a whole emulator.
pub use encrypt::Certificate;
pub use sign_in::{CHANGE_TRACKING_APP, published_keys, sign};

/// The emulator's name in control's paths, in fault rules and in the journals.
const PLATFORM: &str = "teams";

/// The Microsoft Teams emulator.
pub struct Teams {
    core: Arc<Core>,
    world: Mutex<World>,
    notifier: Notifier,
    urls: Urls,
}

impl Teams {
    /// An empty emulator; its background work ends when the sandbox stops.
    pub fn new(core: Arc<Core>, urls: &Urls) -> Arc<Self> {
        let mut seed = [0u8; 8];
        core.ids.fill(&mut seed);
        let (notifier, queue) = Notifier::new();
        let teams = Arc::new(Self {
            world: Mutex::new(World::new(u64::from_le_bytes(seed))),
            core,
            notifier,
            urls: urls.clone(),
        });
        tokio::spawn(notify::pump(teams.clone(), queue));
        tokio::spawn(lifecycle::watch(teams.clone()));
        teams
    }

    /// Graph, with its upload and download addresses.
    pub fn graph_router(self: Arc<Self>) -> Router {
        Router::new().fallback(serve_graph).with_state(self)
    }

    /// Entra sign-in.
    pub fn login_router(self: Arc<Self>) -> Router {
        login::router(self)
    }

    /// The state, for a moment: never across an await.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock()
    }
}

async fn serve_graph(
    State(teams): State<Arc<Teams>>,
    request: Request,
) -> axum::response::Response {
    graph::serve(teams, request).await
}
