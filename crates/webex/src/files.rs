//! Files: named by the answer to a look at their address, fetched from it with the token, taken by way of
//! the disk; never whole in memory.

use std::collections::HashMap;

use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use reqwest::Response;
use rialto_model::{Attachment, AttachmentKind};
use rialto_platform::{
    FileBody, FileError, ReadError,
    http::{self as calls, moved},
    spool::Spooled,
};
use url::Url;

use crate::{
    api::{Api, ApiError},
    spool::Waiting,
    wire::Message,
};

/// The largest file that Webex takes, in bytes (*REST API Basics*, *Message Attachments*).
pub(crate) const MAX_BYTES: u64 = 100 << 20;
/// How often Webex may send us elsewhere for one file.
const MOST_MOVES: usize = 4;
/// A scan, or a failure, that takes longer does not hold the message up any more.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// How many files are remembered before all are forgotten and looked at again.
const KEPT: usize = 20_000;

/// What addresses told of their files.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, Attachment>>);

impl Known {
    /// The files of a message. The message has their addresses alone; so each is looked at once.
    pub async fn of(&self, api: &Api, message: &Message) -> Result<Vec<Attachment>, ReadError> {
        let mut attachments = Vec::with_capacity(message.files.len());
        for address in message.files.iter().filter(|address| !address.is_empty()) {
            let known = self.0.lock().get(address).cloned();
            attachments.push(match known {
                Some(known) => known,
                None => self.look(api, message, address).await?,
            });
        }
        Ok(attachments)
    }

    async fn look(
        &self,
        api: &Api,
        message: &Message,
        address: &str,
    ) -> Result<Attachment, ReadError> {
        let unnamed = attachment(address, &HeaderMap::new());
        let Some(url) = Url::parse(address).ok().filter(|url| is_webexs(url, &api.base)) else {
            return Ok(unnamed);
        };
        match headers(api, &url).await {
            Ok(headers) => {
                let known = attachment(address, &headers);
                let mut all = self.0.lock();
                if all.len() >= KEPT {
                    all.clear();
                }
                all.insert(address.to_owned(), known.clone());
                Ok(known)
            }
            // It is said in words what became of it when it is fetched.
            Err(ApiError::Refused { .. }) => Ok(unnamed),
            Err(error) if may_pass(&error) => {
                let now = api.toolkit.clock.now();
                let old = message.created.is_none_or(|at| now.duration_since(at) > PATIENCE);
                if old { Ok(unnamed) } else { Err(error.into()) }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What is told of a file before it is read. `HEAD` is not in Webex's API description: where it is not
/// answered, or does not name the file, the file is asked for and left unread.
async fn headers(api: &Api, url: &Url) -> Result<HeaderMap, ApiError> {
    match api.answer(|| api.toolkit.http.head(url.clone())).await {
        Ok(response) if response.headers().contains_key(header::CONTENT_DISPOSITION) => {
            return Ok(response.headers().clone());
        }
        Err(error) if !is_of_the_method(&error) => return Err(error),
        _ => {}
    }
    let response = api.answer(|| api.toolkit.http.get(url.clone())).await?;
    Ok(response.headers().clone())
}

/// Whether another method may be answered. What the scan found is the same for all.
fn is_of_the_method(error: &ApiError) -> bool {
    let scan = [StatusCode::GONE, StatusCode::PRECONDITION_REQUIRED].map(Some);
    match error {
        ApiError::Refused { .. } => !scan.contains(&error.status()),
        ApiError::Server(_) => true,
        _ => false,
    }
}

/// Whether it is worth waiting a while for the file's name, and not longer: its message goes without.
fn may_pass(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Scanned(_) | ApiError::Server(_) | ApiError::Unclear(_) | ApiError::Failed(_)
    )
}

fn attachment(address: &str, headers: &HeaderMap) -> Attachment {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mime = text(header::CONTENT_TYPE).and_then(|mime| mime.split(';').next()).map(str::trim);
    let mime = mime.filter(|mime| !mime.is_empty()).unwrap_or("application/octet-stream");
    let named = headers.get(header::CONTENT_DISPOSITION);
    let named = named.and_then(|value| file_name(&String::from_utf8_lossy(value.as_bytes())));
    Attachment {
        remote: address.into(),
        name: named.unwrap_or_else(|| "file".to_owned()),
        kind: if mime.starts_with("image/") { AttachmentKind::Image } else { AttachmentKind::File },
        mime: mime.to_owned(),
        size: text(header::CONTENT_LENGTH).and_then(|size| size.parse().ok()),
    }
}

/// The name in a `Content-Disposition` (RFC 6266): that for all alphabets first. A name is no path.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once("filename*=UTF-8''").unzip();
    let extended = rest.and_then(|rest| rest.split(';').next()).map(|name| {
        let pair = format!("name={}", name.trim().replace('+', "%2B"));
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        decoded.map(|(_, name)| name.into_owned()).unwrap_or_default()
    });
    let plain = || {
        let (_, rest) = disposition.split_once("filename=")?;
        let quoted = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
        Some(quoted.or(rest.split(';').next())?.trim().to_owned())
    };
    let name = extended.or_else(plain)?.replace(['/', '\\'], "_");
    (!name.trim().is_empty()).then_some(name)
}

/// Opens a file that came with a message.
pub(crate) async fn open(api: &Api, attachment: &Attachment) -> Result<FileBody, FileError> {
    let elsewhere = || FileError::Refused("it is not at Webex".into());
    let url = Url::parse(attachment.remote.as_str()).map_err(|_| elsewhere())?;
    if !is_webexs(&url, &api.base) {
        return Err(elsewhere());
    }
    let pair = api.tokens.current().await?;
    let mut token = Some(pair.access);
    let (mut url, mut replaced) = (url, false);
    for _ in 0..MOST_MOVES {
        let request = api.toolkit.http.download(url.clone());
        let request = match &token {
            Some(token) => request.bearer_auth(secrecy::ExposeSecret::expose_secret(token)),
            None => request,
        };
        let response = request.send().await.map_err(|error| unfinished(&error))?;
        if let Some(to) = moved(&response) {
            if !is_webexs(&to, &api.base) {
                // Whatever storage it is, the token is not for it.
                token = None;
                if to.scheme() != "https" {
                    break;
                }
            }
            url = to;
            continue;
        }
        match (response.status(), token.take()) {
            (StatusCode::UNAUTHORIZED, Some(stale)) if !replaced => {
                token = Some(api.tokens.replace(&stale).await?.access);
                replaced = true;
            }
            (_, token) => {
                let now = api.toolkit.clock.now();
                return body(response, attachment, token.is_some(), now);
            }
        }
    }
    Err(FileError::Refused("Webex sends us from place to place for it".into()))
}

/// What an answer brings. Only who was shown our token can say that it is not accepted any more.
fn body(
    response: Response,
    attachment: &Attachment,
    with_token: bool,
    now: Timestamp,
) -> Result<FileBody, FileError> {
    let refused = |why: &str| Err(FileError::Refused(why.to_owned()));
    match response.status() {
        status if status.is_success() => {}
        StatusCode::NOT_FOUND => return refused("it was deleted in Webex"),
        // *REST API Basics*, *Message Attachments*. What cannot be scanned could be had all the same: that
        // is for its reader to decide.
        StatusCode::GONE => return refused("Webex found malware in it"),
        StatusCode::PRECONDITION_REQUIRED => {
            return refused("Webex could not scan it for malware");
        }
        StatusCode::UNAUTHORIZED if !with_token => {
            return refused("it cannot be had from where Webex keeps it");
        }
        status if status.is_server_error() => {
            let reason = format!("Webex answered with {status}");
            return Err(FileError::Transient { reason, after: None });
        }
        status => {
            return Err(ApiError::of(status, response.headers(), b"", now).into());
        }
    }
    let body = FileBody::of(response);
    Ok(FileBody { size: body.size.or(attachment.size), ..body })
}

/// Whether an address is where the API is, or one of Webex's own for it over TLS.
fn is_webexs(url: &Url, base: &Url) -> bool {
    let own = ["webexapis.com", "api.ciscospark.com"];
    url.origin() == base.origin()
        || url.scheme() == "https" && url.host_str().is_some_and(|host| own.contains(&host))
}

/// Takes a file for the post that will show it; gives its handle.
pub(crate) async fn upload(
    api: &Api,
    waiting: &Waiting,
    attachment: &Attachment,
    body: FileBody,
) -> Result<String, FileError> {
    let file = Spooled::take(body, attachment.size, MAX_BYTES, "Webex").await?;
    // Whether it can be sent at all is seen before the post is begun.
    file.part(attachment).await?;
    Ok(waiting.keep(&api.toolkit, file))
}

fn unfinished(error: &reqwest::Error) -> FileError {
    FileError::Transient { reason: calls::describe(error), after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_webex_alone() {
        let base = Url::parse("http://127.0.0.1:9/v1/").unwrap();
        for (url, expected) in [
            ("http://127.0.0.1:9/v1/contents/x", true),
            ("https://webexapis.com/v1/contents/x", true),
            ("https://api.ciscospark.com/v1/contents/x", true),
            ("http://webexapis.com/v1/contents/x", false),
            ("http://127.0.0.1:10/v1/contents/x", false),
            ("https://evilwebexapis.com/x", false),
            ("https://webexapis.com.evil.example/x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_webexs(&Url::parse(url).unwrap(), &base), expected, "{url}");
        }
    }

    #[test]
    fn who_was_not_shown_the_token_does_not_say_that_it_ended() {
        let file = attachment("https://webexapis.com/v1/contents/x", &HeaderMap::new());
        for (status, with_token, revoked) in [
            (401, true, true),
            (401, false, false),
            (403, true, false),
            (403, false, false),
            (407, false, false),
        ] {
            let answer = http::Response::builder().status(status).body("").unwrap();
            let opened = body(answer.into(), &file, with_token, Timestamp::UNIX_EPOCH);
            let error = opened.err().unwrap();
            assert_eq!(matches!(error, FileError::Revoked(_)), revoked, "{status}: {error:?}");
            assert!(revoked || matches!(error, FileError::Refused(_)), "{status}: {error:?}");
        }
    }

    #[test]
    fn a_file_is_called_as_its_address_says() {
        for (disposition, expected) in [
            ("attachment; filename=\"plan.pdf\"", Some("plan.pdf")),
            ("attachment; filename=plan.pdf; x=y", Some("plan.pdf")),
            ("attachment; filename=\"x\"; filename*=UTF-8''caf%C3%A9%20+.txt", Some("café +.txt")),
            ("attachment; filename=\"../../etc/passwd\"", Some(".._.._etc_passwd")),
            ("attachment; filename=\"\"", None),
            ("inline", None),
        ] {
            assert_eq!(file_name(disposition).as_deref(), expected, "{disposition}");
        }
    }
}
