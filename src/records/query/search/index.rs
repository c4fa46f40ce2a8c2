//! The index of words, which each database keeps in a way of its own, and the place of a record in it.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{IndexChange, IndexKey, letter};
use crate::db::{Db, InsertBatch, Statement};
use crate::error::Result;
use crate::records::find::Condition;

/// A first and a last day.
pub type DaySpan = (NaiveDate, NaiveDate);

/// The place of a record in the index.
#[derive(Clone, Copy)]
pub(super) struct IndexPlace {
    letter: u8,
    received_on: NaiveDate,
    pub(super) pos: i64,
}

impl IndexPlace {
    /// The place in the index of the record of a register with a day received and a place among the records.
    pub(super) fn new(register: &str, received_on: NaiveDate, pos: i64) -> Self {
        IndexPlace { letter: letter(register), received_on, pos }
    }

    /// The key in the index. It finds in the order of its keys, so these go by register and day received as lists do, and
    /// a page is found without looking at everything that has a word.
    pub(super) fn key(self) -> i64 {
        (i64::from(self.letter) << 54) | (i64::from(self.received_on.num_days_from_ce()) << 32) | self.pos
    }
}

/// The part of a key that is the place among the records.
pub(super) const POS: i64 = 0xffff_ffff;

/// The day received that a key has in it.
pub(super) fn day_of(key: i64) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt((key >> 32) as i32 & 0x3f_ffff).unwrap_or_default()
}

/// The keys between two, and the direction in which they are gone through.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeySpan {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) descending: bool,
}

impl KeySpan {
    /// The keys of the records of a register (by its letter), or of all, that were received on some days.
    pub(super) fn of(letter: Option<u8>, (first, last): DaySpan, descending: bool) -> Self {
        let letters = letter.map_or((0, 127), |letter| (letter, letter));
        let first = IndexPlace { letter: letters.0, received_on: first, pos: 0 };
        let last = IndexPlace { letter: letters.1, received_on: last, pos: POS };
        KeySpan { first: first.key(), last: last.key(), descending }
    }

    /// A key as it counts upwards from the first one: those of a span that goes down are turned round, and turned back likewise.
    pub(super) fn turned(self, key: i64) -> i64 {
        if self.descending { -key } else { key }
    }

    pub(super) fn has(self, key: i64) -> bool {
        (self.first..=self.last).contains(&key)
    }
}

/// Words or a beginning that the index has in the order of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordSource {
    /// Any of these words.
    Words(Vec<String>),
    /// All words that begin with this.
    Beginning(String),
    /// The same, of which there is so much that putting it in order takes a while.
    Unordered(String),
}

/// Rows in as many lists as there are places, each row in the list of its place.
pub(super) fn by_place<T>(rows: Vec<(i64, T)>, places: usize) -> Vec<Vec<T>> {
    let mut lists: Vec<Vec<T>> = std::iter::repeat_with(Vec::new).take(places).collect();
    for (place, row) in rows {
        if let Some(list) = lists.get_mut(place as usize) {
            list.push(row);
        }
    }
    lists
}

/// The keys that all of some lists have, each in order; `None` without a list.
pub(super) fn in_all<'k>(lists: impl IntoIterator<Item = &'k Vec<i64>>) -> Option<Vec<i64>> {
    let mut lists = lists.into_iter();
    let first = lists.next()?.clone();
    Some(lists.fold(first, |mut keys, other| {
        keys.retain(|key| other.binary_search(key).is_ok());
        keys
    }))
}

/// The next keys that all of some sources have.
pub(super) struct KeyBlock {
    /// The keys, in their order.
    pub(super) keys: Vec<i64>,
    /// The last key that was looked at; `None` where none is left behind it.
    pub(super) reach: Option<i64>,
    /// The place of a source that has far more keys than another there.
    pub(super) commonest: Option<usize>,
}

impl KeyBlock {
    /// The block of keys of which so many were asked for: where there are fewer none is left.
    pub(super) fn of(keys: Vec<IndexKey>, asked: i64) -> Self {
        let keys: Vec<i64> = keys.into_iter().map(|found| found.key).collect();
        let reach = keys.last().copied().filter(|_| keys.len() as i64 >= asked);
        KeyBlock { keys, reach, commonest: None }
    }
}

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

/// The index of words of one database. It has an entry for each word of each record.
pub(super) trait WordIndex: Sync {
    /// Writes changes, or leaves that to the batch.
    fn write<'r>(&self, db: &mut Db, batch: &mut InsertBatch<'r>, changes: &[IndexChange<'r>]) -> Result<()>;

    /// The query for the keys of some entries of the words that begin with a text, in no order.
    fn some(&self, beginning: &str, limit: i64) -> Statement<'static>;

    /// The query for the number of these entries, if it is no larger than a limit, or else the limit.
    fn count(&self, beginning: &str, limit: i64) -> Statement<'static>;

    /// The query for the first words that begin with a text.
    fn words(&self, beginning: &str, limit: i64) -> Statement<'static>;

    /// The text whose entries the index has in order, however many words begin with it: the given one, or one that it
    /// begins with, so that more is found. `None` where there is none.
    fn ordered(&self, beginning: &str) -> Option<String>;

    /// The keys that are looked at to find the first ones that some sources have, where so many are wanted and nothing is known
    /// of how many of them the sources have together.
    fn to_look_at(&self, sources: usize, wanted: i64) -> i64;

    /// The first keys that all sources have, as many as are found by a look at so many of each. A key may come more than once,
    /// one behind the other.
    fn next_keys(&self, db: &mut Db, sources: &[WordSource], span: KeySpan, count: i64) -> Result<KeyBlock>;

    /// The condition that a record has words that begin with each of these texts.
    fn found_by(&self, beginnings: &[&str], span: KeySpan) -> Condition;

    /// The condition that a record, of a register if one is given, is at one of these places, which stand one behind the
    /// other with commas between.
    fn at(&self, register: Option<&'static str>, places: &str) -> Condition;

    /// Holds the index against the records.
    fn check(&self, db: &mut Db, next: &mut NextRecords) -> Result<IndexFindings>;

    /// Takes words out that titles had before, where the index keeps them for a while.
    fn forget_replaced(&self, db: &mut Db) -> Result<()>;
}
