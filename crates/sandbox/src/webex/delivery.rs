//! Webex's rules for delivering: signed, sent once, and after too many failures not at all any more.
//!
//! From the vendor's page *Webhooks*: `X-Spark-Signature` is the hexadecimal HMAC-SHA-1 of the body; 100 failures within
//! five minutes make a webhook `inactive`, until somebody updates it to `active`. Nothing is sent twice.

use std::sync::Weak;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use super::Webex;
use super::world::Hook;
use crate::core::webhooks::{Attempt, Next, Outcome, Policy};

const FAILURES: usize = 100;
const WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// One webhook on its way.
pub(crate) struct Delivery {
    hook: String,
    secret: Option<String>,
    webex: Weak<Webex>,
}

impl Delivery {
    pub(crate) fn new(hook: &Hook, webex: Weak<Webex>) -> Self {
        Self { hook: hook.id.clone(), secret: hook.secret.clone(), webex }
    }
}

impl Policy for Delivery {
    fn headers(&self, attempt: &Attempt<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json;charset=UTF-8"));
        if let Some(secret) = &self.secret {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
            let signature = hex::encode(hmac::sign(&key, attempt.body));
            if let Ok(signature) = HeaderValue::from_str(&signature) {
                headers.insert("x-spark-signature", signature);
            }
        }
        headers
    }

    fn after(&self, _number: u32, outcome: &Outcome) -> Next {
        if let (false, Some(webex)) = (outcome.is_success(), self.webex.upgrade()) {
            let mut stage = webex.stage();
            let now = stage.now();
            if let Some(hook) = stage.state.webhooks.get_mut(&self.hook) {
                hook.failed(now);
            }
        }
        Next::Stop
    }
}

impl Hook {
    /// Counts a failure; the hundredth within five minutes ends it.
    fn failed(&mut self, now: Timestamp) {
        while self.failures.front().is_some_and(|at| now.duration_since(*at) > WITHIN) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        if self.failures.len() >= FAILURES {
            self.active = false;
            self.failures.clear();
        }
    }
}
