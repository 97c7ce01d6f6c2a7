//! What was decided about a webhook.

use std::collections::HashSet;

use jiff::Timestamp;
use rialto_model::{ConversationRef, DeliveryState, MessageId, RemoteId, WorkKind};

use super::{
    Fault, Tx, lately,
    query::query,
    sealed::SealedDelivery,
    sweeps,
    values::{KINDS, STATES, micros, number},
    work,
};
use crate::{Change, Reactor, StoreError, records::emoji_key, refusal};

pub(super) struct SealedPlan {
    pub(super) changes: Vec<Change>,
    pub(super) deliveries: Vec<SealedDelivery>,
    pub(super) drops: Vec<String>,
    /// When deliveries are cancelled that a change makes pointless.
    pub(super) at: Timestamp,
}

/// Gives the numbers of the deliveries, or why there are none and nothing is changed: what a sweep and a
/// webhook both tell is refused so often that others' work in the same transaction must not be undone
/// with it.
pub(super) fn commit(
    tx: &mut Tx,
    seq: i64,
    plan: &SealedPlan,
) -> Result<Result<Vec<i64>, StoreError>, Fault> {
    let select = query("SELECT swept, connection, conversation FROM inbox WHERE seq = $1");
    let waiting = select.bind(seq).maybe(&tx.database, |columns| {
        let swept = columns.flag()?;
        Ok(if swept { Some(columns.conversation()?) } else { None })
    });
    let Some(swept) = waiting? else { return Ok(Ok(Vec::new())) };
    let mut known = HashSet::new();
    for (position, change) in plan.changes.iter().enumerate() {
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
                let place = tx.number(origin)?;
                if !work::insert_original(tx, place, remote, *id, revision.0)? {
                    let refused = refusal::copy_taken(origin, remote);
                    return if position == 0 { Ok(Err(refused)) } else { Err(refused.into()) };
                }
                let insert = query(
                    "INSERT INTO messages
                         (id, origin, revision, deleted, author, thread, posted_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
                );
                let insert = insert
                    .bind(id.uuid())
                    .bind(place)
                    .bind(revision.0)
                    .bind(i64::from(*deleted))
                    .bind(author.as_ref().map(RemoteId::as_str))
                    .bind(thread.map(|thread| thread.uuid()))
                    .bind(micros(*posted_at));
                if tx.run(insert)? == 0 {
                    return Err(refusal::exists("message", id).into());
                }
                lately::said(tx, *id, place, *posted_at)?;
                known.insert(*id);
            }
            Change::Revised { message, revision } => {
                must_exist(tx, &known, *message)?;
                let update =
                    query("UPDATE messages SET revision = $2 WHERE id = $1 AND revision < $2");
                tx.run(update.bind(message.uuid()).bind(revision.0))?;
                let update = query(
                    "UPDATE copies SET revision = $2
                     WHERE message = $1 AND origin = 1 AND revision < $2",
                );
                tx.run(update.bind(message.uuid()).bind(revision.0))?;
            }
            Change::Deleted { message } => {
                must_exist(tx, &known, *message)?;
                delete(tx, *message, plan.at)?;
            }
            Change::Reaction { message, reactor } => {
                must_exist(tx, &known, *message)?;
                react(tx, *message, reactor)?;
            }
            Change::Claimed(copy) => {
                let made = work::outgoing(tx, copy.delivery)?;
                work::record(tx, &made, copy)?;
            }
        }
    }
    tx.run(query("DELETE FROM inbox WHERE seq = $1").bind(seq))?;
    tx.pile -= 1;
    if let Some(at) = swept.filter(|_| plan.changes.iter().any(Change::is_news)) {
        sweeps::recovered(tx, &at)?;
    }
    let mut seqs = Vec::with_capacity(plan.deliveries.len());
    for new in &plan.deliveries {
        must_exist(tx, &known, new.message)?;
        known.insert(new.message);
        seqs.push(keep(tx, new)?);
    }
    for reason in &plan.drops {
        let count = query(
            "INSERT INTO drops (reason, count) VALUES ($1, 1)
             ON CONFLICT (reason) DO UPDATE SET count = drops.count + 1",
        );
        tx.run(count.bind(reason.as_str()))?;
    }
    Ok(Ok(seqs))
}

fn must_exist(tx: &mut Tx, known: &HashSet<MessageId>, message: MessageId) -> Result<(), Fault> {
    let select = query("SELECT 1 FROM messages WHERE id = $1");
    if known.contains(&message) || tx.finds(select.bind(message.uuid()))? {
        return Ok(());
    }
    Err(refusal::missing("message", message).into())
}

fn delete(tx: &mut Tx, message: MessageId, at: Timestamp) -> Result<(), Fault> {
    let update = query("UPDATE messages SET deleted = 1 WHERE id = $1");
    tx.run(update.bind(message.uuid()))?;
    let cancel = query(
        "UPDATE deliveries SET state = $2, reason = $3, settled_at = $4, content = NULL
         WHERE message = $1 AND state IN (0, 2) AND kind IN ($5, $6, $7) AND NOT EXISTS
             (SELECT 1 FROM begun b WHERE b.lane = deliveries.lane AND b.delivery = deliveries.seq)",
    );
    let cancel = cancel
        .bind(message.uuid())
        .bind(number(&STATES, &DeliveryState::Cancelled))
        .bind(refusal::MESSAGE_DELETED)
        .bind(micros(at))
        .bind(number(&KINDS, &WorkKind::Post))
        .bind(number(&KINDS, &WorkKind::Edit))
        .bind(number(&KINDS, &WorkKind::Notice));
    tx.run(cancel)?;
    Ok(())
}

fn react(tx: &mut Tx, message: MessageId, reactor: &Reactor) -> Result<(), Fault> {
    let place = tx.number(&reactor.at)?;
    let upsert = query(
        "INSERT INTO reactors
             (message, conversation, remote, account, emoji, present, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (message, conversation, remote, account, emoji)
         DO UPDATE SET present = excluded.present, changed_at = excluded.changed_at
         WHERE excluded.changed_at >= reactors.changed_at",
    );
    let upsert = upsert
        .bind(message.uuid())
        .bind(place)
        .bind(reactor.remote.as_str())
        .bind(reactor.account.as_str())
        .bind(emoji_key(&reactor.emoji))
        .bind(i64::from(reactor.present))
        .bind(micros(reactor.changed_at));
    tx.run(upsert)?;
    Ok(())
}

pub(super) fn keep(tx: &mut Tx, new: &SealedDelivery) -> Result<i64, Fault> {
    let (from, to) = (tx.number(&new.from)?, tx.number(&new.to)?);
    let insert = query(
        "INSERT INTO deliveries (id, message, source, lane, kind, state, attempts, calls,
             happened_at, created_at, content)
         VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6, $7, $8)
         ON CONFLICT (id) DO NOTHING",
    );
    let insert = insert
        .bind(new.id.uuid())
        .bind(new.message.uuid())
        .bind(from)
        .bind(to)
        .bind(number(&KINDS, &new.kind))
        .bind(micros(new.happened_at))
        .bind(micros(new.created_at))
        .bind(new.content.as_slice());
    if tx.run(insert)? == 0 {
        return Err(refusal::exists("delivery", new.id).into());
    }
    tx.pile += 1;
    Ok(tx.database.last_insert_rowid())
}

/// Cancels what waits for a conversation that is no endpoint any more.
pub(super) fn cancel_removed(
    tx: &mut Tx,
    to: &ConversationRef,
    at: Timestamp,
) -> Result<(), Fault> {
    let lane = tx.number(to)?;
    let forget = query(
        "DELETE FROM begun WHERE lane = $1
             AND delivery IN (SELECT seq FROM deliveries WHERE lane = $1 AND state = 0)",
    );
    tx.run(forget.bind(lane))?;
    cancel(tx, lane, refusal::ENDPOINT_REMOVED, at)
}

/// Cancels what waits for an endpoint that is not written to any more. What was begun stays: when it is
/// heard of there, it is ours.
pub(super) fn cancel_unwritten(
    tx: &mut Tx,
    to: &ConversationRef,
    at: Timestamp,
) -> Result<(), Fault> {
    let lane = tx.number(to)?;
    cancel(tx, lane, refusal::ONLY_HEARD, at)
}

fn cancel(tx: &mut Tx, lane: i64, why: &str, at: Timestamp) -> Result<(), Fault> {
    let cancel = query(
        "UPDATE deliveries SET state = $2, reason = $3, settled_at = $4, content = NULL
         WHERE lane = $1 AND state = 0",
    );
    let cancel = cancel
        .bind(lane)
        .bind(number(&STATES, &DeliveryState::Cancelled))
        .bind(why)
        .bind(micros(at));
    tx.run(cancel)?;
    Ok(())
}
