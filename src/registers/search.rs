//! Search by words: case and accents are folded here, so that both databases find the same.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::db::{Db, Later, Statement, later, statements};
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
struct Entry {
    pos: i64,
    words: Option<String>,
}

/// Keeps the words of a record's title and number.
pub fn index(pos: i64, number: &str, title: &str) {
    later(Entry { pos, words: Some(words(&format!("{number} {title}")).join(" ")) });
}

/// Forgets the words of a record.
pub fn forget(pos: i64) {
    later(Entry { pos, words: None });
}

/// SQLite's index writes what it holds back at every savepoint: with one for each record it would write a piece of index
/// for each of them. On PostgreSQL the words go with their record.
impl Later for Entry {
    const RANK: u8 = 4;

    fn write(db: &mut Db, rows: &[Self]) -> Result<()> {
        let last: BTreeMap<i64, Option<&str>> = rows.iter().map(|row| (row.pos, row.words.as_deref())).collect();
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
