//! The values and numbers of the authority's own that records have, each with how many have it. Of records that are entered it stands
//! in a table, beside the cells that it follows from: a start asks for it, however many cells there are.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::cell_sql::add_held;
use super::own_cells::OwnCells;
use super::own_set::{MARK, SUMMED_BY};
use super::{cube, own_cells};
use crate::db::Db;
use crate::db::schema::own_held;
use crate::error::Result;

/// The register, the name, and the value in a dimension, or `""` for a number.
pub type HeldOwnKey = (String, String, String);

/// The number of records that say each, of all that any says.
pub type HeldOwn = BTreeMap<HeldOwnKey, i64>;

/// The part of cells that each dimension and each number stands in alone.
pub fn of_cells(cells: &OwnCells) -> HeldOwn {
    let mut held = HeldOwn::new();
    for (cell, sets) in cells {
        for (set, values) in sets {
            let Some((number, dimensions)) = set.split_once(SUMMED_BY) else { continue };
            if dimensions.contains(MARK) || number.is_empty() == dimensions.is_empty() {
                continue;
            }
            for (value, counts) in values {
                let (name, records) = match number {
                    "" => (dimensions, counts.received),
                    number => (number, counts.days),
                };
                *held.entry((cell.register().to_owned(), name.to_owned(), value.clone())).or_default() += records;
            }
        }
    }
    held.retain(|_, records| *records != 0);
    held
}

/// Adds what changes of cells add.
pub(super) fn add(db: &mut Db, changes: &OwnCells) -> Result<()> {
    let held = of_cells(changes);
    add_held(db, &held.iter().map(|(key, records)| (key, *records)).collect::<Vec<_>>())?;
    if held.values().any(|records| *records < 0) {
        diesel::delete(own_held::table.filter(own_held::records.eq(0))).execute(db)?;
    }
    Ok(())
}

/// The table as it stands.
pub fn stored(db: &mut Db) -> Result<HeldOwn> {
    let rows: Vec<(String, String, String, i64)> = own_held::table.load(db)?;
    Ok(rows.into_iter().map(|(register, name, value, records)| ((register, name, value), records)).collect())
}

/// The values and numbers that the records have, the new ones among them.
pub fn held(db: &mut Db) -> Result<HeldOwn> {
    let mut held = stored(db)?;
    let entered = own_cells::entered(db)?;
    cube::each_record(db, entered, |_, row| {
        for (name, (value, _)) in own_cells::said_by(row)? {
            *held.entry((row.register.clone(), name, value.unwrap_or_default())).or_default() += 1;
        }
        Ok(())
    })?;
    Ok(held)
}
