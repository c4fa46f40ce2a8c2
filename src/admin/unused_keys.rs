//! Keys of records that seal nothing: each was made for a write that was not kept.

use chrono::NaiveDateTime;

use crate::admin::verify::record_keys::each_use;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::seal::{Keys, RetiredKeys, StoredKey};

/// Takes the keys that were found to seal nothing a day ago, and retires those that are found now.
pub fn sweep(db: &mut Db, keys: &Keys, now: NaiveDateTime) -> Result<RetiredKeys> {
    let (mut used, mut unused): (Vec<StoredKey>, Vec<StoredKey>) = Default::default();
    let mut in_use = 0;
    each_use(db, keys, |key, is_used| match is_used {
        false => unused.push(key.clone()),
        true => {
            in_use += 1;
            used.extend(key.retired_at.is_some().then(|| key.clone()));
        }
    })?;
    if unused.len() > in_use {
        return Err(Error::Configuration(format!(
            "{} of {} keys seal nothing in this database: are they the keys of another one?",
            unused.len(),
            unused.len() + in_use
        )));
    }
    keys.retire(&unused, &used, now)
}
