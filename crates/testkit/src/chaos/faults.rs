//! Everything that goes wrong between Rialto and the platforms, all at once.

use anyhow::Result;
use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::{Side, World};

/// What goes wrong, and how often.
fn rules() -> Vec<(Value, f64)> {
    let api = |kind: Value| (json!({"target": "api"}), kind);
    let webhook = |kind: Value| (json!({"target": "webhook"}), kind);
    let rules = [
        (webhook(json!({"kind": "drop"})), 0.04),
        (webhook(json!({"kind": "double", "copies": 1})), 0.08),
        (webhook(json!({"kind": "double", "copies": 4})), 0.02),
        (webhook(json!({"kind": "delay", "ms": 400})), 0.06),
        (webhook(json!({"kind": "delay", "ms": 3_000})), 0.02),
        (webhook(json!({"kind": "reorder", "window_ms": 800})), 0.08),
        (api(json!({"kind": "latency", "ms": 40})), 0.2),
        (api(json!({"kind": "latency", "ms": 250})), 0.02),
        (api(json!({"kind": "status", "code": 429, "retry_after": 1})), 0.01),
        (api(json!({"kind": "status", "code": 500})), 0.01),
        (api(json!({"kind": "status", "code": 503})), 0.01),
        (api(json!({"kind": "reset"})), 0.02),
        (api(json!({"kind": "lose_answer"})), 0.03),
        (api(json!({"kind": "expire_tokens"})), 0.002),
    ];
    let merged = |((mut rule, kind), probability): ((Value, Value), f64)| {
        for (key, value) in kind.as_object().into_iter().flatten() {
            rule[key] = value.clone();
        }
        (rule, probability)
    };
    rules.into_iter().map(merged).collect()
}

/// Switches all of them on, on every platform.
pub(super) async fn on(world: &World, rng: &mut StdRng) -> Result<()> {
    for side in Side::ALL {
        for (mut rule, probability) in rules() {
            rule["platform"] = json!(side.word());
            rule["probability"] = json!(probability);
            rule["seed"] = json!(rng.random::<u32>());
            world.control.post("/faults", rule).await?;
        }
    }
    Ok(())
}

/// Switches everything off, and tells how often what struck.
pub(super) async fn off(world: &World) -> Result<String> {
    let rules = world.sandbox().core().faults.list();
    world.control.call(reqwest::Method::DELETE, "/faults", None).await?;
    let mut struck = std::collections::BTreeMap::<String, u64>::new();
    for rule in rules {
        *struck.entry(rule.kind.to_string()).or_default() += rule.struck;
    }
    let words: Vec<_> = struck.iter().map(|(kind, times)| format!("{kind} {times}×")).collect();
    Ok(words.join(", "))
}
