//! Lists of records in pages.

use diesel::prelude::*;

pub use super::listing::PageQuery;
pub use super::order::{Order, SortField};

use super::filter::Filter;
use super::{found, listing};
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;
use crate::records::row::StoredRecord;

/// A page of records.
pub struct RecordPage {
    /// The records.
    pub rows: Vec<StoredRecord>,
    /// The place at which the page ends; `None` on the last one.
    pub end: Option<Vec<String>>,
    /// The number of all records, if asked for.
    pub total: Option<i64>,
}

/// A page of the records that a filter takes. `None` when the place to begin at is none of this order.
pub fn page(db: &mut Db, request: &PageQuery) -> Result<Option<RecordPage>> {
    // One statement sees one state without a transaction, which costs ways to the server and back.
    match request.filter.q.is_none() && !request.include_total {
        true => read(db, request),
        false => db.transaction(|db| read(db, request)),
    }
}

fn read(db: &mut Db, request: &PageQuery) -> Result<Option<RecordPage>> {
    let after = match &request.after {
        None => None,
        Some(place) if request.order.after(db, place).is_some() => Some(place.as_slice()),
        Some(_) => return Ok(None),
    };
    let mut rows = match &request.filter.q {
        Some(q) => found::rows(db, request, q, after)?,
        None => {
            let conditions = request.filter.conditions(db)?;
            listing::whole(db, &request.order, after, conditions, request.limit + 1)?
        }
    };
    let more = rows.len() as i64 > request.limit;
    rows.truncate(request.limit as usize);
    let end = rows.last().filter(|_| more).map(|row| request.order.place(row));
    let total = if request.include_total { Some(count(db, &request.filter)?) } else { None };
    Ok(Some(RecordPage { rows, end, total }))
}

/// Returns the number of records that a filter takes.
pub fn count(db: &mut Db, filter: &Filter) -> Result<i64> {
    if let Some(q) = &filter.q
        && let Some(found) = found::count_few(db, filter, q)?
    {
        return Ok(found);
    }
    let mut query = records::table.count().into_boxed();
    for condition in filter.conditions(db)? {
        query = query.filter(condition);
    }
    Ok(query.get_result(db)?)
}
