//! Bytes of files: kept on disk, or generated again from a seed. Never whole in memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::body::Bytes;
use base64::Engine as _;
use futures_util::{Stream, StreamExt as _};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OnceCell;

const CHUNK: usize = 64 * 1024;

/// Where the bytes of one file are, with their size and hash.
#[derive(Debug, Clone)]
pub struct Content {
    source: Source,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone)]
enum Source {
    Disk(PathBuf),
    Generated { seed: u64 },
}

/// A file as a person gives it to `POST /{platform}/act`.
#[derive(Debug, Clone, Deserialize)]
pub struct GivenFile {
    /// File name.
    pub name: String,
    /// Media type; by default from nothing: `application/octet-stream`.
    #[serde(default = "octets")]
    pub mime: String,
    /// The content as text, or
    pub text: Option<String>,
    /// as base64, or
    pub base64: Option<String>,
    /// this many bytes, generated from `seed`.
    pub random_bytes: Option<u64>,
    /// Seed of `random_bytes`.
    #[serde(default)]
    pub seed: u64,
}

fn octets() -> String {
    "application/octet-stream".to_owned()
}

/// The media type that follows from a name's ending.
pub fn mime_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "txt" | "log" | "md" => "text/plain",
        "csv" => "text/csv",
        "html" => "text/html",
        "json" => "application/json",
        "zip" => "application/zip",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}

/// A hash that is computed once.
type Hash = Arc<OnceCell<String>>;

/// The store of all files of a sandbox, in a temporary folder that goes when the sandbox goes.
pub struct Files {
    folder: tempfile::TempDir,
    number: AtomicU64,
    /// Hashes of generated files, by seed and size: the large ones take their time.
    hashes: Mutex<HashMap<(u64, u64), Hash>>,
}

impl Files {
    /// An empty store.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            number: AtomicU64::new(0),
            hashes: Mutex::default(),
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.number.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// A path in the store for an upload that comes in parts (write there, then [`Files::adopt`]).
    pub fn fresh_path(&self) -> PathBuf {
        self.path()
    }

    /// Takes a complete file on disk over, reading it once for size and hash.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn adopt(&self, path: &Path) -> std::io::Result<Content> {
        let stream = tokio_util::io::ReaderStream::new(tokio::fs::File::open(path).await?);
        let (size, sha256) = measure(stream).await?;
        Ok(Content { source: Source::Disk(path.to_owned()), size, sha256 })
    }

    /// Writes a body to disk as it arrives.
    ///
    /// # Errors
    /// When the body breaks off or the disk refuses.
    pub async fn write<E: std::fmt::Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> std::io::Result<Content> {
        let path = self.path();
        let mut file = tokio::fs::File::create(&path).await?;
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut size = 0;
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| std::io::Error::other(error.to_string()))?;
            digest.update(&chunk);
            size += chunk.len() as u64;
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        Ok(Content { source: Source::Disk(path), size, sha256: hex::encode(digest.finish()) })
    }

    /// A file of `size` bytes that follow from `seed`; only its hash is computed now.
    async fn generated(&self, seed: u64, size: u64) -> std::io::Result<Content> {
        let hash = Arc::clone(self.hashes.lock().entry((seed, size)).or_default());
        let measured = async { Ok(measure(generate(seed, size, 0)).await?.1) };
        let sha256 = hash.get_or_try_init::<std::io::Error, _, _>(|| measured).await?.clone();
        Ok(Content { source: Source::Generated { seed }, size, sha256 })
    }

    /// Makes a file's content from what a person gave.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub async fn given(&self, file: &GivenFile) -> Result<Content, String> {
        if let Some(size) = file.random_bytes {
            return self.generated(file.seed, size).await.map_err(|error| error.to_string());
        }
        let bytes = match (&file.text, &file.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(base64)) => base64::engine::general_purpose::STANDARD
                .decode(base64)
                .map_err(|error| format!("base64 of {}: {error}", file.name))?,
            (None, None) => {
                return Err(format!("{} needs text, base64 or random_bytes", file.name));
            }
        };
        let body =
            futures_util::stream::once(async { Ok::<_, std::io::Error>(Bytes::from(bytes)) });
        self.write(body).await.map_err(|error| error.to_string())
    }
}

impl Content {
    /// The bytes from `from` on, as an HTTP body.
    ///
    /// # Errors
    /// When the file on disk cannot be opened.
    pub async fn body(&self, from: u64) -> std::io::Result<Body> {
        match &self.source {
            Source::Generated { seed } => Ok(Body::from_stream(generate(*seed, self.size, from))),
            Source::Disk(path) => {
                use tokio::io::AsyncSeekExt as _;
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(std::io::SeekFrom::Start(from)).await?;
                Ok(Body::from_stream(tokio_util::io::ReaderStream::with_capacity(file, CHUNK)))
            }
        }
    }
}

/// Each chunk follows from the seed and its number alone, so reading may begin anywhere.
fn generate(
    seed: u64,
    size: u64,
    from: u64,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    futures_util::stream::unfold(from, move |at| async move {
        if at >= size {
            return None;
        }
        let chunk = CHUNK as u64;
        let mut bytes = vec![0; CHUNK];
        StdRng::seed_from_u64(seed ^ (at / chunk).rotate_left(32)).fill_bytes(&mut bytes);
        let begin = usize::try_from(at % chunk).unwrap_or(0);
        let end = usize::try_from((size - at / chunk * chunk).min(chunk)).unwrap_or(CHUNK);
        let bytes = Bytes::from(bytes).slice(begin..end);
        let next = at + bytes.len() as u64;
        Some((Ok(bytes), next))
    })
}

async fn measure<S>(stream: S) -> std::io::Result<(u64, String)>
where
    S: Stream<Item = std::io::Result<Bytes>>,
{
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut size = 0;
    let mut stream = std::pin::pin!(stream);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        digest.update(&chunk);
        size += chunk.len() as u64;
    }
    Ok((size, hex::encode(digest.finish())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn generated_bytes_are_the_same_wherever_reading_begins() {
        let size = 3 * CHUNK as u64 + 17;
        let content = Files::new().unwrap().generated(9, size).await.unwrap();
        let whole = axum::body::to_bytes(content.body(0).await.unwrap(), usize::MAX).await.unwrap();
        assert_eq!(whole.len() as u64, size);
        let from = CHUNK as u64 + 5;
        let rest =
            axum::body::to_bytes(content.body(from).await.unwrap(), usize::MAX).await.unwrap();
        assert_eq!(rest, whole.slice(CHUNK + 5..));
        let sha = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &whole);
        assert_eq!(hex::encode(sha), content.sha256);
    }
}
