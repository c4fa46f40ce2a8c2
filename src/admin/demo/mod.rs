//! The demonstration years 2012 to 2017: records whose counts give the table printed in the report of 2017.

mod records;
mod texts;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use serde_json::{Value, json};

use self::texts::{DemoFigures, TEXTS};

use crate::clock::Clock;
use crate::context::OperationContext;
use crate::db::schema::records as table;
use crate::db::{Db, WriteTransaction, exclusively};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::profile::Profile;
use crate::records::{document, store};
use crate::registers::{self, Rules};
use crate::seal::Keys;
use crate::statistics::layout::Layout;
use crate::statistics::publications::{self, PublishedYear};
use crate::statistics::repository::{self as statistics, FiguresKind};

pub use records::{DemoRecord, records};

/// The demonstration years.
const YEARS: std::ops::RangeInclusive<i32> = 2012..=2017;

/// The demonstration's own acts at an instant.
fn context(keys: &Keys, at: NaiveDateTime) -> OperationContext {
    let (actor, request_id) = (Identity::system("demo"), "demo".into());
    OperationContext { actor, request_id, trace: None, at, keys: keys.clone(), registers: None }
}

/// Publishes the demonstration years as they are counted, each in the spring after it, so that there is something that anybody
/// may see. A case that is entered after that changes nothing of what was published.
pub fn publish(db: &mut Db, profile: &Profile, layout: &Layout, keys: &Keys, clock: &Clock) -> Result<()> {
    let by = context(keys, clock.now());
    let rules = profile.rules(clock.today());
    let title = profile.authority.language().text("report-title");
    exclusively(db, |tx| {
        for year in YEARS {
            let counted = statistics::live_figures(tx.flushed()?, layout, year, clock.today(), &Default::default())?;
            let (figures, said) = (counted.figures, counted.said);
            let day = NaiveDate::from_ymd_opt(year + 1, 3, 31).unwrap_or(clock.today());
            let source = Some(format!("{title} {year}"));
            let publication = PublishedYear { figures, said, from_live: true, source, ..PublishedYear::of(year, day) };
            publications::publish(tx, layout, &publication, &by)?;
        }
        create(tx, "cases", Value::Object(TEXTS.late.clone()), &rules, &by)
    })
}

/// Enters how the website was used, and the staff.
pub fn enter_figures(db: &mut Db, keys: &Keys, clock: &Clock) -> Result<()> {
    let by = context(keys, clock.now());
    exclusively(db, |tx| {
        for DemoFigures { year, positions_percent, visitors, page_views, downloads } in &TEXTS.figures {
            let website = json!({"visitors": visitors, "page_views": page_views, "downloads": downloads});
            let staff = json!({"positions_percent": positions_percent});
            statistics::set_year_figures(tx, FiguresKind::Website, *year, &website, &by)?;
            statistics::set_year_figures(tx, FiguresKind::Staffing, *year, &staff, &by)?;
        }
        Ok(())
    })
}

fn create(tx: &mut WriteTransaction, register: &str, body: Value, rules: &Rules, by: &OperationContext) -> Result<()> {
    let register = registers::find(register).ok_or_else(|| Error::Internal(format!("no register {register}")))?;
    let document = document::read(register, body, rules)?;
    let id = store::new_id();
    by.providing(|by| store::create(tx, register, (id.clone(), document.clone()), by).map(drop))
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
        all.sort_by_key(|record| record.entered_on);
        for DemoRecord { register, entered_on, body } in &all {
            let at = entered_on.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(9);
            create(tx, register, body.clone(), rules, &context(keys, at))?;
        }
        Ok(Some(all.len()))
    })
}
