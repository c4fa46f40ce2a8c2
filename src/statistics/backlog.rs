//! The backlog: what was pending, came in and was closed, by year or month. Opening + received - closed = closing, always.

use super::provisional;
use crate::calendar::YEARS;
use crate::db::Db;
use crate::decimal::{Decimal, round_half_even};
use crate::error::Result;
use crate::formats::chart::{Chart, ChartKind, Series};
use crate::messages::Writing;
use crate::records::projections::cube::{self, Counts, Resolution};
use crate::registers::{self, Dimension};
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// A row of the backlog.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The year, or year and month as 201703.
    pub period: i32,
    /// The register.
    pub register: &'static str,
    /// Pending at the beginning.
    pub opening: i64,
    /// The counts of the period.
    pub counts: Counts,
    /// True if its year is not over.
    pub provisional: bool,
    /// The day whose state it is, where the period is not over.
    pub as_of: Option<NaiveDate>,
}

impl Pending {
    /// Pending at the end.
    pub fn closing(&self) -> i64 {
        self.opening + self.counts.received - self.counts.closed
    }

    /// The percentage of what was received that was closed by the end of the year, to two decimals.
    pub fn closed_share(&self) -> Option<f64> {
        let Counts { received, settled, .. } = self.counts;
        (received > 0).then(|| round_half_even(10_000 * i128::from(settled), received.into()) as f64 / 100.0)
    }
}

/// The backlog of the years by register; with a choice of values in some dimensions. Years that have not begun, months that have
/// not, and years before the first record of any register that is counted are left out.
pub fn pending(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    by_month: bool,
    choice: &[(Dimension, Vec<String>)],
    today: NaiveDate,
) -> Result<Vec<Pending>> {
    let mut resolution = Resolution::for_dimensions(choice.iter().map(|(dimension, _)| *dimension));
    if by_month {
        resolution = Resolution::Months;
    }
    let all = *YEARS.start()..=*years.end();
    let chosen = choice.iter().find(|(dimension, _)| *dimension == Dimension::Register).map(|(_, values)| values);
    let is_meant = |register: &&registers::Register| match chosen {
        Some(names) => names.iter().any(|name| name == register.name),
        None => register.counted,
    };
    let names: Vec<&'static str> = registers::ALL.iter().filter(is_meant).map(|register| register.name).collect();
    let sums = cube::count(db, &all, resolution, &[Dimension::Register], choice)?;
    let found = counts_of_periods(&sums, resolution == Resolution::Months && !by_month);
    let first = if by_month { years.start() * 100 + 1 } else { *years.start() };
    let mut opening: BTreeMap<&str, i64> = BTreeMap::new();
    for ((_, register), counts) in found.iter().filter(|((period, _), _)| *period < first) {
        *opening.entry(register).or_default() += counts.received - counts.closed;
    }
    let current = if by_month { today.year() * 100 + today.month() as i32 } else { today.year() };
    let begins = cube::first_year(db)?;
    let year_of = |period: i32| if by_month { period / 100 } else { period };
    let is_told = |period: &i32| *period <= current && begins.is_some_and(|begins| begins <= year_of(*period));
    let mut out = Vec::new();
    for period in periods(years, by_month).filter(is_told) {
        let year = year_of(period);
        let (provisional, as_of) = (year == today.year(), (period == current).then_some(today));
        for register in &names {
            let counts = found.get(&(period, (*register).to_owned())).copied().unwrap_or_default();
            let opened = opening.entry(register).or_default();
            let row = Pending { period, register, opening: *opened, counts, provisional, as_of };
            *opened = row.closing();
            out.push(row);
        }
    }
    Ok(out)
}

/// The counts of each period and register; those of months added up to years, if they are to be.
fn counts_of_periods(sums: &[cube::Count], adds_up_years: bool) -> BTreeMap<(i32, String), Counts> {
    let mut found: BTreeMap<(i32, String), Counts> = BTreeMap::new();
    for sum in sums {
        let period = if adds_up_years { sum.period / 100 } else { sum.period };
        let register = sum.value(Dimension::Register).unwrap_or_default().to_owned();
        found.entry((period, register)).or_default().add(sum.counts, 1);
    }
    found
}

/// The periods of the years: themselves, or their months.
fn periods(years: &RangeInclusive<i32>, by_month: bool) -> impl Iterator<Item = i32> {
    years.clone().flat_map(move |year| match by_month {
        true => (1..=12).map(|month| year * 100 + month).collect::<Vec<_>>(),
        false => vec![year],
    })
}

/// The registers of which something is pending at the end of a period, in the order of the rows.
fn registers_with_pending(rows: &[Pending]) -> Vec<&'static str> {
    let mut registers: Vec<&'static str> = Vec::new();
    for row in rows.iter().filter(|row| row.closing() != 0) {
        if !registers.contains(&row.register) {
            registers.push(row.register);
        }
    }
    registers
}

/// Returns a chart of what was pending at the end of each period: a line for each register that has anything pending,
/// so that nothing is added up that does not belong together.
pub fn chart(rows: &[Pending], by_month: bool, writing: Writing) -> Chart {
    let lang = writing.lang;
    let title = lang.text("statistics-backlog");
    let periods: BTreeSet<i32> = rows.iter().map(|row| row.period).collect();
    let is_current = |period: i32| rows.iter().any(|row| row.period == period && row.as_of.is_some());
    let categories = periods.iter().map(|period| match by_month {
        // Over several years a label for each month would be unreadable: the year stands at its January.
        true if period % 100 == 1 => (period / 100).to_string(),
        true => String::new(),
        false if is_current(*period) => format!("{period}*"),
        false => period.to_string(),
    });
    let as_of = rows.iter().find_map(|row| row.as_of);
    let remarks =
        as_of.map(|day| format!("* {}: {}", day.year(), provisional::stated(lang, day))).into_iter().collect();
    let registers = registers_with_pending(rows);
    let of_register = |register: &&'static str| {
        let value = |period: &i32| {
            rows.iter()
                .find(|row| row.period == *period && row.register == *register)
                .map(|row| Decimal::from(row.closing()))
        };
        let label = writing.register(register);
        Series { label, values: periods.iter().map(value).collect(), hidden: vec![], decimals: None }
    };
    let series: Vec<Series> = registers.iter().map(of_register).collect();
    // A single line has no legend.
    let title = match series.as_slice() {
        [only] => format!("{title}: {}", only.label),
        _ => title,
    };
    let mark = lang.number_style().decimal;
    Chart {
        title,
        kind: ChartKind::Lines,
        categories: categories.collect(),
        series,
        note: None,
        remarks,
        mark,
        names: Default::default(),
    }
}
