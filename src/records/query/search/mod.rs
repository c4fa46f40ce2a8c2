//! Search by words: case and accents are folded here, so that both databases find the same. Each has an index of words of
//! its own kind: see [`WordIndex`]. What a text looks for is a [`Search`]; [`Postings`] go through the index for it.

mod check;
mod index;
mod postgres;
mod postings;
mod sought;
mod sqlite;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::db::schema::records;
use crate::db::{Db, DeferredRow, InsertBatch, WriteTransaction, cached, statements};
use crate::error::Result;
use crate::records::row::RecordRow;

pub use check::wrongly_indexed;
pub use index::{DaySpan, WordSource};
pub use postings::{NextDays, Postings};
pub use sought::{Search, at};

use index::{IndexPlace, WordIndex};
use postgres::PostgresWords;
use sqlite::SqliteWords;

/// The index of the words of a database.
fn word_index(db: &Db) -> &'static dyn WordIndex {
    match db {
        Db::Sqlite(_) => &SqliteWords,
        Db::Postgres(_) => &PostgresWords,
    }
}

/// Takes words that no title has any more out of an index that else keeps them until it merges its pieces.
pub fn forget_replaced_words(db: &mut Db) -> Result<()> {
    word_index(db).forget_replaced(db)
}

/// So many characters of a word count: PostgreSQL's index takes no word of more than some 2,700 bytes.
const LONGEST: usize = 255;

/// The folded words of a text, each as far as it counts.
pub fn words(text: &str) -> Vec<String> {
    let mut words = crate::text::words(text);
    for word in words.iter_mut().filter(|word| word.len() > LONGEST) {
        if let Some((end, _)) = word.char_indices().nth(LONGEST) {
            word.truncate(end);
        }
    }
    words
}

/// The words by which a record is found: those of its number and title.
fn words_of(number: &str, title: &str) -> Vec<String> {
    words(&format!("{number} {title}"))
}

/// The words that the index is to have for a record of a day, and the words that it had before; either may be absent.
struct IndexEntry {
    id: String,
    register: String,
    received_on: NaiveDate,
    /// The record's place, if that is known: a new one gets it with its row.
    pos: Option<i64>,
    before: Option<String>,
    after: Option<String>,
}

impl IndexEntry {
    fn new(of: &RecordRow, pos: Option<i64>, before: Option<&RecordRow>, after: Option<&RecordRow>) -> Self {
        let words = |columns: &RecordRow| words_of(&columns.number, &columns.title).join(" ");
        IndexEntry {
            id: of.id.clone(),
            register: of.register.clone(),
            received_on: of.received_on,
            pos,
            before: before.map(words),
            after: after.map(words),
        }
    }
}

/// Returns the byte that tells registers apart in the index. Registers that share one only cost time.
fn letter(register: &str) -> u8 {
    register.bytes().next().unwrap_or_default()
}

/// Keeps the words of title and number of a record that is new, changed or gone. One that was there has a place.
pub fn defer_words(tx: &mut WriteTransaction, pos: Option<i64>, before: Option<&RecordRow>, after: Option<&RecordRow>) {
    match (before, after) {
        (Some(old), Some(new)) if old.received_on != new.received_on => {
            tx.defer(IndexEntry::new(old, pos, Some(old), None));
            tx.defer(IndexEntry::new(new, pos, None, Some(new)));
        }
        (Some(old), Some(new)) if (&old.number, &old.title) == (&new.number, &new.title) => {}
        _ => after.or(before).into_iter().for_each(|of| tx.defer(IndexEntry::new(of, pos, before, after))),
    }
}

/// The places of records, by their ids; of those that are still there.
fn places(db: &mut Db, ids: &[&str]) -> Result<HashMap<String, i64>> {
    let mut places = HashMap::with_capacity(ids.len());
    for ids in statements(ids) {
        let held = records::table.filter(records::id.eq_any(ids)).select((records::id, records::pos));
        places.extend(cached(held).load::<(String, i64)>(db)?);
    }
    Ok(places)
}

impl DeferredRow for IndexEntry {
    const RANK: u8 = 4;

    fn insert<'r>(db: &mut Db, batch: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        word_index(db).write(db, batch, &index_changes(rows))
    }
}

/// A change of the index by a record: the words that it has, and those that it is to have.
#[derive(Clone, Copy)]
struct IndexChange<'r> {
    entry: &'r IndexEntry,
    pos: Option<i64>,
    before: Option<&'r str>,
    after: Option<&'r str>,
}

impl IndexChange<'_> {
    /// Its place, if the record's is known, or is one of these.
    fn place(&self, places: &HashMap<String, i64>) -> Option<IndexPlace> {
        let pos = self.pos.or_else(|| places.get(&self.entry.id).copied())?;
        Some(IndexPlace::new(&self.entry.register, self.entry.received_on, pos))
    }
}

/// The changes that entries make together.
fn index_changes(rows: &[IndexEntry]) -> Vec<IndexChange<'_>> {
    let mut changes: BTreeMap<(&str, NaiveDate), IndexChange> = BTreeMap::new();
    for row in rows {
        let new = IndexChange { entry: row, pos: None, before: row.before.as_deref(), after: None };
        let change = changes.entry((&row.id, row.received_on)).or_insert(new);
        (change.pos, change.after) = (change.pos.or(row.pos), row.after.as_deref());
    }
    changes.into_values().filter(|change| change.before != change.after).collect()
}

/// The changes with their places in the index, of the records that are still there.
fn placed<'r>(db: &mut Db, changes: &[IndexChange<'r>]) -> Result<Vec<(IndexPlace, IndexChange<'r>)>> {
    let unknown = changes.iter().filter(|change| change.pos.is_none()).map(|change| change.entry.id.as_str());
    let places = places(db, &unknown.collect::<Vec<_>>())?;
    Ok(changes.iter().filter_map(|change| Some((change.place(&places)?, *change))).collect())
}

#[derive(QueryableByName)]
struct IndexKey {
    #[diesel(sql_type = BigInt)]
    key: i64,
}

#[cfg(test)]
mod tests {
    use crate::records::query::search::words;

    #[test]
    fn folds_case_and_accents() {
        assert_eq!(
            words("Datenschutz in Zürich, Genève & Straße"),
            ["datenschutz", "in", "zurich", "geneve", "strasse"]
        );
    }

    #[test]
    fn takes_wildcards_and_quotes_for_separators() {
        assert_eq!(words("100 % _x' \"y\" 2017-0001"), ["100", "x", "y", "2017", "0001"]);
        assert!(words("%_ *").is_empty());
    }
}
