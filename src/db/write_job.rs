//! A write of the queue: what is to be done, who waits for the answer, and how it runs so that its failure harms no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use diesel::connection::{Connection, TransactionManager};
use tokio::sync::oneshot;

use super::connection::Db;
use super::deadline::QueueTicket;
use super::foresight::AnyForesight;
use super::transaction::{WriteError, WriteTransaction};
use crate::error::{Error, Result};

/// A write that waits for its turn.
pub(super) struct QueuedWrite {
    pub(super) deadline: Instant,
    pub(super) turn: QueueTicket,
    /// True if the write can be run again after its transaction was rolled back.
    pub(super) again: bool,
    pub(super) foreseen: Option<AnyForesight>,
    pub(super) write: Box<dyn WriteJob>,
}

/// A write to be done, and the caller that waits for the answer.
pub(super) trait WriteJob: Send {
    /// Writes, and keeps the answer.
    fn run(&mut self, tx: &mut WriteTransaction<'_>, isolation: Isolation) -> TransactionState;
    /// True if it has written what it was to write, as far as it knows.
    fn has_written(&self) -> bool;
    /// Tells the one who asked, once it is known how the transaction ended.
    fn reply(self: Box<Self>, failure: Option<Error>);
}

/// The way in which a write runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// The only one of its transaction.
    Alone,
    /// Among others that will not run again when it fails.
    InSavepoint,
    /// Among others, all of which can run again.
    Together,
}

/// The state in which a task leaves the transaction that it ran in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionState {
    Sound,
    /// The write was refused, and as it was alone the whole transaction is to be taken back.
    Undone,
    /// The write failed when it had written something already: the transaction is to be taken back, and those that can
    /// run again are to be run alone.
    Poisoned,
    /// The connection or the transaction is lost: nothing of this group can be kept.
    Lost,
}

impl TransactionState {
    /// The state after something for all writes of a group has failed.
    pub(super) fn after(failure: Error) -> Self {
        match WriteError::from(failure) {
            WriteError::ConnectionLost(_) => TransactionState::Lost,
            WriteError::Poisoned(_) | WriteError::Refused(_) => TransactionState::Poisoned,
        }
    }
}

/// Work with its result, as long as that has not been told.
pub(super) struct PendingJob<T, F> {
    work: F,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> PendingJob<T, F> {
    pub(super) fn new(work: F, answer: oneshot::Sender<Result<T>>) -> Self {
        PendingJob { work, result: None, answer }
    }
}

impl<T: Send, F: FnMut(&mut WriteTransaction<'_>) -> Result<T> + Send> WriteJob for PendingJob<T, F> {
    fn run(&mut self, tx: &mut WriteTransaction<'_>, isolation: Isolation) -> TransactionState {
        let (state, result) = run_job(tx, isolation, &mut self.work);
        self.result = Some(result);
        state
    }

    fn has_written(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    fn reply(self: Box<Self>, failure: Option<Error>) {
        let outcome = match (self.result, failure) {
            (Some(Err(refused)), _) => Err(refused),
            (_, Some(failure)) => Err(failure),
            (Some(kept), None) => kept,
            (None, None) => Err(Error::Internal("a write was not run".into())),
        };
        // Nobody listens any more when the client has gone away: the write is kept all the same.
        let _ = self.answer.send(outcome);
    }
}

/// Runs one write so that its failure takes back only what it did itself, or tells that more must be taken back.
fn run_job<T>(
    tx: &mut WriteTransaction<'_>,
    isolation: Isolation,
    work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T>,
) -> (TransactionState, Result<T>) {
    let mut work = AssertUnwindSafe(work);
    let run = AssertUnwindSafe(|| match isolation {
        Isolation::Alone => work(tx).map_err(WriteError::from),
        Isolation::InSavepoint => tx.savepoint(|tx| work(tx)).map_err(WriteError::from),
        Isolation::Together => tx.attempt(|tx| work(tx)),
    });
    let panicked = || WriteError::Poisoned(Error::Internal("a write panicked".into()));
    let result = catch_unwind(run).unwrap_or_else(|_| Err(panicked()));
    match (result, isolation) {
        (Err(WriteError::ConnectionLost(error)), _) => (TransactionState::Lost, Err(error)),
        (result, _) if !in_transaction(tx.unflushed()) => {
            let broken = Error::Unavailable("the transaction broke".into());
            (TransactionState::Lost, result.map_err(Error::from).and(Err(broken)))
        }
        (Err(error), Isolation::Alone) => (TransactionState::Undone, Err(error.into())),
        (Err(WriteError::Poisoned(error)), Isolation::Together) => (TransactionState::Poisoned, Err(error)),
        (result, _) => (TransactionState::Sound, result.map_err(Error::from)),
    }
}

/// True if the transaction of the group is still open and sound.
fn in_transaction(db: &mut Db) -> bool {
    let status = <Db as Connection>::TransactionManager::transaction_manager_status_mut(db);
    matches!(status.transaction_depth(), Ok(Some(depth)) if depth.get() == 1)
}

pub(super) fn refuse(task: QueuedWrite, why: &str) {
    task.write.reply(Some(Error::Unavailable(why.to_owned())));
}
