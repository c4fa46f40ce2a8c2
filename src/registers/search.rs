//! Search by words: case and accents are folded here, so that both databases find the same.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::db::schema::records;
use crate::db::{Db, Statement, later};
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

/// Keeps the words of a record's title and number.
pub fn index(db: &mut Db, pos: i64, number: &str, title: &str) -> Result<()> {
    match db {
        Db::Sqlite(_) => later(pos, renew),
        Db::Postgres(_) => {
            let statement = Statement::new("INSERT INTO records_search (pos, words) VALUES (").bind::<BigInt, _>(pos);
            let statement =
                statement.sql(", array_to_tsvector(string_to_array(").bind::<Text, _>(joined(number, title));
            let end = ", ' '))) ON CONFLICT (pos) DO UPDATE SET words = excluded.words";
            statement.sql(end).execute(db)?;
        }
    }
    Ok(())
}

/// Forgets the words of a record; on PostgreSQL they go with the record.
pub fn forget(db: &mut Db, pos: i64) {
    if let Db::Sqlite(_) = db {
        later(pos, renew);
    }
}

fn joined(number: &str, title: &str) -> String {
    words(&format!("{number} {title}")).join(" ")
}

/// Brings SQLite's index up to date with a record, or with its end.
fn renew(db: &mut Db, pos: i64) -> Result<()> {
    let held = records::table.find(pos).select((records::number, records::title));
    let statement = match held.first::<(String, String)>(db).optional()? {
        Some((number, title)) => {
            let statement = Statement::new("INSERT OR REPLACE INTO records_search (rowid, words) VALUES (");
            statement.bind::<BigInt, _>(pos).sql(", ").bind::<Text, _>(joined(&number, &title)).sql(")")
        }
        None => Statement::new("DELETE FROM records_search WHERE rowid = ").bind::<BigInt, _>(pos),
    };
    statement.execute(db)?;
    Ok(())
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
