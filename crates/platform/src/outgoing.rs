//! What is sent: a message for one conversation, and its parts.

use jiff::Timestamp;
use rialto_model::{
    Attachment, Author, Content, DeliveryId, Emoji, Fingerprint, PartKey, RemoteId,
};

/// A message for one conversation, with everything in the destination's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The delivery: travels along where the platform carries metadata.
    pub delivery: DeliveryId,
    /// The conversation.
    pub to: RemoteId,
    /// The message there whose thread this belongs to.
    pub thread: Option<RemoteId>,
    /// Shown in the channel too.
    pub broadcast: bool,
    /// Who says it.
    pub author: Author,
    /// The name of the platform they said it on, for people.
    pub said_on: &'static str,
    /// What they say. Mentions hold ids of the destination, or are text already.
    pub content: Content,
    /// Things to be said along with it, in words.
    pub notes: Vec<Note>,
}

/// Something to be said along with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It was said long before it arrives.
    SaidAt(Timestamp),
    /// It is a reply to something that is not here.
    ReplyToUnknown,
}

/// One post: long texts and files need several. `render` makes the same parts of the same message
/// each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which part.
    pub key: PartKey,
    /// What the connector will send; nobody else looks into it.
    pub body: String,
    /// The attachments that go with it, as places in `Content::attachments`.
    pub files: Vec<usize>,
    /// What it will read like.
    pub fingerprint: Fingerprint,
    /// Whether it belongs into the thread (a broadcast's copy does not).
    pub in_thread: bool,
}

/// A file that was uploaded, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadedFile<'a> {
    /// The file.
    pub attachment: &'a Attachment,
    /// What the destination knows it by, or what to say in its place.
    pub outcome: Result<&'a str, &'a str>,
}

/// A file that a message was posted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Whether it came; else the message says in words why not.
    pub came: bool,
    /// Whether the message goes on having it, or saying so.
    pub stays: bool,
}

impl HeldFile {
    /// Those of a message's files that stay, of `there`, which are all that it has, in the order of
    /// its post. When others were taken away before, all of them do: so the change can be made twice.
    pub fn staying<T>(files: &[Self], mut there: Vec<T>) -> Vec<T> {
        let mut came = files.iter().filter(|file| file.came);
        if there.len() >= came.clone().count() {
            there.retain(|_| came.next().is_none_or(|file| file.stays));
        }
        there
    }
}

/// A post to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post<'a> {
    /// The conversation.
    pub to: &'a RemoteId,
    /// The message whose thread it belongs to; given only when the part is `in_thread`.
    pub thread: Option<&'a RemoteId>,
    /// The part.
    pub part: &'a Part,
    /// Its files, in the order of `Part::files`.
    pub files: &'a [UploadedFile<'a>],
}

/// A change to something that was posted. Making it twice is the same as making it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageChange<'a> {
    /// It shall read so. Of its files none is added: what is new goes in a post of its own. Posts of
    /// files alone are not edited.
    Edit {
        /// The message.
        message: &'a RemoteId,
        /// The root of its thread, when it is a reply. Where that was gone, it went outside.
        thread: Option<&'a RemoteId>,
        /// What it shall read like.
        part: &'a Part,
        /// The files that it was posted with, in that order, and which of them stay.
        files: &'a [HeldFile],
    },
    /// It shall be gone; no error when it is already.
    Delete {
        /// The message.
        message: &'a RemoteId,
        /// The root of its thread, when it is a reply.
        thread: Option<&'a RemoteId>,
    },
    /// Our reaction shall be on it.
    React {
        /// The message.
        message: &'a RemoteId,
        /// The root of its thread, when it is a reply.
        thread: Option<&'a RemoteId>,
        /// Which.
        emoji: &'a Emoji,
    },
    /// Our reaction shall not be on it.
    Unreact {
        /// The message.
        message: &'a RemoteId,
        /// The root of its thread, when it is a reply.
        thread: Option<&'a RemoteId>,
        /// Which.
        emoji: &'a Emoji,
    },
}
