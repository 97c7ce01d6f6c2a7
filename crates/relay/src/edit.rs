//! Edits: what is there is made to read anew, what is new is posted, what is too much is taken away.
//!
//! Changes may be made twice without harm, so nothing is begun for them; what an edit adds is posted
//! like any other part. A file that it adds goes in a post of its own, since hardly a platform takes
//! one for a message that is there; one that it takes away goes with its post, whose other files are
//! posted again, or, where it stands with a text, out of that.

use std::collections::HashSet;

use rialto_model::{Content, PartKey, RemoteId, RichText};
use rialto_platform::{HeldFile, MessageChange, Note, Outgoing, Part, SendError};
use rialto_store::{Copy, Progress};

use crate::{
    change::{HALF_THERE, thread_of},
    deliver::{Failure, Trip},
    files::digest,
    post::{Before, Said, has},
};

impl Trip<'_> {
    /// Makes the message's copies read as it reads now, and have the files that it has.
    pub(crate) async fn edit(&self) -> Result<(), Failure> {
        let Some(said) = Said::of(&self.job.pending.work) else { return Ok(()) };
        let there = self.copies().await?;
        if there.is_empty() {
            return Err(self.not_there().await);
        }
        if self.waits_for_what_was_begun().await? {
            return Err(SendError::Permanent(HALF_THERE.into()).into());
        }
        if there.iter().any(|copy| copy.revision > said.revision) {
            return Err(Failure::Pointless("a later edit went before"));
        }
        let mut outgoing = self.outgoing(&said).await?;
        // As its post did: the edit says nothing of when it was made itself.
        if there.iter().any(|copy| copy.says_when)
            && let Some(message) =
                self.relay.inner.store.message(self.job.pending.delivery.message).await?
        {
            outgoing.notes.insert(0, Note::SaidAt(message.posted_at));
        }
        let change = Edit::of(&there, &outgoing, |outgoing| self.live.render(outgoing));
        let before = Before { there: &there, begun: &self.job.pending.begun };
        self.stop_if_past(&change.new, &outgoing, said.revision, &before).await?;
        let to = &self.job.pending.delivery.to.conversation;
        let thread = outgoing.thread.clone();
        let mut done = Progress::default();
        for Revised { copy, part, files } in &change.revised {
            let (message, thread) = (&copy.remote, thread_of(copy, thread.as_ref()));
            self.apply(to, &MessageChange::Edit { message, thread, part, files }).await?;
            done.revised.push((copy.remote.clone(), said.revision));
            if files.iter().any(|file| !file.stays) {
                let left = copy.files.iter().zip(files).filter(|(_, file)| file.stays);
                let left = left.map(|(file, _)| *file).collect();
                let files_left = vec![(copy.remote.clone(), left)];
                // Now: whatever comes of the rest, the next edit goes by what is there.
                self.keep(Progress { files_left, ..Progress::default() }).await;
            }
        }
        self.take_away(&change.gone, thread.as_ref(), &mut done).await?;
        for part in &change.new {
            let mut made = self.post_part(part, &outgoing, said.revision, &before, false).await;
            if let (Err(Failure::Call { error: SendError::NoThread(_), .. }), Some(_)) =
                (&made, &outgoing.thread)
            {
                // As a post does; whose it is, its heading says.
                outgoing.thread = None;
                made = self.post_part(part, &outgoing, said.revision, &before, false).await;
            }
            made?;
        }
        self.take_away(&change.replaced, thread.as_ref(), &mut done).await?;
        // These too: what was parked before is past, also where nothing had to be changed.
        done.revised.extend(change.stays.iter().map(|copy| (copy.remote.clone(), said.revision)));
        done.settled = self.delivered();
        self.keep(done).await;
        Ok(())
    }

    async fn take_away(
        &self,
        copies: &[&Copy],
        thread: Option<&RemoteId>,
        done: &mut Progress,
    ) -> Result<(), Failure> {
        let to = &self.job.pending.delivery.to.conversation;
        for copy in copies {
            let (message, thread) = (&copy.remote, thread_of(copy, thread));
            if matches!(copy.part, PartKey::Files(_)) && !copy.files.is_empty() {
                // First: whatever comes of the rest, no later edit takes its files to be there. It keeps
                // its part until all is done: what is begun for others is found by theirs.
                let files_left = vec![(message.clone(), Vec::new())];
                self.keep(Progress { files_left, ..Progress::default() }).await;
            }
            self.apply(to, &MessageChange::Delete { message, thread }).await?;
            if matches!(copy.part, PartKey::Files(_)) {
                done.gone.push(message.clone());
            } else {
                let gone = vec![message.clone()];
                self.keep(Progress { gone, ..Progress::default() }).await;
            }
        }
        Ok(())
    }
}

/// What is to be done so that a message's copies are as it is now.
#[derive(Default)]
struct Edit<'a> {
    revised: Vec<Revised<'a>>,
    /// Copies that are right as they are.
    stays: Vec<&'a Copy>,
    gone: Vec<&'a Copy>,
    /// Gone as soon as those of their files that stay are posted anew.
    replaced: Vec<&'a Copy>,
    /// Under parts that no copy is, as long as all of this is not done.
    new: Vec<Part>,
}

/// A copy that is to read anew.
struct Revised<'a> {
    copy: &'a Copy,
    part: Part,
    files: Vec<HeldFile>,
}

impl<'a> Edit<'a> {
    fn of(there: &'a [Copy], outgoing: &Outgoing, render: impl Fn(&Outgoing) -> Vec<Part>) -> Self {
        let attachments = &outgoing.content.attachments;
        let now: Vec<u64> =
            (0..attachments.len()).map(|index| digest(attachments, index)).collect();
        let mut texts = render(outgoing);
        texts.retain(|part| !matches!(part.key, PartKey::Files(_)));
        let mut edit = Self::default();
        // Files that need not be posted.
        let mut held = HashSet::new();
        for copy in there {
            let stays = |digest: &u64| now.contains(digest);
            let digests = copy.files.iter().map(|file| file.digest);
            if matches!(copy.part, PartKey::Files(_)) {
                let staying = digests.clone().filter(stays).count();
                match staying {
                    0 => edit.gone.push(copy),
                    all if all == copy.files.len() => {
                        held.extend(digests);
                        edit.stays.push(copy);
                    }
                    _ => edit.replaced.push(copy),
                }
            } else if let Some(at) = texts.iter().position(|part| part.key == copy.part) {
                held.extend(digests.filter(stays));
                let files = copy.files.iter();
                let files = files.map(|it| HeldFile { came: it.came, stays: stays(&it.digest) });
                let (part, files) = (texts.remove(at), files.collect());
                edit.revised.push(Revised { copy, part, files });
            } else {
                edit.gone.push(copy);
            }
        }
        let mut is_new = |index: &usize| now.get(*index).is_some_and(|it| held.insert(*it));
        for mut part in texts {
            part.files.retain(&mut is_new);
            edit.new.push(part);
        }
        let added: Vec<usize> = (0..now.len()).filter(&mut is_new).collect();
        edit.new.extend(alone(&added, outgoing, render, there));
        edit
    }
}

/// Posts of files alone, under parts that no copy is.
fn alone(
    added: &[usize],
    outgoing: &Outgoing,
    render: impl Fn(&Outgoing) -> Vec<Part>,
    there: &[Copy],
) -> Vec<Part> {
    if added.is_empty() {
        return Vec::new();
    }
    let attachments = &outgoing.content.attachments;
    let attachments = added.iter().filter_map(|index| attachments.get(*index)).cloned().collect();
    let content = Content { text: RichText::default(), attachments };
    let (broadcast, notes) = (false, Vec::new());
    let mut parts = render(&Outgoing { content, broadcast, notes, ..outgoing.clone() });
    let free = (0..u16::MAX).map(PartKey::Files).filter(|key| !has(there, *key));
    for (part, key) in parts.iter_mut().zip(free) {
        part.key = key;
        part.files = part.files.iter().filter_map(|index| added.get(*index)).copied().collect();
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{prelude::*, sample::Index};
    use rialto_model::{
        Attachment, AttachmentKind, Author, ConnectionId, ConversationRef, DeliveryId, Fingerprint,
        MessageId, Revision,
    };
    use rialto_store::CopiedFile;
    use uuid::Uuid;

    use super::*;

    /// How platforms spread a message over posts.
    #[derive(Clone, Copy, Debug)]
    enum Spread {
        /// The first post says something and has files.
        Together,
        /// Files are in posts of their own, so many in each.
        Apart(usize),
    }

    fn render(spread: Spread, outgoing: &Outgoing) -> Vec<Part> {
        let part = |key, files: &[usize]| Part {
            key,
            body: outgoing.content.text.plain_text(),
            files: files.to_vec(),
            fingerprint: Fingerprint(String::new()),
            in_thread: true,
        };
        let all: Vec<usize> = (0..outgoing.content.attachments.len()).collect();
        let says = !outgoing.content.text.is_blank();
        let (with, size) = match spread {
            Spread::Together => (all.len().min(2), 2),
            Spread::Apart(size) => (0, size),
        };
        let (with, others) = all.split_at(with);
        let text = says || matches!(spread, Spread::Together) || all.is_empty();
        let text = text.then(|| part(PartKey::Text(0), with));
        let others = others.chunks(size).zip(0..);
        text.into_iter().chain(others.map(|(some, n)| part(PartKey::Files(n), some))).collect()
    }

    fn outgoing(text: &str, files: &[u8]) -> Outgoing {
        let attachment = |number: &u8| Attachment {
            remote: format!("F{number}").into(),
            name: "a file".into(),
            mime: "text/plain".into(),
            size: None,
            kind: AttachmentKind::File,
        };
        Outgoing {
            delivery: DeliveryId::new(Uuid::from_u128(1)),
            to: "C1".into(),
            thread: None,
            broadcast: false,
            author: Author { account: None, name: "Ana".into(), avatar_url: None, bot: false },
            said_on: "Slack",
            content: Content {
                text: RichText::plain(text),
                attachments: files.iter().map(attachment).collect(),
            },
            notes: Vec::new(),
        }
    }

    /// What readers see, and what is written down of it.
    #[derive(Default)]
    struct Room {
        posts: BTreeMap<RemoteId, Vec<u64>>,
        copies: Vec<Copy>,
        made: u32,
    }

    impl Room {
        fn post(&mut self, part: &Part, outgoing: &Outgoing, by_edit: bool) {
            assert!(!has(&self.copies, part.key), "{:?} is free", part.key);
            self.made += 1;
            let remote = RemoteId::from(format!("m{}", self.made));
            let attachments = &outgoing.content.attachments;
            let digests: Vec<u64> = part.files.iter().map(|at| digest(attachments, *at)).collect();
            let files = digests.iter().map(|digest| CopiedFile { digest: *digest, came: true });
            let connection = ConnectionId::new(Uuid::from_u128(2));
            self.copies.push(Copy {
                message: MessageId::new(Uuid::from_u128(3)),
                at: ConversationRef { connection, conversation: "C1".into() },
                part: part.key,
                remote: remote.clone(),
                revision: Revision(0),
                origin: false,
                says_when: false,
                by_edit,
                files: files.collect(),
            });
            self.posts.insert(remote, digests);
        }

        /// Does what an edit asks for, from the start again whenever it breaks off: `posts` are what
        /// comes before it does.
        fn edit(&mut self, spread: Spread, outgoing: &Outgoing, breaks: &[Index]) {
            for run in 0..=breaks.len() {
                let there = self.copies.clone();
                let edit = Edit::of(&there, outgoing, |outgoing| render(spread, outgoing));
                for Revised { copy, files, .. } in &edit.revised {
                    let shown = self.posts.remove(&copy.remote).unwrap();
                    self.posts.insert(copy.remote.clone(), HeldFile::staying(files, shown));
                }
                for copy in &edit.gone {
                    self.posts.remove(&copy.remote);
                }
                let made = match breaks.get(run) {
                    Some(at) => at.index(edit.new.len() + 1),
                    None => edit.new.len(),
                };
                for part in &edit.new[..made] {
                    self.post(part, outgoing, true);
                }
                if run == breaks.len() {
                    let gone = edit.gone.iter().chain(&edit.replaced);
                    let gone: Vec<_> = gone.map(|copy| &copy.remote).collect();
                    self.posts.retain(|remote, _| !gone.contains(&remote));
                    self.copies.retain(|copy| !gone.contains(&&copy.remote));
                    for Revised { copy, files, .. } in &edit.revised {
                        let kept = self.copies.iter_mut().find(|it| it.remote == copy.remote);
                        kept.unwrap().files = copy
                            .files
                            .iter()
                            .zip(files)
                            .filter(|(_, file)| file.stays)
                            .map(|(file, _)| *file)
                            .collect();
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_message_has_the_files_that_it_has_now_each_once(
            spread in prop_oneof![
                Just(Spread::Together), Just(Spread::Apart(1)), Just(Spread::Apart(3)),
            ],
            readings in prop::collection::vec(
                (
                    "[a ]",
                    prop::collection::vec(0..6_u8, 0..6),
                    prop::collection::vec(any::<Index>(), 0..3),
                ),
                1..5,
            ),
        ) {
            let mut room = Room::default();
            for (number, (text, files, breaks)) in readings.iter().enumerate() {
                let now = outgoing(text, files);
                let stood = room.posts.clone();
                if number == 0 {
                    render(spread, &now).iter().for_each(|part| room.post(part, &now, false));
                } else {
                    room.edit(spread, &now, breaks);
                }
                let mut seen: Vec<u64> = room.posts.values().flatten().copied().collect();
                let attachments = &now.content.attachments;
                let expected = (0..attachments.len()).map(|index| digest(attachments, index));
                let mut expected: Vec<u64> = expected.collect();
                seen.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(seen, expected);
                // Nothing is posted again of which all stays.
                for (remote, had) in stood {
                    let all_stay = had.iter().all(|file| room.posts.values().flatten().any(|it| it == file));
                    prop_assert!(had.is_empty() || !all_stay || room.posts.contains_key(&remote));
                }
            }
        }
    }
}
