//! Sums of the numbers that are the authority's own, over the records received. They are exact, in ten-thousandths, and come
//! from cells that every write keeps, wherever a layout or nothing else than the software's dimensions is asked for.

use std::ops::RangeInclusive;

use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, Resolution};
use crate::registers::Dimension;
use crate::registers::vocabulary::OWN;

/// The parts of one.
pub const PARTS: i64 = 10_000;

/// Sums of a number, by its name with the prefix `own.`, by period and the dimensions named; with a choice of values in some
/// dimensions. What counts hold otherwise are sums then: `received` over the records received in the period.
pub fn sums(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    resolution: Resolution,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
    number: &str,
) -> Result<Vec<Count>> {
    cube::sum(db, years, resolution, by, choice, unprefixed(number))
}

/// The same by month and by the public body that a record is linked to, from the records of the years.
pub fn sums_by_organisation(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
    number: &str,
) -> Result<Vec<Count>> {
    cube::sums_by_organisation(db, years, false, by, choice, unprefixed(number))
}

fn unprefixed(number: &str) -> &str {
    number.strip_prefix(OWN).unwrap_or(number)
}
