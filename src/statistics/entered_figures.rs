//! Figures that people enter for lines of a layout. What was entered is never changed: entering again makes a further version.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use super::layout::{Layout, LayoutLine};
use super::provisional::Progress;
use crate::audit::trail;
use crate::context::OperationContext;
use crate::db::schema::entered_figures;
use crate::db::{Db, WriteTransaction, cached};
use crate::decimal::{self, Decimal};
use crate::digest;
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::json::read_stored;
use crate::registers::validation;
use crate::text;

/// The figures of a year, as they were entered.
#[derive(Clone, Debug, PartialEq)]
pub struct EnteredYear {
    /// 1 for the first time.
    pub version: i64,
    /// The values by the codes of lines.
    pub figures: BTreeMap<String, Decimal>,
    /// The subject that entered them.
    pub actor: String,
    /// The instant at which they were entered, in UTC.
    pub at: NaiveDateTime,
}

impl EnteredYear {
    /// The same with the codes that the lines of a layout have now.
    pub fn under(self, layout: &Layout) -> EnteredYear {
        EnteredYear { figures: layout.under_codes_now(self.figures), ..self }
    }
}

/// Figures of a year as they are kept.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = entered_figures)]
pub struct EnteredRow {
    layout: String,
    year: i32,
    version: i64,
    figures: String,
    /// The subject that entered the figures.
    pub actor: String,
    /// In which request.
    pub request_id: String,
    /// The instant at which they were entered, in UTC.
    pub at: NaiveDateTime,
}

impl EnteredRow {
    /// The subject under which the audit trail lists the figures.
    pub fn subject(&self) -> String {
        format!("{}/{}/{}", self.layout, self.year, self.version)
    }

    /// The digest of the figures for the audit trail, without who entered them and when.
    pub fn digest(&self) -> String {
        digest::of(&[&self.figures])
    }

    fn read(self) -> Result<(i32, EnteredYear)> {
        let EnteredRow { year, version, actor, at, .. } = self;
        Ok((year, EnteredYear { version, figures: read_stored(&self.figures, "figures")?, actor, at }))
    }
}

/// All that was ever entered.
pub fn all(db: &mut Db) -> Result<Vec<EnteredRow>> {
    let order = (entered_figures::layout, entered_figures::year, entered_figures::version);
    Ok(entered_figures::table.order(order).select(EnteredRow::as_select()).load(db)?)
}

/// The entries for the years, oldest first; `names` are those of the layout, the present one last.
fn rows(db: &mut Db, names: &[String], years: &RangeInclusive<i32>) -> Result<Vec<EnteredRow>> {
    let of_years = entered_figures::table
        .filter(entered_figures::layout.eq_any(names.to_vec()))
        .filter(entered_figures::year.between(*years.start(), *years.end()))
        .order((entered_figures::year, entered_figures::version))
        .select(EnteredRow::as_select());
    let mut rows: Vec<EnteredRow> = cached(of_years).load(db)?;
    rows.sort_by_key(|row| (row.year, names.iter().position(|name| *name == row.layout), row.version));
    Ok(rows)
}

/// All versions of the years, oldest first; `names` are those of the layout, the present one last.
pub fn versions(db: &mut Db, names: &[String], years: &RangeInclusive<i32>) -> Result<Vec<(i32, EnteredYear)>> {
    rows(db, names, years)?.into_iter().map(EnteredRow::read).collect()
}

/// The newest version of each year.
pub fn latest(db: &mut Db, names: &[String], years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, EnteredYear>> {
    Ok(versions(db, names, years)?.into_iter().collect())
}

/// The newest version of each year of a layout, with the codes that its lines have now.
pub fn latest_of(db: &mut Db, layout: &Layout, years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, EnteredYear>> {
    let under = |(year, entered): (i32, EnteredYear)| (year, entered.under(layout));
    Ok(latest(db, &layout.names(), years)?.into_iter().map(under).collect())
}

/// The figures of a year that people enter; they take the place of all that were entered before.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFigures {
    /// The values by the codes of the lines that people enter; one that is left out, or null, has none.
    #[serde(default)]
    #[validate(required)]
    #[schema(required, value_type = BTreeMap<String, Option<f64>>)]
    figures: Option<BTreeMap<String, Option<Decimal>>>,
}

/// The most that a figure can be.
pub const MOST: i64 = 1_000_000_000_000;

/// Reads the body with the figures of a year that has begun; `layout` knows the lines.
pub fn read(layout: &Layout, year: i32, today: NaiveDate, mut body: Value) -> Result<BTreeMap<String, Decimal>> {
    let mut faults = Faults::default();
    if layout.progress(year, today) == Progress::Ahead {
        faults.add("", "in_future", "a year that has not begun has no figures");
    }
    text::normalise(&mut body, &mut faults);
    let Value::Object(map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    let read = validation::read::<NewFigures>(map, &mut faults);
    let figures = read.and_then(|new| new.figures).unwrap_or_default();
    for (code, value) in &figures {
        check(layout, year, (code, *value), &mut faults);
    }
    faults.into_result()?;
    Ok(figures.into_iter().filter_map(|(code, value)| Some((code, value?))).collect())
}

fn check(layout: &Layout, year: i32, (code, value): (&str, Option<Decimal>), faults: &mut Faults) {
    let place = format!("/figures/{}", crate::faults::escape(code));
    let Some(line) = layout.line(code) else {
        return faults.add(place, "unknown_line", "is no line of the layout");
    };
    if !line.is_entered() {
        return faults.add(
            place,
            "not_entered",
            "is no line that people enter figures of: it is counted or follows from others",
        );
    }
    if value.is_some() && !line.is_collected(year) {
        faults.add(place, "not_collected", format!("was not collected in {year}, as the layout says"));
    } else if let Some(value) = value {
        check_value(value, line, place, faults);
    }
}

/// Checks a figure that is given for a line. A number of matters is not less than 0; what has a unit, such as a balance, can be.
pub fn check_value(value: Decimal, line: &LayoutLine, place: String, faults: &mut Faults) {
    let least = if line.unit.is_some() { -MOST } else { 0 };
    if !(Decimal::from(least)..=Decimal::from(MOST)).contains(&value) {
        let unit = if line.unit.is_some() { "" } else { "; only what has a unit can be less" };
        faults.add(place, "out_of_range", format!("must be from {least} to {MOST}{unit}"));
    } else if let Some(decimals) = line.decimals.filter(|decimals| value.decimals() > *decimals) {
        faults.add(place, "too_many_decimals", decimal::at_most(decimals));
    }
}

/// Keeps the figures of a year as a further version; those that are the same as the newest version are that one again.
pub fn enter(
    tx: &mut WriteTransaction,
    layout: &Layout,
    year: i32,
    figures: &BTreeMap<String, Decimal>,
    by: &OperationContext,
) -> Result<()> {
    let held = rows(tx.unflushed(), &layout.names(), &(year..=year))?.pop();
    let name = held.as_ref().map_or(&layout.name, |held| &held.layout).clone();
    let held = held.map(|held| Ok::<_, Error>(held.read()?.1)).transpose()?;
    if held.as_ref().is_some_and(|held| held.figures == *figures) {
        return Ok(());
    }
    let row = EnteredRow {
        layout: name,
        year,
        version: held.map_or(0, |held| held.version) + 1,
        figures: serde_json::to_string(figures).map_err(|error| Error::Internal(error.to_string()))?,
        actor: by.actor.name.clone(),
        request_id: by.request_id.clone(),
        at: by.at,
    };
    let entry = trail::NewTrailEntry {
        kind: trail::TrailKind::Figures,
        action: "ENTERED",
        subject: &row.subject(),
        revision: Some(row.version),
        digest: row.digest(),
    };
    trail::append(tx, &entry, by)?;
    diesel::insert_into(entered_figures::table).values(&row).execute(tx.unflushed())?;
    Ok(())
}
