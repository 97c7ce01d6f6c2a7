//! What waits to be written, and what of it goes into the next transaction.

use std::{collections::VecDeque, thread, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    flood::{CROWD, Flood},
    writer::{Append, Batch, Command, Verb},
};

/// Commands in the queue at most; whoever comes then waits to be let in.
pub(super) const QUEUE: usize = 1024;
/// Appends, or other verbs, of one transaction at most: what comes next waits for them.
const BATCH: usize = 256;
/// After so many the next transaction is let fill: a commit costs about the same for many as for few.
const BUSY: usize = 16;
/// Other verbs at most beside many appends.
const BESIDE: usize = 64;
/// Other verbs at most in a flood, beside the few appends that there are at the moment.
const FEW: usize = 32;
/// So many appends go before one other verb when a flood comes.
const APPENDS_PER_VERB: usize = 16;
/// How often others are let go first, as long as something comes of it.
const STEPS: usize = 2;
/// How long where no flood comes: those who relay need a moment to ask for more.
const STEP: Duration = Duration::from_micros(500);

pub(super) struct Waiting {
    commands: mpsc::Receiver<Command>,
    taken: Vec<Command>,
    appends: VecDeque<Append>,
    verbs: VecDeque<Box<dyn Verb>>,
    closing: Option<oneshot::Sender<()>>,
    flood: Flood,
    /// The last transaction was a large one.
    busy: bool,
}

impl Waiting {
    /// The thread that calls this is the one that writes.
    pub(super) fn new(commands: mpsc::Receiver<Command>) -> Self {
        Self {
            commands,
            taken: Vec::with_capacity(QUEUE),
            appends: VecDeque::new(),
            verbs: VecDeque::new(),
            closing: None,
            flood: Flood::watched(Instant::now()),
            busy: false,
        }
    }

    /// Waits for what is to be written next; `None` when writing ends. `pile`: how much of what
    /// was written waits to go on, see [`Tx::pile`](super::Tx::pile).
    pub(super) fn next(&mut self, pile: i64) -> Option<Batch> {
        if self.len() == 0 {
            let ends = self.closing.is_some()
                || self.commands.blocking_recv_many(&mut self.taken, QUEUE) == 0;
            if ends {
                return None;
            }
        }
        if self.closing.is_none() {
            self.fill();
        }
        let appends = self.appends.len().min(BATCH);
        let verbs = self.share(appends).min(self.verbs.len());
        self.flood.saw(Instant::now(), appends, pile);
        let batch = Batch {
            appends: self.appends.drain(..appends).collect(),
            verbs: self.verbs.drain(..verbs).collect(),
        };
        self.busy = batch.len() >= BUSY;
        Some(batch)
    }

    /// Who asked for the end.
    pub(super) fn into_closing(self) -> Option<oneshot::Sender<()>> {
        self.closing
    }

    fn len(&self) -> usize {
        self.appends.len() + self.verbs.len()
    }

    /// Takes all that is there, and when there is much to do also what is just about to come.
    fn fill(&mut self) {
        let steps = if self.busy || self.flood.is_on() { STEPS } else { 0 };
        for step in 0..=steps {
            let before = self.len();
            self.take();
            let nothing_comes = step > 0 && self.len() == before;
            let is_full = self.verbs.len() >= BATCH;
            if step == steps || nothing_comes || is_full || self.closing.is_some() {
                return;
            }
            match self.flood.is_on() {
                true => thread::yield_now(),
                false => pause(),
            }
        }
    }

    /// How many other verbs go with so many appends. A platform waits for its answer and sends again,
    /// what is on disk can wait: the more come the fewer go on, in a flood very few, but some always do.
    fn share(&self, appends: usize) -> usize {
        match (self.flood.is_on(), appends) {
            (true, CROWD..) => appends / APPENDS_PER_VERB,
            (true, _) => FEW,
            (false, _) => BATCH.saturating_sub(4 * appends).max(BESIDE),
        }
    }

    fn take(&mut self) {
        while self.taken.len() < QUEUE {
            let Ok(command) = self.commands.try_recv() else { break };
            self.taken.push(command);
        }
        for command in self.taken.drain(..) {
            match command {
                Command::Append(append) => self.appends.push_back(append),
                Command::Verb(verb) => self.verbs.push_back(verb),
                Command::Close(answer) => self.closing = Some(answer),
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is waited for is that time passes")]
fn pause() {
    thread::sleep(STEP);
}
