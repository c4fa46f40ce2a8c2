//! Limits on the time that a request waits for the database: for its turn, and for a statement that does not come back.
//!
//! A server that hangs (stopped, or cut off without a word) says nothing, and the client libraries wait for it without
//! end. So each connection tells when its statement began, and the task that waits for an answer checks that.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use tokio::sync::oneshot;

use crate::config::DatabaseSettings;
use crate::error::{Error, Result};

/// The interval at which a waiting task checks whether it should wait on.
const TICK: Duration = Duration::from_millis(100);

/// The present state of a connection, for others to read.
#[derive(Clone, Default)]
pub(super) struct StatementClock(Arc<ClockState>);

#[derive(Default)]
struct ClockState {
    /// The time at which its statement began, by [`now`]; 0 while it is idle.
    began: AtomicU64,
    /// The number of statements that it keeps prepared.
    kept: AtomicU32,
}

/// A look at the state of a connection, for as long as that is there.
pub(super) struct ClockWatch(Weak<ClockState>);

impl ClockWatch {
    /// Returns the time for which the present statement has been running; none when the connection is gone.
    pub(super) fn running(&self) -> Option<Duration> {
        self.0.upgrade().map(|state| StatementClock(state).running())
    }
}

/// Milliseconds since this was first asked, from 1.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let ms = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(ms).unwrap_or(u64::MAX - 1) + 1
}

impl StatementClock {
    /// A look at it that does not keep it.
    pub(super) fn watch(&self) -> ClockWatch {
        ClockWatch(Arc::downgrade(&self.0))
    }

    /// Something begins that may not come back.
    pub(super) fn begin(&self) {
        self.0.began.store(now(), Ordering::Relaxed);
    }

    /// It came back.
    pub(super) fn end(&self) {
        self.0.began.store(0, Ordering::Relaxed);
    }

    /// Returns the number of statements that the connection keeps prepared.
    pub(super) fn kept(&self) -> u32 {
        self.0.kept.load(Ordering::Relaxed)
    }

    /// There is a new connection, which keeps none yet.
    pub(super) fn renew(&self) {
        self.0.kept.store(0, Ordering::Relaxed);
    }

    /// Returns the time for which the present statement has been running.
    pub(super) fn running(&self) -> Duration {
        match self.0.began.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            began => Duration::from_millis(now().saturating_sub(began)),
        }
    }
}

/// Looks at the statements of one connection: when they begin, and whether they are slow.
pub(super) struct StatementTimer {
    pulse: StatementClock,
    slow: Duration,
    since: Option<Instant>,
}

impl StatementTimer {
    pub(super) fn new(pulse: &StatementClock, slow: Duration) -> Self {
        StatementTimer { pulse: pulse.clone(), slow, since: None }
    }
}

impl Instrumentation for StatementTimer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::CacheQuery { .. } => {
                self.pulse.0.kept.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::StartQuery { .. } => {
                self.pulse.begin();
                self.since = Some(Instant::now());
            }
            InstrumentationEvent::FinishQuery { query, .. } => {
                self.pulse.end();
                let took = self.since.take().map(|since| since.elapsed()).unwrap_or_default();
                if took >= self.slow {
                    let text = query.to_string();
                    // The values that are bound stand behind the words; they could be somebody's name.
                    let words = text.split(" -- binds:").next().unwrap_or_default();
                    let words: String = words.chars().take(200).collect();
                    log::warn!("slow statement {}ms: {words}", took.as_millis());
                }
            }
            _ => {}
        }
    }
}

/// The times of statements.
#[derive(Clone, Copy)]
pub(super) struct StatementTimes {
    /// The longest that one may take.
    pub(super) limit: Duration,
    /// The time from which one stands in the log.
    pub(super) slow: Duration,
}

#[cfg(test)]
impl StatementTimes {
    /// Of such a limit; nothing is slow.
    pub(super) fn within(limit: Duration) -> Self {
        StatementTimes { limit, slow: Duration::MAX }
    }
}

impl From<&DatabaseSettings> for StatementTimes {
    fn from(settings: &DatabaseSettings) -> Self {
        StatementTimes { limit: settings.timeout, slow: settings.slow_statement }
    }
}

/// The longest times to wait.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    /// For a turn.
    pub(super) turn: Duration,
    /// For a statement.
    pub(super) statement: StatementTimes,
}

/// The turn of one task: it has come when the task's connection is known.
#[derive(Clone, Default)]
pub(super) struct QueueTicket(Arc<OnceLock<StatementClock>>);

impl QueueTicket {
    /// The turn has come, on the connection with this pulse.
    pub(super) fn begin(&self, pulse: &StatementClock) {
        // A turn comes once.
        let _ = self.0.set(pulse.clone());
    }

    /// The answer, unless the turn does not come or the database hangs, which `hung` makes an error of.
    pub(super) async fn answer<T>(
        &self,
        mut answer: oneshot::Receiver<Result<T>>,
        patience: Timeouts,
        hung: fn(String) -> Error,
    ) -> Result<T> {
        let asked = Instant::now();
        loop {
            match tokio::time::timeout(TICK, &mut answer).await {
                Ok(answered) => return answered.map_err(|_| Error::Internal("a database task was lost".into()))?,
                Err(_) => match self.0.get() {
                    None if asked.elapsed() > patience.turn + TICK => {
                        return Err(Error::Unavailable("waited too long for a connection".into()));
                    }
                    Some(pulse) if pulse.running() > patience.statement.limit + TICK => {
                        return Err(hung("the database does not come back".into()));
                    }
                    _ => {}
                },
            }
        }
    }
}
