//! The readers: threads with a connection each, which take waiting reads one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::r2d2::R2D2Connection;
use tokio::sync::oneshot;

use super::connection::{ConnectionUse, Db};
use super::deadline::{QueueTicket, StatementClock, StatementTimes, Timeouts};
use super::engine::{FileMark, open};
use super::hangs::{HangCount, Post, Posts};
use crate::config::Target;
use crate::error::{Error, Result};

/// The most reads that wait; a further one is told that the service is busy.
const QUEUE: usize = 1024;

/// A connection that keeps so many statements prepared is made anew: they would grow without end.
const STATEMENTS: u32 = 500;

/// A connection that was idle for longer is asked whether it is still there before it is used.
const IDLE: Duration = Duration::from_secs(1);

/// Runs a read; an error in place of the connection is what it is refused with. False when the connection is of no
/// more use.
type ReadJob = Box<dyn FnOnce(Result<&mut Db>) -> bool + Send>;

/// A read that waits for its turn.
struct QueuedRead {
    deadline: Instant,
    turn: QueueTicket,
    run: ReadJob,
}

/// The way to the reading threads.
#[derive(Clone)]
pub(super) struct ReadPool {
    queue: Sender<QueuedRead>,
    patience: Timeouts,
    busy: Arc<AtomicU32>,
    connections: u32,
    health: ConnectionHealth,
    /// The reading threads; held so that they are looked after.
    _posts: Arc<Posts>,
    /// Connections for reads on the thread that asks, where that is worth it: an embedded database.
    here: Option<Arc<InlineConnections>>,
}

/// The state of the connections of a pool.
#[derive(Clone, Default)]
struct ConnectionHealth {
    /// The number of connections that have been lost: what cuts one off may have cut them all.
    lost: Arc<AtomicU32>,
    /// The number of hangs at the database.
    hangs: HangCount,
}

impl ConnectionHealth {
    fn seen(&self) -> (u32, u32) {
        (self.lost.load(Ordering::Relaxed), self.hangs.load(Ordering::Acquire))
    }
}

/// Idle connections, and where further ones lead.
struct InlineConnections {
    idle: Mutex<Vec<PooledConnection>>,
    target: Target,
}

impl ReadPool {
    /// Starts the threads.
    pub(super) fn open(target: Target, patience: Timeouts, connections: u32, hangs: &HangCount) -> Result<Self> {
        let (queue, tasks) = bounded(QUEUE);
        let busy = Arc::new(AtomicU32::new(0));
        let times = patience.statement;
        let health = ConnectionHealth { lost: Arc::default(), hangs: hangs.clone() };
        let start = {
            let (target, busy, health) = (target.clone(), busy.clone(), health.clone());
            move |post: Arc<Post>| {
                let connection = PooledConnection::new(&target, times, &health, post.clock.clone());
                let (tasks, busy) = (tasks.clone(), busy.clone());
                let reading = std::thread::Builder::new().name("reader".into());
                reading.spawn(move || read_all(&tasks, connection, &busy, &post)).map(|_| ())
            }
        };
        let posts = Posts::fill(connections, times.limit, hangs, start)?;
        let embedded = matches!(target, Target::Sqlite(_));
        let here = embedded.then(|| Arc::new(InlineConnections { idle: Mutex::default(), target }));
        Ok(ReadPool { queue, patience, busy, connections, health, _posts: posts, here })
    }

    /// Fails unless a connection can be made.
    pub(super) fn check(target: &Target, times: StatementTimes) -> Result<()> {
        open(target, ConnectionUse::Reading, times, &StatementClock::default()).map(drop)
    }

    /// Connections in use, and all.
    pub(super) fn load(&self) -> (u32, u32) {
        (self.busy.load(Ordering::Relaxed), self.connections)
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let lost = self.health.lost.clone();
        let run: ReadJob = Box::new(move |db| {
            let result = match db {
                Ok(db) => match catch_unwind(AssertUnwindSafe(|| work(db))) {
                    Ok(result) => result,
                    Err(_) => {
                        // Nobody can say in what state a panic left the connection.
                        let _ = answer.send(Err(Error::Internal("a read panicked".into())));
                        return false;
                    }
                },
                Err(error) => {
                    lost.fetch_add(1, Ordering::Relaxed);
                    let _ = answer.send(Err(error));
                    return false;
                }
            };
            let sound = !matches!(result, Err(Error::Unavailable(_)));
            // Before the answer: whoever asks next finds every connection in doubt.
            if !sound {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            // Nobody listens any more when the client has gone away.
            let _ = answer.send(result);
            sound
        });
        let turn = QueueTicket::default();
        let task = QueuedRead { deadline: Instant::now() + self.patience.turn, turn: turn.clone(), run };
        self.queue.try_send(task).map_err(|_| Error::Unavailable("too many reads are waiting".into()))?;
        turn.answer(answered, self.patience, Error::Unavailable).await
    }
}

impl ReadPool {
    /// Runs a read on this very thread if the database is embedded and nobody is in the way; else like any other.
    pub(super) async fn run_inline<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let Some(here) = &self.here else { return self.run(work).await };
        let idle = here.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // It must not wait for a lock here: that would hold up all that this thread serves.
        let mut connection = idle.unwrap_or_else(|| {
            let times = StatementTimes { limit: Duration::ZERO, ..self.patience.statement };
            PooledConnection::new(&here.target, times, &self.health, StatementClock::default())
        });
        match connection.db().and_then(&work) {
            Err(Error::Unavailable(_)) => self.run(work).await,
            result => {
                here.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                result
            }
        }
    }
}

/// A connection that is made when it is needed, and anew when it was lost.
struct PooledConnection {
    target: Target,
    /// The file that the target was found in.
    file: FileMark,
    times: StatementTimes,
    pulse: StatementClock,
    open: Option<Db>,
    used: Instant,
    health: ConnectionHealth,
    /// The state of the connections when this one was last checked.
    seen: (u32, u32),
}

impl PooledConnection {
    fn new(target: &Target, times: StatementTimes, health: &ConnectionHealth, pulse: StatementClock) -> Self {
        let (target, health) = (target.clone(), health.clone());
        let (seen, file) = (health.seen(), FileMark::of(&target));
        PooledConnection { target, file, times, pulse, open: None, used: Instant::now(), health, seen }
    }

    /// The connection, made anew when there is none or when it was lost while it was idle.
    fn db(&mut self) -> Result<&mut Db> {
        let seen = self.health.seen();
        let doubtful = self.used.elapsed() > IDLE || self.seen != seen;
        let may_hang = self.seen.1 != seen.1;
        if doubtful || self.open.is_none() {
            self.file.check(&self.target)?;
        }
        self.seen = seen;
        self.used = Instant::now();
        if may_hang || self.pulse.kept() > STATEMENTS {
            self.open = None;
        }
        let kept = self.open.take().and_then(|mut db| (!doubtful || db.ping().is_ok()).then_some(db));
        let db = match kept {
            Some(db) => db,
            None => {
                self.pulse.renew();
                open(&self.target, ConnectionUse::Reading, self.times, &self.pulse)?
            }
        };
        Ok(self.open.insert(db))
    }
}

/// A reading thread's life: it ends when no [`ReadPool`] is left, or when another thread has taken over.
fn read_all(tasks: &Receiver<QueuedRead>, mut connection: PooledConnection, busy: &AtomicU32, post: &Post) {
    while !post.is_relieved()
        && let Ok(task) = tasks.recv()
    {
        if Instant::now() > task.deadline {
            (task.run)(Err(Error::Unavailable("the read waited too long for a connection".into())));
            continue;
        }
        busy.fetch_add(1, Ordering::Relaxed);
        task.turn.begin(&connection.pulse);
        if !(task.run)(connection.db()) {
            connection.open = None;
        }
        busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl;

    use super::*;
    use crate::db::Statement;

    #[test]
    fn a_connection_that_keeps_many_statements_is_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.sqlite3").display().to_string();
        crate::db::dialect::sqlite::create(&path).unwrap();
        let target = Target::Sqlite(path);
        let mut connection = PooledConnection::new(
            &target,
            StatementTimes::within(Duration::from_secs(1)),
            &ConnectionHealth::default(),
            StatementClock::default(),
        );
        let mut most = 0;
        for number in 0..2 * STATEMENTS {
            Statement::new(format!("SELECT {number}").leak()).execute(connection.db().unwrap()).unwrap();
            Statement::new("SELECT 'the same'").execute(connection.db().unwrap()).unwrap();
            most = most.max(connection.pulse.kept());
        }
        assert!((STATEMENTS..=STATEMENTS + 2).contains(&most), "{most}");
        assert!(connection.pulse.kept() < STATEMENTS, "a further connection begins with none");
    }
}
