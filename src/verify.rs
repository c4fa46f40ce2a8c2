//! Proves that what is derived agrees with what it is derived from: the cube with a recount, the history, the change
//! feed, the links and the search words with the records, the audit trail with itself and with the history.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::audit::trail;
use crate::db::schema::{changes, counters, history, records};
use crate::db::{Db, Statement};
use crate::error::{Error, Result};
use crate::registers::record::{Columns, Document, Row, flat};
use crate::registers::{self, Dimension, cube, links, search};
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
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Whether the search index finds the record by each of its words. (SQLite's index keeps no text to compare with.)
fn is_indexed(db: &mut Db, row: &Row) -> Result<bool> {
    let words = search::words(&format!("{} {}", row.columns.number, row.columns.title));
    match db {
        Db::Sqlite(_) => {
            let Some((_, query, _)) = search::condition(db, &words.join(" ")) else { return Ok(true) };
            // The row first: the words alone are those of half the register.
            let found = Statement::new("SELECT count(*) AS number FROM records_search WHERE rowid = ");
            let found = found.bind::<BigInt, _>(row.pos).sql(" AND records_search MATCH ").bind::<Text, _>(query);
            Ok(found.get_result::<Number>(db)?.number == 1)
        }
        Db::Postgres(c) => {
            let held: Vec<Words> = diesel::sql_query(
                "SELECT array_to_string(tsvector_to_array(words), ' ') AS words FROM records_search WHERE pos = $1",
            )
            .bind::<BigInt, _>(row.pos)
            .load(c)?;
            let right: BTreeSet<&str> = words.iter().map(String::as_str).collect();
            Ok(held.first().is_some_and(|held| held.words.split(' ').collect::<BTreeSet<_>>() == right))
        }
    }
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
        for row in &rows {
            let name = format!("record {} ({})", row.columns.id, row.columns.register);
            let found = differences_of(db, keys, row)?;
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
fn differences_of(db: &mut Db, keys: &Keys, row: &Row) -> Result<Vec<String>> {
    let columns = &row.columns;
    let Some(register) = registers::find(&columns.register) else {
        return Ok(vec!["there is no such register".to_owned()]);
    };
    let document = match columns.document(register, Some(keys)) {
        Err(Error::Internal(difference)) => return Ok(vec![difference]),
        document => document?,
    };
    let mut out = Vec::from_iter(history_difference(db, keys, columns, &document)?);
    out.extend(links::differences(db, register, columns, &document)?);
    if !is_indexed(db, row)? {
        out.push("cannot be found by its words".to_owned());
    }
    Ok(out)
}

/// Where a record differs from what its history says.
fn history_difference(db: &mut Db, keys: &Keys, columns: &Columns, document: &Document) -> Result<Option<String>> {
    let replayed = match registers::history::replay(db, &columns.id, keys) {
        Err(Error::Internal(difference)) => Err(difference),
        replayed => replayed?,
    };
    let (revision, state) = match replayed {
        Err(difference) => return Ok(Some(difference)),
        Ok(replayed) => replayed,
    };
    if revision != columns.revision {
        return Ok(Some(format!("has revision {}, its history ends with {revision}", columns.revision)));
    }
    let Some(state) = state else { return Ok(Some("was deleted according to its history".to_owned())) };
    let now = flat(document);
    let names: BTreeSet<&String> = now.keys().chain(state.keys()).collect();
    let differing = names.into_iter().filter(|name| now.get(*name) != state.get(*name)).map(String::as_str);
    let differing: Vec<&str> = differing.collect();
    Ok((!differing.is_empty()).then(|| format!("differs from its history in {}", differing.join(", "))))
}

/// Records that are gone though their history does not end with that.
fn lost_records(db: &mut Db) -> Result<Vec<String>> {
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
    let mut out = Vec::new();
    type Entry = (i64, String, i64, String, String);
    let mut expected: Option<i64> = None;
    let mut after = 0;
    loop {
        let page: Vec<Entry> = changes::table
            .filter(changes::seq.gt(after))
            .order(changes::seq)
            .limit(10_000)
            .select((changes::seq, changes::record_id, changes::revision, changes::action, changes::register))
            .load(db)?;
        let Some(last) = page.last() else { break };
        after = last.0;
        for (seq, id, revision, action, register) in &page {
            if let Some(expected) = expected.filter(|expected| expected != seq) {
                out.push(format!("change feed: entry {expected} is missing"));
            }
            expected = Some(seq + 1);
            let held: Option<(String, String)> = history::table
                .find((id, revision))
                .select((history::action, history::register))
                .first(db)
                .optional()?;
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
