//! The cube against a recount.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube;
use crate::registers::Dimension;

/// Returns the differences between the cube and a recount of the records.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let (stored, right) = (cube::stored(db)?, cube::recount(db)?);
    let keys: BTreeSet<&cube::CubeKey> = stored.keys().chain(right.keys()).collect();
    let of =
        |map: &BTreeMap<cube::CubeKey, cube::Counts>, key: &cube::CubeKey| map.get(key).copied().unwrap_or_default();
    let mut out = Vec::new();
    for key in keys {
        let (held, counted) = (of(&stored, key), of(&right, key));
        if held != counted || stored.contains_key(key) != right.contains_key(key) {
            let values: Vec<String> = Dimension::ALL
                .iter()
                .zip(&key.1)
                .filter(|(_, value)| !value.is_empty())
                .map(|(dimension, value)| format!("{}={value}", dimension.name()))
                .collect();
            out.push(format!(
                "cube: {} {}: received {}, closed {}, days {}, settled {}; recounted {}, {}, {}, {}",
                key.0,
                values.join(" "),
                held.received,
                held.closed,
                held.days,
                held.settled,
                counted.received,
                counted.closed,
                counted.days,
                counted.settled
            ));
        }
    }
    Ok(out)
}
