//! Channel syncs and their endpoints.

use std::collections::HashMap;

use jiff::Timestamp;
use rialto_model::{
    ChannelSync, ChannelSyncId, ChannelSyncState, Endpoint, EndpointId, OrganizationId,
    SyncSettings,
};
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use super::{
    Fault, Tx, plan,
    values::{Columns, json, micros},
};
use crate::refusal;

pub(super) async fn put_channel_sync(tx: &mut Tx, sync: &ChannelSync) -> Result<(), Fault> {
    let insert = sqlx::query(
        "INSERT INTO channel_syncs (id, organization, name, state, settings, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
    );
    let insert = insert
        .bind(&sync.id.uuid().as_bytes()[..])
        .bind(&sync.organization.uuid().as_bytes()[..])
        .bind(sync.name.as_str())
        .bind(json(&sync.state)?)
        .bind(json(&sync.settings)?)
        .bind(micros(sync.created_at));
    if tx.run(insert).await? == 0 {
        return Err(refusal::exists("channel sync", sync.id).into());
    }
    for endpoint in &sync.endpoints {
        if owner(tx, endpoint.id).await?.is_some() {
            return Err(refusal::endpoint_elsewhere(endpoint.id).into());
        }
        write_endpoint(tx, sync.id, endpoint).await?;
    }
    Ok(())
}

pub(super) async fn channel_syncs(
    connection: &mut SqliteConnection,
) -> Result<Vec<ChannelSync>, Fault> {
    let mut tx = connection.begin().await?;
    let query = sqlx::query(
        "SELECT id, organization, name, state, settings, created_at FROM channel_syncs ORDER BY id",
    );
    let syncs = query.fetch_all(&mut *tx).await?;
    let query = sqlx::query(
        "SELECT channel_sync, id, connection, conversation, name, direction, since
         FROM endpoints ORDER BY place",
    );
    let mut endpoints = HashMap::<Uuid, Vec<Endpoint>>::new();
    for row in &query.fetch_all(&mut *tx).await? {
        let mut columns = Columns::of(row);
        endpoints.entry(columns.uuid()?).or_default().push(Endpoint {
            id: EndpointId::new(columns.uuid()?),
            at: columns.conversation()?,
            name: columns.next()?,
            direction: columns.json()?,
            since: columns.time()?,
        });
    }
    tx.commit().await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        let id = columns.uuid()?;
        Ok(ChannelSync {
            id: ChannelSyncId::new(id),
            organization: OrganizationId::new(columns.uuid()?),
            name: columns.next()?,
            state: columns.json()?,
            settings: columns.json()?,
            created_at: columns.time()?,
            endpoints: endpoints.remove(&id).unwrap_or_default(),
        })
    };
    syncs.iter().map(read).collect()
}

pub(super) async fn set_state(
    tx: &mut Tx,
    id: ChannelSyncId,
    state: ChannelSyncState,
) -> Result<(), Fault> {
    let update = sqlx::query("UPDATE channel_syncs SET state = $2 WHERE id = $1");
    let update = update.bind(&id.uuid().as_bytes()[..]).bind(json(&state)?);
    found(id, tx.run(update).await?)
}

pub(super) async fn set_settings(
    tx: &mut Tx,
    id: ChannelSyncId,
    name: &str,
    settings: &SyncSettings,
) -> Result<(), Fault> {
    let update = sqlx::query("UPDATE channel_syncs SET name = $2, settings = $3 WHERE id = $1");
    let update = update.bind(&id.uuid().as_bytes()[..]).bind(name).bind(json(settings)?);
    found(id, tx.run(update).await?)
}

fn found(id: ChannelSyncId, rows: u64) -> Result<(), Fault> {
    if rows == 0 { Err(refusal::missing("channel sync", id).into()) } else { Ok(()) }
}

pub(super) async fn put_endpoint(
    tx: &mut Tx,
    sync: ChannelSyncId,
    endpoint: &Endpoint,
) -> Result<(), Fault> {
    let query = sqlx::query("SELECT 1 FROM channel_syncs WHERE id = $1");
    found(sync, tx.finds(query.bind(&sync.uuid().as_bytes()[..])).await?.into())?;
    if owner(tx, endpoint.id).await?.is_some_and(|owner| owner != sync.uuid()) {
        return Err(refusal::endpoint_elsewhere(endpoint.id).into());
    }
    write_endpoint(tx, sync, endpoint).await
}

pub(super) async fn rename_endpoint(tx: &mut Tx, id: EndpointId, name: &str) -> Result<(), Fault> {
    let update = sqlx::query("UPDATE endpoints SET name = $2 WHERE id = $1");
    tx.run(update.bind(&id.uuid().as_bytes()[..]).bind(name)).await.map(drop)
}

/// The channel sync that an endpoint belongs to.
async fn owner(tx: &mut Tx, id: EndpointId) -> Result<Option<Uuid>, Fault> {
    let query = sqlx::query("SELECT channel_sync FROM endpoints WHERE id = $1");
    let query = query.bind(&id.uuid().as_bytes()[..]);
    let row = query.fetch_optional(&mut tx.connection).await?;
    row.map(|row| Columns::of(&row).uuid()).transpose()
}

async fn write_endpoint(
    tx: &mut Tx,
    sync: ChannelSyncId,
    endpoint: &Endpoint,
) -> Result<(), Fault> {
    let taken = sqlx::query(
        "SELECT 1 FROM endpoints WHERE connection = $1 AND conversation = $2 AND id <> $3",
    );
    let taken = taken
        .bind(&endpoint.at.connection.uuid().as_bytes()[..])
        .bind(endpoint.at.conversation.as_str())
        .bind(&endpoint.id.uuid().as_bytes()[..]);
    if tx.finds(taken).await? {
        return Err(refusal::conversation_taken(&endpoint.at).into());
    }
    let upsert = sqlx::query(
        "INSERT INTO endpoints
             (id, channel_sync, connection, conversation, name, direction, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET connection = excluded.connection,
             conversation = excluded.conversation, name = excluded.name,
             direction = excluded.direction, since = excluded.since",
    );
    let upsert = upsert
        .bind(&endpoint.id.uuid().as_bytes()[..])
        .bind(&sync.uuid().as_bytes()[..])
        .bind(&endpoint.at.connection.uuid().as_bytes()[..])
        .bind(endpoint.at.conversation.as_str())
        .bind(endpoint.name.as_str())
        .bind(json(&endpoint.direction)?)
        .bind(micros(endpoint.since));
    tx.run(upsert).await?;
    Ok(())
}

pub(super) async fn remove_endpoint(
    tx: &mut Tx,
    id: EndpointId,
    at: Timestamp,
) -> Result<(), Fault> {
    let delete =
        sqlx::query("DELETE FROM endpoints WHERE id = $1 RETURNING connection, conversation");
    let delete = delete.bind(&id.uuid().as_bytes()[..]);
    let row = delete.fetch_optional(&mut tx.connection).await?;
    let row = row.ok_or_else(|| refusal::missing("endpoint", id))?;
    plan::cancel_lane(tx, &Columns::of(&row).conversation()?, at).await
}

pub(super) async fn remove_channel_sync(
    tx: &mut Tx,
    id: ChannelSyncId,
    at: Timestamp,
) -> Result<(), Fault> {
    let delete = sqlx::query(
        "DELETE FROM endpoints WHERE channel_sync = $1 RETURNING connection, conversation",
    );
    let delete = delete.bind(&id.uuid().as_bytes()[..]);
    for row in &delete.fetch_all(&mut tx.connection).await? {
        plan::cancel_lane(tx, &Columns::of(row).conversation()?, at).await?;
    }
    let delete = sqlx::query("DELETE FROM channel_syncs WHERE id = $1");
    found(id, tx.run(delete.bind(&id.uuid().as_bytes()[..])).await?)
}
