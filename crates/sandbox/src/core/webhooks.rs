//! Webhooks out: signed, sent in order, retried on the vendor's schedule, disturbed by faults, written down.
//!
//! Within a lane the first attempts go out in order. A lane waits for an answer, but only for a moment: a slow
//! receiver must not hold back what the real platform would send in parallel. Retries leave the lane.

mod journal;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::faults::{Faults, Kind, Target};
use super::idle::{Busy, Idle};
use super::{Clock, Ids};
use journal::Journal;

/// How long a lane waits for an answer before it sends the next one anyway.
const PATIENCE: Duration = Duration::from_millis(25);
/// At most this much of an answer is read.
const ANSWER_LIMIT: usize = 64 * 1024;

/// What the vendor decides about one kind of webhook.
pub trait Policy: Send + Sync + 'static {
    /// The headers of an attempt: content type, signature, retry number.
    fn headers(&self, attempt: &Attempt<'_>) -> HeaderMap;

    /// What follows from an attempt's outcome. Called once for each attempt, in order.
    fn after(&self, number: u32, outcome: &Outcome) -> Next;

    /// The body of the nth extra copy when a fault doubles the webhook. Vendors that give each its own id do so here.
    fn copy(&self, body: &Bytes, _copy: u32) -> Bytes {
        body.clone()
    }
}

/// One attempt to send.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// 1 for the first.
    pub number: u32,
    /// Emulated time of the attempt.
    pub now: Timestamp,
    /// Exactly the bytes that are sent.
    pub body: &'a Bytes,
    /// How the attempt before it ended.
    pub last: Option<&'a Outcome>,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// Answer's headers.
        headers: HeaderMap,
        /// Answer's body, cut at 64 KiB.
        body: Bytes,
        /// Real time until the answer.
        took: Duration,
    },
    /// Not within the time limit.
    TimedOut,
    /// No connection, or it broke.
    Failed(String),
}

impl Outcome {
    /// Answered with 2xx.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }
}

/// What comes after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Delivered, or given up: nothing more is sent.
    Stop,
    /// Another attempt after this emulated time.
    RetryAfter(Duration),
}

/// A webhook to be sent.
#[derive(Clone)]
pub struct Webhook {
    /// Which emulator.
    pub platform: &'static str,
    /// The event's type, which fault rules match and the journal shows.
    pub event: String,
    /// To whom and about what, for the journal.
    pub about: String,
    /// Webhooks of one lane are sent in order.
    pub lane: u64,
    /// Where to.
    pub url: String,
    /// What.
    pub body: Bytes,
    /// Real time limit for the answer.
    pub timeout: Duration,
    /// The vendor's rules.
    pub policy: Arc<dyn Policy>,
}

struct Job {
    webhook: Webhook,
    entry: u64,
    _busy: Busy,
}

/// The sender.
pub struct Webhooks {
    clock: Clock,
    faults: Faults,
    idle: Idle,
    stopping: CancellationToken,
    client: reqwest::Client,
    ids: Ids,
    lanes: Mutex<HashMap<u64, VecDeque<Job>>>,
    journal: Journal,
    waiting: AtomicUsize,
}

impl Webhooks {
    /// A sender with its own HTTP client: no proxy, no redirects, any certificate (receivers under test sign their own).
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(
        clock: Clock,
        faults: Faults,
        idle: Idle,
        stopping: CancellationToken,
    ) -> reqwest::Result<Arc<Self>> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(true)
            .pool_max_idle_per_host(64)
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(3))
            .build()?;
        Ok(Arc::new(Self {
            clock,
            faults,
            idle,
            stopping,
            client,
            ids: Ids::seeded(0x77eb),
            lanes: Mutex::default(),
            journal: Journal::default(),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// The HTTP client, for calls to receivers that are no webhooks.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Queues a webhook. Faults may drop, double, delay or reorder it.
    pub fn send(self: &Arc<Self>, webhook: Webhook) {
        let (mut copies, mut later) = (0, Duration::ZERO);
        let struck = self.faults.strike(webhook.platform, Target::Webhook, &webhook.event);
        let faults: Vec<String> = struck.iter().map(Kind::to_string).collect();
        for kind in struck {
            match kind {
                Kind::Drop => {
                    let entry = self.journal.open(&webhook, &faults, self.clock.now());
                    self.journal.close(entry, "dropped");
                    return;
                }
                Kind::Double { copies: more } => copies += more,
                Kind::Delay { ms } => later += Duration::from_millis(ms),
                Kind::Reorder { window_ms } => {
                    let mut bytes = [0; 8];
                    self.ids.fill(&mut bytes);
                    let within = u64::from_le_bytes(bytes) % window_ms.max(1);
                    later += Duration::from_millis(within);
                }
                _ => {}
            }
        }
        for copy in 1..=copies {
            let mut extra = webhook.clone();
            extra.body = webhook.policy.copy(&webhook.body, copy);
            self.queue(extra, &faults, later);
        }
        self.queue(webhook, &faults, later);
    }

    fn queue(self: &Arc<Self>, webhook: Webhook, faults: &[String], later: Duration) {
        let entry = self.journal.open(&webhook, faults, self.clock.now());
        let job = Job { webhook, entry, _busy: self.idle.busy() };
        if later.is_zero() {
            self.enqueue(job);
        } else {
            self.spawn(async move |this| {
                tokio::time::sleep(later).await;
                this.first(job).await;
            });
        }
    }

    /// Sends once, now, outside any lane and without retries: a handshake. Faults do not strike it.
    pub async fn call(self: &Arc<Self>, webhook: Webhook) -> Outcome {
        let entry = self.journal.open(&webhook, &[], self.clock.now());
        let _busy = self.idle.busy();
        let outcome = self.attempt(&webhook, entry, 1, None).await;
        self.journal.close(entry, if outcome.is_success() { "delivered" } else { "failed" });
        outcome
    }

    /// How many webhooks wait for their next attempt.
    pub fn waiting_for_retry(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The latest `limit` webhooks, oldest first.
    pub fn read(
        &self,
        platform: Option<&str>,
        event: Option<&str>,
        limit: usize,
    ) -> serde_json::Value {
        self.journal.read(platform, event, limit)
    }

    /// Forgets the journal; what is queued is still sent.
    pub fn reset(&self) {
        self.journal.reset();
    }

    fn enqueue(self: &Arc<Self>, job: Job) {
        let lane = job.webhook.lane;
        let mut lanes = self.lanes.lock();
        if let Some(queue) = lanes.get_mut(&lane) {
            queue.push_back(job);
            return;
        }
        lanes.insert(lane, VecDeque::from([job]));
        drop(lanes);
        self.spawn(async move |this| this.run_lane(lane).await);
    }

    async fn run_lane(self: Arc<Self>, lane: u64) {
        loop {
            let job = {
                let mut lanes = self.lanes.lock();
                match lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
                    Some(job) => job,
                    None => {
                        lanes.remove(&lane);
                        return;
                    }
                }
            };
            let this = self.clone();
            let mut attempt = Box::pin(this.first(job));
            if tokio::time::timeout(PATIENCE, &mut attempt).await.is_err() {
                self.spawn(async move |_| attempt.await);
            }
        }
    }

    /// The first attempt; the retries, if any, go on by themselves.
    async fn first(self: Arc<Self>, job: Job) {
        let outcome = self.attempt(&job.webhook, job.entry, 1, None).await;
        let Next::RetryAfter(wait) = job.webhook.policy.after(1, &outcome) else {
            self.settle(job.entry, &outcome);
            return;
        };
        // A retry at once is still work under way; one in a minute is not waited for.
        let busy = wait.is_zero().then(|| self.idle.busy());
        let Job { webhook, entry, .. } = job;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.spawn(async move |this| {
            this.clock.sleep(wait).await;
            this.retry(webhook, entry, busy, outcome).await;
        });
    }

    async fn retry(
        self: Arc<Self>,
        webhook: Webhook,
        entry: u64,
        mut busy: Option<Busy>,
        mut last: Outcome,
    ) {
        let mut number = 1;
        loop {
            let under_way = busy.take().unwrap_or_else(|| self.idle.busy());
            number += 1;
            let outcome = self.attempt(&webhook, entry, number, Some(&last)).await;
            match webhook.policy.after(number, &outcome) {
                Next::Stop => {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.settle(entry, &outcome);
                    return;
                }
                Next::RetryAfter(wait) => {
                    drop(under_way);
                    self.clock.sleep(wait).await;
                    last = outcome;
                }
            }
        }
    }

    fn settle(&self, entry: u64, outcome: &Outcome) {
        self.journal.close(entry, if outcome.is_success() { "delivered" } else { "given up" });
    }

    async fn attempt(
        &self,
        webhook: &Webhook,
        entry: u64,
        number: u32,
        last: Option<&Outcome>,
    ) -> Outcome {
        let now = self.clock.now();
        let attempt = Attempt { number, now, body: &webhook.body, last };
        let request = self
            .client
            .post(&webhook.url)
            .headers(webhook.policy.headers(&attempt))
            .body(webhook.body.clone());
        let begun = tokio::time::Instant::now();
        let outcome = match tokio::time::timeout(webhook.timeout, answer(request, begun)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Failed(error.without_url().to_string()),
            Err(_) => Outcome::TimedOut,
        };
        self.journal.attempt(entry, now, &outcome);
        outcome
    }

    /// Runs in the background until it ends or the sandbox stops.
    fn spawn<F, W>(self: &Arc<Self>, work: F)
    where
        F: FnOnce(Arc<Self>) -> W,
        W: Future<Output = ()> + Send + 'static,
    {
        let stopping = self.stopping.clone();
        let work = work(self.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        });
    }
}

async fn answer(
    request: reqwest::RequestBuilder,
    begun: tokio::time::Instant,
) -> reqwest::Result<Outcome> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() < ANSWER_LIMIT {
            body.extend_from_slice(&chunk);
        }
    }
    body.truncate(ANSWER_LIMIT);
    Ok(Outcome::Answered { status, headers, body: body.into(), took: begun.elapsed() })
}
