//! Search by words: case and accents are folded here, so that both databases find the same.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::db::schema::records;
use crate::db::{Db, Later, Statement, later, prepared, statements};
use crate::error::Result;

/// The folded words of a text: lower case, without accents, everything but letters and digits separates.
pub fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            c if c.is_alphanumeric() => folded.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
            _ => folded.push(' '),
        }
    }
    folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What the index is to say of a record: its words, or nothing any more.
enum Entry {
    New { id: String, words: String },
    Held { pos: i64, words: Option<String> },
}

impl Entry {
    /// The place of a record that is still there, and its words.
    fn said(&self, places: &HashMap<String, i64>) -> Option<(i64, Option<&str>)> {
        match self {
            Entry::New { id, words } => Some((*places.get(id)?, Some(words))),
            Entry::Held { pos, words } => Some((*pos, words.as_deref())),
        }
    }
}

fn joined(number: &str, title: &str) -> String {
    words(&format!("{number} {title}")).join(" ")
}

/// Keeps the words of a new record's title and number.
pub fn index_new(id: &str, number: &str, title: &str) {
    later(Entry::New { id: id.to_owned(), words: joined(number, title) });
}

/// Keeps the words of a record's title and number.
pub fn index(pos: i64, number: &str, title: &str) {
    later(Entry::Held { pos, words: Some(joined(number, title)) });
}

/// Forgets the words of a record.
pub fn forget(pos: i64) {
    later(Entry::Held { pos, words: None });
}

/// The places of new records, by their ids; of those that are still there.
fn places(db: &mut Db, rows: &[Entry]) -> Result<HashMap<String, i64>> {
    let new = |row: &Entry| match row {
        Entry::New { id, .. } => Some(id.clone()),
        Entry::Held { .. } => None,
    };
    let ids: Vec<String> = rows.iter().filter_map(new).collect();
    let mut places = HashMap::with_capacity(ids.len());
    for ids in statements(&ids) {
        let held = records::table.filter(records::id.eq_any(ids)).select((records::id, records::pos));
        places.extend(prepared(held).load::<(String, i64)>(db)?);
    }
    Ok(places)
}

/// SQLite's index writes what it holds back at every savepoint: with one for each record it would write a piece of index
/// for each of them. On PostgreSQL the words go with their record.
impl Later for Entry {
    const RANK: u8 = 4;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        let places = places(db, rows)?;
        let last: BTreeMap<i64, Option<&str>> = rows.iter().filter_map(|row| row.said(&places)).collect();
        let said: Vec<(i64, &str)> = last.iter().filter_map(|(pos, words)| Some((*pos, (*words)?))).collect();
        if let Db::Sqlite(_) = db {
            for (pos, _) in last.iter().filter(|(_, words)| words.is_none()) {
                Statement::new("DELETE FROM records_search WHERE rowid = ").bind::<BigInt, _>(*pos).execute(db)?;
            }
        }
        let (start, end) = match db {
            Db::Sqlite(_) => ("INSERT OR REPLACE INTO records_search (rowid, words)", ""),
            Db::Postgres(_) => (
                "INSERT INTO records_search (pos, words) \
                 SELECT pos, array_to_tsvector(string_to_array(words, ' ')) FROM (",
                ") AS said (pos, words) ON CONFLICT (pos) DO UPDATE SET words = excluded.words",
            ),
        };
        statements(&said).try_for_each(|said| {
            let row = Statement::new(start)
                .rows(said, |values, (pos, words)| values.bind::<BigInt, _>(*pos).bind::<Text, _>(*words));
            row.sql(end).execute(db)?;
            Ok(())
        })
    }
}

/// The condition on a record that every word begins one of its words, as SQL around one bound text.
/// `None` when there is nothing to look for, so that nothing can be found.
pub fn condition(db: &Db, query: &str) -> Option<(&'static str, String, &'static str)> {
    let words = words(query);
    if words.is_empty() {
        return None;
    }
    let join = |word: &dyn Fn(&String) -> String, and: &str| words.iter().map(word).collect::<Vec<_>>().join(and);
    Some(match db {
        Db::Sqlite(_) => (
            "records.pos IN (SELECT rowid FROM records_search WHERE records_search MATCH ",
            join(&|word| format!("\"{word}\"*"), " AND "),
            ")",
        ),
        Db::Postgres(_) => (
            "records.pos IN (SELECT pos FROM records_search WHERE words @@ CAST(",
            join(&|word| format!("'{word}':*"), " & "),
            " AS tsquery))",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn folds_case_and_accents() {
        assert_eq!(
            words("Datenschutz in Zürich, Genève & Straße"),
            ["datenschutz", "in", "zurich", "geneve", "strasse"]
        );
    }

    #[test]
    fn takes_wildcards_and_quotes_for_separators() {
        assert_eq!(words("100 % _x' \"y\" 2017-0001"), ["100", "x", "y", "2017", "0001"]);
        assert!(words("%_ *").is_empty());
    }
}
