//! A file on its way by the disk: for platforms that may want it more than once, or must be told first how
//! long it is.

use futures_util::TryStreamExt;
use reqwest::{Body, multipart::Part};
use rialto_model::Attachment;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use crate::{FileBody, FileError};

/// A file on the disk that has no name there: it is gone when this is, and after a crash.
#[derive(Debug)]
pub struct Spooled {
    file: std::fs::File,
    size: u64,
}

impl Spooled {
    /// Takes a file of at most so many bytes. `said`: how many it has, as its source says; `whose`: who
    /// takes no more.
    ///
    /// # Errors
    /// `Refused` when it is larger, `Transient` when it breaks off or the disk does not take it.
    pub async fn take(
        mut body: FileBody,
        said: Option<u64>,
        most: u64,
        whose: &str,
    ) -> Result<Self, FileError> {
        let within = |size: u64| match size {
            size if size <= most => Ok(()),
            _ => Err(FileError::Refused(format!(
                "it is larger than {whose} takes ({} MB)",
                most >> 20
            ))),
        };
        within(body.size.or(said).unwrap_or(0))?;
        let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(unspooled)?);
        let mut size = 0;
        while let Some(bytes) = body.stream.try_next().await.map_err(unspooled)? {
            size += bytes.len() as u64;
            within(size)?;
            file.write_all(&bytes).await.map_err(unspooled)?;
        }
        file.flush().await.map_err(unspooled)?;
        Ok(Self { file: file.into_std().await, size })
    }

    /// Bytes in all.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file as a call's body, and its length.
    ///
    /// # Errors
    /// `Transient` when it cannot be read.
    pub async fn body(&self) -> Result<(Body, u64), FileError> {
        let file = self.file.try_clone().map_err(unspooled)?;
        let mut file = tokio::fs::File::from_std(file);
        file.rewind().await.map_err(unspooled)?;
        Ok((Body::wrap_stream(ReaderStream::new(file)), self.size))
    }

    /// The file as part of a form.
    ///
    /// # Errors
    /// `Refused` when its media type is none, `Transient` when it cannot be read.
    pub async fn part(&self, attachment: &Attachment) -> Result<Part, FileError> {
        let (content, size) = self.body().await?;
        let part = Part::stream_with_length(content, size).file_name(attachment.name.clone());
        let mime = part.mime_str(&attachment.mime);
        mime.map_err(|_| FileError::Refused(format!("`{}` is no media type", attachment.mime)))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unspooled(error: std::io::Error) -> FileError {
    FileError::Transient { reason: format!("the file could not be read: {error}"), after: None }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn a_file_may_be_as_long_as_allowed_whatever_its_source_says() {
        for (said, bytes, fits) in
            [(Some(4), 4, true), (Some(5), 4, false), (None, 5, false), (Some(3), 5, false)]
        {
            let content = stream::iter([Ok(Bytes::from(vec![0; bytes]))]).boxed();
            let body = FileBody { size: said, mime: None, stream: content };
            let taken = Spooled::take(body, None, 4, "nobody").await;
            assert_eq!(taken.is_ok(), fits, "{said:?} {bytes}");
        }
    }
}
