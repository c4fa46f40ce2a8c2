//! SQLite's index of words, which finds in the order of its keys.
//!
//! It writes what it holds back at every savepoint, and with one for each record it would write a piece of index for each
//! of them: so changes are deferred. It keeps no texts: what is to go has to be said again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::index::{IndexFindings, IndexPlace, NextRecords, POS, WordIndex};
use super::{CROWD, DaySpan, IndexChange, IndexKey, Search, SearchTerm, Walk};
use crate::db::{Db, Statement, exclusively, insert};
use crate::error::Result;
use crate::records::find::Condition;

/// The beginnings up to this length (in characters) that SQLite's index has an index of its own for.
const INDEXED: usize = 3;

pub(super) struct SqliteWords;

impl Search {
    /// Returns the query for SQLite's index.
    fn asked_of_sqlite(&self) -> String {
        let alternatives = self.sought.iter().map(|sought| match sought {
            SearchTerm::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("({})", words.join(" OR "))
            }
            SearchTerm::Beginning(word) => format!("\"{word}\"*"),
        });
        alternatives.collect::<Vec<_>>().join(" AND ")
    }

    /// The keys of SQLite's index among which the records of some days are.
    fn keys(&self, (first, last): DaySpan) -> (i64, i64) {
        let letters = self.letter.map_or((0, 127), |letter| (letter, letter));
        let first = IndexPlace { letter: letters.0, received_on: first, pos: 0 };
        let last = IndexPlace { letter: letters.1, received_on: last, pos: POS };
        (first.key(), last.key())
    }

    /// Goes on with the condition that SQLite's index finds a record of some days.
    fn matched(&self, statement: Statement<'static>, days: DaySpan) -> Statement<'static> {
        let (first, last) = self.keys(days);
        let found = statement.sql("records_search MATCH ").bind::<Text, _>(self.asked_of_sqlite());
        let found = found.sql(" AND rowid BETWEEN ").bind::<BigInt, _>(first);
        found.sql(" AND ").bind::<BigInt, _>(last)
    }
}

impl WordIndex for SqliteWords {
    fn write(&self, db: &mut Db, changes: &[IndexChange]) -> Result<()> {
        let gone: Vec<_> = changes.iter().filter_map(|change| Some((change.place.key(), change.before?))).collect();
        let said: Vec<_> = changes.iter().filter_map(|change| Some((change.place.key(), change.after?))).collect();
        insert(db, ("records_search (records_search, rowid, words)", ""), &gone, |values, (key, words)| {
            values.bind::<Text, _>("delete").bind::<BigInt, _>(*key).bind::<Text, _>(*words)
        })?;
        insert(db, ("records_search (rowid, words)", ""), &said, |values, (key, words)| {
            values.bind::<BigInt, _>(*key).bind::<Text, _>(*words)
        })
    }

    fn has_beginning(&self, word: &str) -> bool {
        word.chars().count() <= INDEXED
    }

    /// From word to word, as the view has each of them once for every record. "!" comes before letters and digits.
    fn words_between(&self, first: &str, last: &str, limit: i64) -> Statement<'static> {
        let (first, last) = (first.to_owned(), last.to_owned());
        let all = Statement::new(
            "WITH RECURSIVE found (term) AS (\
             SELECT (SELECT term FROM records_words WHERE term BETWEEN ",
        );
        let all = all.bind::<Text, _>(first).sql(" AND ").bind::<Text, _>(last.clone()).sql(
            " LIMIT 1) UNION ALL \
             SELECT (SELECT term FROM records_words WHERE term BETWEEN found.term || '!' AND ",
        );
        let all = all.bind::<Text, _>(last).sql(
            " LIMIT 1) FROM found WHERE found.term IS NOT NULL\
             ) SELECT term FROM found WHERE term IS NOT NULL LIMIT ",
        );
        all.bind::<BigInt, _>(limit)
    }

    fn narrowed(&self, _: &mut Db, _: Option<&str>, days: DaySpan) -> Result<Option<DaySpan>> {
        Ok(Some(days))
    }

    fn found_on(&self, search: &Search, days: DaySpan) -> Condition {
        let found = Statement::new("records.pos IN (SELECT rowid & 4294967295 FROM records_search WHERE ");
        Box::new(search.matched(found, days).sql(")").expression())
    }

    fn found(&self, search: &Search, days: DaySpan, descending: bool, limit: i64) -> Statement<'static> {
        let found = search.matched(Statement::new("SELECT rowid AS key FROM records_search WHERE "), days);
        let found = found.sql(if descending { " ORDER BY rowid DESC LIMIT " } else { " ORDER BY rowid LIMIT " });
        found.bind::<BigInt, _>(limit)
    }

    fn walks(&self, _: &Search) -> bool {
        true
    }

    /// Days on which as many are found as are wanted, or one with more.
    fn next(&self, walk: &mut Walk, db: &mut Db, wanted: i64) -> Result<(DaySpan, Vec<i64>)> {
        // The last of the days is left for the next time: it may have more of them.
        let count = wanted + wanted / 2;
        let day = |key: i64| NaiveDate::from_num_days_from_ce_opt((key >> 32) as i32 & 0x3f_ffff).unwrap_or_default();
        let mut keys = walk.search.find(db, walk.days, walk.descending, count)?;
        let last = match keys.last() {
            Some(last) if keys.len() as i64 >= count => day(*last),
            _ => return Ok((walk.days, keys)),
        };
        keys.retain(|key| day(*key) != last);
        let days = match (keys.last(), walk.descending) {
            (None, _) => (last, last),
            (Some(key), true) => (day(*key), walk.days.1),
            (Some(key), false) => (walk.days.0, day(*key)),
        };
        if keys.is_empty() {
            keys = walk.search.find(db, days, walk.descending, CROWD)?;
        }
        Ok((days, keys))
    }

    /// The sign keeps SQLite from going through all of the register in order to look for these few.
    fn at(&self, register: &'static str, _: DaySpan, places: &str) -> Condition {
        let found = Statement::new("(+records.register = ").bind::<Text, _>(register);
        let found = found.sql(" AND records.pos IN (SELECT value FROM json_each(");
        Box::new(found.bind::<Text, _>(format!("[{places}]")).sql(")))").expression())
    }

    /// There is no text to compare with. Each word is looked up once: the index reads all that have a word to find one of
    /// them. It has an entry for each word of a record.
    fn check(&self, db: &mut Db, next: &mut NextRecords) -> Result<IndexFindings> {
        let mut found = IndexFindings::default();
        let mut by_word: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        loop {
            let page = next(db)?;
            if page.is_empty() {
                break;
            }
            for record in page {
                found.expected += record.words.len() as i64;
                let key = record.place.key();
                record.words.into_iter().for_each(|word| _ = by_word.entry(word).or_default().insert(key));
            }
        }
        for (word, right) in by_word {
            let held = Statement::new("SELECT rowid AS key FROM records_search WHERE records_search MATCH ");
            let held: Vec<IndexKey> = held.bind::<Text, _>(format!("\"{word}\"")).load(db)?;
            let held: BTreeSet<i64> = held.into_iter().map(|held| held.key).collect();
            found.wrong.extend(held.symmetric_difference(&right).map(|key| key & POS));
        }
        let count = Statement::new("SELECT count(*) AS key FROM records_words");
        found.entries = count.get_result::<IndexKey>(db)?.key;
        Ok(found)
    }

    fn forget_replaced(&self, db: &mut Db) -> Result<()> {
        exclusively(db, |tx| {
            Ok(tx.unflushed().batch_execute("INSERT INTO records_search (records_search) VALUES ('optimize')")?)
        })
    }

    fn forget_unused(&self, _: &mut Db) -> Result<()> {
        Ok(())
    }
}
