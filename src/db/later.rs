//! What a transaction writes at its end: rows that follow from its changes, many in one statement.
//!
//! A change of a record is told in several tables besides its own. With a statement for each row most of the time goes
//! into statements, and on a server into the way there and back. So the rows are noted, and written before the commit
//! or before somebody reads these tables in the same transaction, whichever comes first.

use std::any::{Any, TypeId};
use std::cell::RefCell;

use super::Db;
use crate::error::Result;

/// A row that is written at the end of a transaction.
pub trait Later: Sized + 'static {
    /// Writes rows in the order in which they were noted.
    fn write(db: &mut Db, rows: &[Self]) -> Result<()>;
}

/// How much of one kind of row was noted, and how much of that is written.
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
    fn write(&mut self, db: &mut Db) -> Result<()>;
    fn mark(&self) -> Mark;
    fn go_back(&mut self, mark: Mark);
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<R: Later> Noted for Rows<R> {
    fn write(&mut self, db: &mut Db) -> Result<()> {
        if self.written < self.rows.len() {
            R::write(db, &self.rows[self.written..])?;
            self.written = self.rows.len();
        }
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

/// All that a transaction has noted, in the order in which the kinds came up.
#[derive(Default)]
struct Notes(Vec<(TypeId, Box<dyn Noted>)>);

impl Notes {
    fn rows<R: Later>(&mut self) -> Option<&mut Rows<R>> {
        let of_kind = self.0.iter_mut().find(|(kind, _)| *kind == TypeId::of::<R>());
        of_kind.and_then(|(_, rows)| rows.as_any().downcast_mut())
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
        None => notes.0.push((TypeId::of::<R>(), Box::new(Rows { rows: vec![row], written: 0 }))),
    });
}

/// Looks at the rows of a kind that this transaction has noted so far, written or not.
pub fn noted<R: Later, T>(look: impl FnOnce(&[R]) -> T) -> T {
    NOTES.with_borrow_mut(|notes| look(notes.rows::<R>().map_or(&[], |noted| &noted.rows)))
}

/// Writes what was noted and is not written yet: to be called before one reads what may have been noted.
pub fn catch_up(db: &mut Db) -> Result<()> {
    let mut notes = NOTES.take();
    let written = notes.0.iter_mut().try_for_each(|(_, rows)| rows.write(db));
    NOTES.set(notes);
    written
}

/// Forgets what a transaction has noted.
pub(super) fn forget() {
    NOTES.take();
}

/// Runs `work` and forgets what it noted if it fails; what it wrote is for the caller to take back.
pub(super) fn or_forget<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before: Vec<Mark> = NOTES.with_borrow(|notes| notes.0.iter().map(|(_, rows)| rows.mark()).collect());
    let result = work();
    if result.is_err() {
        NOTES.with_borrow_mut(|notes| {
            for (index, (_, rows)) in notes.0.iter_mut().enumerate() {
                rows.go_back(before.get(index).copied().unwrap_or_default());
            }
        });
    }
    result
}

/// Slices of rows, each for a statement: of few different lengths, so that few different statements are kept prepared.
pub fn statements<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    const MOST: usize = 256;
    std::iter::from_fn(move || {
        let length = MOST.min(1 << rows.len().checked_ilog2()?);
        let (first, rest) = rows.split_at(length);
        rows = rest;
        Some(first)
    })
}
