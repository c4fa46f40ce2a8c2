//! Rows that a transaction writes at its end: they follow from its changes, many in one statement.
//!
//! A change of a record is told in several tables besides its own. With a statement for each row most of the time goes
//! into statements, and on a server into the way there and back. So the rows are noted, and written before the commit
//! or before somebody reads these tables in the same transaction, whichever comes first.

use std::any::{Any, TypeId};
use std::cell::RefCell;

use diesel::RunQueryDsl;

use super::{Db, Statement, Values};
use crate::error::{Error, Result};

/// A row that is written at the end of a transaction.
pub trait Later: Sized + 'static {
    /// The kinds are written in the order of their ranks, and of one rank in the order in which they came up: what
    /// refers to a row has a higher one.
    const RANK: u8;

    /// Writes rows in the order in which they were noted. It notes nothing itself.
    fn write(db: &mut Db, rows: &[Self]) -> Result<()>;
}

/// The number of rows of one kind that were noted, and of those that are written.
#[derive(Clone, Copy, Default)]
struct Mark {
    noted: usize,
    written: usize,
}

/// The rows of one kind. They stay until the end of the transaction: a savepoint may take back that they were written.
struct Rows<R> {
    rows: Vec<R>,
    written: usize,
}

/// The rows of any kind.
trait Noted {
    fn is_unwritten(&self) -> bool;
    fn write(&mut self, db: &mut Db) -> Result<()>;
    fn mark(&self) -> Mark;
    fn go_back(&mut self, mark: Mark);
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<R: Later> Noted for Rows<R> {
    fn is_unwritten(&self) -> bool {
        self.written < self.rows.len()
    }

    fn write(&mut self, db: &mut Db) -> Result<()> {
        R::write(db, &self.rows[self.written..])?;
        self.written = self.rows.len();
        Ok(())
    }

    fn mark(&self) -> Mark {
        Mark { noted: self.rows.len(), written: self.written }
    }

    fn go_back(&mut self, mark: Mark) {
        self.rows.truncate(mark.noted);
        self.written = mark.written;
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The rows of one kind, with its rank; none while they are being written.
struct Kind {
    id: TypeId,
    rank: u8,
    rows: Option<Box<dyn Noted>>,
}

impl Kind {
    fn mark_in(&self, marks: &[(TypeId, Mark)]) -> Mark {
        marks.iter().find(|(id, _)| *id == self.id).map(|(_, mark)| *mark).unwrap_or_default()
    }
}

/// All that a transaction has noted, by rank.
#[derive(Default)]
struct Notes(Vec<Kind>);

impl Notes {
    fn rows<R: Later>(&mut self) -> Option<&mut Rows<R>> {
        let of_kind = self.0.iter_mut().find(|kind| kind.id == TypeId::of::<R>())?;
        of_kind.rows.as_mut()?.as_any().downcast_mut()
    }

    /// Takes the first kind that has rows to write.
    fn take_unwritten(&mut self, rank: u8) -> Option<(TypeId, Box<dyn Noted>)> {
        let due = |kind: &&mut Kind| kind.rank <= rank && kind.rows.as_ref().is_some_and(|rows| rows.is_unwritten());
        let kind = self.0.iter_mut().find(due)?;
        Some((kind.id, kind.rows.take()?))
    }

    fn put_back(&mut self, id: TypeId, rows: Box<dyn Noted>) {
        if let Some(kind) = self.0.iter_mut().find(|kind| kind.id == id) {
            kind.rows = Some(rows);
        }
    }

    fn marks(&self) -> Vec<(TypeId, Mark)> {
        self.0.iter().filter_map(|kind| Some((kind.id, kind.rows.as_ref()?.mark()))).collect()
    }

    fn go_back(&mut self, marks: &[(TypeId, Mark)]) {
        for kind in &mut self.0 {
            let mark = kind.mark_in(marks);
            kind.rows.iter_mut().for_each(|rows| rows.go_back(mark));
        }
    }

    /// Forgets what was noted since; false when something of that is written.
    fn forget_since(&mut self, marks: &[(TypeId, Mark)]) -> bool {
        self.0.iter_mut().all(|kind| {
            let Mark { noted, .. } = kind.mark_in(marks);
            kind.rows.iter_mut().all(|rows| {
                let Mark { written, .. } = rows.mark();
                rows.go_back(Mark { noted, written });
                written <= noted
            })
        })
    }

    fn add<R: Later>(&mut self, row: R) {
        let rows: Option<Box<dyn Noted>> = Some(Box::new(Rows { rows: vec![row], written: 0 }));
        let place = self.0.partition_point(|kind| kind.rank <= R::RANK);
        self.0.insert(place, Kind { id: TypeId::of::<R>(), rank: R::RANK, rows });
    }
}

thread_local! {
    /// The notes of the transaction that this thread is in.
    static NOTES: RefCell<Notes> = RefCell::default();
}

/// Notes a row that is to be written before the transaction of this thread is committed.
pub fn later<R: Later>(row: R) {
    NOTES.with_borrow_mut(|notes| match notes.rows::<R>() {
        Some(noted) => noted.rows.push(row),
        None => notes.add(row),
    });
}

/// Looks at the rows of a kind that this transaction has noted so far, written or not.
pub fn noted<R: Later, T>(look: impl FnOnce(&[R]) -> T) -> T {
    NOTES.with_borrow_mut(|notes| look(notes.rows::<R>().map_or(&[], |noted| &noted.rows)))
}

/// Writes what was noted and is not written yet: to be called before one reads what may have been noted.
pub fn catch_up(db: &mut Db) -> Result<()> {
    write_up_to(db, u8::MAX)
}

/// The same for one kind of rows, and those that it may refer to.
pub fn catch_up_to<R: Later>(db: &mut Db) -> Result<()> {
    write_up_to(db, R::RANK)
}

fn write_up_to(db: &mut Db, rank: u8) -> Result<()> {
    while let Some((id, mut rows)) = NOTES.with_borrow_mut(|notes| notes.take_unwritten(rank)) {
        let written = rows.write(db);
        NOTES.with_borrow_mut(|notes| notes.put_back(id, rows));
        written?;
    }
    Ok(())
}

/// Forgets what a transaction has noted.
pub(super) fn forget() {
    NOTES.take();
}

/// Runs `work` in a savepoint; if it fails, all is forgotten that it noted, and that it wrote what had been noted before.
pub(super) fn or_go_back<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = NOTES.with_borrow(Notes::marks);
    let result = work();
    if result.is_err() {
        NOTES.with_borrow_mut(|notes| notes.go_back(&before));
    }
    result
}

/// Runs `work`, which must have written nothing of its own when it fails, and forgets what it noted then. What had been
/// noted before may have been written meanwhile: there is no savepoint that would take it back.
pub fn or_forget<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = NOTES.with_borrow(Notes::marks);
    let result = work();
    if result.is_err() && !NOTES.with_borrow_mut(|notes| notes.forget_since(&before)) {
        return Err(Error::Internal("what failed had written something already".into()));
    }
    result
}

/// Slices of rows, each for a statement: of few different lengths (1, 2, 3, 4, 6, 8, 12 and so on), so that few different
/// statements are kept prepared.
pub fn statements<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    const MOST: usize = 256;
    std::iter::from_fn(move || {
        let power = 1 << rows.len().checked_ilog2()?;
        let length = MOST.min(if rows.len() >= power + power / 2 { power + power / 2 } else { power });
        let (first, rest) = rows.split_at(length);
        rows = rest;
        Some(first)
    })
}

/// Inserts rows of the values that `row` binds; `into` names the table and its columns.
pub fn insert<R>(
    db: &mut Db,
    into: &'static str,
    rows: &[R],
    row: impl for<'f> Fn(Values<'f>, &'f R) -> Values<'f>,
) -> Result<()> {
    statements(rows).try_for_each(|rows| {
        Statement::new("INSERT INTO ").sql(into).rows(rows, &row).execute(db)?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use diesel::prelude::*;
    use diesel::sqlite::SqliteConnection;

    use super::{Later, catch_up_to, later, noted, or_forget, statements};
    use crate::db::{Db, exclusively, savepoint};
    use crate::error::{Error, Result};

    thread_local! {
        static WRITTEN: RefCell<Vec<String>> = RefCell::default();
    }

    #[derive(Clone)]
    struct Deed(&'static str);

    impl Later for Deed {
        const RANK: u8 = 0;

        fn write(_: &mut Db, rows: &[Self]) -> Result<()> {
            for Deed(name) in rows {
                WRITTEN.with_borrow_mut(|written| written.push((*name).to_owned()));
            }
            Ok(())
        }
    }

    struct Echo(&'static str);

    impl Later for Echo {
        const RANK: u8 = 1;

        fn write(_: &mut Db, rows: &[Self]) -> Result<()> {
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

    fn fail<T>(_: &mut Db) -> Result<T> {
        Err(Error::InProgress)
    }

    #[test]
    fn rows_are_written_at_the_end_by_their_rank() {
        let kept = exclusively(&mut database(), |_| {
            later(Echo("nothing"));
            later(Deed("a"));
            later(Deed("b"));
            assert!(written().is_empty());
            Ok(())
        });
        kept.unwrap();
        assert_eq!(written(), ["a", "b", "echo of nothing"]);
        assert_eq!(noted(|deeds: &[Deed]| deeds.len()), 0, "the next transaction knows nothing of them");
    }

    #[test]
    fn what_fails_writes_nothing() {
        let failed = exclusively(&mut database(), |db| {
            later(Deed("a"));
            fail::<()>(db)
        });
        assert!(failed.is_err());
        exclusively(&mut database(), |_| Ok(())).unwrap();
        assert!(written().is_empty());
    }

    #[test]
    fn a_savepoint_takes_back_what_was_noted_and_that_it_was_written() {
        let kept = exclusively(&mut database(), |db| {
            later(Deed("before"));
            let failed = savepoint(db, |db| {
                later(Deed("inside"));
                later(Echo("inside"));
                catch_up_to::<Deed>(db)?;
                assert_eq!(written(), ["before", "inside"]);
                fail::<()>(db)
            });
            assert!(failed.is_err());
            assert_eq!(noted(|deeds: &[Deed]| deeds.len()), 1);
            savepoint(db, |_| {
                later(Deed("after"));
                Ok(())
            })
        });
        kept.unwrap();
        assert_eq!(written(), ["before", "after"]);
    }

    #[test]
    fn what_is_refused_without_a_savepoint_leaves_what_was_written() {
        let kept = exclusively(&mut database(), |db| {
            later(Deed("before"));
            let refused: Result<()> = or_forget(|| {
                later(Echo("refused"));
                catch_up_to::<Deed>(db)?;
                fail(db)
            });
            assert!(matches!(refused, Err(Error::InProgress)));
            let written: Result<()> = or_forget(|| {
                later(Deed("inside"));
                catch_up_to::<Deed>(db)?;
                fail(db)
            });
            assert!(matches!(written, Err(Error::Internal(_))), "that cannot be forgotten");
            Ok(())
        });
        kept.unwrap();
        assert_eq!(written()[..2], ["before", "inside"]);
    }

    #[test]
    fn statements_are_of_few_lengths() {
        let lengths = |count: usize| statements(&vec![0; count]).map(<[i32]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(0), [0_usize; 0]);
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(15), [12, 3]);
        assert_eq!(lengths(500), [256, 192, 48, 4]);
        assert_eq!(lengths(1024), [256; 4]);
    }
}
