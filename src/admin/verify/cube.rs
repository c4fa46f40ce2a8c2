//! The cube, and the cells of what is the authority's own, against a recount.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube::{self, Counts, CubeKey, OwnCell};
use crate::records::projections::own_cells::{self, OwnCells};
use crate::registers::Dimension;

/// Returns the differences between the cells and a recount of the records.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let right = cube::recount(db)?;
    let mut out = differing(&cube::stored(db)?, &right.cube, name);
    if !own_cells::is_said_once(db)? {
        out.push("own entered: there is more than one row".to_owned());
    }
    out.extend(differing(&flat(&own_cells::stored(db)?), &flat(&right.own), own_name));
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

/// The cells that are not what they must be, or are there and must not be, or the other way round.
fn differing<K: Ord>(
    stored: &BTreeMap<K, Counts>,
    right: &BTreeMap<K, Counts>,
    name: impl Fn(&K) -> String,
) -> Vec<String> {
    let keys: BTreeSet<&K> = stored.keys().chain(right.keys()).collect();
    let told = |counts: Option<&Counts>| {
        let Counts { received, closed, days, settled } = counts.copied().unwrap_or_default();
        format!("received {received}, closed {closed}, days {days}, settled {settled}")
    };
    keys.into_iter()
        .filter(|key| stored.get(key) != right.get(key))
        .map(|key| format!("{}: {}; recounted {}", name(key), told(stored.get(key)), told(right.get(key))))
        .collect()
}
