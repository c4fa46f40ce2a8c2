//! A write under way: the connection, and the rows that are written at its end.
//!
//! A change of a record is told in several tables besides its own. With a statement for each row most of the time would
//! go into statements, and on a server into the way there and back. So these rows are deferred: many of them go into one
//! statement, before the commit or before somebody reads their tables in the same transaction, whichever comes first.
//!
//! Inside a write the connection is to be had from [`WriteTransaction::flushed`] and [`WriteTransaction::flushed_up_to`]
//! only, which write what is deferred first: who reads cannot forget it. [`WriteTransaction::unflushed`] is for tables
//! that no deferred row goes into.

use std::any::{Any, TypeId};

use diesel::connection::{Connection, TransactionManager};

use type_map::TypeMap;

use super::connection::Db;
use super::engine::begin_exclusive;
use super::statement::InsertBatch;
use crate::error::{Error, Result};

/// A row that is written at the end of a transaction.
pub trait DeferredRow: Sized + 'static {
    /// The order of the kinds: a row that refers to another has a higher rank. Of one rank, the kind that came up first
    /// is written first. Rows of rank 0 are there before any other is inserted.
    const RANK: u8;

    /// Inserts rows in the order in which they were deferred, or leaves that to the batch.
    fn insert<'r>(db: &mut Db, batch: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()>;
}

/// Inserts rows at once.
pub fn insert_now<R: DeferredRow>(db: &mut Db, rows: &[R]) -> Result<()> {
    let mut batch = InsertBatch::default();
    R::insert(db, &mut batch, rows)?;
    batch.send(db)
}

/// The failure of a write, by what it leaves of the transaction that it ran in.
#[derive(Debug)]
pub enum WriteError {
    /// It was refused before anything of it was written: the transaction goes on without it.
    Refused(Error),
    /// Something of it may be written: the transaction must be taken back.
    Poisoned(Error),
    /// The connection or its transaction is lost.
    ConnectionLost(Error),
}

impl From<Error> for WriteError {
    /// A write is refused by a rule, which names its reason. What the database fails was not foreseen.
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::OutcomeUnknown(_) => WriteError::ConnectionLost(error),
            Error::Internal(_) | Error::Corrupt(_) => WriteError::Poisoned(error),
            _ => WriteError::Refused(error),
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(error) | WriteError::Poisoned(error) | WriteError::ConnectionLost(error) => error,
        }
    }
}

/// The fate of work that was done on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It is taken back.
    TakeBack,
}

/// A transaction of the one writer.
pub struct WriteTransaction<'c> {
    connection: &'c mut Db,
    memory: &'c mut TransactionMemory,
}

/// The part of a transaction that is not in the database: the rows that are deferred, and what was read and is still so.
#[derive(Default)]
pub(super) struct TransactionMemory {
    pub(super) deferred: DeferredRows,
    known: TypeMap,
}

impl<'c> WriteTransaction<'c> {
    pub(super) fn new(connection: &'c mut Db, memory: &'c mut TransactionMemory) -> Self {
        WriteTransaction { connection, memory }
    }

    /// The knowledge of a kind that was gathered in this transaction; none at first, and none after a savepoint was taken
    /// back. Whoever writes what it tells of changes it.
    pub fn known<K: Default + 'static>(&mut self) -> &mut K {
        self.memory.known.entry().or_insert_with(K::default)
    }

    /// Leaves a row to be written at the end.
    pub fn defer<R: DeferredRow>(&mut self, row: R) {
        self.memory.deferred.add(row);
    }

    /// The rows of a kind that this transaction has deferred, written or not.
    pub fn deferred<R: DeferredRow>(&self) -> &[R] {
        self.memory.deferred.rows()
    }

    /// The connection, after all deferred rows were written.
    pub fn flushed(&mut self) -> Result<&mut Db> {
        self.memory.deferred.write_up_to(u8::MAX, self.connection)?;
        Ok(self.connection)
    }

    /// The connection, after the deferred rows of a kind were written, and those that they may refer to.
    pub fn flushed_up_to<R: DeferredRow>(&mut self) -> Result<&mut Db> {
        self.memory.deferred.write_up_to(R::RANK, self.connection)?;
        Ok(self.connection)
    }

    /// The same, if a deferred row of the kind is one of those asked for.
    pub fn flushed_if<R: DeferredRow>(&mut self, is_asked_for: impl Fn(&R) -> bool) -> Result<&mut Db> {
        if self.deferred::<R>().iter().any(is_asked_for) {
            return self.flushed_up_to::<R>();
        }
        Ok(self.connection)
    }

    /// The connection as it is, which does not see the deferred rows: for tables that none of them goes into, or beside a
    /// look at [`deferred`](Self::deferred).
    pub fn unflushed(&mut self) -> &mut Db {
        self.connection
    }

    /// Runs work so that its failure takes back what it did itself, and no more.
    pub fn savepoint<T>(&mut self, work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<T>) -> Result<T> {
        let before = self.memory.deferred.marks();
        let memory = &mut *self.memory;
        let result = self.connection.transaction(|connection| work(&mut WriteTransaction { connection, memory }));
        if result.is_err() {
            self.memory.deferred.go_back(&before);
            self.memory.known.clear();
        }
        result
    }

    /// Runs work in a savepoint and keeps it or not, as it says itself.
    pub fn on_trial<T>(&mut self, work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<(T, Verdict)>) -> Result<T> {
        let mut taken_back = None;
        let kept = self.savepoint(|tx| match work(tx)? {
            (done, Verdict::Keep) => Ok(done),
            (done, Verdict::TakeBack) => {
                taken_back = Some(done);
                Err(diesel::result::Error::RollbackTransaction.into())
            }
        });
        taken_back.map_or(kept, Ok)
    }

    /// Runs work without a savepoint. When it is refused, the rows that it deferred are dropped; when one of them was
    /// written meanwhile the transaction is poisoned, for there is nothing that would take that back.
    pub fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<T>,
    ) -> std::result::Result<T, WriteError> {
        let before = self.memory.deferred.marks();
        let result = work(&mut WriteTransaction { connection: self.connection, memory: self.memory });
        if result.is_err() && !self.memory.deferred.drop_since(&before) {
            let text = "a write that failed had written something already";
            return Err(WriteError::Poisoned(Error::Internal(text.into())));
        }
        Ok(result?)
    }
}

/// The rows that a transaction has deferred, by rank and kind.
#[derive(Default)]
pub(super) struct DeferredRows(Vec<Kind>);

/// The rows of one kind.
struct Kind {
    id: TypeId,
    rank: u8,
    rows: Box<dyn RowsOfAKind>,
}

/// The numbers of rows of a kind that are deferred, and of these that are written.
#[derive(Clone, Copy, Default)]
struct Mark {
    deferred: usize,
    written: usize,
}

/// Rows of a kind. They stay to the end of the transaction: a savepoint may take back that they were written.
struct Rows<R> {
    rows: Vec<R>,
    written: usize,
}

trait RowsOfAKind {
    fn mark(&self) -> Mark;
    fn go_back(&mut self, mark: Mark);
    fn insert<'r>(&'r self, db: &mut Db, batch: &mut InsertBatch<'r>) -> Result<()>;
    fn set_written(&mut self);
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<R: DeferredRow> RowsOfAKind for Rows<R> {
    fn mark(&self) -> Mark {
        Mark { deferred: self.rows.len(), written: self.written }
    }

    fn go_back(&mut self, mark: Mark) {
        self.rows.truncate(mark.deferred);
        self.written = mark.written;
    }

    fn insert<'r>(&'r self, db: &mut Db, batch: &mut InsertBatch<'r>) -> Result<()> {
        match self.rows.get(self.written..) {
            None | Some([]) => Ok(()),
            Some(rows) => R::insert(db, batch, rows),
        }
    }

    fn set_written(&mut self) {
        self.written = self.rows.len();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Kind {
    fn mark_in(&self, marks: &[(TypeId, Mark)]) -> Mark {
        marks.iter().find(|(id, _)| *id == self.id).map(|(_, mark)| *mark).unwrap_or_default()
    }
}

impl DeferredRows {
    fn rows<R: DeferredRow>(&self) -> &[R] {
        let of_kind = self.0.iter().find(|kind| kind.id == TypeId::of::<R>());
        of_kind.and_then(|kind| kind.rows.as_any().downcast_ref::<Rows<R>>()).map_or(&[], |rows| &rows.rows)
    }

    fn add<R: DeferredRow>(&mut self, row: R) {
        let of_kind = self.0.iter_mut().find(|kind| kind.id == TypeId::of::<R>());
        if let Some(rows) = of_kind.and_then(|kind| kind.rows.as_any_mut().downcast_mut::<Rows<R>>()) {
            return rows.rows.push(row);
        }
        let place = self.0.partition_point(|kind| kind.rank <= R::RANK);
        let rows = Box::new(Rows { rows: vec![row], written: 0 });
        self.0.insert(place, Kind { id: TypeId::of::<R>(), rank: R::RANK, rows });
    }

    /// Writes what is not written yet, up to a rank.
    pub(super) fn write_up_to(&mut self, rank: u8, db: &mut Db) -> Result<()> {
        let (first, others) = self.0.split_at(self.0.partition_point(|kind| kind.rank == 0));
        for kinds in [first, others] {
            let mut batch = InsertBatch::default();
            kinds.iter().filter(|kind| kind.rank <= rank).try_for_each(|kind| kind.rows.insert(db, &mut batch))?;
            batch.send(db)?;
        }
        self.0.iter_mut().filter(|kind| kind.rank <= rank).for_each(|kind| kind.rows.set_written());
        Ok(())
    }

    fn marks(&self) -> Vec<(TypeId, Mark)> {
        self.0.iter().map(|kind| (kind.id, kind.rows.mark())).collect()
    }

    fn go_back(&mut self, marks: &[(TypeId, Mark)]) {
        for kind in &mut self.0 {
            let mark = kind.mark_in(marks);
            kind.rows.go_back(mark);
        }
    }

    /// Drops what was deferred since; false when something of that is written.
    fn drop_since(&mut self, marks: &[(TypeId, Mark)]) -> bool {
        self.0.iter_mut().all(|kind| {
            let Mark { deferred, .. } = kind.mark_in(marks);
            let Mark { written, .. } = kind.rows.mark();
            kind.rows.go_back(Mark { deferred, written });
            written <= deferred
        })
    }
}

/// Implements [`DeferredRow`] for a row whose fields are the columns: `deferred_row!(Row, rank, table(column, …))`.
macro_rules! deferred_row {
    ($row:ty, $rank:literal, $table:ident($($columns:tt)*)) => {
        impl $crate::db::DeferredRow for $row {
            const RANK: u8 = $rank;

            fn insert<'r>(
                db: &mut $crate::db::Db,
                batch: &mut $crate::db::InsertBatch<'r>,
                rows: &'r [Self],
            ) -> $crate::error::Result<()> {
                $crate::db::insert_rows!(db, batch, rows, $table($($columns)*))
            }
        }
    };
}

pub(crate) use deferred_row;

/// Commits what [`begin_exclusive`] began, with all rows that were deferred to its end.
pub(super) fn commit_exclusive(db: &mut Db, deferred: &mut DeferredRows) -> Result<()> {
    deferred.write_up_to(u8::MAX, db)?;
    <Db as Connection>::TransactionManager::commit_transaction(db).map_err(Error::of_commit)
}

/// Takes back what [`begin_exclusive`] began.
pub(super) fn roll_back_exclusive(db: &mut Db) -> Result<()> {
    Ok(<Db as Connection>::TransactionManager::rollback_transaction(db)?)
}

/// Runs `work` in a transaction that nobody else's write can come between: for commands that work alone.
pub fn exclusively<T>(db: &mut Db, work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<T>) -> Result<T> {
    begin_exclusive(db)?;
    let mut memory = TransactionMemory::default();
    let result = work(&mut WriteTransaction::new(db, &mut memory));
    let end = match result {
        Ok(_) => commit_exclusive(db, &mut memory.deferred),
        Err(_) => roll_back_exclusive(db),
    };
    let value = result?;
    if let Err(error) = end {
        // What was refused at the end leaves its transaction open.
        let _ = roll_back_exclusive(db);
        return Err(error);
    }
    Ok(value)
}

/// Runs reads that all see the database as it is at one moment, whoever writes meanwhile.
pub fn snapshot<T>(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<T>) -> Result<T> {
    db.transaction(|db| {
        db.dialect().hold_snapshot(db)?;
        work(db)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use diesel::sqlite::SqliteConnection;

    use super::*;

    thread_local! {
        static WRITTEN: RefCell<Vec<String>> = RefCell::default();
    }

    #[derive(Clone)]
    struct Deed(&'static str);

    impl DeferredRow for Deed {
        const RANK: u8 = 0;

        fn insert<'r>(_: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
            for Deed(name) in rows {
                WRITTEN.with_borrow_mut(|written| written.push((*name).to_owned()));
            }
            Ok(())
        }
    }

    struct Echo(&'static str);

    impl DeferredRow for Echo {
        const RANK: u8 = 1;

        fn insert<'r>(_: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
            let echoes = rows.iter().map(|Echo(name)| format!("echo of {name}"));
            WRITTEN.with_borrow_mut(|written| written.extend(echoes));
            Ok(())
        }
    }

    fn written() -> Vec<String> {
        WRITTEN.take()
    }

    fn database() -> Db {
        Db::Sqlite(SqliteConnection::establish(":memory:").unwrap())
    }

    fn fail<T>() -> Result<T> {
        Err(Error::InProgress)
    }

    #[test]
    fn rows_are_written_at_the_end_by_their_rank() {
        let kept = exclusively(&mut database(), |tx| {
            tx.defer(Echo("nothing"));
            tx.defer(Deed("a"));
            tx.defer(Deed("b"));
            assert!(written().is_empty());
            Ok(())
        });
        kept.unwrap();
        assert_eq!(written(), ["a", "b", "echo of nothing"]);
    }

    #[test]
    fn what_fails_writes_nothing() {
        let failed = exclusively(&mut database(), |tx| {
            tx.defer(Deed("a"));
            fail::<()>()
        });
        assert!(failed.is_err());
        exclusively(&mut database(), |_| Ok(())).unwrap();
        assert!(written().is_empty());
    }

    #[test]
    fn the_connection_sees_what_is_asked_for() {
        let kept = exclusively(&mut database(), |tx| {
            tx.defer(Deed("a"));
            tx.defer(Echo("a"));
            tx.unflushed();
            tx.flushed_if(|Deed(name)| *name == "b")?;
            assert!(written().is_empty());
            tx.flushed_if(|Deed(name)| *name == "a")?;
            assert_eq!(written(), ["a"]);
            tx.flushed()?;
            assert_eq!(written(), ["echo of a"]);
            Ok(())
        });
        kept.unwrap();
        assert!(written().is_empty());
    }

    #[test]
    fn a_savepoint_takes_back_what_was_deferred_and_that_it_was_written() {
        let kept = exclusively(&mut database(), |tx| {
            tx.defer(Deed("before"));
            let failed = tx.savepoint(|tx| {
                tx.defer(Deed("inside"));
                tx.defer(Echo("inside"));
                tx.flushed_up_to::<Deed>()?;
                assert_eq!(written(), ["before", "inside"]);
                fail::<()>()
            });
            assert!(failed.is_err());
            assert_eq!(tx.deferred::<Deed>().len(), 1);
            tx.savepoint(|tx| {
                tx.defer(Deed("after"));
                Ok(())
            })
        });
        kept.unwrap();
        assert_eq!(written(), ["before", "after"]);
    }

    #[test]
    fn a_trial_is_kept_or_taken_back() {
        let kept = exclusively(&mut database(), |tx| {
            for (name, verdict) in [("a", Verdict::TakeBack), ("b", Verdict::Keep)] {
                let done = tx.on_trial(|tx| {
                    tx.defer(Deed(name));
                    Ok((name, verdict))
                });
                assert_eq!(done.unwrap(), name);
            }
            assert!(tx.on_trial(|_| fail::<((), Verdict)>()).is_err());
            Ok(())
        });
        kept.unwrap();
        assert_eq!(written(), ["b"]);
    }

    #[test]
    fn what_is_refused_without_a_savepoint_leaves_what_was_written() {
        let kept = exclusively(&mut database(), |tx| {
            tx.defer(Deed("before"));
            let refused = tx.attempt(|tx| {
                tx.defer(Echo("refused"));
                tx.flushed_up_to::<Deed>()?;
                fail::<()>()
            });
            assert!(matches!(refused, Err(WriteError::Refused(Error::InProgress))));
            let written = tx.attempt(|tx| {
                tx.defer(Deed("inside"));
                tx.flushed_up_to::<Deed>()?;
                fail::<()>()
            });
            assert!(matches!(written, Err(WriteError::Poisoned(_))), "that cannot be forgotten");
            Ok(())
        });
        kept.unwrap();
        assert_eq!(written()[..2], ["before", "inside"]);
    }
}
