//! The chaos run: people on four platforms talk in several channel syncs while everything goes wrong
//! that can, and the process is killed again and again. In the end all sides show what was said:
//! nothing is missing, nothing is there twice, order and threads are kept. What a platform cannot show
//! is what the compatibility page says of it.
//!
//! All of it follows from one seed, as far as a real process allows: what people do and when, which
//! calls and webhooks go wrong, which platform is down, slow, limits everything or withdraws the
//! authorization for a while, when the process is killed. How fast the machine is does not.
//!
//! Deliberately not said: two edits of one message within a second (Slack dates edits to the second,
//! so that the webhook of the second one cannot be missed), and where replies go whose root is
//! deleted.

mod acts;
mod admin;
mod compare;
mod faults;
mod heard;
mod kills;
mod people;
mod places;
mod replies;
mod screens;
mod settle;
mod story;
mod troubles;
mod truth;
mod words;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::{sync::Mutex, time::Instant};

use crate::{Channels, World, story::cell::Page};
use compare::{Comparison, Wrong};
use heard::Heard;
use people::People;
use screens::Screens;
use troubles::Trouble;
use truth::Truth;

/// A deletion whose webhook was lost is believed when the message was there for 30 s. Zoom does not date edits:
/// the second one of a message's first minute is told from the first one when that minute is over. So
/// long after the last act everything must be as it should be.
const PATIENCE: Duration = Duration::from_secs(75);

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `rialto` binary.
    pub binary: PathBuf,
    /// What everything follows from.
    pub seed: u64,
    /// How much people do.
    pub acts: usize,
    /// How often the process is killed.
    pub kills: usize,
    /// For how long people talk.
    pub talk: Duration,
    /// How many stories are told when something is wrong.
    pub stories: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is wrong; nothing, if all is well.
    pub wrong: Vec<String>,
    /// The stories of the first messages that something is wrong with.
    pub stories: Vec<String>,
    /// What happened, in figures.
    pub figures: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs.
///
/// # Errors
/// When the world does not start, somebody cannot do what people can, or Rialto never settles.
pub async fn run(options: &Options) -> Result<Outcome> {
    let start = Instant::now();
    let mut rng = StdRng::seed_from_u64(options.seed);
    let (world, syncs) = places::set_up(options).await?;
    let acts = acts::plan(&mut rng, options.acts, &syncs, options.talk);
    let kills = kills::plan(&mut rng, options.kills, options.talk);
    let troubles = troubles::plan(&mut rng, options.talk);
    let truth = Arc::new(Mutex::new(Truth::default()));
    let reconnected = admin::Reconnected::default();
    let admin = tokio::spawn(admin::watch(world.clone(), reconnected.clone()));
    faults::on(&world, &mut rng).await?;
    let mut people = People::new(world.clone(), syncs.clone(), truth.clone());
    let talk = people.act_all(&acts);
    let (talked, downs, troubled) = tokio::join!(
        talk,
        kills::carry_out(world.clone(), kills),
        troubles::carry_out(world.clone(), &troubles),
    );
    talked.context("people could not do what people can")?;
    troubled.context("troubles")?;
    let downs = downs?;
    let struck = faults::off(&world).await?;
    let talked_for = start.elapsed();
    let truth = truth.lock().await;
    let page = Page::read(&world).await?;
    let run = Run { world: world.clone(), syncs, truth: &truth, downs, page };
    let wrong = run.settle().await?;
    admin.abort();
    let mut stories = Vec::new();
    let told: BTreeSet<usize> = wrong.iter().filter_map(|it| it.message).collect();
    for number in told.into_iter().take(options.stories) {
        stories.push(run.story(number).await?);
    }
    let again: Vec<_> = reconnected
        .lock()
        .await
        .iter()
        .map(|(side, times)| format!("{} {times}×", side.name()))
        .collect();
    let figures = format!(
        "{} messages in {} acts, {} kills, {}, connected again: {}; {}; faults: {struck}; \
         talked until {} s, settled at {} s",
        truth.all().len(),
        acts.len(),
        run.downs.len(),
        troubles.iter().map(Trouble::words).collect::<Vec<_>>().join(", "),
        again.join(", "),
        run.traffic().await?,
        talked_for.as_secs(),
        start.elapsed().as_secs(),
    );
    let took = start.elapsed();
    let wrong = wrong.into_iter().map(|wrong| wrong.what).collect();
    drop(people);
    drop(run);
    if let Some(world) = Arc::into_inner(world) {
        world.stop().await;
    }
    Ok(Outcome { wrong, stories, figures, took })
}

/// A run whose talking is over.
struct Run<'a> {
    world: Arc<World>,
    syncs: Arc<[Channels]>,
    truth: &'a Truth,
    downs: Vec<(Timestamp, Timestamp)>,
    page: Page,
}

impl Run<'_> {
    /// Waits until all is as it should be, and looks once more after another restart: what is wrong
    /// in the end.
    async fn settle(&self) -> Result<Vec<Wrong>> {
        settle::let_platforms_retry(&self.world).await?;
        let end = Instant::now() + PATIENCE;
        loop {
            settle::sweep(&self.world).await?;
            let wrong = self.compare().await?;
            if wrong.is_empty() {
                break;
            }
            if Instant::now() > end {
                return Ok(wrong);
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        settle::sweep(&self.world).await?;
        self.compare().await
    }

    async fn compare(&self) -> Result<Vec<Wrong>> {
        let people = compare::people(&self.world).await?;
        let channels = heard::Channels::read(&self.world, &self.syncs).await?;
        let heard = Heard::read(&self.world, &channels);
        let mut wrong = Vec::new();
        for (sync, channels) in self.syncs.iter().enumerate() {
            let screens = Screens::look(&self.world, channels).await?;
            let comparison = Comparison {
                truth: self.truth,
                sync,
                screens: &screens,
                people: &people,
                heard: &heard,
                page: &self.page,
                asks_for_replies: places::asks_for_replies(channels),
            };
            wrong.extend(comparison.all());
        }
        Ok(wrong)
    }

    async fn story(&self, number: usize) -> Result<String> {
        story::tell(&self.world, &self.syncs, self.truth, &self.downs, number).await
    }

    async fn traffic(&self) -> Result<String> {
        let status = self.world.api.get("/api/v1/status").await?;
        let sum = |figure: &str| -> u64 {
            let syncs = status["channel_syncs"].as_array().into_iter().flatten();
            syncs.filter_map(|sync| sync["traffic"][figure].as_u64()).sum()
        };
        let drops: Vec<_> = status["drops"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|drop| format!("{} {}×", drop["reason"].as_str().unwrap_or(""), drop["count"]))
            .collect();
        let parked = self.world.api.get("/api/v1/deliveries?state=parked&limit=20").await?;
        let reasons: Vec<_> = parked
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| format!("{} {}", it["kind"], it["reason"].as_str().unwrap_or_default()))
            .collect();
        Ok(format!(
            "delivered {}, recovered by sweeps {}, parked {} {reasons:?}, not relayed: {}",
            sum("delivered"),
            sum("recovered"),
            sum("parked"),
            drops.join(", "),
        ))
    }
}
