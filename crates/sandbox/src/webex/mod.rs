//! Webex Messaging: API, OAuth, webhooks, files; and its human side.
//!
//! What is emulated from where: operations and their fields from the vendor's OpenAPI description and the examples in it;
//! OAuth, webhooks, formatting, attachments and paging from its pages *Integrations*, *Bots*, *Webhooks* and *REST API
//! Basics*. What the vendor leaves open is said where it is decided.

mod api;
mod apps;
mod bots;
mod contents;
mod delivery;
mod error;
mod hooks;
mod http;
mod human;
mod ids;
mod json;
mod markdown;
mod messages;
mod oauth;
mod pages;
mod rooms;
mod scopes;
mod setup;
mod stage;
mod teams;
mod tokens;
mod view;
mod world;

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use axum::Router;
use axum::routing::{any, get, post};
use parking_lot::Mutex;
use serde_json::Value;

use crate::Urls;
use crate::core::control::{ConsentAsk, ViewAsk};
use crate::core::view::View;
use crate::core::{ControlError, Core, Emulator};
use stage::Stage;
use world::State;

/// The Webex Messaging emulator.
pub struct Webex {
    core: Arc<Core>,
    base: String,
    state: Mutex<State>,
    me: Weak<Webex>,
}

impl Webex {
    /// An empty emulator.
    pub fn new(core: Arc<Core>, urls: &Urls) -> Arc<Self> {
        let base = urls.webex.clone();
        Arc::new_cyclic(|me| Self {
            core,
            state: Mutex::new(State { base: base.clone(), ..State::default() }),
            base,
            me: me.clone(),
        })
    }

    /// Everything under `webexapis.com`.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/v1/authorize", get(oauth::page).post(oauth::submit))
            .route("/v1/access_token", post(tokens::token))
            .route("/v1/{*path}", any(http::call))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self)
    }

    fn stage(&self) -> Stage<'_> {
        Stage { core: &self.core, state: self.state.lock(), webex: &self.me }
    }
}

#[async_trait]
impl Emulator for Webex {
    fn platform(&self) -> &'static str {
        "webex"
    }

    async fn create_workspace(&self, body: Value) -> Result<Value, ControlError> {
        setup::create(self, body)
    }

    async fn workspaces(&self) -> Value {
        setup::list(self)
    }

    async fn create_app(&self, body: Value) -> Result<Value, ControlError> {
        apps::create(self, body)
    }

    async fn apps(&self) -> Value {
        apps::list(self)
    }

    async fn act(&self, body: Value) -> Result<Value, ControlError> {
        human::act(self, body).await
    }

    async fn view(&self, ask: ViewAsk) -> Result<View, ControlError> {
        view::view(self, &ask)
    }

    async fn consent(&self, ask: ConsentAsk) -> Result<Value, ControlError> {
        oauth::consent(self, &ask)
    }

    async fn reset(&self) {
        *self.state.lock() = State { base: self.base.clone(), ..State::default() };
    }

    fn control_routes(self: Arc<Self>) -> Router {
        apps::routes(self)
    }

    fn help(&self) -> &'static str {
        include_str!("help.txt")
    }
}
