//! The generator: connections that post webhooks, one at a time each, as fast as they are let or at
//! a rate. What is slow is measured from when it should have been sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::{
    clock,
    event::Events,
    ledger::{self, Ledger},
    wire::Wire,
};

/// How fast.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection sends as soon as it was answered.
    Flat,
    /// Likewise, but only so many messages may be under way to the other side.
    Window,
    /// So many a second over all connections, whatever is answered.
    Rate(f64),
}

/// What is sent, where.
#[derive(Clone)]
pub struct Load {
    /// Port of this machine.
    pub port: u16,
    /// Makes requests.
    pub events: Arc<dyn Events>,
    /// Knows them.
    pub ledger: Arc<Ledger>,
    /// How many connections.
    pub connections: usize,
    /// Over how many channels.
    pub channels: usize,
    /// How fast.
    pub pace: Pace,
}

/// What the generator sees while it runs.
pub struct Running {
    tasks: JoinSet<Result<()>>,
    seen: Arc<Seen>,
}

struct Seen {
    stop: AtomicBool,
    answered: AtomicU64,
    refused: AtomicU64,
    latencies: Mutex<Histogram<u64>>,
}

impl Load {
    /// Begins. Every channel belongs to one connection, so that its messages are sent in order.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn start(self) -> Result<Running> {
        let seen = Arc::new(Seen {
            stop: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            latencies: Mutex::new(ledger::histogram()),
        });
        let mut tasks = JoinSet::new();
        let connections = self.connections.min(self.channels);
        let began = clock::nanos();
        for number in 0..connections {
            let wire = Wire::open(self.port).await?;
            let channels = (number..self.channels).step_by(connections).collect();
            let sender = Sender {
                load: self.clone(),
                seen: seen.clone(),
                channels,
                number,
                connections,
                began,
            };
            tasks.spawn(sender.run(wire));
        }
        Ok(Running { tasks, seen })
    }
}

struct Sender {
    load: Load,
    seen: Arc<Seen>,
    channels: Vec<usize>,
    number: usize,
    connections: usize,
    began: u64,
}

impl Sender {
    async fn run(self, mut wire: Wire) -> Result<()> {
        let ledger = &self.load.ledger;
        for turn in 0.. {
            let due = match self.load.pace {
                Pace::Flat => None,
                Pace::Window => {
                    ledger.window.acquire().await?.forget();
                    None
                }
                Pace::Rate(rate) => {
                    let place = (turn * self.connections + self.number) as f64;
                    let due = self.began + (place / rate * 1e9) as u64;
                    tokio::time::sleep_until(clock::at(due)).await;
                    Some(due)
                }
            };
            if self.seen.stop.load(Relaxed) {
                return Ok(());
            }
            let Some(number) = ledger.next() else { return Ok(()) };
            let channel = self.channels[turn % self.channels.len()];
            let request = self.load.events.message(number, channel);
            ledger.sending(number);
            let from = due.unwrap_or_else(clock::nanos);
            let mut status = wire.call(&request).await?;
            while !matches!(status, 200 | 202) {
                self.seen.refused.fetch_add(1, Relaxed);
                status = wire.call(&request).await?;
            }
            self.seen.answered.fetch_add(1, Relaxed);
            let micros = clock::nanos().saturating_sub(from) / 1_000;
            self.seen.latencies.lock().saturating_record(micros);
        }
        Ok(())
    }
}

impl Running {
    /// How many webhooks were accepted.
    pub fn answered(&self) -> u64 {
        self.seen.answered.load(Relaxed)
    }

    /// How many were refused, and sent again.
    pub fn refused(&self) -> u64 {
        self.seen.refused.load(Relaxed)
    }

    /// Measures from now on.
    pub fn measure(&self) {
        self.seen.latencies.lock().reset();
    }

    /// How long answers took, in microseconds.
    pub fn latencies(&self) -> Histogram<u64> {
        self.seen.latencies.lock().clone()
    }

    /// Ends; what is under way is answered first.
    ///
    /// # Errors
    /// What went wrong on a connection.
    pub async fn stop(self, ledger: &Ledger) -> Result<()> {
        self.seen.stop.store(true, Relaxed);
        // Whoever waits for a place in the window looks at `stop` when there is one.
        ledger.window.add_permits(self.tasks.len());
        self.end().await
    }

    /// Waits until the ledger has no room left, and all is answered.
    ///
    /// # Errors
    /// What went wrong on a connection.
    pub async fn end(mut self) -> Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// Waits until all that was sent has arrived, or nothing arrives for `patience`.
pub async fn settle(ledger: &Ledger, patience: Duration) {
    let (mut seen, mut since) = (ledger.arrivals(), clock::nanos());
    while ledger.missing() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if ledger.arrivals() != seen {
            (seen, since) = (ledger.arrivals(), clock::nanos());
        } else if Duration::from_nanos(clock::nanos() - since) > patience {
            return;
        }
    }
}
