//! Zoom's rules for delivering: signature, and three retries for server errors only.
//!
//! From the vendor's page *Using webhooks*: retried after status 500 and above and when there was no answer, 5 minutes
//! after the first attempt, 20 minutes after that one, 60 minutes after that one; not after 3xx and 4xx.

use std::time::Duration;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};

use crate::core::Ids;
use crate::core::webhooks::{Attempt, Next, Outcome, Policy};

const SCHEDULE: [Duration; 3] =
    [Duration::from_secs(300), Duration::from_secs(1200), Duration::from_secs(3600)];

/// Hexadecimal HMAC-SHA-256, which signs webhooks and answers to challenges.
pub(crate) fn sign(secret: &str, text: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, text))
}

/// A webhook for an app: signed, and, unless it is a challenge, retried.
pub(crate) struct Subscription {
    secret: String,
    request_id: String,
    retried: bool,
}

impl Subscription {
    pub(crate) fn new(secret: &str, ids: &Ids) -> Self {
        let request_id = ids.uuid().replace('-', "_");
        Self { secret: secret.to_owned(), request_id, retried: true }
    }

    /// For `endpoint.url_validation`, which is sent once.
    pub(crate) fn challenge(secret: &str, ids: &Ids) -> Self {
        Self { retried: false, ..Self::new(secret, ids) }
    }
}

impl Policy for Subscription {
    fn headers(&self, attempt: &Attempt<'_>) -> HeaderMap {
        let seconds = attempt.now.as_second();
        let mut signed = format!("v0:{seconds}:").into_bytes();
        signed.extend_from_slice(attempt.body);
        let signature = format!("v0={}", sign(&self.secret, &signed));
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert("user-agent", HeaderValue::from_static("Zoom Marketplace/1.0a"));
        headers.insert("x-zm-request-timestamp", HeaderValue::from(seconds));
        for (name, value) in [("x-zm-signature", &signature), ("x-zm-request-id", &self.request_id)]
        {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    fn after(&self, number: u32, outcome: &Outcome) -> Next {
        let again = match outcome {
            Outcome::Answered { status, .. } => *status >= 500,
            Outcome::TimedOut | Outcome::Failed(_) => true,
        };
        let wait = usize::try_from(number - 1).ok().and_then(|n| SCHEDULE.get(n));
        match wait {
            Some(wait) if again && self.retried => Next::RetryAfter(*wait),
            _ => Next::Stop,
        }
    }
}
