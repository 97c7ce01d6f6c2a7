//! The figures: each file measures what belongs together.

mod fan_out;
mod footprint;
mod held;
mod latency;
mod relayed;
mod slow_api;
mod start;
mod under_load;
mod webhooks;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;

use self::under_load::{How, Percentiles, Seen, Target};
use crate::{
    ceilings::Ceiling,
    connect::Route,
    event::Events,
    pin::{Pinned, free_port},
    pretended::{Platforms, SlackEvents},
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

    /// The same so many times.
    async fn runs(&self, mut once: impl AsyncFnMut() -> Result<Run>) -> Result<Vec<Run>> {
        let mut runs = Vec::with_capacity(self.budget.runs);
        for _ in 0..self.budget.runs {
            runs.push(once().await?);
        }
        Ok(runs)
    }
}

/// Webhooks for a ceiling.
fn webhooks() -> Arc<dyn Events> {
    Arc::new(SlackEvents::new("/webhook"))
}

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
