//! What came in, and what was decided about it.

use std::collections::{BTreeMap, HashSet};

use rialto_model::{ConversationRef, Delivery, DeliveryState, MessageId, PartKey, WorkKind};

use super::{Identity, Kept, Message, State};
use crate::{
    Appended, Change, Copy, Inbound, MessageView, NewCopy, NewDelivery, NewInbound, Plan, Reactor,
    Settled, StoreError, refusal,
};

impl State {
    pub(super) fn append_inbound(&mut self, rows: &[NewInbound]) -> Vec<Appended> {
        let mut appended = Vec::with_capacity(rows.len());
        for row in rows {
            let identity = identity(row);
            appended.push(if self.waiting.insert(identity) {
                self.last_inbound += 1;
                self.inbox.insert(self.last_inbound, row.clone());
                Appended::New(self.last_inbound)
            } else {
                Appended::Duplicate
            });
        }
        appended
    }

    pub(super) fn pending_inbound(&self, after: i64, limit: u32) -> Vec<Inbound> {
        let waiting = self.inbox.range(after.saturating_add(1)..).take(limit as usize);
        waiting.map(|(seq, row)| Inbound { seq: *seq, row: row.clone() }).collect()
    }

    pub(super) fn pending_inbound_of(&self, at: &ConversationRef, limit: u32) -> Vec<Inbound> {
        let of = |row: &NewInbound| {
            row.connection == at.connection && row.conversation == at.conversation
        };
        let waiting = self.inbox.iter().filter(|(_, row)| of(row));
        let mut waiting: Vec<_> =
            waiting.map(|(seq, row)| Inbound { seq: *seq, row: row.clone() }).collect();
        waiting.sort_by_key(|inbound| inbound.row.place(inbound.seq));
        waiting.truncate(limit as usize);
        waiting
    }

    pub(super) fn message(&self, id: MessageId) -> Option<MessageView> {
        let message = self.messages.get(&id)?.clone();
        let mut view = MessageView {
            id,
            origin: message.origin,
            revision: message.revision,
            deleted: message.deleted,
            author: message.author,
            thread: message.thread,
            posted_at: message.posted_at,
            copies: message.copies,
            reactors: message.reactors,
        };
        view.sort();
        Some(view)
    }

    pub(super) fn commit_plan(&mut self, seq: i64, plan: Plan) -> Result<Vec<i64>, StoreError> {
        if !self.inbox.contains_key(&seq) {
            return Ok(Vec::new());
        }
        self.refuse(&plan)?;
        if let Some(row) = self.inbox.remove(&seq) {
            self.waiting.remove(&identity(&row));
            if row.swept && plan.changes.iter().any(Change::is_news) {
                self.recovered(row);
            }
        }
        for change in plan.changes {
            self.change(change);
        }
        let seqs = plan.deliveries.into_iter().map(|new| self.keep(new)).collect();
        for reason in plan.drops {
            *self.drops.entry(reason).or_default() += 1;
        }
        Ok(seqs)
    }

    /// Looks for contradictions before anything is changed: a plan is kept whole or not at all.
    fn refuse(&self, plan: &Plan) -> Result<(), StoreError> {
        let mut messages = HashSet::new();
        let mut copies = HashSet::new();
        for change in &plan.changes {
            match change {
                Change::NewMessage { id, origin, remote, .. } => {
                    let copy = (origin.clone(), remote.clone());
                    if self.copies.contains_key(&copy) || !copies.insert(copy) {
                        return Err(refusal::copy_taken(origin, remote));
                    }
                    if self.messages.contains_key(id) || !messages.insert(*id) {
                        return Err(refusal::exists("message", id));
                    }
                }
                Change::Revised { message, .. }
                | Change::Deleted { message }
                | Change::Reaction { message, .. } => {
                    if !self.messages.contains_key(message) && !messages.contains(message) {
                        return Err(refusal::missing("message", message));
                    }
                }
                Change::Claimed(copy) => {
                    let place = self.places.get(&copy.delivery);
                    let kept = place.and_then(|place| self.deliveries.get(place));
                    let kept = kept.ok_or_else(|| refusal::missing("delivery", copy.delivery))?;
                    copies.insert((kept.delivery.to.clone(), copy.remote.clone()));
                }
            }
        }
        let mut deliveries = HashSet::new();
        for new in &plan.deliveries {
            if !self.messages.contains_key(&new.message) && !messages.contains(&new.message) {
                return Err(refusal::missing("message", new.message));
            }
            if self.places.contains_key(&new.id) || !deliveries.insert(new.id) {
                return Err(refusal::exists("delivery", new.id));
            }
        }
        Ok(())
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::NewMessage {
                id,
                origin,
                remote,
                revision,
                author,
                thread,
                posted_at,
                deleted,
            } => {
                let message = Message {
                    origin: origin.clone(),
                    revision,
                    deleted,
                    author,
                    thread,
                    posted_at,
                    copies: Vec::new(),
                    reactors: Vec::new(),
                };
                self.messages.insert(id, message);
                let part = PartKey::Text(0);
                self.add_copy(Copy {
                    message: id,
                    at: origin,
                    part,
                    remote,
                    revision,
                    origin: true,
                    says_when: false,
                    by_edit: false,
                    files: Vec::new(),
                });
            }
            Change::Revised { message, revision } => {
                if let Some(message) = self.messages.get_mut(&message) {
                    message.revision = message.revision.max(revision);
                    for copy in message.copies.iter_mut().filter(|copy| copy.origin) {
                        copy.revision = copy.revision.max(revision);
                    }
                }
            }
            Change::Deleted { message } => self.delete(message),
            Change::Reaction { message, reactor } => self.react(message, reactor),
            Change::Claimed(copy) => self.record(copy),
        }
    }

    fn delete(&mut self, id: MessageId) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.deleted = true;
        }
        let at = (self.now)();
        for kept in self.deliveries.values_mut() {
            let says =
                matches!(kept.delivery.kind, WorkKind::Post | WorkKind::Edit | WorkKind::Notice);
            if kept.delivery.message == id && says && kept.begun.is_empty() {
                if kept.delivery.state == DeliveryState::Parked {
                    kept.delivery.state = DeliveryState::Pending;
                }
                kept.settle(Settled {
                    state: DeliveryState::Cancelled,
                    reason: Some(refusal::MESSAGE_DELETED.into()),
                    at,
                });
            }
        }
    }

    fn react(&mut self, id: MessageId, reactor: Reactor) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        let known = message.reactors.iter_mut().find(|known| {
            known.at == reactor.at
                && known.remote == reactor.remote
                && known.account == reactor.account
                && known.emoji == reactor.emoji
        });
        match known {
            Some(known) if known.changed_at > reactor.changed_at => {}
            Some(known) => *known = reactor,
            None => message.reactors.push(reactor),
        }
    }

    /// Records the copy that a delivery made.
    pub(super) fn record(&mut self, copy: NewCopy) {
        let kept = self.places.get(&copy.delivery).and_then(|seq| self.deliveries.get_mut(seq));
        let Some(kept) = kept else { return };
        kept.begun.remove(&copy.part);
        let copy = Copy {
            message: kept.delivery.message,
            at: kept.delivery.to.clone(),
            part: copy.part,
            remote: copy.remote,
            revision: copy.revision,
            origin: false,
            says_when: copy.says_when,
            by_edit: kept.delivery.kind == WorkKind::Edit,
            files: copy.files,
        };
        self.add_copy(copy);
    }

    fn add_copy(&mut self, copy: Copy) {
        let key = (copy.at.clone(), copy.remote.clone());
        if self.copies.contains_key(&key) {
            return;
        }
        if let Some(message) = self.messages.get_mut(&copy.message) {
            self.copies.insert(key, copy.message);
            message.copies.push(copy);
        }
    }

    pub(super) fn has_copy(&self, id: MessageId, at: &ConversationRef, part: PartKey) -> bool {
        self.messages.get(&id).is_some_and(|message| {
            message.copies.iter().any(|copy| copy.at == *at && copy.part == part)
        })
    }

    pub(super) fn keep(&mut self, new: NewDelivery) -> i64 {
        let seq = self.deliveries.last_key_value().map_or(0, |(seq, _)| *seq) + 1;
        let delivery = Delivery {
            id: new.id,
            seq,
            message: new.message,
            from: new.from,
            to: new.to,
            kind: new.work.kind(),
            state: DeliveryState::Pending,
            reason: None,
            attempts: 0,
            happened_at: new.happened_at,
            created_at: new.created_at,
            settled_at: None,
            told: false,
        };
        let kept =
            Kept { delivery, work: Some(new.work), begun: BTreeMap::new(), calls: Vec::new() };
        self.places.insert(new.id, seq);
        self.deliveries.insert(seq, kept);
        seq
    }
}

fn identity(row: &NewInbound) -> Identity {
    (row.connection, row.conversation.clone(), row.key.clone(), row.swept)
}
