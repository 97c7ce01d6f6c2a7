//! Faults on demand: rules, added and removed at run time, that make API calls and webhooks go wrong.
//!
//! Which calls a rule with a probability hits follows from its seed and the order of the calls that match it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// What a rule applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Calls to the emulator.
    Api,
    /// Webhooks from the emulator.
    Webhook,
}

/// What goes wrong. Milliseconds are real ones: they work against the other side's own time limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// API: the answer comes later.
    Latency {
        /// Real milliseconds.
        ms: u64,
    },
    /// API: refused with this HTTP status, in the vendor's own shape; nothing is done.
    Status {
        /// HTTP status.
        code: u16,
        /// Seconds for `Retry-After`; a 429 without it says 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The vendor's words quote what was sent, where it says more than a code.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quotes: bool,
    },
    /// API: the connection is dropped and nothing is done.
    Reset,
    /// API: the act is done, then the connection is dropped without an answer.
    LoseAnswer,
    /// API: the caller's access token expires before the call.
    ExpireTokens,
    /// Webhook: sent this many times more.
    Double {
        /// Extra copies.
        copies: u32,
    },
    /// Webhook: sent later.
    Delay {
        /// Real milliseconds.
        ms: u64,
    },
    /// Webhook: sent at a random time within the window, so that later ones overtake it.
    Reorder {
        /// Real milliseconds.
        window_ms: u64,
    },
    /// Webhook: never sent.
    Drop,
    /// A fault of one platform alone, by name (see the platform's section in docs/sandbox.md).
    Special {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Kind {
    /// As journals tell of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency { ms } => write!(f, "latency {ms} ms"),
            Self::Status { code, .. } => write!(f, "status {code}"),
            Self::Reset => f.write_str("reset"),
            Self::LoseAnswer => f.write_str("lose_answer"),
            Self::ExpireTokens => f.write_str("expire_tokens"),
            Self::Double { copies } => write!(f, "double {copies}"),
            Self::Delay { ms } => write!(f, "delay {ms} ms"),
            Self::Reorder { window_ms } => write!(f, "reorder {window_ms} ms"),
            Self::Drop => f.write_str("drop"),
            Self::Special { name } => f.write_str(name),
        }
    }
}

/// A rule as given to `POST /faults` and shown by `GET /faults`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Given by the sandbox.
    #[serde(default)]
    pub id: String,
    /// `slack`, `teams`.
    pub platform: String,
    /// API calls or webhooks.
    pub target: Target,
    /// `*` matches anything within operation names or webhook event types.
    #[serde(default = "anything")]
    pub method: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
    /// 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// How often still; `null`: until removed.
    #[serde(default)]
    pub times: Option<u64>,
    /// Fixes which calls are hit.
    #[serde(default)]
    pub seed: Option<u64>,
    /// How often it has struck.
    #[serde(default)]
    pub struck: u64,
}

fn anything() -> String {
    "*".to_owned()
}

fn always() -> f64 {
    1.0
}

struct Active {
    rule: Rule,
    rng: StdRng,
}

/// The rules in force. Cheap to clone.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    seed: u64,
    count: AtomicUsize,
    rules: Mutex<(u64, Vec<Active>)>,
}

impl Faults {
    /// No rules; rules without a seed of their own take theirs from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Inner { seed, count: AtomicUsize::new(0), rules: Mutex::default() }))
    }

    /// Adds a rule and answers with its id.
    pub fn add(&self, mut rule: Rule) -> String {
        let mut rules = self.0.rules.lock();
        rules.0 += 1;
        let number = rules.0;
        rule.id = format!("fault-{number}");
        rule.struck = 0;
        let seed = *rule.seed.get_or_insert(self.0.seed.wrapping_add(number));
        let id = rule.id.clone();
        rules.1.push(Active { rule, rng: StdRng::seed_from_u64(seed) });
        self.0.count.store(rules.1.len(), Ordering::Release);
        id
    }

    /// All rules, spent ones included.
    pub fn list(&self) -> Vec<Rule> {
        self.0.rules.lock().1.iter().map(|active| active.rule.clone()).collect()
    }

    /// Removes a rule; false when there is none with this id.
    pub fn remove(&self, id: &str) -> bool {
        let mut rules = self.0.rules.lock();
        let before = rules.1.len();
        rules.1.retain(|active| active.rule.id != id);
        self.0.count.store(rules.1.len(), Ordering::Release);
        rules.1.len() < before
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.0.rules.lock().1.clear();
        self.0.count.store(0, Ordering::Release);
    }

    /// The faults that strike this call or webhook now; each counts as used.
    pub fn strike(&self, platform: &str, target: Target, operation: &str) -> Vec<Kind> {
        self.strike_only(platform, target, operation, |kind| !matches!(kind, Kind::Special { .. }))
    }

    /// Whether the platform's own fault `name` strikes this operation now; counts as used.
    pub fn strikes_special(&self, platform: &str, name: &str, operation: &str) -> bool {
        let fits = |kind: &Kind| matches!(kind, Kind::Special { name: n } if n == name);
        !self.strike_only(platform, Target::Api, operation, fits).is_empty()
    }

    fn strike_only(
        &self,
        platform: &str,
        target: Target,
        operation: &str,
        wanted: impl Fn(&Kind) -> bool,
    ) -> Vec<Kind> {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut rules = self.0.rules.lock();
        let mut hit = Vec::new();
        for active in &mut rules.1 {
            let rule = &mut active.rule;
            let fits = rule.platform == platform
                && rule.target == target
                && wanted(&rule.kind)
                && rule.times != Some(0)
                && matches(&rule.method, operation);
            if fits && active.rng.random::<f64>() < rule.probability {
                rule.struck += 1;
                rule.times = rule.times.map(|left| left - 1);
                hit.push(rule.kind.clone());
            }
        }
        hit
    }
}

/// Whether `text` fits `pattern`, in which each `*` stands for any run of characters; case does not count.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_operation_names() {
        for (pattern, text, fits) in [
            ("*", "chat.postMessage", true),
            ("chat.*", "chat.postMessage", true),
            ("chat.*", "conversations.list", false),
            ("*message*", "POST /teams/1/channels/2/messages", true),
            ("POST /*/messages", "POST /chats/1/messages", true),
            ("POST /*/messages", "GET /chats/1/messages", false),
            ("chat.postmessage", "chat.postMessage", true),
            ("chat.post", "chat.postMessage", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} on {text}");
        }
    }

    fn rule(json: serde_json::Value) -> Rule {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_rule_strikes_as_often_as_it_says_and_the_same_way_for_the_same_seed() {
        let faults = Faults::seeded(7);
        faults.add(rule(serde_json::json!(
            {"platform": "slack", "target": "api", "kind": "reset", "times": 2})));
        let hits = (0..5).filter(|_| !faults.strike("slack", Target::Api, "x").is_empty()).count();
        assert_eq!(hits, 2);
        assert!(faults.strike("teams", Target::Api, "x").is_empty());

        let pattern = || {
            let faults = Faults::seeded(7);
            faults.add(rule(serde_json::json!({"platform": "slack", "target": "webhook",
                "method": "message", "kind": "drop", "probability": 0.5, "seed": 3})));
            (0..40)
                .map(|_| faults.strike("slack", Target::Webhook, "message").len())
                .collect::<Vec<_>>()
        };
        assert_eq!(pattern(), pattern());
        assert!(pattern().contains(&0) && pattern().contains(&1));
    }
}
