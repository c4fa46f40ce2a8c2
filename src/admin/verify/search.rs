//! The index of words against the records.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::records;
use crate::db::{Db, Statement, statements};
use crate::error::Result;
use crate::records::query::search;

/// Records that the index does not find by each of their words, or finds by others.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let (wrong, entries) = wrongly_indexed(db)?;
    let wrong: Vec<i64> = wrong.into_iter().collect();
    let mut out = Vec::new();
    for wrong in statements(&wrong) {
        let named = records::table.filter(records::pos.eq_any(wrong)).order(records::pos);
        let named: Vec<(String, String)> = named.select((records::id, records::register)).load(db)?;
        out.extend(named.into_iter().map(|(id, register)| {
            format!("record {id} ({register}): cannot be found by its words, or is found by others")
        }));
    }
    let found = indexed(db)?;
    if found != entries {
        out.push(format!("search: {found} entries, and {entries} follow from the records"));
    }
    Ok(out)
}

#[derive(QueryableByName)]
struct IndexedWords {
    #[diesel(sql_type = BigInt)]
    pos: i64,
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct CountRow {
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
                    let key = search::IndexPlace::new(&register, received_on, pos).key();
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
                    let place = search::IndexPlace::new(register, *received_on, *pos);
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
        let found: Vec<CountRow> = found.bind::<Text, _>(format!("\"{word}\"")).load(db)?;
        let found: BTreeSet<i64> = found.into_iter().map(|found| found.number).collect();
        wrong.extend(found.symmetric_difference(&right).map(|key| key & search::POS));
    }
    Ok((wrong, entries))
}

/// The words that PostgreSQL's index has of the records between two places.
fn held_words(db: &mut PgConnection, (first, last): (i64, i64)) -> Result<BTreeMap<i64, BTreeSet<String>>> {
    let held: Vec<IndexedWords> = diesel::sql_query(
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
    let unlisted: Vec<CountRow> = diesel::sql_query(
        "SELECT DISTINCT pos AS number FROM records_search, unnest(tsvector_to_array(words)) AS word \
         WHERE pos BETWEEN $1 AND $2 AND \
         NOT EXISTS (SELECT 1 FROM records_words WHERE term = split_part(word, '@', 1))",
    )
    .bind::<BigInt, _>(first)
    .bind::<BigInt, _>(last)
    .load(db)?;
    Ok(unlisted.into_iter().map(|unlisted| unlisted.number).collect())
}

/// Returns the number of entries of the search index: on SQLite one for each word of a record, on PostgreSQL one for
/// each record.
fn indexed(db: &mut Db) -> Result<i64> {
    let count = match db {
        Db::Sqlite(_) => "SELECT count(*) AS number FROM records_words",
        Db::Postgres(_) => "SELECT count(*) AS number FROM records_search",
    };
    let found: CountRow = diesel::sql_query(count).get_result(db)?;
    Ok(found.number)
}
