//! Uploading files to a channel's folder: as Teams itself does when a file is dropped there.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use http::{Method, StatusCode, header};
use rialto_model::{Attachment, RemoteId};
use rialto_platform::{FileBody, FileError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{self, Seek, SeekFrom, Write};
use tokio::io::AsyncReadExt;
use url::Url;

use crate::{
    api::{parsed, read},
    capabilities::MAX_FILE_BYTES,
    connection::TeamsConnection,
    fault::Fault,
    place::Place,
    tokens::Identity,
    wire::{DriveItem, UploadSession},
};

/// Graph takes files of up to 4 MB by one call; for larger ones a session is made.
const SIMPLE_UPLOAD: u64 = 4_000_000;

/// What goes into a session at once: a multiple of 320 KiB, as Graph demands, and all that is held.
const FRAGMENT: usize = 8 * 320 * 1024;

/// Times that a fragment is tried again when Graph is busy.
const FRAGMENT_TRIES: usize = 5;

/// SharePoint's longest names are longer; the whole path counts too.
const LONGEST_NAME: usize = 120;

/// A file in a channel's folder, as a message refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uploaded {
    pub item: String,
    /// The unique part of the item's eTag: Teams' id of an attachment.
    pub attachment_id: String,
    pub name: String,
    pub content_url: String,
}

/// A channel's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub drive: String,
    pub item: String,
    pub web_url: String,
}

impl Folder {
    /// `drives/{drive}/items/{folder}:/{path}:`
    pub fn item_path(&self, path: &[String]) -> Vec<String> {
        let mut segments =
            vec!["drives".into(), self.drive.clone(), "items".into(), format!("{}:", self.item)];
        segments.extend_from_slice(path);
        if let Some(last) = segments.last_mut() {
            last.push(':');
        }
        segments
    }
}

impl TeamsConnection {
    /// The folder of a channel; it never moves.
    pub(crate) async fn folder(&self, place: &Place) -> Result<Folder, Fault> {
        if let Some(folder) = self.folders.lock().get(place) {
            return Ok(folder.clone());
        }
        let segments = ["teams", &place.team, "channels", &place.channel, "filesFolder"];
        let item: DriveItem = self.graph.get(Identity::Service, self.graph.url(&segments)).await?;
        let folder =
            Folder { drive: item.parent_reference.drive_id, item: item.id, web_url: item.web_url };
        self.folders.lock().insert(place.clone(), folder.clone());
        Ok(folder)
    }

    pub(crate) async fn upload_file(
        &self,
        to: &RemoteId,
        attachment: &Attachment,
        body: FileBody,
    ) -> Result<String, FileError> {
        let place = Place::parse(to)
            .ok_or_else(|| FileError::Refused(format!("`{to}` is no channel of Teams")))?;
        let too_large = |size: u64| size > MAX_FILE_BYTES;
        if body.size.or(attachment.size).is_some_and(too_large) {
            return Err(FileError::Refused(format!(
                "it is larger than {} GB",
                MAX_FILE_BYTES >> 30
            )));
        }
        let (size, stream) = match body.size {
            Some(size) => (size, body.stream),
            None => spooled(body.stream).await?,
        };
        let folder = self.folder(&place).await.map_err(|fault| fault.to_file())?;
        let name = file_name(&attachment.name);
        let mime = body.mime.unwrap_or_else(|| attachment.mime.clone());
        let item = if size <= SIMPLE_UPLOAD {
            self.put(&folder, &name, &mime, size, stream).await?
        } else {
            self.in_fragments(&folder, &name, size, stream).await?
        };
        serde_json::to_string(&uploaded(&item))
            .map_err(|error| FileError::Refused(error.to_string()))
    }

    async fn put(
        &self,
        folder: &Folder,
        name: &str,
        mime: &str,
        size: u64,
        stream: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<DriveItem, FileError> {
        let mut segments = folder.item_path(&[name.to_owned()]);
        segments.push("content".into());
        let mut url = self.graph.url(&segments);
        url.query_pairs_mut().append_pair("@microsoft.graph.conflictBehavior", "rename");
        // The bytes can be sent once: the token must be good before they begin to flow.
        let token = self.graph.tokens.token(Identity::Service, None).await;
        let token = token.map_err(|fault| fault.to_file())?;
        let mime = header::HeaderValue::from_str(mime)
            .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
        let request = self
            .graph
            .toolkit
            .http
            .upload(Method::PUT, url, size)
            .bearer_auth(token.expose_secret())
            .header(header::CONTENT_TYPE, mime)
            .header(header::CONTENT_LENGTH, size)
            .body(reqwest::Body::wrap_stream(stream));
        let response = request.send().await.map_err(|error| transient(&error))?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.carry_anew(&token).await);
        }
        self.item(response).await
    }

    /// What a token that was refused means to a file: its bytes are spent, and with another token it is
    /// carried once more.
    async fn carry_anew(&self, refused: &SecretString) -> FileError {
        let another = self.graph.tokens.token(Identity::Service, Some(refused.expose_secret()));
        match another.await {
            Ok(_) => FileError::Transient { reason: "the token ended".into(), after: None },
            Err(fault) => fault.to_file(),
        }
    }

    async fn item(&self, response: reqwest::Response) -> Result<DriveItem, FileError> {
        if !response.status().is_success() {
            return Err(self.graph.fault(response).await.to_file());
        }
        let body = read(response).await.map_err(|fault| fault.to_file())?;
        let item: DriveItem = parsed(&body).map_err(|fault| fault.to_file())?;
        if item.id.is_empty() {
            return Err(FileError::Transient { reason: "no file came about".into(), after: None });
        }
        Ok(item)
    }

    async fn in_fragments(
        &self,
        folder: &Folder,
        name: &str,
        size: u64,
        mut stream: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<DriveItem, FileError> {
        let mut segments = folder.item_path(&[name.to_owned()]);
        segments.push("createUploadSession".into());
        let body = json!({ "item": { "@microsoft.graph.conflictBehavior": "rename" } });
        let session: Result<UploadSession, Fault> =
            self.graph.make(Identity::Service, self.graph.url(&segments), &body).await;
        let session = session.map_err(|fault| fault.to_file())?;
        let url = Url::parse(&session.upload_url)
            .map_err(|_| FileError::Refused("Graph gave no address to upload to".into()))?;

        let mut sent = 0_u64;
        let mut buffer = BytesMut::with_capacity(FRAGMENT);
        loop {
            while buffer.len() < FRAGMENT {
                match stream.next().await {
                    Some(Ok(bytes)) => buffer.extend_from_slice(&bytes),
                    Some(Err(error)) => {
                        self.give_up(&url).await;
                        return Err(broke_off(&error));
                    }
                    None => break,
                }
            }
            let fragment = buffer.split_to(buffer.len().min(FRAGMENT)).freeze();
            let end = sent + fragment.len() as u64;
            if fragment.is_empty() || end > size {
                self.give_up(&url).await;
                return Err(FileError::Refused("it is not as long as it was said to be".into()));
            }
            let response = match self.fragment(&url, &fragment, sent, size).await {
                Ok(response) => response,
                Err(error) => {
                    self.give_up(&url).await;
                    return Err(error);
                }
            };
            sent = end;
            if sent == size {
                return self.item(response).await;
            }
        }
    }

    /// Sends a fragment, again when Graph is busy: the session keeps what it has.
    async fn fragment(
        &self,
        url: &Url,
        bytes: &Bytes,
        at: u64,
        size: u64,
    ) -> Result<reqwest::Response, FileError> {
        let mut tries = 0;
        loop {
            tries += 1;
            // The address itself is the permission: it takes no token.
            let request = self
                .graph
                .toolkit
                .http
                .upload(Method::PUT, url.clone(), bytes.len() as u64)
                .header(header::CONTENT_LENGTH, bytes.len())
                .header(
                    header::CONTENT_RANGE,
                    format!("bytes {at}-{}/{size}", at + bytes.len() as u64 - 1),
                )
                .body(bytes.clone());
            let response = request.send().await.map_err(|error| transient(&error))?;
            if response.status().is_success() {
                return Ok(response);
            }
            let busy = response.status() == StatusCode::TOO_MANY_REQUESTS
                || response.status().is_server_error();
            let fault = self.graph.storage_fault(response).await;
            if !busy || tries == FRAGMENT_TRIES {
                return Err(fault.to_file());
            }
            self.wait_for(fault.until()).await;
        }
    }

    /// What was uploaded so far is thrown away; if that fails, Graph does it by itself some day.
    async fn give_up(&self, url: &Url) {
        let request = self.graph.toolkit.http.request(Method::DELETE, url.clone());
        if let Err(error) = request.send().await {
            tracing::debug!(error = %error.without_url(), "an upload session stays behind");
        }
    }
}

fn transient(error: &reqwest::Error) -> FileError {
    FileError::Transient { reason: rialto_platform::http::describe(error), after: None }
}

fn broke_off(error: &io::Error) -> FileError {
    FileError::Transient { reason: format!("the download broke off: {error}"), after: None }
}

/// Writes a file of unknown length to a temporary file that nobody else sees.
async fn spooled(
    mut stream: BoxStream<'static, io::Result<Bytes>>,
) -> Result<(u64, BoxStream<'static, io::Result<Bytes>>), FileError> {
    let disk = |error: io::Error| FileError::Transient {
        reason: format!("it could not be kept for a moment: {error}"),
        after: None,
    };
    let mut file = tempfile::tempfile().map_err(disk)?;
    let mut size = 0_u64;
    while let Some(bytes) = stream.try_next().await.map_err(|error| broke_off(&error))? {
        size += bytes.len() as u64;
        if size > MAX_FILE_BYTES {
            return Err(FileError::Refused(format!(
                "it is larger than {} GB",
                MAX_FILE_BYTES >> 30
            )));
        }
        file = tokio::task::spawn_blocking(move || file.write_all(&bytes).map(|()| file))
            .await
            .map_err(|error| disk(io::Error::other(error)))?
            .map_err(disk)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    let file = tokio::fs::File::from_std(file);
    let stream = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut buffer = BytesMut::with_capacity(64 << 10);
        let read = file.read_buf(&mut buffer).await?;
        Ok((read > 0).then(|| (buffer.freeze(), file)))
    });
    Ok((size, Box::pin(stream)))
}

fn uploaded(item: &DriveItem) -> Uploaded {
    // `"{3B4D…},1"`: what is between the braces.
    let guid = item.e_tag.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let id = guid.map_or(item.id.as_str(), |(guid, _)| guid);
    let dav = item.web_dav_url.clone().filter(|url| !url.is_empty());
    Uploaded {
        item: item.id.clone(),
        attachment_id: id.to_owned(),
        name: item.name.clone(),
        content_url: dav.unwrap_or_else(|| item.web_url.clone()),
    }
}

/// A name that SharePoint takes.
fn file_name(name: &str) -> String {
    let sound = |c: char| if c.is_control() || "\"*:<>?/\\|#%".contains(c) { '_' } else { c };
    let name: String = name.chars().map(sound).collect();
    let name = name.trim().trim_end_matches('.');
    let name = name.strip_prefix("~$").unwrap_or(name);
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.chars().count() <= 10 => {
            (stem, format!(".{extension}"))
        }
        _ => (name, String::new()),
    };
    let stem: String = stem.chars().take(LONGEST_NAME).collect();
    match stem.trim() {
        "" => format!("file{extension}"),
        stem => format!("{stem}{extension}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_ones_that_sharepoint_takes() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("a/b:c?.txt", "a_b_c_.txt"),
            ("  ends in dots... ", "ends in dots"),
            ("~$lock.docx", "lock.docx"),
            (".gitignore", ".gitignore"),
            ("", "file"),
            ("..", "file"),
            ("50%.png", "50_.png"),
        ] {
            assert_eq!(file_name(name), expected, "{name:?}");
        }
        assert_eq!(file_name(&format!("{}.png", "ä".repeat(300))).chars().count(), 124);
    }

    #[test]
    fn an_attachments_id_is_the_unique_part_of_the_etag() {
        let item = DriveItem {
            id: "01ABC".into(),
            e_tag: "\"{B1F6CBA9-4C5A-4B5E-9C0B-0C6A1A2B3C4D},2\"".into(),
            ..DriveItem::default()
        };
        assert_eq!(uploaded(&item).attachment_id, "B1F6CBA9-4C5A-4B5E-9C0B-0C6A1A2B3C4D");
        let bare = DriveItem { id: "01ABC".into(), ..DriveItem::default() };
        assert_eq!(uploaded(&bare).attachment_id, "01ABC");
    }
}
