//! Tombstones against the deleted records that had a key in another system.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::tombstones;
use crate::error::Result;
use crate::records::projections::history::Flat;
use crate::records::projections::history_row::{Erased, KEY};
use crate::text;

/// The keys that deleted records had last: register, system, id.
type ExternalKey = (String, String, String);

/// The deletions under a key.
#[derive(Default)]
struct Grave {
    /// The newest version that was deleted.
    version: i64,
    /// The records.
    records: Vec<String>,
    /// True if something of the records was erased, and the tombstone perhaps with it.
    is_erased: bool,
}

/// The deleted records by key, from which the expected tombstones follow.
#[derive(Default)]
pub struct Graves {
    graves: BTreeMap<ExternalKey, Grave>,
    /// The number of tombstones that were erased with the key itself, so that nobody knows whose they were.
    unknown: usize,
}

impl Graves {
    /// A record that was deleted, as it was before, and what of it was erased.
    pub fn add(&mut self, id: &str, register: &str, before: &Flat, erased: &Erased) {
        let part = |name: &str| before.get(&format!("external.{name}"));
        let text = |name: &str| part(name).and_then(|value| value.as_str());
        let (Some(system), Some(external)) = (text("system"), text("id")) else { return };
        if erased.contains_key("external.id") {
            self.unknown += usize::from(erased.contains_key(KEY));
            return;
        }
        let key = (register.to_owned(), system.to_owned(), text::id_key(external));
        let grave = self.graves.entry(key).or_default();
        let version = part("version").and_then(|version| version.as_i64()).unwrap_or_default();
        grave.version = grave.version.max(version);
        grave.is_erased |= erased.contains_key(KEY);
        grave.records.push(id.to_owned());
    }
}

/// Deleted matters that could come back, and tombstones of records that were not deleted under their key.
pub fn differences(db: &mut Db, Graves { mut graves, unknown }: Graves) -> Result<Vec<String>> {
    type TombstoneRow = (String, String, String, i64, Option<String>);
    let mut out = Vec::new();
    for (register, system, id, version, record) in tombstones::table.load::<TombstoneRow>(db)? {
        let grave = graves.remove(&(register.clone(), system.clone(), id)).unwrap_or_default();
        let is_known = record.as_ref().is_none_or(|record| grave.records.contains(record));
        if !is_known || version < grave.version {
            out.push(format!("tombstone of {system} in {register}: is not that of a record that was deleted so"));
        }
    }
    graves.retain(|_, grave| !grave.is_erased);
    if graves.len() > unknown {
        out.extend(graves.into_iter().map(|((register, system, _), grave)| {
            let records = grave.records.join(", ");
            format!(
                "tombstone of {system} in {register}: is gone, so that the deleted record {records} could come back"
            )
        }));
    }
    Ok(out)
}
