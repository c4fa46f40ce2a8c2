//! Sums of numbers that records have: the authority's own, and those of registers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::calendar::YEARS;
use crate::db::Db;
use crate::db::schema::records;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, CubeQuery, Resolution};
use crate::records::row::RecordRow;
use crate::registers::vocabulary::OWN;
use crate::registers::{ABSENT, Dimension, Selection};
use crate::statistics::period::Period;

/// The sum of a number over the records of a month that have the same values.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberSum {
    /// The month, such as 201703.
    pub month: i32,
    /// The values in the dimensions that were asked for, in their order; `""` where absent.
    values: Vec<(Dimension, String)>,
    /// The sum.
    pub sum: Decimal,
    /// The number of values that it is the sum of.
    pub said: i64,
}

impl NumberSum {
    /// The sum of a number of the authority's own, as the cells have it.
    fn of_own(count: &Count, by: &[Dimension]) -> NumberSum {
        let value = |dimension: &Dimension| (*dimension, count.value(*dimension).unwrap_or_default().to_owned());
        NumberSum {
            month: count.period,
            values: by.iter().map(value).collect(),
            sum: Decimal::of_parts(count.counts.received),
            said: count.counts.days,
        }
    }

    /// True if the records are in the selection, whose dimensions must have been asked for.
    pub fn is_in(&self, selection: &Selection) -> bool {
        selection.takes(|dimension| self.value(dimension))
    }

    fn value(&self, dimension: Dimension) -> &str {
        let held = self.values.iter().find(|(of, _)| *of == dimension).map_or("", |(_, value)| value);
        if held.is_empty() { ABSENT } else { held }
    }
}

/// Sums of a number by month and the dimensions named, with a choice of values in some: own ones, from the cells that are kept of
/// them, by the day received, those who took part in events by the day of it, and the work in groups by the day of a meeting.
pub fn sums(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
    number: &str,
) -> Result<Vec<NumberSum>> {
    if number.starts_with(OWN) {
        let query = CubeQuery { years, resolution: Resolution::Months, by, choice, number: Some(number) };
        let sums = cube::sums(db, query)?;
        return Ok(sums.into_iter().map(|count| NumberSum::of_own(&count, by)).collect());
    }
    let calendar = Period::default();
    let (first, last) = (calendar.first(*years.start()), calendar.last(*years.end()));
    // A group meets long after its membership began, an event is held on its day.
    let (register, since) =
        if number == PARTICIPANTS { ("events", first) } else { ("memberships", calendar.first(*YEARS.start())) };
    let rows: Vec<RecordRow> = records::table
        .filter(records::register.eq(register))
        .filter(records::received_on.between(since, last))
        .select(RecordRow::as_select())
        .load(db)?;
    let mut found: BTreeMap<SumKey, (Decimal, i64)> = BTreeMap::new();
    for row in &rows {
        let values: Vec<(Dimension, String)> =
            by.iter().map(|dimension| (*dimension, row.dimension(*dimension).into_owned())).collect();
        let amounts = amounts(row.received_on, &row.own_properties(), number).into_iter();
        for (day, amount) in amounts.filter(|(day, _)| (first..=last).contains(day)) {
            let month = day.year() * 100 + day.month() as i32;
            let (sum, said) = found.entry((month, values.clone())).or_default();
            (*sum, *said) = (*sum + amount, *said + 1);
        }
    }
    Ok(found.into_iter().map(|((month, values), (sum, said))| NumberSum { month, values, sum, said }).collect())
}

/// A month, and the values in the dimensions that were asked for.
type SumKey = (i32, Vec<(Dimension, String)>);

/// The number of those who took part in an event.
const PARTICIPANTS: &str = "participants";

/// A number of a record that was received on a day, with the days that it counts on.
pub fn amounts(received: NaiveDate, details: &serde_json::Value, number: &str) -> Vec<(NaiveDate, Decimal)> {
    let of_record = |value: &serde_json::Value| {
        let amount = value.as_f64().map(Decimal::nearest);
        amount.map(|amount| (received, amount)).into_iter().collect()
    };
    match number.strip_prefix(OWN) {
        Some(name) => of_record(&details["own"][name]),
        None if number == PARTICIPANTS => of_record(&details[PARTICIPANTS]),
        None => {
            let meetings = details["meetings"].as_array().map_or(&[][..], Vec::as_slice).iter();
            let amount = |meeting: &serde_json::Value| {
                let day = meeting["held_on"].as_str()?.parse().ok()?;
                Some((day, meeting["effort_minutes"].as_i64()?.into()))
            };
            meetings.filter_map(amount).collect()
        }
    }
}
