//! A file's bytes on their way from one platform to another.

use std::{fmt, io};

use bytes::Bytes;
use futures_util::stream::BoxStream;

/// A file being read. Its bytes are never all in memory.
pub struct FileBody {
    /// Bytes in all, when the source says so.
    pub size: Option<u64>,
    /// The media type, when the source says so.
    pub mime: Option<String>,
    /// The bytes.
    pub stream: BoxStream<'static, io::Result<Bytes>>,
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("size", &self.size).field("mime", &self.mime).finish()
    }
}
