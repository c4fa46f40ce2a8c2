//! PostgreSQL's index of words: a table with a row for each word of each record, whose key has the order of lists.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::index::{IndexFindings, IndexedRecord, KeySpan, NextRecords, POS, WordIndex, WordSource};
use super::{IndexChange, IndexKey};
use crate::db::schema::records;
use crate::db::{Db, Statement};
use crate::error::Result;
use crate::records::find::Condition;

/// The entries that one statement has.
const ENTRIES: usize = 10_000;

/// The parts of words that stand one behind the other with spaces between.
fn set_of(words: Option<&str>) -> BTreeSet<&str> {
    words.unwrap_or_default().split_ascii_whitespace().collect()
}

/// Goes on with entries as rows of words and keys.
fn entries_as_rows(statement: Statement<'static>, entries: &[(&str, i64)]) -> Statement<'static> {
    let words: Vec<&str> = entries.iter().map(|(word, _)| *word).collect();
    let keys: Vec<String> = entries.iter().map(|(_, key)| key.to_string()).collect();
    let rows = statement.sql("unnest(string_to_array(").bind::<Text, _>(words.join(" "));
    let rows = rows.sql(", ' '), CAST(string_to_array(").bind::<Text, _>(keys.join(" "));
    rows.sql(", ' ') AS BIGINT[])) AS named (word, key)")
}

/// Goes on with the rows of the words that begin with a text.
fn beginning_with(statement: Statement<'static>, beginning: &str) -> Statement<'static> {
    let found = statement.sql(" FROM records_search WHERE word BETWEEN ").bind::<Text, _>(beginning.to_owned());
    found.sql(" AND ").bind::<Text, _>(format!("{beginning}\u{10ffff}"))
}

/// Goes on with the first of these rows. Without an order the server may look through the whole table for them.
fn first_entries(statement: Statement<'static>, beginning: &str, limit: i64) -> Statement<'static> {
    let found = beginning_with(statement, beginning).sql(" ORDER BY word, key LIMIT ");
    found.bind::<BigInt, _>(limit)
}

/// Goes on with the condition that a key is in a span.
fn within(statement: Statement<'static>, span: KeySpan) -> Statement<'static> {
    let found = statement.sql(" AND key BETWEEN ").bind::<BigInt, _>(span.first);
    found.sql(" AND ").bind::<BigInt, _>(span.last)
}

/// Goes on with the order of a span, and how many there are to be.
fn first_of(statement: Statement<'static>, span: KeySpan, limit: i64) -> Statement<'static> {
    let found = statement.sql(if span.descending { " ORDER BY key DESC LIMIT " } else { " ORDER BY key LIMIT " });
    found.bind::<BigInt, _>(limit)
}

/// The entries that records are to have and that are missing, by their keys.
fn missing(db: &mut Db, records: &[IndexedRecord]) -> Result<Vec<i64>> {
    let all = records.iter().flat_map(|record| {
        let key = record.place.key();
        record.words.iter().map(move |word| (word.as_str(), key))
    });
    let all: Vec<(&str, i64)> = all.collect();
    let mut missing = Vec::new();
    for entries in all.chunks(ENTRIES) {
        let named = entries_as_rows(Statement::new("SELECT DISTINCT key FROM "), entries);
        let unknown = named.sql(
            " WHERE NOT EXISTS (SELECT 1 FROM records_search AS held WHERE held.word = named.word AND held.key = named.key)",
        );
        let unknown: Vec<IndexKey> = unknown.load(db)?;
        missing.extend(unknown.into_iter().map(|unknown| unknown.key));
    }
    Ok(missing)
}

pub(super) struct PostgresWords;

impl WordIndex for PostgresWords {
    fn write(&self, db: &mut Db, changes: &[IndexChange]) -> Result<()> {
        let (mut gone, mut new) = (BTreeSet::new(), BTreeSet::new());
        for IndexChange { place, before, after } in changes {
            let (before, after, key) = (set_of(*before), set_of(*after), place.key());
            gone.extend(before.difference(&after).map(|word| (*word, key)));
            new.extend(after.difference(&before).map(|word| (*word, key)));
        }
        let [gone, new] = [gone, new].map(|entries| entries.into_iter().collect::<Vec<_>>());
        for entries in gone.chunks(ENTRIES) {
            let named = entries_as_rows(Statement::new("DELETE FROM records_search AS held USING "), entries);
            named.sql(" WHERE held.word = named.word AND held.key = named.key").execute(db)?;
        }
        for entries in new.chunks(ENTRIES) {
            let named = entries_as_rows(
                Statement::new("INSERT INTO records_search (word, key) SELECT word, key FROM "),
                entries,
            );
            named.sql(" ON CONFLICT DO NOTHING").execute(db)?;
        }
        Ok(())
    }

    fn some(&self, beginning: &str, limit: i64) -> Statement<'static> {
        first_entries(Statement::new("SELECT key"), beginning, limit)
    }

    fn count(&self, beginning: &str, limit: i64) -> Statement<'static> {
        let first = Statement::new("SELECT count(*) AS key FROM (SELECT 1");
        first_entries(first, beginning, limit).sql(") AS counted")
    }

    /// From word to word, as each has a row for every record.
    fn words(&self, beginning: &str, limit: i64) -> Statement<'static> {
        let last = format!("{beginning}\u{10ffff}");
        let all = beginning_with(Statement::new("WITH RECURSIVE found (term) AS ((SELECT word"), beginning);
        let all = all.sql(
            " ORDER BY word LIMIT 1) UNION ALL \
             SELECT (SELECT word FROM records_search WHERE word > found.term AND word <= ",
        );
        let all = all.bind::<Text, _>(last).sql(
            " ORDER BY word LIMIT 1) FROM found WHERE found.term IS NOT NULL\
             ) SELECT term FROM found WHERE term IS NOT NULL LIMIT ",
        );
        all.bind::<BigInt, _>(limit)
    }

    /// It is ordered by words first.
    fn ordered(&self, _: &str) -> Option<String> {
        None
    }

    fn keys(&self, source: &WordSource, span: KeySpan, limit: i64) -> Statement<'static> {
        match source {
            WordSource::Words(words) => {
                let each =
                    Statement::new("SELECT found.key FROM unnest(string_to_array(").bind::<Text, _>(words.join(" "));
                let each = each.sql(
                    ", ' ')) AS sought (word) CROSS JOIN LATERAL \
                     (SELECT key FROM records_search WHERE word = sought.word",
                );
                first_of(first_of(within(each, span), span, limit).sql(") AS found"), span, limit)
            }
            WordSource::Beginning(beginning) => {
                first_of(within(beginning_with(Statement::new("SELECT key"), beginning), span), span, limit)
            }
        }
    }

    fn found_by(&self, beginnings: &[&str], span: KeySpan) -> Condition {
        let mut all = Statement::new("");
        for (index, beginning) in beginnings.iter().enumerate() {
            all = all.sql(if index == 0 { "" } else { " AND " });
            all = beginning_with(all.sql("records.pos IN (SELECT key & 4294967295"), beginning);
            all = within(all, span).sql(")");
        }
        Box::new(all.expression::<Bool>())
    }

    fn at(&self, register: Option<&'static str>, places: &str) -> Condition {
        let found = Statement::new("records.pos = ANY (CAST(").bind::<Text, _>(format!("{{{places}}}"));
        let found = found.sql(" AS BIGINT[]))").expression::<Bool>();
        match register {
            Some(register) => Box::new(records::register.eq(register).and(found)),
            None => Box::new(found),
        }
    }

    fn check(&self, db: &mut Db, next: &mut NextRecords) -> Result<IndexFindings> {
        let mut found = IndexFindings::default();
        loop {
            let page = next(db)?;
            if page.is_empty() {
                break;
            }
            found.expected += page.iter().map(|record| record.words.len() as i64).sum::<i64>();
            found.wrong.extend(missing(db, &page)?.into_iter().map(|key| key & POS));
        }
        let count = Statement::new("SELECT count(*) AS key FROM records_search");
        found.entries = count.get_result::<IndexKey>(db)?.key;
        Ok(found)
    }

    fn forget_replaced(&self, _: &mut Db) -> Result<()> {
        Ok(())
    }
}
