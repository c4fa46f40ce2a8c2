//! SQLite's index of values: a row for each value, in the order in which it is looked for.

use diesel::prelude::*;

use super::{NEW_DETAILS, NewOwnValues, StoredOwnValues, ValueIndex, Wanted, differing, holders, new_with};
use crate::db::schema::{own_values, records};
use crate::db::{Db, Dialect, WriteTransaction, cached, deferred_row, is_given_by};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::said::{Said, is_any_listed, value_of};
use crate::registers::BESIDE;

/// A record's value in a dimension.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OwnValue {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) record_id: String,
}

deferred_row!(OwnValue, 1, own_values(name, value, record_id));

/// The rows of values.
pub(super) struct RecordsByValue;

impl ValueIndex for RecordsByValue {
    fn store(&self, tx: &mut WriteTransaction, id: &str, before: &Said, after: &Said) -> Result<()> {
        for (name, value) in differing(before, after).filter_map(|(name, (value, _))| Some((name, value.as_ref()?))) {
            let stale = diesel::delete(own_values::table.find((name, value, id))).returning(own_values::name);
            cached(stale).load::<String>(tx.flushed_up_to::<OwnValue>()?)?;
        }
        let mut new = NewOwnValues::default();
        new.add(id, differing(after, before));
        new.values.into_iter().for_each(|value| tx.defer(value));
        Ok(())
    }

    fn condition(&self, dialect: &dyn Dialect, wanted: Wanted) -> Condition {
        let all = own_values::table.select(own_values::record_id);
        let id = records::id;
        match wanted {
            Wanted::Any(name) => {
                let new = new_with(dialect, value_of(dialect, NEW_DETAILS, name).is_there());
                Box::new(is_given_by(id, all.filter(own_values::name.eq(name.to_owned())), new))
            }
            Wanted::OneOf(name, values) => {
                let entered = all.filter(own_values::name.eq(name.to_owned()));
                let is_one_of = value_of(dialect, NEW_DETAILS, name).is_one_of(values.iter().cloned());
                let entered = entered.filter(own_values::value.eq_any(values.to_vec()));
                Box::new(is_given_by(id, entered, new_with(dialect, is_one_of)))
            }
            Wanted::Listed(name) => {
                let entered = all.filter(own_values::name.like(format!("{name}{BESIDE}%")));
                let new = is_any_listed(dialect, NEW_DETAILS, name).and_then(|is_any| new_with(dialect, is_any));
                Box::new(is_given_by(id, entered, new))
            }
        }
    }

    fn count(&self, db: &mut Db) -> Result<i64> {
        Ok(own_values::table.count().get_result(db)?)
    }

    fn read(&self, db: &mut Db, records: &[(&str, Said)], stored: &mut StoredOwnValues) -> Result<()> {
        for ((name, value), ids) in holders(records, |(value, _)| value.as_ref()) {
            let held = own_values::table.filter(own_values::name.eq(name)).filter(own_values::value.eq(value));
            let held = held.filter(own_values::record_id.eq_any(ids)).select(own_values::record_id);
            stored.add(name, &(Some(value.clone()), None), held.load(db)?);
        }
        Ok(())
    }
}
