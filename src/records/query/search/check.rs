//! The index of words against the records.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::index::{IndexPlace, word_index};
use super::words;
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;

/// The records that are read by one query.
const PAGE: i64 = 10_000;

/// A record as the index is to have it.
pub(super) struct IndexedRecord {
    pub(super) place: IndexPlace,
    pub(super) words: BTreeSet<String>,
}

/// The differences of the index from the records.
#[derive(Debug, Default)]
pub struct IndexFindings {
    /// The places of the records that it does not find by each of their words, or finds by others.
    pub wrong: BTreeSet<i64>,
    /// The number of entries that follow from the records.
    pub expected: i64,
    /// The number of entries that it has.
    pub entries: i64,
}

/// A record's place, register, day received, number and title.
type Titled = (i64, String, NaiveDate, String, String);

/// Holds the index against all records.
pub fn wrongly_indexed(db: &mut Db) -> Result<IndexFindings> {
    let mut after = 0;
    let mut next = |db: &mut Db| -> Result<Vec<IndexedRecord>> {
        let page: Vec<Titled> = records::table
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(PAGE)
            .select((records::pos, records::register, records::received_on, records::number, records::title))
            .load(db)?;
        after = page.last().map_or(after, |(last, ..)| *last);
        let indexed = |(pos, register, received_on, number, title): Titled| IndexedRecord {
            place: IndexPlace::new(&register, received_on, pos),
            words: words(&format!("{number} {title}")).into_iter().collect(),
        };
        Ok(page.into_iter().map(indexed).collect())
    };
    word_index(db).check(db, &mut next)
}
