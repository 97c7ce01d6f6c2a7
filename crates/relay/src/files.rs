//! Files on their way: streamed from the source to the destination, or replaced by words.

use std::{collections::HashMap, time::Duration};

use aws_lc_rs::digest;
use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{Attachment, Content, ConversationRef, Delivery, DeliveryId};
use rialto_platform::{FileError, HoldScope, Part, SendError, UploadedFile};
use rialto_store::CopiedFile;
use tokio::time::Instant;

use crate::deliver::{Failure, Trip};

/// When a file that fails for now is given up: the text goes without it, since all that is behind it
/// in its conversation waits. Both must be over: a delivery that waited for long is not tried less,
/// and starting anew, which tries at once, does not use up the tries.
struct Patience {
    tries: u32,
    time: Duration,
}

const PATIENCE: Patience = Patience { tries: 8, time: Duration::from_secs(60) };
/// While the workspace that the file is in must be reconnected: an admin may be at it.
const PATIENCE_WHEN_REVOKED: Patience = Patience { tries: 12, time: Duration::from_secs(900) };

/// How long an upload is taken to be there without being posted.
const GOOD_FOR: Duration = Duration::from_secs(600);

/// What became of a part's files.
pub(crate) struct Files(Vec<File>);

struct File {
    digest: u64,
    /// What the destination knows it by, or why it did not go.
    outcome: Result<String, String>,
}

/// What a file of a message is known by in the copies that have it. One that is there twice is two.
pub(crate) fn digest(attachments: &[Attachment], index: usize) -> u64 {
    let (before, rest) = attachments.split_at(index.min(attachments.len()));
    let Some(file) = rest.first() else { return 0 };
    let alike = before.iter().filter(|it| it.remote == file.remote).count() as u64;
    let digest = digest::digest(&digest::SHA256, file.remote.as_str().as_bytes());
    let digest = digest.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    digest.wrapping_add(alike)
}

/// Hexadecimal digits of a digest.
const DIGITS: usize = 16;

impl Files {
    /// As kept with what was begun: a sign, the digest, and the rest.
    pub(crate) fn handles(&self) -> Vec<String> {
        let mark = |File { digest, outcome }: &File| match outcome {
            Ok(handle) => format!("+{digest:0DIGITS$x}{handle}"),
            Err(reason) => format!("-{digest:0DIGITS$x}{reason}"),
        };
        self.0.iter().map(mark).collect()
    }

    /// From what was kept.
    pub(crate) fn from_handles(handles: &[String]) -> Self {
        let read = |text: &String| {
            let (digest, rest) = text.get(1..).unwrap_or_default().split_at_checked(DIGITS)?;
            let rest = rest.to_owned();
            let outcome = if text.starts_with('+') { Ok(rest) } else { Err(rest) };
            Some(File { digest: u64::from_str_radix(digest, 16).ok()?, outcome })
        };
        Self(handles.iter().filter_map(read).collect())
    }

    /// As kept with the copy that was posted with them.
    pub(crate) fn copied(&self) -> Vec<CopiedFile> {
        let copied = |file: &File| CopiedFile { digest: file.digest, came: file.outcome.is_ok() };
        self.0.iter().map(copied).collect()
    }

    /// As the connector wants them.
    pub(crate) fn for_post<'a>(
        &'a self,
        part: &Part,
        content: &'a Content,
    ) -> Vec<UploadedFile<'a>> {
        let attachments = part.files.iter().filter_map(|index| content.attachments.get(*index));
        attachments
            .zip(&self.0)
            .map(|(attachment, file)| UploadedFile {
                attachment,
                outcome: file.outcome.as_deref().map_err(String::as_str),
            })
            .collect()
    }
}

/// What was uploaded for the first delivery of each lane and is not posted yet: a post that did not
/// succeed is tried again without uploading again.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<HashMap<ConversationRef, Uploaded>>);

struct Uploaded {
    delivery: DeliveryId,
    /// By the number of the attachment; when, since platforms do not keep for ever what nobody posts.
    handles: HashMap<usize, (String, Instant)>,
    /// When one of its files first failed, since we run.
    failing_since: Option<Instant>,
}

impl Uploads {
    fn get(&self, of: &Delivery, index: usize) -> Option<String> {
        let uploads = self.0.lock();
        let uploaded = uploads.get(&of.to).filter(|uploaded| uploaded.delivery == of.id)?;
        let (handle, at) = uploaded.handles.get(&index)?;
        (at.elapsed() < GOOD_FOR).then(|| handle.clone())
    }

    fn keep(&self, of: &Delivery, index: usize, handle: &str) {
        let handle = (handle.to_owned(), Instant::now());
        self.change(of, |uploaded| uploaded.handles.insert(index, handle));
    }

    /// For how long its files have failed; from now on, if they never did.
    fn failing_for(&self, of: &Delivery) -> Duration {
        let now = Instant::now;
        self.change(of, |uploaded| uploaded.failing_since.get_or_insert_with(now).elapsed())
    }

    fn change<T>(&self, of: &Delivery, change: impl FnOnce(&mut Uploaded) -> T) -> T {
        let mut uploads = self.0.lock();
        let fresh = || Uploaded { delivery: of.id, handles: HashMap::new(), failing_since: None };
        let uploaded = uploads.entry(of.to.clone()).or_insert_with(fresh);
        if uploaded.delivery != of.id {
            *uploaded = fresh();
        }
        change(uploaded)
    }

    /// A lane's first delivery is settled.
    pub(crate) fn forget(&self, lane: &ConversationRef) {
        self.0.lock().remove(lane);
    }
}

impl Trip<'_> {
    /// Uploads the files of a part.
    pub(crate) async fn upload(&self, part: &Part, content: &Content) -> Result<Files, Failure> {
        let (uploads, delivery) = (&self.relay.inner.uploads, &self.job.pending.delivery);
        let mut files = Vec::with_capacity(part.files.len());
        for index in &part.files {
            let Some(attachment) = content.attachments.get(*index) else { continue };
            let outcome = match (self.refused(attachment), uploads.get(delivery, *index)) {
                (Some(reason), _) => Err(reason),
                (None, Some(handle)) => Ok(handle),
                (None, None) => self.carry(attachment).await?,
            };
            if let Ok(handle) = &outcome {
                uploads.keep(delivery, *index, handle);
            }
            files.push(File { digest: digest(&content.attachments, *index), outcome });
        }
        Ok(Files(files))
    }

    /// Why a file will not even be tried.
    fn refused(&self, attachment: &Attachment) -> Option<String> {
        let manifest = self.entry.platform.manifest();
        let limit = manifest.capabilities.files.max_bytes;
        let (sync, _) = self.view.endpoint(&self.job.pending.delivery.to)?;
        if !sync.settings.files {
            return Some("files are not relayed in this channel".into());
        }
        attachment
            .size
            .filter(|size| *size > limit)
            .map(|_| format!("larger than the {} that {} takes", in_words(limit), manifest.name))
    }

    async fn carry(&self, attachment: &Attachment) -> Result<Result<String, String>, Failure> {
        let delivery = &self.job.pending.delivery;
        let entry = self.view.connections.get(&delivery.from.connection);
        let source = entry.and_then(|entry| Some((entry, entry.live.as_ref().ok()?)));
        let Some((entry, source)) = source else {
            return Ok(Err("the workspace it is in is not connected any more".into()));
        };
        let body = match source.open(attachment).await {
            Ok(body) => body,
            Err(FileError::Revoked(reason)) => {
                self.relay.mark_revoked(entry, &reason).await;
                let reason = "the workspace it is in must be reconnected".to_owned();
                return self.later(reason, &PATIENCE_WHEN_REVOKED);
            }
            Err(FileError::Transient { reason, after: Some(until) }) => {
                return self.held_by_source(reason, until);
            }
            Err(error) => return self.settle(error),
        };
        let upload = self.live.upload(&delivery.to.conversation, attachment, body);
        match self.call("upload", upload).await {
            Ok(handle) => Ok(Ok(handle)),
            Err(error) => self.settle(error),
        }
    }

    fn settle(&self, error: FileError) -> Result<Result<String, String>, Failure> {
        match error {
            FileError::Refused(reason) => Ok(Err(reason)),
            FileError::Transient { after: Some(until), .. } => {
                Err(SendError::RateLimited { until, scope: HoldScope::Conversation }.into())
            }
            FileError::Transient { reason, after: None } => self.later(reason, &PATIENCE),
            FileError::Revoked(reason) => Err(SendError::Revoked(reason).into()),
        }
    }

    /// Waits as the workspace that the file is in asks to, or says why not when that is longer than for
    /// any other failure: it is not the destination that wants to be left alone.
    fn held_by_source(
        &self,
        reason: String,
        until: Timestamp,
    ) -> Result<Result<String, String>, Failure> {
        let failing_for = self.relay.inner.uploads.failing_for(&self.job.pending.delivery);
        let left = PATIENCE.time.saturating_sub(failing_for);
        let wait = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        if left.is_zero() || wait > left {
            return Ok(Err(reason));
        }
        Err(SendError::RateLimited { until, scope: HoldScope::Conversation }.into())
    }

    /// Tries again, or says why not when patience is over.
    fn later(
        &self,
        reason: String,
        patience: &Patience,
    ) -> Result<Result<String, String>, Failure> {
        let delivery = &self.job.pending.delivery;
        let failing_for = self.relay.inner.uploads.failing_for(delivery);
        if delivery.attempts >= patience.tries && failing_for >= patience.time {
            return Ok(Err(reason));
        }
        Err(SendError::Transient(reason).into())
    }
}

/// A size for people.
fn in_words(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    let unit = UNITS.iter().find(|(size, _)| bytes >= *size);
    match unit {
        Some((size, name)) => format!("{} {name}", bytes / size),
        None => format!("{bytes} bytes"),
    }
}
