//! The pool of reading connections.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool, R2D2Connection};

use super::{Db, Use, open};
use crate::config::{Config, Target};
use crate::error::{Error, Result};

/// A pool of connections that can only read.
#[derive(Clone)]
pub(super) struct Reader {
    pool: Pool<Readers>,
}

struct Readers {
    target: Target,
    timeout: Duration,
}

/// A connection, and whether it failed in a way after which it is not used again.
struct Reading {
    db: Db,
    failed: bool,
}

impl ManageConnection for Readers {
    type Connection = Reading;
    type Error = Error;

    fn connect(&self) -> Result<Reading> {
        Ok(Reading { db: open(&self.target, Use::Reading, self.timeout)?, failed: false })
    }

    fn is_valid(&self, reading: &mut Reading) -> Result<()> {
        reading.db.ping().map_err(Error::from)
    }

    /// Asked whenever a connection comes back: a lost one makes room for a new one.
    fn has_broken(&self, reading: &mut Reading) -> bool {
        reading.failed || std::thread::panicking() || reading.db.is_broken()
    }
}

impl Reader {
    pub(super) fn open(target: Target, config: &Config) -> Result<Self> {
        let pool = Pool::builder()
            .max_size(config.read_connections)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(config.pool_timeout)
            .build(Readers { target, timeout: config.database_timeout })
            .map_err(|error| Error::Unavailable(format!("no connection for reading: {error}")))?;
        Ok(Reader { pool })
    }

    /// Connections in use, and all.
    pub(super) fn load(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections - state.idle_connections, state.connections)
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T> + Send + 'static,
    {
        let pool = self.pool.clone();
        let done = actix_web::web::block(move || {
            let mut reading = pool.get().map_err(|error| Error::Unavailable(format!("no connection: {error}")))?;
            let result = work(&mut reading.db);
            reading.failed = matches!(result, Err(Error::Unavailable(_)));
            result
        });
        done.await.map_err(|_| Error::Internal("a reading task panicked".into()))?
    }
}
