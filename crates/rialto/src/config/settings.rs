//! The settings and their defaults. `docs/configuration.md` describes each; a test compares.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use url::Url;

use super::HumanDuration;

/// Every key, with the environment variable that sets it.
pub const KEYS: &[(&str, &str)] = &[
    ("listen", "RIALTO_LISTEN"),
    ("public_url", "RIALTO_PUBLIC_URL"),
    ("data_folder", "RIALTO_DATA_FOLDER"),
    ("database.file", "RIALTO_DATABASE_FILE"),
    ("database.max_pages", "RIALTO_DATABASE_MAX_PAGES"),
    ("keys.file", "RIALTO_KEY_FILE"),
    ("keys.older", "RIALTO_KEYS_OLDER"),
    ("admin.token_file", "RIALTO_TOKEN_FILE"),
    ("log.level", "RIALTO_LOG_LEVEL"),
    ("log.format", "RIALTO_LOG_FORMAT"),
    ("deliveries.keep_parked", "RIALTO_DELIVERIES_KEEP_PARKED"),
    ("deliveries.give_up_after", "RIALTO_DELIVERIES_GIVE_UP_AFTER"),
    ("deliveries.tell_after", "RIALTO_DELIVERIES_TELL_AFTER"),
    ("deliveries.look_after", "RIALTO_DELIVERIES_LOOK_AFTER"),
    ("deliveries.pacing", "RIALTO_DELIVERIES_PACING"),
    ("sweeps.every", "RIALTO_SWEEPS_EVERY"),
    ("sweeps.grace", "RIALTO_SWEEPS_GRACE"),
    ("canary.every", "RIALTO_CANARY_EVERY"),
    ("canary.patience", "RIALTO_CANARY_PATIENCE"),
    ("telemetry.traces_to", "RIALTO_TELEMETRY_TRACES_TO"),
    ("telemetry.sample", "RIALTO_TELEMETRY_SAMPLE"),
];

/// What a deployment chooses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where vendors and admins reach it.
    pub public_url: Url,
    /// Where everything is kept.
    pub data_folder: PathBuf,
    /// The database.
    pub database: Database,
    /// The keys that seal content and tokens.
    pub keys: Keys,
    /// The admin API.
    pub admin: Admin,
    /// What is told of what happens.
    pub log: Log,
    /// How deliveries are made.
    pub deliveries: Deliveries,
    /// How the past is looked through.
    pub sweeps: Sweeps,
    /// How it is noticed that a workspace is not heard any more.
    pub canary: Canary,
    /// What is told to those who watch.
    pub telemetry: Telemetry,
}

/// The database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Database {
    /// The file, from the data folder on.
    pub file: PathBuf,
    /// Pages of 4096 bytes that it may grow to.
    pub max_pages: Option<u32>,
}

/// The keys that seal content and tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keys {
    /// The file of the key; `rialto.key` in the data folder when not given.
    pub file: Option<PathBuf>,
    /// Files of keys that were in use before.
    pub older: Vec<PathBuf>,
}

/// The admin API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Admin {
    /// The file of the admin token; `admin.token` in the data folder when not given.
    pub token_file: Option<PathBuf>,
}

/// What is told of what happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Log {
    /// `info`, or finer: `rialto_relay=debug,info`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text for a terminal, JSON otherwise.
    Auto,
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

/// How deliveries are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deliveries {
    /// How long the content of a parked delivery is kept, so that Retry works.
    pub keep_parked: HumanDuration,
    /// How long a delivery is tried before it is parked.
    pub give_up_after: HumanDuration,
    /// How long a delivery may wait before its sender is told.
    pub tell_after: HumanDuration,
    /// How long after a call without an answer it is looked up whether it was done.
    pub look_after: HumanDuration,
    /// Whether calls are paced by the platforms' published limits.
    pub pacing: bool,
}

/// How the past of conversations is looked through for what no webhook told of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sweeps {
    /// How often, for each conversation.
    pub every: HumanDuration,
    /// How long a webhook may take: what is younger is left to the next sweep.
    pub grace: HumanDuration,
}

/// How it is noticed that a workspace is not heard any more: by a reaction of Rialto's own, in a
/// private channel of its own, that a webhook must tell of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Canary {
    /// How often; 0: never.
    pub every: HumanDuration,
    /// How long the webhook may take.
    pub patience: HumanDuration,
}

/// What is told to those who watch over Rialto, besides the log and `/metrics`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Telemetry {
    /// Where traces go: an address that takes OTLP over HTTP.
    pub traces_to: Option<Url>,
    /// The part of messages that is followed, from 0 to 1.
    pub sample: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let duration = |text| HumanDuration::parse(text).expect("a default is a duration");
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8470)),
            public_url: Url::parse("http://127.0.0.1:8470").expect("a default is a URL"),
            data_folder: "rialto-data".into(),
            database: Database { file: "rialto.db".into(), max_pages: None },
            keys: Keys { file: None, older: Vec::new() },
            admin: Admin { token_file: None },
            log: Log { level: "info".into(), format: LogFormat::Auto },
            deliveries: Deliveries {
                keep_parked: duration("7d"),
                give_up_after: duration("7d"),
                tell_after: duration("15m"),
                look_after: duration("2s"),
                pacing: true,
            },
            sweeps: Sweeps { every: duration("15m"), grace: duration("2m") },
            telemetry: Telemetry { traces_to: None, sample: 1.0 },
            canary: Canary { every: duration("5m"), patience: duration("1m") },
        }
    }
}

impl Settings {
    /// The database's file.
    pub fn database_file(&self) -> PathBuf {
        self.data_folder.join(&self.database.file)
    }

    /// The key's file.
    pub fn key_file(&self) -> PathBuf {
        self.keys.file.clone().unwrap_or_else(|| self.data_folder.join("rialto.key"))
    }

    /// The admin token's file.
    pub fn token_file(&self) -> PathBuf {
        self.admin.token_file.clone().unwrap_or_else(|| self.data_folder.join("admin.token"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn leaves(prefix: &str, value: &Value, into: &mut BTreeSet<String>) {
        for (name, value) in value.as_object().unwrap() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Object(_) => leaves(&path, value, into),
                _ => drop(into.insert(path)),
            }
        }
    }

    #[test]
    fn every_key_is_listed_and_described() {
        let mut keys = BTreeSet::new();
        leaves("", &serde_json::to_value(Settings::default()).unwrap(), &mut keys);
        let listed: BTreeSet<_> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(listed, keys);

        let page = include_str!("../../../../docs/configuration.md");
        let described: Vec<_> = page
            .lines()
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"))
            .map(|(key, rest)| (key, rest.split('`').next().unwrap()))
            .collect();
        assert_eq!(described, KEYS, "docs/configuration.md has a row for each key, in this order");
    }
}
