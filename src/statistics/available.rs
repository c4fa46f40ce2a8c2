//! The years that there are figures of.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::layout::Layout;
use super::provisional::Progress;
use super::suppression::Suppression;
use super::{entered_figures, public, publications};
use crate::calendar::YEARS;
use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube;
use crate::registers;

/// The most years of a table.
pub const MOST: i32 = 50;

/// The years from the first one that was published, entered or counted to the last complete one, as many as one table can have;
/// `None` where there are none.
pub fn years(db: &mut Db, layout: &Layout, today: NaiveDate) -> Result<Option<RangeInclusive<i32>>> {
    let mut known: Vec<i32> = publications::latest(db, &layout.names(), &YEARS)?.into_keys().collect();
    known.extend(entered_figures::latest(db, &layout.names(), &YEARS)?.into_keys());
    let all: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
    known.extend(cube::first_month(db, &all)?.map(|month| month / 100));
    let mut over = YEARS.rev().skip_while(|year| layout.progress(*year, today) != Progress::Over);
    Ok(range(known.into_iter().min(), over.next()))
}

/// The years that anybody may see.
pub fn public_years(
    db: &mut Db,
    suppression: &Suppression,
    layout: &Layout,
    today: NaiveDate,
) -> Result<Option<RangeInclusive<i32>>> {
    let years = public::published_years(db, suppression, layout, today)?;
    Ok(range(years.first().copied(), years.last().copied()))
}

fn range(first: Option<i32>, last: Option<i32>) -> Option<RangeInclusive<i32>> {
    let (first, last) = first.zip(last)?;
    (first <= last).then(|| first.max(last - MOST + 1)..=last)
}
