//! The index of words, which each database keeps in a way of its own, and the place of a record in it.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{DaySpan, IndexChange, Search, Walk, letter};
use crate::db::{Db, Statement};
use crate::error::Result;
use crate::records::find::Condition;

/// A month, as the number of months since the year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month(pub(super) i32);

impl Month {
    pub(super) fn of(day: NaiveDate) -> Self {
        Month(day.year() * 12 + day.month0() as i32)
    }

    pub(super) fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0 / 12, self.0 as u32 % 12 + 1, 1).unwrap_or_default()
    }

    pub(super) fn lexeme(self, letter: u8, word: &str) -> String {
        format!("{word}@{}{:04}{:02}", char::from(letter), self.0 / 12, self.0 % 12 + 1)
    }
}

/// The place of a record in the index.
#[derive(Clone, Copy)]
pub(super) struct IndexPlace {
    pub(super) letter: u8,
    pub(super) received_on: NaiveDate,
    pub(super) pos: i64,
}

impl IndexPlace {
    /// The place in the index of the record of a register with a day received and a place among the records.
    pub(super) fn new(register: &str, received_on: NaiveDate, pos: i64) -> Self {
        IndexPlace { letter: letter(register), received_on, pos }
    }

    /// The key in SQLite's index. It finds in the order of its keys, so these go by register and day received as lists do,
    /// and a page is found without looking at everything that has a word.
    pub(super) fn key(self) -> i64 {
        (i64::from(self.letter) << 54) | (i64::from(self.received_on.num_days_from_ce()) << 32) | self.pos
    }

    /// A word as it is in PostgreSQL's index. That finds in no order, so it has each word once for each register and month,
    /// and a page is found by asking for some months.
    pub(super) fn lexeme(self, word: &str) -> String {
        Month::of(self.received_on).lexeme(self.letter, word)
    }
}

/// The part of a key of SQLite's index that is the place among the records.
pub(super) const POS: i64 = 0xffff_ffff;

/// A record as the index is to have it.
pub(super) struct IndexedRecord {
    pub(super) place: IndexPlace,
    pub(super) words: BTreeSet<String>,
}

/// The differences of the index from the records.
#[derive(Debug, Default)]
pub struct IndexFindings {
    /// The places of the records that it does not find by each of their words, or finds by others.
    pub wrong: BTreeSet<i64>,
    /// The number of entries that follow from the records.
    pub expected: i64,
    /// The number of entries that it has.
    pub entries: i64,
}

/// The next records to be held against the index, in the order of their places; none at the end.
pub(super) type NextRecords<'n> = dyn FnMut(&mut Db) -> Result<Vec<IndexedRecord>> + 'n;

/// The index of words of one database.
pub(super) trait WordIndex: Sync {
    /// Writes changes.
    fn write(&self, db: &mut Db, changes: &[IndexChange]) -> Result<()>;

    /// True if the index has this beginning of words itself, so that the words need not be looked up.
    fn has_beginning(&self, word: &str) -> bool;

    /// The query for the first words between two.
    fn words_between(&self, first: &str, last: &str, limit: i64) -> Statement<'static>;

    /// The days of these among which all of a register were received, where that spares work; `None` if there are none.
    fn narrowed(&self, db: &mut Db, register: Option<&str>, days: DaySpan) -> Result<Option<DaySpan>>;

    /// The condition on a record of some days that it is found.
    fn found_on(&self, search: &Search, days: DaySpan) -> Condition;

    /// The query for the keys of the first records of some days that are found: in their order where the index has one,
    /// else the places of the records in none.
    fn found(&self, search: &Search, days: DaySpan, descending: bool, limit: i64) -> Statement<'static>;

    /// True if what is found can be gone through by the days received.
    fn walks(&self, search: &Search) -> bool;

    /// The next days of a walk, on which as many are found as are wanted or more, or that are all that are left; and the
    /// keys, if they are no crowd.
    fn next(&self, walk: &mut Walk, db: &mut Db, wanted: i64) -> Result<(DaySpan, Vec<i64>)>;

    /// The condition on a record of a register and some days that it is at one of these places, which stand one behind the
    /// other with commas between.
    fn at(&self, register: &'static str, days: DaySpan, places: &str) -> Condition;

    /// Holds the index against the records.
    fn check(&self, db: &mut Db, next: &mut NextRecords) -> Result<IndexFindings>;

    /// Takes words out that titles had before, where the index keeps them for a while.
    fn forget_replaced(&self, db: &mut Db) -> Result<()>;

    /// Takes words out that no record has any more, where the index keeps them.
    fn forget_unused(&self, db: &mut Db) -> Result<()>;
}
