//! Tombstones: which keys in other systems were deleted here, and in which version. A late delivery does not bring back
//! what was deleted; one that is newer than the deletion does. They hold keys and versions and nothing else.

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::tombstones;
use crate::error::{Error, Result};
use crate::registers::Register;

/// The last deletion under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The record; none where the deletion came before the matter itself.
    pub record: Option<String>,
    /// Up to which version nothing comes back.
    pub version: i64,
}

impl Tombstone {
    /// Fails when a delivery of this version is no newer.
    pub fn refuse(&self, register: &Register, version: i64) -> Result<()> {
        if version > self.version {
            return Ok(());
        }
        Err(Error::Deleted { record: self.record.clone(), register: Some(register.name.into()), version: self.version })
    }
}

/// The tombstone of a key, if it has one; the id is what it is compared by.
pub fn find(db: &mut Db, register: &str, (system, id): (&str, &str)) -> Result<Option<Tombstone>> {
    let found = tombstones::table.find((register, system, id)).select((tombstones::record_id, tombstones::version));
    let found: Option<(Option<String>, i64)> = found.first(db).optional()?;
    Ok(found.map(|(record, version)| Tombstone { record, version }))
}

/// The tombstones of keys in a system, each with the id.
pub fn find_all(db: &mut Db, register: &str, system: &str, ids: &[String]) -> Result<Vec<(String, Tombstone)>> {
    let found: Vec<(String, Option<String>, i64)> = tombstones::table
        .filter(tombstones::register.eq(register))
        .filter(tombstones::system.eq(system))
        .filter(tombstones::external_id.eq_any(ids))
        .select((tombstones::external_id, tombstones::record_id, tombstones::version))
        .load(db)?;
    Ok(found.into_iter().map(|(id, record, version)| (id, Tombstone { record, version })).collect())
}

/// The newest version that was deleted under a key in a system, in whichever register.
pub fn newest(db: &mut Db, system: &str, id: &str) -> Result<Option<i64>> {
    let of_key = tombstones::table.filter(tombstones::system.eq(system)).filter(tombstones::external_id.eq(id));
    Ok(of_key.select(diesel::dsl::max(tombstones::version)).first(db)?)
}

/// Keeps that a key was deleted in this version, unless a newer deletion of it is known.
pub fn record_deletion(
    db: &mut Db,
    register: &Register,
    (system, id): (&str, &str),
    version: i64,
    record: Option<&str>,
) -> Result<()> {
    let held = find(db, register.name, (system, id))?;
    let newest = held.as_ref().map_or(version, |held| held.version.max(version));
    let record = record.map(str::to_owned).or(held.as_ref().and_then(|held| held.record.clone()));
    let said = (tombstones::version.eq(newest), tombstones::record_id.eq(record));
    if held.is_some() {
        diesel::update(tombstones::table.find((register.name, system, id))).set(said).execute(db)?;
        return Ok(());
    }
    let key = (tombstones::register.eq(register.name), tombstones::system.eq(system), tombstones::external_id.eq(id));
    diesel::insert_into(tombstones::table).values((key, said)).execute(db)?;
    Ok(())
}

/// Takes the tombstones of a record away, whose key may name somebody; false when there are none. A delivery of any
/// version makes the matter anew afterwards.
pub fn forget(db: &mut Db, record: &str) -> Result<bool> {
    Ok(diesel::delete(tombstones::table.filter(tombstones::record_id.eq(record))).execute(db)? > 0)
}
