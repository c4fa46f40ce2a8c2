//! Brings what SQLite's write-ahead log holds into the file, beside the writer.
//!
//! By itself SQLite does so in a commit that finds the log too long, and all who want to write wait for it: under load an
//! eighth of the time. So a thread with a connection of its own does most of it while the writer goes on. The log begins
//! anew only when nothing is left in it, so the writer does the rest, which is little.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::connection::{ConnectionUse, Db};
use super::deadline::{StatementClock, StatementTimes};
use super::dialect::sqlite::{CheckpointMode, checkpoint};
use super::engine::open;
use crate::config::Target;
use crate::error::{Error, Result};

/// From so many pages on the log is worked in.
const ENOUGH: i64 = 4_000;

/// With so many the writer does it alone: the thread does not get on.
const TOO_MANY: i64 = 4 * ENOUGH;

/// So few are left to the writer.
const FEW: i64 = ENOUGH / 10;

/// The most attempts of the thread to leave no more pages than these in the log.
const ROUNDS: usize = 4;

/// The thread, and what the writer knows of it.
pub(super) struct Checkpoints {
    ask: Option<SyncSender<()>>,
    is_asked: bool,
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread for a database; none for PostgreSQL, whose server does all that.
    pub(super) fn start(target: &Target, times: StatementTimes) -> Result<Option<Self>> {
        let Target::Sqlite(_) = target else { return Ok(None) };
        let db = open(target, ConnectionUse::Writing, times, &StatementClock::default())?;
        let (ask, asked) = sync_channel(1);
        let is_done = Arc::new(AtomicBool::new(false));
        let done = is_done.clone();
        let thread = std::thread::Builder::new()
            .name("checkpoints".into())
            .spawn(move || follow(db, &asked, &done))
            .map_err(|error| Error::Configuration(format!("cannot start the thread for checkpoints: {error}")))?;
        Ok(Some(Checkpoints { ask: Some(ask), is_asked: false, is_done, thread: Some(thread) }))
    }

    /// Does the work due after a commit, which has left the write-ahead log alone.
    pub(super) fn committed(&mut self, writer: &mut Db) {
        let left = match work_in(writer, CheckpointMode::Noop) {
            Ok(left) => left,
            Err(error) => return log::warn!("the length of the write-ahead log is not known: {error}"),
        };
        let is_done = self.is_asked && self.is_done.load(Ordering::Acquire);
        if is_done || left > TOO_MANY {
            if let Err(error) = work_in(writer, CheckpointMode::Passive) {
                log::warn!("the write-ahead log was not worked in: {error}");
            }
            self.is_asked &= !is_done;
        } else if left > ENOUGH && !self.is_asked {
            self.is_done.store(false, Ordering::Release);
            self.is_asked = self.ask.as_ref().is_some_and(|ask| ask.try_send(()).is_ok());
        }
    }
}

impl Drop for Checkpoints {
    /// The connection is to be closed before that of the writer, which then leaves no log behind.
    fn drop(&mut self) {
        drop(self.ask.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            log::error!("the thread for checkpoints panicked");
        }
    }
}

fn follow(mut db: Db, asked: &Receiver<()>, done: &AtomicBool) {
    while asked.recv().is_ok() {
        for _ in 0..ROUNDS {
            match work_in(&mut db, CheckpointMode::Passive) {
                Ok(left) if left > FEW => {}
                Ok(_) => break,
                Err(error) => {
                    log::warn!("the write-ahead log was not worked in: {error}");
                    break;
                }
            }
        }
        done.store(true, Ordering::Release);
    }
}

/// Works the log in as far as a mode does; how many pages are left in it.
fn work_in(db: &mut Db, mode: CheckpointMode) -> Result<i64> {
    let state = checkpoint(db, mode)?;
    Ok(state.log - state.checkpointed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::db::dialect::sqlite::{create, empty_log};

    /// Of a hundred thousand pages written at full speed only some are ever in the log.
    #[test]
    fn the_log_stays_short_beside_a_busy_writer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("busy.sqlite3");
        let target = Target::Sqlite(path.display().to_string());
        let times = StatementTimes::within(Duration::from_secs(5));
        create(&path.display().to_string()).unwrap();
        let mut db = open(&target, ConnectionUse::Writing, times, &StatementClock::default()).unwrap();
        db.batch_execute("PRAGMA synchronous = OFF; CREATE TABLE things (number INTEGER PRIMARY KEY, bytes BLOB)")
            .unwrap();
        let mut checkpoints = Checkpoints::start(&target, times).unwrap().unwrap();
        for _ in 0..100 {
            db.batch_execute(
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000) \
                 INSERT OR REPLACE INTO things SELECT x, randomblob(3500) FROM n",
            )
            .unwrap();
            checkpoints.committed(&mut db);
        }
        let log = std::fs::metadata(directory.path().join("busy.sqlite3-wal")).unwrap().len();
        assert!(log < 25_000 * 4_120, "{log} bytes");
        drop(checkpoints);
        empty_log(&mut db).unwrap();
        assert_eq!(std::fs::metadata(directory.path().join("busy.sqlite3-wal")).unwrap().len(), 0);
    }

    #[test]
    fn a_log_in_use_is_not_said_to_be_empty() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("used.sqlite3").display().to_string();
        create(&path).unwrap();
        let target = Target::Sqlite(path);
        let connect = || {
            open(
                &target,
                ConnectionUse::Writing,
                StatementTimes::within(Duration::from_millis(1)),
                &StatementClock::default(),
            )
            .unwrap()
        };
        let (mut writer, mut reader) = (connect(), connect());
        writer.batch_execute("CREATE TABLE things (number INTEGER)").unwrap();
        reader.batch_execute("BEGIN; SELECT * FROM things").unwrap();
        assert!(matches!(empty_log(&mut writer), Err(Error::Unavailable(_))));
        reader.batch_execute("COMMIT").unwrap();
        empty_log(&mut writer).unwrap();
    }
}
