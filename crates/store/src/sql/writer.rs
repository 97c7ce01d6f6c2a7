//! The one thread that writes, and its group commit.

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
};

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    Fault, Tx, answers,
    checkpoint::{self, Checkpointer, Gate, Others},
    inbox, lately,
    open::Opening,
    query::query,
    readers::Readers,
    waiting::{self, Waiting},
};
use crate::{Appended, StoreError, sql::sealed::SealedInbound};

pub(super) type Queue = mpsc::Sender<Command>;
pub(super) type WeakQueue = mpsc::WeakSender<Command>;

pub(super) enum Command {
    Append(Append),
    Verb(Box<dyn Verb>),
    /// Nothing was written for a while, see [`Writer::let_go`].
    Rest,
    Close(oneshot::Sender<()>),
}

/// Webhooks to keep.
pub(super) struct Append {
    pub(super) rows: Vec<SealedInbound>,
    pub(super) outcome: Vec<Appended>,
    pub(super) asker: Handle,
    pub(super) answer: oneshot::Sender<Result<Vec<Appended>, StoreError>>,
}

impl Verb for Append {
    fn run(&mut self, tx: &mut Tx) -> Result<(), Fault> {
        inbox::append_all(tx, std::slice::from_mut(self))
    }

    fn kind(&self) -> Kind {
        Kind::Plan
    }

    fn asker(&self) -> &Handle {
        &self.asker
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
    fn kind(&self) -> Kind;
    /// The runtime in which the answer is waited for.
    fn asker(&self) -> &Handle;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// What a verb does to what is to be done, in the order in which they go in a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Goes on with what was begun, or does what an admin asks.
    Step,
    /// Makes more to do.
    Plan,
}

struct Queued<F, T> {
    verb: F,
    kind: Kind,
    outcome: Option<T>,
    asker: Handle,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

pub(super) fn queued<T, F>(kind: Kind, verb: F) -> (Box<dyn Verb>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, Fault> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    (Box::new(Queued { verb, kind, outcome: None, asker: Handle::current(), answer }), answered)
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

    fn kind(&self) -> Kind {
        self.kind
    }

    fn asker(&self) -> &Handle {
        &self.asker
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        let nothing = StoreError::Unavailable("the verb was not run".into());
        let _ = answer.send(end.and_then(|()| outcome.ok_or(nothing)));
    }
}

/// Starts the thread. It ends, folding the log into the file, after `Close` or when every sender
/// of the queue is gone.
pub(super) fn start(
    path: Arc<Path>,
    opening: Opening,
    tx: Tx,
    readers: Arc<Readers>,
) -> io::Result<Queue> {
    let (queue, commands) = mpsc::channel(waiting::QUEUE);
    let gate = Gate::default();
    let others = Others { writer: queue.downgrade(), readers };
    let checkpoints = Checkpointer::start(opening.clone(), gate.clone(), others)?;
    let writer = Writer { path, opening, tx: Some(tx), gate };
    thread::Builder::new()
        .name("rialto-store".into())
        .spawn(move || writer.serve(Waiting::new(commands), checkpoints))?;
    Ok(queue)
}

struct Writer {
    path: Arc<Path>,
    opening: Opening,
    /// `None` after a failure of the database: connected anew for the next batch.
    tx: Option<Tx>,
    gate: Gate,
}

impl Writer {
    fn serve(mut self, mut waiting: Waiting, checkpoints: Checkpointer) {
        while let Some(batch) = waiting.next(self.pile()) {
            if batch.len() == 0 {
                self.let_go();
                continue;
            }
            let gate = self.gate.closed.clone();
            let _held = gate.lock();
            self.commit(batch);
        }
        checkpoints.stop();
        let closing = waiting.into_closing();
        if let Some(tx) = self.tx {
            checkpoint::at_close(&tx.database);
        }
        if let Some(closed) = closing {
            let _ = closed.send(());
        }
    }

    /// Gives back what the page cache takes, up to 16 MB: it is worth something while there is much to
    /// write.
    fn let_go(&self) {
        let released = self.tx.as_ref().map_or(Ok(()), |tx| tx.database.release_memory());
        if let Err(error) = released {
            tracing::debug!(%error, "the page cache could not be given back");
        }
    }

    fn pile(&self) -> i64 {
        self.tx.as_ref().map_or(0, |tx| tx.pile)
    }

    fn commit(&mut self, mut batch: Batch) {
        let mut done = self.together(&mut batch);
        let mut ends = vec![Ok(()); batch.len()];
        if done.is_err() && batch.len() > 1 {
            // One of them failed, and what the others had done went with it.
            tracing::debug!(fault = ?done, verbs = batch.len(), "written again, one by one");
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
        for end in &ends {
            if let Err(error @ (StoreError::Unavailable(_) | StoreError::Corrupt(_))) = end {
                tracing::warn!(%error, "the database did not take a change");
            }
        }
        answers::give(batch.into_verbs().zip(ends));
    }

    /// Everything in one transaction, without a thought for failures: they are rare.
    fn together(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        self.transaction(|tx| {
            inbox::append_all(tx, &mut batch.appends)?;
            batch.verbs.iter_mut().try_for_each(|verb| verb.run(tx))?;
            lately::settle(tx, Instant::now())
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
                let pile = tx.pile;
                if let Err(fault) = verb.run(tx) {
                    *end = Err(fault.explain(&path));
                    tx.forget();
                    tx.pile = pile;
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
        let pile = tx.pile;
        let done = work(&mut tx).and_then(|()| tx.run(query("COMMIT")).map(drop));
        match &done {
            Ok(()) => self.tx = Some(tx),
            Err(Fault::Refused(_)) => {
                tx.forget();
                tx.pile = pile;
                if tx.run(query("ROLLBACK")).is_ok() {
                    self.tx = Some(tx);
                }
            }
            Err(Fault::Database(_)) => {}
        }
        done
    }
}

/// What goes into one transaction.
pub(super) struct Batch {
    /// Inserted before the other verbs.
    pub(super) appends: Vec<Append>,
    pub(super) verbs: Vec<Box<dyn Verb>>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
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
