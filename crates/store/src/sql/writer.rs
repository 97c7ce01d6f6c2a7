//! The one thread that writes, and its group commit.

use std::{
    collections::VecDeque,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Fault, Tx, checkpoint, inbox};
use crate::{Appended, StoreError, sql::sealed::SealedInbound};

/// Verbs that wait at most; whoever comes then waits to be let in.
const QUEUE: usize = 1024;
/// Verbs of one transaction at most.
const BATCH: usize = 256;
/// From so many appends in a batch on there is a rush: those whose platform waits for an answer, and
/// would send again, come first. What is on disk can wait.
const RUSH: usize = 16;
/// Other verbs of a batch in a rush: something goes on always.
const MEANWHILE: usize = 8;

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
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Running<'a> {
        Box::pin(inbox::append_all(tx, std::slice::from_mut(self)))
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        // Whoever asked may have gone; what was done is done.
        let _ = answer.send(end.map(|()| outcome));
    }
}

/// A verb on its way through the writer.
pub(super) trait Verb: Send {
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Running<'a>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 'a>>;

struct Queued<F, T> {
    verb: F,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

pub(super) fn queued<T, F>(verb: F) -> (Box<dyn Verb>, Answer<T>)
where
    T: Send + 'static,
    F: AsyncFn(&mut Tx) -> Result<T, Fault> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    (Box::new(Queued { verb, outcome: None, answer }), answered)
}

impl<T, F> Verb for Queued<F, T>
where
    T: Send,
    F: AsyncFn(&mut Tx) -> Result<T, Fault> + Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Running<'a> {
        Box::pin(async move {
            self.outcome = Some((self.verb)(tx).await?);
            Ok(())
        })
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
    options: SqliteConnectOptions,
    tx: Tx,
) -> Result<Queue, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (queue, commands) = mpsc::channel(QUEUE);
    let writer =
        Writer { path, options, tx: Some(tx), gate: Arc::default(), commits: Arc::default() };
    thread::Builder::new()
        .name("rialto-store".into())
        .spawn(move || runtime.block_on(writer.serve(commands)))?;
    Ok(queue)
}

struct Writer {
    path: Arc<Path>,
    options: SqliteConnectOptions,
    /// `None` after a failure of the database: connected anew for the next batch.
    tx: Option<Tx>,
    /// Held during a batch, and by the checkpointer for the last of its steps.
    gate: Arc<Mutex<()>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    async fn serve(mut self, mut commands: mpsc::Receiver<Command>) {
        let checkpoints = tokio::spawn(checkpoint::run(
            self.options.clone(),
            self.gate.clone(),
            self.commits.clone(),
        ));
        let mut waiting = Vec::with_capacity(BATCH);
        let mut verbs = VecDeque::new();
        let mut closing = None;
        loop {
            if verbs.is_empty() {
                if closing.is_some() || commands.recv_many(&mut waiting, BATCH).await == 0 {
                    break;
                }
            } else if closing.is_none() {
                waiting.extend(std::iter::from_fn(|| commands.try_recv().ok()).take(BATCH));
            }
            let mut batch = Batch::default();
            for command in waiting.drain(..) {
                match command {
                    Command::Append(append) => batch.appends.push(append),
                    Command::Verb(verb) => verbs.push_back(verb),
                    Command::Close(answer) => closing = Some(answer),
                }
            }
            let room = match batch.appends.len() {
                appends if appends >= RUSH => MEANWHILE,
                appends => BATCH - appends,
            };
            batch.verbs.extend(verbs.drain(..room.min(verbs.len())));
            let gate = self.gate.clone();
            let _held = gate.lock().await;
            if batch.len() > 0 {
                self.commit(batch).await;
            }
        }
        checkpoints.abort();
        let _ = checkpoints.await;
        drop(commands);
        checkpoint::at_close(self.tx).await;
        if let Some(closed) = closing {
            let _ = closed.send(());
        }
    }

    async fn commit(&mut self, mut batch: Batch) {
        let mut ends = vec![Ok(()); batch.len()];
        let mut done = self.together(&mut batch).await;
        if done.is_err() && batch.len() > 1 {
            // One of them failed, and what the others had done went with it.
            done = self.apart(&mut batch, &mut ends).await;
        }
        match done {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
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
    }

    /// Everything in one transaction, without a thought for failures: they are rare.
    async fn together(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let mut tx = self.begin().await?;
        let result = async {
            inbox::append_all(&mut tx, &mut batch.appends).await?;
            for verb in &mut batch.verbs {
                verb.run(&mut tx).await?;
            }
            tx.run(sqlx::query("COMMIT")).await
        };
        let result = result.await;
        self.finish(tx, result.map(drop)).await
    }

    /// Each within a savepoint, so that a failing one takes nothing else with it.
    async fn apart(
        &mut self,
        batch: &mut Batch,
        ends: &mut [Result<(), StoreError>],
    ) -> Result<(), Fault> {
        let path = self.path.clone();
        let mut tx = self.begin().await?;
        let result = async {
            for (verb, end) in batch.verbs_mut().zip(ends) {
                tx.run(sqlx::query("SAVEPOINT verb")).await?;
                if let Err(fault) = verb.run(&mut tx).await {
                    *end = Err(fault.explain(&path));
                    tx.forget();
                    tx.run(sqlx::query("ROLLBACK TO SAVEPOINT verb")).await?;
                }
                tx.run(sqlx::query("RELEASE SAVEPOINT verb")).await?;
            }
            tx.run(sqlx::query("COMMIT")).await
        };
        let result = result.await;
        self.finish(tx, result.map(drop)).await
    }

    async fn begin(&mut self) -> Result<Tx, Fault> {
        let mut tx = match self.tx.take() {
            Some(tx) => tx,
            None => Tx::new(self.options.connect().await?),
        };
        tx.run(sqlx::query("BEGIN IMMEDIATE")).await?;
        Ok(tx)
    }

    /// Undoes what was not committed. A connection on which the database itself failed is not
    /// trusted again: closing it undoes as well.
    async fn finish(&mut self, mut tx: Tx, result: Result<(), Fault>) -> Result<(), Fault> {
        match &result {
            Ok(()) => self.tx = Some(tx),
            Err(Fault::Refused(_)) => {
                tx.forget();
                if tx.run(sqlx::query("ROLLBACK")).await.is_ok() {
                    self.tx = Some(tx);
                }
            }
            Err(Fault::Database(_)) => {
                let _ = tx.connection.close().await;
            }
        }
        result
    }
}

#[derive(Default)]
struct Batch {
    appends: Vec<Append>,
    verbs: Vec<Box<dyn Verb>>,
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
