//! What tests of connectors stand on: a cabinet in memory, clocks that go when they are told to, messages
//! from elsewhere, and the vendors' published payloads.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{Attachment, AttachmentKind, Author, Content, DeliveryId, RichText};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{Cabinet, CabinetError, Clock, Outgoing};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct StoppedClock(Mutex<Timestamp>);

impl StoppedClock {
    /// Stands at a time.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves it.
    pub fn forward(&self, by: SignedDuration) {
        let mut now = self.0.lock();
        *now += by;
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// A clock that shows what somebody tells.
pub struct ToldClock<F>(pub F);

impl<F> std::fmt::Debug for ToldClock<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToldClock")
    }
}

impl<F: Fn() -> Timestamp + Send + Sync + 'static> Clock for ToldClock<F> {
    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// A cabinet in memory.
#[derive(Debug, Default)]
pub struct Drawer {
    /// What is in it.
    pub entries: Mutex<BTreeMap<String, String>>,
    /// Whether it takes nothing more.
    pub jammed: AtomicBool,
}

#[async_trait]
impl Cabinet for Drawer {
    async fn get(&self, key: &str) -> Result<Option<SecretString>, CabinetError> {
        Ok(self.entries.lock().get(key).cloned().map(Into::into))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, SecretString)>, CabinetError> {
        let all = self.entries.lock();
        let found = all.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone().into())).collect())
    }

    async fn put(&self, key: &str, value: SecretString) -> Result<(), CabinetError> {
        if self.jammed.load(Ordering::SeqCst) {
            return Err(CabinetError("jammed".into()));
        }
        self.entries.lock().insert(key.to_owned(), value.expose_secret().to_owned());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), CabinetError> {
        self.entries.lock().remove(key);
        Ok(())
    }
}

/// A message that Ada said elsewhere, for the conversation `c1`.
pub fn said_elsewhere(text: RichText) -> Outgoing {
    Outgoing {
        delivery: DeliveryId::new(Uuid::from_u128(7)),
        to: "c1".into(),
        thread: None,
        broadcast: false,
        author: Author { account: None, name: "Ada Byron".into(), avatar_url: None, bot: false },
        said_on: "Slack",
        content: Content { text, attachments: Vec::new() },
        notes: Vec::new(),
    }
}

/// A file that somebody shared elsewhere, of so many bytes.
pub fn shared_elsewhere(name: &str, size: u64) -> Attachment {
    Attachment {
        remote: "elsewhere".into(),
        name: name.into(),
        mime: "application/octet-stream".into(),
        size: Some(size),
        kind: AttachmentKind::File,
    }
}

/// The folder of a vendor's published payloads (`RIALTO_CONTRACTS`); says so where it is not.
#[expect(clippy::print_stdout, reason = "a green run must not look like more than it was")]
pub fn fixtures(vendor: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RIALTO_CONTRACTS").unwrap_or("../shared/contracts".into());
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let fixtures = project.join(root).join(vendor).join("fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    println!("SKIPPED: no fixtures at {} (set RIALTO_CONTRACTS)", fixtures.display());
    None
}
