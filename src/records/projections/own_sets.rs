//! The sets of own dimensions that cells are kept for because lines of a layout use them together. They change with the
//! profile: what is new is counted from the records, what is used no longer goes.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::cube::{contributions, each_record};
use super::own_cells::{self, OwnCells, OwnSaid};
use super::own_set::OwnSet;
use crate::db::schema::{own_cells as cells, own_sets};
use crate::db::{Db, exclusively};
use crate::error::Result;

/// After how many records it is told how far the counting has come.
const STEP: usize = 50_000;

/// Keeps the cells of these sets from now on, and of no others besides those that are always kept; `tell` hears how many
/// records were counted so far.
pub fn keep(db: &mut Db, sets: &BTreeSet<OwnSet>, tell: impl FnMut(usize)) -> Result<()> {
    let wanted: BTreeSet<OwnSet> = sets.iter().filter(|set| !set.is_always_kept()).cloned().collect();
    if own_cells::kept(db)? == wanted {
        return Ok(());
    }
    exclusively(db, |tx| {
        let db = tx.unflushed();
        let kept = own_cells::kept(db)?;
        kept.difference(&wanted).try_for_each(|set| forget(db, set))?;
        count(db, &wanted.difference(&kept).cloned().collect(), tell)
    })
}

fn forget(db: &mut Db, set: &OwnSet) -> Result<()> {
    let (number, dimensions) = (&set.number, set.name());
    let gone = cells::table.filter(cells::number.eq(number)).filter(cells::dimensions.eq(&dimensions));
    diesel::delete(gone).execute(db)?;
    diesel::delete(own_sets::table.find((number, &dimensions))).execute(db)?;
    Ok(())
}

/// Counts new sets from the records.
fn count(db: &mut Db, sets: &BTreeSet<OwnSet>, mut tell: impl FnMut(usize)) -> Result<()> {
    if sets.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<&String> = sets.iter().flat_map(|set| &set.dimensions).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let (mut cells, mut counted) = (OwnCells::new(), 0);
    each_record(db, &names, |row| {
        if let Some(said) = OwnSaid::of_row(row)? {
            own_cells::add(&mut cells, &said, sets, &contributions(row), 1);
        }
        counted += 1;
        if counted % STEP == 0 {
            tell(counted);
        }
        Ok(())
    })?;
    own_cells::write(db, &cells)?;
    for set in sets {
        let row = (own_sets::number.eq(&set.number), own_sets::dimensions.eq(set.name()));
        diesel::insert_into(own_sets::table).values(row).execute(db)?;
    }
    Ok(())
}
