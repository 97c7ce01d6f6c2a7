//! Messages relayed from one workspace to another: the post has arrived at the API.

use anyhow::Result;

use super::{Bench, CONVERSATIONS, How, Seen, Target, webhooks};
use crate::{
    ceilings::Ceiling,
    connect::Route,
    load::Pace,
    pretended::Platform::{Slack, Teams, Webex, Zoom},
    report::{Figure, Run, number},
};

/// From where to where, and what is asked of it.
struct Direction {
    word: &'static str,
    route: Route,
    /// So many messages a second at least, with a thousand channel syncs.
    goal: Option<f64>,
    /// Whether it is measured with ten and with many channel syncs too.
    few_and_many: bool,
}

const fn direction(word: &'static str, route: Route) -> Direction {
    Direction { word, route, goal: None, few_and_many: false }
}

const fn with_goal(word: &'static str, route: Route, goal: f64) -> Direction {
    Direction { word, route, goal: Some(goal), few_and_many: true }
}

const DIRECTIONS: [Direction; 7] = [
    with_goal("slack", Route::SLACK, 2_500.0),
    with_goal("to-teams", Route { from: Slack, to: &[Teams] }, 2_000.0),
    with_goal("from-teams", Route { from: Teams, to: &[Slack] }, 500.0),
    direction("to-webex", Route { from: Slack, to: &[Webex] }),
    direction("from-webex", Route { from: Webex, to: &[Slack] }),
    direction("to-zoom", Route { from: Slack, to: &[Zoom] }),
    direction("from-zoom", Route { from: Zoom, to: &[Slack] }),
];

pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    if [10, CONVERSATIONS, bench.budget.many].iter().any(|it| bench.wants(&name("slack", *it))) {
        let runs = bench.runs(async || bare_relay(bench).await).await?;
        bench.add(Figure::new("ceiling-relay", "ceiling: the bare relay", "messages/s", runs));
    }
    for direction in &DIRECTIONS {
        direction.measure(bench).await?;
    }
    Ok(())
}

fn name(direction: &str, syncs: usize) -> String {
    format!("relayed-{direction}-{syncs}-")
}

impl Direction {
    /// With few, with a thousand and with many channel syncs, over a thousand of them at most.
    async fn measure(&self, bench: &mut Bench) -> Result<()> {
        let mut few = None;
        for syncs in [10, CONVERSATIONS, bench.budget.many] {
            let name = name(self.word, syncs);
            if !bench.wants(&name) || (syncs != CONVERSATIONS && !self.few_and_many) {
                continue;
            }
            let server = bench.server_of(self.route, syncs).await?;
            let target = Target::from(&server);
            let how = || How::new(Pace::Window, syncs.min(CONVERSATIONS));
            let runs = bench.runs(async || Ok(run(&bench.load(&target, how()).await?))).await?;
            server.process.kill().await?;
            let title = format!("relayed {}, {syncs} channel syncs", self.route.words());
            let mut figure = Figure::new(name.trim_end_matches('-'), &title, "messages/s", runs);
            let value = figure.value;
            if syncs == CONVERSATIONS {
                figure = self.held_against_goals(bench, figure);
            }
            if let (true, Some(few)) = (syncs > CONVERSATIONS, few) {
                // A tenth is within what one run differs from the next.
                figure = figure.goal("no slower than with 10", value >= 0.9 * few);
            }
            few = few.or(Some(value));
            bench.add(figure);
        }
        Ok(())
    }

    fn held_against_goals(&self, bench: &Bench, mut figure: Figure) -> Figure {
        let (value, cpu) = (figure.value, figure.seen("CPU µs each"));
        if self.word == "slack" {
            figure = figure
                .part_of(bench.figure("ceiling-relay"), 0.5)
                .goal("≤ 400 µs CPU each", cpu <= 400.0);
        }
        match self.goal {
            Some(goal) => figure.goal(format!("≥ {}/s", number(goal)), value >= goal),
            None => figure,
        }
    }
}

async fn bare_relay(bench: &Bench) -> Result<Run> {
    let (process, _folder) = bench.ceiling(Ceiling::Relay).await?;
    let events = webhooks();
    let target = Target { process: &process, events: &events };
    let seen = bench.load(&target, How::new(Pace::Window, CONVERSATIONS)).await?;
    process.kill().await?;
    Ok(run(&seen))
}

fn run(seen: &Seen) -> Run {
    let run = seen.run(seen.arrived as f64 / seen.seconds);
    run.with("CPU µs each", seen.cpu * 1e6 / seen.arrived as f64)
        .with("webhook p99 ms", seen.webhook.p99)
        .with("through p50 ms", seen.through.p50)
}
