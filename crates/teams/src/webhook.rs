//! Graph's calls to our addresses: handshakes, notifications, lifecycle events. Pure.

use aws_lc_rs::digest;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rialto_model::RemoteId;
use rialto_platform::{
    AppConfig, Inbound, Received, Refusal, Verified, WebhookAnswer, WebhookRequest,
    verify::shared_secret,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::warn;
use url::form_urlencoded;

use crate::{
    place::MessagePath,
    wire::{Batch, Notification},
};

/// Longer than any token that Graph sends to validate an address.
const LONGEST_VALIDATION_TOKEN: usize = 2048;

/// What is kept of one notification, for `normalize`.
#[derive(Serialize)]
struct Kept<'a> {
    item: &'a RawValue,
    validation_tokens: &'a [String],
    received_at: Timestamp,
}

/// The same, read back.
#[derive(Deserialize)]
pub(crate) struct Payload {
    pub item: Notification,
    #[serde(default)]
    pub validation_tokens: Vec<String>,
    /// The tokens may end while it waits for its turn.
    pub received_at: Option<Timestamp>,
}

pub(crate) fn receive(app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
    if !matches!(request.tail, "" | "lifecycle") {
        return Received::Refused(Refusal::malformed("there is no such address"));
    }
    let validation = form_urlencoded::parse(request.query.as_bytes())
        .find_map(|(name, value)| (name == "validationToken").then_some(value));
    if let Some(token) = validation {
        return handshake(&token);
    }
    if request.method != Method::POST {
        return Received::Refused(Refusal::malformed("notifications are posted"));
    }
    let Ok(batch) = serde_json::from_slice::<Batch<'_>>(request.body) else {
        return Received::Refused(Refusal::malformed("the body is no batch of notifications"));
    };
    let expected = app.secrets.get("client_state").map_or("", |secret| secret.expose_secret());
    let mut inbound = Vec::with_capacity(batch.value.len());
    let mut unproven = 0_usize;
    for raw in &batch.value {
        let item: Notification = serde_json::from_str(raw.get()).unwrap_or_default();
        let given = item.client_state.as_ref().map_or("", |given| given.expose_secret());
        match shared_secret(expected, given) {
            Some(proof) => {
                let fact = fact(app, raw, &item, &batch.validation_tokens, now);
                inbound.push(Verified::by(proof, fact));
            }
            None => unproven += 1,
        }
    }
    if inbound.is_empty() {
        return Received::Refused(Refusal::unproven("no notification carries our client state"));
    }
    if unproven > 0 {
        // The rest of the batch may be somebody else's: what proved itself is kept.
        warn!(unproven, kept = inbound.len(), "notifications without our client state dropped");
    }
    Received::Inbound { inbound, answer: WebhookAnswer::status(StatusCode::ACCEPTED) }
}

fn handshake(token: &str) -> Received {
    if token.len() > LONGEST_VALIDATION_TOKEN || token.chars().any(char::is_control) {
        return Received::Refused(Refusal::malformed("this is no validation token"));
    }
    Received::Handshake(WebhookAnswer {
        status: StatusCode::OK,
        content_type: Some("text/plain"),
        body: token.to_owned(),
    })
}

fn fact(
    app: &AppConfig,
    raw: &RawValue,
    item: &Notification,
    validation_tokens: &[String],
    now: Timestamp,
) -> Inbound {
    let tenant = item.tenant_id.as_deref().filter(|tenant| !tenant.is_empty());
    let workspace = tenant.or_else(|| app.setting("tenant").ok()).unwrap_or_default();
    let path = message_path(item);
    let kept = Kept { item: raw, validation_tokens, received_at: now };
    Inbound {
        workspace: workspace.into(),
        conversation: path.map_or_else(|| RemoteId::from(""), |path| path.place.id()),
        key: key(item, now),
        payload: serde_json::to_vec(&kept).unwrap_or_default(),
    }
}

/// The message that a notification is about.
pub(crate) fn message_path(item: &Notification) -> Option<MessagePath> {
    MessagePath::parse(&item.resource).or_else(|| MessagePath::parse(&item.resource_data.odata_id))
}

/// The same for the same notification sent again, another for a later change. Where nothing tells
/// two changes apart they are kept both: what is made of them says the same twice.
fn key(item: &Notification, now: Timestamp) -> String {
    if let Some(event) = &item.lifecycle_event {
        return format!("{event}/{}/{}", item.subscription_id, now.as_millisecond());
    }
    let message = message_path(item).map_or(item.resource_data.id.clone(), |path| path.message);
    let change = &item.change_type;
    if change == "created" && !message.is_empty() {
        return format!("created/{message}");
    }
    let which = match (&item.resource_data.etag, &item.encrypted_content, &item.id) {
        (Some(etag), _, _) => etag.clone(),
        (None, Some(content), _) => {
            let digest = digest::digest(&digest::SHA256, content.data.as_bytes());
            hex::encode(&digest.as_ref()[..16])
        }
        (None, None, Some(id)) => id.clone(),
        (None, None, None) => now.as_microsecond().to_string(),
    };
    format!("{change}/{message}/{which}")
}
