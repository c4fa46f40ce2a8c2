//! The demonstration years 2012 to 2017: records whose counts give the table printed in the report of 2017.

mod others;
mod records;

use chrono::NaiveTime;
use diesel::prelude::*;

use crate::clock::Clock;
use crate::db::schema::records as table;
use crate::db::{Db, exclusively};
use crate::error::{Error, Result};
use crate::registers::history::Act;
use crate::registers::{self, record, repository};

pub use records::{DemoRecord, records};

/// Fills an empty database with the demonstration records and returns their number; a database that has records is
/// left as it is.
pub fn fill(db: &mut Db, clock: &Clock) -> Result<Option<usize>> {
    exclusively(db, |db| {
        if table::table.count().get_result::<i64>(db)? > 0 {
            return Ok(None);
        }
        let mut all = others::records();
        all.extend(records());
        for DemoRecord { register, entered_on, body } in &all {
            let register =
                registers::find(register).ok_or_else(|| Error::Internal(format!("no register {register}")))?;
            let document = record::read(register, body.clone(), clock.today())?;
            let at = entered_on.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(9);
            let by = Act { actor: "demo".into(), request_id: "demo".into(), at };
            repository::create(db, register, document, &by)?;
        }
        Ok(Some(all.len()))
    })
}
