//! Subscriptions to change notifications: made after both addresses proved themselves, renewed, ended.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::call::{Answer, Call, Reply};
use super::super::encrypt::Certificate;
use super::super::error::GraphError;
use super::super::odata::{Query, collection};
use super::super::permissions::{self, Needs};
use super::super::subscription::{Subscription, Topic};
use super::super::world::Tenant;
use super::super::{PLATFORM, Teams};
use super::{no_method, no_path, reply_entity};
use crate::core::webhooks::{Attempt, Next, Outcome, Policy, Webhook};

/// chatMessage subscriptions live at most this long; shorter ones than the minimum are raised to it.
const LONGEST: SignedDuration = SignedDuration::from_mins(4320);
const SHORTEST: SignedDuration = SignedDuration::from_mins(45);
/// Above this a lifecycle address is required.
const WITHOUT_LIFECYCLE: SignedDuration = SignedDuration::from_mins(60);
/// What the fault `short_life` grants instead: so little that a renewal can be waited for.
const SHORT_LIFE: SignedDuration = SignedDuration::from_secs(6);
const HANDSHAKE: Duration = Duration::from_secs(10);

pub(super) async fn route(call: &mut Call, path: &[&str]) -> Answer {
    let method = call.method.clone();
    match (method, path) {
        (Method::GET, ["subscriptions"]) => list(call),
        (Method::POST, ["subscriptions"]) => create(call).await,
        (Method::GET, ["subscriptions", id]) => {
            let world = call.world();
            reply_entity(200, "subscriptions/$entity", own(call, &world, id)?.json())
        }
        (Method::PATCH, ["subscriptions", id]) => renew(call, id).await,
        (Method::DELETE, ["subscriptions", id]) => {
            let mut world = call.world();
            own(call, &world, id)?;
            world.subscriptions.remove(id);
            Reply::no_content()
        }
        (Method::POST, ["subscriptions", id, "reauthorize"]) => {
            let mut world = call.world();
            own(call, &world, id)?;
            if let Some(subscription) = world.subscriptions.all.get_mut(*id) {
                Teams::reauthorized(subscription, call.token.expires);
            }
            Reply::no_content()
        }
        (_, ["subscriptions"] | ["subscriptions", _] | ["subscriptions", _, "reauthorize"]) => {
            Err(no_method(call))
        }
        (_, path) => Err(no_path(path)),
    }
}

/// A subscription of this app in this tenant; a person's are theirs alone.
fn own<'a>(
    call: &Call,
    world: &'a super::super::world::World,
    id: &str,
) -> Result<&'a Subscription, GraphError> {
    world
        .subscriptions
        .all
        .get(id)
        .filter(|s| {
            s.app == call.token.app && s.tenant == call.token.tenant && s.expires > call.now
        })
        .filter(|s| s.user == call.token.user)
        .ok_or_else(|| GraphError::new(404, "ResourceNotFound", "The object was not found."))
}

fn list(call: &Call) -> Answer {
    let world = call.world();
    let mut values: Vec<&Subscription> =
        world.subscriptions.all.values().filter(|s| own(call, &world, &s.id).is_ok()).collect();
    values.sort_by(|a, b| a.id.cmp(&b.id));
    Reply::ok(collection("subscriptions", values.iter().map(|s| s.json()).collect(), None))
}

fn invalid(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "InvalidRequest", message)
}

/// What a resource path names, and the permissions to listen to it.
fn topic(
    tenant: &Tenant,
    resource: &str,
    user: Option<&str>,
) -> Result<(Topic, &'static Needs), GraphError> {
    let path = resource.split('?').next().unwrap_or("");
    let path = path.trim_start_matches("https://graph.microsoft.com/v1.0");
    let segments = super::segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let app_only = |topic: Topic| match user {
        Some(_) => Err(GraphError::forbidden(
            "Operation: Create; Exception: delegated permissions are not supported for this resource.",
        )),
        None => Ok(topic),
    };
    Ok(match segments.as_slice() {
        ["teams", team, "channels", channel, "messages"] => {
            let place = tenant.place_of_channel(team, channel)?;
            tenant.require_member(&place, user)?;
            (Topic::Channel((*channel).to_owned()), &permissions::READ_CHANNEL_MESSAGES)
        }
        ["teams", "getAllMessages"] => {
            (app_only(Topic::AllTeams)?, &permissions::READ_CHANNEL_MESSAGES)
        }
        ["teams", team, "channels", "getAllMessages"] => {
            tenant.require_team(team, user)?;
            (app_only(Topic::Team((*team).to_owned()))?, &permissions::READ_CHANNEL_MESSAGES)
        }
        ["chats", "getAllMessages"] => {
            (app_only(Topic::AllChats)?, &permissions::READ_CHAT_MESSAGES)
        }
        ["chats", chat, "messages"] => {
            let place = tenant.place_of_chat(chat)?;
            tenant.require_member(&place, user)?;
            (Topic::Chat((*chat).to_owned()), &permissions::READ_CHAT_MESSAGES)
        }
        ["users", person, "chats", "getAllMessages"] => {
            let person =
                tenant.user(person).ok_or_else(|| GraphError::not_found("User not found."))?;
            (app_only(Topic::PersonChats(person.id.clone()))?, &permissions::READ_CHAT_MESSAGES)
        }
        ["me", "chats", "getAllMessages"] => match user {
            Some(user) => (Topic::PersonChats(user.to_owned()), &permissions::READ_CHAT_MESSAGES),
            None => return Err(invalid("/me needs a signed-in user.")),
        },
        _ => {
            return Err(invalid(format!(
                "Resource '{resource}' is not supported for subscriptions."
            )));
        }
    })
}

fn moment(body: &Value) -> Result<Option<Timestamp>, GraphError> {
    match Call::text(body, "expirationDateTime")? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            invalid(format!(
                "Invalid expirationDateTime '{text}': a UTC date and time is expected."
            ))
        }),
    }
}

fn checked_end(
    wanted: Timestamp,
    lifecycle: bool,
    now: Timestamp,
) -> Result<Timestamp, GraphError> {
    let lifetime = wanted.duration_since(now);
    if lifetime <= SignedDuration::ZERO {
        return Err(invalid("Subscription expirationDateTime is in the past."));
    }
    // A little more is let pass: clocks differ.
    if lifetime > LONGEST + SignedDuration::from_mins(1) {
        return Err(invalid("Subscription expiration can only be 4320 minutes in the future."));
    }
    if lifetime > WITHOUT_LIFECYCLE && !lifecycle {
        return Err(invalid(
            "lifecycleNotificationUrl is a required property for subscription creation on this resource when the expirationDateTime value is set to greater than 1 hour.",
        ));
    }
    Ok(wanted.max(now.checked_add(SHORTEST).unwrap_or(now)))
}

fn checked_url<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, GraphError> {
    let Some(text) = Call::text(body, name)? else { return Ok(None) };
    let local = |host: &str| host == "127.0.0.1" || host == "localhost" || host == "[::1]";
    // The real Graph takes https alone; here plain http is fine on this machine.
    match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" || url.host_str().is_some_and(local) => Ok(Some(text)),
        _ => Err(invalid(format!("{name} must be an https address: '{text}'."))),
    }
}

fn certificate(body: &Value) -> Result<Option<Arc<Certificate>>, GraphError> {
    let wanted = match &body["includeResourceData"] {
        Value::Null => false,
        Value::Bool(wanted) => *wanted,
        _ => return Err(invalid("includeResourceData must be a boolean.")),
    };
    match given_certificate(body)? {
        Some(certificate) if wanted => Ok(Some(certificate)),
        None if wanted => {
            Err(invalid("encryptionCertificate is required when includeResourceData is true."))
        }
        _ => Ok(None),
    }
}

fn given_certificate(body: &Value) -> Result<Option<Arc<Certificate>>, GraphError> {
    let Some(text) = Call::text(body, "encryptionCertificate")? else { return Ok(None) };
    let id = Call::text(body, "encryptionCertificateId")?
        .filter(|id| !id.is_empty() && id.len() <= 128)
        .ok_or_else(|| invalid("encryptionCertificateId (at most 128 characters) is required when includeResourceData is true."))?;
    Certificate::read(text, id).map(|c| Some(Arc::new(c))).map_err(invalid)
}

async fn create(call: &mut Call) -> Answer {
    let body = call.json().await?;
    let required = |name: &str| {
        Call::text(&body, name)?
            .filter(|t| !t.is_empty())
            .ok_or_else(|| invalid(format!("Property '{name}' is required.")))
    };
    let change_type = required("changeType")?.to_owned();
    if change_type.split(',').any(|c| !matches!(c.trim(), "created" | "updated" | "deleted")) {
        return Err(invalid(format!("Invalid changeType '{change_type}'.")));
    }
    let resource = required("resource")?.to_owned();
    let url = checked_url(&body, "notificationUrl")?
        .ok_or_else(|| invalid("Property 'notificationUrl' is required."))?
        .to_owned();
    let lifecycle_url = checked_url(&body, "lifecycleNotificationUrl")?.map(str::to_owned);
    let client_state = Call::text(&body, "clientState")?.map(str::to_owned);
    if client_state.as_ref().is_some_and(|s| s.chars().count() > 128) {
        return Err(invalid("clientState must not exceed 128 characters."));
    }
    let wanted =
        moment(&body)?.ok_or_else(|| invalid("Property 'expirationDateTime' is required."))?;
    let mut expires = checked_end(wanted, lifecycle_url.is_some(), call.now)?;
    if call.teams.core.faults.strikes_special(PLATFORM, "short_life", "POST /subscriptions") {
        expires = call.now.checked_add(SHORT_LIFE).unwrap_or(expires);
    }
    let certificate = certificate(&body)?;
    let (topic, id) = {
        let mut world = call.world();
        let (topic, needs) = topic(call.tenant(&world)?, &resource, call.token.user.as_deref())?;
        needs.check(&call.token)?;
        refuse_duplicate(call, &world, &topic, &change_type)?;
        (topic, world.guid())
    };
    handshake(&call.teams.clone(), &url, "notificationUrl", &id).await?;
    if let Some(url) = &lifecycle_url {
        handshake(&call.teams.clone(), url, "lifecycleNotificationUrl", &id).await?;
    }
    let subscription = Subscription {
        id: id.clone(),
        tenant: call.token.tenant.clone(),
        app: call.token.app.clone(),
        user: call.token.user.clone(),
        resource,
        topic,
        change_type,
        url,
        lifecycle_url,
        client_state,
        expires,
        certificate,
        authorized_until: call.token.expires,
        asked: false,
        missed: false,
    };
    let value = subscription.json();
    let mut world = call.world();
    // Another may have been quicker during the handshake.
    refuse_duplicate(call, &world, &subscription.topic, &subscription.change_type)?;
    world.subscriptions.add(subscription);
    let value = super::super::odata::entity("subscriptions/$entity", value);
    Ok(Reply::With(
        201,
        vec![("location", format!("https://graph.microsoft.com/v1.0/subscriptions('{id}')"))],
        value,
    ))
}

/// One subscription per app, resource and person: the same again is a conflict, another kind is over the limit.
fn refuse_duplicate(
    call: &Call,
    world: &super::super::world::World,
    topic: &Topic,
    change_type: &str,
) -> Result<(), GraphError> {
    let same = |s: &&Subscription| {
        s.app == call.token.app && s.user == call.token.user && s.expires > call.now
    };
    match world.subscriptions.on(&call.token.tenant, topic).find(same) {
        Some(there) if there.change_type == change_type => Err(GraphError::new(
            409,
            "Conflict",
            format!(
                "A subscription with the same resource and changeType already exists: '{}'.",
                there.id
            ),
        )),
        Some(_) => Err(GraphError::forbidden(format!(
            "Operation: Create; Exception: [Status Code: Forbidden; Reason: {} has reached its limit of 1 subscription for this resource]",
            call.token.app
        ))),
        None => Ok(()),
    }
}

async fn renew(call: &mut Call, id: &str) -> Answer {
    let body = call.json().await?;
    let wanted = moment(&body)?;
    let url = checked_url(&body, "notificationUrl")?.map(str::to_owned);
    let certificate = given_certificate(&body)?;
    if body.get("lifecycleNotificationUrl").is_some_and(|v| !v.is_null()) {
        return Err(invalid("lifecycleNotificationUrl cannot be changed."));
    }
    if let Some(url) = &url {
        handshake(&call.teams.clone(), url, "notificationUrl", id).await?;
    }
    let mut world = call.world();
    let lifecycle = own(call, &world, id)?.lifecycle_url.is_some();
    let expires = wanted.map(|wanted| checked_end(wanted, lifecycle, call.now)).transpose()?;
    let Some(subscription) = world.subscriptions.all.get_mut(id) else {
        return Err(GraphError::new(404, "ResourceNotFound", "The object was not found."));
    };
    if let Some(expires) = expires {
        subscription.expires = expires;
        Teams::reauthorized(subscription, call.token.expires);
    }
    if let Some(url) = url {
        subscription.url = url;
    }
    // How a certificate is replaced, says Microsoft's page on rich notifications.
    if subscription.certificate.is_some() && certificate.is_some() {
        subscription.certificate = certificate;
    }
    reply_entity(200, "subscriptions/$entity", subscription.json())
}

/// The address must give the token back as plain text within ten seconds.
async fn handshake(teams: &Arc<Teams>, url: &str, which: &str, id: &str) -> Result<(), GraphError> {
    let token = format!(
        "Validation: Testing client application reachability for subscription Request-Id: {}",
        teams.core.ids.uuid()
    );
    let encoded = Query::default().with("validationToken", &token);
    let separator = if url.contains('?') { '&' } else { '?' };
    let outcome = teams
        .core
        .webhooks
        .call(Webhook {
            platform: PLATFORM,
            event: "validation".to_owned(),
            about: id.to_owned(),
            lane: 0,
            url: format!("{url}{separator}{encoded}"),
            body: Bytes::new(),
            timeout: HANDSHAKE,
            policy: Arc::new(Validation),
        })
        .await;
    let refused = |why: String| {
        GraphError::new(
            400,
            "ValidationError",
            format!("Subscription validation request failed for {which}. {why}"),
        )
    };
    match outcome {
        Outcome::Answered { status: 200, headers, body, .. } => {
            let plain = headers
                .get(header::CONTENT_TYPE)
                .and_then(|v| v.to_str().ok())
                .is_some_and(|v| v.starts_with("text/plain"));
            if !plain {
                return Err(refused("Response must be of content type text/plain.".to_owned()));
            }
            if body != token.as_bytes() {
                return Err(refused(
                    "Response must match validationToken query parameter.".to_owned(),
                ));
            }
            Ok(())
        }
        Outcome::Answered { status, .. } => Err(refused(format!(
            "Notification endpoint must respond with 200 OK to validation request; it responded with {status}."
        ))),
        Outcome::TimedOut => Err(refused("The request timed out.".to_owned())),
        Outcome::Failed(_) => Err(refused("The address cannot be reached.".to_owned())),
    }
}

struct Validation;

impl Policy for Validation {
    fn headers(&self, _: &Attempt<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers
    }

    fn after(&self, _: u32, _: &Outcome) -> Next {
        Next::Stop
    }
}
