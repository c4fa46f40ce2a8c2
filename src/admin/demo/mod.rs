//! The demonstration years 2012 to 2017: records whose counts give the table printed in the report of 2017.

mod records;
mod texts;

use chrono::NaiveTime;
use diesel::prelude::*;

use crate::clock::Clock;
use crate::context::OperationContext;
use crate::db::schema::records as table;
use crate::db::{Db, exclusively};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::records::lookups::Lookups;
use crate::records::{document, store};
use crate::registers::{self, Rules};
use crate::seal::Keys;
use crate::statistics::layout::Layout;
use crate::statistics::publications::{self, PublishedYear};
use crate::statistics::repository as statistics;

pub use records::{DemoRecord, records};

/// The demonstration years.
const YEARS: std::ops::RangeInclusive<i32> = 2012..=2017;

/// Publishes the demonstration years as they are counted, so that there is something that anybody may see.
pub fn publish(db: &mut Db, layout: &Layout, keys: &Keys, clock: &Clock) -> Result<()> {
    let by = OperationContext {
        actor: Identity::system("demo"),
        request_id: "demo".into(),
        at: clock.now(),
        keys: keys.clone(),
        registers: None,
    };
    exclusively(db, |tx| {
        for year in YEARS {
            let figures = statistics::live_figures(tx.flushed()?, layout, year, clock.today(), &Default::default())?;
            let publication = PublishedYear { figures, from_live: true, ..PublishedYear::of(year, clock.today()) };
            publications::publish(tx, layout, &publication, &by)?;
        }
        Ok(())
    })
}

/// Fills an empty database with the demonstration records and returns their number; a database that has records is
/// left as it is.
pub fn fill(db: &mut Db, rules: &Rules, keys: &Keys) -> Result<Option<usize>> {
    exclusively(db, |tx| {
        if table::table.count().get_result::<i64>(tx.unflushed())? > 0 {
            return Ok(None);
        }
        let mut all = records::first();
        all.extend(records(&rules.calendar));
        for DemoRecord { register, entered_on, body } in &all {
            let register =
                registers::find(register).ok_or_else(|| Error::Internal(format!("no register {register}")))?;
            let document = document::read(register, body.clone(), rules)?;
            let at = entered_on.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(9);
            let by = OperationContext {
                actor: Identity::system("demo"),
                request_id: "demo".into(),
                at,
                keys: keys.clone(),
                registers: None,
            };
            store::create(tx, &mut Lookups::default(), register, document, &by)?;
        }
        Ok(Some(all.len()))
    })
}
