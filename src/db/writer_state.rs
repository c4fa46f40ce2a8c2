//! The state of a writer, for who asks whether writes are kept.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Since when writes have not been kept, for health checks.
#[derive(Default)]
pub(super) struct WriterState(Mutex<Option<Instant>>);

impl WriterState {
    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group begins: it is silent until it has come back. True if writes were kept until now, as far as anybody knows.
    pub(super) fn begin(&self) -> bool {
        let mut since = self.since();
        let is_sound = since.is_none();
        since.get_or_insert_with(Instant::now);
        is_sound
    }

    /// True if a write has failed or hung since the last one that was kept.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.since().is_some()
    }

    /// A group was kept, or refused for a reason of its own while writes are kept; or a trial was kept.
    pub(super) fn end(&self) {
        *self.since() = None;
    }

    pub(super) fn silence(&self) -> Duration {
        self.since().map_or(Duration::ZERO, |since| since.elapsed())
    }
}
