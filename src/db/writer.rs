//! The one writer: a thread with one connection that puts waiting writes into one transaction.
//!
//! All writes of a process go through here, one after the other, so none of them can fail because of another. Those
//! that wait while a commit runs share the next one, and each has an answer of its own that goes out only after the
//! commit. So the cost of making a commit durable is shared under load, on both databases.
//!
//! What one write of a group fails with must take back only what that write did. A write that can be run again needs
//! nothing for that: if it fails after it has written, the group is taken back and each of them runs alone. All others
//! run in a savepoint.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use diesel::connection::{Connection, TransactionManager};
use tokio::sync::{oneshot, watch};

use super::connection::Db;
use super::deadline::{QueueTicket, StatementClock, Timeouts};
use super::engine::begin_writing;
use super::hangs::{HangCount, Post, Posts};
use super::maintenance::Maintenance;
use super::measures::WriterMeasures;
use super::transaction::{
    AnyForesight, TransactionMemory, WriteError, WriteTransaction, commit_exclusive, roll_back_exclusive,
};
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

/// A write that waits for its turn.
struct QueuedWrite {
    deadline: Instant,
    turn: QueueTicket,
    /// True if the write can be run again after its transaction was rolled back.
    again: bool,
    foreseen: Option<AnyForesight>,
    write: Box<dyn WriteJob>,
}

/// A write to be done, and the caller that waits for the answer.
trait WriteJob: Send {
    /// Writes, and keeps the answer.
    fn run(&mut self, tx: &mut WriteTransaction<'_>, isolation: Isolation) -> TransactionState;
    /// Tells the one who asked, once it is known how the transaction ended.
    fn reply(self: Box<Self>, failure: Option<Error>);
}

/// The way in which a write runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Isolation {
    /// The only one of its transaction.
    Alone,
    /// Among others that will not run again when it fails.
    InSavepoint,
    /// Among others, all of which can run again.
    Together,
}

/// The state in which a task leaves the transaction that it ran in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TransactionState {
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
    fn after(failure: Error) -> Self {
        match WriteError::from(failure) {
            WriteError::ConnectionLost(_) => TransactionState::Lost,
            WriteError::Poisoned(_) | WriteError::Refused(_) => TransactionState::Poisoned,
        }
    }
}

/// Work with its result, as long as that has not been told.
struct PendingJob<T, F> {
    work: F,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&mut WriteTransaction<'_>) -> Result<T> + Send> WriteJob for PendingJob<T, F> {
    fn run(&mut self, tx: &mut WriteTransaction<'_>, isolation: Isolation) -> TransactionState {
        let (state, result) = run_job(tx, isolation, &mut self.work);
        self.result = Some(result);
        state
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
        let timeout = place.timeout;
        drop(place.open(&StatementClock::default())?);
        let commits = watch::Sender::new(0);
        let (state, measures) = (Arc::new(WriterState::default()), place.measures.clone());
        let start = {
            let (commits, state) = (commits.clone(), state.clone());
            move |post: Arc<Post>| {
                let (tasks, place) = (tasks.clone(), place.clone());
                let (commits, state) = (commits.clone(), state.clone());
                let writing = std::thread::Builder::new().name("writer".into());
                writing.spawn(move || write_all(&tasks, &place, &post, &state, &commits)).map(|_| ())
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
        let write = Box::new(PendingJob { work, result: None, answer });
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

/// The writing thread's life: it ends when no [`Writer`] is left, or when another thread has taken over.
fn write_all(
    tasks: &Receiver<QueuedWrite>,
    place: &WritingPlace,
    post: &Post,
    state: &WriterState,
    commits: &watch::Sender<u64>,
) {
    let upkeep = started(tasks, post, state, || Maintenance::start(&place.target, place.timeout));
    let Some(mut upkeep) = upkeep else { return };
    let mut connection = WritingConnection::new(place, &post.clock);
    let mut last = (0, Duration::ZERO);
    while !post.is_relieved()
        && let Some(first) = next(tasks, &mut connection, &mut upkeep, state)
    {
        let group = gather(tasks, first, last);
        let (size, begun) = (group.len(), Instant::now());
        state.begin();
        let sound = match connection.begun() {
            Ok(db) => {
                place.measures.begun(size, begun.elapsed());
                write_group((db, place), &post.clock, group)
            }
            Err(error) => {
                let text = error.to_string();
                log::error!("the writer cannot begin: {text}");
                group.into_iter().for_each(|task| refuse(task, &text));
                false
            }
        };
        last = (size, begun.elapsed());
        if sound {
            state.end();
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

/// The upkeep of the database, tried until it starts; what is to be written meanwhile is refused. `None` when nobody can ask for
/// a write any more, or another thread has taken over.
fn started(
    tasks: &Receiver<QueuedWrite>,
    post: &Post,
    state: &WriterState,
    start: impl Fn() -> Result<Maintenance>,
) -> Option<Maintenance> {
    let mut has_failed = false;
    while !post.is_relieved() {
        let error = match start() {
            Ok(upkeep) => {
                // One that takes over from a thread that hangs has kept nothing yet.
                if has_failed {
                    state.end();
                }
                return Some(upkeep);
            }
            Err(error) => error.to_string(),
        };
        has_failed = true;
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

/// The next write; while there is none the database is looked after, and a connection that was lost is made anew. `None` when
/// nobody can ask for a write any more.
fn next(
    tasks: &Receiver<QueuedWrite>,
    connection: &mut WritingConnection<'_>,
    upkeep: &mut Maintenance,
    state: &WriterState,
) -> Option<QueuedWrite> {
    let mut patience = IDLE;
    loop {
        if connection.db().is_some() && !upkeep.is_wanted() {
            return tasks.recv().ok();
        }
        match tasks.recv_timeout(patience) {
            Ok(task) => return Some(task),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(db) = connection.db() {
                    upkeep.idle(db);
                } else if connection.renew() {
                    state.end();
                }
            }
        }
        patience = if connection.db().is_some() { Duration::ZERO } else { IDLE };
    }
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

fn refuse(task: QueuedWrite, why: &str) {
    task.write.reply(Some(Error::Unavailable(why.to_owned())));
}

/// The end of a group's transaction.
enum Ending {
    /// It was committed; or its only write was refused, and it was taken back.
    Answered,
    /// It was taken back, and its writes are to run alone as far as they can run again.
    RunAlone,
    /// It was taken back, for the rows that its only write had deferred were refused.
    Refused(Error),
    /// Nothing of it is kept, and the connection is of no more use.
    Lost(Error),
    /// Nobody knows whether it is kept, and the connection is of no more use.
    Unknown(String),
}

/// Ends the transaction of a group; `alone` tells a group of one.
fn end(db: &mut Db, memory: &mut TransactionMemory, state: TransactionState, alone: bool) -> Ending {
    let ended = match state {
        TransactionState::Sound => commit_exclusive(db, &mut memory.deferred),
        TransactionState::Undone | TransactionState::Poisoned => roll_back_exclusive(db),
        TransactionState::Lost => Err(Error::Unavailable("the transaction was lost".into())),
    };
    match (ended.map_err(WriteError::from), state) {
        (Ok(()), TransactionState::Poisoned) => Ending::RunAlone,
        (Ok(()), _) => Ending::Answered,
        (Err(WriteError::Poisoned(refused)), TransactionState::Sound) => {
            log::error!("deferred rows were refused: {refused}");
            match roll_back_exclusive(db) {
                Ok(()) if alone => Ending::Refused(refused),
                Ok(()) => Ending::RunAlone,
                Err(error) => Ending::Lost(error),
            }
        }
        (Err(WriteError::ConnectionLost(Error::OutcomeUnknown(text))), _) => Ending::Unknown(text),
        (Err(error), _) => Ending::Lost(error.into()),
    }
}

/// Runs a group in the transaction that has begun and answers all of it; after a failure its writes run again alone. False
/// when the connection is of no more use.
fn write_group((db, place): (&mut Db, &WritingPlace), clock: &StatementClock, group: Vec<QueuedWrite>) -> bool {
    let (mut usable, again) = write_together((db, &place.measures), clock, group);
    for write in again {
        usable = usable && begin_writing(db, &place.newest).is_ok();
        if usable {
            (usable, _) = write_together((db, &place.measures), clock, vec![write]);
        } else {
            refuse(write, "the connection was lost");
        }
    }
    usable
}

/// The error that a text becomes for each write of a group that was not kept.
type WriteFailure = fn(String) -> Error;

/// Runs a group in the transaction that has begun and answers it, but for the writes that are to run again alone: it
/// returns these, and false when the connection is of no more use.
fn write_together(
    (db, measures): (&mut Db, &WriterMeasures),
    clock: &StatementClock,
    group: Vec<QueuedWrite>,
) -> (bool, Vec<QueuedWrite>) {
    let alone = group.len() == 1;
    let mut memory = TransactionMemory::default();
    let Ran { done, waiting, state } = run_in_turn(db, &mut memory, clock, group);
    let begun = Instant::now();
    let ending = end(db, &mut memory, state, alone);
    if state == TransactionState::Sound && matches!(ending, Ending::Answered) {
        measures.committed(begun.elapsed());
    }
    let failure: Option<(WriteFailure, String)> = match &ending {
        Ending::RunAlone => {
            let (again, once): (Vec<QueuedWrite>, Vec<QueuedWrite>) = done.into_iter().partition(|write| write.again);
            once.into_iter().for_each(|write| refuse(write, "another write of the same transaction failed"));
            return (true, again.into_iter().chain(waiting).collect());
        }
        Ending::Answered => None,
        Ending::Refused(Error::Internal(text)) => Some((Error::Internal, text.clone())),
        Ending::Refused(error) => Some((Error::Internal, error.to_string())),
        Ending::Lost(error) => {
            log::error!("a group of {} writes was not kept: {error}", done.len());
            Some((Error::Unavailable, error.to_string()))
        }
        Ending::Unknown(text) => {
            log::error!("nobody knows whether a group of {} writes was kept: {text}", done.len());
            Some((Error::OutcomeUnknown, text.clone()))
        }
    };
    for write in done.into_iter().chain(waiting) {
        write.write.reply(failure.as_ref().map(|(kind, text)| kind(text.clone())));
    }
    (!matches!(ending, Ending::Lost(_) | Ending::Unknown(_)), Vec::new())
}

/// A group that ran in one transaction.
struct Ran {
    /// The writes that ran.
    done: Vec<QueuedWrite>,
    /// The writes behind the one that ended the run.
    waiting: VecDeque<QueuedWrite>,
    state: TransactionState,
}

/// Looks up once what the writes of a group will ask for.
fn look_up(db: &mut Db, memory: &mut TransactionMemory, group: &[QueuedWrite]) -> TransactionState {
    let foreseen: Vec<&AnyForesight> = group.iter().filter_map(|write| write.foreseen.as_ref()).collect();
    match AnyForesight::look_up_all(&mut WriteTransaction::new(db, memory), &foreseen) {
        Ok(()) => TransactionState::Sound,
        Err(error) => {
            log::error!("what writes will ask for cannot be looked up: {error}");
            TransactionState::after(error)
        }
    }
}

/// Runs the writes of a group one after the other, as long as the transaction is sound.
fn run_in_turn(db: &mut Db, memory: &mut TransactionMemory, clock: &StatementClock, group: Vec<QueuedWrite>) -> Ran {
    let alone = group.len() == 1;
    let mut state = if alone { TransactionState::Sound } else { look_up(db, memory, &group) };
    let (mut done, mut waiting) = (Vec::with_capacity(group.len()), VecDeque::from(group));
    while state == TransactionState::Sound
        && let Some(mut write) = waiting.pop_front()
    {
        if Instant::now() > write.deadline {
            refuse(write, "the write waited too long for its turn");
            continue;
        }
        write.turn.begin(clock);
        let isolation = match write.again {
            _ if alone => Isolation::Alone,
            true => Isolation::Together,
            false => Isolation::InSavepoint,
        };
        // A write in a savepoint may read what the others have deferred, and is not to fail with it.
        if isolation == Isolation::InSavepoint
            && let Err(error) = memory.deferred.write_up_to(u8::MAX, db)
        {
            log::error!("deferred rows were refused: {error}");
            state = TransactionState::after(error);
            waiting.push_front(write);
            break;
        }
        state = write.write.run(&mut WriteTransaction::new(db, memory), isolation);
        done.push(write);
    }
    Ran { done, waiting, state }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use diesel::sqlite::SqliteConnection;

    use super::super::dialect::sqlite;
    use super::super::{DeferredRow, Statement};
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
            Maintenance::start(&target, Duration::from_secs(1))
        };
        assert!(started(&tasks, &Post::default(), &state, start).is_some());
        assert_eq!((tried.get(), state.silence()), (2, Duration::ZERO));
        let (queue, tasks) = bounded(1);
        drop(queue);
        let never = || Err(Error::Unavailable("there is no room".into()));
        assert!(started(&tasks, &Post::default(), &state, never).is_none(), "it ends with those who ask");
    }

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn database() -> Db {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "CREATE TABLE numbers (number INTEGER PRIMARY KEY CHECK (number < 100));
            CREATE TABLE __diesel_schema_migrations (version TEXT)",
            )
            .unwrap();
        Db::Sqlite(connection)
    }

    fn put(db: &mut Db, number: i64) -> Result<()> {
        Statement::new("INSERT INTO numbers VALUES (").bind::<BigInt, _>(number).sql(")").execute(db)?;
        Ok(())
    }

    fn numbers(db: &mut Db) -> Vec<i64> {
        let held = diesel::sql_query("SELECT number FROM numbers ORDER BY number").load::<Number>(db);
        held.unwrap().into_iter().map(|row| row.number).collect()
    }

    /// A number that is inserted at the end.
    struct Late(i64);

    impl DeferredRow for Late {
        const RANK: u8 = 0;

        fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
            rows.iter().try_for_each(|Late(number)| put(db, *number))
        }
    }

    type Answer = oneshot::Receiver<Result<()>>;

    fn task(
        again: bool,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<()> + Send + 'static,
    ) -> (QueuedWrite, Answer) {
        let (answer, answered) = oneshot::channel();
        let write = Box::new(PendingJob { work, result: None, answer });
        let deadline = Instant::now() + Duration::from_secs(60);
        (QueuedWrite { deadline, turn: QueueTicket::default(), again, foreseen: None, write }, answered)
    }

    /// Runs a group; what each was answered: `None` when it was kept.
    fn run(db: &mut Db, group: Vec<(QueuedWrite, Answer)>) -> (bool, Vec<Option<Error>>) {
        let (tasks, answers): (Vec<QueuedWrite>, Vec<Answer>) = group.into_iter().unzip();
        begin_writing(db, "1").unwrap();
        let place = WritingPlace::for_tests("1");
        let usable = write_group((db, &place), &StatementClock::default(), tasks);
        let told = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().err());
        (usable, told.collect())
    }

    #[test]
    fn what_is_refused_before_it_writes_harms_no_other() {
        let mut db = database();
        let refused = task(true, |tx| {
            tx.defer(Late(2));
            Err(Error::InProgress)
        });
        let group = vec![task(true, |tx| put(tx.unflushed(), 1)), refused, task(true, |tx| put(tx.unflushed(), 3))];
        let (usable, told) = run(&mut db, group);
        assert!(usable && matches!(told[..], [None, Some(Error::InProgress), None]));
        assert_eq!(numbers(&mut db), [1, 3]);
    }

    #[test]
    fn what_fails_after_it_wrote_is_taken_back_alone() {
        let mut db = database();
        let broken = |tx: &mut WriteTransaction<'_>| {
            put(tx.unflushed(), 2)?;
            Err(Error::Internal("broken".into()))
        };
        let late = |tx: &mut WriteTransaction<'_>| {
            tx.defer(Late(4));
            Ok(())
        };
        let group = vec![
            task(true, |tx| put(tx.unflushed(), 1)),
            task(false, |tx| put(tx.unflushed(), 10)),
            task(true, broken),
            task(true, |tx| put(tx.unflushed(), 3)),
            task(false, |tx| put(tx.unflushed(), 11)),
            task(true, late),
        ];
        let (usable, told) = run(&mut db, group);
        assert!(usable);
        let [None, Some(Error::Unavailable(_)), Some(Error::Internal(_)), None, None, None] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(numbers(&mut db), [1, 3, 4, 11]);
    }

    #[test]
    fn what_is_refused_at_the_end_is_found_out() {
        let mut db = database();
        let note = |number| {
            task(true, move |tx| {
                tx.defer(Late(number));
                Ok(())
            })
        };
        let (usable, told) = run(&mut db, vec![note(1), note(100), note(2)]);
        assert!(usable && matches!(told[..], [None, Some(Error::Internal(_)), None]), "{told:?}");
        let (usable, told) = run(&mut db, vec![note(3), note(100), task(false, |tx| put(tx.unflushed(), 4))]);
        assert!(usable && matches!(told[..], [None, Some(Error::Internal(_)), None]), "{told:?}");
        assert_eq!(numbers(&mut db), [1, 2, 3, 4]);
    }

    #[test]
    fn a_panic_harms_no_other() {
        let mut db = database();
        let panics = |_: &mut WriteTransaction<'_>| panic!("on purpose");
        let (_, told) = run(&mut db, vec![task(true, |tx| put(tx.unflushed(), 1)), task(true, panics)]);
        assert!(matches!(told[..], [None, Some(Error::Internal(_))]), "{told:?}");
        assert_eq!(numbers(&mut db), [1]);
    }

    #[test]
    fn a_savepoint_takes_back_what_was_refused_in_it() {
        let mut db = database();
        let refused = |tx: &mut WriteTransaction<'_>| {
            put(tx.unflushed(), 2)?;
            Err(Error::InProgress)
        };
        let (usable, told) = run(&mut db, vec![task(true, |tx| put(tx.unflushed(), 1)), task(false, refused)]);
        assert!(usable && matches!(told[..], [None, Some(Error::InProgress)]));
        assert_eq!(numbers(&mut db), [1]);
    }
}
