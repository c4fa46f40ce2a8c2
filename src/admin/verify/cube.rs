//! The cube, and the cells of what is the authority's own, against a recount.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube::{self, Counts, CubeKey, OwnCell};
use crate::records::projections::own_cells::{self, OwnCells};
use crate::records::projections::own_held::{self, HeldOwnKey};
use crate::registers::Dimension;

/// Returns the differences between the cells and a recount of the records.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let right = cube::recount(db)?;
    let mut out = differing(&cube::stored(db)?, &right.cube, name, told);
    if !own_cells::is_said_once(db)? {
        out.push("own entered: there is more than one row".to_owned());
    }
    out.extend(differing(&flat(&own_cells::stored(db)?), &flat(&right.own), own_name, told));
    let held = |records: Option<&i64>| format!("{} records", records.copied().unwrap_or_default());
    out.extend(differing(&own_held::stored(db)?, &own_held::of_cells(&right.own), held_name, held));
    Ok(out)
}

fn name((period, values): &CubeKey) -> String {
    format!("cube: {period} {}", named(values))
}

/// A count of the authority's own: the cell, the set, and the values in it.
type OwnKey<'c> = (&'c OwnCell, &'c str, &'c str);

fn own_name((OwnCell((period, values)), set, own): &OwnKey) -> String {
    format!("own cells: {period} {set}={own} {}", named(values))
}

fn held_name((register, name, value): &HeldOwnKey) -> String {
    format!("own held: {register} {name}={value}")
}

/// The counts one by one.
fn flat(cells: &OwnCells) -> BTreeMap<OwnKey<'_>, Counts> {
    let mut all = BTreeMap::new();
    for (cell, counts) in cells {
        for (set, values) in counts {
            all.extend(values.iter().map(|(own, counts)| ((cell, set.as_str(), own.as_str()), *counts)));
        }
    }
    all
}

/// The values by the names of their dimensions.
fn named(values: &[String; Dimension::COUNT]) -> String {
    let values = Dimension::ALL.iter().zip(values).filter(|(_, value)| !value.is_empty());
    values.map(|(dimension, value)| format!("{}={value}", dimension.name())).collect::<Vec<_>>().join(" ")
}

/// The counts of a cell; those of one that is not there are 0.
fn told(counts: Option<&Counts>) -> String {
    let Counts { received, closed, days, settled } = counts.copied().unwrap_or_default();
    format!("received {received}, closed {closed}, days {days}, settled {settled}")
}

/// The cells that are not what they must be, or are there and must not be, or the other way round.
fn differing<K: Ord, V: PartialEq>(
    stored: &BTreeMap<K, V>,
    right: &BTreeMap<K, V>,
    name: impl Fn(&K) -> String,
    told: impl Fn(Option<&V>) -> String,
) -> Vec<String> {
    let keys: BTreeSet<&K> = stored.keys().chain(right.keys()).collect();
    keys.into_iter()
        .filter(|key| stored.get(key) != right.get(key))
        .map(|key| format!("{}: {}; recounted {}", name(key), told(stored.get(key)), told(right.get(key))))
        .collect()
}
