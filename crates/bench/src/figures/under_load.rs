//! A server under load, and what is seen of it.

use std::{sync::Arc, time::Duration};

use anyhow::Result;

use super::Bench;
use crate::{
    event::Events,
    ledger::Ledger,
    load::{self, Load, Pace},
    pin::{self, Pinned},
    pretended::{Behaviour, Side, slack_channel},
    report::Run,
    server::Server,
};

/// Connections of the generator.
const CONNECTIONS: usize = 64;
/// Messages of one run at most.
const ROOM: usize = 2_000_000;

/// What did not arrive for so long will not.
pub(super) const SETTLED: Duration = Duration::from_secs(30);

/// A server under load.
pub(super) struct Target<'a> {
    pub(super) process: &'a Pinned,
    pub(super) events: &'a Arc<dyn Events>,
}

impl<'a> From<&'a Server> for Target<'a> {
    fn from(server: &'a Server) -> Self {
        Self { process: &server.process, events: &server.events }
    }
}

/// What was seen of a server under load.
pub(super) struct Seen {
    pub(super) seconds: f64,
    /// Webhooks answered with 200.
    pub(super) answered: u64,
    /// Posts that arrived: copies.
    pub(super) arrived: u64,
    /// Processor seconds of the server.
    pub(super) cpu: f64,
    pub(super) limited_by: String,
    /// Milliseconds.
    pub(super) webhook: Percentiles,
    /// From the webhook to its post, in milliseconds.
    pub(super) through: Percentiles,
    pub(super) faults: Vec<String>,
}

impl Seen {
    /// A run with this value.
    pub(super) fn run(&self, value: f64) -> Run {
        Run {
            value,
            limited_by: self.limited_by.clone(),
            faults: self.faults.clone(),
            ..Run::default()
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Percentiles {
    pub(super) fn of(histogram: &hdrhistogram::Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self { p50: at(0.5), p99: at(0.99), max: histogram.max() as f64 / 1_000.0 }
    }
}

/// How a server is put under load.
pub(super) struct How {
    pub(super) pace: Pace,
    pub(super) channels: usize,
    pub(super) connections: usize,
    /// At how many platforms each message must arrive.
    pub(super) copies: u32,
    /// Messages that may be under way.
    pub(super) window: usize,
    pub(super) behaviour: Behaviour,
    /// Whether every message must arrive.
    pub(super) arrives: bool,
    /// A channel that is left out of what is measured from webhooks to posts.
    pub(super) apart: Option<usize>,
    /// How long, when not as long as the others.
    pub(super) measure: Option<Duration>,
}

impl How {
    pub(super) fn new(pace: Pace, channels: usize) -> Self {
        Self {
            pace,
            channels,
            connections: match pace {
                // Whoever waits for commits waits on many connections, to be limited by none.
                Pace::Window => 4 * CONNECTIONS,
                _ => CONNECTIONS,
            },
            copies: 1,
            window: 2 * channels.max(100),
            behaviour: Behaviour::default(),
            arrives: true,
            apart: None,
            measure: None,
        }
    }
}

impl Bench {
    /// Puts a server under load and looks at it for a while.
    pub(super) async fn load(&self, target: &Target<'_>, how: How) -> Result<Seen> {
        let (ledger, load) = self.loaded(target, ROOM, &how);
        let running = load.start().await?;
        tokio::time::sleep(self.budget.warm_up).await;
        running.measure();
        ledger.measure();
        let before = (target.process.used()?, pin::own()?, pin::core(pin::SERVER)?);
        let (answered, arrived) = (running.answered(), ledger.arrivals());
        tokio::time::sleep(how.measure.unwrap_or(self.budget.measure)).await;
        let after = (target.process.used()?, pin::own()?, pin::core(pin::SERVER)?);
        let (answered, arrived) = (running.answered() - answered, ledger.arrivals() - arrived);
        let refused = running.refused();
        let webhook = Percentiles::of(&running.latencies());
        running.stop(&ledger).await?;
        let through = Percentiles::of(&ledger.through());
        if how.arrives {
            load::settle(&ledger, SETTLED).await;
        }
        let mut faults = ledger.faults(how.arrives);
        if refused > 0 {
            faults.push(format!("{refused} webhooks were refused at first"));
        }
        Ok(Seen {
            seconds: after.0.seconds_since(before.0),
            answered,
            arrived,
            cpu: after.0.cpu_since(before.0),
            limited_by: limit(
                after.0.percent_since(before.0),
                after.1.percent_since(before.1),
                after.2.percent_since(before.2),
                how.pace,
            ),
            webhook,
            through,
            faults,
        })
    }

    /// A load for a server, with room for so many messages, and the ledger that all are told to.
    fn loaded(&self, target: &Target<'_>, room: usize, how: &How) -> (Arc<Ledger>, Load) {
        let apart = how.apart.map(|channel| slack_channel(Side::To, channel));
        let ledger = Arc::new(Ledger::new(room, how.copies, how.window, apart));
        self.platforms.tell(&ledger);
        self.platforms.slack_behaves(how.behaviour.clone());
        let load = Load {
            port: target.process.port,
            events: target.events.clone(),
            ledger: ledger.clone(),
            connections: how.connections,
            channels: how.channels,
            pace: how.pace,
        };
        (ledger, load)
    }

    /// Sends so many messages as fast as they are taken, one window at a time.
    pub(super) async fn pour(
        &self,
        target: &Target<'_>,
        messages: usize,
        how: How,
    ) -> Result<Arc<Ledger>> {
        let (ledger, load) = self.loaded(target, messages, &how);
        load.start().await?.end().await?;
        Ok(ledger)
    }
}

/// What kept a run from being faster, as far as one can see from outside: all in percent of a core.
fn limit(server: f64, generator: f64, whole: f64, pace: Pace) -> String {
    let others = (whole - server).max(0.0);
    let what = match pace {
        Pace::Rate(_) => "the rate",
        _ if generator > 95.0 && generator > server => "the generator",
        _ if server > 85.0 => "the server's core",
        // The kernel's own work for the server is among them.
        _ if others > OTHERS => "others on the server's core",
        _ => "waiting (commits, answers)",
    };
    format!(
        "{what} (server {server:.0} %, others on its core {others:.0} %, generator {generator:.0} %)"
    )
}

/// From here on a figure says more about the machine's other work than about the server.
const OTHERS: f64 = 15.0;
