//! The webhook address: who sent a call, and which fact is in it. Pure.
//!
//! Calls carry no time, so an old one could be sent again. It would tell nothing new: messages are
//! read as they are now, and what is known is known. Webex itself sends nothing twice (*Webhooks*).

use http::StatusCode;
use jiff::Timestamp;
use rialto_model::RemoteId;
use rialto_platform::{
    AppConfig, Inbound, Received, Refusal, Verified, WebhookAnswer, WebhookRequest, verify,
};
use secrecy::ExposeSecret;

use crate::{
    manifest::WEBHOOK_SECRET,
    wire::{self, Call},
};

/// Reads a call that came at `now`.
pub(crate) fn receive(app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
    let Ok(secret) = app.secret(WEBHOOK_SECRET) else {
        return Received::Refused(Refusal::unproven("this app has no webhook secret"));
    };
    let signature = request.headers.get("x-spark-signature").and_then(|it| it.to_str().ok());
    let Some(signature) = signature else {
        return Received::Refused(Refusal::unproven("there is no signature"));
    };
    let secret = secret.expose_secret().as_bytes();
    let Some(proof) = verify::hmac_sha1_hex(secret, &[request.body], signature) else {
        return Received::Refused(Refusal::unproven("the signature does not match"));
    };
    // Serde would take an array for a struct of optional fields.
    let is_object = request.body.trim_ascii_start().starts_with(b"{");
    let call = serde_json::from_slice::<Call>(request.body).ok().filter(|_| is_object);
    let Some(call) = call else {
        return Received::Refused(Refusal::malformed("the body is not a JSON object"));
    };
    let inbound = inbound(&call, request.body, now).map(|inbound| Verified::by(proof, inbound));
    let answer = WebhookAnswer::status(StatusCode::OK);
    Received::Inbound { inbound: inbound.into_iter().collect(), answer }
}

/// The fact of a call, if it says whose webhook it is.
fn inbound(call: &Call, body: &[u8], now: Timestamp) -> Option<Inbound> {
    Some(Inbound {
        workspace: wire::uuid(call.org_id.get()?).into(),
        conversation: conversation(call),
        key: key(call, now),
        payload: body.to_vec(),
    })
}

/// Where it came about. A space that moved has a new id already, of which nothing is known yet.
fn conversation(call: &Call) -> RemoteId {
    match (call.resource.get(), call.event.get()) {
        (Some("rooms"), Some("migrated")) => "".into(),
        (Some("rooms"), _) => call.data.id.get().unwrap_or_default().into(),
        _ => call.data.room_id.get().unwrap_or_default().into(),
    }
}

/// What identifies the fact: a message's id and revision. A call may not say which edit it tells of, or
/// to the second only: then the moment in which it came does, since the message may have been read for the
/// edit before already.
fn key(call: &Call, now: Timestamp) -> String {
    let data = &call.data;
    let millis = |time: Option<Timestamp>| time.map_or(0, Timestamp::as_millisecond);
    let id = data.id.get().unwrap_or_default();
    match (call.resource.get().unwrap_or_default(), call.event.get().unwrap_or_default()) {
        ("messages", "created") => format!("m:{id}"),
        ("messages", "updated") => match data.updated {
            Some(updated) if updated.subsec_nanosecond() > 0 => {
                format!("e:{id}:{}", updated.as_millisecond())
            }
            _ => format!("e:{id}:at:{}", now.as_nanosecond()),
        },
        ("messages", "deleted") => format!("d:{id}"),
        (resource, event) => {
            format!("x:{resource}:{event}:{id}:{}:{}", millis(data.created), millis(data.updated))
        }
    }
}
