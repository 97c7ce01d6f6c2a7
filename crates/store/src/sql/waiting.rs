//! What waits to be written, and what of it goes into the next transaction.

use std::{collections::VecDeque, thread, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::writer::{Append, Batch, Command, Verb};

/// Commands in the queue at most; whoever comes then waits to be let in.
const QUEUE: usize = 1024;
/// Appends of one transaction at most.
const BATCH: usize = 256;
/// Other verbs at most, when nothing else comes: what comes next waits for them.
const ALONE: usize = 128;
/// Verbs at most beside few appends.
const BESIDE: usize = 64;
/// So many appends go before one other verb when a flood comes.
const APPENDS_PER_VERB: usize = 16;
/// After a batch of so many the next one is let fill: a commit costs about the same for many as for
/// few.
const BUSY: usize = 16;
/// How often others are let go first, as long as something comes of it.
const STEPS: usize = 4;
/// How long where no flood comes: it is threads that stand back behind this one who ask then.
const STEP: Duration = Duration::from_micros(500);
/// So many appends that wait are a flood.
const FLOOD: usize = 16;

pub(super) struct Waiting {
    commands: mpsc::Receiver<Command>,
    taken: Vec<Command>,
    appends: VecDeque<Append>,
    verbs: VecDeque<Box<dyn Verb>>,
    closing: Option<oneshot::Sender<()>>,
    /// The last batch was a large one.
    busy: bool,
}

impl Waiting {
    pub(super) fn new() -> (mpsc::Sender<Command>, Self) {
        let (queue, commands) = mpsc::channel(QUEUE);
        let waiting = Self {
            commands,
            taken: Vec::with_capacity(QUEUE),
            appends: VecDeque::new(),
            verbs: VecDeque::new(),
            closing: None,
            busy: false,
        };
        (queue, waiting)
    }

    /// Waits for what is to be written next; `None` when writing ends.
    pub(super) fn next(&mut self) -> Option<Batch> {
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
        let appends: Vec<_> = self.appends.drain(..self.appends.len().min(BATCH)).collect();
        let share = share(appends.len()).min(self.verbs.len());
        let batch = Batch { appends, verbs: self.verbs.drain(..share).collect() };
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
        let steps = if self.busy { STEPS } else { 0 };
        for step in 0..=steps {
            let before = self.len();
            self.take();
            let nothing_comes = step > 0 && self.len() == before;
            if step == steps || nothing_comes || self.closing.is_some() {
                return;
            }
            match self.appends.len() {
                FLOOD.. => thread::yield_now(),
                _ => pause(),
            }
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

/// How many other verbs go with so many appends. A platform waits for its answer and sends again,
/// what is on disk can wait: the more comes in, the fewer go on, but some always do.
fn share(appends: usize) -> usize {
    match appends {
        0 => ALONE,
        _ => BESIDE.saturating_sub(3 * appends).max(appends / APPENDS_PER_VERB).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_comes_in_the_less_goes_on_beside_but_never_nothing() {
        let shares = [0, 1, 16, 32, 64, 256].map(share);
        assert_eq!(shares, [128, 61, 16, 2, 4, 16]);
        assert!((0..=BATCH).all(|appends| share(appends) > 0));
    }
}
