//! The records of a list: filtered, in an order, from a place on.

use diesel::prelude::*;

use super::filter::Filter;
use super::order::{Order, RecordQuery};
use crate::db::schema::records;
use crate::db::{Db, cached};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::row::StoredRecord;

/// The request for a page: its records, order, start and size.
pub struct PageQuery {
    /// The filter on the records.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// The place at which the page before ended.
    pub after: Option<Vec<String>>,
    /// The most records on the page.
    pub limit: i64,
    /// True if all records are to be counted.
    pub include_total: bool,
}

/// A record as far as it has to be known to say whether words find it: its place among the records, its number and title.
pub(super) type TitledRecord = (i64, String, String);

/// The first records after a place, under some conditions.
pub(super) fn whole(
    db: &mut Db,
    order: &Order,
    after: Option<&[String]>,
    conditions: Vec<Condition>,
    limit: i64,
) -> Result<Vec<StoredRecord>> {
    let query = listed(db, order, after, conditions, limit);
    Ok(cached(query).load(db)?)
}

/// The same, of each only what says whether words find it.
pub(super) fn titled(
    db: &mut Db,
    order: &Order,
    after: Option<&[String]>,
    conditions: Vec<Condition>,
    limit: i64,
) -> Result<Vec<TitledRecord>> {
    let query = listed(db, order, after, conditions, limit);
    Ok(cached(query.select((records::pos, records::number, records::title))).load(db)?)
}

fn listed(
    db: &Db,
    order: &Order,
    after: Option<&[String]>,
    conditions: Vec<Condition>,
    limit: i64,
) -> RecordQuery<'static> {
    let mut query: RecordQuery = records::table.select(StoredRecord::as_select()).into_boxed().limit(limit);
    for condition in conditions {
        query = query.filter(condition);
    }
    if let Some(condition) = after.and_then(|place| order.after(db, place)) {
        query = query.filter(condition);
    }
    order.apply(db, query)
}
