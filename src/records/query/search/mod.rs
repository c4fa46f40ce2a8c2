//! Search by words: case and accents are folded here, so that both databases find the same. Each has an index of words of
//! its own kind: see [`WordIndex`].

mod check;
mod index;
mod postgres;
mod sqlite;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::db::schema::records;
use crate::db::{Db, DeferredRow, WriteTransaction, cached, statements};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::Days;
use crate::records::row::RecordRow;

pub use check::wrongly_indexed;

use index::{IndexPlace, POS, WordIndex};
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

/// Takes words that no record has any more out of the list of words.
pub fn forget_unused_words(db: &mut Db) -> Result<()> {
    word_index(db).forget_unused(db)
}

/// So many characters of a word count: PostgreSQL's index takes no word of more than 2,046 bytes.
const LONGEST: usize = 255;

/// The folded words of a text: lower case, without accents, everything but letters and digits separates.
pub fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            c if c.is_alphanumeric() => folded.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
            _ => folded.push(' '),
        }
    }
    folded.split(' ').filter(|word| !word.is_empty()).map(|word| word.chars().take(LONGEST).collect()).collect()
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
        let words = |columns: &RecordRow| words(&format!("{} {}", columns.number, columns.title)).join(" ");
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

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let changes = index_changes(db, rows)?;
        word_index(db).write(db, &changes)
    }
}

/// A change of the index: the words that a place has, and those that it is to have.
struct IndexChange<'r> {
    place: IndexPlace,
    before: Option<&'r str>,
    after: Option<&'r str>,
}

/// The first entry of a record and day, the record's place, and the words that it is to have in the end.
type NetEntry<'r> = (&'r IndexEntry, Option<i64>, Option<&'r str>);

/// The changes that entries make together, of the records that are still there.
fn index_changes<'r>(db: &mut Db, rows: &'r [IndexEntry]) -> Result<Vec<IndexChange<'r>>> {
    let mut entries: BTreeMap<(&str, NaiveDate), NetEntry> = BTreeMap::new();
    for row in rows {
        let (_, pos, after) = entries.entry((&row.id, row.received_on)).or_insert((row, None, None));
        (*pos, *after) = (pos.or(row.pos), row.after.as_deref());
    }
    entries.retain(|_, (row, _, after)| row.before.as_deref() != *after);
    let unknown: Vec<&str> =
        entries.values().filter(|(_, pos, _)| pos.is_none()).map(|(row, ..)| row.id.as_str()).collect();
    let places = places(db, &unknown)?;
    let change = |(row, pos, after): NetEntry<'r>| {
        let pos = pos.or_else(|| places.get(&row.id).copied())?;
        let place = IndexPlace::new(&row.register, row.received_on, pos);
        Some(IndexChange { place, before: row.before.as_deref(), after })
    };
    Ok(entries.into_values().filter_map(change).collect())
}

/// The term that is looked for in place of the beginning of a word.
enum SearchTerm {
    /// The words that have it.
    Words(Vec<String>),
    /// The beginning itself: too many words have it.
    Beginning(String),
}

impl SearchTerm {
    /// Returns the number of words that are looked for, if it is known.
    fn words(&self) -> Option<usize> {
        match self {
            SearchTerm::Words(words) => Some(words.len()),
            SearchTerm::Beginning(_) => None,
        }
    }
}

/// A search for the records that have, for each word of a text, a word that begins with it.
pub struct Search {
    sought: Vec<SearchTerm>,
    letter: Option<u8>,
    days: DaySpan,
}

/// A first and a last day.
type DaySpan = (NaiveDate, NaiveDate);

#[derive(QueryableByName)]
struct IndexKey {
    #[diesel(sql_type = BigInt)]
    key: i64,
}

impl Search {
    /// The search for a text among the records of a register that were received in these days. `None` when nothing can be
    /// found.
    pub fn new(db: &mut Db, text: &str, register: Option<&str>, (first, last): Days) -> Result<Option<Self>> {
        let mut sought = Vec::new();
        for word in words(text) {
            match beginning_with(db, word)? {
                SearchTerm::Words(words) if words.is_empty() => return Ok(None),
                found => sought.push(found),
            }
        }
        let day = |given: Option<NaiveDate>, else_in: i32| given.or(NaiveDate::from_ymd_opt(else_in, 1, 1));
        let days = (day(first, 1).unwrap_or_default(), day(last, 10_000).unwrap_or_default());
        let Some(days) = word_index(db).narrowed(db, register, days)? else { return Ok(None) };
        Ok((!sought.is_empty()).then_some(Search { sought, letter: register.map(letter), days }))
    }

    /// The condition on a record that it is found.
    pub fn condition(&self, db: &Db) -> Condition {
        word_index(db).found_on(self, self.days)
    }

    /// The keys by which the index finds records of some days; see [`WordIndex::found`](index::WordIndex::found).
    fn find(&self, db: &mut Db, days: DaySpan, descending: bool, limit: i64) -> Result<Vec<i64>> {
        let found: Vec<IndexKey> = word_index(db).found(self, days, descending, limit).load(db)?;
        Ok(found.into_iter().map(|found| found.key).collect())
    }

    /// Goes on by the days received, from the last or from the first. `None` where the index knows no order.
    pub fn walk(self, db: &Db, register: &'static str, descending: bool) -> Option<Walk> {
        word_index(db).walks(&self).then_some(Walk { days: self.days, search: self, register, descending, months: 1 })
    }
}

/// The records that a search finds, some days after the other, so that who wants a page reads no further.
pub struct Walk {
    search: Search,
    register: &'static str,
    descending: bool,
    /// The days that are still to come.
    days: DaySpan,
    /// The number of months that PostgreSQL's index is asked for next: one at first.
    months: i32,
}

/// Of days on which so many are found, the records are gone through in the order of the list: a page has soon been found.
/// Of those with fewer, all that are found are sorted.
const CROWD: i64 = 1_000;

impl Walk {
    /// The condition that a record is one of the next, which are all that are found on some days: about as many as are
    /// wanted, or all of a day that has more. `None` at the end.
    pub fn next(&mut self, db: &mut Db, wanted: i64) -> Result<Option<Condition>> {
        let (first, last) = self.days;
        if first > last {
            return Ok(None);
        }
        let index = word_index(db);
        let (days, keys) = index.next(self, db, wanted)?;
        let before = days.0.pred_opt().unwrap_or(NaiveDate::MIN);
        let after = days.1.succ_opt().unwrap_or(NaiveDate::MAX);
        self.days = if self.descending { (first, before) } else { (after, last) };
        let is_crowd = keys.len() as i64 >= CROWD;
        let of_days = records::register.eq(self.register).and(records::received_on.between(days.0, days.1));
        if is_crowd {
            return Ok(Some(Box::new(of_days.and(index.found_on(&self.search, days)))));
        }
        let places: Vec<String> = keys.iter().map(|key| (key & POS).to_string()).collect();
        Ok(Some(index.at(self.register, days, &places.join(","))))
    }
}

/// Of so many words that begin alike each is looked up for itself.
const LOOKED_UP: usize = 64;

#[derive(QueryableByName)]
struct KnownWord {
    #[diesel(sql_type = Text)]
    term: String,
}

/// Returns the term to look for, to find the words that begin with a word. Both databases find whole words one after
/// the other, but for a beginning they first gather everything that has it.
fn beginning_with(db: &mut Db, word: String) -> Result<SearchTerm> {
    let index = word_index(db);
    if index.has_beginning(&word) {
        return Ok(SearchTerm::Beginning(word));
    }
    let found: Vec<KnownWord> =
        index.words_between(&word, &format!("{word}\u{10ffff}"), LOOKED_UP as i64 + 1).load(db)?;
    if found.len() > LOOKED_UP {
        return Ok(SearchTerm::Beginning(word));
    }
    Ok(SearchTerm::Words(found.into_iter().map(|found| found.term).collect()))
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
