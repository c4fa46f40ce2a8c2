//! PostgreSQL's index of words: a table with a row for each word of each record, whose key has the order of lists.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::index::{IndexFindings, IndexedRecord, KeyBlock, KeySpan, NextRecords, POS, WordIndex, WordSource};
use super::{IndexChange, IndexKey};
use crate::db::schema::records;
use crate::db::{Db, Statement};
use crate::error::Result;
use crate::records::find::Condition;

/// So many keys of each of several sources are looked at for one that is wanted, and so many at the most in one statement.
const LOOKED_AT: i64 = 8;
const LARGEST: i64 = 8_192;

/// A source that has so many times the keys of another is left out: for each of the other's it would be gone on in.
const FAR_MORE: i64 = 8;

/// So many sources are looked at together: there is a bit for each. Who shows a record looks whether it has all words.
const MOST_SOURCES: usize = 32;

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

/// A key that all sources have; or of a source the last key that was looked at, how many were, and how many of them are as far
/// as all sources were looked at.
#[derive(QueryableByName)]
struct FoundTogether {
    #[diesel(sql_type = Nullable<BigInt>)]
    source: Option<i64>,
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    shared: i64,
}

/// The query for the keys among the first of each source that all of them have, and for how far these go.
fn together(sources: &[WordSource], span: KeySpan, limit: i64) -> Statement<'static> {
    let [last, farthest, order] = if span.descending { ["min", "max", " >= "] } else { ["max", "min", " <= "] };
    let mut all = Statement::new("WITH found (source, key) AS MATERIALIZED (");
    for (index, source) in sources.iter().enumerate() {
        all = all.sql(if index == 0 { "SELECT " } else { " UNION ALL SELECT " }).bind::<BigInt, _>(index as i64);
        all = all.sql(", key FROM (").append(keys(source, span, limit)).sql(") AS of_source");
    }
    let all = all.sql("), ends AS (SELECT source, count(*) AS number, ").sql(last);
    let all = all.sql("(key) AS key FROM found GROUP BY source), reach AS (SELECT ").sql(farthest);
    let all = all.sql("(key) AS key FROM ends WHERE number >= ").bind::<BigInt, _>(limit);
    let all = all.sql(
        ") SELECT CAST(NULL AS BIGINT) AS source, key, CAST(0 AS BIGINT) AS number, CAST(0 AS BIGINT) AS shared FROM found \
         GROUP BY key HAVING bit_or(CAST(1 AS BIGINT) << CAST(source AS INTEGER)) = ",
    );
    let all = all.bind::<BigInt, _>((1_i64 << sources.len()) - 1);
    let all = all.sql(
        " UNION ALL SELECT ends.source, ends.key, ends.number, \
         (SELECT count(*) FROM found WHERE found.source = ends.source AND found.key",
    );
    all.sql(order).sql("(SELECT key FROM reach)) FROM ends")
}

/// The block that was found together among so many keys of each source.
fn together_in(found: &[FoundTogether], sources: usize, (span, limit): (KeySpan, i64)) -> KeyBlock {
    let (ends, shared): (Vec<&FoundTogether>, Vec<&FoundTogether>) = found.iter().partition(|row| row.source.is_some());
    let mut keys: Vec<i64> = shared.into_iter().map(|row| row.key).collect();
    keys.sort_unstable_by_key(|key| span.turned(*key));
    let (further, whole): (Vec<&FoundTogether>, Vec<&FoundTogether>) =
        ends.iter().copied().partition(|end| end.number >= limit);
    let nearest = further.into_iter().min_by_key(|end| span.turned(end.key));
    let reach = nearest.map(|end| end.key).filter(|reach| {
        let is_passed = |end: &FoundTogether| span.turned(end.key) <= span.turned(*reach);
        ends.len() == sources && !whole.into_iter().any(is_passed)
    });
    let rarest = ends.iter().min_by_key(|end| end.shared);
    let is_far_rarer = rarest.is_some_and(|end| end.shared * FAR_MORE < end.number);
    let commonest = nearest.and_then(|end| end.source).filter(|_| is_far_rarer && reach.is_some());
    KeyBlock { keys, reach, commonest: commonest.map(|source| source as usize) }
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

    fn few(&self, beginning: &str, limit: i64) -> Statement<'static> {
        let all = Statement::new("WITH entries (key) AS MATERIALIZED (SELECT key");
        let all = first_entries(all, beginning, limit + 1)
            .sql(") SELECT DISTINCT CASE WHEN (SELECT count(*) FROM entries) <= ");
        all.bind::<BigInt, _>(limit).sql(" THEN key END AS key FROM entries")
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

    fn next_keys(&self, db: &mut Db, sources: &[WordSource], span: KeySpan, wanted: i64) -> Result<KeyBlock> {
        if let [source] = sources {
            return Ok(KeyBlock::of(keys(source, span, wanted).load(db)?, wanted));
        }
        let sources = &sources[..sources.len().min(MOST_SOURCES)];
        let limit = (wanted * LOOKED_AT).min(LARGEST);
        let found: Vec<FoundTogether> = together(sources, span, limit).load(db)?;
        Ok(together_in(&found, sources.len(), (span, limit)))
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

#[cfg(test)]
mod tests {
    use super::*;

    const UPWARDS: KeySpan = KeySpan { first: 0, last: 1_000, descending: false };
    const DOWNWARDS: KeySpan = KeySpan { descending: true, ..UPWARDS };

    fn shared(key: i64) -> FoundTogether {
        FoundTogether { source: None, key, number: 0, shared: 0 }
    }

    /// The end of a source: its last key, how many there were, and how many of them as far as all were looked at.
    fn end(source: i64, key: i64, number: i64, shared: i64) -> FoundTogether {
        FoundTogether { source: Some(source), key, number, shared }
    }

    #[test]
    fn it_goes_on_behind_the_nearest_end() {
        let found = [shared(30), shared(10), end(0, 90, 8, 6), end(1, 70, 8, 8)];
        let block = together_in(&found, 2, (UPWARDS, 8));
        assert_eq!((block.keys, block.reach, block.commonest), (vec![10, 30], Some(70), None));
        let found = [shared(10), shared(30), end(0, 5, 8, 6), end(1, 7, 8, 8)];
        let block = together_in(&found, 2, (DOWNWARDS, 8));
        assert_eq!((block.keys, block.reach), (vec![30, 10], Some(7)));
    }

    #[test]
    fn nothing_is_left_where_one_source_has_come_to_its_end() {
        let passed = [end(0, 40, 3, 3), end(1, 70, 8, 8)];
        assert_eq!(together_in(&passed, 2, (UPWARDS, 8)).reach, None);
        let still_to_come = [end(0, 90, 3, 2), end(1, 70, 8, 8)];
        assert_eq!(together_in(&still_to_come, 2, (UPWARDS, 8)).reach, Some(70));
        let without_any = [end(1, 70, 8, 8)];
        assert_eq!(together_in(&without_any, 2, (UPWARDS, 8)).reach, None);
        let all_at_their_end = [shared(40), end(0, 40, 3, 3), end(1, 70, 5, 5)];
        let block = together_in(&all_at_their_end, 2, (UPWARDS, 8));
        assert_eq!((block.keys, block.reach), (vec![40], None));
    }

    #[test]
    fn a_source_with_far_more_keys_than_another_is_told() {
        let found = [end(0, 990, 800, 20), end(1, 70, 800, 800)];
        assert_eq!(together_in(&found, 2, (UPWARDS, 800)).commonest, Some(1));
        let found = [end(0, 990, 800, 100), end(1, 70, 800, 800)];
        assert_eq!(together_in(&found, 2, (UPWARDS, 800)).commonest, None);
    }
}
