//! The event address: who sent a call, and which fact is in it. Pure.

use aws_lc_rs::hmac;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rialto_model::RemoteId;
use rialto_platform::{
    AppConfig, Inbound, Received, Refusal, Verified, WebhookAnswer, WebhookRequest,
    verify::Signature,
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    place,
    wire::{self, Call, Object},
};

/// How far the sender's clock may be off, either way. Zoom names no window (*Using webhooks*): this
/// is the usual one.
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_secs(300);

const SIGNATURE: Signature =
    Signature { header: "x-zm-signature", time_header: "x-zm-request-timestamp", window: WINDOW };

/// Reads a call. Zoom tries again after 5xx and silence only, so an app whose secret token is not
/// known yet asks for another try: that is our own trouble.
pub(crate) fn receive(app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
    let Ok(secret) = app.secret("secret_token") else {
        let reason = "this app has no secret token yet";
        return Received::Refused(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, reason });
    };
    let secret = secret.expose_secret().as_bytes();
    let proof = match SIGNATURE.prove(secret, request, now) {
        Ok(proof) => proof,
        Err(refusal) => return Received::Refused(refusal),
    };
    // Serde would take an array for a struct of optional fields.
    let is_object = request.body.trim_ascii_start().starts_with(b"{");
    let call = serde_json::from_slice::<Call>(request.body).ok().filter(|_| is_object);
    let Some(call) = call else {
        return Received::Refused(Refusal::malformed("the body is not a JSON object"));
    };
    if call.event == "endpoint.url_validation" {
        return challenged(secret, call.payload.plain_token.as_deref());
    }
    let inbound = inbound(&call, request.body).map(|inbound| Verified::by(proof, inbound));
    let answer = WebhookAnswer::status(StatusCode::OK);
    Received::Inbound { inbound: inbound.into_iter().collect(), answer }
}

/// Answers the challenge, which comes when the address is entered and again every 72 hours. Whoever
/// could have any text signed could sign events with it, so no token that reads like the start of
/// one is.
fn challenged(secret: &[u8], token: Option<&str>) -> Received {
    let Some(token) = token.filter(|token| !token.is_empty() && !token.contains(':')) else {
        return Received::Refused(Refusal::malformed("there is no plain token"));
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let encrypted = hex::encode(hmac::sign(&key, token.as_bytes()));
    Received::Handshake(WebhookAnswer {
        status: StatusCode::OK,
        content_type: Some("application/json"),
        body: json!({ "plainToken": token, "encryptedToken": encrypted }).to_string(),
    })
}

/// The fact of a call, if it says in which account it came about.
fn inbound(call: &Call, body: &[u8]) -> Option<Inbound> {
    let workspace = call.payload.account_id.get()?;
    Some(Inbound {
        workspace: workspace.into(),
        conversation: conversation(&call.event, &call.payload.object),
        key: key(call),
        payload: body.to_vec(),
    })
}

/// Where it came about. Direct messages are told of too, under ids that are never kept in step.
pub(crate) fn conversation(event: &str, object: &Object) -> RemoteId {
    let contact = || object.contact_id.get().or(object.contact_member_id.get());
    let is_channel = event.starts_with("chat_channel.")
        || matches!(event, "team_chat.channel_archived" | "team_chat.channel_unarchived");
    if is_channel {
        return wire::channel_id(object.id.get().unwrap_or_default()).into();
    }
    match (object.channel_id.get(), contact()) {
        (Some(channel), _) => wire::channel_id(channel).into(),
        (None, Some(contact)) => place::with(contact),
        (None, None) if event.starts_with("team_chat.dm_") => place::with(""),
        (None, None) => "".into(),
    }
}

/// What identifies the fact: a message's id and revision, never the call.
fn key(call: &Call) -> String {
    let millis = |time: wire::Time| time.0.map_or(0, Timestamp::as_millisecond);
    let (event, object) = (call.event.as_str(), &call.payload.object);
    let when = millis(call.event_ts);
    let message = object.message_id.get().map(wire::message_id);
    let who = || {
        let payload = &call.payload;
        payload.operator_id.get().or(payload.operator_member_id.get()).unwrap_or_default()
    };
    match (event.rsplit('_').next(), message) {
        (Some("posted"), Some(message)) => format!("m:{message}"),
        (Some("updated"), Some(message)) => format!("e:{message}:{when}"),
        (Some("deleted"), Some(message)) => format!("d:{message}"),
        (Some("added" | "removed"), _) if object.msg_id.get().is_some() => {
            let message = wire::message_id(object.msg_id.get().unwrap_or_default());
            let emoji = object.emoji.get().unwrap_or_default();
            let sign = if event.ends_with("added") { '+' } else { '-' };
            format!("r:{message}:{}:{emoji}:{sign}:{}", who(), millis(object.timestamp))
        }
        _ => format!("x:{event}:{}:{}:{when}", object.id.get().unwrap_or_default(), who()),
    }
}
