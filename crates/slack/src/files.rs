//! Files: downloaded with the token, uploaded by the external-upload flow, never whole in memory.
//!
//! Sharing is asynchronous: completing an upload does not name the post, and sometimes none comes
//! about though Slack said ok. So the post's id is asked for until it is there, and not for ever.

use std::time::Duration;

use http::{Method, StatusCode, header::CONTENT_LENGTH};
use rialto_model::{Attachment, AttachmentKind, RemoteId};
use rialto_platform::{
    FileBody, FileError, Post, SendError, UploadedFile, http as calls, spool::Spooled,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{
    api::{Api, ApiError, Identity},
    render::Says,
    wire::{File, Message},
};

/// The largest file that Slack takes, in bytes.
pub(crate) const MAX_BYTES: u64 = 1_000_000_000;
/// What is waited before each look for an upload's post, in milliseconds.
const LOOKS: [u64; 7] = [0, 200, 400, 800, 1_600, 3_200, 3_800];

/// Opens a file that came with a message.
pub(crate) async fn open(api: &Api, attachment: &Attachment) -> Result<FileBody, FileError> {
    let answer = api.get("files.info", &vec![("file", attachment.remote.to_string())]).await?;
    let file = answer.file.unwrap_or_default();
    let refused = |why: &str| Err(FileError::Refused(why.to_owned()));
    match file.mode.as_deref() {
        Some("tombstone") => return refused("it was deleted in Slack"),
        Some("hidden_by_limit") => {
            return refused("it is hidden by the limits of Slack's free plan");
        }
        Some("external") => {
            return Err(FileError::Refused(match file.url_private {
                Some(url) => format!("it is not kept in Slack but at {url}"),
                None => "it is not kept in Slack".to_owned(),
            }));
        }
        _ => {}
    }
    let url = file.url_private_download.or(file.url_private).and_then(|url| Url::parse(&url).ok());
    let Some(url) = url else { return refused("Slack does not say where it is") };
    if !is_slacks(&url, &api.base) {
        return refused("Slack keeps it at an address that is not its own");
    }
    let token = api.tokens.current().await?.access;
    let request = api.toolkit.http.download(url).bearer_auth(token.expose_secret());
    let response = request.send().await.map_err(|error| unfinished(&error))?;
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let until = calls::retry_after(response.headers(), api.toolkit.clock.now());
        return Err(ApiError::Limited { until }.into());
    }
    if status.is_server_error() {
        let reason = format!("Slack answered with {status}");
        return Err(FileError::Transient { reason, after: None });
    }
    let body = FileBody::of(response);
    // Without the right to a file Slack answers with its sign-in page, or leads there.
    let page = body.mime.as_deref().is_some_and(|mime| mime.starts_with("text/html"))
        && file.mimetype.as_deref() != Some("text/html");
    if !status.is_success() || page {
        return Err(not_handed_out(api, &token).await);
    }
    Ok(FileBody { size: body.size.or(file.size), mime: body.mime.or(file.mimetype), ..body })
}

/// Slack says in one way that a right is missing and that the token is gone: only a method tells which.
async fn not_handed_out(api: &Api, token: &SecretString) -> FileError {
    let renewed = match api.get("auth.test", &Vec::new()).await {
        Ok(_) => {
            let now = api.tokens.current().await;
            now.map(|it| it.access.expose_secret() != token.expose_secret())
        }
        Err(error) => Err(error),
    };
    match renewed {
        Err(error) => error.into(),
        Ok(true) => FileError::Transient { reason: "the token was renewed".into(), after: None },
        Ok(false) => FileError::Refused(
            "Slack did not hand it out: the app may lack the scope `files:read`".into(),
        ),
    }
}

/// Whether an address may be given the token: the configured API's own host, or Slack's over TLS.
fn is_slacks(url: &Url, base: &Url) -> bool {
    let same = url.scheme() == base.scheme()
        && url.host() == base.host()
        && url.port_or_known_default() == base.port_or_known_default();
    let slack = ["slack.com", "slack-files.com", "slack-gov.com"];
    same || url.scheme() == "https"
        && url.host_str().is_some_and(|host| {
            slack.iter().any(|domain| {
                host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        })
}

/// Uploads a file without showing it; gives its id.
pub(crate) async fn upload(
    api: &Api,
    attachment: &Attachment,
    body: FileBody,
) -> Result<String, FileError> {
    let (content, size) = match body.size.or(attachment.size) {
        Some(size) => (reqwest::Body::wrap_stream(body.stream), size),
        // Slack wants to know the length first.
        None => Spooled::take(body, None, MAX_BYTES, "Slack").await?.body().await?,
    };
    within(size)?;
    let mut params = vec![("filename", attachment.name.clone()), ("length", size.to_string())];
    if attachment.kind == AttachmentKind::Snippet {
        params.push(("snippet_type", "text".to_owned()));
    }
    let answer = api.form("files.getUploadURLExternal", &params).await?;
    let url = answer.upload_url.and_then(|url| Url::parse(&url).ok());
    let (Some(url), Some(id)) = (url, answer.file_id) else {
        let reason = "Slack's answer does not say where to upload to".to_owned();
        return Err(FileError::Transient { reason, after: None });
    };
    let request = api.toolkit.http.upload(Method::POST, url, size);
    let request = request.header(CONTENT_LENGTH, size).body(content);
    let response = request.send().await.map_err(|error| unfinished(&error))?;
    let status = response.status();
    match status {
        _ if status.is_success() => Ok(id),
        StatusCode::TOO_MANY_REQUESTS => {
            let until = calls::retry_after(response.headers(), api.toolkit.clock.now());
            Err(ApiError::Limited { until }.into())
        }
        _ if status.is_server_error() => Err(FileError::Transient {
            reason: format!("Slack answered with {status}"),
            after: None,
        }),
        _ => Err(FileError::Refused(format!("Slack did not take it ({status})"))),
    }
}

fn within(size: u64) -> Result<(), FileError> {
    match size {
        // Slack refuses a length of 0.
        0 => Err(FileError::Refused("it is empty".to_owned())),
        1..=MAX_BYTES => Ok(()),
        _ => Err(FileError::Refused("it is larger than Slack takes (1 GB)".to_owned())),
    }
}

fn unfinished(error: &reqwest::Error) -> FileError {
    FileError::Transient { reason: calls::describe(error), after: None }
}

/// Shows uploaded files in a conversation; gives the post's id.
pub(crate) async fn share(api: &Api, post: &Post<'_>, says: &Says) -> Result<RemoteId, SendError> {
    let files: Vec<_> = uploaded(post.files)
        .map(|(id, attachment)| json!({ "id": id, "title": attachment.name }))
        .collect();
    let mut call = json!({
        "files": files,
        "channel_id": post.to,
        "blocks": says.blocks,
    });
    if let Some(thread) = post.thread {
        // Slack takes files for a thread that is gone, says that all is well, and shows them nowhere.
        let root = [("channel", post.to.to_string()), ("ts", thread.to_string())];
        let root = [root.as_slice(), &[("limit", "1".to_owned())]].concat();
        api.get("conversations.replies", &root).await?;
        call["thread_ts"] = json!(thread);
    }
    let answer = match api.json("files.completeUploadExternal", &call).await {
        Err(error) if error.is("invalid_blocks") || error.is("invalid_arguments") => {
            if let Some(call) = call.as_object_mut() {
                call.remove("blocks");
                call.insert("initial_comment".into(), json!(says.text));
            }
            api.json("files.completeUploadExternal", &call).await
        }
        result => result,
    };
    let answer = match answer {
        // Completed before, and shown nowhere; or too old.
        Err(error) if error.is("file_not_found") => {
            return Err(SendError::NoUpload(
                "what was uploaded is not to be posted any more".into(),
            ));
        }
        answer => answer?,
    };
    if let Some(ts) = answer.files.iter().find_map(|file| share_of(file, post)) {
        return Ok(ts.into());
    }
    match shared_at(api, post).await {
        Ok(Some(ts)) => Ok(ts.into()),
        Ok(None) => Err(SendError::Unknown("Slack has not shown the files yet".into())),
        // The files are on their way: whatever went wrong, they must not be sent again unseen.
        Err(error) => Err(SendError::Unknown(error.to_string())),
    }
}

/// The post that shows the files, asked for until it is there, for ten seconds at most.
pub(crate) async fn shared_at(api: &Api, post: &Post<'_>) -> Result<Option<String>, SendError> {
    let Some((id, _)) = uploaded(post.files).next() else { return Ok(None) };
    for wait in LOOKS {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let answer = match api.get("files.info", &vec![("file", id.to_owned())]).await {
            // An upload that was never completed: whoever asks completes it, or is told why not.
            Err(error) if error.is("file_not_found") => return Ok(None),
            answer => answer?,
        };
        if let Some(ts) = answer.file.as_ref().and_then(|file| share_of(file, post)) {
            return Ok(Some(ts));
        }
    }
    Ok(None)
}

/// Where a file is shown in the post's conversation, and thread.
fn share_of(file: &File, post: &Post<'_>) -> Option<String> {
    let to = post.to.as_str();
    let shares = [&file.shares.public, &file.shares.private];
    shares
        .into_iter()
        .filter_map(|shares| shares.get(to))
        .flatten()
        .find(|share| {
            post.thread.is_none_or(|root| share.thread_ts.as_deref() == Some(root.as_str()))
        })
        .and_then(|share| share.ts.clone())
}

/// Whether a message of ours shows these files: by id, or by their names when they were uploaded
/// again since.
pub(crate) fn shows(message: &Message, own: &Identity, files: &[UploadedFile<'_>]) -> bool {
    let is_own = [&message.user, &message.bot_id].into_iter().flatten().any(|id| own.has_been(id));
    let shown: Vec<File> =
        message.files.iter().filter_map(|file| File::deserialize(file).ok()).collect();
    if !is_own || shown.is_empty() || files.is_empty() {
        return false;
    }
    let same_id = |file: &File| uploaded(files).any(|(id, _)| file.id.as_deref() == Some(id));
    let same_name = |(file, (_, attachment)): (&File, (&str, &Attachment))| {
        [&file.name, &file.title].into_iter().flatten().any(|name| *name == attachment.name)
    };
    shown.iter().any(same_id)
        || shown.len() == uploaded(files).count()
            && shown.iter().zip(uploaded(files)).all(same_name)
}

fn uploaded<'a>(files: &'a [UploadedFile<'a>]) -> impl Iterator<Item = (&'a str, &'a Attachment)> {
    files.iter().filter_map(|file| Some((file.outcome.ok()?, file.attachment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_slack_alone() {
        let base = Url::parse("http://127.0.0.1:9/api/").unwrap();
        for (url, expected) in [
            ("https://files.slack.com/files-pri/T1-F1/download/a.png", true),
            ("https://slack.com/x", true),
            ("https://slack-files.com/x", true),
            ("http://127.0.0.1:9/files/F1", true),
            ("http://127.0.0.1:10/files/F1", false),
            ("http://files.slack.com/x", false),
            ("https://evilslack.com/x", false),
            ("https://slack.com.evil.example/x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_slacks(&Url::parse(url).unwrap(), &base), expected, "{url}");
        }
    }
}
