//! The event address: who sent a call, and which facts are in it. Pure.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rialto_platform::{
    AppConfig, Inbound, Received, Refusal, Verified, WebhookAnswer, WebhookRequest,
    verify::Signature, wire::Lenient,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

use crate::wire::{Authorization, Event, Message};

/// How far the sender's clock may be off, either way (docs: *Verifying requests from Slack*).
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_secs(300);

const SIGNATURE: Signature = Signature {
    header: "x-slack-signature",
    time_header: "x-slack-request-timestamp",
    window: WINDOW,
};

/// More bytes than a kept event takes besides what Slack sent.
const BESIDE_EVENT: usize = 64;

/// What `normalize` is given: the event, and the envelope's time for events that have none.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Payload<'a> {
    /// Seconds since 1970.
    pub event_time: i64,
    /// As Slack sent it.
    #[serde(borrow)]
    pub event: &'a RawValue,
}

/// The body of a call to the event address.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", default, deserialize_with = "Lenient::lenient")]
    kind: String,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    challenge: Option<String>,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    team_id: Option<String>,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    event_id: Option<String>,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    event_time: i64,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    minute_rate_limited: i64,
    #[serde(default, deserialize_with = "Lenient::lenient")]
    authorizations: Vec<Authorization>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

/// Reads a call. With no signing secret yet (Slack checks the address while the app is being
/// created) only the handshake is answered, and only then unsigned.
pub(crate) fn receive(app: &AppConfig, request: &WebhookRequest<'_>, now: Timestamp) -> Received {
    let Ok(secret) = app.secret("signing_secret") else {
        return match serde_json::from_slice::<Envelope<'_>>(request.body) {
            Ok(envelope) if envelope.kind == "url_verification" => handshake(envelope),
            _ => Received::Refused(Refusal::unproven("this app has no signing secret yet")),
        };
    };
    let proof = match SIGNATURE.prove(secret.expose_secret().as_bytes(), request, now) {
        Ok(proof) => proof,
        Err(refusal) => return Received::Refused(refusal),
    };
    if is_form(request) {
        // Buttons and commands, which this app does not have: taken, so that nobody sees an error.
        return accepted(Vec::new());
    }
    // Serde would take an array for a struct of optional fields.
    let is_object = request.body.trim_ascii_start().starts_with(b"{");
    let envelope = serde_json::from_slice::<Envelope<'_>>(request.body).ok().filter(|_| is_object);
    let Some(envelope) = envelope else {
        return Received::Refused(Refusal::malformed("the body is not a JSON object"));
    };
    match envelope.kind.as_str() {
        "url_verification" => handshake(envelope),
        "event_callback" => {
            let inbound = inbound(&envelope);
            accepted(inbound.into_iter().map(|inbound| Verified::by(proof, inbound)).collect())
        }
        "app_rate_limited" => accepted(vec![Verified::by(proof, rate_limited(&envelope))]),
        _ => accepted(Vec::new()),
    }
}

fn is_form(request: &WebhookRequest<'_>) -> bool {
    request
        .headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

fn accepted(inbound: Vec<Verified<Inbound>>) -> Received {
    Received::Inbound { inbound, answer: WebhookAnswer::status(StatusCode::OK) }
}

fn handshake(envelope: Envelope<'_>) -> Received {
    match envelope.challenge {
        Some(challenge) => Received::Handshake(WebhookAnswer {
            status: StatusCode::OK,
            content_type: Some("text/plain; charset=utf-8"),
            body: challenge,
        }),
        None => Received::Refused(Refusal::malformed("there is no challenge")),
    }
}

/// The workspace whose installation hears the event. In a channel that is shared between
/// workspaces (Slack Connect) and on Enterprise Grid the outer `team_id` is where the event came
/// about, which need not be where the app is installed: `authorizations[0]` says that. For an
/// installation on a whole organization it is the organization's id. Slack names one installation
/// only, so two workspaces of one shared channel under the same app hear by one of them.
fn workspace(envelope: &Envelope<'_>) -> Option<String> {
    let authorization = envelope.authorizations.first();
    let organization = authorization.filter(|one| one.is_enterprise_install);
    [
        organization.and_then(|one| one.enterprise_id.as_ref()),
        authorization.and_then(|one| one.team_id.as_ref()),
        envelope.team_id.as_ref(),
    ]
    .into_iter()
    .flatten()
    .find(|id| !id.is_empty())
    .cloned()
}

fn inbound(envelope: &Envelope<'_>) -> Option<Inbound> {
    let workspace = workspace(envelope)?;
    let raw = envelope.event?;
    let event: Event = serde_json::from_str(raw.get()).ok()?;
    if event.kind.is_empty() {
        return None;
    }
    let conversation = match event.kind.as_str() {
        // The order of a conversation means nothing to facts about people and the workspace.
        "user_change" | "user_profile_changed" | "tokens_revoked" | "app_uninstalled" => "",
        _ => event.channel_id(),
    };
    let key = key(&event, envelope);
    let mut payload = Vec::with_capacity(raw.get().len() + BESIDE_EVENT);
    let kept = Payload { event_time: envelope.event_time, event: raw };
    serde_json::to_writer(&mut payload, &kept).ok()?;
    Some(Inbound { workspace: workspace.into(), conversation: conversation.into(), key, payload })
}

/// What identifies the fact: Slack has been seen to tell one fact under eleven event ids.
fn key(event: &Event, envelope: &Envelope<'_>) -> String {
    let when = event.event_ts.clone().unwrap_or_else(|| envelope.event_time.to_string());
    let user = event.user_id();
    match (event.kind.as_str(), event.subtype.as_deref()) {
        ("message", Some("message_changed")) => {
            let (Some(message), Some(ts)) = (&event.message, changed_ts(event)) else {
                return other(event, envelope);
            };
            if is_tombstone(message) {
                return format!("d:{ts}");
            }
            let edited = message.edited.as_ref().and_then(|edited| edited.ts.as_deref());
            // `edited.ts` counts whole seconds; the event's own time tells two edits of one apart.
            format!("e:{ts}:{}", event.event_ts.as_deref().or(edited).unwrap_or("0"))
        }
        ("message", Some("message_deleted")) => match &event.deleted_ts {
            Some(ts) => format!("d:{ts}"),
            None => other(event, envelope),
        },
        // Notices about a message carry its time too; they must not pass for it.
        ("message", subtype) if crate::normalize::is_post(subtype) => match &event.ts {
            Some(ts) => format!("m:{ts}"),
            None => other(event, envelope),
        },
        ("reaction_added" | "reaction_removed", _) => {
            let sign = if event.kind == "reaction_added" { '+' } else { '-' };
            let ts = event.item.ts.as_deref().unwrap_or_default();
            let reaction = event.reaction.as_deref().unwrap_or_default();
            format!("r:{ts}:{user}:{reaction}:{sign}:{when}")
        }
        ("member_joined_channel", _) => format!("j:{user}:+:{when}"),
        ("member_left_channel", _) => format!("j:{user}:-:{when}"),
        ("user_change" | "user_profile_changed", _) => format!("u:{user}:{when}"),
        ("tokens_revoked" | "app_uninstalled", _) => format!("s:{}:{when}", event.kind),
        ("channel_id_changed", _) => {
            format!("c:moved:{}", event.new_channel_id.as_deref().unwrap_or_default())
        }
        _ => other(event, envelope),
    }
}

fn other(event: &Event, envelope: &Envelope<'_>) -> String {
    let when = event.ts.as_ref().or(event.event_ts.as_ref()).or(envelope.event_id.as_ref());
    let subtype = event.subtype.as_deref().unwrap_or_default();
    format!("x:{}:{subtype}:{}", event.kind, when.map_or("", String::as_str))
}

/// The message that was changed: Slack leaves its time out of `message` at times.
pub(crate) fn changed_ts(event: &Event) -> Option<&str> {
    let messages = [&event.message, &event.previous_message];
    messages.into_iter().flatten().find_map(|message| message.ts.as_deref())
}

/// A thread's deleted root stays as a placeholder, and the deletion comes as a change.
pub(crate) fn is_tombstone(message: &Message) -> bool {
    message.subtype.as_deref() == Some("tombstone")
}

/// Slack dropped events of this workspace for a minute: in all conversations.
fn rate_limited(envelope: &Envelope<'_>) -> Inbound {
    let event = json!({ "type": "app_rate_limited" });
    let payload = json!({ "event_time": envelope.minute_rate_limited, "event": event });
    Inbound {
        workspace: envelope.team_id.clone().unwrap_or_default().into(),
        conversation: "".into(),
        key: format!("s:app_rate_limited:{}", envelope.minute_rate_limited),
        payload: payload.to_string().into(),
    }
}
