//! Files: kept as they come, scanned for malware, sent as downloads.
//!
//! From the vendor's page *REST API Basics*, *Message Attachments*: `Content-Disposition` names the file; while it is
//! being scanned it answers 423 with `Retry-After`; 410 when it is infected; 428 when it cannot be scanned, unless the
//! address has `allow=unscannable`.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _};
use jiff::SignedDuration;

use super::error::Fail;
use super::stage::Stage;
use super::world::{File, Verdict};
use crate::core::Core;
use crate::core::files::Content;

/// The largest file, in bytes.
const LIMIT: u64 = 100 * 1024 * 1024;
/// How long a scan takes when a fault asks for one, in seconds.
const SCAN: u64 = 15;
/// How long fetching a file by its address may take, real time.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file that came with a call.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Content,
}

/// How a file is scanned.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scan {
    pub(crate) seconds: u64,
    pub(crate) verdict: Verdict,
}

/// What is sent as a download.
pub(crate) struct Download {
    name: String,
    mime: String,
    content: Content,
}

/// Keeps a file of a form.
///
/// # Errors
/// 400 when it breaks off or is too large.
pub(crate) async fn keep<E: std::fmt::Display>(
    core: &Core,
    name: String,
    mime: Option<String>,
    chunks: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Upload, Fail> {
    let content = core.files.write(chunks).await;
    let content = content.map_err(|error| Fail::bad(error.to_string()))?;
    if content.size > LIMIT {
        return Err(Fail::new(413, "The file is too large: at most 100 MB are allowed."));
    }
    let mime = mime.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(Upload { name, mime, content })
}

/// Fetches a file from its public address.
///
/// # Errors
/// 400 when there is none.
pub(crate) async fn fetch(core: &Core, address: &str) -> Result<Upload, Fail> {
    let unreachable = || Fail::bad(format!("Unable to retrieve content from {address}"));
    let parsed = url::Url::parse(address).map_err(|_| unreachable())?;
    let name = parsed.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned());
    let request = core.webhooks.client().get(parsed).timeout(PATIENCE).send().await;
    let response = request.and_then(reqwest::Response::error_for_status);
    let response = response.map_err(|_| unreachable())?;
    let mime = response.headers().get(header::CONTENT_TYPE);
    let mime = mime.and_then(|mime| mime.to_str().ok()).map(str::to_owned);
    let chunks = futures_util::stream::unfold(response, |mut response| async {
        match response.chunk().await {
            Ok(Some(chunk)) => Some((Ok(chunk), response)),
            Ok(None) => None,
            Err(error) => Some((Err(error.to_string()), response)),
        }
    });
    keep(core, name, mime, chunks.boxed()).await
}

impl Stage<'_> {
    /// How faults let a file be scanned that an app sends.
    pub(crate) fn scan_by_faults(&self, operation: &str) -> Scan {
        let strikes = |name: &str| self.core.faults.strikes_special("webex", name, operation);
        let verdict = if strikes("infected") {
            Verdict::Infected
        } else if strikes("unscannable") {
            Verdict::Unscannable
        } else {
            Verdict::Clean
        };
        Scan { seconds: if strikes("scanning") { SCAN } else { 0 }, verdict }
    }

    /// Puts a file into a room; answers with its id.
    pub(crate) fn keep_file(&mut self, room: &str, upload: Upload, scan: Scan) -> String {
        let id = self.fresh("CONTENT");
        let seconds = i64::try_from(scan.seconds).unwrap_or(0);
        let now = self.now();
        let scanned = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        let Upload { name, mime, content } = upload;
        let (room, verdict) = (room.to_owned(), scan.verdict);
        let file = File { name, mime, content, room, scanned, verdict };
        self.state.files.insert(id.clone(), file);
        id
    }

    /// A file that this person may have now.
    ///
    /// # Errors
    /// 404 for those who do not see its message; 423, 410 and 428 as the scan goes.
    pub(crate) fn download(
        &self,
        id: &str,
        person: &str,
        unscannable: bool,
    ) -> Result<Download, Fail> {
        let file = self.state.files.get(id).ok_or_else(|| Fail::none("content"))?;
        let room = self.own_room(&file.room, person).map_err(|_| Fail::none("content"))?;
        let mut messages = room.messages.values();
        let message = messages.find(|message| message.files.iter().any(|file| file == id));
        if !message.is_some_and(|message| self.sees(room, message, person)) {
            return Err(Fail::none("content"));
        }
        let left = file.scanned.duration_since(self.now()).as_secs_f64();
        if left > 0.0 {
            let seconds = Duration::from_secs_f64(left.ceil()).as_secs();
            let what = "The file is being scanned for malware. Try again later.";
            return Err(Fail::later(423, what, seconds));
        }
        match file.verdict {
            Verdict::Infected => Err(Fail::new(410, "The file is infected with malware.")),
            Verdict::Unscannable if !unscannable => {
                let what = "The file cannot be scanned for malware; it can be downloaded with allow=unscannable.";
                Err(Fail::new(428, what))
            }
            _ => Ok(Download {
                name: file.name.clone(),
                mime: file.mime.clone(),
                content: file.content.clone(),
            }),
        }
    }
}

/// The answer to a download; to `HEAD` without the bytes.
pub(crate) async fn send(download: Download, head: bool) -> Response {
    let body = if head { Ok(Body::empty()) } else { download.content.body(0).await };
    let Ok(body) = body else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Response::new(body);
    let named = format!("attachment; filename=\"{}\"", download.name.replace(['"', '\\'], "_"));
    let headers = response.headers_mut();
    // Names beyond ASCII are sent as the UTF-8 that they are.
    for (name, value) in [
        (header::CONTENT_DISPOSITION, HeaderValue::from_bytes(named.as_bytes())),
        (header::CONTENT_TYPE, HeaderValue::from_str(&download.mime)),
    ] {
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(download.content.size));
    response
}
