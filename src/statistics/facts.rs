//! Records that figures look at one by one, because the cube does not know what they count: by their public bodies, the middle
//! of their days, or what was settled in a business year.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::Value;

use super::bodies::PublicBodies;
use super::layout::{LayoutLine, LineSource, Part, Quantity};
use super::number_sums;
use super::period::Period;
use crate::db::Db;
use crate::db::schema::{record_links, records};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::json::read_stored;
use crate::records::Document;
use crate::records::row::RecordRow;
use crate::records::said::{ValueOrNumber, said};
use crate::registers::{self, ABSENT, Criterion, Dimension, ORGANISATION, Selection, ValueSet, dimensions};

/// The part of a record that figures go by, with the public bodies that it is linked to.
pub struct Fact {
    /// The day received.
    pub received: NaiveDate,
    /// The day closed.
    pub closed: Option<NaiveDate>,
    /// The values in the order of [`Dimension::ALL`].
    values: [String; Dimension::COUNT],
    /// The values beside the columns, by name.
    said: BTreeMap<String, ValueOrNumber>,
    /// The properties of its register; null where no figure asks for them.
    details: Value,
    bodies: Vec<String>,
}

impl Fact {
    /// The same of a whole row; `bodies` are those that it is linked to.
    pub fn of(row: &RecordRow, bodies: &[String]) -> Fact {
        let mut fact = Fact {
            received: row.received_on,
            closed: row.closed_on,
            values: Dimension::ALL.map(|dimension| row.dimension(dimension).into_owned()),
            said: BTreeMap::new(),
            details: Value::Null,
            bodies: bodies.to_vec(),
        };
        fact.tell(&row.register, serde_json::from_str(&row.details).unwrap_or_default());
        fact
    }

    /// Takes what stands in its details.
    fn tell(&mut self, register: &str, details: Document) {
        if let Some(register) = registers::find(register) {
            self.said = said(register, &details);
        }
        self.details = Value::Object(details);
    }

    /// The value in a dimension, `""` where there is none.
    pub fn value(&self, dimension: Dimension) -> &str {
        let column = Dimension::ALL.iter().position(|known| *known == dimension);
        let beside = || self.said.get(dimension.own_name()).and_then(|(value, _)| value.as_deref());
        column.map_or_else(|| beside().unwrap_or_default(), |column| &self.values[column])
    }

    /// True if the record is in the selection, whose bodies are resolved.
    fn is_in(&self, selection: &Selection) -> bool {
        let of_dimension = |dimension: Dimension, values: &ValueSet| {
            let held = self.value(dimension);
            values.takes_any([if held.is_empty() { ABSENT } else { held }].into_iter())
        };
        selection.0.iter().all(|(criterion, values)| match criterion {
            Criterion::Of(dimension) => of_dimension(*dimension, values),
            _ if self.bodies.is_empty() => values.takes_any([ABSENT].into_iter()),
            _ => values.takes_any(self.bodies.iter().map(String::as_str)),
        })
    }

    /// True if the record is in one of the selections, whose bodies are resolved.
    pub fn is_in_any(&self, selections: &[Cow<Selection>]) -> bool {
        selections.iter().any(|selection| self.is_in(selection))
    }

    /// True if it is in a part of a line.
    pub fn is_in_part(&self, part: &Part, year: i32, bodies: &PublicBodies) -> bool {
        self.is_in(&bodies.resolve(&part.selection)) && !part.except(year).any(|one| self.is_in(&bodies.resolve(one)))
    }

    /// True if it counts in a year.
    pub fn counts(&self, quantity: &Quantity, period: Period, year: i32) -> bool {
        let received = period.year_of(self.received);
        let closed = self.closed.map(|day| period.year_of(day));
        match quantity {
            Quantity::Received => received == year,
            Quantity::Closed => closed == Some(year),
            Quantity::Settled => received == year && closed == Some(year),
            Quantity::Opening => received < year && closed.is_none_or(|closed| closed >= year),
            Quantity::Pending => received <= year && closed.is_none_or(|closed| closed > year),
            Quantity::Number(name) => self.amounts(name).any(|(day, _)| period.year_of(day) == year),
        }
    }

    /// The amounts of a number, with the days that they count on.
    pub fn amounts(&self, number: &str) -> impl Iterator<Item = (NaiveDate, Decimal)> {
        number_sums::amounts(self.received, &self.details, number).into_iter()
    }

    /// The days from received to closed.
    pub fn days(&self) -> Option<i64> {
        self.closed.map(|closed| (closed - self.received).num_days())
    }
}

/// True if a line looks at what no column holds.
fn asks_details(line: &LayoutLine) -> bool {
    let mut dimensions = line.source.selections().iter().flat_map(Selection::dimensions);
    line.source.number().is_some() || dimensions.any(Dimension::is_own)
}

/// The type of a column by its presence.
macro_rules! column {
    (required) => { String };
    (optional) => { Option<String> };
}

macro_rules! declare_columns {
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        /// A record's id, days and values.
        type Columns = (String, NaiveDate, Option<NaiveDate>, $(column!($presence)),*);

        fn fact((id, received, closed, $($column),*): Columns) -> (String, Fact) {
            let values = [$(Option::from($column).unwrap_or_default()),*];
            (id, Fact { received, closed, values, said: BTreeMap::new(), details: Value::Null, bodies: Vec::new() })
        }

        type Selected = (records::id, records::received_on, records::closed_on, $(records::$column),*);
        const SELECTED: Selected = (records::id, records::received_on, records::closed_on, $(records::$column),*);
    };
}

dimensions!(declare_columns);

/// The records that were there between two days, received by the last one and not closed before the first one, with what lines
/// ask of them.
pub fn facts(
    db: &mut Db,
    (first, last): (NaiveDate, NaiveDate),
    registers: &[&str],
    lines: &[&LayoutLine],
) -> Result<Vec<Fact>> {
    let registers: Vec<String> = registers.iter().map(|name| (*name).to_owned()).collect();
    let there = || {
        records::table
            .filter(records::register.eq_any(registers.clone()))
            .filter(records::received_on.le(last))
            .filter(records::closed_on.is_null().or(records::closed_on.assume_not_null().ge(first)))
    };
    let rows: Vec<Columns> = there().select(SELECTED).load(db)?;
    let mut found: BTreeMap<String, Fact> = rows.into_iter().map(fact).collect();
    if lines.iter().any(|line| line.source.selections().iter().any(Selection::is_of_body)) {
        let links: Vec<(String, String)> = record_links::table
            .filter(record_links::property.eq(ORGANISATION))
            .filter(record_links::source.eq_any(there().select(records::id)))
            .select((record_links::source, record_links::target))
            .load(db)?;
        for (source, target) in links {
            found.entry(source).and_modify(|fact| fact.bodies.push(target));
        }
    }
    if lines.iter().any(|line| asks_details(line)) {
        let details = there().select((records::id, records::register, records::details));
        for (id, register, details) in details.load::<(String, String, String)>(db)? {
            if let Some(fact) = found.get_mut(&id) {
                fact.tell(&register, read_stored(&details, "record")?);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// True if the cube does not know what a line counts.
pub fn asks_records(line: &LayoutLine, period: Period) -> bool {
    let of_body = line.source.selections().iter().any(Selection::is_of_body);
    let settled = matches!(&line.source, LineSource::Count(_, Quantity::Settled)) && !period.is_calendar();
    of_body || settled || matches!(line.source, LineSource::DaysMedian(_))
}
