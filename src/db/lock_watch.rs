//! Locks that a command waits for: their holders stand in the log while it waits, and in its error when it gives up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::connection::{ConnectionUse, Db};
use super::deadline::{ClockWatch, StatementClock, StatementTimes};
use super::engine::open;
use crate::config::Target;

/// The interval at which a command is looked at.
const ROUND: Duration = Duration::from_millis(500);

/// A statement that takes longer may wait for a lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// The holders of the lock that a command of this process waited for last.
static HOLDERS: Mutex<Option<String>> = Mutex::new(None);

/// Returns the holders of the lock that a command of this process waited for last.
pub fn last_lock_holders() -> Option<String> {
    HOLDERS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Looks after a connection of a command for as long as it is there.
pub(super) fn watch(target: &Target, times: StatementTimes, db: &mut Db, clock: &StatementClock) {
    let Ok(Some(session)) = db.dialect().session(db) else { return };
    let (target, clock) = (target.clone(), clock.watch());
    let watching = std::thread::Builder::new().name("lock watch".into());
    if let Err(error) = watching.spawn(move || follow(&target, times, session, &clock)) {
        log::warn!("nobody looks whom a statement waits for: {error}");
    }
}

fn follow(target: &Target, times: StatementTimes, session: i64, clock: &ClockWatch) {
    let mut own: Option<Db> = None;
    let mut told = String::new();
    loop {
        std::thread::sleep(ROUND);
        let Some(running) = clock.running() else { return };
        if running < PATIENCE {
            continue;
        }
        own = own.or_else(|| open(target, ConnectionUse::Reading, times, &StatementClock::default()).ok());
        let Some(db) = &mut own else { continue };
        match db.dialect().lock_holders(db, session) {
            Ok(holders) if holders.is_empty() => {}
            Ok(holders) => {
                let holders = holders.join(", ");
                if told != holders {
                    log::warn!("waiting for a lock that {holders} holds");
                    told.clone_from(&holders);
                }
                *HOLDERS.lock().unwrap_or_else(PoisonError::into_inner) = Some(holders);
            }
            Err(_) => own = None,
        }
    }
}
