//! PostgreSQL's index of words, which finds in no order, and has each word once for each register and month.

use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::db::schema::records;
use crate::db::{Db, Statement, statements};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::search::{CROWD, DaySpan, IndexChange, IndexPlace, Search, SearchTerm, Walk};

/// So many words of months PostgreSQL's index is asked for at the most; where there are more, for the words of all months.
const ASKED: usize = 2_000;

/// A month, as the number of months since the year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(i32);

impl Month {
    pub fn of(day: NaiveDate) -> Self {
        Month(day.year() * 12 + day.month0() as i32)
    }

    fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0 / 12, self.0 as u32 % 12 + 1, 1).unwrap_or_default()
    }

    pub fn lexeme(self, letter: u8, word: &str) -> String {
        format!("{word}@{}{:04}{:02}", char::from(letter), self.0 / 12, self.0 % 12 + 1)
    }
}

/// Writes changes of the index. The words of records that are gone went with them.
pub fn write(db: &mut Db, changes: &[IndexChange]) -> Result<()> {
    const NEW: &str = "), new AS (\
        INSERT INTO records_words (term) \
        SELECT DISTINCT split_part(unnest(string_to_array(words, ' ')), '@', 1) FROM said \
        ON CONFLICT DO NOTHING) \
        INSERT INTO records_search (pos, words) SELECT pos, array_to_tsvector(string_to_array(words, ' ')) \
        FROM said ON CONFLICT (pos) DO UPDATE SET words = excluded.words";
    let lexemes =
        |place: IndexPlace, words: &str| words.split(' ').map(|word| place.lexeme(word)).collect::<Vec<_>>().join(" ");
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

/// The words between two.
pub fn words_between(first: &str, last: &str) -> Statement<'static> {
    let all = Statement::new("SELECT term FROM records_words WHERE term BETWEEN ");
    all.bind::<Text, _>(first.to_owned()).sql(" AND ").bind::<Text, _>(last.to_owned())
}

/// The condition on a record of some days in a register that it is at one of these places.
pub fn at_places(register: &'static str, (first, last): DaySpan, places: &str) -> Condition {
    let of_days = records::register.eq(register).and(records::received_on.between(first, last));
    let found = sql::<Bool>("records.pos = ANY (CAST(");
    Box::new(of_days.and(found.bind::<Text, _>(format!("{{{places}}}")).sql(" AS BIGINT[]))")))
}

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

    /// The condition on a record of some days that PostgreSQL's index finds it.
    pub(crate) fn found_by_postgres(&self, days: DaySpan) -> Condition {
        let found = sql::<Bool>("records.pos IN (SELECT pos FROM unnest(CAST(string_to_array(");
        let found = found.bind::<Text, _>(self.asked_of_postgres(days));
        Box::new(found.sql(", ';') AS tsquery[])) AS asked, records_search WHERE words @@ asked)"))
    }

    /// The query for the places of records of some days, in no order; its limit is to follow.
    pub(crate) fn places_of_postgres(&self, days: DaySpan) -> Statement<'static> {
        let found = Statement::new("SELECT pos AS key FROM unnest(CAST(string_to_array(");
        let found = found.bind::<Text, _>(self.asked_of_postgres(days));
        found.sql(", ';') AS tsquery[])) AS asked, records_search WHERE words @@ asked LIMIT ")
    }
}

impl Walk {
    /// The next months of which PostgreSQL's index finds as many as are wanted or more, or all that are left; and the keys,
    /// if they are no crowd.
    pub(crate) fn next_months(&mut self, db: &mut Db, wanted: i64) -> Result<(DaySpan, Vec<i64>)> {
        const MANY: i32 = 100;
        let (first, last) = self.days;
        loop {
            let days = match self.descending {
                _ if self.months > MANY => self.days,
                true => (Month(Month::of(last).0 - self.months + 1).first_day().max(first), last),
                false => {
                    let end = Month(Month::of(first).0 + self.months).first_day();
                    (first, end.pred_opt().unwrap_or(last).min(last))
                }
            };
            let keys = self.search.find(db, days, self.descending, CROWD)?;
            let found = keys.len() as i64;
            // As many as it takes if there are as many in each month, and half more.
            let times = 1 + wanted * 3 / 2 / (found + 1);
            self.months *= times.clamp(2, 16) as i32;
            if days == self.days || found >= wanted.min(CROWD) {
                return Ok((days, keys));
            }
        }
    }
}
