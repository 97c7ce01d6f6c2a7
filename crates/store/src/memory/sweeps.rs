//! What sweeps know, and conversations that move.

use std::cmp::Reverse;

use jiff::Timestamp;
use rialto_model::{ChannelSync, ConversationRef, MessageId, RemoteId};

use super::State;
use crate::{ChannelSyncTraffic, NewInbound, StoreError, SweepRecord, refusal};

impl State {
    pub(super) fn sweeps(&self) -> Vec<(ConversationRef, SweepRecord)> {
        let mut all: Vec<_> = self.sweeps.iter().map(|(at, it)| (at.clone(), *it)).collect();
        all.sort_by_cached_key(|(at, _)| {
            let said = self.messages.values().filter(|message| message.origin == *at);
            Reverse(said.map(|message| message.posted_at).max())
        });
        all
    }

    pub(super) fn put_sweep(
        &mut self,
        at: &ConversationRef,
        checked_until: Timestamp,
        deaf_since: Option<Timestamp>,
    ) {
        let recovered = self.sweeps.get(at).map_or(0, |record| record.recovered);
        let record = SweepRecord { checked_until, recovered, deaf_since };
        self.sweeps.insert(at.clone(), record);
    }

    pub(super) fn recovered(&mut self, row: NewInbound) {
        let at = ConversationRef { connection: row.connection, conversation: row.conversation };
        if let Some(record) = self.sweeps.get_mut(&at) {
            record.recovered += 1;
        }
    }

    pub(super) fn said_between(
        &self,
        at: &ConversationRef,
        since: Timestamp,
        until: Timestamp,
    ) -> Vec<(RemoteId, Option<MessageId>)> {
        let mut said: Vec<_> = self
            .messages
            .values()
            .filter(|message| message.origin == *at && !message.deleted)
            .filter(|message| (since..=until).contains(&message.posted_at))
            .flat_map(|message| {
                let originals = message.copies.iter().filter(|copy| copy.origin);
                originals.map(|copy| (message.posted_at, copy.remote.clone(), message.thread))
            })
            .collect();
        said.sort();
        said.into_iter().map(|(_, remote, thread)| (remote, thread)).collect()
    }

    pub(super) fn move_conversation(
        &mut self,
        from: &ConversationRef,
        to: &RemoteId,
    ) -> Result<(), StoreError> {
        let to = ConversationRef { connection: from.connection, conversation: to.clone() };
        if self.taken(&to, None) {
            return Err(refusal::conversation_taken(&to));
        }
        let endpoints = self.channel_syncs.values_mut().flat_map(|sync| &mut sync.endpoints);
        endpoints.filter(|it| it.at == *from).for_each(|it| it.at = to.clone());
        let moved = |at: &mut ConversationRef| {
            if *at == *from {
                *at = to.clone();
            }
        };
        for message in self.messages.values_mut() {
            moved(&mut message.origin);
            message.copies.iter_mut().for_each(|copy| moved(&mut copy.at));
            message.reactors.iter_mut().for_each(|reactor| moved(&mut reactor.at));
        }
        for kept in self.deliveries.values_mut() {
            moved(&mut kept.delivery.from);
            moved(&mut kept.delivery.to);
        }
        let copies = std::mem::take(&mut self.copies).into_iter();
        self.copies = copies
            .map(|((mut at, remote), message)| {
                moved(&mut at);
                ((at, remote), message)
            })
            .collect();
        if let Some(until) = self.holds.remove(from) {
            self.holds.insert(to.clone(), until);
        }
        if let Some(record) = self.sweeps.remove(from) {
            self.sweeps.entry(to.clone()).or_insert(record);
        }
        let moves = self.moves.iter_mut().filter(|(old, _)| old.connection == from.connection);
        moves.filter(|(_, new)| **new == from.conversation).for_each(|(_, new)| {
            new.clone_from(&to.conversation);
        });
        self.moves.remove(&to);
        self.moves.insert(from.clone(), to.conversation);
        Ok(())
    }

    /// What sweeps know of a channel sync's endpoints.
    pub(super) fn swept(&self, sync: &ChannelSync, traffic: &mut ChannelSyncTraffic) {
        let mut checked = Vec::new();
        for endpoint in &sync.endpoints {
            let waiting = self.inbox.values().filter(|row| {
                row.swept
                    && row.connection == endpoint.at.connection
                    && row.conversation == endpoint.at.conversation
            });
            traffic.missing += waiting.count() as u64;
            if !endpoint.direction.hears() {
                continue;
            }
            let record = self.sweeps.get(&endpoint.at);
            checked.push(record.map(|record| record.checked_until));
            if let Some(record) = record {
                traffic.recovered += record.recovered;
                let deaf = [traffic.deaf_since, record.deaf_since];
                traffic.deaf_since = deaf.into_iter().flatten().min();
            }
        }
        traffic.checked_until = checked.into_iter().min().flatten();
    }
}
