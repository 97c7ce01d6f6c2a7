//! What of a verb's arguments is sealed before it reaches the writer, and where it belongs.

use jiff::Timestamp;
use rialto_model::{
    AppId, ConnectionId, ConversationRef, DeliveryId, Fingerprint, MessageId, PartKey, Work,
    WorkKind,
};
use serde::{Deserialize, Serialize};

use super::{Fault, values};
use crate::{NewDelivery, NewInbound, Progress, Vault, vault::place};

pub(super) fn inbound_place(connection: ConnectionId, conversation: &str, key: &str) -> String {
    place("inbox.payload", &[&connection.to_string(), conversation, key])
}

pub(super) fn work_place(delivery: DeliveryId) -> String {
    place("deliveries.content", &[&delivery.to_string()])
}

pub(super) fn begun_place(delivery: DeliveryId, part: PartKey) -> String {
    place("begun.content", &[&delivery.to_string(), &part.to_i64().to_string()])
}

pub(super) fn cabinet_place(connection: ConnectionId, entry: &str) -> String {
    place("cabinet.value", &[&connection.to_string(), entry])
}

pub(super) fn app_place(app: AppId) -> String {
    place("apps.secrets", &[&app.to_string()])
}

pub(super) fn authorization_place(state: &str) -> String {
    place("authorizations.secret", &[state])
}

pub(super) struct SealedInbound {
    pub(super) connection: ConnectionId,
    pub(super) conversation: String,
    pub(super) key: String,
    pub(super) received_at: i64,
    pub(super) payload: Vec<u8>,
    pub(super) swept: bool,
}

impl SealedInbound {
    pub(super) fn new(vault: &Vault, row: &NewInbound) -> Self {
        let conversation = row.conversation.as_str().to_owned();
        let place = inbound_place(row.connection, &conversation, &row.key);
        Self {
            connection: row.connection,
            conversation,
            received_at: values::micros(row.received_at),
            payload: vault.seal(&place, &row.payload),
            key: row.key.clone(),
            swept: row.swept,
        }
    }
}

pub(super) struct SealedDelivery {
    pub(super) id: DeliveryId,
    pub(super) message: MessageId,
    pub(super) from: ConversationRef,
    pub(super) to: ConversationRef,
    pub(super) kind: WorkKind,
    pub(super) happened_at: Timestamp,
    pub(super) created_at: Timestamp,
    pub(super) content: Vec<u8>,
}

impl SealedDelivery {
    pub(super) fn all(vault: &Vault, new: Vec<NewDelivery>) -> Result<Vec<Self>, Fault> {
        new.into_iter().map(|new| Self::new(vault, new)).collect()
    }

    pub(super) fn new(vault: &Vault, new: NewDelivery) -> Result<Self, Fault> {
        let work = values::json(&new.work)?;
        Ok(Self {
            id: new.id,
            message: new.message,
            from: new.from,
            to: new.to,
            kind: new.work.kind(),
            happened_at: new.happened_at,
            created_at: new.created_at,
            content: vault.seal(&work_place(new.id), work.as_bytes()),
        })
    }
}

/// A step, and what it adds to the work.
pub(super) struct SealedProgress {
    pub(super) step: Progress,
    pub(super) told: Vec<SealedDelivery>,
}

impl SealedProgress {
    pub(super) fn new(vault: &Vault, mut step: Progress) -> Result<Self, Fault> {
        let told = SealedDelivery::all(vault, std::mem::take(&mut step.told))?;
        Ok(Self { step, told })
    }
}

pub(super) fn open_work(vault: &Vault, id: DeliveryId, sealed: &[u8]) -> Result<Work, Fault> {
    values::from_json(&vault.open(&work_place(id), sealed)?)
}

/// What a post that is about to be made is recognised by. A fingerprint alone would tell short texts
/// to whoever tries them all.
#[derive(Serialize, Deserialize)]
pub(super) struct BegunContent {
    pub(super) fingerprint: Fingerprint,
    pub(super) handles: Vec<String>,
}

pub(super) fn seal_begun(
    vault: &Vault,
    delivery: DeliveryId,
    part: PartKey,
    content: &BegunContent,
) -> Result<Vec<u8>, Fault> {
    Ok(vault.seal(&begun_place(delivery, part), values::json(content)?.as_bytes()))
}

pub(super) fn open_begun(
    vault: &Vault,
    delivery: DeliveryId,
    part: PartKey,
    sealed: &[u8],
) -> Result<BegunContent, Fault> {
    values::from_json(&vault.open(&begun_place(delivery, part), sealed)?)
}
