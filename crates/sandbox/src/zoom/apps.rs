//! Registering apps by control, adding them to accounts, taking them away.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Zoom;
use super::stage::Stage;
use super::validation;
use super::world::{App, AppKind, Endpoint, EndpointState};
use crate::core::ControlError;

/// An app as given to control.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    name: Option<String>,
    /// `user` (default), `account` or `server`.
    kind: Option<String>,
    redirect_urls: Option<Vec<String>>,
    scopes: Option<BTreeSet<String>>,
    events: Option<BTreeSet<String>>,
    event_url: Option<String>,
    secret_token: Option<String>,
    /// Accounts, and people of them, to be added for at once: `{"workspace", "as"}` or just the account's name.
    install: Vec<Value>,
}

fn shown(app: &App, base: &str) -> Value {
    let (state, why) = match &app.endpoint.state {
        EndpointState::None => ("none", None),
        EndpointState::Validated => ("validated", None),
        EndpointState::Failed(why) => ("failed", Some(why)),
        EndpointState::Disabled => ("disabled", None),
    };
    let kind = match app.kind {
        AppKind::User => "user",
        AppKind::Account => "account",
        AppKind::Server => "server",
    };
    let redirect = app.redirect_urls.first().map_or("", String::as_str);
    let authorize = url::Url::parse_with_params(
        &format!("{base}/oauth/authorize"),
        [
            ("response_type", "code"),
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", redirect),
        ],
    );
    json!({
        "id": app.id, "name": app.name, "kind": kind, "client_id": app.client_id,
        "client_secret": app.client_secret, "secret_token": app.secret_token,
        "redirect_urls": app.redirect_urls, "scopes": app.scopes,
        "authorize_url": authorize.map(String::from).unwrap_or_default(),
        "events": {"url": app.event_url, "state": state, "error": why, "types": app.events,
            "failed_revalidations": app.endpoint.failures, "warnings": app.endpoint.warnings},
    })
}

pub(crate) fn list(zoom: &Zoom) -> Value {
    zoom.state.lock().apps.values().map(|app| shown(app, &zoom.base)).collect()
}

pub(crate) async fn create(zoom: &Zoom, body: Value) -> Result<Value, ControlError> {
    let mut given: Given =
        serde_json::from_value(body).map_err(|error| ControlError::Invalid(error.to_string()))?;
    let kind = match given.kind.as_deref() {
        None | Some("user") => AppKind::User,
        Some("account") => AppKind::Account,
        Some("server") => AppKind::Server,
        Some(other) => return Err(ControlError::Invalid(format!("no kind of app: {other}"))),
    };
    let targets = std::mem::take(&mut given.install);
    let (id, installs) = {
        let mut stage = zoom.stage();
        let ids = &stage.core.ids;
        let mut app = App {
            id: stage.fresh_id(),
            name: "App".to_owned(),
            kind,
            client_id: ids.alnum(22),
            client_secret: ids.alnum(32),
            secret_token: ids.alnum(22),
            redirect_urls: Vec::new(),
            scopes: BTreeSet::new(),
            events: BTreeSet::new(),
            event_url: None,
            endpoint: Endpoint::default(),
        };
        let id = app.id.clone();
        fill(&mut app, given);
        stage.state.apps.insert(id.clone(), app);
        let mut installs = Vec::new();
        for target in &targets {
            installs.push(stage.add_directly(&id, target)?);
        }
        (id, installs)
    };
    validation::by_hand(zoom, &id).await;
    let mut answer = app_of(zoom, &id)?;
    if !installs.is_empty() {
        answer["installs"] = installs.into();
    }
    Ok(answer)
}

fn fill(app: &mut App, given: Given) {
    let set = |field: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *field = value;
        }
    };
    set(&mut app.name, given.name);
    set(&mut app.secret_token, given.secret_token);
    app.redirect_urls = given.redirect_urls.unwrap_or(std::mem::take(&mut app.redirect_urls));
    app.scopes = given.scopes.unwrap_or(std::mem::take(&mut app.scopes));
    app.events = given.events.unwrap_or(std::mem::take(&mut app.events));
    app.event_url = given.event_url.or(app.event_url.take());
}

fn app_of(zoom: &Zoom, id: &str) -> Result<Value, ControlError> {
    let state = zoom.state.lock();
    let app = state.apps.get(id).ok_or_else(|| ControlError::NotFound(format!("no app {id}")))?;
    Ok(shown(app, &zoom.base))
}

/// Where an app is added, or taken away, and for whom.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    workspace: String,
    #[serde(rename = "as")]
    by: Option<String>,
}

impl Stage<'_> {
    fn find(&self, target: &Target) -> Result<(String, Option<String>), ControlError> {
        let account = self.state.find_account(&target.workspace);
        let account = account
            .ok_or_else(|| ControlError::NotFound(format!("no account {}", target.workspace)))?;
        let user = target.by.as_ref().map(|who| {
            let user = account.find_user(who);
            user.ok_or_else(|| ControlError::NotFound(format!("no person {who}")))
        });
        Ok((account.id.clone(), user.transpose()?.map(|user| user.id.clone())))
    }

    /// Adds an app with all of its scopes, without the OAuth round trip; answers as the token endpoint does.
    fn add_directly(&mut self, app: &str, target: &Value) -> Result<Value, ControlError> {
        let target = match target {
            Value::String(name) => Target { workspace: name.clone(), by: None },
            other => serde_json::from_value(other.clone())
                .map_err(|error| ControlError::Invalid(error.to_string()))?,
        };
        let (account, user) = self.find(&target)?;
        let admin = || {
            let users = &self.state.accounts.get(&account)?.users;
            users.values().find(|user| user.admin).map(|user| user.id.clone())
        };
        let user = user.or_else(admin);
        let user = user.ok_or_else(|| ControlError::NotFound("nobody to add it".to_owned()))?;
        let known = self.state.apps.get(app).map(|app| (Arc::new(app.scopes.clone()), app.kind));
        let (scopes, kind) =
            known.ok_or_else(|| ControlError::NotFound(format!("no app {app}")))?;
        self.add_app(app, &account, &user, &scopes);
        let mut answer = if kind == AppKind::Server {
            json!({})
        } else {
            self.fresh_tokens(app, &account, &user, scopes)
        };
        answer["account_id"] = account.into();
        answer["user_id"] = user.into();
        Ok(answer)
    }
}

/// Control's routes that only Zoom has.
pub(crate) fn routes(zoom: Arc<Zoom>) -> Router {
    Router::new()
        .route("/apps/{id}/validate", post(validate))
        .route("/apps/{id}/revalidate", post(revalidate))
        .route("/apps/{id}/install", post(install))
        .route("/apps/{id}/uninstall", post(uninstall))
        .route("/apps/{id}", delete(remove).patch(change))
        .with_state(zoom)
}

type Answer = Result<Json<Value>, ControlError>;

/// An admin clicks *Validate*; it also switches a disabled subscription on again.
async fn validate(State(zoom): State<Arc<Zoom>>, Path(id): Path<String>) -> Answer {
    app_of(&zoom, &id)?;
    validation::by_hand(&zoom, &id).await;
    app_of(&zoom, &id).map(Json)
}

/// The check that Zoom repeats every 72 hours, now.
async fn revalidate(State(zoom): State<Arc<Zoom>>, Path(id): Path<String>) -> Answer {
    app_of(&zoom, &id)?;
    validation::again(&zoom, &id).await;
    app_of(&zoom, &id).map(Json)
}

async fn change(
    State(zoom): State<Arc<Zoom>>,
    Path(id): Path<String>,
    Json(given): Json<Given>,
) -> Answer {
    app_of(&zoom, &id)?;
    if let Some(app) = zoom.state.lock().apps.get_mut(&id) {
        fill(app, given);
    }
    validation::by_hand(&zoom, &id).await;
    app_of(&zoom, &id).map(Json)
}

async fn install(
    State(zoom): State<Arc<Zoom>>,
    Path(id): Path<String>,
    Json(target): Json<Value>,
) -> Answer {
    zoom.stage().add_directly(&id, &target).map(Json)
}

/// Somebody removes the app; its tokens are bad from now on.
async fn uninstall(
    State(zoom): State<Arc<Zoom>>,
    Path(id): Path<String>,
    Json(target): Json<Target>,
) -> Answer {
    app_of(&zoom, &id)?;
    let mut stage = zoom.stage();
    let (account, user) = stage.find(&target)?;
    stage.remove_app(&id, &account, user.as_deref());
    Ok(Json(json!({"ok": true})))
}

async fn remove(State(zoom): State<Arc<Zoom>>, Path(id): Path<String>) -> Answer {
    app_of(&zoom, &id)?;
    let mut stage = zoom.stage();
    let accounts: Vec<String> = stage.state.accounts.keys().cloned().collect();
    for account in accounts {
        stage.remove_app(&id, &account, None);
    }
    stage.state.apps.remove(&id);
    Ok(Json(json!({"ok": true})))
}
