//! Slack's rules for delivering: signature, three retries, when an app is switched off.

use std::sync::Weak;
use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;

use super::Slack;
use super::world::UrlState;
use crate::core::webhooks::{Attempt, Next, Outcome, Policy};

/// At once, after a minute, after five.
const SCHEDULE: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];
const WINDOW: SignedDuration = SignedDuration::from_mins(60);

/// Signs with an app's secret.
pub(crate) struct Signed {
    key: hmac::Key,
    content_type: &'static str,
}

impl Signed {
    pub(crate) fn json(secret: &str) -> Self {
        Self::new(secret, "application/json")
    }

    pub(crate) fn form(secret: &str) -> Self {
        Self::new(secret, "application/x-www-form-urlencoded")
    }

    fn new(secret: &str, content_type: &'static str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), content_type }
    }

    fn sign(&self, attempt: &Attempt<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(self.content_type));
        headers.insert(
            "user-agent",
            HeaderValue::from_static("Slackbot 1.0 (+https://api.slack.com/robots)"),
        );
        let seconds = attempt.now.as_second();
        let mut signed = format!("v0:{seconds}:").into_bytes();
        signed.extend_from_slice(attempt.body);
        let signature = format!("v0={}", hex::encode(hmac::sign(&self.key, &signed)));
        headers.insert("x-slack-request-timestamp", HeaderValue::from(seconds));
        if let Ok(signature) = HeaderValue::from_str(&signature) {
            headers.insert("x-slack-signature", signature);
        }
        headers
    }
}

impl Policy for Signed {
    fn headers(&self, attempt: &Attempt<'_>) -> HeaderMap {
        self.sign(attempt)
    }

    fn after(&self, _number: u32, _outcome: &Outcome) -> Next {
        Next::Stop
    }
}

/// An event for an app: signed, retried, counted.
pub(crate) struct Subscription {
    pub(crate) signed: Signed,
    pub(crate) app: String,
    pub(crate) slack: Weak<Slack>,
}

impl Policy for Subscription {
    fn headers(&self, attempt: &Attempt<'_>) -> HeaderMap {
        let mut headers = self.signed.sign(attempt);
        if let Some(last) = attempt.last {
            headers.insert("x-slack-retry-num", HeaderValue::from(attempt.number - 1));
            headers.insert("x-slack-retry-reason", HeaderValue::from_static(reason(last)));
        }
        headers
    }

    fn after(&self, number: u32, outcome: &Outcome) -> Next {
        if let Some(slack) = self.slack.upgrade() {
            slack.count_delivery(&self.app, outcome.is_success());
        }
        let no_retry = matches!(outcome, Outcome::Answered { headers, .. }
            if headers.get("x-slack-no-retry").is_some_and(|value| value == "1"));
        let wait = usize::try_from(number - 1).ok().and_then(|n| SCHEDULE.get(n));
        match wait {
            Some(wait) if !outcome.is_success() && !no_retry => Next::RetryAfter(*wait),
            _ => Next::Stop,
        }
    }

    /// Slack has been seen to send one message under several event ids.
    fn copy(&self, body: &Bytes, copy: u32) -> Bytes {
        let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) else {
            return body.clone();
        };
        if let Some(id) = value["event_id"].as_str() {
            value["event_id"] = format!("{id}{copy}").into();
        }
        serde_json::to_vec(&value).map_or_else(|_| body.clone(), Bytes::from)
    }
}

/// Slack's word for why it sends again.
fn reason(last: &Outcome) -> &'static str {
    match last {
        Outcome::TimedOut => "http_timeout",
        Outcome::Answered { status: 300..=399, .. } => "too_many_redirects",
        Outcome::Answered { .. } => "http_error",
        Outcome::Failed(_) => "connection_failed",
    }
}

impl Slack {
    /// Counts an attempt; an app that fails more than 95 % of the last 60 minutes gets no more events. As on Slack,
    /// apps with few events (under `floor` in that time) are left alone.
    fn count_delivery(&self, app: &str, success: bool) {
        let now = self.core.clock.now();
        let mut state = self.state.lock();
        let Some(app) = state.apps.get_mut(app) else { return };
        let deliveries = &mut app.deliveries;
        deliveries.recent.push_back((now, success));
        deliveries.failed += usize::from(!success);
        while let Some((at, success)) = deliveries.recent.front().copied()
            && now.duration_since(at) > WINDOW
        {
            deliveries.recent.pop_front();
            deliveries.failed -= usize::from(!success);
        }
        let total = deliveries.recent.len();
        if !success && total >= deliveries.floor && deliveries.failed * 100 > total * 95 {
            app.url_state = UrlState::Disabled;
        }
    }
}
