//! The control API: workspaces, apps, the human side, the view, faults, clock, limits, journals.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Core;
use super::faults::Rule;
use super::view::View;
use crate::Urls;

/// Why control refused. Answered as `{"error": …}` with the status.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// 400: what was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// 404: no such workspace, channel, person, message.
    #[error("{0}")]
    NotFound(String),
    /// 409: the platform would not let this person do it; its own error code.
    #[error("{0}")]
    Refused(String),
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::CONFLICT,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

type Answer = Result<Json<Value>, ControlError>;

/// What an emulator offers to control.
#[async_trait]
pub trait Emulator: Send + Sync + 'static {
    /// The name in control's paths: `slack`, `teams`.
    fn platform(&self) -> &'static str;

    /// `POST /{platform}/workspaces`.
    async fn create_workspace(&self, _body: Value) -> Result<Value, ControlError> {
        Err(ControlError::NotFound("not offered".into()))
    }

    /// `GET /{platform}/workspaces`.
    async fn workspaces(&self) -> Value {
        json!([])
    }

    /// `POST /{platform}/apps`.
    async fn create_app(&self, _body: Value) -> Result<Value, ControlError> {
        Err(ControlError::NotFound("not offered".into()))
    }

    /// `GET /{platform}/apps`.
    async fn apps(&self) -> Value {
        json!([])
    }

    /// `POST /{platform}/act`.
    async fn act(&self, _body: Value) -> Result<Value, ControlError> {
        Err(ControlError::NotFound("not offered".into()))
    }

    /// `GET /{platform}/view`.
    async fn view(&self, _ask: ViewAsk) -> Result<View, ControlError> {
        Err(ControlError::NotFound("not offered".into()))
    }

    /// `POST /{platform}/consent`: answers with `redirect_to`.
    async fn consent(&self, _ask: ConsentAsk) -> Result<Value, ControlError> {
        Err(ControlError::NotFound("not offered".into()))
    }

    /// Forgets everything of this platform (`POST /reset`).
    async fn reset(&self) {}

    /// More routes, below `/{platform}`.
    fn control_routes(self: Arc<Self>) -> Router {
        Router::new()
    }

    /// This platform's part of `GET /`, plain text.
    fn help(&self) -> &'static str {
        ""
    }
}

/// Which channel is to be seen, and by whom.
#[derive(Debug, Clone, Deserialize)]
pub struct ViewAsk {
    /// Workspace id or name.
    pub workspace: String,
    /// Channel id or name.
    pub channel: String,
    /// The person who looks; nobody: everything is shown.
    #[serde(rename = "as")]
    pub by: Option<String>,
}

/// A person's answer on a consent page.
#[derive(Debug, Clone, Deserialize)]
pub struct ConsentAsk {
    /// The whole authorize URL that the app sent the person to.
    pub authorize_url: String,
    /// Who signs in: id, name or e-mail.
    #[serde(rename = "as")]
    pub by: Option<String>,
    /// Approve or deny.
    #[serde(default = "yes")]
    pub approve: bool,
    /// Which workspace, where the URL leaves it open.
    pub workspace: Option<String>,
}

fn yes() -> bool {
    true
}

struct Control {
    core: Arc<Core>,
    emulators: HashMap<&'static str, Arc<dyn Emulator>>,
    urls: Urls,
    help: String,
}

type Shared = State<Arc<Control>>;

/// Builds the control API over the emulators.
pub fn router(core: Arc<Core>, emulators: Vec<Arc<dyn Emulator>>, urls: &Urls) -> Router {
    let mut help = include_str!("help.txt").to_owned();
    let mut own = Router::new();
    for emulator in &emulators {
        help.push('\n');
        help.push_str(emulator.help());
        let routes = emulator.clone().control_routes();
        if routes.has_routes() {
            own = own.nest(&format!("/{}", emulator.platform()), routes);
        }
    }
    let emulators = emulators.into_iter().map(|e| (e.platform(), e)).collect();
    let control = Arc::new(Control { core, emulators, urls: urls.clone(), help });
    Router::new()
        .route("/", get(|State(control): Shared| async move { control.help.clone() }))
        .route("/urls", get(|State(control): Shared| async move { Json(json!(control.urls)) }))
        .route("/{platform}/workspaces", post(create_workspace).get(workspaces))
        .route("/{platform}/apps", post(create_app).get(apps))
        .route("/{platform}/act", post(act))
        .route("/{platform}/view", get(view))
        .route("/{platform}/consent", post(consent))
        .route("/faults", post(add_fault).get(faults).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/clock", get(clock).post(set_clock))
        .route("/limits", post(set_limits))
        .route("/calls", get(calls).delete(forget_calls))
        .route("/webhooks", get(webhooks))
        .route("/idle", get(idle))
        .route("/reset", post(reset))
        .with_state(control)
        .merge(own)
        .fallback(|| async { ControlError::NotFound("no such path; GET / lists them".into()) })
        .layer(axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024))
}

impl Control {
    fn emulator(&self, platform: &str) -> Result<&Arc<dyn Emulator>, ControlError> {
        self.emulators
            .get(platform)
            .ok_or_else(|| ControlError::NotFound(format!("no platform {platform}")))
    }
}

/// A JSON body read from any content type, with control's own error shape.
fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ControlError> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| ControlError::Invalid(error.to_string()))
}

async fn create_workspace(
    State(control): Shared,
    Path(platform): Path<String>,
    bytes: axum::body::Bytes,
) -> Answer {
    Ok(Json(control.emulator(&platform)?.create_workspace(body(&bytes)?).await?))
}

async fn workspaces(State(control): Shared, Path(platform): Path<String>) -> Answer {
    Ok(Json(control.emulator(&platform)?.workspaces().await))
}

async fn create_app(
    State(control): Shared,
    Path(platform): Path<String>,
    bytes: axum::body::Bytes,
) -> Answer {
    Ok(Json(control.emulator(&platform)?.create_app(body(&bytes)?).await?))
}

async fn apps(State(control): Shared, Path(platform): Path<String>) -> Answer {
    Ok(Json(control.emulator(&platform)?.apps().await))
}

async fn act(
    State(control): Shared,
    Path(platform): Path<String>,
    bytes: axum::body::Bytes,
) -> Answer {
    Ok(Json(control.emulator(&platform)?.act(body(&bytes)?).await?))
}

async fn view(
    State(control): Shared,
    Path(platform): Path<String>,
    Query(ask): Query<Value>,
) -> Result<Json<View>, ControlError> {
    let ask: ViewAsk =
        serde_json::from_value(ask).map_err(|error| ControlError::Invalid(error.to_string()))?;
    Ok(Json(control.emulator(&platform)?.view(ask).await?))
}

async fn consent(
    State(control): Shared,
    Path(platform): Path<String>,
    bytes: axum::body::Bytes,
) -> Answer {
    Ok(Json(control.emulator(&platform)?.consent(body(&bytes)?).await?))
}

async fn add_fault(State(control): Shared, bytes: axum::body::Bytes) -> Answer {
    let rule: Rule = body(&bytes)?;
    if !control.emulators.contains_key(rule.platform.as_str()) {
        return Err(ControlError::Invalid(format!("no platform {}", rule.platform)));
    }
    Ok(Json(json!({"id": control.core.faults.add(rule)})))
}

async fn faults(State(control): Shared) -> Json<Value> {
    Json(json!(control.core.faults.list()))
}

async fn clear_faults(State(control): Shared) -> StatusCode {
    control.core.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(
    State(control): Shared,
    Path(id): Path<String>,
) -> Result<StatusCode, ControlError> {
    if control.core.faults.remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ControlError::NotFound(format!("no fault {id}")))
    }
}

async fn clock(State(control): Shared) -> Json<Value> {
    let clock = &control.core.clock;
    Json(json!({"now": clock.now().to_string(), "speed": clock.speed()}))
}

#[derive(Deserialize)]
struct SetClock {
    speed: Option<f64>,
    advance_ms: Option<u64>,
}

async fn set_clock(state: Shared, bytes: axum::body::Bytes) -> Answer {
    let set: SetClock = body(&bytes)?;
    if let Some(speed) = set.speed {
        state.core.clock.set_speed(speed);
    }
    if let Some(ms) = set.advance_ms {
        state.core.clock.advance(Duration::from_millis(ms));
    }
    Ok(clock(state).await)
}

#[derive(Deserialize)]
struct SetLimits {
    platform: String,
    off: bool,
}

async fn set_limits(State(control): Shared, bytes: axum::body::Bytes) -> Answer {
    let set: SetLimits = body(&bytes)?;
    control.core.limits.set_off(&set.platform, set.off);
    Ok(Json(json!({"platform": set.platform, "off": set.off})))
}

#[derive(Deserialize)]
struct JournalAsk {
    platform: Option<String>,
    operation: Option<String>,
    event: Option<String>,
    limit: Option<usize>,
}

async fn calls(State(control): Shared, Query(ask): Query<JournalAsk>) -> Json<Value> {
    let limit = ask.limit.unwrap_or(1000);
    Json(control.core.calls.read(ask.platform.as_deref(), ask.operation.as_deref(), limit))
}

async fn forget_calls(State(control): Shared) -> StatusCode {
    control.core.calls.reset();
    StatusCode::NO_CONTENT
}

async fn webhooks(State(control): Shared, Query(ask): Query<JournalAsk>) -> Json<Value> {
    let limit = ask.limit.unwrap_or(1000);
    Json(control.core.webhooks.read(ask.platform.as_deref(), ask.event.as_deref(), limit))
}

#[derive(Deserialize)]
struct IdleAsk {
    timeout_ms: Option<u64>,
}

/// Waits until nothing is queued or in flight, at most `timeout_ms` (default 30 s). A webhook that waits for its
/// next retry does not count: it may wait for minutes.
async fn idle(State(control): Shared, Query(ask): Query<IdleAsk>) -> Json<Value> {
    let limit = Duration::from_millis(ask.timeout_ms.unwrap_or(30_000));
    let idle = tokio::time::timeout(limit, control.core.idle.wait()).await.is_ok();
    Json(json!({
        "idle": idle,
        "under_way": control.core.idle.under_way(),
        "waiting_for_retry": control.core.webhooks.waiting_for_retry(),
    }))
}

async fn reset(State(control): Shared) -> Json<Value> {
    for emulator in control.emulators.values() {
        emulator.reset().await;
    }
    control.core.faults.clear();
    control.core.limits.reset();
    control.core.calls.reset();
    control.core.webhooks.reset();
    Json(json!({"ok": true}))
}
