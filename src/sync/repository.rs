//! What synchronisation asks of the database: the change feed.

use diesel::prelude::*;

use crate::db::schema::changes;
use crate::db::{Db, catch_up};
use crate::error::{Error, Result};
use crate::registers::history::end_of_feed;

/// An entry of the change feed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = changes)]
pub struct Change {
    /// Its place: a number without gaps, in the order of the commits.
    pub seq: i64,
    /// The record's register.
    pub register: String,
    /// The record.
    pub record_id: String,
    /// The record's business number.
    pub number: String,
    /// What was done.
    pub action: String,
    /// The revision that it made.
    pub revision: i64,
    /// When, in UTC.
    pub at: chrono::NaiveDateTime,
}

/// A piece of the change feed.
pub struct Piece {
    /// The entries, oldest first.
    pub changes: Vec<Change>,
    /// The place to go on after.
    pub end: i64,
}

/// The entries after a place, of some registers or of all; from the beginning where there is no place. Fails with
/// [`Error::Gone`] when entries after the place were removed, or when the place is none of this feed's.
///
/// Nothing is ever skipped: a place in the feed is given by the one writer, over all processes, in the transaction
/// that makes the change, and the next writer gets its turn after the commit only (see `db::exclusively`). So what a
/// reader sees is always the whole feed up to some place.
pub fn changes(db: &mut Db, after: Option<i64>, registers: &[String], limit: i64) -> Result<Piece> {
    catch_up(db)?;
    db.transaction(|db| {
        let newest = end_of_feed(db)?;
        let oldest: Option<i64> = changes::table.select(diesel::dsl::min(changes::seq)).first(db)?;
        let oldest = oldest.unwrap_or(newest + 1);
        if after.is_some_and(|after| after + 1 < oldest || after > newest) {
            return Err(Error::Gone);
        }
        let after = after.unwrap_or(oldest - 1);
        let mut query = changes::table
            .filter(changes::seq.gt(after))
            .order(changes::seq)
            .limit(limit)
            .select(Change::as_select())
            .into_boxed();
        match registers {
            [] => {}
            [one] => query = query.filter(changes::register.eq(one.clone())),
            many => query = query.filter(changes::register.eq_any(many.to_vec())),
        }
        let found: Vec<Change> = query.load(db)?;
        let end = match found.last() {
            Some(last) if found.len() as i64 == limit => last.seq,
            _ => newest,
        };
        Ok(Piece { changes: found, end })
    })
}
