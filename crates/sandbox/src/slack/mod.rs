//! Slack: Web API, OAuth, Events API, files, buttons; and its human side.
//!
//! What is emulated from where: the Web API and events from the vendor's OpenAPI and AsyncAPI descriptions and its
//! SDKs' recorded payloads; limits, retries and formats from its reference pages.

mod api;
mod apps;
mod args;
mod channels;
mod delivery;
mod emoji;
mod error;
mod events;
mod files;
mod http;
mod human;
mod json;
mod markup;
mod oauth;
mod scopes;
mod setup;
mod stage;
mod tokens;
mod ts;
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

/// The Slack emulator.
pub struct Slack {
    core: Arc<Core>,
    base: String,
    state: Mutex<State>,
    me: Weak<Slack>,
}

impl Slack {
    /// An empty emulator.
    pub fn new(core: Arc<Core>, urls: &Urls) -> Arc<Self> {
        let base = urls.slack.clone();
        Arc::new_cyclic(|me| Self {
            core,
            state: Mutex::new(State { base: base.clone(), ..State::default() }),
            base,
            me: me.clone(),
        })
    }

    /// Everything under Slack's address.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/api/{method}", any(http::call))
            .route("/oauth/v2/authorize", get(oauth::page).post(oauth::submit))
            .route("/upload/v1/{id}", any(files::upload))
            .route("/files-pri/{file}/{name}", get(files::download))
            .route("/files-pri/{file}/download/{name}", get(files::download_as))
            .route("/actions/{team}/{action}/{secret}", post(human::respond))
            .route("/signin", get(files::sign_in))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self)
    }

    fn stage(&self) -> Stage<'_> {
        Stage { core: &self.core, slack: self, state: self.state.lock() }
    }
}

#[async_trait]
impl Emulator for Slack {
    fn platform(&self) -> &'static str {
        "slack"
    }

    async fn create_workspace(&self, body: Value) -> Result<Value, ControlError> {
        setup::create(self, body)
    }

    async fn workspaces(&self) -> Value {
        setup::list(self)
    }

    async fn create_app(&self, body: Value) -> Result<Value, ControlError> {
        apps::create(self, body).await
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
