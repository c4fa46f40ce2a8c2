//! Proves that what is derived agrees with what it is derived from: the cube with a recount, the history, the change
//! feed, the links and the search words with the records, the audit trail with itself and with the history.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::audit::trail;
use crate::db::schema::{self, changes, counters, records};
use crate::db::{Db, Statement};
use crate::error::{Error, Result};
use crate::registers::history::Replayed;
use crate::registers::links::Kept;
use crate::registers::record::{Columns, Document, Row, flat};
use crate::registers::{self, Dimension, cube, history, links, search};
use crate::seal::Keys;

/// Every difference, one sentence each; none when all is well.
pub fn verify(db: &mut Db, keys: &Keys) -> Result<Vec<String>> {
    db.transaction(|db| {
        let mut differences = cube_differences(db)?;
        differences.extend(record_differences(db, keys)?);
        differences.extend(feed_differences(db)?);
        differences.extend(trail::differences(db, keys)?);
        Ok(differences)
    })
}

fn cube_differences(db: &mut Db) -> Result<Vec<String>> {
    let (stored, right) = (cube::stored(db)?, cube::recount(db)?);
    let keys: BTreeSet<&cube::Key> = stored.keys().chain(right.keys()).collect();
    let of = |map: &BTreeMap<cube::Key, cube::Counts>, key: &cube::Key| map.get(key).copied().unwrap_or_default();
    let mut out = Vec::new();
    for key in keys {
        let (held, counted) = (of(&stored, key), of(&right, key));
        if held != counted || stored.contains_key(key) != right.contains_key(key) {
            let values: Vec<String> = Dimension::ALL
                .iter()
                .zip(&key.1)
                .filter(|(_, value)| !value.is_empty())
                .map(|(dimension, value)| format!("{}={value}", dimension.name()))
                .collect();
            out.push(format!(
                "cube: {} {}: received {}, closed {}, days {}, settled {}; recounted {}, {}, {}, {}",
                key.0,
                values.join(" "),
                held.received,
                held.closed,
                held.days,
                held.settled,
                counted.received,
                counted.closed,
                counted.days,
                counted.settled
            ));
        }
    }
    Ok(out)
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = BigInt)]
    pos: i64,
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The places of those rows that the search index does not find by each of their words. (SQLite's index keeps no text to
/// compare with.)
fn not_indexed(db: &mut Db, rows: &[Row]) -> Result<BTreeSet<i64>> {
    let words = |row: &Row| search::words(&format!("{} {}", row.columns.number, row.columns.title));
    let held: BTreeMap<i64, String> = match db {
        Db::Sqlite(_) => return rows.iter().filter_map(|row| unfound(db, row.pos, &words(row)).transpose()).collect(),
        Db::Postgres(c) => {
            let (first, last) = (rows.first().map(|row| row.pos), rows.last().map(|row| row.pos));
            let held: Vec<Words> = diesel::sql_query(
                "SELECT pos, array_to_string(tsvector_to_array(words), ' ') AS words FROM records_search \
                 WHERE pos BETWEEN $1 AND $2",
            )
            .bind::<Nullable<BigInt>, _>(first)
            .bind::<Nullable<BigInt>, _>(last)
            .load(c)?;
            held.into_iter().map(|held| (held.pos, held.words)).collect()
        }
    };
    let is_right = |row: &&Row| {
        let (words, held) = (words(row), held.get(&row.pos));
        let right: BTreeSet<&str> = words.iter().map(String::as_str).collect();
        held.is_some_and(|held| held.split(' ').collect::<BTreeSet<_>>() == right)
    };
    Ok(rows.iter().filter(|row| !is_right(row)).map(|row| row.pos).collect())
}

/// The row's place, unless SQLite's index finds it by its words.
fn unfound(db: &mut Db, pos: i64, words: &[String]) -> Result<Option<i64>> {
    if words.is_empty() {
        return Ok(None);
    }
    // Whole words: what begins with `2017` would be put together from all numbers of the year, for each record.
    let query = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" AND ");
    let found = Statement::new("SELECT rowid AS number FROM records_search WHERE rowid = ");
    let found = found.bind::<BigInt, _>(pos).sql(" AND records_search MATCH ").bind::<Text, _>(query);
    // With the one that there can be it is done: to see that there is no other, the index would read on to its end.
    let found: Option<Number> = found.sql(" LIMIT 1").get_result(db).optional()?;
    Ok(found.is_none().then_some(pos))
}

fn record_differences(db: &mut Db, keys: &Keys) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut after = 0;
    loop {
        let rows: Vec<Row> = records::table
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(1000)
            .select(Row::as_select())
            .load(db)?;
        let Some(last) = rows.last() else { break };
        after = last.pos;
        let ids: Vec<&str> = rows.iter().map(|row| row.columns.id.as_str()).collect();
        let mut histories = history::replay(db, &ids, keys)?;
        let mut kept = links::Kept::of(db, &ids)?;
        let unfound = not_indexed(db, &rows)?;
        for row in &rows {
            let columns = &row.columns;
            let replayed = histories.remove(&columns.id).unwrap_or(Ok((0, None)));
            let mut found = differences_of(keys, columns, replayed, &mut kept)?;
            if unfound.contains(&row.pos) {
                found.push("cannot be found by its words".to_owned());
            }
            let name = format!("record {} ({})", columns.id, columns.register);
            out.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
        }
    }
    let (known, found) = (records::table.count().get_result::<i64>(db)?, indexed(db)?);
    if known != found {
        out.push(format!("search: {found} entries for {known} records"));
    }
    let lost = lost_records(db)?;
    out.extend(lost.into_iter().map(|id| format!("record {id}: is gone, but its history does not say so")));
    Ok(out)
}

/// Where a record differs from what follows from it.
fn differences_of(keys: &Keys, columns: &Columns, replayed: Replayed, kept: &mut Kept) -> Result<Vec<String>> {
    let Some(register) = registers::find(&columns.register) else {
        return Ok(vec!["there is no such register".to_owned()]);
    };
    let document = match columns.document(register, Some(keys)) {
        Err(Error::Internal(difference)) => return Ok(vec![difference]),
        document => document?,
    };
    let mut out = Vec::from_iter(history_difference(columns, &document, replayed));
    out.extend(kept.differences(register, columns, &document).into_iter().map(str::to_owned));
    Ok(out)
}

/// Where a record differs from what its history says.
fn history_difference(columns: &Columns, document: &Document, replayed: Replayed) -> Option<String> {
    let (revision, state) = match replayed {
        Err(difference) => return Some(difference),
        Ok(replayed) => replayed,
    };
    if revision != columns.revision {
        return Some(format!("has revision {}, its history ends with {revision}", columns.revision));
    }
    let Some(state) = state else { return Some("was deleted according to its history".to_owned()) };
    let now = flat(document);
    let names: BTreeSet<&String> = now.keys().chain(state.keys()).collect();
    let differing = names.into_iter().filter(|name| now.get(*name) != state.get(*name)).map(String::as_str);
    let differing: Vec<&str> = differing.collect();
    (!differing.is_empty()).then(|| format!("differs from its history in {}", differing.join(", ")))
}

/// Records that are gone though their history does not end with that.
fn lost_records(db: &mut Db) -> Result<Vec<String>> {
    use schema::history;
    let existing = records::table.select(records::id);
    let last = diesel::alias!(history as later);
    Ok(history::table
        .filter(history::action.ne("DELETED"))
        .filter(history::record_id.ne_all(existing))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            last.filter(last.field(history::record_id).eq(history::record_id))
                .filter(last.field(history::revision).gt(history::revision)),
        )))
        .select(history::record_id)
        .load(db)?)
}

fn indexed(db: &mut Db) -> Result<i64> {
    let found: Number = diesel::sql_query("SELECT count(*) AS number FROM records_search").get_result(db)?;
    Ok(found.number)
}

fn feed_differences(db: &mut Db) -> Result<Vec<String>> {
    use schema::history;
    let mut out = Vec::new();
    type Entry = (i64, String, String, String, Option<(String, String)>);
    let mut expected: Option<i64> = None;
    let mut after = 0;
    loop {
        let page: Vec<Entry> = changes::table
            .left_join(
                history::table
                    .on(history::record_id.eq(changes::record_id).and(history::revision.eq(changes::revision))),
            )
            .filter(changes::seq.gt(after))
            .order(changes::seq)
            .limit(10_000)
            .select((
                changes::seq,
                changes::record_id,
                changes::action,
                changes::register,
                (history::action, history::register).nullable(),
            ))
            .load(db)?;
        let Some(last) = page.last() else { break };
        after = last.0;
        for (seq, id, action, register, held) in &page {
            if let Some(expected) = expected.filter(|expected| expected != seq) {
                out.push(format!("change feed: entry {expected} is missing"));
            }
            expected = Some(seq + 1);
            if held.as_ref() != Some(&(action.clone(), register.clone())) {
                out.push(format!("change feed: entry {seq} differs from the history of record {id}"));
            }
        }
    }
    let counter: Option<i64> =
        counters::table.filter(counters::name.eq("changes")).select(counters::value).first(db).optional()?;
    if counter.unwrap_or(0) != after {
        out.push(format!("change feed: ends with {after}, its counter says {}", counter.unwrap_or(0)));
    }
    let (entries, total): (i64, i64) = (changes::table.count().get_result(db)?, history::table.count().get_result(db)?);
    if entries != total {
        out.push(format!("change feed: {entries} entries for {total} changes in the history"));
    }
    Ok(out)
}
