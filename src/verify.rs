//! Proves that what is derived agrees with what it is derived from: the cube with a recount, the history, the change
//! feed, the links and the search words with the records, the audit trail with itself and with the history.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::audit::trail;
use crate::db::schema::{changes, history, records};
use crate::db::{Db, Statement};
use crate::error::{Error, Result};
use crate::registers::history::Replayed;
use crate::registers::links::Kept;
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

/// A record's place, register, day received, number and title.
type Titled = (i64, String, NaiveDate, String, String);

fn words(number: &str, title: &str) -> BTreeSet<String> {
    search::words(&format!("{number} {title}")).into_iter().collect()
}

/// The places of the records that the search index does not find by each of their words, or finds by others, and how
/// many entries it should have.
fn wrongly_indexed(db: &mut Db) -> Result<(BTreeSet<i64>, i64)> {
    let mut wrong = BTreeSet::new();
    let mut entries = 0;
    let mut by_word: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page: Vec<Titled> = records::table
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(10_000)
            .select((records::pos, records::register, records::received_on, records::number, records::title))
            .load(db)?;
        let Some((last, ..)) = page.last() else { break };
        let span = (after + 1, *last);
        after = *last;
        match db {
            Db::Sqlite(_) => {
                for (pos, register, received_on, number, title) in page {
                    let key = search::Place::new(&register, received_on, pos).key();
                    let words = words(&number, &title);
                    entries += words.len() as i64;
                    words.into_iter().for_each(|word| _ = by_word.entry(word).or_default().insert(key));
                }
            }
            Db::Postgres(c) => {
                let held = held_words(c, span)?;
                entries += page.len() as i64;
                let unlisted = unlisted_words(c, span)?;
                let differs = |(pos, register, received_on, number, title): &Titled| {
                    let place = search::Place::new(register, *received_on, *pos);
                    let right = words(number, title).iter().map(|word| place.lexeme(word)).collect();
                    unlisted.contains(pos) || held.get(pos) != Some(&right)
                };
                wrong.extend(page.iter().filter(|row| differs(row)).map(|(pos, ..)| *pos));
            }
        }
    }
    // SQLite's index keeps no text to compare with. Each word is looked up once: the index reads all that have a word to
    // find one of them.
    for (word, right) in by_word {
        let found = Statement::new("SELECT rowid AS number FROM records_search WHERE records_search MATCH ");
        let found: Vec<Number> = found.bind::<Text, _>(format!("\"{word}\"")).load(db)?;
        let found: BTreeSet<i64> = found.into_iter().map(|found| found.number).collect();
        wrong.extend(found.symmetric_difference(&right).map(|key| key & search::POS));
    }
    Ok((wrong, entries))
}

/// The words that PostgreSQL's index has of the records between two places.
fn held_words(db: &mut PgConnection, (first, last): (i64, i64)) -> Result<BTreeMap<i64, BTreeSet<String>>> {
    let held: Vec<Words> = diesel::sql_query(
        "SELECT pos, array_to_string(tsvector_to_array(words), ' ') AS words FROM records_search \
         WHERE pos BETWEEN $1 AND $2",
    )
    .bind::<BigInt, _>(first)
    .bind::<BigInt, _>(last)
    .load(db)?;
    Ok(held.into_iter().map(|held| (held.pos, held.words.split(' ').map(str::to_owned).collect())).collect())
}

/// The places of the records between two that have a word which PostgreSQL's list of words lacks.
fn unlisted_words(db: &mut PgConnection, (first, last): (i64, i64)) -> Result<BTreeSet<i64>> {
    let unlisted: Vec<Number> = diesel::sql_query(
        "SELECT DISTINCT pos AS number FROM records_search, unnest(tsvector_to_array(words)) AS word \
         WHERE pos BETWEEN $1 AND $2 AND \
         NOT EXISTS (SELECT 1 FROM records_words WHERE term = split_part(word, '@', 1))",
    )
    .bind::<BigInt, _>(first)
    .bind::<BigInt, _>(last)
    .load(db)?;
    Ok(unlisted.into_iter().map(|unlisted| unlisted.number).collect())
}

fn record_differences(db: &mut Db, keys: &Keys) -> Result<Vec<String>> {
    let (wrong, entries) = wrongly_indexed(db)?;
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
        let mut histories = registers::history::replay(db, &ids, keys)?;
        let mut kept = links::Kept::of(db, &ids)?;
        for row in &rows {
            let columns = &row.columns;
            let replayed = histories.remove(&columns.id).unwrap_or(Ok((0, None)));
            let mut found = differences_of(keys, columns, replayed, &mut kept)?;
            if wrong.contains(&row.pos) {
                found.push("cannot be found by its words, or is found by others".to_owned());
            }
            let name = format!("record {} ({})", columns.id, columns.register);
            out.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
        }
    }
    let found = indexed(db)?;
    if found != entries {
        out.push(format!("search: {found} entries, and {entries} follow from the records"));
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
    if !columns.has_right_keys() {
        out.push("is compared by something else than what it says".to_owned());
    }
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
    let existing = records::table.filter(records::id.eq(history::record_id));
    let last = diesel::alias!(history as later);
    Ok(history::table
        .filter(history::action.ne("DELETED"))
        .filter(diesel::dsl::not(diesel::dsl::exists(existing)))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            last.filter(last.field(history::record_id).eq(history::record_id))
                .filter(last.field(history::revision).gt(history::revision)),
        )))
        .select(history::record_id)
        .load(db)?)
}

/// How many entries the search index has: on SQLite one for each word of a record, on PostgreSQL one for each record.
fn indexed(db: &mut Db) -> Result<i64> {
    let count = match db {
        Db::Sqlite(_) => "SELECT count(*) AS number FROM records_words",
        Db::Postgres(_) => "SELECT count(*) AS number FROM records_search",
    };
    let found: Number = diesel::sql_query(count).get_result(db)?;
    Ok(found.number)
}

fn feed_differences(db: &mut Db) -> Result<Vec<String>> {
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
    let counter = registers::history::end_of_feed(db)?;
    if counter != after {
        out.push(format!("change feed: ends with {after}, its counter says {counter}"));
    }
    let (entries, total): (i64, i64) = (changes::table.count().get_result(db)?, history::table.count().get_result(db)?);
    if entries != total {
        out.push(format!("change feed: {entries} entries for {total} changes in the history"));
    }
    Ok(out)
}
