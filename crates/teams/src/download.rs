//! Opening files that came with messages, and people's pictures: streamed, never held.

use http::StatusCode;
use rialto_model::{Attachment, RemoteId};
use rialto_platform::{FileBody, FileError, ReadError, http as calls};
use url::Url;

use crate::{
    connection::TeamsConnection,
    fault::Fault,
    place::{MessagePath, Place, is_id},
    remote::Remote,
};

/// Graph answers a download with an address that needs no token; that one may move on.
const MOST_REDIRECTS: usize = 5;

impl TeamsConnection {
    pub(crate) async fn open_file(&self, attachment: &Attachment) -> Result<FileBody, FileError> {
        let remote = Remote::decode(&attachment.remote)
            .ok_or_else(|| FileError::Refused("nobody knows where the file is".into()))?;
        let opened = match remote {
            Remote::Hosted { team, channel, message, root, content } => {
                let place = Place::new(&team, &channel)
                    .ok_or_else(|| FileError::Refused("nobody knows where the file is".into()))?;
                let path = MessagePath { place, message, root };
                let mut segments = path.segments();
                segments.extend(["hostedContents", &content, "$value"]);
                self.fetch(self.graph.url(&segments)).await
            }
            Remote::Shared { team, channel, url } => {
                let place = Place::new(&team, &channel);
                self.open_shared(place.as_ref(), &url).await
            }
        };
        opened.map_err(|fault| match fault {
            fault if fault.is_gone() => FileError::Refused("it is gone".into()),
            fault => fault.to_file(),
        })
    }

    /// A file of the channel's own folder by its path there; any other by Graph's shares.
    async fn open_shared(&self, place: Option<&Place>, url: &str) -> Result<FileBody, Fault> {
        if let Some(place) = place {
            let folder = self.folder(place).await?;
            if let Some(path) = path_below(&folder.web_url, url) {
                let mut segments = folder.item_path(&path);
                segments.push("content".into());
                match self.fetch(self.graph.url(&segments)).await {
                    Err(fault) if fault.is_gone() => {}
                    done => return done,
                }
            }
        }
        let share = format!("u!{}", base64_url(url));
        self.fetch(self.graph.url(&["shares", &share, "driveItem", "content"])).await
    }

    pub(crate) async fn picture(&self, account: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        if !is_id(account.as_str()) {
            return Ok(None);
        }
        let url = self.graph.url(&["users", account.as_str(), "photo", "$value"]);
        match self.fetch(url).await {
            Ok(picture) => Ok(Some(picture)),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault.to_read()),
        }
    }

    /// Fetches bytes, by way of the addresses that Graph sends us to. Our token goes to Graph only.
    async fn fetch(&self, url: Url) -> Result<FileBody, Fault> {
        let mut response = self.graph.open(url).await?;
        for _ in 0..MOST_REDIRECTS {
            if !response.status().is_redirection() {
                break;
            }
            let next = calls::moved(&response)
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .ok_or_else(|| Fault::Unreadable("the file moved to nowhere".into()))?;
            let request = self.graph.toolkit.http.download(next);
            response = request.send().await.map_err(|error| Fault::unanswered(&error))?;
        }
        if response.status() != StatusCode::OK {
            return Err(self.graph.storage_fault(response).await);
        }
        Ok(FileBody::of(response))
    }
}

fn base64_url(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// The rest of a file's address, when it is below the folder's.
fn path_below(folder: &str, url: &str) -> Option<Vec<String>> {
    let (folder, url) = (Url::parse(folder).ok()?, Url::parse(url).ok()?);
    if folder.origin() != url.origin() {
        return None;
    }
    let mut rest = url.path_segments()?;
    for segment in folder.path_segments()?.filter(|segment| !segment.is_empty()) {
        if rest.next()? != segment {
            return None;
        }
    }
    let path: Vec<String> = rest.map(crate::place::decoded).collect();
    let sound = !path.is_empty()
        && path.iter().all(|name| !matches!(name.as_str(), "" | "." | "..") && !name.contains('/'));
    sound.then_some(path)
}
