//! The sets of own dimensions that cells are kept for because lines of a layout use them together. They change with the
//! profile: what is new is counted from the records, what is used no longer goes.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::own_set::OwnSet;
use super::{cube, own_cells, own_entry};
use crate::db::schema::own_sets;
use crate::db::{Db, exclusively};
use crate::error::Result;

/// Enters the new records, and keeps the cells of these sets from now on, and of no others besides those that are always kept;
/// `tell` hears of each that is counted from the records.
pub fn keep(db: &mut Db, sets: &BTreeSet<OwnSet>, mut tell: impl FnMut(&OwnSet)) -> Result<()> {
    let wanted: BTreeSet<OwnSet> = sets.iter().filter(|set| !set.is_always_kept()).cloned().collect();
    if own_cells::kept(db)? == wanted && !own_entry::is_due(db)? {
        return Ok(());
    }
    exclusively(db, |tx| {
        let db = tx.unflushed();
        own_entry::enter(db)?;
        let kept = own_cells::kept(db)?;
        let gone: BTreeSet<OwnSet> = kept.difference(&wanted).cloned().collect();
        let new: BTreeSet<OwnSet> = wanted.difference(&kept).cloned().collect();
        new.iter().for_each(&mut tell);
        forget(db, &gone)?;
        cube::count_sets(db, &new)?;
        for set in new {
            let row = (own_sets::number.eq(&set.number), own_sets::dimensions.eq(set.name()));
            diesel::insert_into(own_sets::table).values(row).execute(db)?;
        }
        Ok(())
    })
}

fn forget(db: &mut Db, sets: &BTreeSet<OwnSet>) -> Result<()> {
    if sets.is_empty() {
        return Ok(());
    }
    let keys: BTreeSet<String> = sets.iter().map(OwnSet::key).collect();
    let mut cells = own_cells::stored(db)?;
    cells.values_mut().for_each(|counts| counts.retain(|set, _| keys.contains(set)));
    for counts in cells.values_mut().flat_map(|counts| counts.values_mut()).flat_map(|values| values.values_mut()) {
        let held = *counts;
        counts.add(held, -2);
    }
    own_cells::write(db, &cells)?;
    for set in sets {
        diesel::delete(own_sets::table.find((&set.number, set.name()))).execute(db)?;
    }
    Ok(())
}
