//! The one writer: a thread with one connection that puts waiting writes into one transaction.
//!
//! All writes of a process go through here, one after the other, so none of them can fail because of another. Those
//! that wait while a commit runs share the next one: each has a savepoint and an answer of its own, and the answer
//! goes out only after the commit. So the cost of making a commit durable is shared under load, on both databases.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection, TransactionManager};
use tokio::sync::{oneshot, watch};

use super::turn::{Patience, Pulse, Turn};
use super::{Db, Use, begin_exclusive, commit_exclusive, open, roll_back_exclusive, savepoint};
use crate::config::{Config, Target};
use crate::error::{Error, Result};

/// How many writes share a commit at the most.
const GROUP: usize = 64;
/// How many writes wait at the most; a further one is told that the service is busy.
const QUEUE: usize = 1024;

/// Tells the one who asked, once it is known how the transaction ended.
type Reply = Box<dyn FnOnce(Option<Error>) + Send>;

/// Runs a write, in a savepoint unless it is alone; an error in place of the connection is what it is refused with.
type Run = Box<dyn FnOnce(Result<&mut Db>, bool) -> (Fate, Reply) + Send>;

/// A write that waits for its turn.
struct Task {
    deadline: Instant,
    turn: Turn,
    run: Run,
}

/// What a task leaves of the transaction it ran in.
#[derive(PartialEq, Eq)]
enum Fate {
    Sound,
    /// The write was refused, and as it was alone the whole transaction is to be taken back.
    Undone,
    /// The connection or the transaction is lost: nothing of this group can be kept.
    Lost,
}

/// The way to the writing thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Task>,
    patience: Patience,
    commits: watch::Sender<u64>,
    waiting: Arc<AtomicI64>,
}

impl Writer {
    pub(super) fn start(target: Target, config: &Config) -> Result<Self> {
        let (queue, tasks) = sync_channel(QUEUE);
        let timeout = config.database_timeout;
        let pulse = Pulse::default();
        let db = open(&target, Use::Writing, timeout, &pulse)?;
        let commits = watch::Sender::new(0);
        let announce = commits.clone();
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || write_all(&tasks, db, (&target, timeout, &pulse), &announce))
            .map_err(|error| Error::Configuration(format!("cannot start the writing thread: {error}")))?;
        let patience = Patience { turn: config.pool_timeout, statement: timeout };
        Ok(Writer { queue, patience, commits, waiting: Arc::default() })
    }

    /// How many writes have not been answered yet.
    pub(super) fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Changes whenever this process has committed something.
    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Runs a write that only notes what is to be written at the end: it needs no savepoint, for it cannot fail alone.
    pub(super) async fn note(&self, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let work = |_: &mut Db| {
            work();
            Ok(())
        };
        self.queue(work, true).await
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        self.queue(work, false).await
    }

    async fn queue<T, F>(&self, work: F, only_notes: bool) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(move |db: Result<&mut Db>, alone: bool| -> (Fate, Reply) {
            let (fate, result) = match db {
                Ok(db) => attempt(db, alone || only_notes, work),
                Err(error) => (Fate::Lost, Err(error)),
            };
            let reply = move |failure: Option<Error>| {
                let outcome = match (result, failure) {
                    (Ok(_), Some(failure)) => Err(failure),
                    (result, _) => result,
                };
                // Nobody listens any more when the client has gone away: the write is kept all the same.
                let _ = answer.send(outcome);
            };
            (fate, Box::new(reply))
        });
        let turn = Turn::default();
        let task = Task { deadline: Instant::now() + self.patience.turn, turn: turn.clone(), run };
        self.queue.try_send(task).map_err(|_| Error::Unavailable("too many writes are waiting".into()))?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let answer = turn.answer(answered, self.patience).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        answer
    }
}

/// Runs one write so that its failure takes back only what it did itself. The only one of its transaction needs no
/// savepoint for that, nor does one that cannot fail.
fn attempt<T>(db: &mut Db, alone: bool, work: impl FnOnce(&mut Db) -> Result<T>) -> (Fate, Result<T>) {
    match catch_unwind(AssertUnwindSafe(|| if alone { work(db) } else { savepoint(db, work) })) {
        Ok(Err(error @ Error::Unavailable(_))) => (Fate::Lost, Err(error)),
        Ok(result) if !in_transaction(db) => {
            (Fate::Lost, result.and(Err(Error::Unavailable("the transaction broke".into()))))
        }
        Ok(Err(error)) if alone => (Fate::Undone, Err(error)),
        Ok(result) => (Fate::Sound, result),
        Err(_) => (Fate::Lost, Err(Error::Internal("a write panicked".into()))),
    }
}

/// Whether the transaction of the group is still open and sound.
fn in_transaction(db: &mut Db) -> bool {
    let status = <Db as Connection>::TransactionManager::transaction_manager_status_mut(db);
    matches!(status.transaction_depth(), Ok(Some(depth)) if depth.get() == 1)
}

/// The writing thread's life: it ends when no [`Writer`] is left.
fn write_all(
    tasks: &Receiver<Task>,
    db: Db,
    (target, timeout, pulse): (&Target, Duration, &Pulse),
    commits: &watch::Sender<u64>,
) {
    let mut connection = Some(db);
    let mut groups = 0_u64;
    while let Ok(first) = tasks.recv() {
        let group: Vec<Task> = std::iter::once(first).chain(tasks.try_iter().take(GROUP - 1)).collect();
        if connection.is_none() {
            match open(target, Use::Writing, timeout, pulse) {
                Ok(db) => connection = Some(db),
                Err(error) => {
                    let text = error.to_string();
                    log::error!("the writer cannot connect: {text}");
                    group.into_iter().for_each(|task| refuse(task, &text));
                    continue;
                }
            }
        }
        let sound = connection.as_mut().is_some_and(|db| {
            groups += 1;
            analyse_what_grew(db, groups);
            write_group(db, pulse, group)
        });
        if sound {
            commits.send_modify(|count| *count += 1);
        } else {
            connection = None;
        }
    }
}

/// PostgreSQL plans by what it knows of the tables, and that comes late for tables that fill fast: of an empty one any
/// index is as good. So they are analysed after ever more writes, where that has not been done since they were half as
/// large.
fn analyse_what_grew(db: &mut Db, groups: u64) {
    const GROWN: &str = "DO $$ DECLARE grown TEXT; BEGIN \
        FOR grown IN SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' \
            AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 2 * 8192 * greatest(relpages, 0)::bigint \
        LOOP EXECUTE 'ANALYZE ' || grown; END LOOP; END $$";
    if let Db::Postgres(connection) = db
        && groups.is_power_of_two()
        && let Err(error) = connection.batch_execute(GROWN)
    {
        log::warn!("the tables were not analysed: {error}");
    }
}

fn refuse(task: Task, why: &str) {
    let (_, reply) = (task.run)(Err(Error::Unavailable(why.to_owned())), true);
    reply(None);
}

/// Ends the transaction of a group.
fn end(db: &mut Db, fate: Fate) -> Result<()> {
    match fate {
        Fate::Sound => commit_exclusive(db),
        Fate::Undone => roll_back_exclusive(db),
        Fate::Lost => Err(Error::Unavailable("the transaction was lost".into())),
    }
}

/// Runs a group in one transaction and answers all of it. False when the connection is of no more use.
fn write_group(db: &mut Db, pulse: &Pulse, group: Vec<Task>) -> bool {
    if let Err(error) = begin_exclusive(db) {
        let text = error.to_string();
        log::error!("the writer cannot begin: {text}");
        group.into_iter().for_each(|task| refuse(task, &text));
        return false;
    }
    let alone = group.len() == 1;
    let mut replies: Vec<Reply> = Vec::with_capacity(group.len());
    let mut fate = Fate::Sound;
    for task in group {
        if fate == Fate::Lost {
            refuse(task, "the connection was lost");
        } else if Instant::now() > task.deadline {
            refuse(task, "the write waited too long for its turn");
        } else {
            task.turn.begin(pulse);
            let (outcome, reply) = (task.run)(Ok(db), alone);
            fate = outcome;
            replies.push(reply);
        }
    }
    let failure = match end(db, fate) {
        Ok(()) => None,
        Err(error) => Some(error.to_string()),
    };
    if let Some(text) = &failure {
        log::error!("a group of {} writes was not kept: {text}", replies.len());
    }
    for reply in replies {
        reply(failure.clone().map(Error::Unavailable));
    }
    failure.is_none()
}
