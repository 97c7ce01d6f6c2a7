//! What every handler is given.

use std::sync::{Arc, atomic::AtomicU64};

use jiff::Timestamp;
use rialto_relay::Relay;
use secrecy::SecretString;

use crate::{outcomes::Outcomes, webhooks};

/// Gives the metrics in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What a hub is made from.
pub struct HubOptions {
    /// The engine.
    pub relay: Relay,
    /// What proves an admin.
    pub admin_token: SecretString,
    /// Where metrics come from.
    pub metrics: Metrics,
}

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inside>);

#[doc(hidden)]
pub struct Inside {
    pub(crate) relay: Relay,
    pub(crate) admin_token: SecretString,
    pub(crate) metrics: Metrics,
    pub(crate) started_at: Timestamp,
    pub(crate) outcomes: Outcomes,
    /// The name of the next request that comes without one.
    pub(crate) requests: AtomicU64,
}

impl Hub {
    /// Puts the parts together.
    pub fn new(options: HubOptions) -> Self {
        let HubOptions { relay, admin_token, metrics } = options;
        webhooks::begin_counting(relay.roster().platforms());
        let started_at = relay.toolkit().clock.now();
        let outcomes = Outcomes::default();
        let mut first = [0; 8];
        relay.toolkit().random.fill(&mut first);
        let requests = AtomicU64::new(u64::from_le_bytes(first));
        Self(Arc::new(Inside { relay, admin_token, metrics, started_at, outcomes, requests }))
    }
}

impl std::ops::Deref for Hub {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}
