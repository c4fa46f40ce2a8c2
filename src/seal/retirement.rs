//! The end of keys that seal nothing. A write that fetched one a moment ago may still seal with it, and nobody can tell: so a key
//! is retired first, which keeps it from all that begins afterwards, and taken when no write can be under way any more that
//! had it before.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use crate::db::schema::record_keys;
use crate::error::Result;
use crate::seal::key_store::wait;
use crate::seal::{Keys, StoredKey};

/// The time after which no write is under way any more.
const REST: TimeDelta = TimeDelta::days(1);

/// The keys that were retired, taken, or found used after all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetiredKeys {
    /// Keys that nothing that begins from now on seals with.
    pub retired: usize,
    /// Keys that are gone.
    pub taken: usize,
    /// Keys that were retired, and that something was sealed with meanwhile: they stay.
    pub returned: usize,
}

impl StoredKey {
    /// True if it was retired so long ago that nobody has it at hand.
    fn has_rested(&self, now: NaiveDateTime) -> bool {
        self.retired_at.is_some_and(|at| at + REST <= now)
    }
}

/// The change of a key's state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Retire(NaiveDateTime),
    Take,
    Return,
}

impl Keys {
    /// Takes the unused keys that have rested, retires the others, and returns those that were retired and are used.
    pub fn retire(&self, unused: &[StoredKey], used: &[StoredKey], now: NaiveDateTime) -> Result<RetiredKeys> {
        let chosen = |keys: &[StoredKey], is_wanted: &dyn Fn(&StoredKey) -> bool| -> Vec<(String, String)> {
            let chosen = keys.iter().filter(|key| is_wanted(key));
            chosen.map(|key| (key.record.clone(), key.key.clone())).collect()
        };
        let returned = chosen(used, &|key| key.retired_at.is_some());
        let taken = chosen(unused, &|key| key.has_rested(now));
        let retired = chosen(unused, &|key| key.retired_at.is_none());
        Ok(RetiredKeys {
            returned: self.step(Step::Return, returned)?,
            taken: self.step(Step::Take, taken)?,
            retired: self.step(Step::Retire(now), retired)?,
        })
    }

    /// Changes the state of keys, as far as they are there; how many.
    fn step(&self, step: Step, names: Vec<(String, String)>) -> Result<usize> {
        let Some(records) = self.records.as_ref().filter(|_| !names.is_empty()) else { return Ok(0) };
        wait(records.store.write(move |tx| {
            let db = tx.unflushed();
            let mut changed = 0;
            for (record, key) in &names {
                let there = record_keys::table.find((record, key)).filter(record_keys::destroyed_at.is_null());
                changed += match step {
                    Step::Take => diesel::delete(there.filter(record_keys::retired_at.is_not_null())).execute(db)?,
                    Step::Retire(now) => diesel::update(there).set(record_keys::retired_at.eq(now)).execute(db)?,
                    Step::Return => {
                        diesel::update(there).set(record_keys::retired_at.eq(None::<NaiveDateTime>)).execute(db)?
                    }
                };
            }
            Ok(changed)
        }))
    }
}
