//! Search by words: case and accents are folded here, so that both databases find the same.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::filter::{Condition, Days};
use super::record::Columns;
use crate::db::schema::records;
use crate::db::{Db, Later, Statement, insert, later, prepared, statements};
use crate::error::Result;

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
    folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What the index is to say of a record of a day, and what it said before: words, or nothing.
struct Entry {
    id: String,
    register: String,
    received_on: NaiveDate,
    /// The record's place, if that is known: a new one gets it with its row.
    pos: Option<i64>,
    before: Option<String>,
    after: Option<String>,
}

impl Entry {
    fn new(of: &Columns, pos: Option<i64>, before: Option<&Columns>, after: Option<&Columns>) -> Self {
        let words = |columns: &Columns| words(&format!("{} {}", columns.number, columns.title)).join(" ");
        Entry {
            id: of.id.clone(),
            register: of.register.clone(),
            received_on: of.received_on,
            pos,
            before: before.map(words),
            after: after.map(words),
        }
    }
}

/// Where a record stands in the index of SQLite.
#[derive(Clone, Copy)]
pub struct Place {
    letter: u8,
    received_on: NaiveDate,
    pos: i64,
}

impl Place {
    /// The place in the index of the record of a register with a day received and a place among the records.
    pub fn new(register: &str, received_on: NaiveDate, pos: i64) -> Self {
        Place { letter: letter(register), received_on, pos }
    }

    /// The key in the index. It finds in the order of its keys, so these go by register and day received as lists do, and
    /// a page is found without looking at everything that has a word.
    pub fn key(self) -> i64 {
        (i64::from(self.letter) << 54) | (i64::from(self.received_on.num_days_from_ce()) << 32) | self.pos
    }
}

/// The part of a key of SQLite's index that is the place among the records.
pub const POS: i64 = 0xffff_ffff;

/// What tells registers apart in a key. That some share it costs time only.
fn letter(register: &str) -> u8 {
    register.bytes().next().unwrap_or_default()
}

/// Keeps the words of title and number of a record that is new, changed or gone. One that was there has a place.
pub fn keep(pos: Option<i64>, before: Option<&Columns>, after: Option<&Columns>) {
    match (before, after) {
        (Some(old), Some(new)) if old.received_on != new.received_on => {
            later(Entry::new(old, pos, Some(old), None));
            later(Entry::new(new, pos, None, Some(new)));
        }
        (Some(old), Some(new)) if (&old.number, &old.title) == (&new.number, &new.title) => {}
        _ => after.or(before).into_iter().for_each(|of| later(Entry::new(of, pos, before, after))),
    }
}

/// The places of records, by their ids; of those that are still there.
fn places(db: &mut Db, ids: &[&str]) -> Result<HashMap<String, i64>> {
    let mut places = HashMap::with_capacity(ids.len());
    for ids in statements(ids) {
        let held = records::table.filter(records::id.eq_any(ids)).select((records::id, records::pos));
        places.extend(prepared(held).load::<(String, i64)>(db)?);
    }
    Ok(places)
}

/// SQLite's index writes what it holds back at every savepoint: with one for each record it would write a piece of index
/// for each of them. It keeps no texts: what is to go has to be said again. On PostgreSQL the words go with their record.
impl Later for Entry {
    const RANK: u8 = 4;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        struct Change<'r> {
            row: &'r Entry,
            pos: Option<i64>,
            after: Option<&'r str>,
        }
        let mut changes: BTreeMap<(&str, NaiveDate), Change> = BTreeMap::new();
        for row in rows {
            let first = || Change { row, pos: None, after: None };
            let change = changes.entry((&row.id, row.received_on)).or_insert_with(first);
            (change.pos, change.after) = (change.pos.or(row.pos), row.after.as_deref());
        }
        changes.retain(|_, change| change.row.before.as_deref() != change.after);
        let unknown: Vec<&str> = changes.values().filter(|c| c.pos.is_none()).map(|c| c.row.id.as_str()).collect();
        let places = places(db, &unknown)?;
        let (mut gone, mut said) = (Vec::new(), Vec::new());
        for Change { row, pos, after } in changes.values() {
            let Some(pos) = pos.or_else(|| places.get(&row.id).copied()) else { continue };
            let key = match db {
                Db::Sqlite(_) => Place::new(&row.register, row.received_on, pos).key(),
                Db::Postgres(_) => pos,
            };
            gone.extend(row.before.as_deref().map(|words| (key, words)));
            said.extend(after.map(|words| (key, words)));
        }
        let (start, end) = match db {
            Db::Sqlite(_) => {
                insert(db, "records_search (records_search, rowid, words)", &gone, |values, (key, words)| {
                    values.bind::<Text, _>("delete").bind::<BigInt, _>(*key).bind::<Text, _>(*words)
                })?;
                ("INSERT INTO records_search (rowid, words)", "")
            }
            Db::Postgres(_) => (
                "WITH said (pos, words) AS (",
                "), new AS (\
                 INSERT INTO records_words (term) SELECT DISTINCT unnest(string_to_array(words, ' ')) FROM said \
                 ON CONFLICT DO NOTHING) \
                 INSERT INTO records_search (pos, words) SELECT pos, array_to_tsvector(string_to_array(words, ' ')) \
                 FROM said ON CONFLICT (pos) DO UPDATE SET words = excluded.words",
            ),
        };
        statements(&said).try_for_each(|said| {
            let row = Statement::new(start)
                .rows(said, |values, (key, words)| values.bind::<BigInt, _>(*key).bind::<Text, _>(*words));
            row.sql(end).execute(db)?;
            Ok(())
        })
    }
}

/// A search for the records that have, for each word of a text, a word that begins with it.
pub struct Search {
    /// As the database's index wants to be asked.
    expression: String,
    /// The keys among which the records are.
    keys: (i64, i64),
}

impl Search {
    /// The search for a text among the records of a register that were received in these days. `None` when there is
    /// nothing to look for, so that nothing can be found.
    pub fn new(db: &mut Db, text: &str, register: Option<&str>, (first, last): Days) -> Result<Option<Self>> {
        let words = words(text);
        let mut all = Vec::with_capacity(words.len());
        for word in &words {
            all.push(beginning_with(db, word)?);
        }
        if all.is_empty() || all.iter().any(String::is_empty) {
            return Ok(None);
        }
        let letters = register.map(letter).map_or((0, 127), |letter| (letter, letter));
        let day = |given: Option<NaiveDate>, else_in: i32| given.or(NaiveDate::from_ymd_opt(else_in, 1, 1));
        let (first, last) = (day(first, 1).unwrap_or_default(), day(last, 10_000).unwrap_or_default());
        let first = Place { letter: letters.0, received_on: first, pos: 0 };
        let last = Place { letter: letters.1, received_on: last, pos: POS };
        let and = if let Db::Sqlite(_) = db { " AND " } else { " & " };
        Ok(Some(Search { expression: all.join(and), keys: (first.key(), last.key()) }))
    }

    /// The condition on a record that it is found.
    pub fn condition(&self, db: &Db) -> Condition {
        let expression = self.expression.clone();
        match db {
            Db::Sqlite(_) => {
                let found = sql::<Bool>(
                    "records.pos IN (SELECT rowid & 4294967295 FROM records_search WHERE records_search MATCH ",
                );
                let found = found.bind::<Text, _>(expression).sql(" AND rowid BETWEEN ");
                Box::new(found.bind::<BigInt, _>(self.keys.0).sql(" AND ").bind::<BigInt, _>(self.keys.1).sql(")"))
            }
            Db::Postgres(_) => {
                let found = sql::<Bool>("records.pos IN (SELECT pos FROM records_search WHERE words @@ CAST(");
                Box::new(found.bind::<Text, _>(expression).sql(" AS tsquery))"))
            }
        }
    }

    /// Goes on by the days received, from the last or from the first. `None` for an index that is in no such order.
    pub fn walk(self, db: &Db, register: &'static str, descending: bool) -> Option<Walk> {
        matches!(db, Db::Sqlite(_)).then_some(Walk { search: self, register, descending })
    }
}

/// The records that a search finds, some days after the other, so that who wants a page reads no further.
pub struct Walk {
    search: Search,
    register: &'static str,
    descending: bool,
}

/// Of a day on which so many are found, the records are gone through in the order of the list: a page has soon been found.
/// Of one with fewer, all that are found are sorted.
const CROWD: i64 = 1_000;

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    key: i64,
}

impl Walk {
    /// The condition that a record is one of the next, all that are found on some days: as many as `count` or a few less,
    /// or all of a day that has more. `None` at the end.
    pub fn next(&mut self, db: &mut Db, count: i64) -> Result<Option<Condition>> {
        let mut keys = self.keys(db, count)?;
        let (Some(first), Some(last)) = (keys.first().copied(), keys.last().copied()) else { return Ok(None) };
        if keys.len() as i64 == count {
            // The last day may have more of them than were asked for.
            keys.retain(|key| key | POS != last | POS);
        }
        let is_crowded = keys.is_empty();
        let last = keys.last().copied().unwrap_or(first);
        let (first_key, last_key) = self.search.keys;
        self.search.keys = if self.descending { (first_key, (last & !POS) - 1) } else { ((last | POS) + 1, last_key) };
        if !is_crowded {
            return Ok(Some(self.one_of(&keys)));
        }
        let day = Search { expression: self.search.expression.clone(), keys: (first & !POS, first | POS) };
        let day = Walk { search: day, ..*self };
        let keys = day.keys(db, CROWD)?;
        if (keys.len() as i64) < CROWD {
            return Ok(Some(self.one_of(&keys)));
        }
        let received_on = NaiveDate::from_num_days_from_ce_opt((first >> 32) as i32 & 0x3f_ffff).unwrap_or_default();
        let register = records::register.eq(self.register);
        Ok(Some(Box::new(register.and(records::received_on.eq(received_on)).and(day.search.condition(db)))))
    }

    /// The condition that a record is one of those with these keys.
    fn one_of(&self, keys: &[i64]) -> Condition {
        let places: Vec<i64> = keys.iter().map(|key| key & POS).collect();
        // The sign keeps SQLite from going through all of the register in order to look for these few.
        let found = sql::<Bool>("(+records.register = ").bind::<Text, _>(self.register);
        let found = found.sql(" AND records.pos IN (SELECT value FROM json_each(");
        Box::new(found.bind::<Text, _>(serde_json::json!(places).to_string()).sql(")))"))
    }

    fn keys(&self, db: &mut Db, count: i64) -> Result<Vec<i64>> {
        let Search { expression, keys } = &self.search;
        let found = Statement::new("SELECT rowid AS key FROM records_search WHERE records_search MATCH ");
        let found = found.bind::<Text, _>(expression).sql(" AND rowid BETWEEN ");
        let found = found.bind::<BigInt, _>(keys.0).sql(" AND ").bind::<BigInt, _>(keys.1);
        let found = found.sql(if self.descending { " ORDER BY rowid DESC LIMIT " } else { " ORDER BY rowid LIMIT " });
        let found: Vec<Key> = found.bind::<BigInt, _>(count).load(db)?;
        Ok(found.into_iter().map(|found| found.key).collect())
    }
}

/// The beginnings up to this length (in characters) that SQLite's index has an index of its own for.
const INDEXED: usize = 3;

/// Of so many words that begin alike each is looked up for itself.
const LOOKED_UP: usize = 64;

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    term: String,
}

/// What to ask the index for, to find the words that begin with one; nothing where there are none. Both databases find
/// words as a whole one after the other, but for a beginning they first gather all that has it.
fn beginning_with(db: &mut Db, word: &str) -> Result<String> {
    let (quote, beginning, or) = match db {
        Db::Sqlite(_) => ('"', "*", " OR "),
        Db::Postgres(_) => ('\'', ":*", " | "),
    };
    let gathered = || format!("{quote}{word}{quote}{beginning}");
    if matches!(db, Db::Sqlite(_)) && word.chars().count() <= INDEXED {
        return Ok(gathered());
    }
    let last = format!("{word}\u{10ffff}");
    let (first, last) = (
        |all: Statement<'static>| all.bind::<Text, _>(word.to_owned()),
        |all: Statement<'static>| all.bind::<Text, _>(last.clone()),
    );
    let all = match db {
        // From word to word, as the view has each of them once for every record. "!" comes before letters and digits.
        Db::Sqlite(_) => {
            let all = Statement::new(
                "WITH RECURSIVE found (term) AS (\
                 SELECT (SELECT term FROM records_words WHERE term BETWEEN ",
            );
            let all = last(first(all).sql(" AND ")).sql(
                " LIMIT 1) UNION ALL \
                 SELECT (SELECT term FROM records_words WHERE term BETWEEN found.term || '!' AND ",
            );
            last(all).sql(
                " LIMIT 1) FROM found WHERE found.term IS NOT NULL\
                 ) SELECT term FROM found WHERE term IS NOT NULL",
            )
        }
        Db::Postgres(_) => {
            let all = Statement::new("SELECT term FROM records_words WHERE term BETWEEN ");
            last(first(all).sql(" AND "))
        }
    };
    let found: Vec<Word> = all.sql(" LIMIT ").bind::<BigInt, _>(LOOKED_UP as i64 + 1).load(db)?;
    if found.len() > LOOKED_UP {
        return Ok(gathered());
    }
    let found: Vec<String> = found.into_iter().map(|found| format!("{quote}{}{quote}", found.term)).collect();
    Ok(match found.len() {
        0 => String::new(),
        _ => format!("({})", found.join(or)),
    })
}

#[cfg(test)]
mod tests {
    use super::words;

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
