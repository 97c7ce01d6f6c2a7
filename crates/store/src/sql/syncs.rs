//! Channel syncs and their endpoints.

use std::collections::HashMap;

use jiff::Timestamp;
use rialto_model::{
    ChannelSync, ChannelSyncId, ChannelSyncState, Endpoint, EndpointId, OrganizationId,
    SyncSettings,
};
use rusqlite::Connection as Database;
use uuid::Uuid;

use super::{
    Fault, Tx, plan,
    query::query,
    values::{json, micros},
};
use crate::refusal;

pub(super) fn put_channel_sync(tx: &mut Tx, sync: &ChannelSync) -> Result<(), Fault> {
    let insert = query(
        "INSERT INTO channel_syncs (id, organization, name, state, settings, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
    );
    let insert = insert
        .bind(sync.id.uuid())
        .bind(sync.organization.uuid())
        .bind(sync.name.as_str())
        .bind(json(&sync.state)?)
        .bind(json(&sync.settings)?)
        .bind(micros(sync.created_at));
    if tx.run(insert)? == 0 {
        return Err(refusal::exists("channel sync", sync.id).into());
    }
    for endpoint in &sync.endpoints {
        if owner(tx, endpoint.id)?.is_some() {
            return Err(refusal::endpoint_elsewhere(endpoint.id).into());
        }
        write_endpoint(tx, sync.id, endpoint)?;
    }
    Ok(())
}

pub(super) fn channel_syncs(database: &Database) -> Result<Vec<ChannelSync>, Fault> {
    let snapshot = database.unchecked_transaction()?;
    let select = query(
        "SELECT id, organization, name, state, settings, created_at FROM channel_syncs ORDER BY id",
    );
    let each = query(
        "SELECT channel_sync, id, connection, conversation, name, direction, since
         FROM endpoints ORDER BY place",
    );
    let mut endpoints = HashMap::<Uuid, Vec<Endpoint>>::new();
    each.all(&snapshot, |columns| {
        endpoints.entry(columns.uuid()?).or_default().push(Endpoint {
            id: EndpointId::new(columns.uuid()?),
            at: columns.conversation()?,
            name: columns.next()?,
            direction: columns.json()?,
            since: columns.time()?,
        });
        Ok(())
    })?;
    select.all(&snapshot, |columns| {
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
    })
}

pub(super) fn set_state(
    tx: &mut Tx,
    id: ChannelSyncId,
    state: ChannelSyncState,
) -> Result<(), Fault> {
    let update = query("UPDATE channel_syncs SET state = $2 WHERE id = $1");
    let update = update.bind(id.uuid()).bind(json(&state)?);
    found(id, tx.run(update)?)
}

pub(super) fn set_settings(
    tx: &mut Tx,
    id: ChannelSyncId,
    name: &str,
    settings: &SyncSettings,
) -> Result<(), Fault> {
    let update = query("UPDATE channel_syncs SET name = $2, settings = $3 WHERE id = $1");
    let update = update.bind(id.uuid()).bind(name).bind(json(settings)?);
    found(id, tx.run(update)?)
}

fn found(id: ChannelSyncId, rows: u64) -> Result<(), Fault> {
    if rows == 0 { Err(refusal::missing("channel sync", id).into()) } else { Ok(()) }
}

pub(super) fn put_endpoint(
    tx: &mut Tx,
    sync: ChannelSyncId,
    endpoint: &Endpoint,
) -> Result<(), Fault> {
    let select = query("SELECT 1 FROM channel_syncs WHERE id = $1");
    found(sync, tx.finds(select.bind(sync.uuid()))?.into())?;
    if owner(tx, endpoint.id)?.is_some_and(|owner| owner != sync.uuid()) {
        return Err(refusal::endpoint_elsewhere(endpoint.id).into());
    }
    write_endpoint(tx, sync, endpoint)
}

pub(super) fn rename_endpoint(tx: &mut Tx, id: EndpointId, name: &str) -> Result<(), Fault> {
    let update = query("UPDATE endpoints SET name = $2 WHERE id = $1");
    tx.run(update.bind(id.uuid()).bind(name)).map(drop)
}

/// The channel sync that an endpoint belongs to.
fn owner(tx: &mut Tx, id: EndpointId) -> Result<Option<Uuid>, Fault> {
    let select = query("SELECT channel_sync FROM endpoints WHERE id = $1");
    let select = select.bind(id.uuid());
    select.maybe(&tx.database, |columns| columns.uuid())
}

fn write_endpoint(tx: &mut Tx, sync: ChannelSyncId, endpoint: &Endpoint) -> Result<(), Fault> {
    let taken =
        query("SELECT 1 FROM endpoints WHERE connection = $1 AND conversation = $2 AND id <> $3");
    let taken = taken
        .bind(endpoint.at.connection.uuid())
        .bind(endpoint.at.conversation.as_str())
        .bind(endpoint.id.uuid());
    if tx.finds(taken)? {
        return Err(refusal::conversation_taken(&endpoint.at).into());
    }
    let upsert = query(
        "INSERT INTO endpoints
             (id, channel_sync, connection, conversation, name, direction, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET connection = excluded.connection,
             conversation = excluded.conversation, name = excluded.name,
             direction = excluded.direction, since = excluded.since",
    );
    let upsert = upsert
        .bind(endpoint.id.uuid())
        .bind(sync.uuid())
        .bind(endpoint.at.connection.uuid())
        .bind(endpoint.at.conversation.as_str())
        .bind(endpoint.name.as_str())
        .bind(json(&endpoint.direction)?)
        .bind(micros(endpoint.since));
    tx.run(upsert)?;
    Ok(())
}

pub(super) fn remove_endpoint(tx: &mut Tx, id: EndpointId, at: Timestamp) -> Result<(), Fault> {
    let delete = query("DELETE FROM endpoints WHERE id = $1 RETURNING connection, conversation");
    let delete = delete.bind(id.uuid());
    let place = delete.maybe(&tx.database, |columns| columns.conversation())?;
    let place = place.ok_or_else(|| refusal::missing("endpoint", id))?;
    plan::cancel_removed(tx, &place, at)
}

pub(super) fn remove_channel_sync(
    tx: &mut Tx,
    id: ChannelSyncId,
    at: Timestamp,
) -> Result<(), Fault> {
    let delete =
        query("DELETE FROM endpoints WHERE channel_sync = $1 RETURNING connection, conversation");
    let delete = delete.bind(id.uuid());
    for place in delete.all(&tx.database, |columns| columns.conversation())? {
        plan::cancel_removed(tx, &place, at)?;
    }
    let delete = query("DELETE FROM channel_syncs WHERE id = $1");
    found(id, tx.run(delete.bind(id.uuid()))?)
}
