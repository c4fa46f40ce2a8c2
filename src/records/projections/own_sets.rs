//! The sets of own dimensions that cells are kept for because lines of a layout use them together. They change with the
//! profile: what is new is counted from the records, what is used no longer goes.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::cell_sql::fill_own_cells;
use super::own_cells;
use super::own_set::OwnSet;
use crate::db::schema::{own_cells as cells, own_sets};
use crate::db::{Db, exclusively};
use crate::error::Result;

/// Keeps the cells of these sets from now on, and of no others besides those that are always kept; `tell` hears of
/// each that is counted from the records.
pub fn keep(db: &mut Db, sets: &BTreeSet<OwnSet>, mut tell: impl FnMut(&OwnSet)) -> Result<()> {
    let wanted: BTreeSet<OwnSet> = sets.iter().filter(|set| !set.is_always_kept()).cloned().collect();
    if own_cells::kept(db)? == wanted {
        return Ok(());
    }
    exclusively(db, |tx| {
        let db = tx.unflushed();
        let kept = own_cells::kept(db)?;
        kept.difference(&wanted).try_for_each(|set| forget(db, set))?;
        for set in wanted.difference(&kept) {
            tell(set);
            fill_own_cells(db, set)?;
            let row = (own_sets::number.eq(&set.number), own_sets::dimensions.eq(set.name()));
            diesel::insert_into(own_sets::table).values(row).execute(db)?;
        }
        Ok(())
    })
}

fn forget(db: &mut Db, set: &OwnSet) -> Result<()> {
    let (number, dimensions) = (&set.number, set.name());
    let gone = cells::table.filter(cells::number.eq(number)).filter(cells::dimensions.eq(&dimensions));
    diesel::delete(gone).execute(db)?;
    diesel::delete(own_sets::table.find((number, &dimensions))).execute(db)?;
    Ok(())
}
