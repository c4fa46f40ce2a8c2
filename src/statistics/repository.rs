//! What the statistics ask of the database: sums of the cube.

use std::ops::RangeInclusive;

use diesel::prelude::*;

use super::lang::Lang;
use super::layout::{Layout, TableLayout};
use super::table::{Basis, Table};
use crate::db::Db;
use crate::error::Result;
use crate::registers::cube::{self, Count, Resolution};

/// Draws a table of a layout from the cube as it is now.
pub fn table(
    db: &mut Db,
    layout: &Layout,
    table: &TableLayout,
    lang: Lang,
    years: RangeInclusive<i32>,
) -> Result<Table> {
    let dimensions = table.dimensions();
    let resolution = Resolution::for_dimensions(dimensions.iter().copied());
    let (first, counts) = db.transaction(|db| {
        Ok::<_, crate::Error>((cube::first_year(db)?, cube::count(db, &years, resolution, &dimensions, &[])?))
    })?;
    let year = |count: &Count| if resolution == Resolution::Years { count.period } else { count.period / 100 };
    let basis = |year| if first.is_some_and(|first| first <= year) { Basis::Live } else { Basis::None };
    Ok(Table::draw(layout, table, lang, years, basis, |line, wanted| {
        let counted = counts.iter().filter(|count| year(count) == wanted);
        counted.filter(|count| line.selections.iter().any(|s| count.is_in(s))).map(|count| count.counts.received).sum()
    }))
}
