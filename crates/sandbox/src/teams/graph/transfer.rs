//! Bytes up and down: content in one request, upload sessions in parts, pre-authorized downloads.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::super::Teams;
use super::super::call::{Answer, Call, Reply};
use super::super::drive::{Conflict, Drive, File, Item, Upload};
use super::super::error::GraphError;
use super::super::json::time;
use super::super::odata::entity;
use super::drives::{self, Target};
use crate::core::files::Content;

/// A simple upload takes at most this.
const SIMPLE_LIMIT: u64 = 250 * 1024 * 1024;
/// Parts of an upload session are multiples of this.
const PART: u64 = 320 * 1024;
const PART_LIMIT: u64 = 60 * 1024 * 1024;
const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(24);

fn broken(error: &std::io::Error) -> GraphError {
    GraphError::new(500, "generalException", format!("The bytes could not be stored: {error}"))
}

fn too_large() -> GraphError {
    GraphError::new(413, "RequestEntityTooLarge", "The request entity is too large.")
}

/// A media type by the name's ending, as SharePoint guesses it.
pub(crate) fn mime_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("").to_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}

pub(super) fn download_url(teams: &Teams, drive: &Drive, item: &Item) -> String {
    let graph = &teams.urls.graph;
    format!(
        "{graph}/sandbox-download/{}/{}/{}",
        super::super::drive::encode(&drive.id),
        item.id,
        item.guid
    )
}

pub(super) async fn put(call: &mut Call, target: &Target) -> Answer {
    let length = call
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse().ok());
    if length.is_some_and(|l: u64| l > SIMPLE_LIMIT) {
        return Err(too_large());
    }
    let (folder, name) = {
        let world = call.world();
        drives::destination(call, &world, target)?
    };
    let body = call.body.take().unwrap_or_else(Body::empty);
    let mut size = 0u64;
    let body = body.into_data_stream().map(move |chunk| {
        let chunk = chunk.map_err(std::io::Error::other)?;
        size += chunk.len() as u64;
        if size > SIMPLE_LIMIT { Err(std::io::Error::other("too large")) } else { Ok(chunk) }
    });
    let content = match call.teams.core.files.write(body).await {
        Ok(content) => content,
        Err(error) if error.to_string().contains("too large") => return Err(too_large()),
        Err(error) => return Err(broken(&error)),
    };
    let sent = call.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let guessed = mime_of(&name);
    let mime = match sent {
        Some(sent) if guessed == "application/octet-stream" => sent,
        _ => guessed,
    };
    let file = File { mime: mime.to_owned(), content };
    let conflict = call.query.get("@microsoft.graph.conflictBehavior");
    let conflict = Conflict::parse(conflict, Conflict::Replace);
    let mut world = call.world();
    let by = call.token.user.as_deref();
    let (id, new) = world
        .put_item(&target.drive, &folder, &name, Some(file), conflict, by, call.now)
        .map_err(drives::taken)?;
    let made = Target { drive: target.drive.clone(), item: id, names: Vec::new() };
    let (drive, item) = drives::existing(call, &world, &made)?;
    super::reply_entity(
        if new { 201 } else { 200 },
        "driveItems/$entity",
        drives::shown(call, drive, item),
    )
}

/// The file behind `…/content`.
pub(super) fn file_of(call: &Call, target: &Target) -> Result<File, GraphError> {
    let world = call.world();
    let (_, item) = drives::existing(call, &world, target)?;
    item.file
        .clone()
        .ok_or_else(|| GraphError::new(400, "invalidRequest", "A folder has no content."))
}

pub(super) async fn download(
    teams: &Teams,
    drive: &str,
    item: &str,
    secret: &str,
    headers: &HeaderMap,
) -> Answer {
    let file = {
        let world = teams.world();
        let item =
            world.drives.get(drive).and_then(|d| d.items.get(item)).filter(|i| i.guid == secret);
        item.and_then(|i| i.file.clone()).ok_or_else(drives::not_found)?
    };
    stream(&file, headers).await
}

pub(super) async fn stream(file: &File, headers: &HeaderMap) -> Answer {
    let size = file.content.size;
    // Only open-ended ranges are honoured; a server may answer any other with the whole.
    let from = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<u64>().ok());
    if from.is_some_and(|from| from >= size) {
        return Err(GraphError::new(416, "invalidRange", "The range lies outside of the content."));
    }
    let body = file.content.body(from.unwrap_or(0)).await.map_err(|error| broken(&error))?;
    let mut response = Response::new(body);
    let length = HeaderValue::from(size - from.unwrap_or(0));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    if let Ok(mime) = HeaderValue::from_str(&file.mime) {
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    if let Some(from) = from {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        if let Ok(range) = HeaderValue::from_str(&format!("bytes {from}-{}/{size}", size - 1)) {
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
    }
    Ok(Reply::Raw(Box::new(response)))
}

pub(super) async fn create_session(call: &mut Call, target: &Target) -> Answer {
    let posted = call.json().await?;
    let wanted = posted["item"]["@microsoft.graph.conflictBehavior"].as_str();
    let conflict = Conflict::parse(wanted, Conflict::Fail);
    let mut world = call.world();
    let (folder, name) = drives::destination(call, &world, target)?;
    let there = world
        .drives
        .get(&target.drive)
        .and_then(|d| d.items.get(&folder))
        .is_some_and(|f| f.children.contains_key(&name.to_lowercase()));
    if there && conflict == Conflict::Fail {
        return Err(drives::taken(super::super::drive::NameTaken));
    }
    let id = world.hex(20);
    let expires = call.now.checked_add(SESSION_LIFE).unwrap_or(call.now);
    world.uploads.insert(
        id.clone(),
        Upload {
            drive: target.drive.clone(),
            parent: folder,
            name,
            conflict,
            by: call.token.user.clone(),
            path: call.teams.core.files.fresh_path(),
            received: 0,
            expires,
        },
    );
    let value = json!({
        "uploadUrl": format!("{}/sandbox-upload/{id}", call.teams.urls.graph),
        "expirationDateTime": time(expires),
        "nextExpectedRanges": ["0-"],
    });
    Reply::ok(entity("microsoft.graph.uploadSession", value))
}

/// `bytes 0-327679/1000000`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, total) = text.split_once('/')?;
    let (from, to) = range.split_once('-')?;
    let (from, to, total) =
        (from.trim().parse().ok()?, to.trim().parse().ok()?, total.trim().parse().ok()?);
    (from <= to && to < total).then_some((from, to, total))
}

fn session(teams: &Teams, id: &str, now: Timestamp) -> Result<Upload, GraphError> {
    let mut world = teams.world();
    match world.uploads.get(id) {
        Some(upload) if upload.expires > now => Ok(upload.clone()),
        Some(_) => {
            world.uploads.remove(id);
            Err(drives::not_found())
        }
        None => Err(drives::not_found()),
    }
}

fn expected(upload: &Upload) -> Answer {
    Ok(Reply::Json(
        202,
        json!({
            "expirationDateTime": time(upload.expires),
            "nextExpectedRanges": [format!("{}-", upload.received)],
        }),
    ))
}

/// A part of an upload session, its state, or its end. Whoever has the address may use it.
pub(super) async fn upload_part(
    teams: &Arc<Teams>,
    method: &str,
    id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Answer {
    let now = teams.core.clock.now();
    let upload = session(teams, id, now)?;
    match method {
        "GET" => {
            return match expected(&upload)? {
                Reply::Json(_, value) => Ok(Reply::Json(200, value)),
                other => Ok(other),
            };
        }
        "DELETE" => {
            teams.world().uploads.remove(id);
            // The file may not have been begun.
            let _ = tokio::fs::remove_file(&upload.path).await;
            return Reply::no_content();
        }
        "PUT" => {}
        _ => {
            return Err(GraphError::new(
                405,
                "invalidRequest",
                "An upload session takes PUT, GET and DELETE.",
            ));
        }
    }
    let Some((from, to, total)) = content_range(headers) else {
        return Err(GraphError::new(
            400,
            "invalidRequest",
            "The Content-Range header is missing or malformed.",
        ));
    };
    let length = to - from + 1;
    let last = to + 1 == total;
    if length > PART_LIMIT {
        return Err(too_large());
    }
    if !last && length % PART != 0 {
        return Err(GraphError::new(
            400,
            "invalidRequest",
            "The fragment size is not a multiple of 320 KiB.",
        ));
    }
    if from != upload.received {
        return Err(GraphError::new(
            416,
            "invalidRange",
            format!("The range {from}-{to} is not the next expected one."),
        ));
    }
    append(&upload, body, length).await?;
    let received = upload.received + length;
    if !last {
        let mut world = teams.world();
        let Some(open) = world.uploads.get_mut(id) else { return Err(drives::not_found()) };
        open.received = received;
        return expected(open);
    }
    let content = teams.core.files.adopt(&upload.path).await.map_err(|error| broken(&error))?;
    finish(teams, id, &upload, content, now)
}

async fn append(upload: &Upload, body: Body, length: u64) -> Result<(), GraphError> {
    // A part that broke off left bytes behind the last complete one: cut them.
    let mut file = tokio::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&upload.path)
        .await
        .map_err(|error| broken(&error))?;
    file.set_len(upload.received).await.map_err(|error| broken(&error))?;
    tokio::io::AsyncSeekExt::seek(&mut file, std::io::SeekFrom::End(0))
        .await
        .map_err(|error| broken(&error))?;
    let mut left = length;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| GraphError::new(400, "invalidRequest", "The request body broke off."))?;
        let size = chunk.len() as u64;
        if size > left {
            return Err(GraphError::new(
                400,
                "invalidRequest",
                "The body is longer than its Content-Range.",
            ));
        }
        left -= size;
        file.write_all(&chunk).await.map_err(|error| broken(&error))?;
    }
    file.flush().await.map_err(|error| broken(&error))?;
    if left > 0 {
        return Err(GraphError::new(
            400,
            "invalidRequest",
            "The body is shorter than its Content-Range.",
        ));
    }
    Ok(())
}

fn finish(teams: &Teams, id: &str, upload: &Upload, content: Content, now: Timestamp) -> Answer {
    let file = File { mime: mime_of(&upload.name).to_owned(), content };
    let mut world = teams.world();
    world.uploads.remove(id);
    let by = upload.by.as_deref();
    let (item, new) = world
        .put_item(&upload.drive, &upload.parent, &upload.name, Some(file), upload.conflict, by, now)
        .map_err(drives::taken)?;
    let drive = world.drives.get(&upload.drive).ok_or_else(drives::not_found)?;
    let item = drive.items.get(&item).ok_or_else(drives::not_found)?;
    let value = drive.json(item, Some(download_url(teams, drive, item)));
    Ok(Reply::Json(if new { 201 } else { 200 }, value))
}
