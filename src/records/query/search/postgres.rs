//! PostgreSQL's index of words, which finds in no order, and has each word once for each register and month. The words of a
//! record go with it; its list of words keeps those that are in use no more.

use diesel::connection::SimpleConnection;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{BTreeMap, BTreeSet};

use super::index::{IndexFindings, IndexPlace, Month, NextRecords, WordIndex};
use super::{CROWD, DaySpan, IndexChange, IndexKey, Search, SearchTerm, Walk};
use crate::db::schema::records;
use crate::db::{Db, Statement, statements};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::Days;

/// So many words of months PostgreSQL's index is asked for at the most; where there are more, for the words of all months.
const ASKED: usize = 2_000;

impl Search {
    /// Returns the query for PostgreSQL's index, month by month or for all months at once. Each month is asked for by
    /// itself, because the index goes through all alternatives for each record that it finds.
    fn asked_of_postgres(&self, (first, last): DaySpan) -> String {
        let of = |end: &dyn Fn(&str) -> String| {
            let alternatives = self.sought.iter().map(|sought| match sought {
                SearchTerm::Words(words) => {
                    let words: Vec<String> = words.iter().map(|word| end(word)).collect();
                    format!("({})", words.join("|"))
                }
                SearchTerm::Beginning(word) => format!("'{word}':*"),
            });
            alternatives.collect::<Vec<_>>().join("&")
        };
        let months = Month::of(first).0..=Month::of(last).0;
        let count = (months.end() - months.start() + 1).max(0) as usize;
        let words: Option<usize> = self.sought.iter().map(SearchTerm::words).sum();
        match (self.letter, words) {
            (Some(letter), Some(words)) if words * count <= ASKED => {
                let months = months.map(|month| of(&|word| format!("'{}'", Month(month).lexeme(letter, word))));
                months.collect::<Vec<_>>().join(";")
            }
            (Some(letter), _) => of(&|word| format!("'{word}@{}':*", char::from(letter))),
            (None, _) => of(&|word| format!("'{word}@':*")),
        }
    }
}

impl Search {
    /// Goes on with the tables and the condition by which PostgreSQL's index finds records of some days.
    fn matched_by_postgres(&self, statement: Statement<'static>, days: DaySpan) -> Statement<'static> {
        let asked = statement.sql(" FROM unnest(CAST(string_to_array(").bind::<Text, _>(self.asked_of_postgres(days));
        asked.sql(", ';') AS tsquery[])) AS asked, records_search WHERE words @@ asked")
    }
}

/// Takes out the words that no record has any more. Who writes would take a word for listed that is about to go: nobody
/// does meanwhile.
const UNUSED_WORDS: &str = "LOCK TABLE records_words IN SHARE ROW EXCLUSIVE MODE; \
    DELETE FROM records_words WHERE NOT EXISTS (\
    SELECT 1 FROM (SELECT DISTINCT split_part(unnest(tsvector_to_array(words)), '@', 1) AS word \
    FROM records_search) AS used WHERE word = term)";

#[derive(QueryableByName)]
struct HeldWords {
    #[diesel(sql_type = BigInt)]
    pos: i64,
    #[diesel(sql_type = Text)]
    words: String,
}

/// The words that the index has of the records between two places.
fn held_words(db: &mut Db, (first, last): (i64, i64)) -> Result<BTreeMap<i64, BTreeSet<String>>> {
    let held = Statement::new(
        "SELECT pos, array_to_string(tsvector_to_array(words), ' ') AS words FROM records_search WHERE pos BETWEEN ",
    );
    let held: Vec<HeldWords> = held.bind::<BigInt, _>(first).sql(" AND ").bind::<BigInt, _>(last).load(db)?;
    Ok(held.into_iter().map(|held| (held.pos, held.words.split(' ').map(str::to_owned).collect())).collect())
}

/// The places of the records between two that have a word which the list of words lacks.
fn unlisted_words(db: &mut Db, (first, last): (i64, i64)) -> Result<BTreeSet<i64>> {
    let unlisted = Statement::new(
        "SELECT DISTINCT pos AS key FROM records_search, unnest(tsvector_to_array(words)) AS word WHERE pos BETWEEN ",
    );
    let unlisted = unlisted.bind::<BigInt, _>(first).sql(" AND ").bind::<BigInt, _>(last);
    let unlisted = unlisted
        .sql(" AND NOT EXISTS (SELECT 1 FROM records_words WHERE term = split_part(word, '@', 1))")
        .load::<IndexKey>(db)?;
    Ok(unlisted.into_iter().map(|unlisted| unlisted.key).collect())
}

pub(super) struct PostgresWords;

impl WordIndex for PostgresWords {
    fn write(&self, db: &mut Db, changes: &[IndexChange]) -> Result<()> {
        const NEW: &str = "), new AS (\
            INSERT INTO records_words (term) \
            SELECT DISTINCT split_part(unnest(string_to_array(words, ' ')), '@', 1) FROM said \
            ON CONFLICT DO NOTHING) \
            INSERT INTO records_search (pos, words) SELECT pos, array_to_tsvector(string_to_array(words, ' ')) \
            FROM said ON CONFLICT (pos) DO UPDATE SET words = excluded.words";
        let lexemes = |place: IndexPlace, words: &str| {
            words.split(' ').map(|word| place.lexeme(word)).collect::<Vec<_>>().join(" ")
        };
        let said =
            changes.iter().filter_map(|IndexChange { place, after, .. }| Some((place.pos, lexemes(*place, (*after)?))));
        let said: Vec<(i64, String)> = said.collect();
        statements(&said).try_for_each(|said| {
            let rows = Statement::new("WITH said (pos, words) AS (")
                .rows(said, |values, (pos, words)| values.bind::<BigInt, _>(*pos).bind::<Text, _>(words));
            rows.sql(NEW).execute(db)?;
            Ok(())
        })
    }

    fn has_beginning(&self, _: &str) -> bool {
        false
    }

    fn words_between(&self, first: &str, last: &str, limit: i64) -> Statement<'static> {
        let all = Statement::new("SELECT term FROM records_words WHERE term BETWEEN ");
        let all = all.bind::<Text, _>(first.to_owned()).sql(" AND ").bind::<Text, _>(last.to_owned());
        all.sql(" LIMIT ").bind::<BigInt, _>(limit)
    }

    /// The index is asked for each month.
    fn narrowed(&self, db: &mut Db, register: Option<&str>, days: DaySpan) -> Result<Option<DaySpan>> {
        let Some(register) = register else { return Ok(Some(days)) };
        let all = records::table.filter(records::register.eq(register));
        let all = all.select((min(records::received_on), max(records::received_on)));
        let (Some(first), Some(last)) = all.first::<Days>(db)? else { return Ok(None) };
        Ok(Some((days.0.max(first), days.1.min(last))))
    }

    fn found_on(&self, search: &Search, days: DaySpan) -> Condition {
        let found = search.matched_by_postgres(Statement::new("records.pos IN (SELECT pos"), days);
        Box::new(found.sql(")").expression())
    }

    fn found(&self, search: &Search, days: DaySpan, _: bool, limit: i64) -> Statement<'static> {
        let found = search.matched_by_postgres(Statement::new("SELECT pos AS key"), days);
        found.sql(" LIMIT ").bind::<BigInt, _>(limit)
    }

    /// By its months, if the words are known that it is asked for.
    fn walks(&self, search: &Search) -> bool {
        search.sought.iter().all(|sought| sought.words().is_some())
    }

    fn next(&self, walk: &mut Walk, db: &mut Db, wanted: i64) -> Result<(DaySpan, Vec<i64>)> {
        const MANY: i32 = 100;
        let (first, last) = walk.days;
        loop {
            let days = match walk.descending {
                _ if walk.months > MANY => walk.days,
                true => (Month(Month::of(last).0 - walk.months + 1).first_day().max(first), last),
                false => {
                    let end = Month(Month::of(first).0 + walk.months).first_day();
                    (first, end.pred_opt().unwrap_or(last).min(last))
                }
            };
            let keys = walk.search.find(db, days, walk.descending, CROWD)?;
            let found = keys.len() as i64;
            // As many as it takes if there are as many in each month, and half more.
            let times = 1 + wanted * 3 / 2 / (found + 1);
            walk.months *= times.clamp(2, 16) as i32;
            if days == walk.days || found >= wanted.min(CROWD) {
                return Ok((days, keys));
            }
        }
    }

    fn at(&self, register: &'static str, (first, last): DaySpan, places: &str) -> Condition {
        let of_days = records::register.eq(register).and(records::received_on.between(first, last));
        let found = Statement::new("records.pos = ANY (CAST(").bind::<Text, _>(format!("{{{places}}}"));
        Box::new(of_days.and(found.sql(" AS BIGINT[]))").expression::<Bool>()))
    }

    /// It has an entry for each record.
    fn check(&self, db: &mut Db, next: &mut NextRecords) -> Result<IndexFindings> {
        let mut found = IndexFindings::default();
        loop {
            let page = next(db)?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
            let span = (first.place.pos, last.place.pos);
            let (held, unlisted) = (held_words(db, span)?, unlisted_words(db, span)?);
            found.expected += page.len() as i64;
            for record in page {
                let right: BTreeSet<String> = record.words.iter().map(|word| record.place.lexeme(word)).collect();
                if unlisted.contains(&record.place.pos) || held.get(&record.place.pos) != Some(&right) {
                    found.wrong.insert(record.place.pos);
                }
            }
        }
        let count = Statement::new("SELECT count(*) AS key FROM records_search");
        found.entries = count.get_result::<IndexKey>(db)?.key;
        Ok(found)
    }

    fn forget_replaced(&self, _: &mut Db) -> Result<()> {
        Ok(())
    }

    fn forget_unused(&self, db: &mut Db) -> Result<()> {
        Ok(db.batch_execute(UNUSED_WORDS)?)
    }
}
