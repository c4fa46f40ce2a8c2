//! Running numbers without gaps: taken in the transaction that uses them, under the writer's lock.

use diesel::prelude::*;

use crate::db::schema::{counters, records};
use crate::db::{Db, prepared};
use crate::error::Result;

/// The next value of a counter, starting with 1.
pub fn next(db: &mut Db, name: &str) -> Result<i64> {
    let counter = counters::table.filter(counters::name.eq(name));
    let counting = diesel::update(counter).set(counters::value.eq(counters::value + 1)).returning(counters::value);
    if let Some(value) = prepared(counting).get_result(db).optional()? {
        return Ok(value);
    }
    diesel::insert_into(counters::table).values((counters::name.eq(name), counters::value.eq(1))).execute(db)?;
    Ok(1)
}

/// The next free business number of a year, such as `2017-0123`; numbers that clients have given are passed over.
pub fn next_business_number(db: &mut Db, year: i32) -> Result<String> {
    next_of_series(db, &format!("{year:04}"))
}

/// The next free number of a series, such as `ORG-0001`.
pub fn next_of_series(db: &mut Db, series: &str) -> Result<String> {
    loop {
        let number = format!("{series}-{:04}", next(db, &format!("number:{series}"))?);
        if holder(db, &number)?.is_none() {
            return Ok(number);
        }
    }
}

/// The id and the register of the record that has the number.
pub fn holder(db: &mut Db, number: &str) -> Result<Option<(String, String)>> {
    let found = records::table.filter(records::number.eq(number)).select((records::id, records::register));
    Ok(found.first(db).optional()?)
}
