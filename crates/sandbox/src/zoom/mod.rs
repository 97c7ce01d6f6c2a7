//! Zoom Team Chat: API, OAuth, event subscriptions, files; and its human side.
//!
//! What is emulated from where: operations, their labels and scopes, and events from the vendor's OpenAPI descriptions
//! and the examples in them; limits, retries, validation and OAuth from its pages *Rate limits*, *Using webhooks* and
//! *OAuth 2.0*. What the vendor leaves open is said where it is decided.

mod api;
mod apps;
mod channels;
mod compose;
mod delivery;
mod error;
mod events;
mod files;
mod html;
mod http;
mod human;
mod json;
mod oauth;
mod pace;
mod pages;
mod ranges;
mod rates;
mod reaction;
mod scopes;
mod setup;
mod stage;
mod tokens;
mod told;
mod validation;
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

/// The Zoom Team Chat emulator.
pub struct Zoom {
    core: Arc<Core>,
    base: String,
    state: Mutex<State>,
    me: Weak<Zoom>,
}

impl Zoom {
    /// An empty emulator.
    pub fn new(core: Arc<Core>, urls: &Urls) -> Arc<Self> {
        let base = urls.zoom.clone();
        Arc::new_cyclic(|me| Self {
            core,
            state: Mutex::new(State { base: base.clone(), ..State::default() }),
            base,
            me: me.clone(),
        })
    }

    /// Everything under Zoom's addresses, which are one here: `zoom.us`, `api.zoom.us`, `file.zoom.us`.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/v2/{*path}", any(http::call))
            .route("/oauth/authorize", get(oauth::page).post(oauth::submit))
            .route("/oauth/token", post(tokens::token))
            .route("/oauth/revoke", post(tokens::revoke))
            .route("/file/download/{id}", get(files::download))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self)
    }

    fn stage(&self) -> Stage<'_> {
        Stage { core: &self.core, state: self.state.lock() }
    }
}

#[async_trait]
impl Emulator for Zoom {
    fn platform(&self) -> &'static str {
        "zoom"
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
