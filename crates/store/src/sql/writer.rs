//! The one thread that writes, and its group commit.

use std::{
    collections::VecDeque,
    io, iter,
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    Fault, Tx,
    checkpoint::{self, Checkpointer, Gate},
    inbox,
    open::Opening,
    query::query,
};
use crate::{Appended, StoreError, sql::sealed::SealedInbound};

/// Verbs that wait at most; whoever comes then waits to be let in.
const QUEUE: usize = 1024;
/// Verbs of one transaction at most.
const BATCH: usize = 256;
/// From so many appends in a batch on there is a rush: a platform waits for its answer and sends
/// again, what is on disk can wait.
const RUSH: usize = 16;
/// How long other verbs of a batch may take in a rush. One goes on always.
const MEANWHILE: Duration = Duration::from_millis(1);
/// After a batch of so many verbs the next one is let fill: a commit costs about the same for many
/// as for few.
const BUSY: usize = 16;
/// How long it is let fill, as long as in each step something comes.
const STEP: Duration = Duration::from_micros(500);
const STEPS: usize = 4;

pub(super) type Queue = mpsc::Sender<Command>;

pub(super) enum Command {
    /// All of a batch are inserted together, before its other verbs.
    Append(Append),
    Verb(Box<dyn Verb>),
    Close(oneshot::Sender<()>),
}

/// Webhooks to keep.
pub(super) struct Append {
    pub(super) rows: Vec<SealedInbound>,
    pub(super) outcome: Vec<Appended>,
    pub(super) answer: oneshot::Sender<Result<Vec<Appended>, StoreError>>,
}

impl Verb for Append {
    fn run(&mut self, tx: &mut Tx) -> Result<(), Fault> {
        inbox::append_all(tx, std::slice::from_mut(self))
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        // Whoever asked may have gone; what was done is done.
        let _ = answer.send(end.map(|()| outcome));
    }
}

/// A verb on its way through the writer.
pub(super) trait Verb: Send {
    fn run(&mut self, tx: &mut Tx) -> Result<(), Fault>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

struct Queued<F, T> {
    verb: F,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

pub(super) fn queued<T, F>(verb: F) -> (Box<dyn Verb>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, Fault> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    (Box::new(Queued { verb, outcome: None, answer }), answered)
}

impl<T, F> Verb for Queued<F, T>
where
    T: Send,
    F: FnMut(&mut Tx) -> Result<T, Fault> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> Result<(), Fault> {
        self.outcome = Some((self.verb)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        let nothing = StoreError::Unavailable("the verb was not run".into());
        let _ = answer.send(end.and_then(|()| outcome.ok_or(nothing)));
    }
}

/// Starts the thread. It ends, folding the log into the file, after `Close` or when every sender
/// of the queue is gone.
pub(super) fn start(path: Arc<Path>, opening: Opening, tx: Tx) -> io::Result<Queue> {
    let (queue, commands) = mpsc::channel(QUEUE);
    let gate = Gate::default();
    let checkpoints = Checkpointer::start(opening.clone(), gate.clone())?;
    let writer = Writer { path, opening, tx: Some(tx), gate };
    thread::Builder::new()
        .name("rialto-store".into())
        .spawn(move || writer.serve(commands, checkpoints))?;
    Ok(queue)
}

/// Takes what is there already, and what comes while a batch is let fill.
fn gather(commands: &mut mpsc::Receiver<Command>, waiting: &mut Vec<Command>, busy: bool) {
    let steps = if busy { STEPS } else { 0 };
    for step in 0..=steps {
        let before = waiting.len();
        let room = BATCH.saturating_sub(before);
        waiting.extend(iter::from_fn(|| commands.try_recv().ok()).take(room));
        let nothing_comes = step > 0 && waiting.len() == before;
        if step == steps || nothing_comes || waiting.len() >= BATCH {
            return;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "what is waited for is that time passes")]
fn pause() {
    thread::sleep(STEP);
}

struct Writer {
    path: Arc<Path>,
    opening: Opening,
    /// `None` after a failure of the database: connected anew for the next batch.
    tx: Option<Tx>,
    gate: Gate,
}

impl Writer {
    fn serve(mut self, mut commands: mpsc::Receiver<Command>, checkpoints: Checkpointer) {
        let mut waiting = Vec::with_capacity(BATCH);
        let mut verbs = VecDeque::new();
        let mut closing = None;
        let mut busy = false;
        loop {
            if verbs.is_empty()
                && (closing.is_some() || commands.blocking_recv_many(&mut waiting, BATCH) == 0)
            {
                break;
            }
            if closing.is_none() {
                gather(&mut commands, &mut waiting, busy);
            }
            let mut batch = Batch::default();
            for command in waiting.drain(..) {
                match command {
                    Command::Append(append) => batch.appends.push(append),
                    Command::Verb(verb) => verbs.push_back(verb),
                    Command::Close(answer) => closing = Some(answer),
                }
            }
            batch.verbs.extend(verbs.drain(..BATCH.min(verbs.len())));
            busy = batch.len() >= BUSY;
            if batch.len() > 0 {
                let gate = self.gate.closed.clone();
                let _held = gate.lock();
                for verb in self.commit(batch).into_iter().rev() {
                    verbs.push_front(verb);
                }
            }
        }
        checkpoints.stop();
        drop(commands);
        if let Some(tx) = self.tx {
            checkpoint::at_close(&tx.database);
        }
        if let Some(closed) = closing {
            let _ = closed.send(());
        }
    }

    /// Gives back what there was no time for.
    fn commit(&mut self, mut batch: Batch) -> Vec<Box<dyn Verb>> {
        let mut done = self.together(&mut batch);
        let later = match done {
            Ok(()) => batch.verbs.split_off(batch.run),
            Err(_) => Vec::new(),
        };
        let mut ends = vec![Ok(()); batch.len()];
        if done.is_err() && batch.len() > 1 {
            // One of them failed, and what the others had done went with it.
            done = self.apart(&mut batch, &mut ends);
        }
        match done {
            Ok(()) => {
                self.gate.commits.fetch_add(1, Ordering::Relaxed);
            }
            Err(fault) => {
                let error = fault.explain(&self.path);
                ends.fill(Err(error));
            }
        }
        for (verb, end) in batch.into_verbs().zip(ends) {
            if let Err(error @ (StoreError::Unavailable(_) | StoreError::Corrupt(_))) = &end {
                tracing::warn!(%error, "the database did not take a change");
            }
            verb.answer(end);
        }
        later
    }

    /// Everything in one transaction, without a thought for failures: they are rare.
    fn together(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        self.transaction(|tx| {
            let rush = batch.appends.len() >= RUSH;
            inbox::append_all(tx, &mut batch.appends)?;
            let began = Instant::now();
            for verb in &mut batch.verbs {
                batch.run += 1;
                verb.run(tx)?;
                if rush && began.elapsed() > MEANWHILE {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Each within a savepoint, so that a failing one takes nothing else with it.
    fn apart(
        &mut self,
        batch: &mut Batch,
        ends: &mut [Result<(), StoreError>],
    ) -> Result<(), Fault> {
        let path = self.path.clone();
        self.transaction(|tx| {
            for (verb, end) in batch.verbs_mut().zip(ends) {
                tx.run(query("SAVEPOINT verb"))?;
                if let Err(fault) = verb.run(tx) {
                    *end = Err(fault.explain(&path));
                    tx.forget();
                    tx.run(query("ROLLBACK TO SAVEPOINT verb"))?;
                }
                tx.run(query("RELEASE SAVEPOINT verb"))?;
            }
            Ok(())
        })
    }

    /// Undoes what was not committed. A connection on which the database itself failed is not
    /// trusted again: closing it undoes as well.
    fn transaction(
        &mut self,
        work: impl FnOnce(&mut Tx) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut tx = match self.tx.take() {
            Some(tx) => tx,
            None => Tx::new(self.opening.open()?),
        };
        tx.run(query("BEGIN IMMEDIATE"))?;
        let done = work(&mut tx).and_then(|()| tx.run(query("COMMIT")).map(drop));
        match &done {
            Ok(()) => self.tx = Some(tx),
            Err(Fault::Refused(_)) => {
                tx.forget();
                if tx.run(query("ROLLBACK")).is_ok() {
                    self.tx = Some(tx);
                }
            }
            Err(Fault::Database(_)) => {}
        }
        done
    }
}

#[derive(Default)]
struct Batch {
    appends: Vec<Append>,
    verbs: Vec<Box<dyn Verb>>,
    /// So many of the verbs were run.
    run: usize,
}

impl Batch {
    fn len(&self) -> usize {
        self.appends.len() + self.verbs.len()
    }

    fn verbs_mut(&mut self) -> impl Iterator<Item = &mut dyn Verb> {
        let appends = self.appends.iter_mut().map(|append| append as &mut dyn Verb);
        appends.chain(self.verbs.iter_mut().map(|verb| &mut **verb as &mut dyn Verb))
    }

    fn into_verbs(self) -> impl Iterator<Item = Box<dyn Verb>> {
        let appends = self.appends.into_iter().map(|append| Box::new(append) as Box<dyn Verb>);
        appends.chain(self.verbs)
    }
}
