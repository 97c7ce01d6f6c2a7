//! Registering apps: by control, from a manifest; the handshake with their request URL.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Slack;
use super::delivery::Signed;
use super::events::{PATIENCE, challenge};
use super::stage::Stage;
use super::world::{App, Deliveries, UrlState};
use crate::core::ControlError;
use crate::core::webhooks::{Outcome, Webhook};

/// What can be said of an app directly; the rest is in its manifest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    name: Option<String>,
    bot_name: Option<String>,
    icon_url: Option<String>,
    redirect_urls: Option<Vec<String>>,
    bot_scopes: Option<BTreeSet<String>>,
    user_scopes: Option<BTreeSet<String>>,
    request_url: Option<String>,
    bot_events: Option<BTreeSet<String>>,
    user_events: Option<BTreeSet<String>>,
    interactivity_url: Option<String>,
    token_rotation: Option<bool>,
    signing_secret: Option<String>,
    disable_floor: Option<usize>,
    manifest: Option<Value>,
    /// Workspaces to install in at once: `{"workspace", "as"}` or just the workspace's id or name.
    install: Option<Vec<Value>>,
}

fn strings(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A manifest as JSON text or as JSON.
pub(crate) fn parse_manifest(value: &Value) -> Result<Value, String> {
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
        other => other.clone(),
    };
    if parsed["display_information"]["name"].as_str().is_none_or(str::is_empty) {
        return Err("display_information/name is missing".to_owned());
    }
    Ok(parsed)
}

/// Puts into `app` what `manifest` says.
pub(crate) fn apply_manifest(app: &mut App, manifest: Value) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let settings = &manifest["settings"];
    let oauth = &manifest["oauth_config"];
    if let Some(name) = text(&manifest["display_information"]["name"]) {
        app.name = name;
    }
    app.bot_name =
        text(&manifest["features"]["bot_user"]["display_name"]).unwrap_or_else(|| app.name.clone());
    app.redirect_urls = strings(&oauth["redirect_urls"]).into_iter().collect();
    app.bot_scopes = strings(&oauth["scopes"]["bot"]);
    app.user_scopes = strings(&oauth["scopes"]["user"]);
    app.rotation = settings["token_rotation_enabled"].as_bool().unwrap_or(false);
    let events = &settings["event_subscriptions"];
    app.bot_events = strings(&events["bot_events"]);
    app.user_events = strings(&events["user_events"]);
    let url = text(&events["request_url"]);
    if url != app.request_url {
        app.url_state = UrlState::None;
        app.request_url = url;
    }
    app.interactivity_url = text(&settings["interactivity"]["request_url"]);
    app.manifest = manifest;
}

impl Stage<'_> {
    /// An app with fresh id and secrets, and nothing else.
    pub(crate) fn new_app(&self, name: &str) -> App {
        let ids = &self.core.ids;
        App {
            id: format!("A{}", ids.upper(10)),
            name: name.to_owned(),
            client_id: format!("{}.{}", ids.digits(12), ids.digits(13)),
            client_secret: ids.hex(32),
            signing_secret: ids.hex(32),
            verification_token: ids.alnum(24),
            redirect_urls: Vec::new(),
            bot_scopes: BTreeSet::new(),
            user_scopes: BTreeSet::new(),
            bot_events: BTreeSet::new(),
            user_events: BTreeSet::new(),
            request_url: None,
            url_state: UrlState::None,
            interactivity_url: None,
            rotation: false,
            icon: None,
            bot_name: name.to_owned(),
            manifest: Value::Null,
            deliveries: Deliveries { floor: 1000, ..Deliveries::default() },
        }
    }
}

fn shown(app: &App, base: &str) -> Value {
    let (state, why) = match &app.url_state {
        UrlState::None => ("none", None),
        UrlState::Verified => ("verified", None),
        UrlState::Failed(why) => ("failed", Some(why)),
        UrlState::Disabled => ("disabled", None),
    };
    let join =
        |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let authorize = url::Url::parse_with_params(
        &format!("{base}/oauth/v2/authorize"),
        [
            ("client_id", app.client_id.as_str()),
            ("scope", &join(&app.bot_scopes)),
            ("user_scope", &join(&app.user_scopes)),
        ],
    );
    json!({
        "id": app.id, "name": app.name, "client_id": app.client_id,
        "client_secret": app.client_secret, "signing_secret": app.signing_secret,
        "verification_token": app.verification_token, "redirect_urls": app.redirect_urls,
        "bot_scopes": app.bot_scopes, "user_scopes": app.user_scopes, "token_rotation": app.rotation,
        "authorize_url": authorize.map(String::from).unwrap_or_default(),
        "events": {"request_url": app.request_url, "state": state, "error": why,
            "bot_events": app.bot_events, "user_events": app.user_events},
        "interactivity_url": app.interactivity_url,
    })
}

pub(crate) fn list(slack: &Slack) -> Value {
    slack.state.lock().apps.values().map(|app| shown(app, &slack.base)).collect()
}

pub(crate) async fn create(slack: &Slack, body: Value) -> Result<Value, ControlError> {
    let given: Given =
        serde_json::from_value(body).map_err(|e| ControlError::Invalid(e.to_string()))?;
    let (id, installs) = {
        let mut stage = slack.stage();
        let mut app = stage.new_app(given.name.as_deref().unwrap_or("App"));
        if let Some(manifest) = &given.manifest {
            apply_manifest(&mut app, parse_manifest(manifest).map_err(ControlError::Invalid)?);
        }
        let id = app.id.clone();
        let install = given.install.clone().unwrap_or_default();
        fill(&mut app, given);
        stage.state.apps.insert(id.clone(), app);
        let mut installs = Vec::new();
        for target in install {
            installs.push(stage.install_directly(&id, &target)?);
        }
        (id, installs)
    };
    verify(slack, &id).await;
    let state = slack.state.lock();
    let mut answer = state.apps.get(&id).map(|app| shown(app, &slack.base)).unwrap_or_default();
    if !installs.is_empty() {
        answer["installs"] = installs.into();
    }
    Ok(answer)
}

fn fill(app: &mut App, given: Given) {
    if let Some(name) = given.name {
        app.bot_name.clone_from(&name);
        app.name = name;
    }
    if let Some(name) = given.bot_name {
        app.bot_name = name;
    }
    app.icon = given.icon_url.or(app.icon.take());
    app.redirect_urls = given.redirect_urls.unwrap_or(std::mem::take(&mut app.redirect_urls));
    app.bot_scopes = given.bot_scopes.unwrap_or(std::mem::take(&mut app.bot_scopes));
    app.user_scopes = given.user_scopes.unwrap_or(std::mem::take(&mut app.user_scopes));
    app.bot_events = given.bot_events.unwrap_or(std::mem::take(&mut app.bot_events));
    app.user_events = given.user_events.unwrap_or(std::mem::take(&mut app.user_events));
    app.rotation = given.token_rotation.unwrap_or(app.rotation);
    app.request_url = given.request_url.or(app.request_url.take());
    app.interactivity_url = given.interactivity_url.or(app.interactivity_url.take());
    if let Some(secret) = given.signing_secret {
        app.signing_secret = secret;
    }
    if let Some(floor) = given.disable_floor {
        app.deliveries.floor = floor;
    }
}

impl Stage<'_> {
    /// Installs with all the scopes the app asks for, without the OAuth round trip.
    fn install_directly(&mut self, app: &str, target: &Value) -> Result<Value, ControlError> {
        let name = target.as_str().or(target["workspace"].as_str()).unwrap_or("");
        let workspace = self.state.workspaces.values().find(|w| w.id == name || w.name == name);
        let workspace =
            workspace.ok_or_else(|| ControlError::NotFound(format!("no workspace {name}")))?;
        let user = match target["as"].as_str() {
            Some(who) => workspace.find_user(who),
            None => workspace.users.values().find(|user| user.admin),
        };
        let user = user.ok_or_else(|| ControlError::NotFound("nobody to install it".into()))?;
        let (team, user) = (workspace.id.clone(), user.id.clone());
        let known = self.state.apps.get(app);
        let (bot, people) =
            known.map(|app| (app.bot_scopes.clone(), app.user_scopes.clone())).unwrap_or_default();
        self.install(app, &team, &user, &bot, &people)
            .map_err(|fail| ControlError::Refused(fail.code.to_owned()))
    }
}

/// The handshake: the request URL must echo a challenge before events are sent to it.
pub(crate) async fn verify(slack: &Slack, id: &str) {
    let (url, body, word, secret) = {
        let state = slack.state.lock();
        let Some(app) = state.apps.get(id) else { return };
        let Some(url) = app.request_url.clone() else { return };
        let word = slack.core.ids.alnum(52);
        (url, challenge(app, &word).to_string(), word, app.signing_secret.clone())
    };
    let webhook = Webhook {
        platform: "slack",
        event: "url_verification".to_owned(),
        about: id.to_owned(),
        lane: 0,
        url,
        body: body.into(),
        timeout: PATIENCE,
        policy: Arc::new(Signed::json(&secret)),
    };
    let outcome = slack.core.webhooks.call(webhook).await;
    let state = match outcome {
        Outcome::Answered { status: 200..=299, body, .. } if echoes(&body, &word) => {
            UrlState::Verified
        }
        Outcome::Answered { status: 200..=299, .. } => {
            UrlState::Failed("the challenge was not echoed".to_owned())
        }
        Outcome::Answered { status, .. } => UrlState::Failed(format!("answered {status}")),
        Outcome::TimedOut => UrlState::Failed("no answer within 3 seconds".to_owned()),
        Outcome::Failed(why) => UrlState::Failed(why),
    };
    if let Some(app) = slack.state.lock().apps.get_mut(id) {
        app.url_state = state;
        app.deliveries.recent.clear();
        app.deliveries.failed = 0;
    }
}

/// As plain text, as a form, or as JSON.
fn echoes(body: &[u8], word: &str) -> bool {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    text == word
        || text.strip_prefix("challenge=") == Some(word)
        || serde_json::from_str::<Value>(text).is_ok_and(|value| value["challenge"] == word)
}

/// Control's routes that only Slack has.
pub(crate) fn routes(slack: Arc<Slack>) -> Router {
    Router::new()
        .route("/apps/{id}/verify", post(verify_again))
        .route("/apps/{id}/install", post(install))
        .route("/apps/{id}/uninstall", post(uninstall))
        .route("/apps/{id}/revoke", post(revoke))
        .route("/apps/{id}", delete(remove).patch(change))
        .with_state(slack)
}

type Answer = Result<Json<Value>, ControlError>;

fn app_of(slack: &Slack, id: &str) -> Result<Value, ControlError> {
    let state = slack.state.lock();
    let app = state.apps.get(id).ok_or_else(|| ControlError::NotFound(format!("no app {id}")))?;
    Ok(shown(app, &slack.base))
}

async fn verify_again(State(slack): State<Arc<Slack>>, Path(id): Path<String>) -> Answer {
    app_of(&slack, &id)?;
    verify(&slack, &id).await;
    app_of(&slack, &id).map(Json)
}

async fn change(
    State(slack): State<Arc<Slack>>,
    Path(id): Path<String>,
    Json(given): Json<Given>,
) -> Answer {
    app_of(&slack, &id)?;
    if let Some(app) = slack.state.lock().apps.get_mut(&id) {
        fill(app, given);
    }
    verify(&slack, &id).await;
    app_of(&slack, &id).map(Json)
}

async fn install(
    State(slack): State<Arc<Slack>>,
    Path(id): Path<String>,
    Json(target): Json<Value>,
) -> Answer {
    app_of(&slack, &id)?;
    slack.stage().install_directly(&id, &target).map(Json)
}

#[derive(Deserialize)]
struct Where {
    workspace: String,
}

impl Where {
    fn team(&self, stage: &Stage<'_>) -> Result<String, ControlError> {
        let mut all = stage.state.workspaces.values();
        let found = all.find(|w| w.id == self.workspace || w.name == self.workspace);
        let missing = || ControlError::NotFound(format!("no workspace {}", self.workspace));
        found.map(|w| w.id.clone()).ok_or_else(missing)
    }
}

/// A person with the right to do so removes the app from a workspace.
async fn uninstall(
    State(slack): State<Arc<Slack>>,
    Path(id): Path<String>,
    Json(place): Json<Where>,
) -> Answer {
    let mut stage = slack.stage();
    let team = place.team(&stage)?;
    stage.uninstall(&team, &id);
    Ok(Json(json!({"ok": true})))
}

/// All of the app's tokens are revoked; it stays in the workspace.
async fn revoke(
    State(slack): State<Arc<Slack>>,
    Path(id): Path<String>,
    Json(place): Json<Where>,
) -> Answer {
    let mut stage = slack.stage();
    let team = place.team(&stage)?;
    stage.revoke_all(&team, &id);
    Ok(Json(json!({"ok": true})))
}

async fn remove(State(slack): State<Arc<Slack>>, Path(id): Path<String>) -> Answer {
    app_of(&slack, &id)?;
    slack.stage().remove_app(&id);
    Ok(Json(json!({"ok": true})))
}

impl Stage<'_> {
    /// Uninstalls an app everywhere and forgets it.
    pub(crate) fn remove_app(&mut self, id: &str) {
        let teams: Vec<String> = self.state.workspaces.keys().cloned().collect();
        for team in teams {
            self.uninstall(&team, id);
        }
        self.state.apps.remove(id);
    }
}
