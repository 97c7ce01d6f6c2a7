//! The vendors' own payloads through the real webhook endpoint.

mod graph;
mod slack;
mod webex;
mod zoom;

use std::{collections::BTreeMap, fs, path::Path};

use rialto_testkit::{Channels, World};
use serde_json::Value;

/// The vendors' payloads whose names begin so; says so and gives `None` where they are not.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn payloads(vendor: &str, prefix: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = project.join(root).join(vendor).join("fixtures");
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no fixtures at {} (set RIALTO_CONTRACTS)", folder.display());
        return None;
    };
    let mut payloads = BTreeMap::new();
    for path in files.map(|file| file.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            payloads.insert(name, fs::read(&path).unwrap());
        }
    }
    Some(payloads)
}

/// Changes the values of a payload, wherever they are, by their names.
fn rewritten(payload: &[u8], change: &dyn Fn(&str, &mut Value)) -> Vec<u8> {
    fn walk(value: &mut Value, change: &dyn Fn(&str, &mut Value)) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
                change(name, value);
                walk(value, change);
            }),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(payload).unwrap();
    walk(&mut value, change);
    serde_json::to_vec(&value).unwrap()
}

/// Everything that people can read, in all channels.
async fn screens(world: &World, channels: &Channels) -> Vec<String> {
    let mut texts = Vec::new();
    for side in channels.sides() {
        let messages = world.read(side, channels).await.unwrap();
        texts.extend(messages.into_iter().map(|it| format!("{}: {}", it.author.name, it.text)));
    }
    texts
}

/// Whether people would read something that was never meant for them: an id, a link's or a
/// mention's source, JSON.
fn is_raw(text: &str) -> bool {
    let is_id = |word: &str| {
        word.len() >= 4
            && word.starts_with(|first| "ABCDEFGTUW".contains(first))
            && word.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
            && word.bytes().any(|it| it.is_ascii_digit())
    };
    ["{\"", "<@", "<#", "<!", "@thread", "null"].iter().any(|mark| text.contains(mark))
        || text.split(|c: char| !c.is_alphanumeric()).any(is_id)
}

/// What was not relayed, and how often: the same in `rialto status` and in the metrics.
async fn drops(world: &World) -> BTreeMap<String, u64> {
    // What the platforms told last may still be counted.
    let agree = async || {
        let status = world.api.get("/api/v1/status").await?;
        let metrics = world.api.get("/metrics").await?;
        let metrics = metrics.as_str().unwrap_or_default();
        let line = |it: &Value| {
            format!("rialto_not_relayed_total{{reason={}}} {}\n", it["reason"], it["count"])
        };
        Ok(status["drops"].as_array().unwrap().iter().all(|it| metrics.contains(&line(it))))
    };
    world.until("status and metrics count the same", agree).await.unwrap();
    let status = world.api.get("/api/v1/status").await.unwrap();
    let told = world.rialto.lock().await.says(&["status"]).await.unwrap();
    let mut drops = BTreeMap::new();
    for drop in status["drops"].as_array().unwrap() {
        let (reason, count) = (drop["reason"].as_str().unwrap(), drop["count"].as_u64().unwrap());
        assert!(told.contains(reason), "{reason} is missing in\n{told}");
        drops.insert(reason.to_owned(), count);
    }
    drops
}

/// A figure of the metrics.
async fn webhooks(world: &World, platform: &str, outcome: &str) -> u64 {
    let metrics = world.api.get("/metrics").await.unwrap();
    let name = format!("rialto_webhooks_total{{platform=\"{platform}\",outcome=\"{outcome}\"}} ");
    let mut lines = metrics.as_str().unwrap().lines();
    lines.find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}
