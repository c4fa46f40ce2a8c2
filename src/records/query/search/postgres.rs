//! PostgreSQL's index of words: a table with a row for each word of each record, whose key has the order of lists.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::index::{
    IndexFindings, IndexPlace, IndexedRecord, KeyBlock, KeySpan, NextRecords, POS, WordIndex, WordSource, by_place,
    in_all,
};
use super::{IndexChange, IndexEntry, IndexKey, placed};
use crate::db::{ColumnArrays, Db, InsertBatch, Statement};
use crate::error::Result;
use crate::records::find::Condition;

/// So many keys of each of several sources are looked at at first for one that is wanted.
const LOOKED_AT: i64 = 8;

/// A source that has so many times the keys of another is left out: for each of the other's it would be gone on in.
const FAR_MORE: usize = 8;

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

/// The insertion of the words of new records: of a record that is new nothing is there yet.
fn entries_of_new<'r>(changes: &[IndexChange<'r>]) -> ColumnArrays<'r> {
    let before = ["INSERT INTO records_search (word, key) ", "SELECT DISTINCT word, base + pos FROM ", "unnest("];
    let behind = [
        ") AS new (id, base, words) JOIN records USING (id), unnest(string_to_array(words, ' ')) AS word",
        " ORDER BY 1, 2",
    ];
    let base = |entry: &IndexEntry| IndexPlace::new(&entry.register, entry.received_on, 0).key();
    let columns =
        ColumnArrays::new(before, behind).bind::<Text, _>(changes.iter().map(|change| change.entry.id.as_str()));
    let columns = columns.bind::<BigInt, _>(changes.iter().map(|change| base(change.entry)));
    columns.bind::<Text, _>(changes.iter().map(|change| change.after.unwrap_or_default()))
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

/// The query for the first keys of a source.
fn keys(source: &WordSource, span: KeySpan, limit: i64) -> Statement<'static> {
    match source {
        WordSource::Words(words) => {
            let each = Statement::new("SELECT found.key FROM unnest(string_to_array(").bind::<Text, _>(words.join(" "));
            let each = each.sql(
                ", ' ')) AS sought (word) CROSS JOIN LATERAL \
                 (SELECT key FROM records_search WHERE word = sought.word",
            );
            first_of(first_of(within(each, span), span, limit).sql(") AS found"), span, limit)
        }
        WordSource::Beginning(beginning) | WordSource::Unordered(beginning) => {
            first_of(within(beginning_with(Statement::new("SELECT key"), beginning), span), span, limit)
        }
    }
}

/// The block of the keys that all sources have, out of the first ones of each, of which so many were asked for.
fn together(found: Vec<(i64, i64)>, sources: usize, (span, limit): (KeySpan, i64)) -> KeyBlock {
    let mut each = by_place(found, sources);
    for keys in &mut each {
        keys.iter_mut().for_each(|key| *key = span.turned(*key));
        keys.sort_unstable();
    }
    let is_whole = |keys: &Vec<i64>| (keys.len() as i64) < limit;
    let last = |keys: &Vec<i64>| keys.last().copied().unwrap_or(i64::MIN);
    let nearest = each.iter().enumerate().filter(|(_, keys)| !is_whole(keys)).min_by_key(|(_, keys)| last(keys));
    let nearest = nearest.map(|(source, keys)| (source, last(keys)));
    let nearest = nearest.filter(|(_, reach)| !each.iter().any(|keys| is_whole(keys) && last(keys) <= *reach));
    let commonest = nearest
        .filter(|(_, reach)| each.iter().any(|keys| keys.partition_point(|key| key <= reach) * FAR_MORE < keys.len()));
    KeyBlock {
        keys: in_all(&each).unwrap_or_default().into_iter().map(|key| span.turned(key)).collect(),
        reach: nearest.map(|(_, reach)| span.turned(reach)),
        commonest: commonest.map(|(source, _)| source),
    }
}

pub(super) struct PostgresWords;

impl WordIndex for PostgresWords {
    /// A new record gets its place with its row, which the statement itself looks for.
    fn write<'r>(&self, db: &mut Db, batch: &mut InsertBatch<'r>, changes: &[IndexChange<'r>]) -> Result<()> {
        let (known, new): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.pos.is_some());
        if let Some(server) = db.server() {
            batch.insert(server, &new, entries_of_new)?;
        }
        let (mut gone, mut new) = (BTreeSet::new(), BTreeSet::new());
        for (place, IndexChange { before, after, .. }) in placed(db, &known)? {
            let (before, after, key) = (set_of(before), set_of(after), place.key());
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

    fn to_look_at(&self, sources: usize, wanted: i64) -> i64 {
        if sources > 1 { wanted * LOOKED_AT } else { wanted }
    }

    fn next_keys(&self, db: &mut Db, sources: &[WordSource], span: KeySpan, count: i64) -> Result<KeyBlock> {
        if let [source] = sources {
            return Ok(KeyBlock::of(keys(source, span, count).load(db)?, count));
        }
        let each = Statement::of_each(sources.iter().map(|source| keys(source, span, count)));
        let found: Vec<(i64, i64)> = each.giving::<(BigInt, BigInt)>().load(db)?;
        Ok(together(found, sources.len(), (span, count)))
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

    /// As an expression the register keeps the server from going through all of it in order to look for these few.
    fn at(&self, register: Option<&'static str>, places: &str) -> Condition {
        let found = match register {
            Some(register) => Statement::new("(records.register || '' = ").bind::<Text, _>(register).sql(" AND "),
            None => Statement::new("("),
        };
        let found = found.sql("records.pos = ANY (CAST(").bind::<Text, _>(format!("{{{places}}}"));
        Box::new(found.sql(" AS BIGINT[])))").expression())
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

#[cfg(test)]
mod tests {
    use super::*;

    const UPWARDS: KeySpan = KeySpan { first: 0, last: 1_000, descending: false };
    const DOWNWARDS: KeySpan = KeySpan { descending: true, ..UPWARDS };

    /// The keys of each source, as they are found.
    fn found(each: &[&[i64]]) -> Vec<(i64, i64)> {
        let of_source = |(source, keys): (usize, &&[i64])| keys.iter().map(move |key| (source as i64, *key)).collect();
        each.iter().enumerate().flat_map(|of_each| -> Vec<(i64, i64)> { of_source(of_each) }).collect()
    }

    #[test]
    fn it_goes_on_behind_the_nearest_end() {
        let block = together(found(&[&[10, 20, 30, 90], &[10, 30, 50, 70]]), 2, (UPWARDS, 4));
        assert_eq!((block.keys, block.reach, block.commonest), (vec![10, 30], Some(70), None));
        let block = together(found(&[&[90, 30, 20, 5], &[90, 50, 30, 7]]), 2, (DOWNWARDS, 4));
        assert_eq!((block.keys, block.reach, block.commonest), (vec![90, 30], Some(7), None));
    }

    #[test]
    fn nothing_is_left_where_one_source_has_come_to_its_end() {
        let passed = found(&[&[10, 40], &[40, 50, 60, 70]]);
        let block = together(passed, 2, (UPWARDS, 4));
        assert_eq!((block.keys, block.reach), (vec![40], None));
        let still_to_come = found(&[&[10, 90], &[40, 50, 60, 70]]);
        assert_eq!(together(still_to_come, 2, (UPWARDS, 4)).reach, Some(70));
        let without_any = found(&[&[], &[40, 50, 60, 70]]);
        assert_eq!(together(without_any, 2, (UPWARDS, 4)).reach, None);
        let all_at_their_end = found(&[&[40], &[40, 70]]);
        let block = together(all_at_their_end, 2, (UPWARDS, 4));
        assert_eq!((block.keys, block.reach), (vec![40], None));
    }

    #[test]
    fn a_source_with_far_more_keys_than_another_is_told() {
        let rare: Vec<i64> = (0..32).map(|key| key * 100).collect();
        let common: Vec<i64> = (0..32).map(|key| key * 10).collect();
        let commoner: Vec<i64> = (0..32).collect();
        assert_eq!(together(found(&[&rare, &common]), 2, (UPWARDS, 32)).commonest, None);
        assert_eq!(together(found(&[&rare, &commoner]), 2, (UPWARDS, 32)).commonest, Some(1));
    }
}
