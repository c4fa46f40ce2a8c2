//! The index of words against the records.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::index::{IndexFindings, IndexPlace, IndexedRecord};
use super::{word_index, words_of};
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;

/// The records that are read by one query.
const PAGE: i64 = 10_000;

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
            words: words_of(&number, &title).into_iter().collect(),
        };
        Ok(page.into_iter().map(indexed).collect())
    };
    word_index(db).check(db, &mut next)
}
