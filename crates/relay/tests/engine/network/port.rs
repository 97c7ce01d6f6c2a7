//! The network as the engine sees it: the connector's side.

use std::iter;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rialto_model::{
    Account, AccountKind, Attachment, Begun, Block, Conversation, ConversationKind, Emoji, Event,
    EventKind, Fingerprint, PartKey, ReactionState, RemoteId, Revision, RichText,
};
use rialto_platform::{
    Connection, Credential, FileBody, FileError, Finding, HistoryPage, HistoryRequest,
    MessageChange, Nest, NewConversation, Note, Outgoing, Page, Part, Post, ReadError, SendError,
    SetupError, Upkeep, split::split,
};

use super::{Illness, NEST, Network, SERVICE, Seen, find};

/// What a part is made of: who, what, and when it says that it was said.
type Body = (String, String, Option<Timestamp>);

#[async_trait]
impl Connection for Network {
    async fn is_own(&self, account: &RemoteId) -> Result<bool, ReadError> {
        Ok(account.as_str() == SERVICE)
    }

    async fn normalize(&self, payload: &[u8]) -> Result<Vec<Event>, ReadError> {
        let revoked = self.state.lock().illness == Some(Illness::Revoked);
        if self.kind.fetches() && revoked {
            return Err(ReadError::Revoked("token_revoked".into()));
        }
        let event = serde_json::from_slice(payload);
        assert!(!String::from_utf8_lossy(payload).contains("unreadable"), "a defect");
        Ok(vec![event.map_err(|error| ReadError::Permanent(error.to_string()))?])
    }

    /// Two messages a page; deletions show by what is not there any more.
    async fn history(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        self.reads_past(request.conversation).await?;
        let mut state = self.state.lock();
        state.readings += usize::from(request.page.is_none());
        let all = state.conversations.get(request.conversation).map(Vec::as_slice);
        let listed = |seen: &Seen| seen.posted_at + state.lag <= self.clock.now();
        let since = |seen: &Seen| seen.posted_at >= request.since && !seen.deleted && listed(seen);
        let all = all.unwrap_or_default().iter().enumerate();
        // Newest first, as most platforms list.
        let mut shown: Vec<_> = all.filter(|(_, seen)| since(seen)).rev().collect();
        let from = request.page.map(|page| page.parse::<usize>().unwrap());
        match from {
            Some(from) if self.shifts => drop(shown.drain(..from.min(shown.len()))),
            Some(from) => shown.retain(|(place, _)| *place < from),
            None => {}
        }
        let next = shown
            .get(1)
            .filter(|_| shown.len() > 2)
            .map(|(place, _)| if self.shifts { from.unwrap_or_default() + 2 } else { *place });
        let mut page = HistoryPage {
            complete_since: Some(request.since),
            next: next.map(|next| next.to_string()),
            ..HistoryPage::default()
        };
        for (_, seen) in shown.into_iter().take(2) {
            let mut as_told = seen.clone();
            if seen.part.is_some() {
                as_told.by = SERVICE.into();
            }
            let reactions = seen.reactors.iter().map(|(by, emoji)| ReactionState {
                account: by.as_str().into(),
                emoji: Emoji::Unicode(emoji.clone()),
            });
            let reactions =
                EventKind::Reactions { message: seen.id.clone(), reactions: reactions.collect() };
            page.threads.push(seen.id.clone());
            let edited = Timestamp::from_microsecond(seen.revision.0).unwrap();
            let said = (self.said(&as_told, seen.revision), seen.posted_at.max(edited));
            // Who reacted is told as it is now.
            let reactions = self.kind.reacts().then(|| (reactions, self.clock.now()));
            for (kind, at) in iter::once(said).chain(reactions) {
                let conversation = request.conversation.clone();
                page.events.push(Event { conversation, at, kind });
            }
        }
        Ok(page)
    }

    async fn account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        if self.state.lock().hidden.contains(id) {
            return Err(ReadError::Permanent("profiles are not for apps".into()));
        }
        Ok(Some(Account {
            id: id.clone(),
            name: id.as_str().split('@').next().unwrap().into(),
            email: Some(format!("{id}@acme.example")),
            avatar_url: None,
            kind: AccountKind::Person,
        }))
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        let name = email.trim_end_matches("@acme.example");
        self.account(&name.into()).await
    }

    async fn open(&self, _: &Attachment) -> Result<FileBody, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn avatar(&self, _: &RemoteId) -> Result<Option<FileBody>, ReadError> {
        Ok(None)
    }

    async fn conversations(&self, _: Option<&str>) -> Result<Page<Conversation>, ReadError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn conversation(&self, id: &RemoteId) -> Result<Option<Conversation>, ReadError> {
        Ok(Some(Conversation {
            id: id.clone(),
            name: id.as_str().into(),
            kind: ConversationKind::Channel,
            parent: None,
            private: false,
            archived: false,
            joined: true,
            topic: None,
        }))
    }

    async fn parents(&self) -> Result<Vec<(RemoteId, String)>, ReadError> {
        Ok(Vec::new())
    }

    async fn create_conversation(&self, _: &NewConversation) -> Result<Conversation, SetupError> {
        Err(SetupError::Refused("not here".into()))
    }

    async fn direct(&self, account: &RemoteId) -> Result<RemoteId, SendError> {
        Ok(format!("direct-{account}").into())
    }

    async fn join(&self, _: &RemoteId) -> Result<(), SetupError> {
        Ok(())
    }

    fn render(&self, outgoing: &Outgoing) -> Vec<Part> {
        let mut text = outgoing.content.text.clone();
        assert!(!text.plain_text().contains("unspeakable"), "a defect");
        if outgoing.notes.contains(&Note::ReplyToUnknown) {
            text.blocks.insert(
                0,
                Block::Paragraph(RichText::plain("(reply)").blocks.remove(0).into_line()),
            );
        }
        let limit = self.manifest.capabilities.text.max;
        let pieces = split(&text, &|piece| piece.plain_text().chars().count() <= limit);
        let said_at = outgoing.notes.iter().find_map(|note| match note {
            Note::SaidAt(at) => Some(*at),
            Note::ReplyToUnknown => None,
        });
        let part = |(index, piece): (usize, RichText)| {
            let text = piece.plain_text();
            let says = said_at.filter(|_| index == 0);
            let reads = says.map_or(text.clone(), |at| format!("{at} {text}"));
            Part {
                key: PartKey::Text(u16::try_from(index).unwrap()),
                body: serde_json::to_string(&(&outgoing.author.name, &text, says)).unwrap(),
                files: Vec::new(),
                fingerprint: Fingerprint(reads),
                in_thread: true,
            }
        };
        pieces.into_iter().enumerate().map(part).collect()
    }

    async fn upload(&self, _: &RemoteId, _: &Attachment, _: FileBody) -> Result<String, FileError> {
        Err(FileError::Refused("there are no files".into()))
    }

    async fn post(&self, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, SendError> {
        // Somebody else may run while a call is under way.
        let process = self.process();
        process.step().await;
        let (by, text, says): Body = serde_json::from_str(&post.part.body).unwrap();
        self.count_post(post.to)?;
        let made = self.call(format!("post {text}"), |state| {
            if post.thread.is_some_and(|root| find(state, post.to.as_str(), root).is_none()) {
                return Err(SendError::NoThread("the thread is gone".into()));
            }
            state.next += 1;
            let id = RemoteId::from(format!("{}-{}", self.manifest.name, state.next));
            let seen = Seen {
                id: id.clone(),
                thread: post.thread.cloned(),
                thread_began: None,
                by,
                text,
                reads_now: None,
                edits: 0,
                reactions: Vec::new(),
                deleted: false,
                posted_at: self.clock.now(),
                says,
                revision: Revision(0),
                reactors: Vec::new(),
                part: Some((begun.delivery().to_string(), post.part.fingerprint.clone())),
            };
            let mut as_service = seen.clone();
            as_service.by = SERVICE.into();
            state.own_events.push(self.event(post.to.as_str(), &as_service, Revision(0)));
            state.conversations.entry(post.to.clone()).or_default().push(seen);
            Ok(id)
        });
        let slowness = self.state.lock().slowness;
        tokio::time::sleep(slowness).await;
        process.step().await;
        made?
    }

    async fn find_sent(&self, post: &Post<'_>, begun: &Begun) -> Result<Vec<RemoteId>, SendError> {
        let process = self.process();
        process.step().await;
        let found = self.call(format!("look up {}", post.part.fingerprint.0), |state| {
            let lag = state.lag;
            let all = state.conversations.get(post.to).map(Vec::as_slice).unwrap_or_default();
            let same = |seen: &&Seen| match &seen.part {
                Some((delivery, fingerprint)) => {
                    *fingerprint == post.part.fingerprint
                        && !seen.deleted
                        && seen.thread.as_ref() == post.thread
                        && seen.posted_at >= begun.at()
                        && seen.posted_at + lag <= self.clock.now()
                        && (!self.kind.marks() || *delivery == begun.delivery().to_string())
                }
                None => false,
            };
            all.iter().filter(same).map(|seen| seen.id.clone()).collect()
        });
        // Long enough for a webhook or a sweep to tell of the post meanwhile.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        process.step().await;
        found
    }

    async fn change(&self, to: &RemoteId, change: &MessageChange<'_>) -> Result<(), SendError> {
        let process = self.process();
        process.step().await;
        let (message, what) = match change {
            MessageChange::Edit { message, .. } => (*message, "edit"),
            MessageChange::Delete { message, .. } => (*message, "delete"),
            MessageChange::React { message, .. } => (*message, "react"),
            MessageChange::Unreact { message, .. } => (*message, "unreact"),
        };
        let found = self.call(what.into(), |state| {
            let seen = find(state, to.as_str(), message).filter(|seen| !seen.deleted)?;
            match change {
                MessageChange::Edit { part, .. } => {
                    let (_, text, says): Body = serde_json::from_str(&part.body).unwrap();
                    self.edit_copy(seen, text, says);
                }
                MessageChange::Delete { .. } => seen.deleted = true,
                MessageChange::React { emoji, .. } if seen.reactions.contains(&emoji.as_text()) => {
                }
                MessageChange::React { emoji, .. } => seen.reactions.push(emoji.as_text()),
                MessageChange::Unreact { emoji, .. } => {
                    seen.reactions.retain(|it| *it != emoji.as_text());
                }
            }
            Some(())
        });
        let is_deletion = matches!(change, MessageChange::Delete { .. });
        let changed = match found {
            Ok(None) if !is_deletion => Err(SendError::Permanent("the message is gone".into())),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        let slowness = self.state.lock().slowness;
        tokio::time::sleep(slowness).await;
        process.step().await;
        changed
    }

    async fn nest(&self, _: &[RemoteId], _: bool) -> Result<Nest, SetupError> {
        let none = || SetupError::Refused("there are no private channels".into());
        let message = self.state.lock().egg.clone().ok_or_else(none)?;
        Ok(Nest { conversation: NEST.into(), message })
    }

    async fn upkeep(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        let state = self.state.lock();
        let moved = state.moved.iter().filter(|(from, _)| heard.contains(from)).cloned().collect();
        let credential = state.credential_ends.map(|ends| Credential {
            name: "token",
            expires_at: Some(ends),
            overdue: SignedDuration::ZERO,
        });
        let credentials = credential.into_iter().collect();
        Ok(Upkeep { moved, credentials, ..Upkeep::default() })
    }

    async fn check(&self) -> Vec<Finding> {
        Vec::new()
    }
}

impl Network {
    /// Makes a post of ours read anew. What reads so already counts as no edit; what may be edited no
    /// more is told of in a reply, which the connector keeps to itself.
    fn edit_copy(&self, seen: &mut Seen, text: String, says: Option<Timestamp>) {
        if seen.reads() == text {
            return;
        }
        seen.says = says;
        if self.kind.max_edits().is_some_and(|most| seen.edits >= most) {
            seen.reads_now = Some(text);
        } else {
            seen.edits += 1;
            seen.text = text;
        }
    }
}

trait IntoLine {
    fn into_line(self) -> Vec<rialto_model::Inline>;
}

impl IntoLine for Block {
    fn into_line(self) -> Vec<rialto_model::Inline> {
        match self {
            Self::Paragraph(line) => line,
            _ => Vec::new(),
        }
    }
}
