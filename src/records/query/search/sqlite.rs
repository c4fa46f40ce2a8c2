//! SQLite's index of words, which finds in the order of its keys.
//!
//! It writes what it holds back at every savepoint, and with one for each record it would write a piece of index for each
//! of them: so changes are deferred. It keeps no texts: what is to go has to be said again.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::index::{IndexFindings, KeyBlock, KeySpan, NextRecords, POS, WordIndex, WordSource};
use super::{IndexChange, IndexKey, placed};
use crate::db::{Db, InsertBatch, Statement, exclusively, insert};
use crate::error::Result;
use crate::records::find::Condition;

/// The beginnings up to this length (in characters) that SQLite's index has an index of its own for.
const INDEXED: usize = 3;

/// The query for what begins with a text, as the index is asked.
fn beginning_with(text: &str) -> String {
    format!("\"{text}\"*")
}

/// The query for what a source has.
fn asked_for(source: &WordSource) -> String {
    match source {
        WordSource::Words(words) => {
            let each: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("({})", each.join(" OR "))
        }
        WordSource::Beginning(beginning) | WordSource::Unordered(beginning) => beginning_with(beginning),
    }
}

/// Goes on with the condition that the index finds something in a span.
fn matched(statement: Statement<'static>, asked: String, span: KeySpan) -> Statement<'static> {
    let found = statement.sql("records_search MATCH ").bind::<Text, _>(asked);
    let found = found.sql(" AND rowid BETWEEN ").bind::<BigInt, _>(span.first);
    found.sql(" AND ").bind::<BigInt, _>(span.last)
}

/// Goes on with the entries of the words that begin with a text: the view has a row for each record of a word.
fn entries(statement: Statement<'static>, beginning: &str, limit: i64) -> Statement<'static> {
    let found = statement.sql(" FROM records_words WHERE term BETWEEN ").bind::<Text, _>(beginning.to_owned());
    let found = found.sql(" AND ").bind::<Text, _>(format!("{beginning}\u{10ffff}"));
    found.sql(" LIMIT ").bind::<BigInt, _>(limit)
}

pub(super) struct SqliteWords;

impl WordIndex for SqliteWords {
    fn write<'r>(&self, db: &mut Db, _: &mut InsertBatch<'r>, changes: &[IndexChange<'r>]) -> Result<()> {
        let changes = placed(db, changes)?;
        let gone: Vec<_> = changes.iter().filter_map(|(place, change)| Some((place.key(), change.before?))).collect();
        let said: Vec<_> = changes.iter().filter_map(|(place, change)| Some((place.key(), change.after?))).collect();
        insert(db, ("records_search (records_search, rowid, words)", ""), &gone, |values, (key, words)| {
            values.bind::<Text, _>("delete").bind::<BigInt, _>(*key).bind::<Text, _>(*words)
        })?;
        insert(db, ("records_search (rowid, words)", ""), &said, |values, (key, words)| {
            values.bind::<BigInt, _>(*key).bind::<Text, _>(*words)
        })
    }

    fn some(&self, beginning: &str, limit: i64) -> Statement<'static> {
        entries(Statement::new("SELECT doc AS key"), beginning, limit)
    }

    fn count(&self, beginning: &str, limit: i64) -> Statement<'static> {
        entries(Statement::new("SELECT count(*) AS key FROM (SELECT 1"), beginning, limit).sql(")")
    }

    /// From word to word, as the view has each of them once for every record. "!" comes before letters and digits.
    fn words(&self, beginning: &str, limit: i64) -> Statement<'static> {
        let (first, last) = (beginning.to_owned(), format!("{beginning}\u{10ffff}"));
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

    fn ordered(&self, beginning: &str) -> Option<String> {
        Some(beginning.chars().take(INDEXED).collect())
    }

    fn to_look_at(&self, _: usize, wanted: i64) -> i64 {
        wanted
    }

    /// The index goes through the keys of all sources together, and skips what one of them has not.
    fn next_keys(&self, db: &mut Db, sources: &[WordSource], span: KeySpan, count: i64) -> Result<KeyBlock> {
        let asked = sources.iter().map(asked_for).collect::<Vec<_>>().join(" AND ");
        let found = matched(Statement::new("SELECT rowid AS key FROM records_search WHERE "), asked, span);
        let found = found.sql(if span.descending { " ORDER BY rowid DESC LIMIT " } else { " ORDER BY rowid LIMIT " });
        Ok(KeyBlock::of(found.bind::<BigInt, _>(count).load(db)?, count))
    }

    fn found_by(&self, beginnings: &[&str], span: KeySpan) -> Condition {
        let asked: Vec<String> = beginnings.iter().map(|beginning| beginning_with(beginning)).collect();
        let found = Statement::new("records.pos IN (SELECT rowid & 4294967295 FROM records_search WHERE ");
        Box::new(matched(found, asked.join(" AND "), span).sql(")").expression())
    }

    /// The sign keeps SQLite from going through all of the register in order to look for these few.
    fn at(&self, register: Option<&'static str>, places: &str) -> Condition {
        let found = match register {
            Some(register) => Statement::new("(+records.register = ").bind::<Text, _>(register).sql(" AND "),
            None => Statement::new("("),
        };
        let found = found.sql("records.pos IN (SELECT value FROM json_each(");
        Box::new(found.bind::<Text, _>(format!("[{places}]")).sql(")))").expression())
    }

    /// There is no text to compare with. Each word is looked up once: the index reads all that have a word to find one of
    /// them.
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
}
