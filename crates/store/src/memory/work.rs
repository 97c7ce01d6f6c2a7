//! What goes out.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use rialto_model::{
    AttemptOutcome, Begun, ChannelSyncState, ConversationRef, Delivery, DeliveryId, DeliveryState,
    Fingerprint, MessageId, PartKey, RemoteId, WorkKind,
};

use super::{Kept, State};
use crate::{
    Backlog, BegunPart, Copy, DeliveryFilter, InFlight, Lane, NewDelivery, PendingDelivery,
    Progress, Settled, StoreError, refusal,
};

impl Kept {
    /// The end, unless it has ended already: the first end stays.
    pub(super) fn settle(&mut self, settled: Settled) {
        if self.delivery.state != DeliveryState::Pending {
            return;
        }
        if settled.state != DeliveryState::Parked {
            self.work = None;
            self.begun.clear();
        }
        self.delivery.state = settled.state;
        self.delivery.reason = settled.reason;
        self.delivery.settled_at = Some(settled.at);
    }
}

impl State {
    fn kept(&mut self, id: DeliveryId) -> Result<&mut Kept, StoreError> {
        let kept = self.places.get(&id).and_then(|seq| self.deliveries.get_mut(seq));
        kept.ok_or_else(|| refusal::missing("delivery", id))
    }

    pub(super) fn in_flight(&self, to: &ConversationRef) -> Vec<InFlight> {
        let mut flying: Vec<_> = self
            .deliveries
            .values()
            .filter(|kept| kept.delivery.to == *to)
            .flat_map(|kept| {
                self.unrecorded(kept).into_iter().map(|begun| InFlight {
                    delivery: kept.delivery.id,
                    message: kept.delivery.message,
                    part: begun.part,
                    fingerprint: begun.fingerprint,
                    handles: begun.handles,
                    says_when: begun.says_when,
                    at: begun.at,
                    state: kept.delivery.state,
                })
            })
            .collect();
        flying.sort_by_key(|part| part.at);
        flying
    }

    /// Posts begun for a delivery whose copies are not known.
    fn unrecorded(&self, kept: &Kept) -> Vec<BegunPart> {
        let Delivery { message, to, .. } = &kept.delivery;
        let begun = kept.begun.values();
        begun.filter(|begun| !self.has_copy(*message, to, begun.part)).cloned().collect()
    }

    pub(super) fn lanes(&self) -> Vec<Lane> {
        let mut lanes = BTreeMap::<ConversationRef, u64>::new();
        for delivery in self.deliveries.values().map(|kept| &kept.delivery) {
            if delivery.state == DeliveryState::Pending {
                *lanes.entry(delivery.to.clone()).or_default() += 1;
            }
        }
        let lanes = lanes.into_iter();
        lanes
            .map(|(to, pending)| Lane { held_until: self.holds.get(&to).copied(), to, pending })
            .collect()
    }

    pub(super) fn backlog(&self) -> Backlog {
        let all = || self.deliveries.values().map(|kept| &kept.delivery);
        let syncs = self.channel_syncs.values();
        let paused = syncs.filter(|sync| sync.state == ChannelSyncState::Paused);
        let paused: HashSet<_> = paused.flat_map(|it| &it.endpoints).map(|it| &it.at).collect();
        let waiting = all().filter(|it| it.state == DeliveryState::Pending);
        let flows = waiting.filter(|it| !paused.contains(&it.to));
        let parked = all().filter(|it| it.state == DeliveryState::Parked);
        Backlog {
            oldest_waiting: flows.map(|it| it.created_at).min(),
            parked: parked.count() as u64,
            missing: self.inbox.values().filter(|row| row.swept).count() as u64,
        }
    }

    pub(super) fn lane_work(
        &self,
        to: &ConversationRef,
        after: i64,
        limit: u32,
    ) -> Vec<PendingDelivery> {
        let pending = self.deliveries.values().filter(|kept| {
            kept.delivery.seq > after
                && kept.delivery.to == *to
                && kept.delivery.state == DeliveryState::Pending
        });
        pending
            .take(limit as usize)
            .filter_map(|kept| {
                let (delivery, work) = (kept.delivery.clone(), kept.work.clone()?);
                Some(PendingDelivery { delivery, work, begun: self.unrecorded(kept) })
            })
            .collect()
    }

    pub(super) fn begin(
        &mut self,
        id: DeliveryId,
        part: PartKey,
        fingerprint: Fingerprint,
        handles: Vec<String>,
        says_when: bool,
        at: Timestamp,
    ) -> Result<Begun, StoreError> {
        let kept = self.kept(id)?;
        if kept.delivery.state != DeliveryState::Pending {
            return Err(refusal::not_pending(id));
        }
        let at = kept.begun.get(&part).map_or(at, |begun| begun.at);
        kept.begun.insert(part, BegunPart { part, fingerprint, handles, says_when, at });
        Ok(Begun::committed(id, part, at))
    }

    pub(super) fn progress(&mut self, id: DeliveryId, step: Progress) -> Result<(), StoreError> {
        let to = self.kept(id)?.delivery.to.clone();
        for copy in &step.copies {
            self.kept(copy.delivery)?;
        }
        if let Some(settled) = &step.settled {
            refusal::settles(settled.state)?;
        }
        for copy in step.copies {
            self.record(copy);
        }
        for (remote, revision) in step.revised {
            self.change_copy(&to, &remote, |copy| copy.revision = revision);
        }
        for (remote, files) in step.files_left {
            self.change_copy(&to, &remote, |copy| copy.files = files);
        }
        for remote in step.gone {
            let id = self.copies.get(&(to.clone(), remote.clone()));
            if let Some(message) = id.and_then(|id| self.messages.get_mut(id)) {
                message.copies.retain(|copy| copy.at != to || copy.remote != remote);
            }
        }
        let kept = self.kept(id)?;
        for part in step.unbegun {
            kept.begun.remove(&part);
        }
        if let Some(attempt) = step.attempt {
            if attempt.outcome != AttemptOutcome::Done {
                kept.delivery.attempts += 1;
            }
            kept.calls.push(attempt);
        }
        let pending = kept.delivery.state == DeliveryState::Pending;
        kept.delivery.told |= pending && !step.told.is_empty();
        if let Some(settled) = step.settled {
            kept.settle(settled);
        }
        if pending {
            for new in step.told {
                self.keep(new);
            }
        }
        Ok(())
    }

    fn change_copy(
        &mut self,
        at: &ConversationRef,
        remote: &RemoteId,
        change: impl FnOnce(&mut Copy),
    ) {
        let id = self.copies.get(&(at.clone(), remote.clone()));
        let message = id.and_then(|id| self.messages.get_mut(id));
        let copies = message.map(|message| &mut message.copies).into_iter().flatten();
        if let Some(copy) = copies.into_iter().find(|copy| copy.at == *at && copy.remote == *remote)
        {
            change(copy);
        }
    }

    /// Whether anything of a message is missing that its sender was told of.
    fn is_missing(&self, message: MessageId) -> bool {
        self.deliveries
            .values()
            .map(|kept| &kept.delivery)
            .any(|it| it.message == message && it.told && is_missing(it.state))
    }

    pub(super) fn told_in_vain(&self, limit: u32) -> Vec<Delivery> {
        let done = self
            .deliveries
            .values()
            .map(|kept| &kept.delivery)
            .filter(|it| it.told && !self.is_missing(it.message));
        done.take(limit as usize).cloned().collect()
    }

    pub(super) fn take_back(&mut self, message: MessageId, deliveries: Vec<NewDelivery>) {
        if self.is_missing(message) {
            return;
        }
        let told = self
            .deliveries
            .values_mut()
            .map(|kept| &mut kept.delivery)
            .filter(|it| it.message == message && it.told);
        if told.map(|it| it.told = false).count() > 0 {
            for new in deliveries {
                self.keep(new);
            }
        }
    }

    pub(super) fn overdue(&self, before: Timestamp, after: i64, limit: u32) -> Vec<Delivery> {
        let overdue = self.deliveries.values().map(|kept| &kept.delivery).filter(|it| {
            it.state == DeliveryState::Pending
                && !it.told
                && it.created_at < before
                && it.seq > after
                && matches!(it.kind, WorkKind::Post | WorkKind::Edit | WorkKind::Delete)
        });
        overdue.take(limit as usize).cloned().collect()
    }

    pub(super) fn deliveries(&self, filter: &DeliveryFilter) -> Vec<Delivery> {
        let endpoints = filter
            .channel_sync
            .map(|id| self.channel_syncs.get(&id).map_or(&[][..], |sync| &sync.endpoints));
        let wanted = |delivery: &&Delivery| {
            filter.state.is_none_or(|state| delivery.state == state)
                && filter.message.is_none_or(|message| delivery.message == message)
                && filter.before.is_none_or(|before| delivery.seq < before)
                && endpoints.is_none_or(|endpoints| {
                    endpoints.iter().any(|end| end.at == delivery.from || end.at == delivery.to)
                })
        };
        let newest_first = self.deliveries.values().rev().map(|kept| &kept.delivery);
        newest_first.filter(wanted).take(filter.limit as usize).cloned().collect()
    }

    pub(super) fn retry(&mut self, id: DeliveryId) -> Result<Delivery, StoreError> {
        let kept = self.kept(id)?;
        if kept.delivery.state != DeliveryState::Parked {
            return Err(refusal::not_parked(id));
        }
        if kept.work.is_none() {
            return Err(refusal::erased(id));
        }
        kept.delivery.state = DeliveryState::Pending;
        kept.delivery.reason = None;
        kept.delivery.settled_at = None;
        kept.delivery.attempts = 0;
        Ok(kept.delivery.clone())
    }

    pub(super) fn erase_parked(&mut self, before: Timestamp) -> u64 {
        let mut erased = 0;
        for kept in self.deliveries.values_mut() {
            let is_old = kept.delivery.settled_at.is_some_and(|at| at < before);
            if kept.delivery.state == DeliveryState::Pending || !is_old {
                continue;
            }
            kept.begun.clear();
            if kept.delivery.state == DeliveryState::Parked && kept.work.take().is_some() {
                erased += 1;
            }
        }
        erased
    }
}

fn is_missing(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Pending | DeliveryState::Parked)
}
