//! The figures: each file measures what belongs together.

mod fan_out;
mod footprint;
mod held;
mod latency;
mod relayed;
mod slow_api;
mod start;
mod webhooks;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;

use crate::{
    ceilings::Ceiling,
    connect::Route,
    event::Events,
    ledger::Ledger,
    load::{self, Load, Pace},
    pin::{self, Pinned, free_port},
    pretended::{Behaviour, Platforms, Side, SlackEvents, slack_channel},
    report::{Figure, Run},
    server::Server,
};

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Runs of each figure.
    pub runs: usize,
    /// Before a run is measured.
    pub warm_up: Duration,
    /// Of one run.
    pub measure: Duration,
    /// *Many* channel syncs.
    pub many: usize,
    /// Messages that are mapped when memory and disk are looked at.
    pub messages: usize,
    /// Deliveries that wait when it starts.
    pub pending: usize,
}

/// Everything that figures share.
pub struct Bench {
    /// How much is measured.
    pub budget: Budget,
    /// The pretended platforms.
    pub platforms: Platforms,
    /// The real binary.
    pub binary: PathBuf,
    /// Where databases go.
    pub folder: PathBuf,
    /// Only figures whose name holds one of these words; all without words.
    pub only: Vec<String>,
    /// What was measured until now.
    pub figures: Vec<Figure>,
}

/// Conversations of most figures.
const CONVERSATIONS: usize = 1_000;
/// Connections of the generator.
const CONNECTIONS: usize = 64;
/// Messages of one run at most.
const ROOM: usize = 2_000_000;

/// What did not arrive for so long will not.
const SETTLED: Duration = Duration::from_secs(30);

/// A server under load.
struct Target<'a> {
    process: &'a Pinned,
    events: &'a Arc<dyn Events>,
}

impl<'a> From<&'a Server> for Target<'a> {
    fn from(server: &'a Server) -> Self {
        Self { process: &server.process, events: &server.events }
    }
}

/// What was seen of a server under load.
struct Seen {
    seconds: f64,
    /// Webhooks answered with 200.
    answered: u64,
    /// Posts that arrived: copies.
    arrived: u64,
    /// Processor seconds of the server.
    cpu: f64,
    limited_by: String,
    /// Milliseconds.
    webhook: Percentiles,
    /// From the webhook to its post, in milliseconds.
    through: Percentiles,
    faults: Vec<String>,
}

impl Seen {
    /// A run with this value.
    fn run(&self, value: f64) -> Run {
        Run {
            value,
            limited_by: self.limited_by.clone(),
            faults: self.faults.clone(),
            ..Run::default()
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Percentiles {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Percentiles {
    fn of(histogram: &hdrhistogram::Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self { p50: at(0.5), p99: at(0.99), max: histogram.max() as f64 / 1_000.0 }
    }
}

impl Bench {
    /// Measures what is wanted.
    ///
    /// # Errors
    /// When something does not work that figures need.
    pub async fn run(&mut self) -> Result<()> {
        webhooks::measure(self).await?;
        relayed::measure(self).await?;
        fan_out::measure(self).await?;
        slow_api::measure(self).await?;
        latency::measure(self).await?;
        held::measure(self).await?;
        footprint::measure(self).await?;
        start::measure(self).await
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word))
    }

    /// What a figure was, if it was measured.
    fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    fn add(&mut self, figure: Figure) {
        eprint(&figure);
        self.figures.push(figure);
    }

    /// Starts a ceiling, measures it, ends it.
    async fn ceiling(&self, ceiling: Ceiling) -> Result<(Pinned, tempfile::TempDir)> {
        let folder = tempfile::Builder::new().prefix("rialto-bench-").tempdir_in(&self.folder)?;
        let port = free_port()?;
        let (number, place) = (port.to_string(), folder.path().display().to_string());
        let (word, api) = (ceiling.word(), self.platforms.slack_url());
        let arguments = ["ceiling", word, "--port", &number, "--folder", &place, "--api", api];
        let program = std::env::current_exe()?;
        let log = folder.path().join("ceiling.log");
        let process = Pinned::start(&program, &arguments, &[], &log, port, "/readyz").await?;
        Ok((process, folder))
    }

    async fn server(&self, syncs: usize) -> Result<Server> {
        self.server_of(Route::SLACK, syncs).await
    }

    async fn server_of(&self, route: Route, syncs: usize) -> Result<Server> {
        let mut server = Server::start(&self.binary, &self.folder).await?;
        server.connect(&self.platforms, route, syncs).await?;
        note(&format!("{syncs} channel syncs made in {:.1} s", server.setup.as_secs_f64()));
        Ok(server)
    }

    /// Puts a server under load and looks at it for a while.
    async fn load(&self, target: &Target<'_>, how: How) -> Result<Seen> {
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
    async fn pour(&self, target: &Target<'_>, messages: usize, how: How) -> Result<Arc<Ledger>> {
        let (ledger, load) = self.loaded(target, messages, &how);
        load.start().await?.end().await?;
        Ok(ledger)
    }

    /// The same so many times.
    async fn runs(&self, mut once: impl AsyncFnMut() -> Result<Run>) -> Result<Vec<Run>> {
        let mut runs = Vec::with_capacity(self.budget.runs);
        for _ in 0..self.budget.runs {
            runs.push(once().await?);
        }
        Ok(runs)
    }
}

/// How a server is put under load.
struct How {
    pace: Pace,
    channels: usize,
    connections: usize,
    /// At how many platforms each message must arrive.
    copies: u32,
    /// Messages that may be under way.
    window: usize,
    behaviour: Behaviour,
    /// Whether every message must arrive.
    arrives: bool,
    /// A channel that is left out of what is measured from webhooks to posts.
    apart: Option<usize>,
    /// How long, when not as long as the others.
    measure: Option<Duration>,
}

impl How {
    fn new(pace: Pace, channels: usize) -> Self {
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

/// Webhooks for a ceiling.
fn webhooks() -> Arc<dyn Events> {
    Arc::new(SlackEvents::new("/webhook"))
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

fn eprint(figure: &Figure) {
    note(&format!(
        "{}: {} {} ({})",
        figure.title,
        crate::report::number(figure.value),
        figure.unit,
        figure.limited_by
    ));
}

/// Says how far it has come.
#[expect(clippy::print_stderr, reason = "whoever runs a bench waits for it")]
fn note(text: &str) {
    eprintln!("   {text}");
}
