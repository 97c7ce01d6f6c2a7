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
/// Those other verbs go together when so many may: each by itself would touch as many pages as all.
const TOGETHER: usize = 64;
/// Appends of a flood that are worth a transaction: the rest come while it is written.
const ENOUGH: usize = 32;
/// How often others are let go first, as long as something comes of it: in a flood, and else.
const YIELDS: usize = 4;
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
    /// Appends of floods since other verbs went with them.
    alone: usize,
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
            alone: 0,
            busy: false,
        }
    }

    /// Waits for what is to be written next, which is nothing when it is time to rest; `None` when
    /// writing ends. `pile`: how much of what was written waits to go on, see
    /// [`Tx::pile`](super::Tx::pile).
    pub(super) fn next(&mut self, pile: i64) -> Option<Batch> {
        if self.len() == 0 {
            let ends = self.closing.is_some()
                || self.commands.blocking_recv_many(&mut self.taken, QUEUE) == 0;
            if ends {
                return None;
            }
        }
        match (self.closing.is_none(), self.flood.is_on()) {
            (true, true) => self.fill_in_flood(),
            (true, false) => self.fill(),
            (false, _) => {}
        }
        let appends = self.appends.len().min(BATCH);
        let verbs = self.share(appends).min(self.verbs.len());
        if verbs > 0 && self.flood.is_on() {
            // What was begun is finished before more is. The sort keeps the order of equals.
            self.verbs.make_contiguous().sort_by_key(|verb| verb.kind());
        }
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
        let steps = if self.busy { STEPS } else { 0 };
        for step in 0..=steps {
            let before = self.len();
            self.take();
            let nothing_comes = step > 0 && self.len() == before;
            let is_full = self.verbs.len() >= BATCH;
            if step == steps || nothing_comes || is_full || self.closing.is_some() {
                return;
            }
            pause();
        }
    }

    /// Likewise in a flood, where only webhooks count: others wait for some to go with. Not all
    /// webhooks are waited for, since their senders would have nothing to do meanwhile.
    fn fill_in_flood(&mut self) {
        for step in 0..=YIELDS {
            let before = self.appends.len();
            self.take();
            let nothing_comes = step > 0 && before > 0 && self.appends.len() == before;
            let is_enough = self.appends.len() >= ENOUGH;
            if step == YIELDS || nothing_comes || is_enough || self.closing.is_some() {
                return;
            }
            thread::yield_now();
        }
    }

    /// How many other verbs go with so many appends. A platform waits for its answer and sends again,
    /// what is on disk can wait: the more come the fewer go on, in a flood very few, but some always do.
    fn share(&mut self, appends: usize) -> usize {
        if !self.flood.is_on() {
            return BATCH.saturating_sub(4 * appends).max(BESIDE);
        }
        if appends < CROWD {
            return FEW;
        }
        self.alone += appends;
        if self.alone < TOGETHER * APPENDS_PER_VERB {
            return 0;
        }
        self.alone = 0;
        TOGETHER
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
                // With nothing else it makes a batch of nothing.
                Command::Rest => {}
                Command::Close(answer) => self.closing = Some(answer),
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is waited for is that time passes")]
fn pause() {
    thread::sleep(STEP);
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Handle, Runtime};

    use super::*;
    use crate::{
        StoreError,
        sql::{Fault, Tx, writer::Kind},
    };

    struct Idle(Kind, Handle);

    impl Verb for Idle {
        fn run(&mut self, _: &mut Tx) -> Result<(), Fault> {
            Ok(())
        }

        fn kind(&self) -> Kind {
            self.0
        }

        fn asker(&self) -> &Handle {
            &self.1
        }

        fn answer(self: Box<Self>, _: Result<(), StoreError>) {}
    }

    /// What one transaction takes of so many webhooks, while plans and steps wait in turn.
    fn taken(waiting: &mut Waiting, asker: &Handle, appends: usize) -> Vec<Kind> {
        for _ in 0..appends {
            let (rows, outcome) = (Vec::new(), Vec::new());
            let (asker, (answer, _)) = (asker.clone(), oneshot::channel());
            waiting.appends.push_back(Append { rows, outcome, asker, answer });
        }
        for kind in [Kind::Plan, Kind::Step].into_iter().cycle().take(BATCH) {
            waiting.verbs.push_back(Box::new(Idle(kind, asker.clone())));
        }
        let batch = waiting.next(0).unwrap();
        assert_eq!(batch.appends.len(), appends);
        waiting.verbs.clear();
        batch.verbs.iter().map(|verb| verb.kind()).collect()
    }

    #[test]
    fn in_a_flood_what_was_begun_goes_on_now_and_then_and_all_of_it_together() {
        let runtime = Runtime::new().unwrap();
        let asker = runtime.handle();
        let mut waiting = Waiting::new(mpsc::channel(QUEUE).1);
        let calm = taken(&mut waiting, asker, 10);
        assert_eq!(calm[..4], [Kind::Plan, Kind::Step, Kind::Plan, Kind::Step]);
        assert_eq!(calm.len(), BATCH - 40);
        waiting.flood = Flood::that_goes_on(Instant::now());
        let mut alone = 0;
        let together = loop {
            let verbs = taken(&mut waiting, asker, 64);
            if !verbs.is_empty() {
                break verbs;
            }
            alone += 64;
        };
        assert_eq!(alone + 64, TOGETHER * APPENDS_PER_VERB);
        assert_eq!(together, [Kind::Step; TOGETHER]);
        assert_eq!(taken(&mut waiting, asker, CROWD - 1), [Kind::Step; FEW], "it may be over soon");
    }

    #[test]
    fn a_rest_is_a_batch_of_nothing_and_none_beside_something_to_write() {
        let runtime = Runtime::new().unwrap();
        let (queue, commands) = mpsc::channel(QUEUE);
        let mut waiting = Waiting::new(commands);
        queue.try_send(Command::Rest).ok().unwrap();
        assert_eq!(waiting.next(0).map(|batch| batch.len()), Some(0));
        queue.try_send(Command::Rest).ok().unwrap();
        let idle = Box::new(Idle(Kind::Step, runtime.handle().clone()));
        queue.try_send(Command::Verb(idle)).ok().unwrap();
        assert_eq!(waiting.next(0).map(|batch| batch.len()), Some(1));
        drop(queue);
        assert!(waiting.next(0).is_none());
    }
}
