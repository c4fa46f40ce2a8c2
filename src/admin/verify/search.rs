//! The index of words against the records.

use diesel::prelude::*;

use crate::db::schema::records;
use crate::db::{Db, statements};
use crate::error::Result;
use crate::records::query::search::wrongly_indexed;

/// Records that the index does not find by each of their words, or finds by others.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let found = wrongly_indexed(db)?;
    let wrong: Vec<i64> = found.wrong.into_iter().collect();
    let mut out = Vec::new();
    for wrong in statements(&wrong) {
        let named = records::table.filter(records::pos.eq_any(wrong)).order(records::pos);
        let named: Vec<(String, String)> = named.select((records::id, records::register)).load(db)?;
        out.extend(named.into_iter().map(|(id, register)| {
            format!("record {id} ({register}): cannot be found by its words, or is found by others")
        }));
    }
    if found.entries != found.expected {
        out.push(format!("search: {} entries, and {} follow from the records", found.entries, found.expected));
    }
    Ok(out)
}
