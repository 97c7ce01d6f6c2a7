//! Looking at deliveries, and trying parked ones again.

use std::collections::HashSet;

use jiff::Timestamp;
use rialto_model::{
    Attempt, AttemptOutcome, ChannelSyncId, ConnectionId, ConversationRef, Delivery, DeliveryId,
    DeliveryState, MessageId, RemoteId, WorkKind,
};
use rialto_store::{DeliveryFilter, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Relay,
    admin::{AdminError, Who, schema},
};

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;

/// Which deliveries to list. Newest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<schema::DeliveryState>)]
    pub state: Option<DeliveryState>,
    /// Only to or from endpoints of this channel sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub channel_sync: Option<ChannelSyncId>,
    /// Only of this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub message: Option<MessageId>,
    /// Only before this place in the order: the `seq` of the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// At most so many: 1 to 500, 50 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A delivery as it is shown: never its content.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id.
    #[schema(value_type = String, example = "dlv_0192f0c1a2b37c4d8e5f60718293a4b5")]
    pub id: DeliveryId,
    /// Its place in the order.
    pub seq: i64,
    /// The message it is about.
    #[schema(value_type = String)]
    pub message: MessageId,
    /// What kind of work.
    #[schema(value_type = schema::WorkKind)]
    pub kind: WorkKind,
    /// How far it is.
    #[schema(value_type = schema::DeliveryState)]
    pub state: DeliveryState,
    /// Why it was parked or cancelled.
    pub reason: Option<String>,
    /// Calls made so far that did not succeed.
    pub attempts: u32,
    /// Where the message was said.
    pub from: PlaceView,
    /// Where it goes.
    pub to: PlaceView,
    /// When the thing happened that it tells of.
    #[schema(value_type = String, format = DateTime)]
    pub happened_at: Timestamp,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was settled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

/// A conversation, named for people.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PlaceView {
    /// The workspace.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// The platform's short name; empty when the connection is gone.
    pub platform: String,
    /// The platform's id of the conversation.
    #[schema(value_type = String)]
    pub conversation: RemoteId,
    /// Its name; `None` when it is in no channel sync any more.
    pub name: Option<String>,
}

/// A delivery and the calls made for it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: DeliveryView,
    /// The calls, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// A call that was made for a delivery.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AttemptView {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How.
    #[schema(value_type = schema::AttemptOutcome)]
    pub outcome: AttemptOutcome,
    /// In words.
    pub detail: String,
}

/// What trying all parked deliveries again came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct RetriedAll {
    /// Deliveries that wait again.
    pub retried: u64,
    /// Deliveries whose content is erased: they cannot be tried again.
    pub erased: u64,
}

impl Relay {
    /// Deliveries, newest first.
    ///
    /// # Errors
    /// `Invalid` for a limit out of range.
    pub async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
    ) -> Result<Vec<DeliveryView>, AdminError> {
        let limit = page_of(query.limit)?;
        let filter = DeliveryFilter {
            state: query.state,
            channel_sync: query.channel_sync,
            message: query.message,
            before: query.before,
            limit,
        };
        let deliveries = self.store().deliveries(&filter).await?;
        Ok(deliveries.into_iter().map(|it| self.view_delivery(it)).collect())
    }

    /// One delivery and the calls made for it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn show_delivery(&self, id: DeliveryId) -> Result<DeliveryDetail, AdminError> {
        let (delivery, attempts) = self
            .store()
            .delivery(id)
            .await?
            .ok_or_else(|| AdminError::NotFound(format!("There is no delivery {id}")))?;
        let attempts = attempts
            .into_iter()
            .map(|Attempt { at, outcome, detail }| AttemptView { at, outcome, detail })
            .collect();
        Ok(DeliveryDetail { delivery: self.view_delivery(delivery), attempts })
    }

    /// Tries a parked delivery again.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is not parked or its content is erased.
    pub async fn retry_delivery(
        &self,
        who: &Who,
        id: DeliveryId,
    ) -> Result<DeliveryView, AdminError> {
        let known = self.show_delivery(id).await?.delivery;
        if known.state != DeliveryState::Parked {
            return Err(AdminError::Conflict(format!(
                "{id} is not parked: only what is parked can be tried again"
            )));
        }
        let delivery = self.store().retry(id).await?;
        self.wake_lane(&delivery.to);
        self.write_down(who, "delivery.retry", id, json!({})).await?;
        Ok(self.view_delivery(delivery))
    }

    /// Tries all parked deliveries of a channel sync again.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn retry_channel_sync(
        &self,
        who: &Who,
        sync: ChannelSyncId,
    ) -> Result<RetriedAll, AdminError> {
        self.sync(sync)?;
        let mut filter = DeliveryFilter {
            state: Some(DeliveryState::Parked),
            channel_sync: Some(sync),
            limit: LARGEST_PAGE,
            ..DeliveryFilter::default()
        };
        let mut parked = Vec::new();
        loop {
            let page = self.store().deliveries(&filter).await?;
            let Some(last) = page.last() else { break };
            filter.before = Some(last.seq);
            parked.extend(page.into_iter().map(|delivery| delivery.id));
        }
        let mut result = RetriedAll::default();
        let (mut lanes, mut failed) = (HashSet::new(), None);
        // What was said first goes first: a reply finds its root, and an edit its post.
        for id in parked.into_iter().rev() {
            match self.store().retry(id).await {
                Ok(delivery) => {
                    lanes.insert(delivery.to);
                    result.retried += 1;
                }
                Err(StoreError::Erased(_)) => result.erased += 1,
                // Somebody else retried it meanwhile.
                Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        lanes.iter().for_each(|lane| self.wake_lane(lane));
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.write_down(who, "delivery.retry-all", sync, json!(result)).await?;
        Ok(result)
    }

    fn view_delivery(&self, it: Delivery) -> DeliveryView {
        DeliveryView {
            id: it.id,
            seq: it.seq,
            message: it.message,
            kind: it.kind,
            state: it.state,
            reason: it.reason,
            attempts: it.attempts,
            from: self.place(it.from),
            to: self.place(it.to),
            happened_at: it.happened_at,
            created_at: it.created_at,
            settled_at: it.settled_at,
        }
    }

    fn place(&self, at: ConversationRef) -> PlaceView {
        let view = self.roster().view();
        let platform = view.connections.get(&at.connection).map(|it| it.record.platform.clone());
        PlaceView {
            connection: at.connection,
            platform: platform.unwrap_or_default(),
            name: view.endpoint(&at).map(|(_, endpoint)| endpoint.name.clone()),
            conversation: at.conversation,
        }
    }
}

/// How many to show on a page.
pub(super) fn page_of(limit: Option<u32>) -> Result<u32, AdminError> {
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    if (1..=LARGEST_PAGE).contains(&limit) {
        return Ok(limit);
    }
    Err(AdminError::invalid("limit", format!("must be 1 to {LARGEST_PAGE}")))
}
