//! What goes out: the verbs of lanes, and mending.

use jiff::Timestamp;
use rialto_model::{
    AttemptOutcome, ConversationRef, DeliveryId, DeliveryState, Direction, MessageId, PartKey,
    RemoteId, WorkKind,
};

use super::{
    Fault, Tx, lately, plan,
    query::query,
    sealed::{SealedDelivery, SealedProgress},
    tx::known_number,
    values::{KINDS, OUTCOMES, STATES, files_as_bytes, micros, number},
};
use crate::{NewCopy, Settled, refusal};

/// In place of its part: a copy that is none any more.
const NO_PART: i64 = -1;

/// A delivery as a step of it needs it.
#[derive(Clone)]
pub(super) struct Outgoing {
    seq: i64,
    lane: i64,
    message: MessageId,
    kind: WorkKind,
    state: DeliveryState,
    attempts: i64,
    calls: i64,
}

pub(super) fn outgoing(tx: &mut Tx, id: DeliveryId) -> Result<Outgoing, Fault> {
    let select = query(
        "SELECT seq, lane, message, kind, state, attempts, calls FROM deliveries WHERE id = $1",
    );
    let select = select.bind(id.uuid());
    let found = select.maybe(&tx.database, |columns| {
        Ok(Outgoing {
            seq: columns.next()?,
            lane: columns.next()?,
            message: columns.message()?,
            kind: columns.of_table(&KINDS)?,
            state: columns.of_table(&STATES)?,
            attempts: columns.next()?,
            calls: columns.next()?,
        })
    })?;
    found.ok_or_else(|| refusal::missing("delivery", id).into())
}

/// Writes down what somebody wrote; false when the remote id is a copy already.
pub(super) fn insert_original(
    tx: &mut Tx,
    conversation: i64,
    remote: &RemoteId,
    message: MessageId,
    revision: i64,
) -> Result<bool, Fault> {
    let insert = query(
        "INSERT INTO copies (conversation, remote, message, part, revision, origin)
         VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (conversation, remote) DO NOTHING",
    );
    let insert = insert
        .bind(conversation)
        .bind(remote.as_str())
        .bind(message.uuid())
        .bind(PartKey::Text(0).to_i64())
        .bind(revision);
    Ok(tx.run(insert)? == 1)
}

/// Records the copy that a delivery made: the post is not in flight any more.
pub(super) fn record(tx: &mut Tx, made: &Outgoing, copy: &NewCopy) -> Result<(), Fault> {
    write_copy(tx, made, copy)?;
    unbegin(tx, made, copy.part)
}

fn write_copy(tx: &mut Tx, made: &Outgoing, copy: &NewCopy) -> Result<(), Fault> {
    let insert = query(
        "INSERT INTO copies
             (conversation, remote, message, part, revision, origin, says_when, by_edit, files)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8) ON CONFLICT (conversation, remote) DO NOTHING",
    );
    let insert = insert
        .bind(made.lane)
        .bind(copy.remote.as_str())
        .bind(made.message.uuid())
        .bind(copy.part.to_i64())
        .bind(copy.revision.0)
        .bind(i64::from(copy.says_when))
        .bind(i64::from(made.kind == WorkKind::Edit))
        .bind(files_as_bytes(&copy.files));
    tx.run(insert)?;
    Ok(())
}

fn unbegin(tx: &mut Tx, made: &Outgoing, part: PartKey) -> Result<(), Fault> {
    let delete = query("DELETE FROM begun WHERE lane = $1 AND delivery = $2 AND part = $3");
    tx.run(delete.bind(made.lane).bind(made.seq).bind(part.to_i64()))?;
    Ok(())
}

pub(super) fn begin(
    tx: &mut Tx,
    id: DeliveryId,
    part: PartKey,
    content: &[u8],
    says_when: bool,
    at: Timestamp,
) -> Result<Timestamp, Fault> {
    let now = outgoing(tx, id)?;
    if now.state != DeliveryState::Pending {
        return Err(refusal::not_pending(id).into());
    }
    let insert = query(
        "INSERT INTO begun (lane, delivery, part, content, at, says_when)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (lane, delivery, part) DO NOTHING",
    );
    let (says_when, part) = (i64::from(says_when), part.to_i64());
    let insert = insert.bind(now.lane).bind(now.seq).bind(part).bind(content);
    if tx.run(insert.bind(micros(at)).bind(says_when))? == 1 {
        return Ok(at);
    }
    let update = query(
        "UPDATE begun SET content = $4, says_when = $5
         WHERE lane = $1 AND delivery = $2 AND part = $3",
    );
    let update = update.bind(now.lane).bind(now.seq).bind(part).bind(content);
    tx.run(update.bind(says_when))?;
    let select = query("SELECT at FROM begun WHERE lane = $1 AND delivery = $2 AND part = $3");
    let select = select.bind(now.lane).bind(now.seq).bind(part);
    select.one(&tx.database, |columns| columns.time())
}

pub(super) fn progress(tx: &mut Tx, id: DeliveryId, sealed: &SealedProgress) -> Result<(), Fault> {
    let step = &sealed.step;
    let mut now = outgoing(tx, id)?;
    // What ends takes all that it had begun with it.
    let ends = step.settled.as_ref().is_some_and(|it| it.state != DeliveryState::Parked)
        && now.state == DeliveryState::Pending;
    for copy in &step.copies {
        if copy.delivery != id {
            let made = outgoing(tx, copy.delivery)?;
            record(tx, &made, copy)?;
        } else if ends {
            write_copy(tx, &now, copy)?;
        } else {
            record(tx, &now, copy)?;
        }
    }
    for (remote, revision) in &step.revised {
        let update =
            query("UPDATE copies SET revision = $3 WHERE conversation = $1 AND remote = $2");
        tx.run(update.bind(now.lane).bind(remote.as_str()).bind(revision.0))?;
    }
    for (remote, files) in &step.files_left {
        let update = query("UPDATE copies SET files = $3 WHERE conversation = $1 AND remote = $2");
        tx.run(update.bind(now.lane).bind(remote.as_str()).bind(files_as_bytes(files)))?;
    }
    for remote in &step.gone {
        let retire = query("UPDATE copies SET part = $3 WHERE conversation = $1 AND remote = $2");
        tx.run(retire.bind(now.lane).bind(remote.as_str()).bind(NO_PART))?;
    }
    for part in &step.unbegun {
        unbegin(tx, &now, *part)?;
    }
    if let Some(attempt) = &step.attempt {
        let insert = query(
            "INSERT INTO attempts (delivery, number, at, outcome, detail)
             VALUES ($1, $2, $3, $4, $5)",
        );
        let insert = insert
            .bind(now.seq)
            .bind(now.calls)
            .bind(micros(attempt.at))
            .bind(number(&OUTCOMES, &attempt.outcome))
            .bind(attempt.detail.as_str());
        tx.run(insert)?;
        now.calls += 1;
        now.attempts += i64::from(attempt.outcome != AttemptOutcome::Done);
    }
    if now.state == DeliveryState::Pending && !sealed.told.is_empty() {
        for new in &sealed.told {
            plan::keep(tx, new)?;
        }
        let told = query("UPDATE deliveries SET told = 1 WHERE seq = $1");
        tx.run(told.bind(now.seq))?;
    }
    if let Some(settled) = &step.settled {
        refusal::settles(settled.state)?;
        if now.state == DeliveryState::Pending {
            return settle(tx, &now, settled);
        }
    }
    if step.attempt.is_some() {
        let count = query("UPDATE deliveries SET attempts = $2, calls = $3 WHERE seq = $1");
        tx.run(count.bind(now.seq).bind(now.attempts).bind(now.calls))?;
    }
    Ok(())
}

fn settle(tx: &mut Tx, now: &Outgoing, settled: &Settled) -> Result<(), Fault> {
    tx.pile -= 1;
    let (state, at) = (number(&STATES, &settled.state), micros(settled.at));
    if settled.state == DeliveryState::Parked {
        let park = query(
            "UPDATE deliveries
             SET state = $2, reason = $3, settled_at = $4, attempts = $5, calls = $6
             WHERE seq = $1",
        );
        let park = park.bind(now.seq).bind(state).bind(settled.reason.as_deref()).bind(at);
        tx.run(park.bind(now.attempts).bind(now.calls))?;
        return Ok(());
    }
    let end = query(
        "UPDATE deliveries SET state = $2, reason = $3, settled_at = $4, attempts = $5,
             calls = $6, content = NULL
         WHERE seq = $1",
    );
    let end = end.bind(now.seq).bind(state).bind(settled.reason.as_deref()).bind(at);
    tx.run(end.bind(now.attempts).bind(now.calls))?;
    let forget = query("DELETE FROM begun WHERE lane = $1 AND delivery = $2");
    tx.run(forget.bind(now.lane).bind(now.seq))?;
    if settled.state == DeliveryState::Delivered {
        lately::delivered(tx, now.lane, settled.at)?;
    }
    Ok(())
}

pub(super) fn take_back(
    tx: &mut Tx,
    message: MessageId,
    deliveries: &[SealedDelivery],
) -> Result<(), Fault> {
    let told = query(
        "UPDATE deliveries SET told = 0 WHERE message = $1 AND told = 1 AND NOT EXISTS
             (SELECT 1 FROM deliveries o
              WHERE o.message = $1 AND o.told = 1 AND o.state IN ($2, $3))",
    );
    let told = told
        .bind(message.uuid())
        .bind(number(&STATES, &DeliveryState::Pending))
        .bind(number(&STATES, &DeliveryState::Parked));
    if tx.run(told)? > 0 {
        for new in deliveries {
            plan::keep(tx, new)?;
        }
    }
    Ok(())
}

pub(super) fn hold_lane(
    tx: &mut Tx,
    to: &ConversationRef,
    until: Option<Timestamp>,
) -> Result<(), Fault> {
    let lane = tx.number(to)?;
    let update = query("UPDATE conversations SET held_until = $2 WHERE number = $1");
    tx.run(update.bind(lane).bind(until.map(micros)))?;
    Ok(())
}

pub(super) fn clear_lane(
    tx: &mut Tx,
    to: &ConversationRef,
    at: Timestamp,
) -> Result<Option<RemoteId>, Fault> {
    let named = |sql| query(sql).bind(to.connection.uuid()).bind(to.conversation.as_str());
    let endpoint =
        named("SELECT direction FROM endpoints WHERE connection = $1 AND conversation = $2");
    let direction: Option<Direction> = endpoint.maybe(&tx.database, |columns| columns.json())?;
    let connection = query("SELECT 1 FROM connections WHERE id = $1").bind(to.connection.uuid());
    let is_direct = to.conversation.direct_account().is_some();
    let is_written_to = direction.is_some_and(Direction::writes);
    if is_written_to || (is_direct && tx.finds(connection)?) {
        return Ok(None);
    }
    if direction.is_some() {
        return plan::cancel_unwritten(tx, to, at).map(|()| None);
    }
    let moved = named("SELECT moved_to FROM moves WHERE connection = $1 AND conversation = $2");
    let Some(moved_to) = moved.maybe(&tx.database, |columns| columns.remote())? else {
        return plan::cancel_removed(tx, to, at).map(|()| None);
    };
    let Some(here) = known_number(&tx.database, to)? else { return Ok(Some(moved_to)) };
    let there = ConversationRef { connection: to.connection, conversation: moved_to.clone() };
    let there = tx.number(&there)?;
    for sql in [
        "UPDATE begun SET lane = $2 WHERE lane = $1 AND delivery IN
             (SELECT seq FROM deliveries WHERE lane = $1 AND (state = 0 OR state = 2))",
        "UPDATE deliveries SET lane = $2 WHERE lane = $1 AND (state = 0 OR state = 2)",
    ] {
        tx.run(query(sql).bind(here).bind(there))?;
    }
    Ok(Some(moved_to))
}

pub(super) fn retry(tx: &mut Tx, id: DeliveryId) -> Result<(), Fault> {
    let update = query(
        "UPDATE deliveries SET state = 0, reason = NULL, settled_at = NULL, attempts = 0
         WHERE id = $1 AND state = 2 AND content IS NOT NULL",
    );
    if tx.run(update.bind(id.uuid()))? == 1 {
        return Ok(());
    }
    Err(match outgoing(tx, id)?.state {
        DeliveryState::Parked => refusal::erased(id).into(),
        _ => refusal::not_parked(id).into(),
    })
}

pub(super) fn erase_parked(tx: &mut Tx, before: Timestamp) -> Result<u64, Fault> {
    let forget = query(
        "DELETE FROM begun WHERE delivery IN
             (SELECT d.seq FROM begun b JOIN deliveries d ON d.seq = b.delivery
              WHERE d.state <> 0 AND d.settled_at < $1)",
    );
    tx.run(forget.bind(micros(before)))?;
    let erase = query(
        "UPDATE deliveries SET content = NULL
         WHERE state = 2 AND content IS NOT NULL AND settled_at < $1",
    );
    tx.run(erase.bind(micros(before)))
}

/// Writes something that needs room, and takes it away again.
pub(super) fn check(tx: &mut Tx) -> Result<(), Fault> {
    const ROOM: [u8; 8192] = [0; 8192];
    let insert = query("INSERT INTO facts (name, value) VALUES ('check', $1)");
    tx.run(insert.bind(&ROOM[..]))?;
    tx.run(query("DELETE FROM facts WHERE name = 'check'"))?;
    Ok(())
}
