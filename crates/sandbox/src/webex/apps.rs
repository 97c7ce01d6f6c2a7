//! Registering integrations and bots by control, authorizing them, taking them away; and the state of webhooks.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Webex;
use super::bots::NewBot;
use super::json;
use super::stage::Stage;
use super::world::App;
use crate::core::ControlError;

/// An app as given to control.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    name: Option<String>,
    /// `integration` (default) or `bot`.
    kind: Option<String>,
    redirect_urls: Vec<String>,
    scopes: BTreeSet<String>,
    /// A bot's organization.
    workspace: Option<String>,
    /// A bot's address, `…@webex.bot`.
    email: Option<String>,
    avatar: Option<String>,
    /// People who authorize it at once: `{"workspace", "as"}`, or just an organization's name for its admin.
    install: Vec<Value>,
}

fn shown(app: &App, base: &str) -> Value {
    if let Some((person, token)) = &app.bot {
        return json!({"id": app.id, "name": app.name, "kind": "bot", "person": person,
            "access_token": token});
    }
    let redirect = app.redirect_urls.first().map_or("", String::as_str);
    let scope = app.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let asked = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", redirect),
        ("scope", &scope),
    ];
    let authorize = url::Url::parse_with_params(&format!("{base}/v1/authorize"), asked);
    json!({
        "id": app.id, "name": app.name, "kind": "integration", "client_id": app.client_id,
        "client_secret": app.client_secret, "redirect_urls": app.redirect_urls,
        "scopes": app.scopes, "authorize_url": authorize.map(String::from).unwrap_or_default(),
    })
}

pub(crate) fn list(webex: &Webex) -> Value {
    webex.state.lock().apps.values().map(|app| shown(app, &webex.base)).collect()
}

pub(crate) fn create(webex: &Webex, body: Value) -> Result<Value, ControlError> {
    let given: Given =
        serde_json::from_value(body).map_err(|error| ControlError::Invalid(error.to_string()))?;
    let mut stage = webex.stage();
    let install = given.install.clone();
    let id = match given.kind.as_deref() {
        None | Some("integration") => stage.register_integration(given),
        Some("bot") => stage.register_given_bot(given)?,
        Some(other) => return Err(ControlError::Invalid(format!("no kind of app: {other}"))),
    };
    let mut answer = stage.state.apps.get(&id).map(|app| shown(app, &webex.base));
    let mut installs = Vec::new();
    for target in &install {
        installs.push(stage.authorize_directly(&id, target)?);
    }
    if let Some(answer) = answer.as_mut().filter(|_| !installs.is_empty()) {
        answer["installs"] = installs.into();
    }
    Ok(answer.unwrap_or_default())
}

/// Who authorizes an integration, or takes its authorization away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    workspace: String,
    #[serde(rename = "as")]
    by: Option<String>,
}

impl Target {
    fn read(value: &Value) -> Result<Self, ControlError> {
        match value {
            Value::String(name) => Ok(Self { workspace: name.clone(), by: None }),
            other => serde_json::from_value(other.clone())
                .map_err(|error| ControlError::Invalid(error.to_string())),
        }
    }
}

impl Stage<'_> {
    fn register_integration(&mut self, given: Given) -> String {
        let (id, ids) = (self.fresh("APPLICATION"), &self.core.ids);
        let app = App {
            id: id.clone(),
            name: given.name.unwrap_or_else(|| "App".to_owned()),
            client_id: format!("C{}", ids.hex(64)),
            client_secret: ids.hex(64),
            redirect_urls: given.redirect_urls,
            scopes: given.scopes,
            bot: None,
        };
        self.state.apps.insert(id.clone(), app);
        id
    }

    fn register_given_bot(&mut self, given: Given) -> Result<String, ControlError> {
        let org = self.find_org(given.workspace.as_deref().unwrap_or(""))?.id.clone();
        let name = given.name.unwrap_or_else(|| "Bot".to_owned());
        let handle = name.to_lowercase().replace(' ', "");
        let email = given.email.unwrap_or_else(|| format!("{handle}@webex.bot"));
        Ok(self.register_bot(&org, NewBot { name, email, avatar: given.avatar })?)
    }

    /// Authorizes an integration with all of its scopes, without the OAuth round trip; answers as the token endpoint
    /// does.
    fn authorize_directly(&mut self, app: &str, target: &Value) -> Result<Value, ControlError> {
        let target = Target::read(target)?;
        let org = self.find_org(&target.workspace)?.id.clone();
        let person = match &target.by {
            Some(who) => self.find_person(&org, who)?.id.clone(),
            None => {
                let mut people = self.state.people.values();
                let admin = people.find(|person| person.org == org && person.admin);
                let admin = admin.map(|person| person.id.clone());
                admin.ok_or_else(|| ControlError::NotFound("nobody to authorize it".to_owned()))?
            }
        };
        let known = self.state.apps.get(app).filter(|app| app.bot.is_none());
        let scopes = known.map(|app| Arc::new(app.scopes.clone()));
        let scopes = scopes.ok_or_else(|| ControlError::NotFound(format!("no app {app}")))?;
        let mut answer = self.fresh_tokens(app, &person, scopes);
        answer["person"] = person.into();
        Ok(answer)
    }
}

/// Control's routes that only Webex has.
pub(crate) fn routes(webex: Arc<Webex>) -> Router {
    Router::new()
        .route("/apps/{id}/install", post(install))
        .route("/apps/{id}/uninstall", post(uninstall))
        .route("/apps/{id}", delete(remove))
        .route("/webhooks", get(webhooks))
        .route("/webhooks/{id}/deactivate", post(deactivate))
        .with_state(webex)
}

type Answer = Result<Json<Value>, ControlError>;

async fn install(
    State(webex): State<Arc<Webex>>,
    Path(id): Path<String>,
    Json(target): Json<Value>,
) -> Answer {
    webex.stage().authorize_directly(&id, &target).map(Json)
}

/// A person takes their authorization away.
async fn uninstall(
    State(webex): State<Arc<Webex>>,
    Path(id): Path<String>,
    Json(target): Json<Value>,
) -> Answer {
    let target = Target::read(&target)?;
    let mut stage = webex.stage();
    let org = stage.find_org(&target.workspace)?.id.clone();
    let by = target.by.unwrap_or_default();
    let person = stage.find_person(&org, &by)?.id.clone();
    stage.revoke(&id, Some(&person));
    Ok(Json(json!({"ok": true})))
}

async fn remove(State(webex): State<Arc<Webex>>, Path(id): Path<String>) -> Answer {
    let removed = webex.stage().remove_app(&id);
    removed.map_err(|fail| ControlError::NotFound(fail.message))?;
    Ok(Json(json!({"ok": true})))
}

/// All webhooks of everybody, with how often they failed within the last five minutes.
async fn webhooks(State(webex): State<Arc<Webex>>) -> Json<Value> {
    let state = webex.state.lock();
    let shown = state.webhooks.values().map(|hook| {
        let org = state.people.get(&hook.creator).map_or("", |person| person.org.as_str());
        let mut shown = json::webhook(hook, org);
        shown["failures"] = hook.failures.len().into();
        shown
    });
    Json(shown.collect())
}

/// What a hundred failures do, now.
async fn deactivate(State(webex): State<Arc<Webex>>, Path(id): Path<String>) -> Answer {
    let mut stage = webex.stage();
    let hook = stage.state.webhooks.get_mut(&id);
    let hook = hook.ok_or_else(|| ControlError::NotFound(format!("no webhook {id}")))?;
    hook.active = false;
    hook.failures.clear();
    Ok(Json(json!({"ok": true})))
}
