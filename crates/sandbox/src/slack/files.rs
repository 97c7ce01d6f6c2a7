//! Bytes in and out: the upload URL, sharing a moment after completion, downloads that need the token.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;

use super::Slack;
use super::world::{File, Kind, Message, Workspace};
use crate::core::files::Content;
use crate::core::{Made, drop_connection};

/// Emulated time between `completeUploadExternal` and the share.
const SHARING: Duration = Duration::from_millis(200);

/// Their own files, and those shared in public or where they are.
pub(crate) fn may_see(workspace: &Workspace, file: &File, user: &str) -> bool {
    file.user == user
        || file.shares.iter().any(|(channel, _)| {
            workspace
                .channels
                .get(channel)
                .is_some_and(|c| c.kind == Kind::Public || c.members.contains(user))
        })
}

/// `POST upload_url`: raw bytes or a form with one file. The URL is the authority; no token.
pub(crate) async fn upload(
    State(slack): State<Arc<Slack>>,
    Path(id): Path<String>,
    request: axum::extract::Request,
) -> Response {
    let gate = slack.core.gate("slack", "upload").await;
    let note = |status: StatusCode| {
        let status = if gate.reset || gate.lose_answer { 0 } else { status.as_u16() };
        slack.core.calls.note(
            "slack",
            Made {
                operation: "upload",
                status,
                about: id.clone(),
                faults: &gate.struck,
                ..Made::default()
            },
        );
    };
    if gate.reset {
        note(StatusCode::OK);
        return drop_connection();
    }
    if let Some((code, _)) = gate.refuse {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        note(status);
        return status.into_response();
    }
    let length = match slack.state.lock().uploads.get(&id) {
        Some(upload) if !upload.completed => upload.length,
        _ => {
            note(StatusCode::NOT_FOUND);
            return (StatusCode::NOT_FOUND, "no such upload").into_response();
        }
    };
    let content = match store(&slack, request).await {
        Ok(content) => content,
        Err(what) => {
            note(StatusCode::BAD_REQUEST);
            return (StatusCode::BAD_REQUEST, what).into_response();
        }
    };
    if content.size != length {
        note(StatusCode::BAD_REQUEST);
        let what = format!("expected {length} bytes, got {}", content.size);
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    if let Some(upload) = slack.state.lock().uploads.get_mut(&id) {
        upload.content = Some(content);
    }
    note(StatusCode::OK);
    if gate.lose_answer {
        return drop_connection();
    }
    (StatusCode::OK, format!("OK - {length}")).into_response()
}

async fn store(slack: &Slack, request: axum::extract::Request) -> Result<Content, String> {
    let form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/form-data"));
    if !form {
        let body = request.into_body().into_data_stream();
        return slack.core.files.write(body).await.map_err(|error| error.to_string());
    }
    let mut form: axum::extract::Multipart = request
        .extract()
        .await
        .map_err(|error: axum::extract::multipart::MultipartRejection| error.to_string())?;
    while let Some(field) = form.next_field().await.map_err(|error| error.to_string())? {
        if field.file_name().is_some() || matches!(field.name(), Some("file" | "filename")) {
            let body = field.map(|chunk| chunk.map_err(|error| error.to_string()));
            return slack.core.files.write(body).await.map_err(|error| error.to_string());
        }
    }
    Err("no file in the form".to_owned())
}

/// A completed upload on its way into a conversation.
pub(crate) struct Share {
    pub(crate) team: String,
    pub(crate) channel: String,
    pub(crate) draft: Message,
}

/// Shares after a moment; the fault `lost_share` makes it not happen although Slack said ok.
pub(crate) fn share_later(slack: &Slack, share: Share) {
    if slack.core.faults.strikes_special("slack", "lost_share", "files.completeUploadExternal") {
        return;
    }
    let Some(slack) = slack.me.upgrade() else { return };
    let busy = slack.core.idle.busy();
    tokio::spawn(async move {
        tokio::select! {
            () = slack.core.clock.sleep(SHARING) => slack.share(share),
            () = slack.core.stopping.cancelled() => {}
        }
        drop(busy);
    });
}

impl Slack {
    fn share(&self, share: Share) {
        let mut stage = self.stage();
        // The conversation may have gone in the meantime; Slack then shares nothing either.
        if let Err(fail) = stage.share(&share.team, &share.channel, share.draft) {
            tracing::debug!(error = fail.code, "a file was not shared");
        }
    }
}

impl super::stage::Stage<'_> {
    /// Posts a message with files and tells of each file.
    pub(crate) fn share(
        &mut self,
        team: &str,
        channel: &str,
        draft: Message,
    ) -> Result<super::ts::Ts, super::error::Fail> {
        let files = draft.files.clone();
        let user = draft.user.clone().unwrap_or_default();
        let ts = self.post(team, channel, draft)?;
        for id in files {
            if let Some(file) = self.workspace_mut(team)?.files.get_mut(&id) {
                file.shares.push((channel.to_owned(), ts));
            }
            let event_ts = self.fresh_ts(team)?.to_string();
            let event = json!({"type": "file_shared", "file_id": id, "user_id": user,
                "file": {"id": id}, "channel_id": channel, "event_ts": event_ts});
            self.tell(team, Some(channel), &event);
        }
        Ok(ts)
    }
}

/// A token in the query, as some links carry it.
#[derive(Deserialize)]
pub(crate) struct Ticket {
    t: Option<String>,
}

pub(crate) async fn download(
    State(slack): State<Arc<Slack>>,
    Path((file, _)): Path<(String, String)>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
) -> Response {
    serve(&slack, &file, ticket.t, &headers, false).await
}

pub(crate) async fn download_as(
    State(slack): State<Arc<Slack>>,
    Path((file, _)): Path<(String, String)>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
) -> Response {
    serve(&slack, &file, ticket.t, &headers, true).await
}

/// Without a token that may see it, Slack shows its sign-in page instead of an error.
pub(crate) async fn sign_in() -> Html<&'static str> {
    Html("<!doctype html><title>Sign in | Slack</title><h1>Sign in to your workspace</h1>")
}

async fn serve(
    slack: &Slack,
    path: &str,
    ticket: Option<String>,
    headers: &HeaderMap,
    attachment: bool,
) -> Response {
    let gate = slack.core.gate("slack", "download").await;
    let note = |status: u16| {
        let (about, faults) = (path.to_owned(), &gate.struck[..]);
        let made = Made { operation: "download", status, about, faults, ..Made::default() };
        slack.core.calls.note("slack", made);
    };
    if gate.reset || gate.lose_answer {
        note(0);
        return drop_connection();
    }
    if let Some((code, retry_after)) = gate.refuse {
        note(code);
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let found = find(slack, path, bearer.or(ticket));
    let response = match found {
        Ok((name, mime, content)) => match content.body(0).await {
            Ok(body) => with_headers(&name, &mime, content.size, body, attachment),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Err(StatusCode::FOUND) => {
            (StatusCode::FOUND, [(header::LOCATION, "/signin")]).into_response()
        }
        Err(status) => status.into_response(),
    };
    note(response.status().as_u16());
    response
}

fn find(
    slack: &Slack,
    path: &str,
    token: Option<String>,
) -> Result<(String, String, Content), StatusCode> {
    let stage = slack.stage();
    let (team, id) = path.split_once('-').ok_or(StatusCode::NOT_FOUND)?;
    let who = token.and_then(|token| stage.authenticate(&token).ok()).ok_or(StatusCode::FOUND)?;
    if !who.scopes.contains("files:read") || who.team != team {
        return Err(StatusCode::FOUND);
    }
    let workspace = stage.workspace(team).map_err(|_| StatusCode::NOT_FOUND)?;
    let file = workspace.files.get(id).filter(|file| !file.deleted).ok_or(StatusCode::NOT_FOUND)?;
    if !may_see(workspace, file, &who.user) {
        return Err(StatusCode::FOUND);
    }
    Ok((file.name.clone(), file.mime.clone(), file.content.clone()))
}

fn with_headers(name: &str, mime: &str, size: u64, body: Body, attachment: bool) -> Response {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let disposition = if attachment { "attachment" } else { "inline" };
    (
        [
            (header::CONTENT_TYPE, mime.to_owned()),
            (header::CONTENT_LENGTH, size.to_string()),
            (
                header::CONTENT_DISPOSITION,
                format!("{disposition}; filename*=UTF-8''{}", encoded.replace('+', "%20")),
            ),
        ],
        body,
    )
        .into_response()
}
