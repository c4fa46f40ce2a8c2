//! SQLite's index of words, which finds in the order of its keys.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::db::{Db, Statement, insert};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::search::{CROWD, DaySpan, IndexChange, IndexPlace, POS, Search, SearchTerm, Walk};

/// The beginnings up to this length (in characters) that SQLite's index has an index of its own for.
pub const INDEXED: usize = 3;

/// Writes changes of the index. It keeps no texts: what is to go has to be said again.
pub fn write(db: &mut Db, changes: &[IndexChange]) -> Result<()> {
    let gone = changes.iter().filter_map(|change| Some((change.place.key(), change.before?)));
    let said = changes.iter().filter_map(|change| Some((change.place.key(), change.after?)));
    let (gone, said): (Vec<(i64, &str)>, Vec<(i64, &str)>) = (gone.collect(), said.collect());
    insert(db, "records_search (records_search, rowid, words)", &gone, |values, (key, words)| {
        values.bind::<Text, _>("delete").bind::<BigInt, _>(*key).bind::<Text, _>(*words)
    })?;
    insert(db, "records_search (rowid, words)", &said, |values, (key, words)| {
        values.bind::<BigInt, _>(*key).bind::<Text, _>(*words)
    })
}

/// The words between two, from word to word, as the view has each of them once for every record. "!" comes before letters
/// and digits.
pub fn words_between(first: &str, last: &str) -> Statement<'static> {
    let (first, last) = (first.to_owned(), last.to_owned());
    let all = Statement::new(
        "WITH RECURSIVE found (term) AS (\
         SELECT (SELECT term FROM records_words WHERE term BETWEEN ",
    );
    let all = all.bind::<Text, _>(first).sql(" AND ").bind::<Text, _>(last.clone()).sql(
        " LIMIT 1) UNION ALL \
         SELECT (SELECT term FROM records_words WHERE term BETWEEN found.term || '!' AND ",
    );
    all.bind::<Text, _>(last).sql(
        " LIMIT 1) FROM found WHERE found.term IS NOT NULL\
         ) SELECT term FROM found WHERE term IS NOT NULL",
    )
}

/// The condition on a record that it is at one of these keys. The sign keeps SQLite from going through all of the register in
/// order to look for these few.
pub fn at_keys(register: &'static str, places: &str) -> Condition {
    let found = sql::<Bool>("(+records.register = ").bind::<Text, _>(register);
    let found = found.sql(" AND records.pos IN (SELECT value FROM json_each(");
    Box::new(found.bind::<Text, _>(format!("[{places}]")).sql(")))"))
}

impl Search {
    /// Returns the query for SQLite's index.
    fn asked_of_sqlite(&self) -> String {
        let alternatives = self.sought.iter().map(|sought| match sought {
            SearchTerm::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("({})", words.join(" OR "))
            }
            SearchTerm::Beginning(word) => format!("\"{word}\"*"),
        });
        alternatives.collect::<Vec<_>>().join(" AND ")
    }

    /// The keys of SQLite's index among which the records of some days are.
    fn keys(&self, (first, last): DaySpan) -> (i64, i64) {
        let letters = self.letter.map_or((0, 127), |letter| (letter, letter));
        let first = IndexPlace { letter: letters.0, received_on: first, pos: 0 };
        let last = IndexPlace { letter: letters.1, received_on: last, pos: POS };
        (first.key(), last.key())
    }

    /// The condition on a record of some days that SQLite's index finds it.
    pub(crate) fn found_by_sqlite(&self, days: DaySpan) -> Condition {
        let (first, last) = self.keys(days);
        let found =
            sql::<Bool>("records.pos IN (SELECT rowid & 4294967295 FROM records_search WHERE records_search MATCH ");
        let found = found.bind::<Text, _>(self.asked_of_sqlite()).sql(" AND rowid BETWEEN ");
        Box::new(found.bind::<BigInt, _>(first).sql(" AND ").bind::<BigInt, _>(last).sql(")"))
    }

    /// The query for the keys of records of some days, in their order; its limit is to follow.
    pub(crate) fn keys_of_sqlite(&self, days: DaySpan, descending: bool) -> Statement<'static> {
        let (first, last) = self.keys(days);
        let found = Statement::new("SELECT rowid AS key FROM records_search WHERE records_search MATCH ");
        let found = found.bind::<Text, _>(self.asked_of_sqlite()).sql(" AND rowid BETWEEN ");
        let found = found.bind::<BigInt, _>(first).sql(" AND ").bind::<BigInt, _>(last);
        found.sql(if descending { " ORDER BY rowid DESC LIMIT " } else { " ORDER BY rowid LIMIT " })
    }
}

impl Walk {
    /// The next days on which SQLite's index finds as many as are wanted, or one with more, or all that are left; and the
    /// keys, if they are no crowd.
    pub(crate) fn next_days(&self, db: &mut Db, wanted: i64) -> Result<(DaySpan, Vec<i64>)> {
        // The last of the days is left for the next time: it may have more of them.
        let count = wanted + wanted / 2;
        let day = |key: i64| NaiveDate::from_num_days_from_ce_opt((key >> 32) as i32 & 0x3f_ffff).unwrap_or_default();
        let mut keys = self.search.find(db, self.days, self.descending, count)?;
        let last = match keys.last() {
            Some(last) if keys.len() as i64 >= count => day(*last),
            _ => return Ok((self.days, keys)),
        };
        keys.retain(|key| day(*key) != last);
        let days = match (keys.last(), self.descending) {
            (None, _) => (last, last),
            (Some(key), true) => (day(*key), self.days.1),
            (Some(key), false) => (self.days.0, day(*key)),
        };
        if keys.is_empty() {
            keys = self.search.find(db, days, self.descending, CROWD)?;
        }
        Ok((days, keys))
    }
}
