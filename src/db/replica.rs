//! A replica that lists and statistics are read from. Where it is lost, the database itself answers, and every few seconds one
//! read tries whether it is back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::r2d2::R2D2Connection;

use super::connection::Db;
use super::read_pool::ReadPool;
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
    /// A replica as it was found when it was asked first; what keeps it from ever being one is refused.
    pub(super) fn new(pool: ReadPool, found: Result<()>) -> Result<Self> {
        let replica = Replica { pool, lost: Mutex::default() };
        match found {
            Err(error @ Error::Unavailable(_)) => replica.note(Some(&error)),
            found => found?,
        }
        Ok(replica)
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

    /// Reads at the replica; where that is lost, before the read or in it, or does not have what is asked for, at the database
    /// itself.
    pub(super) async fn run<T, F>(&self, instead: &ReadPool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + Sync + 'static,
    {
        if !self.is_worth_a_try() {
            return instead.run(work).await;
        }
        let work = Arc::new(work);
        let there = work.clone();
        match self.pool.run(move |db| there(db)).await {
            Err(error) if is_of_replica(&error) => {
                self.note(Some(&error));
                instead.run(move |db| work(db)).await
            }
            Err(Error::NotFound(_) | Error::Gone) => instead.run(move |db| work(db)).await,
            Err(error) => Err(error),
            Ok(read) => {
                self.note(None);
                Ok(read)
            }
        }
    }

    /// The same for a read that can be run once only: what it has told of cannot be taken back.
    pub(super) async fn run_once<T, F>(&self, instead: &ReadPool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        let answers = self.run(instead, |db| Ok(db.ping()?)).await.is_ok();
        if !answers || self.is_lost() {
            return instead.run(work).await;
        }
        let read = self.pool.run(work).await;
        if let Err(error) = &read
            && is_of_replica(error)
        {
            self.note(Some(error));
        }
        read
    }
}

/// True if the cause is the replica, or the way there: what takes too long takes as long at the database itself.
fn is_of_replica(error: &Error) -> bool {
    match error {
        Error::Unavailable(text) => !text.contains("statement timeout"),
        Error::Configuration(_) => true,
        _ => false,
    }
}
