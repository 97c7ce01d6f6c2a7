//! Metrics, gathered for Prometheus.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use metrics_process::Collector;
use rialto_relay::describe_figures;

use crate::failure::Failure;

/// Seconds: from a fast commit to a platform's patience.
const SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 60.0, 600.0, 3600.0];
/// How often figures are folded together, so that they do not grow between two scrapes.
const FOLD: Duration = Duration::from_secs(5);

pub(super) fn install() -> Result<PrometheusHandle, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("the metrics cannot be started: {error}"))
    };
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .map_err(|error| failed(&error))?
        .install_recorder()
        .map_err(|error| failed(&error))?;
    describe_figures();
    let process = Collector::default();
    process.describe();
    let folded = handle.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(FOLD);
        loop {
            ticks.tick().await;
            folded.run_upkeep();
            process.collect();
        }
    });
    Ok(handle)
}
