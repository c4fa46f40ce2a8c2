//! A replica that lists and statistics are read from. Where it is lost, the database itself answers, and every few seconds one
//! read tries whether it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Db;
use super::read_pool::{Attempt, ReadPool};
use crate::error::{Error, Result};

/// The time for which a replica that was lost is not asked.
const PAUSE: Duration = Duration::from_secs(5);

/// A replica.
pub(super) struct Replica {
    pool: ReadPool,
    /// The instant at which it was found lost last.
    lost: Mutex<Option<Instant>>,
}

impl Replica {
    pub(super) fn new(pool: ReadPool) -> Self {
        Replica { pool, lost: Mutex::default() }
    }

    /// True if it was lost when it was asked last.
    pub(super) fn is_lost(&self) -> bool {
        self.lost().is_some()
    }

    fn lost(&self) -> MutexGuard<'_, Option<Instant>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if it is to be asked: it answered last, or nobody has tried for a while.
    fn is_worth_a_try(&self) -> bool {
        let mut lost = self.lost();
        match *lost {
            None => true,
            // The others wait for the result of this one.
            Some(since) if since.elapsed() > PAUSE => lost.insert(Instant::now()).elapsed() < PAUSE,
            Some(_) => false,
        }
    }

    /// The seconds by which it is behind; none while it is lost.
    pub(super) async fn lag(&self) -> Option<f64> {
        if self.is_lost() {
            return None;
        }
        self.pool.run(|db| Ok(db.dialect().seconds_behind(db)?)).await.ok().flatten()
    }

    fn note(&self, failure: Option<&Error>) {
        let mut lost = self.lost();
        match (failure, *lost) {
            (Some(error), None) => log::warn!("the replica is lost, the database itself answers: {error}"),
            (None, Some(_)) => log::info!("the replica is back"),
            _ => {}
        }
        *lost = failure.map(|_| Instant::now());
    }

    /// Reads at the replica; where it has no connection, at the database itself.
    pub(super) async fn run<T, F>(&self, instead: &ReadPool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        if !self.is_worth_a_try() {
            return instead.run(work).await;
        }
        match self.pool.attempt(work).await {
            Ok(Attempt::Done(read)) => {
                self.note(None);
                Ok(read)
            }
            Ok(Attempt::NotRun(work, error)) => {
                self.note(Some(&error));
                instead.run(work).await
            }
            Err(error) => {
                if matches!(error, Error::Unavailable(_)) {
                    self.note(Some(&error));
                }
                Err(error)
            }
        }
    }
}
