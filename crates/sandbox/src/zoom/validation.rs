//! `endpoint.url_validation`: the challenge that an app's URL must answer at set-up and again every 72 hours.
//!
//! From the vendor's page *Using webhooks*: an answer within 3 s with the plain token and its HMAC; e-mails to the
//! account's owner after 2 and 4 revalidations that failed in a row; after 6 the subscription is disabled, until
//! somebody validates it by hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Zoom;
use super::delivery::{Subscription, sign};
use super::events::PATIENCE;
use super::world::EndpointState;
use crate::core::webhooks::{Outcome, Webhook};

const INTERVAL: Duration = Duration::from_secs(72 * 3600);
const WARNED_AFTER: [u32; 2] = [2, 4];
const DISABLED_AFTER: u32 = 6;

/// Asks the app's URL once; answers with what was wrong, or nothing when there is no URL to ask.
async fn ask(zoom: &Zoom, id: &str) -> Option<Result<(), String>> {
    let (url, secret) = {
        let state = zoom.state.lock();
        let app = state.apps.get(id)?;
        (app.event_url.clone()?, app.secret_token.clone())
    };
    let plain = zoom.core.ids.alnum(22);
    let event_ts = zoom.core.clock.now().as_millisecond();
    let body = json!({"payload": {"plainToken": plain}, "event_ts": event_ts,
        "event": "endpoint.url_validation"});
    let webhook = Webhook {
        platform: "zoom",
        event: "endpoint.url_validation".to_owned(),
        about: id.to_owned(),
        lane: 0,
        url,
        body: body.to_string().into(),
        timeout: PATIENCE,
        policy: Arc::new(Subscription::challenge(&secret, &zoom.core.ids)),
    };
    Some(match zoom.core.webhooks.call(webhook).await {
        Outcome::Answered { status: 200 | 204, body, .. } => {
            let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
            let right = sign(&secret, plain.as_bytes());
            if answer["plainToken"] == plain && answer["encryptedToken"] == right {
                Ok(())
            } else {
                Err("the challenge was not answered".to_owned())
            }
        }
        Outcome::Answered { status, .. } => Err(format!("answered {status}")),
        Outcome::TimedOut => Err("no answer within 3 seconds".to_owned()),
        Outcome::Failed(why) => Err(why),
    })
}

/// The validation that somebody asks for. It begins a new series of revalidations.
pub(crate) async fn by_hand(zoom: &Zoom, id: &str) {
    let Some(outcome) = ask(zoom, id).await else { return };
    let series = {
        let mut state = zoom.state.lock();
        let Some(app) = state.apps.get_mut(id) else { return };
        let endpoint = &mut app.endpoint;
        endpoint.state = outcome.map_or_else(EndpointState::Failed, |()| EndpointState::Validated);
        endpoint.failures = 0;
        endpoint.warnings = 0;
        endpoint.series += 1;
        endpoint.series
    };
    let (Some(zoom), id) = (zoom.me.upgrade(), id.to_owned()) else { return };
    tokio::spawn(async move {
        let stopping = zoom.core.stopping.clone();
        tokio::select! {
            () = repeat(&zoom, &id, series) => {}
            () = stopping.cancelled() => {}
        }
    });
}

/// Every 72 hours, as long as the series is in force and the subscription is on.
async fn repeat(zoom: &Zoom, id: &str, series: u64) {
    let goes_on = || {
        let state = zoom.state.lock();
        state.apps.get(id).is_some_and(|app| {
            app.endpoint.series == series && app.endpoint.state == EndpointState::Validated
        })
    };
    while goes_on() {
        zoom.core.clock.sleep(INTERVAL).await;
        if goes_on() {
            again(zoom, id).await;
        }
    }
}

/// One revalidation.
pub(crate) async fn again(zoom: &Zoom, id: &str) {
    let Some(outcome) = ask(zoom, id).await else { return };
    let mut state = zoom.state.lock();
    let Some(app) = state.apps.get_mut(id) else { return };
    let endpoint = &mut app.endpoint;
    if outcome.is_ok() {
        endpoint.failures = 0;
        return;
    }
    endpoint.failures += 1;
    endpoint.warnings += u32::from(WARNED_AFTER.contains(&endpoint.failures));
    if endpoint.failures >= DISABLED_AFTER {
        endpoint.state = EndpointState::Disabled;
    }
}
