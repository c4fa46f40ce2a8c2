//! The one writer: a thread with one connection that puts waiting writes into one transaction.
//!
//! All writes of a process go through here, one after the other, so none of them can fail because of another. Those
//! that wait while a commit runs share the next one, and each has an answer of its own that goes out only after the
//! commit. So the cost of making a commit durable is shared under load, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use tokio::sync::{oneshot, watch};

use super::deadline::{QueueTicket, StatementClock, Timeouts};
use super::foresight::AnyForesight;
use super::hangs::{HangCount, Post, Posts};
use super::maintenance::Maintenance;
use super::measures::WriterMeasures;
use super::transaction::WriteTransaction;
use super::write_group::{GroupFate, write_group};
use super::write_job::{PendingJob, QueuedWrite, refuse};
use super::writer_state::WriterState;
use super::writing_connection::{WritingConnection, WritingPlace};
use crate::error::{Error, Result};

/// The most writes that share a commit.
const GROUP: usize = 64;

/// For which part of the time that the group before it took a group waits for as many writes as that had ...
const GATHERING: u32 = 8;

/// ... if that is long enough to be worth it.
const WORTH_IT: Duration = Duration::from_micros(200);

/// After so long without a write the database is looked after.
const IDLE: Duration = Duration::from_secs(1);

/// The most writes that wait; a further one is told that the service is busy.
const QUEUE: usize = 1024;

/// The way to the writing thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: Sender<QueuedWrite>,
    patience: Timeouts,
    commits: watch::Sender<u64>,
    waiting: Arc<AtomicI64>,
    state: Arc<WriterState>,
    measures: WriterMeasures,
    /// The writing thread; held so that it is looked after.
    _posts: Arc<Posts>,
}

impl Writer {
    pub(super) fn start(place: WritingPlace, patience: Timeouts, hangs: &HangCount) -> Result<Self> {
        let (queue, tasks) = bounded(QUEUE);
        let timeout = place.times.limit;
        drop(place.open(&StatementClock::default())?);
        let commits = watch::Sender::new(0);
        let (state, measures) = (Arc::new(WriterState::default()), place.measures.clone());
        let start = {
            let (commits, state, losses) = (commits.clone(), state.clone(), hangs.clone());
            move |post: Arc<Post>| {
                let (tasks, place, losses) = (tasks.clone(), place.clone(), losses.clone());
                let (commits, state) = (commits.clone(), state.clone());
                let writing = std::thread::Builder::new().name("writer".into());
                writing.spawn(move || write_all(&tasks, (&place, &losses), &post, &state, &commits)).map(|_| ())
            }
        };
        let posts = Posts::fill(1, timeout, hangs, start)?;
        Ok(Writer { queue, patience, commits, waiting: Arc::default(), state, measures, _posts: posts })
    }

    pub(super) fn measures(&self) -> &WriterMeasures {
        &self.measures
    }

    /// The time for which writes have failed or hung; none while they are kept.
    pub(super) fn silence(&self) -> Duration {
        self.state.silence()
    }

    /// Returns the number of writes that have not been answered yet.
    pub(super) fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Changes whenever this process has committed something.
    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Runs a write that may be run once only.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        let mut work = Some(work);
        let once = move |tx: &mut WriteTransaction<'_>| match work.take() {
            Some(work) => work(tx),
            None => Err(Error::Internal("a write was run again".into())),
        };
        self.queue(once, false, None).await
    }

    /// Runs a write that has written nothing itself when it is refused, and can be run again.
    pub(super) async fn run_together<T, F>(&self, foreseen: Option<AnyForesight>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        self.queue(work, true, foreseen).await
    }

    async fn queue<T, F>(&self, work: F, again: bool, foreseen: Option<AnyForesight>) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTransaction<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let turn = QueueTicket::default();
        let write = Box::new(PendingJob::new(work, answer));
        let deadline = Instant::now() + self.patience.turn;
        let task = QueuedWrite { deadline, turn: turn.clone(), again, foreseen, write };
        self.queue.try_send(task).map_err(|_| Error::Unavailable("too many writes are waiting".into()))?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // A write that hangs may still be kept when the database goes on.
        let answer = turn.answer(answered, self.patience, Error::OutcomeUnknown).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        answer
    }
}

/// The writing thread's life: it ends when no [`Writer`] is left, or when another thread has taken over.
fn write_all(
    tasks: &Receiver<QueuedWrite>,
    (place, losses): (&WritingPlace, &HangCount),
    post: &Post,
    state: &WriterState,
    commits: &watch::Sender<u64>,
) {
    let upkeep = started(tasks, post, state, || Maintenance::start(&place.target, place.times));
    let Some(mut upkeep) = upkeep else { return };
    let mut connection = WritingConnection::new(place, &post.clock, losses);
    let mut last = (0, Duration::ZERO);
    while !post.is_relieved()
        && let Some(first) = next(tasks, &mut connection, &mut upkeep, (post, state))
    {
        let group = gather(tasks, first, last);
        let (size, begun) = (group.len(), Instant::now());
        let was_sound = state.begin();
        let fate = write_on(&mut connection, place, &post.clock, group);
        last = (size, begun.elapsed());
        if fate == GroupFate::Kept || (fate == GroupFate::Refused && was_sound) {
            state.end();
        }
        if fate != GroupFate::Lost {
            commits.send_modify(|count| *count += 1);
            connection.db().into_iter().for_each(|db| upkeep.committed(db));
        } else {
            place.measures.failed();
            connection.lose();
        }
    }
    // Its connection is to be closed before the writer's, which then leaves no log behind.
    drop(upkeep);
}

/// Writes a group on a connection, which may have to be made anew for it.
fn write_on(
    connection: &mut WritingConnection<'_>,
    place: &WritingPlace,
    clock: &StatementClock,
    group: Vec<QueuedWrite>,
) -> GroupFate {
    let begun = Instant::now();
    match connection.begun() {
        Ok(db) => {
            place.measures.begun(group.len(), begun.elapsed());
            write_group((db, place), clock, group)
        }
        Err(error) => {
            let text = error.to_string();
            log::error!("the writer cannot begin: {text}");
            group.into_iter().for_each(|task| refuse(task, &text));
            GroupFate::Lost
        }
    }
}

/// The upkeep of the database, tried until it starts; what is to be written meanwhile is refused. `None` when nobody can ask for
/// a write any more, or another thread has taken over.
fn started(
    tasks: &Receiver<QueuedWrite>,
    post: &Post,
    state: &WriterState,
    start: impl Fn() -> Result<Maintenance>,
) -> Option<Maintenance> {
    while !post.is_relieved() {
        let error = match start() {
            Ok(upkeep) => return Some(upkeep),
            Err(error) => error.to_string(),
        };
        log::error!("the writer cannot start: {error}");
        state.begin();
        match tasks.recv_timeout(IDLE) {
            Ok(task) => refuse(task, &error),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

/// The next write; while there is none the database is looked after, and where nobody knows whether writes are kept, one is
/// tried: a connection that can be made is no proof of it. `None` when nobody can ask for a write any more, or another thread
/// has taken over.
fn next(
    tasks: &Receiver<QueuedWrite>,
    connection: &mut WritingConnection<'_>,
    upkeep: &mut Maintenance,
    (post, state): (&Post, &WriterState),
) -> Option<QueuedWrite> {
    let mut patience = IDLE;
    while !post.is_relieved() {
        let is_sound = connection.db().is_some() && !state.is_in_doubt();
        if is_sound && !upkeep.is_wanted() {
            return tasks.recv().ok();
        }
        match tasks.recv_timeout(patience) {
            Ok(task) => return Some(task),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if is_sound => connection.db().into_iter().for_each(|db| upkeep.idle(db)),
            Err(RecvTimeoutError::Timeout) => {
                if connection.keeps_a_trial() {
                    state.end();
                }
            }
        }
        patience = if connection.db().is_some() && !state.is_in_doubt() { Duration::ZERO } else { IDLE };
    }
    None
}

/// A group of all that wait. Those that were answered a moment ago are likely to come again one after the other: so as
/// many as those are waited for, for a small part of the time that they took.
fn gather(tasks: &Receiver<QueuedWrite>, first: QueuedWrite, (size, took): (usize, Duration)) -> Vec<QueuedWrite> {
    let patience = took / GATHERING;
    let size = if patience < WORTH_IT { 0 } else { size };
    let until = Instant::now() + patience;
    let mut group = vec![first];
    while group.len() < GROUP {
        let next = match tasks.try_recv() {
            Err(_) if group.len() < size => tasks.recv_deadline(until).ok(),
            next => next.ok(),
        };
        let Some(task) = next else { break };
        group.push(task);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::super::deadline::StatementTimes;
    use super::super::dialect::sqlite;
    use super::*;
    use crate::config::Target;

    /// A thread that cannot start says so as long as it cannot, and takes up its work when it can.
    #[test]
    fn a_writer_that_cannot_start_is_not_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.sqlite3").display().to_string();
        sqlite::create(&path).unwrap();
        let target = Target::Sqlite(path);
        let (_queue, tasks) = bounded(1);
        let (state, tried) = (WriterState::default(), std::cell::Cell::new(0));
        let start = || {
            tried.set(tried.get() + 1);
            if tried.get() == 1 {
                return Err(Error::Unavailable("there is no room".into()));
            }
            assert!(state.silence() > Duration::ZERO, "readiness is told");
            Maintenance::start(&target, StatementTimes::within(Duration::from_secs(1)))
        };
        assert!(started(&tasks, &Post::default(), &state, start).is_some());
        assert!(tried.get() == 2 && state.is_in_doubt(), "a write is tried before readiness is told otherwise");
        let (queue, tasks) = bounded(1);
        drop(queue);
        let never = || Err(Error::Unavailable("there is no room".into()));
        assert!(started(&tasks, &Post::default(), &state, never).is_none(), "it ends with those who ask");
    }
}
