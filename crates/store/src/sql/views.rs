//! What is known of messages and deliveries.

use std::collections::HashMap;

use jiff::Timestamp;
use rialto_model::{
    Attempt, ChannelSyncId, ConversationRef, Delivery, DeliveryId, DeliveryState, MessageId,
    RemoteId, Revision, WorkKind,
};
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    Fault,
    sealed::{BegunContent, open_begun, open_work},
    values::{
        Columns, KINDS, OUTCOMES, STATES, delivery_columns, micros, number, select_deliveries,
    },
};
use crate::{
    Backlog, BegunPart, ChannelSyncTraffic, Copy, DeliveryFilter, DropCount, InFlight, Lane,
    MessageView, PendingDelivery, Reactor, Vault, records::sort_copies, refusal,
};

pub(super) async fn message_at(
    connection: &mut SqliteConnection,
    at: &ConversationRef,
    remote: &RemoteId,
) -> Result<Option<MessageView>, Fault> {
    let query = sqlx::query(
        "SELECT c.message FROM conversations v JOIN copies c ON c.conversation = v.number
         WHERE v.connection = $1 AND v.remote = $2 AND c.remote = $3",
    );
    let owner = at.connection.uuid();
    let query =
        query.bind(&owner.as_bytes()[..]).bind(at.conversation.as_str()).bind(remote.as_str());
    let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(None) };
    message(connection, Columns::of(&row).message()?).await
}

pub(super) async fn message(
    connection: &mut SqliteConnection,
    id: MessageId,
) -> Result<Option<MessageView>, Fault> {
    let mut tx = connection.begin().await?;
    let query = sqlx::query(
        "SELECT v.connection, v.remote, m.revision, m.deleted, m.author, m.thread, m.posted_at
         FROM messages m JOIN conversations v ON v.number = m.origin WHERE m.id = $1",
    );
    let row = query.bind(&id.uuid().as_bytes()[..]).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(None) };
    let mut columns = Columns::of(&row);
    let mut view = MessageView {
        id,
        origin: columns.conversation()?,
        revision: Revision(columns.next()?),
        deleted: columns.flag()?,
        author: columns.next::<Option<&str>>()?.map(RemoteId::from),
        thread: columns.maybe_uuid()?.map(MessageId::new),
        posted_at: columns.time()?,
        copies: copies(&mut tx, id).await?,
        reactors: reactors(&mut tx, id).await?,
    };
    tx.commit().await?;
    view.sort();
    Ok(Some(view))
}

/// All copies of a message, by part.
pub(super) async fn copies(
    connection: &mut SqliteConnection,
    message: MessageId,
) -> Result<Vec<Copy>, Fault> {
    let query = sqlx::query(
        "SELECT v.connection, v.remote, c.part, c.remote, c.revision, c.origin
         FROM copies c JOIN conversations v ON v.number = c.conversation
         WHERE c.message = $1 AND c.part >= 0",
    );
    let rows = query.bind(&message.uuid().as_bytes()[..]).fetch_all(connection).await?;
    let copy = |row| {
        let mut columns = Columns::of(row);
        Ok::<_, Fault>(Copy {
            message,
            at: columns.conversation()?,
            part: columns.part()?,
            remote: columns.remote()?,
            revision: Revision(columns.next()?),
            origin: columns.flag()?,
        })
    };
    let mut copies = rows.iter().map(copy).collect::<Result<Vec<_>, _>>()?;
    sort_copies(&mut copies);
    Ok(copies)
}

async fn reactors(
    connection: &mut SqliteConnection,
    message: MessageId,
) -> Result<Vec<Reactor>, Fault> {
    let query = sqlx::query(
        "SELECT v.connection, v.remote, r.remote, r.account, r.emoji, r.present, r.changed_at
         FROM reactors r JOIN conversations v ON v.number = r.conversation WHERE r.message = $1",
    );
    let rows = query.bind(&message.uuid().as_bytes()[..]).fetch_all(connection).await?;
    let reactor = |row| {
        let mut columns = Columns::of(row);
        Ok(Reactor {
            at: columns.conversation()?,
            remote: columns.remote()?,
            account: columns.remote()?,
            emoji: columns.emoji()?,
            present: columns.flag()?,
            changed_at: columns.time()?,
        })
    };
    rows.iter().map(reactor).collect()
}

pub(super) async fn is_copy(
    connection: &mut SqliteConnection,
    at: &ConversationRef,
    remote: &RemoteId,
) -> Result<bool, Fault> {
    let query = sqlx::query(
        "SELECT 1 FROM conversations v JOIN copies c ON c.conversation = v.number
         WHERE v.connection = $1 AND v.remote = $2 AND c.remote = $3",
    );
    let owner = at.connection.uuid();
    let query =
        query.bind(&owner.as_bytes()[..]).bind(at.conversation.as_str()).bind(remote.as_str());
    Ok(query.fetch_optional(connection).await?.is_some())
}

pub(super) async fn in_flight(
    connection: &mut SqliteConnection,
    vault: &Vault,
    to: &ConversationRef,
) -> Result<Vec<InFlight>, Fault> {
    let query = sqlx::query(
        "SELECT d.id, d.message, b.part, b.content, b.at
         FROM conversations l JOIN begun b ON b.lane = l.number
             JOIN deliveries d ON d.seq = b.delivery
         WHERE l.connection = $1 AND l.remote = $2 AND NOT EXISTS
             (SELECT 1 FROM copies c
              WHERE c.message = d.message AND c.conversation = b.lane AND c.part = b.part)
         ORDER BY b.at, d.seq, b.part",
    );
    let owner = to.connection.uuid();
    let query = query.bind(&owner.as_bytes()[..]).bind(to.conversation.as_str());
    let rows = query.fetch_all(connection).await?;
    let part = |row| {
        let mut columns = Columns::of(row);
        let delivery = DeliveryId::new(columns.uuid()?);
        let message = columns.message()?;
        let part = columns.part()?;
        let BegunContent { fingerprint, .. } = open_begun(vault, delivery, part, columns.next()?)?;
        Ok(InFlight { delivery, message, part, fingerprint, at: columns.time()? })
    };
    rows.iter().map(part).collect()
}

pub(super) async fn lanes(connection: &mut SqliteConnection) -> Result<Vec<Lane>, Fault> {
    let query = sqlx::query(
        "SELECT l.connection, l.remote, p.waiting, l.held_until
         FROM (SELECT lane, COUNT(*) AS waiting FROM deliveries WHERE state = 0 GROUP BY lane) p
             JOIN conversations l ON l.number = p.lane",
    );
    let rows = query.fetch_all(connection).await?;
    let lane = |row| {
        let mut columns = Columns::of(row);
        Ok::<_, Fault>(Lane {
            to: columns.conversation()?,
            pending: columns.count()?,
            held_until: columns.maybe_time()?,
        })
    };
    let mut lanes = rows.iter().map(lane).collect::<Result<Vec<_>, _>>()?;
    lanes.sort_by(|a, b| a.to.cmp(&b.to));
    Ok(lanes)
}

pub(super) async fn backlog(connection: &mut SqliteConnection) -> Result<Backlog, Fault> {
    let query = sqlx::query(
        "SELECT (SELECT MIN(created_at) FROM deliveries WHERE state = 0),
             (SELECT COUNT(*) FROM deliveries WHERE state = 2),
             (SELECT COUNT(*) FROM inbox WHERE swept = 1)",
    );
    let row = query.fetch_one(connection).await?;
    let mut columns = Columns::of(&row);
    Ok(Backlog {
        oldest_waiting: columns.maybe_time()?,
        parked: columns.count()?,
        missing: columns.count()?,
    })
}

pub(super) async fn lane_work(
    connection: &mut SqliteConnection,
    vault: &Vault,
    to: &ConversationRef,
    after: i64,
    limit: u32,
) -> Result<Vec<PendingDelivery>, Fault> {
    let mut tx = connection.begin().await?;
    let query = sqlx::query(concat!(
        "SELECT ",
        delivery_columns!(),
        ", d.content FROM conversations l JOIN deliveries d ON d.lane = l.number
             JOIN conversations s ON s.number = d.source
         WHERE l.connection = $1 AND l.remote = $2 AND d.state = 0 AND d.seq > $3
         ORDER BY d.seq LIMIT $4"
    ));
    let owner = to.connection.uuid();
    let query = query.bind(&owner.as_bytes()[..]).bind(to.conversation.as_str());
    let rows = query.bind(after).bind(limit).fetch_all(&mut *tx).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut begun = begun(&mut tx, vault, to).await?;
    tx.commit().await?;
    let pending = |row| {
        let mut columns = Columns::of(row);
        let delivery = columns.delivery()?;
        let work = open_work(vault, delivery.id, columns.next()?)?;
        let begun = begun.remove(&delivery.id).unwrap_or_default();
        Ok(PendingDelivery { delivery, work, begun })
    };
    rows.iter().map(pending).collect()
}

pub(super) async fn overdue(
    connection: &mut SqliteConnection,
    before: Timestamp,
    after: i64,
    limit: u32,
) -> Result<Vec<Delivery>, Fault> {
    let query = sqlx::query(concat!(
        select_deliveries!(),
        "WHERE d.state = 0 AND d.told = 0 AND d.created_at < $1 AND d.kind IN ($2, $3, $4)
             AND d.seq > $5
         ORDER BY d.seq LIMIT $6"
    ));
    let query = query
        .bind(micros(before))
        .bind(number(&KINDS, &WorkKind::Post))
        .bind(number(&KINDS, &WorkKind::Edit))
        .bind(number(&KINDS, &WorkKind::Delete));
    let rows = query.bind(after).bind(limit).fetch_all(connection).await?;
    each_delivery(&rows)
}

pub(super) async fn told_in_vain(
    connection: &mut SqliteConnection,
    limit: u32,
) -> Result<Vec<Delivery>, Fault> {
    let query = sqlx::query(concat!(
        select_deliveries!(),
        "WHERE d.told = 1 AND NOT EXISTS
             (SELECT 1 FROM deliveries o
              WHERE o.message = d.message AND o.told = 1 AND o.state IN ($1, $2))
         ORDER BY d.seq LIMIT $3"
    ));
    let query = query
        .bind(number(&STATES, &DeliveryState::Pending))
        .bind(number(&STATES, &DeliveryState::Parked));
    let rows = query.bind(limit).fetch_all(connection).await?;
    each_delivery(&rows)
}

/// What was begun for pending deliveries of a lane and is not recorded.
async fn begun(
    connection: &mut SqliteConnection,
    vault: &Vault,
    to: &ConversationRef,
) -> Result<HashMap<DeliveryId, Vec<BegunPart>>, Fault> {
    let query = sqlx::query(
        "SELECT d.id, b.part, b.content, b.at
         FROM conversations l JOIN begun b ON b.lane = l.number
             JOIN deliveries d ON d.seq = b.delivery
         WHERE l.connection = $1 AND l.remote = $2 AND d.state = 0 AND NOT EXISTS
             (SELECT 1 FROM copies c
              WHERE c.message = d.message AND c.conversation = b.lane AND c.part = b.part)
         ORDER BY b.delivery, b.part",
    );
    let owner = to.connection.uuid();
    let query = query.bind(&owner.as_bytes()[..]).bind(to.conversation.as_str());
    let mut begun = HashMap::<_, Vec<_>>::new();
    for row in &query.fetch_all(connection).await? {
        let mut columns = Columns::of(row);
        let id = DeliveryId::new(columns.uuid()?);
        let part = columns.part()?;
        let BegunContent { fingerprint, handles } = open_begun(vault, id, part, columns.next()?)?;
        let at = columns.time()?;
        begun.entry(id).or_default().push(BegunPart { part, fingerprint, handles, at });
    }
    Ok(begun)
}

pub(super) async fn deliveries(
    connection: &mut SqliteConnection,
    filter: &DeliveryFilter,
) -> Result<Vec<Delivery>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(concat!(select_deliveries!(), "WHERE 1 = 1"));
    if let Some(state) = filter.state {
        // A literal, so that the indexes of pending and of parked deliveries serve.
        query.push(format!(" AND d.state = {}", number(&STATES, &state)));
    }
    if let Some(message) = filter.message {
        query.push(" AND d.message = ").push_bind(message.uuid().as_bytes().to_vec());
    }
    if let Some(before) = filter.before {
        query.push(" AND d.seq < ").push_bind(before);
    }
    if let Some(sync) = filter.channel_sync {
        query.push(
            " AND EXISTS (SELECT 1 FROM endpoints e JOIN conversations v
                  ON v.connection = e.connection AND v.remote = e.conversation
              WHERE v.number IN (d.source, d.lane) AND e.channel_sync = ",
        );
        query.push_bind(sync.uuid().as_bytes().to_vec()).push(")");
    }
    query.push(" ORDER BY d.seq DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows = query.build().fetch_all(connection).await?;
    each_delivery(&rows)
}

fn each_delivery(rows: &[SqliteRow]) -> Result<Vec<Delivery>, Fault> {
    rows.iter().map(|row| Columns::of(row).delivery()).collect()
}

pub(super) async fn delivery(
    connection: &mut SqliteConnection,
    id: DeliveryId,
) -> Result<Option<(Delivery, Vec<Attempt>)>, Fault> {
    let mut tx = connection.begin().await?;
    let Some(delivery) = one_delivery(&mut tx, id).await? else { return Ok(None) };
    let query =
        sqlx::query("SELECT at, outcome, detail FROM attempts WHERE delivery = $1 ORDER BY number");
    let rows = query.bind(delivery.seq).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let attempt = |row| {
        let mut columns = Columns::of(row);
        Ok::<_, Fault>(Attempt {
            at: columns.time()?,
            outcome: columns.of_table(&OUTCOMES)?,
            detail: columns.next()?,
        })
    };
    let attempts = rows.iter().map(attempt).collect::<Result<_, _>>()?;
    Ok(Some((delivery, attempts)))
}

pub(super) async fn one_delivery(
    connection: &mut SqliteConnection,
    id: DeliveryId,
) -> Result<Option<Delivery>, Fault> {
    let query = sqlx::query(concat!(select_deliveries!(), "WHERE d.id = $1"));
    let row = query.bind(&id.uuid().as_bytes()[..]).fetch_optional(connection).await?;
    row.map(|row| Columns::of(&row).delivery()).transpose()
}

pub(super) async fn traffic(
    connection: &mut SqliteConnection,
    id: ChannelSyncId,
) -> Result<ChannelSyncTraffic, Fault> {
    let query = sqlx::query(
        "SELECT COUNT(*),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM deliveries d
                                WHERE d.lane = l.number AND d.state = 0)), 0) AS BIGINT),
             CAST(COALESCE(SUM(l.delivered), 0) AS BIGINT),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM deliveries d
                                WHERE d.lane = l.number AND d.state = 2)), 0) AS BIGINT),
             MAX(l.last_delivered_at),
             CAST(COALESCE(SUM((SELECT COUNT(*) FROM inbox i WHERE i.connection = e.connection
                                AND i.conversation = e.conversation AND i.swept = 1)), 0) AS BIGINT),
             CAST(COALESCE(SUM(s.recovered), 0) AS BIGINT),
             CASE WHEN COUNT(s.checked_until) = SUM(CASE WHEN e.direction = '\"out\"' THEN 0 ELSE 1 END)
                  THEN MIN(s.checked_until) END,
             MIN(s.deaf_since)
         FROM channel_syncs c LEFT JOIN endpoints e ON e.channel_sync = c.id
             LEFT JOIN conversations l ON l.connection = e.connection AND l.remote = e.conversation
             LEFT JOIN sweeps s ON s.connection = e.connection AND s.conversation = e.conversation
                 AND e.direction <> '\"out\"'
         WHERE c.id = $1",
    );
    let row = query.bind(&id.uuid().as_bytes()[..]).fetch_one(connection).await?;
    let mut columns = Columns::of(&row);
    if columns.next::<i64>()? == 0 {
        return Err(refusal::missing("channel sync", id).into());
    }
    Ok(ChannelSyncTraffic {
        pending: columns.count()?,
        delivered: columns.count()?,
        parked: columns.count()?,
        last_delivered_at: columns.maybe_time()?,
        missing: columns.count()?,
        recovered: columns.count()?,
        checked_until: columns.maybe_time()?,
        deaf_since: columns.maybe_time()?,
    })
}

pub(super) async fn drops(connection: &mut SqliteConnection) -> Result<Vec<DropCount>, Fault> {
    let query = sqlx::query("SELECT reason, count FROM drops ORDER BY count DESC, reason");
    let rows = query.fetch_all(connection).await?;
    let drop = |row| {
        let mut columns = Columns::of(row);
        Ok(DropCount { reason: columns.next()?, count: columns.count()? })
    };
    rows.iter().map(drop).collect()
}
