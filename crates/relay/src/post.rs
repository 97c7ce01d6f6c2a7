//! Posting a message, part by part. Each part is written down as begun before it is posted; one
//! whose outcome is not known is looked up before it is posted again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rialto_model::{
    Author, Begun, Content, MessageId, PartKey, RemoteId, Revision, Work, WorkKind,
};
use rialto_platform::{MessageChange, Note, Outgoing, Part, Post, SendError, UploadedFile};
use rialto_store::{BegunPart, Copy, NewCopy, Progress};

use crate::{
    deliver::{Failure, Trip},
    files::Files,
    localize::Way,
};

/// What is older than this when it is its turn says when it was said.
const LATE: SignedDuration = SignedDuration::from_mins(2);

/// Why a post is not made any more.
const PAST: &str = "the message was deleted, or edited anew, before all of it went";

/// What a message says, out of a post or an edit.
pub(crate) struct Said<'a> {
    pub(crate) author: &'a Author,
    pub(crate) content: &'a Content,
    pub(crate) thread: Option<MessageId>,
    pub(crate) broadcast: bool,
    pub(crate) orphan: bool,
    pub(crate) revision: Revision,
}

impl<'a> Said<'a> {
    pub(crate) fn of(work: &'a Work) -> Option<Self> {
        match work {
            Work::Post { author, content, thread, broadcast, orphan } => Some(Self {
                author,
                content,
                thread: *thread,
                broadcast: *broadcast,
                orphan: *orphan,
                revision: Revision::default(),
            }),
            Work::Edit { author, content, thread, broadcast, orphan, revision } => Some(Self {
                author,
                content,
                thread: *thread,
                broadcast: *broadcast,
                orphan: *orphan,
                revision: *revision,
            }),
            Work::Delete | Work::React { .. } | Work::Unreact { .. } | Work::Notice { .. } => None,
        }
    }
}

/// What became of a message in the destination so far.
pub(crate) struct Before<'a> {
    /// What is there.
    pub(crate) there: &'a [Copy],
    /// What was begun, and is perhaps there too.
    pub(crate) begun: &'a [BegunPart],
}

impl Before<'_> {
    fn begun(&self, part: &Part) -> Option<&BegunPart> {
        self.begun.iter().find(|begun| begun.part == part.key)
    }
}

impl Trip<'_> {
    /// Posts the message: those of its parts that are not there yet.
    pub(crate) async fn post(&self) -> Result<(), Failure> {
        let Some(said) = Said::of(&self.job.pending.work) else { return Ok(()) };
        let mut outgoing = self.outgoing(&said).await?;
        let mut there = if self.job.fresh { Vec::new() } else { self.copies().await? };
        let mut begun = &self.job.pending.begun[..];
        // It goes on as it began: with the time in it, it may be split at other places.
        let began = there.iter().map(|copy| copy.says_when);
        let began = began.chain(begun.iter().map(|part| part.says_when)).next();
        let said_at = Note::SaidAt(self.job.pending.delivery.happened_at);
        if began.unwrap_or_else(|| self.is_late()) {
            outgoing.notes.insert(0, said_at.clone());
        }
        loop {
            let before = Before { there: &there, begun };
            match self.post_all(&outgoing, said.revision, &before).await {
                Err(Failure::Late) => {
                    outgoing.notes.insert(0, said_at.clone());
                    begun = &[];
                }
                Err(Failure::Call { error: SendError::NoThread(_), .. })
                    if outgoing.thread.is_some() =>
                {
                    outgoing.thread = None;
                    outgoing.broadcast = false;
                    outgoing.notes.push(Note::ReplyToUnknown);
                    there = self.copies().await?;
                }
                result => return result,
            }
        }
    }

    /// Whether readers of a post take it for newer than it is.
    fn is_late(&self) -> bool {
        let delivery = &self.job.pending.delivery;
        delivery.kind == WorkKind::Post && self.now().duration_since(delivery.happened_at) > LATE
    }

    async fn post_all(
        &self,
        outgoing: &Outgoing,
        revision: Revision,
        before: &Before<'_>,
    ) -> Result<(), Failure> {
        let parts = self.live.render(outgoing);
        let missing: Vec<_> = parts.iter().filter(|part| !has(before.there, part.key)).collect();
        let Some((last, others)) = missing.split_last() else {
            self.keep(Progress { settled: self.delivered(), ..Progress::default() }).await;
            return Ok(());
        };
        self.stop_if_past(&parts, outgoing, revision, before).await?;
        for part in others {
            self.post_part(part, outgoing, revision, before, false).await?;
        }
        self.post_part(last, outgoing, revision, before, true).await
    }

    /// Posts one part and keeps its copy; with the last one the delivery is done.
    pub(crate) async fn post_part(
        &self,
        part: &Part,
        outgoing: &Outgoing,
        revision: Revision,
        before: &Before<'_>,
        last: bool,
    ) -> Result<(), Failure> {
        let copy = self.make(part, outgoing, revision, before).await?;
        self.keep(Progress {
            copies: vec![copy],
            settled: if last { self.delivered() } else { None },
            ..Progress::default()
        })
        .await;
        Ok(())
    }

    async fn make(
        &self,
        part: &Part,
        outgoing: &Outgoing,
        revision: Revision,
        before: &Before<'_>,
    ) -> Result<NewCopy, Failure> {
        let inner = &self.relay.inner;
        let pending = &self.job.pending;
        let begun_before = before.begun(part);
        if let Some(begun) = begun_before {
            self.let_it_end(begun.at).await;
        }
        let files = match begun_before {
            Some(begun) => Files::from_handles(&begun.handles),
            None => self.upload(part, &outgoing.content).await?,
        };
        let uploaded = files.for_post(part, &outgoing.content);
        let post = placed(part, outgoing, &uploaded);
        let _room = if inner.settings.pacing {
            let pacing = &self.entry.platform.manifest().capabilities.pacing;
            let (conversation, connection) = (&pacing.conversation, &pacing.connection);
            let room = inner.pacer.wait(&pending.delivery.to, conversation, connection);
            tokio::select! {
                () = inner.winding_down.cancelled() => None,
                taken = self.slot.left_during(room) => Some(taken),
            }
        } else {
            None
        };
        if inner.winding_down.is_cancelled() {
            return Err(Failure::WindingDown);
        }
        let says_when = outgoing.notes.iter().any(|note| matches!(note, Note::SaidAt(_)));
        let delivery = pending.delivery.id;
        let made = |remote, says_when| {
            let (part, files) = (part.key, files.copied());
            NewCopy { delivery, part, remote, revision, says_when, files }
        };
        if let Some(earlier) = begun_before {
            match self.look_again(&post, &files, earlier).await? {
                (_, Some((remote, _))) => return Ok(made(remote, earlier.says_when)),
                (_, None) if before.there.is_empty() && !says_when && self.is_late() => {
                    return Err(Failure::Late);
                }
                (begun, None) if earlier.fingerprint == part.fingerprint => {
                    return Ok(made(self.send(&post, &begun).await?, earlier.says_when));
                }
                (_, None) => {}
            }
        }
        let begun = self.begin(part, &files, says_when).await?;
        Ok(made(self.send(&post, &begun).await?, says_when))
    }

    /// What was tried before may be past by now. Then what it began is taken away, where it is
    /// there, and nothing more is posted.
    pub(crate) async fn stop_if_past(
        &self,
        parts: &[Part],
        outgoing: &Outgoing,
        revision: Revision,
        before: &Before<'_>,
    ) -> Result<(), Failure> {
        if self.job.fresh || self.is_still_said(revision).await? {
            return Ok(());
        }
        let missing = parts.iter().filter(|part| !has(before.there, part.key));
        let mut past = Progress::default();
        for (part, begun) in missing.filter_map(|part| Some((part, before.begun(part)?))) {
            self.let_it_end(begun.at).await;
            let files = Files::from_handles(&begun.handles);
            let uploaded = files.for_post(part, &outgoing.content);
            let post = placed(part, outgoing, &uploaded);
            if let (_, Some((remote, thread))) = self.look_again(&post, &files, begun).await? {
                let change = MessageChange::Delete { message: &remote, thread };
                self.apply(post.to, &change).await?;
                // Its webhook may come yet: it is known as ours, and as gone.
                let (delivery, says_when) = (self.job.pending.delivery.id, begun.says_when);
                past.gone.push(remote.clone());
                let (part, files) = (part.key, files.copied());
                past.copies.push(NewCopy { delivery, part, remote, revision, says_when, files });
            }
        }
        if !past.gone.is_empty() {
            self.keep(past).await;
        }
        Err(Failure::Pointless(PAST))
    }

    /// Looks for what was begun before. It is begun as it was: if all ends here, it is looked up as
    /// it was once more.
    async fn look_again<'p>(
        &self,
        post: &Post<'p>,
        files: &Files,
        earlier: &BegunPart,
    ) -> Result<(Begun, Option<(RemoteId, Option<&'p RemoteId>)>), Failure> {
        let part = Part { fingerprint: earlier.fingerprint.clone(), ..post.part.clone() };
        let begun = self.begin(&part, files, earlier.says_when).await?;
        let found = self.look_up(&Post { part: &part, ..*post }, &begun).await?;
        let found = found.map(|(remote, thread)| (remote, thread.and(post.thread)));
        Ok((begun, found))
    }

    /// Writes down that a part is about to be posted.
    async fn begin(&self, part: &Part, files: &Files, says_when: bool) -> Result<Begun, Failure> {
        let (step, delivery) = (self.tracer.begin(), self.job.pending.delivery.id);
        let (reads, handles) = (part.fingerprint.clone(), files.handles());
        let store = &self.relay.inner.store;
        let begun = store.begin(delivery, part.key, reads, handles, says_when, self.now()).await?;
        self.tracer.end(step, self.span, "begin", Vec::new, None);
        Ok(begun)
    }

    /// Whether the message still reads as at a revision, as far as is known.
    async fn is_still_said(&self, revision: Revision) -> Result<bool, Failure> {
        let newer = self.copies().await?.iter().any(|copy| copy.revision > revision);
        Ok(!newer && !self.message_is_deleted().await?)
    }

    pub(crate) async fn message_is_deleted(&self) -> Result<bool, Failure> {
        let message = self.relay.inner.store.message(self.job.pending.delivery.message).await?;
        Ok(message.is_none_or(|message| message.deleted))
    }

    /// What the process before had begun may still be under way on the platform: looking it up
    /// waits for as long as it does for any other call without an answer.
    async fn let_it_end(&self, begun_at: Timestamp) {
        let inner = &self.relay.inner;
        if begun_at < inner.started_at {
            let age = Duration::try_from(self.now().duration_since(inner.started_at));
            let wait = inner.settings.look_after.saturating_sub(age.unwrap_or_default());
            tokio::time::sleep(wait).await;
        }
    }

    async fn send(&self, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, Failure> {
        self.call("post", self.live.post(post, begun))
            .await
            .map_err(|error| Failure::Call { error, begun: Some(begun.part()) })
    }

    /// A post of ours that looks like this one and is nobody else's, and the thread that it is in:
    /// it may have gone outside, since the thread was refused.
    async fn look_up<'p>(
        &self,
        post: &Post<'p>,
        begun: &Begun,
    ) -> Result<Option<(RemoteId, Option<&'p RemoteId>)>, Failure> {
        let outside = post.thread.map(|_| None);
        for thread in std::iter::once(post.thread).chain(outside) {
            let there = Post { thread, ..*post };
            let found = self.call("look up", self.live.find_sent(&there, begun)).await;
            let candidates = found.map_err(|error| match error {
                // Not found out: it stays begun.
                SendError::Transient(reason) => SendError::Unknown(reason),
                error => error,
            })?;
            for remote in candidates {
                if !self.relay.inner.store.is_copy(&self.job.pending.delivery.to, &remote).await? {
                    return Ok(Some((remote, thread)));
                }
            }
        }
        // Its event, or a sweep, may have told of it while it was looked for.
        let recorded = self.copies().await?.into_iter().find(|copy| copy.part == post.part.key);
        Ok(recorded.map(|copy| (copy.remote, post.thread)))
    }

    /// The message in the destination's terms.
    pub(crate) async fn outgoing(&self, said: &Said<'_>) -> Result<Outgoing, Failure> {
        let delivery = &self.job.pending.delivery;
        let (sync, _) =
            self.view.endpoint(&delivery.to).ok_or(Failure::Pointless("not in a channel sync"))?;
        let mut content = said.content.clone();
        let way = Way {
            view: &self.view,
            people: &self.relay.inner.people,
            sync,
            from: delivery.from.connection,
            to: delivery.to.connection,
        };
        way.localize(&mut content.text).await;
        let thread = match said.thread {
            Some(root) => self.thread_below(root).await?,
            None => None,
        };
        let mut notes = Vec::new();
        if said.orphan || (said.thread.is_some() && thread.is_none()) {
            notes.push(Note::ReplyToUnknown);
        }
        let said_on = self
            .view
            .connections
            .get(&delivery.from.connection)
            .map_or("another app", |entry| entry.platform.manifest().name);
        Ok(Outgoing {
            delivery: delivery.id,
            to: delivery.to.conversation.clone(),
            broadcast: said.broadcast && thread.is_some(),
            thread,
            author: self.pictured(said.author),
            said_on,
            content,
            notes,
        })
    }

    /// The author with a picture: one that only a token opens is fetched through Rialto.
    fn pictured(&self, author: &Author) -> Author {
        let mut author = author.clone();
        if let (None, false, Some(account), Some(links)) =
            (&author.avatar_url, author.bot, &author.account, &self.relay.inner.settings.avatars)
        {
            let from = self.job.pending.delivery.from.connection;
            author.avatar_url = Some(links.url(from, account).into());
        }
        author
    }

    /// Where the message is in the destination.
    pub(crate) async fn copies(&self) -> Result<Vec<Copy>, Failure> {
        let delivery = &self.job.pending.delivery;
        Ok(self.relay.inner.store.copies(delivery.message, &delivery.to).await?)
    }

    /// What a thread hangs on in the destination. What begins a thread where a reply was typed may be
    /// a reply itself in the destination: one whose root is not there.
    pub(crate) async fn thread_below(&self, root: MessageId) -> Result<Option<RemoteId>, Failure> {
        let above = self.relay.inner.store.message(root).await?.and_then(|it| it.thread);
        if let Some(above) = above
            && let Some(copy) = self.first_copy(above).await?
        {
            return Ok(Some(copy));
        }
        self.first_copy(root).await
    }

    /// The first part of a message in the destination, of those that were there before any edit: what
    /// replies and reactions hang on.
    pub(crate) async fn first_copy(&self, message: MessageId) -> Result<Option<RemoteId>, Failure> {
        let to = &self.job.pending.delivery.to;
        let copies = self.relay.inner.store.copies(message, to).await?;
        Ok(copies.into_iter().min_by_key(|copy| (copy.by_edit, copy.part)).map(|copy| copy.remote))
    }
}

/// A part where it goes.
fn placed<'a>(part: &'a Part, outgoing: &'a Outgoing, files: &'a [UploadedFile<'a>]) -> Post<'a> {
    let thread = outgoing.thread.as_ref().filter(|_| part.in_thread);
    Post { to: &outgoing.to, thread, part, files }
}

pub(crate) fn has(copies: &[Copy], part: PartKey) -> bool {
    copies.iter().any(|copy| copy.part == part)
}
