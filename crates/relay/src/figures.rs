//! Figures for who watches over a deployment: what they are, and those that are looked up from time
//! to time. Counters and durations are told where things happen.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use metrics::{
    Counter, Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
};
use rialto_store::{ConnectionState, StoreError};

use crate::relay::{Accepted, Relay};

/// How often figures are looked up.
const EVERY: Duration = Duration::from_secs(10);

/// Says what each figure is, and has those that only count what goes wrong begin at 0: an alert
/// cannot wait for a first time.
pub fn describe_figures() {
    use Unit::{Bytes, Count, Seconds};
    for (name, unit, text) in [
        ("rialto_webhooks_total", Count, "Webhooks, by platform and what became of them"),
        ("rialto_inbound_total", Count, "Facts that webhooks told of, by what became of them"),
        ("rialto_deliveries_total", Count, "Deliveries that ended, by outcome and kind"),
        ("rialto_not_relayed_total", Count, "Facts that were not relayed, by reason"),
        ("rialto_sweeps_total", Count, "Conversations whose past was compared"),
        ("rialto_swept_total", Count, "Facts that no webhook told of and a sweep found"),
    ] {
        describe_counter!(name, unit, text);
    }
    for (name, text) in [
        ("rialto_http_request_seconds", "Requests to Rialto, by path pattern and status"),
        ("rialto_inbox_seconds", "From a webhook's receipt until it is planned"),
        ("rialto_lane_seconds", "From a delivery's plan until it is delivered, by kind"),
        ("rialto_call_seconds", "Calls to platforms for deliveries, by call and outcome"),
    ] {
        describe_histogram!(name, Seconds, text);
    }
    for (name, unit, text) in [
        ("rialto_deliveries_waiting", Count, "Deliveries that wait"),
        ("rialto_lanes_waiting", Count, "Conversations to which something waits to be delivered"),
        ("rialto_lanes_held", Count, "Those of them that a platform asked to wait"),
        (
            "rialto_oldest_delivery_seconds",
            Seconds,
            "Age of the oldest delivery that waits, but for what an admin paused",
        ),
        ("rialto_deliveries_parked", Count, "Deliveries that need an admin"),
        ("rialto_missing", Count, "What sweeps found and is not planned yet"),
        (
            "rialto_oldest_sweep_seconds",
            Seconds,
            "How long ago the past of the channel was compared whose turn it was longest ago",
        ),
        ("rialto_queued_bytes", Bytes, "What waits in memory, on the way in and on the way out"),
        ("rialto_workspace_connected", Count, "1 while a workspace's authorization works"),
        ("rialto_workspace_deaf", Count, "1 while no webhook tells of a workspace's canary"),
        ("rialto_workspace_problems", Count, "What an admin should look at, by workspace"),
        (
            "rialto_credential_expires_timestamp_seconds",
            Seconds,
            "When a workspace's credential ends unless it is renewed, as Unix time; +Inf: it is gone",
        ),
    ] {
        describe_gauge!(name, unit, text);
    }
    for outcome in ["delivered", "parked", "cancelled"] {
        for kind in ["post", "edit", "delete", "react", "unreact", "notice"] {
            counter!("rialto_deliveries_total", "outcome" => outcome, "kind" => kind).absolute(0);
        }
    }
    counter!("rialto_sweeps_total").absolute(0);
    counter!("rialto_swept_total").absolute(0);
}

/// What became of webhooks' facts. Looked up by name once: webhooks come in floods.
pub(crate) struct InboundFigures {
    kept: Counter,
    duplicate: Counter,
    not_synced: Counter,
    canary: Counter,
    unknown_workspace: Counter,
}

impl Default for InboundFigures {
    fn default() -> Self {
        let of = |outcome: &'static str| counter!("rialto_inbound_total", "outcome" => outcome);
        Self {
            kept: of("kept"),
            duplicate: of("duplicate"),
            not_synced: of("not_synced"),
            canary: of("canary"),
            unknown_workspace: of("unknown_workspace"),
        }
    }
}

impl InboundFigures {
    pub(crate) fn count(&self, accepted: &Accepted) {
        for (figure, count) in [
            (&self.kept, accepted.kept),
            (&self.duplicate, accepted.duplicates),
            (&self.not_synced, accepted.not_synced),
            (&self.canary, accepted.canary),
            (&self.unknown_workspace, accepted.unknown_workspace),
        ] {
            figure.increment(count.try_into().unwrap_or(u64::MAX));
        }
    }
}

impl Relay {
    /// Looks figures up for as long as the engine runs.
    pub(crate) async fn keep_figures(&self) {
        let mut told = OfWorkspaces::default();
        loop {
            told = self.look_at_workspaces(told);
            if let Err(error) = self.look_at_the_store().await {
                tracing::warn!(%error, "figures cannot be looked up");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    fn look_at_workspaces(&self, before: OfWorkspaces) -> OfWorkspaces {
        let mut told = OfWorkspaces::default();
        let view = self.roster().view();
        for entry in view.connections.values() {
            let record = &entry.record;
            let labels = vec![
                Label::new("connection", record.id.to_string()),
                Label::new("platform", record.platform.clone()),
                Label::new("workspace", record.name.clone()),
            ];
            let connected = record.state == ConnectionState::Active && entry.live.is_ok();
            let deaf = self.inner.canaries.health(record.id).deaf_since.is_some();
            // What is gone is neither revoked nor deaf.
            for (figure, value, gone) in [
                ("rialto_workspace_connected", f64::from(u8::from(connected)), 1.0),
                ("rialto_workspace_deaf", f64::from(u8::from(deaf)), 0.0),
                ("rialto_workspace_problems", self.problems(record.id).len() as f64, 0.0),
            ] {
                told.tell(figure, labels.clone(), value, gone);
            }
            for credential in self.credentials(record.id) {
                let Some(expires_at) = credential.expires_at else { continue };
                let since = SystemTime::from(expires_at).duration_since(UNIX_EPOCH);
                let since = since.unwrap_or_default().as_secs_f64();
                let mut labels = labels.clone();
                labels.push(Label::new("credential", credential.name));
                let figure = "rialto_credential_expires_timestamp_seconds";
                told.tell(figure, labels, since, f64::INFINITY);
            }
        }
        for ((figure, labels), gone) in before.0 {
            if !told.0.contains_key(&(figure, labels.clone())) {
                gauge!(figure, labels).set(gone);
            }
        }
        let (inwards, outwards) = self.queued();
        gauge!("rialto_queued_bytes", "queue" => "in").set(inwards as f64);
        gauge!("rialto_queued_bytes", "queue" => "out").set(outwards as f64);
        told
    }

    async fn look_at_the_store(&self) -> Result<(), StoreError> {
        let store = &self.inner.store;
        let now = self.inner.toolkit.clock.now();
        let lanes = store.lanes().await?;
        let held = lanes.iter().filter(|lane| lane.held_until.is_some_and(|until| until > now));
        gauge!("rialto_lanes_held").set(held.count() as f64);
        gauge!("rialto_lanes_waiting").set(lanes.len() as f64);
        let waiting: u64 = lanes.iter().map(|lane| lane.pending).sum();
        gauge!("rialto_deliveries_waiting").set(waiting as f64);
        let backlog = store.backlog().await?;
        let age = backlog.oldest_waiting.map(|since| now.duration_since(since).as_secs_f64());
        gauge!("rialto_oldest_delivery_seconds").set(age.unwrap_or_default().max(0.0));
        gauge!("rialto_deliveries_parked").set(backlog.parked as f64);
        gauge!("rialto_missing").set(backlog.missing as f64);
        Ok(())
    }
}

/// Figures that were told of workspaces, by their names and labels, each with what it is set to when
/// nobody tells of it any more.
#[derive(Default)]
struct OfWorkspaces(HashMap<(&'static str, Vec<Label>), f64>);

impl OfWorkspaces {
    fn tell(&mut self, figure: &'static str, labels: Vec<Label>, value: f64, gone: f64) {
        gauge!(figure, labels.clone()).set(value);
        self.0.insert((figure, labels), gone);
    }
}
