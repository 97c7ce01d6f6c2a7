//! Files: fetched from the address that Zoom gives for a while, uploaded before the message that
//! shows them, never whole in memory.

use http::{Method, StatusCode};
use reqwest::{Response, multipart::Form};
use rialto_model::Attachment;
use rialto_platform::{
    FileBody, FileError,
    http::{self as calls, below, moved},
    spool::Spooled,
};
use secrecy::ExposeSecret;
use url::Url;

use crate::{
    api::{Api, ApiError, Bases, Identity},
    wire::{File, Made},
};

/// The largest file that Zoom takes, in bytes (*Upload a chat file*). Plans and accounts may allow
/// less: then Zoom says so.
pub(crate) const MAX_BYTES: u64 = 1 << 30;
/// How often Zoom may send us elsewhere for one file.
const MOST_MOVES: usize = 4;

/// Opens a file that came with a message. The address itself is the right to the file: no token goes
/// along, so it may lead wherever Zoom keeps its files.
pub(crate) async fn open(api: &Api, attachment: &Attachment) -> Result<FileBody, FileError> {
    let file = api.get::<File>(&["chat", "files", attachment.remote.as_str()], &Vec::new()).await;
    let file = match file {
        Err(error) if error.is_gone() => {
            return Err(FileError::Refused("it was deleted in Zoom".into()));
        }
        file => file?,
    };
    let url = file.download_url.get().and_then(|url| Url::parse(url).ok());
    let url = url.filter(|url| is_zooms(url, &api.bases));
    let Some(mut url) = url else {
        return Err(FileError::Refused("Zoom does not say where it is".into()));
    };
    for _ in 0..MOST_MOVES {
        let request = api.toolkit.http.download(url.clone());
        let response = request.send().await.map_err(|error| unfinished(&error))?;
        if let Some(to) = moved(&response) {
            if to.scheme() != "https" && !is_zooms(&to, &api.bases) {
                break;
            }
            url = to;
            continue;
        }
        return body(api, response, attachment);
    }
    Err(FileError::Refused("Zoom sends us from place to place for it".into()))
}

fn body(api: &Api, response: Response, attachment: &Attachment) -> Result<FileBody, FileError> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let until = calls::retry_after(response.headers(), api.toolkit.clock.now());
        return Err(ApiError::Limited { until, said: true, wide: false }.into());
    }
    if status.is_server_error() {
        let reason = format!("Zoom answered with {status}");
        return Err(FileError::Transient { reason, after: None });
    }
    if !status.is_success() {
        return Err(FileError::Refused(format!("Zoom did not hand it out ({status})")));
    }
    let body = FileBody::of(response);
    Ok(FileBody { size: body.size.or(attachment.size), ..body })
}

/// Whether an address is where one of Zoom's services is, or Zoom's over TLS.
fn is_zooms(url: &Url, bases: &Bases) -> bool {
    let same = |base: &Url| {
        url.scheme() == base.scheme()
            && url.host() == base.host()
            && url.port_or_known_default() == base.port_or_known_default()
    };
    let zoom = ["zoom.us", "zoom.com", "zoomgov.com"];
    [&bases.api, &bases.files, &bases.login].into_iter().any(same)
        || url.scheme() == "https"
            && url.host_str().is_some_and(|host| {
                zoom.iter().any(|domain| {
                    host.strip_suffix(domain)
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                })
            })
}

/// Uploads a file without showing it; gives its id. By way of the disk: Zoom may send us elsewhere
/// with it (*The caller must support HTTP 30x redirects*), or want another token.
pub(crate) async fn upload(
    api: &Api,
    own: &Identity,
    attachment: &Attachment,
    body: FileBody,
) -> Result<String, FileError> {
    let spooled = Spooled::take(body, attachment.size, MAX_BYTES, "Zoom").await?;
    let mut url = below(&api.bases.files, &["chat", "users", own.path(), "files"]);
    url.query_pairs_mut().append_pair("postToPersonalChat", "false");
    let mut token = api.tokens.current().await?;
    let mut replaced = false;
    for _ in 0..MOST_MOVES {
        let form = Form::new().part("file", spooled.part(attachment).await?);
        let request = api.toolkit.http.upload(Method::POST, url.clone(), spooled.size());
        let request = request.multipart(form).bearer_auth(token.access.expose_secret());
        let response = request.send().await.map_err(|error| unfinished(&error))?;
        if let Some(to) = moved(&response) {
            // The token goes to Zoom alone.
            if !is_zooms(&to, &api.bases) {
                break;
            }
            url = to;
            continue;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = calls::body(response).await;
        let answer = answer.map_err(|reason| FileError::Transient { reason, after: None })?;
        if status.is_success() {
            let made: Made = serde_json::from_slice(&answer).unwrap_or_default();
            let id = made.id.get().map(str::to_owned);
            return id.ok_or_else(|| FileError::Transient {
                reason: "Zoom's answer does not name the file".into(),
                after: None,
            });
        }
        match ApiError::of(status, &headers, &answer, api.toolkit.clock.now()) {
            ApiError::Revoked(_) if !replaced => {
                token = api.tokens.replace(&token.access).await?;
                replaced = true;
            }
            error => return Err(error.into()),
        }
    }
    Err(FileError::Refused("Zoom sends us from place to place with it".into()))
}

fn unfinished(error: &reqwest::Error) -> FileError {
    FileError::Transient { reason: calls::describe(error), after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_zoom_alone() {
        let base = |text: &str| Url::parse(text).unwrap();
        let bases = Bases {
            api: base("http://127.0.0.1:9/v2/"),
            files: base("http://127.0.0.1:8/v2/"),
            login: base("http://127.0.0.1:7/"),
        };
        for (url, expected) in [
            ("https://file.zoom.us/v2/x", true),
            ("https://zoom.us/file/download/x", true),
            ("http://127.0.0.1:9/file/download/x", true),
            ("http://127.0.0.1:8/x", true),
            ("http://127.0.0.1:7/file/download/x", true),
            ("http://127.0.0.1:10/x", false),
            ("http://zoom.us/x", false),
            ("https://evilzoom.us/x", false),
            ("https://zoom.us.evil.example/x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_zooms(&base(url), &bases), expected, "{url}");
        }
    }
}
