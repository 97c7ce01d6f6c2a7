//! Telling senders what did not arrive: by a reaction on the message, and, when it was given up, by a
//! notice in their own conversation with Rialto. Both are taken back when it arrives after all.
//!
//! What tells is work like any other: kept with the reason for it in one transaction, in lanes.

use std::time::Duration;

use rialto_model::{
    Author, Block, Content, ConversationRef, Delivery, DeliveryId, Emoji, Inline, PartKey,
    RemoteId, RichText, Style, Work, WorkKind,
};
use rialto_platform::{Outgoing, Part, SendError};
use rialto_store::{NewDelivery, Progress, StoreError};

use crate::{
    deliver::{Failure, Trip},
    ids::new_uuid,
    post::{Before, Said, has},
    relay::Relay,
    roster::RosterView,
};

/// On a message that did not arrive everywhere.
const MARK: &str = "⚠️";
/// How many characters of a message a notice quotes.
const QUOTED: usize = 80;
/// How often it is looked for deliveries that take too long.
const LOOK: Duration = Duration::from_secs(60);
/// How many of them are told of at a time.
const BATCH: u32 = 256;

/// Whether a reaction tells that a message did not arrive.
pub(crate) fn is_mark(emoji: &Emoji) -> bool {
    *emoji == Emoji::Unicode(MARK.into())
}

impl Relay {
    /// Tells of what takes too long, and takes back what is past, for as long as the engine runs.
    pub(crate) async fn keep_telling(&self) {
        loop {
            let told = async {
                self.tell_of_what_is_overdue().await?;
                self.take_back_what_is_past().await
            };
            if let Err(error) = told.await {
                tracing::warn!(%error, "senders cannot be told what did not arrive");
            }
            let look = LOOK.min(self.inner.settings.tell_after / 4);
            tokio::select! {
                () = tokio::time::sleep(look) => {}
                () = self.inner.take_back.notified() => {}
            }
        }
    }

    async fn tell_of_what_is_overdue(&self) -> Result<(), StoreError> {
        let now = self.inner.toolkit.clock.now();
        let Ok(before) = now.checked_sub(self.inner.settings.tell_after) else { return Ok(()) };
        let view = self.roster().view();
        let mut after = i64::MIN;
        loop {
            let overdue = self.inner.store.overdue(before, after, BATCH).await?;
            let Some(last) = overdue.last() else { return Ok(()) };
            after = last.seq;
            // What an admin paused is late because they want it so.
            for delivery in overdue.iter().filter(|it| flows(&view, &it.to)) {
                if let Some(mark) = self.mark(&view, delivery, true) {
                    let to = mark.to.clone();
                    let step = Progress { told: vec![mark], ..Progress::default() };
                    self.inner.store.progress(delivery.id, step).await?;
                    self.look_for_work(&to);
                }
            }
        }
    }

    async fn take_back_what_is_past(&self) -> Result<(), StoreError> {
        let view = self.roster().view();
        for delivery in self.inner.store.told_in_vain(BATCH).await? {
            let mut past: Vec<_> = self.mark(&view, &delivery, false).into_iter().collect();
            let message = self.inner.store.message(delivery.message).await?;
            if let Some(author) = message.and_then(|message| message.author) {
                let to = direct(&delivery.from, &author);
                past.push(self.work_for(&delivery, to, Work::Delete));
            }
            let lanes: Vec<_> = past.iter().map(|new| new.to.clone()).collect();
            self.inner.store.take_back(delivery.message, past).await?;
            lanes.iter().for_each(|to| self.look_for_work(to));
        }
        Ok(())
    }

    /// The reaction on the message itself, where Rialto may write.
    fn mark(&self, view: &RosterView, delivery: &Delivery, present: bool) -> Option<NewDelivery> {
        let (_, endpoint) = view.endpoint(&delivery.from)?;
        let emoji = Emoji::Unicode(MARK.into());
        let work = if present { Work::React { emoji } } else { Work::Unreact { emoji } };
        let to = delivery.from.clone();
        endpoint.direction.writes().then(|| self.work_for(delivery, to, work))
    }

    fn work_for(&self, delivery: &Delivery, to: ConversationRef, work: Work) -> NewDelivery {
        let now = self.inner.toolkit.clock.now();
        NewDelivery {
            id: DeliveryId::new(new_uuid(&self.inner.toolkit)),
            message: delivery.message,
            from: delivery.to.clone(),
            to,
            happened_at: now,
            created_at: now,
            work,
        }
    }
}

impl Trip<'_> {
    /// What tells the sender that the delivery was given up.
    pub(crate) async fn to_be_told(&self, reason: &str) -> Vec<NewDelivery> {
        let delivery = &self.job.pending.delivery;
        let work = &self.job.pending.work;
        // Nobody is told of notices, nor of what takes them back.
        let is_notice = delivery.to.conversation.direct_account().is_some();
        if is_notice || !matches!(work, Work::Post { .. } | Work::Edit { .. } | Work::Delete) {
            return Vec::new();
        }
        let mut told = Vec::new();
        if !matches!(work, Work::Delete) {
            told.extend(self.relay.mark(&self.view, delivery, true));
        }
        let author = match Said::of(work) {
            Some(said) if said.author.bot => None,
            Some(said) => said.author.account.clone(),
            None => {
                let message = self.relay.inner.store.message(delivery.message).await;
                message.ok().flatten().and_then(|message| message.author)
            }
        };
        if let Some(author) = author {
            let notice =
                Work::Notice { text: self.words(reason), number: self.number_of_notice().await };
            told.push(self.relay.work_for(delivery, direct(&delivery.from, &author), notice));
        }
        told
    }

    /// A number that no other notice of the message has, so that one whose post had no answer is not
    /// taken for another: which place the message did not get to, and how often that was told before.
    async fn number_of_notice(&self) -> u16 {
        let to = &self.job.pending.delivery.to;
        let endpoints = self.view.endpoint(to).map(|(sync, _)| &sync.endpoints);
        let place = endpoints.and_then(|all| all.iter().position(|endpoint| endpoint.at == *to));
        let others = self.of_the_message(None).await.unwrap_or_default();
        let told = others.iter().filter(|it| it.kind == WorkKind::Notice && it.from == *to).count();
        let place = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX);
        u16::from_be_bytes([place, u8::try_from(told).unwrap_or(u8::MAX)])
    }

    fn words(&self, reason: &str) -> RichText {
        let delivery = &self.job.pending.delivery;
        let bold = Style { bold: true, ..Style::PLAIN };
        let quoted = Said::of(&self.job.pending.work).map(|said| quoted(said.content));
        let what = match (&self.job.pending.work, &quoted) {
            (Work::Post { .. }, Some(quoted)) => format!("Your message “{quoted}” in "),
            (Work::Edit { .. }, Some(quoted)) => {
                format!("The new text “{quoted}” of your message in ")
            }
            _ => "The deletion of your message in ".to_owned(),
        };
        RichText {
            blocks: vec![Block::Paragraph(vec![
                Inline::text(what),
                Inline::styled(named(&self.view, &delivery.from, false), bold),
                Inline::text(" did not reach "),
                Inline::styled(named(&self.view, &delivery.to, true), bold),
                Inline::text(format!(
                    ": {}. Whoever runs Rialto sees this and can send it again; if it arrives, this \
                     notice goes away.",
                    reason.trim_end_matches('.')
                )),
            ])],
        }
    }

    /// Posts a notice, once.
    pub(crate) async fn notice(&self, text: &RichText, number: u16) -> Result<(), Failure> {
        let delivery = &self.job.pending.delivery;
        let key = PartKey::Text(number);
        if !self.job.fresh && has(&self.copies().await?, key) {
            self.keep(Progress { settled: self.delivered(), ..Progress::default() }).await;
            return Ok(());
        }
        let outgoing = Outgoing {
            delivery: delivery.id,
            to: self.place().await?,
            thread: None,
            broadcast: false,
            author: Author { account: None, name: "Rialto".into(), avatar_url: None, bot: true },
            said_on: "Rialto",
            content: Content { text: text.clone(), ..Content::default() },
            notes: Vec::new(),
        };
        let part = self.live.render(&outgoing).into_iter().next();
        let part = part
            .map(|part| Part { key, ..part })
            .ok_or_else(|| Failure::from(SendError::Permanent("there is nothing to say".into())))?;
        let before = Before { there: &[], begun: &self.job.pending.begun };
        self.post_part(&part, &outgoing, Default::default(), &before, true).await
    }

    /// What the platform calls the destination.
    pub(crate) async fn place(&self) -> Result<RemoteId, Failure> {
        let to = &self.job.pending.delivery.to.conversation;
        match to.direct_account() {
            Some(account) => Ok(self.live.direct(&account).await?),
            None => Ok(to.clone()),
        }
    }
}

fn direct(at: &ConversationRef, account: &RemoteId) -> ConversationRef {
    ConversationRef { connection: at.connection, conversation: RemoteId::direct_with(account) }
}

fn flows(view: &RosterView, to: &ConversationRef) -> bool {
    view.endpoint(to).is_some_and(|(sync, _)| sync.state == rialto_model::ChannelSyncState::Active)
}

/// A channel as its people know it.
fn named(view: &RosterView, at: &ConversationRef, elsewhere: bool) -> String {
    let name = view.endpoint(at).map_or("a channel", |(_, endpoint)| endpoint.name.as_str());
    let platform = view.connections.get(&at.connection).map(|it| it.platform.manifest().name);
    match platform.filter(|_| elsewhere) {
        Some(platform) => format!("{name} on {platform}"),
        None => name.to_owned(),
    }
}

/// The first words of what was said.
fn quoted(content: &Content) -> String {
    let text = content.text.plain_text();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = match (text.is_empty(), content.attachments.first()) {
        (true, Some(file)) => file.name.clone(),
        _ => text,
    };
    match said.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", said[..end].trim_end()),
        None => said,
    }
}
