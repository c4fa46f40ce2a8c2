//! Proves that nothing was altered: what is derived agrees with what it is derived from, the audit trail and the access
//! log with themselves, each row that the trail speaks of with its entry, and each entry with its row.
//!
//! Everything is read in pages, in the order of a key, and held against what belongs to the same page: neither time nor
//! memory grow faster than the database.

mod cube;
mod feed;
mod links;
mod numbers;
pub mod record_keys;
mod records;
mod rows;
mod search;
mod tombstones;
mod trail;

use chrono::NaiveDateTime;

use crate::audit::access_chain;
use crate::db::{Db, snapshot};
use crate::error::Result;
use crate::seal::{Keys, PurposeKeys};

/// Every difference, one sentence each; none when all is well. `log` is the database of the access log.
pub fn verify(db: &mut Db, log: &mut Db, keys: &Keys, now: NaiveDateTime) -> Result<Vec<String>> {
    // Whatever else is read of a damaged file means nothing.
    for (name, database) in [("database", &mut *db), ("access log", &mut *log)] {
        if let Some(damage) = database.dialect().damage(database)? {
            return Ok(vec![format!("the {name} is damaged, by its own check: {damage}")]);
        }
    }
    let mut out = snapshot(db, |db| {
        let mut out = cube::differences(db)?;
        out.extend(search::differences(db)?);
        let proved = prove(db, keys)?;
        out.extend(links::differences(db, &proved.seen.bodies)?);
        out.extend(rows::of_operation(db)?);
        out.extend(proved.differences);
        Ok(out)
    })?;
    out.extend(access_chain::differences(log, now)?);
    Ok(out)
}

/// The result of a proof of the audit trail.
struct Proved {
    told: trail::TrailSummary,
    seen: records::SeenRecords,
    differences: Vec<String>,
}

/// The number of entries of the audit trail, the hash of the last one, and where it does not fit together or does not fit
/// what it tells of.
pub fn proof(db: &mut Db, keys: &Keys) -> Result<(i64, String, Vec<String>)> {
    let Proved { told, differences, .. } = snapshot(db, |db| prove(db, keys))?;
    Ok((told.entries, told.hash, differences))
}

fn prove(db: &mut Db, keys: &Keys) -> Result<Proved> {
    let mut out = Vec::new();
    let told = trail::read(db, &mut out)?;
    let mut seen = records::read(db, keys, &mut out)?;
    out.extend(records::unseen(db, &told, &seen)?);
    out.extend(numbers::differences(&seen.numbers));
    out.extend(feed::differences(db)?);
    out.extend(tombstones::differences(db, std::mem::take(&mut seen.graves))?);
    out.extend(rows::differences(db, keys, &told)?);
    out.extend(PurposeKeys::differences(db, keys)?);
    Ok(Proved { told, seen, differences: out })
}
