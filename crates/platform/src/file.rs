//! A file's bytes on their way from one platform to another.

use std::{fmt, io};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use http::header::CONTENT_TYPE;

use crate::http::describe;

/// A file being read. Its bytes are never all in memory.
pub struct FileBody {
    /// Bytes in all, when the source says so.
    pub size: Option<u64>,
    /// The media type, when the source says so.
    pub mime: Option<String>,
    /// The bytes.
    pub stream: BoxStream<'static, io::Result<Bytes>>,
}

impl FileBody {
    /// What an answer brings. If it breaks off, that is told without the address, which may be a secret.
    pub fn of(response: reqwest::Response) -> Self {
        let mime = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        Self {
            size: response.content_length(),
            mime: mime.map(str::to_owned),
            stream: response
                .bytes_stream()
                .map_err(|error| io::Error::other(describe(&error)))
                .boxed(),
        }
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("size", &self.size).field("mime", &self.mime).finish()
    }
}
