//! The connection of the writer: made anew when it was lost, and used only while it leads to what the writer was started for.
//!
//! A schema that a newer version has changed is not written by this one: it would leave out what it does not know. So each
//! transaction begins with a look at the schema. A file that was removed or replaced is not written either: what goes there is
//! lost, or comes among what this process knows nothing of.

use std::sync::atomic::Ordering;

use super::connection::{ConnectionUse, Db};
use super::deadline::{StatementClock, StatementTimes};
use super::engine::{FileMark, begin_writing, open};
use super::hangs::HangCount;
use super::measures::WriterMeasures;
use super::migrations::Schema;
use super::transaction::{DeferredRows, commit_exclusive};
use crate::config::Target;
use crate::error::{Error, Result};

/// The place that a writer writes to.
#[derive(Clone)]
pub(super) struct WritingPlace {
    pub(super) target: Target,
    pub(super) times: StatementTimes,
    schema: Schema,
    pub(super) newest: String,
    file: FileMark,
    pub(super) measures: WriterMeasures,
}

impl WritingPlace {
    /// The place, as it is found now.
    pub(super) fn new(target: Target, times: StatementTimes, schema: Schema) -> Result<Self> {
        let file = FileMark::of(&target);
        Ok(WritingPlace { target, times, schema, newest: schema.newest()?, file, measures: WriterMeasures::default() })
    }

    /// A place of which only the newest migration matters.
    #[cfg(test)]
    pub(super) fn for_tests(newest: &str) -> Self {
        let target = Target::Sqlite(":memory:".into());
        let (file, measures) = (FileMark::of(&target), WriterMeasures::default());
        let times = StatementTimes::within(std::time::Duration::ZERO);
        WritingPlace { target, times, schema: Schema::Records, newest: newest.into(), file, measures }
    }

    /// A connection to the place, which is what it was and has the schema of this binary.
    pub(super) fn open(&self, clock: &StatementClock) -> Result<Db> {
        self.file.check(&self.target)?;
        let mut db = open(&self.target, ConnectionUse::Writing, self.times, clock)?;
        self.measures.connected();
        self.schema
            .check(&mut db)
            .map_err(|error| Error::Unavailable(format!("nothing is written any more: {error}")))?;
        Ok(db)
    }
}

/// The connection of a writer.
pub(super) struct WritingConnection<'w> {
    place: &'w WritingPlace,
    clock: &'w StatementClock,
    db: Option<Db>,
    /// Told when a connection takes the place of one that was lost.
    losses: &'w HangCount,
}

impl<'w> WritingConnection<'w> {
    pub(super) fn new(place: &'w WritingPlace, clock: &'w StatementClock, losses: &'w HangCount) -> Self {
        WritingConnection { place, clock, db: place.open(clock).ok(), losses }
    }

    /// The connection, while there is one.
    pub(super) fn db(&mut self) -> Option<&mut Db> {
        self.db.as_mut()
    }

    /// True if something is kept that is written on trial, as much as a write may take. An account that may not try is
    /// believed when it can begin.
    pub(super) fn keeps_a_trial(&mut self) -> bool {
        let tried = self.begun().and_then(|db| {
            db.dialect().try_to_write(db)?;
            commit_exclusive(db, &mut DeferredRows::default())
        });
        let Err(error) = tried else { return true };
        self.lose();
        let text = error.to_string();
        log::debug!("a write on trial was not kept: {text}");
        text.contains("permission denied")
    }

    /// Lets it go: it is of no more use.
    pub(super) fn lose(&mut self) {
        self.db = None;
    }

    /// A connection in place of one that was lost. It may lead to another server than that one: who reads follows it there,
    /// for the one before may be there still, fenced, and has nothing of what is written from now on.
    fn reopened(&self) -> Result<Db> {
        let db = self.place.open(self.clock)?;
        self.losses.fetch_add(1, Ordering::Release);
        Ok(db)
    }

    /// A connection on which a transaction has begun. Nothing is lost when it cannot begin: so it is tried once more, on a
    /// connection that is made anew.
    pub(super) fn begun(&mut self) -> Result<&mut Db> {
        let is_there = self.place.file.check(&self.place.target).is_ok();
        if let Some(mut db) = self.db.take().filter(|_| is_there)
            && begin_writing(&mut db, &self.place.newest).is_ok()
        {
            return Ok(self.db.insert(db));
        }
        let mut db = self.reopened()?;
        begin_writing(&mut db, &self.place.newest)?;
        Ok(self.db.insert(db))
    }
}
