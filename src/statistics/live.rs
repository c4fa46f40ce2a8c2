//! Figures as they are counted now: from the cube, and, where it does not know what is asked for, from the records of the years.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bodies::PublicBodies;
use super::layout::{LayoutLine, LineSource, Part, Quantity, TableLayout};
use super::number_sums::{self, NumberSum};
use super::own_sets;
use super::period::Period;
use super::provisional::Progress;
use super::table::Basis;
use crate::calendar::YEARS;
use crate::db::Db;
use crate::db::schema::{record_links, records};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, Resolution};
use crate::records::projections::own_set::OwnSet;
use crate::records::query::filter::CellPart;
use crate::records::row::RecordRow;
use crate::registers::{self, ABSENT, Criterion, Dimension, ORGANISATION, Selection};

/// The live figures of a table over years.
pub struct LiveFigures {
    period: Period,
    today: NaiveDate,
    /// The first year that has a record.
    first: Option<i32>,
    resolution: Resolution,
    /// Counts by the own dimensions that lines use together: the cube keeps such sets apart.
    counts: BTreeMap<OwnSet, Vec<Count>>,
    /// Sums of numbers in the same way.
    sums: BTreeMap<(String, OwnSet), Vec<NumberSum>>,
    facts: Vec<Fact>,
    bodies: PublicBodies,
}

/// A record, with the public bodies that it is linked to.
struct Fact {
    row: RecordRow,
    bodies: Vec<String>,
}

impl Fact {
    /// True if the record is in the selection, whose bodies are resolved.
    fn is_in(&self, selection: &Selection) -> bool {
        selection.holds(|criterion, value| match criterion {
            Criterion::Of(dimension) => {
                let held = self.row.dimension(dimension);
                if held.is_empty() { value == ABSENT } else { held == value }
            }
            _ if value == ABSENT => self.bodies.is_empty(),
            _ => self.bodies.iter().any(|id| id == value),
        })
    }
}

/// True if the cube does not know what a line counts.
fn asks_records(line: &LayoutLine, period: Period) -> bool {
    let of_body = line.source.selections().iter().any(Selection::is_of_body);
    let settled = matches!(&line.source, LineSource::Count(_, Quantity::Settled)) && !period.is_calendar();
    of_body || settled || matches!(line.source, LineSource::DaysMedian(_))
}

impl LiveFigures {
    /// Reads what the lines of a table need.
    pub fn read(
        db: &mut Db,
        table: &TableLayout,
        years: &RangeInclusive<i32>,
        today: NaiveDate,
    ) -> Result<LiveFigures> {
        let period = table.period;
        let counted: Vec<&LayoutLine> =
            table.lines.iter().filter(|line| !line.source.selections().is_empty()).collect();
        let (of_records, of_cube): (Vec<&LayoutLine>, Vec<&LayoutLine>) =
            counted.iter().copied().partition(|line| asks_records(line, period));
        let registers = registers_of(&counted);
        let resolution = match period.is_calendar() {
            true => Resolution::for_dimensions(dimensions_of(&of_cube).into_iter()),
            false => Resolution::Months,
        };
        let carried =
            |line: &&LayoutLine| matches!(&line.source, LineSource::Count(_, Quantity::Opening | Quantity::Pending));
        // A business year ends in the next calendar year.
        let last = years.end() + i32::from(!period.is_calendar());
        let first = if of_cube.iter().any(carried) { *YEARS.start() } else { *years.start() };
        let choice = [(Dimension::Register, registers.iter().map(|name| (*name).to_owned()).collect())];
        let (mut counts, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for (set, lines) in grouped(&of_cube, |line| Some(own_sets::of_records(line))) {
            let dimensions = dimensions_of(&lines);
            counts.insert(set, cube::count(db, &(first..=last), resolution, &dimensions, &choice)?);
        }
        let of_number = |line: &LayoutLine| Some((line.source.number()?.to_owned(), own_sets::of_line(line)));
        for ((name, set), lines) in grouped(&of_cube, of_number) {
            let found = number_sums::sums(db, &(*years.start()..=last), &dimensions_of(&lines), &choice, &name)?;
            sums.insert((name, set), found);
        }
        let first = cube::first_month(db, &registers)?.map(|month| period.year_of_month(month));
        let facts = match of_records.is_empty() {
            true => Vec::new(),
            false => facts(db, (period.first(*years.start()), period.last(*years.end())), &registers_of(&of_records))?,
        };
        let bodies = PublicBodies::read(db, table.selections())?;
        Ok(LiveFigures { period, today, first, resolution, counts, sums, facts, bodies })
    }

    /// The origin of counts of a year.
    pub fn basis(&self, year: i32) -> Basis {
        let is_counted = self.first.is_some_and(|first| first <= year);
        let has_begun = self.period.progress(year, self.today) != Progress::Ahead;
        if is_counted && has_begun { Basis::Live } else { Basis::None }
    }

    /// The value of a line, with the figures that people entered for the year; none where the rubric was not collected, there is
    /// nothing to count, or nobody entered any.
    pub fn value(
        &self,
        table: &TableLayout,
        line: &LayoutLine,
        year: i32,
        entered: Option<&BTreeMap<String, Decimal>>,
    ) -> Option<Decimal> {
        if !self.bodies.is_empty() && self.rests_on_doubles(table, line, year) {
            return None;
        }
        table.value(line, year, &|line| match line.is_entered() {
            true => entered?.get(&line.code).copied(),
            false => self.counted(line, year),
        })
    }

    /// True if a line names a public body that there is not, be it for a new name: what it counts is not known.
    pub fn is_of_nobody(&self, line: &LayoutLine) -> bool {
        line.source.selections().iter().any(|selection| self.bodies.is_unknown(selection))
    }

    /// True if a line adds lines, or takes away several, whose records meet because a public body lies under another: they would
    /// count twice.
    pub fn counts_twice(&self, table: &TableLayout, line: &LayoutLine, year: i32) -> bool {
        let codes: Vec<&String> = match &line.source {
            LineSource::Sum(parts) => parts.iter().collect(),
            LineSource::Rest { less, .. } => less.iter().collect(),
            _ => Vec::new(),
        };
        let lines: Vec<&LayoutLine> = codes.into_iter().filter_map(|code| table.line(code)).collect();
        let meet = |one: &LayoutLine, other: &LayoutLine| {
            one.parts(year).any(|part| other.parts(year).any(|second| self.meet(part, second)))
        };
        lines.iter().enumerate().any(|(at, one)| lines[at + 1..].iter().any(|other| meet(one, other)))
    }

    /// True if records are in two parts because of their public bodies.
    fn meet(&self, one: &Part, other: &Part) -> bool {
        let of_body = one.selection.is_of_body() && other.selection.is_of_body();
        of_body && !self.bodies.resolve(&one.selection).is_disjoint(&self.bodies.resolve(&other.selection))
    }

    /// True if a line, or one that it follows from, would count records twice.
    fn rests_on_doubles(&self, table: &TableLayout, line: &LayoutLine, year: i32) -> bool {
        let parts = line.source.lines();
        let mut parts = parts.iter().filter_map(|code| table.line(code));
        self.counts_twice(table, line, year) || parts.any(|part| self.rests_on_doubles(table, part, year))
    }

    /// The figure that a line counts of records.
    fn counted(&self, line: &LayoutLine, year: i32) -> Option<Decimal> {
        if self.basis(year) == Basis::None {
            return None;
        }
        let by_records = asks_records(line, self.period);
        let decimals = line.decimals.unwrap_or_default();
        if self.is_of_nobody(line) {
            return None;
        }
        match &line.source {
            LineSource::Count(_, Quantity::Number(_)) => self.added(line, year).map(|(sum, _)| sum),
            LineSource::Count(selections, quantity) if by_records => Some(self.of_facts(selections, quantity, year)),
            LineSource::Count(_, quantity) => Some(self.of_cube(line, quantity, year).into()),
            LineSource::DaysMean(_) | LineSource::DaysMedian(_) if by_records => self.of_days(line, year),
            LineSource::DaysMean(_) => {
                let sum = |of: fn(&Count) -> i64| -> i64 { self.cells(line, |at| at == year).map(of).sum() };
                Decimal::quotient(
                    sum(|count| count.counts.days).into(),
                    sum(|count| count.counts.closed).into(),
                    decimals,
                )
            }
            _ => None,
        }
    }

    /// The sum of a number over the records of a line, and of how many values it is; none where there are records and none of them
    /// says the number: that is not recorded, and no 0.
    fn added(&self, line: &LayoutLine, year: i32) -> Option<(Decimal, i64)> {
        let LineSource::Count(selections, Quantity::Number(name)) = &line.source else { return None };
        let (sum, said): (Decimal, i64) = match asks_records(line, self.period) {
            true => {
                let amounts = self.facts_in(selections).flat_map(|row| number_sums::amounts(row, name));
                let of_year = amounts.filter(|(day, _)| self.period.year_of(*day) == year);
                of_year.fold((Decimal::ZERO, 0), |(sum, said), (_, amount)| (sum + amount, said + 1))
            }
            false => {
                let sums = self.sums.get(&(name.clone(), own_sets::of_line(line)))?.iter();
                let of_year = sums.filter(|sum| self.period.year_of_month(sum.month) == year);
                let chosen = of_year.filter(|sum| selections.iter().any(|one| sum.is_in(one)));
                chosen.fold((Decimal::ZERO, 0), |(sum, said), one| (sum + one.sum, said + one.said))
            }
        };
        let is_known = said > 0 || !self.has_records(line, year);
        is_known.then(|| (sum.rounded(line.decimals.unwrap_or(Decimal::DECIMALS)), said))
    }

    /// True if records of a line were received in a year.
    fn has_records(&self, line: &LayoutLine, year: i32) -> bool {
        if asks_records(line, self.period) {
            let mut of_line = self.facts_in(line.source.selections());
            return of_line.any(|row| counts(&Quantity::Received, self.period, year, row));
        }
        self.cells(line, |at| at == year).any(|count| count.counts.received > 0)
    }

    /// The number of values that the figure of a line is the sum of; none where it adds no numbers.
    pub fn said(
        &self,
        table: &TableLayout,
        line: &LayoutLine,
        year: i32,
        entered: &BTreeMap<String, Decimal>,
    ) -> Option<Decimal> {
        let given = |line: &LayoutLine| match &line.source {
            LineSource::Entered => entered.get(&line.code).copied(),
            LineSource::Count(_, Quantity::Number(_)) => {
                self.counted(line, year).and(self.added(line, year)).map(|(_, said)| said.into())
            }
            _ => self.counted(line, year),
        };
        if line.adds_numbers() { table.value(line, year, &given) } else { None }
    }

    /// The cells that a line counts, in the years that are wanted.
    fn cells<'a>(&'a self, line: &'a LayoutLine, wanted: impl Fn(i32) -> bool + 'a) -> impl Iterator<Item = &'a Count> {
        let year = |count: &Count| match self.resolution {
            Resolution::Years => count.period,
            Resolution::Months => self.period.year_of_month(count.period),
        };
        let of_set = self.counts.get(&own_sets::of_records(line)).into_iter().flatten();
        let of_years = of_set.filter(move |count| wanted(year(count)));
        of_years.filter(|count| line.source.selections().iter().any(|selection| count.is_in(selection)))
    }

    fn of_cube(&self, line: &LayoutLine, quantity: &Quantity, year: i32) -> i64 {
        // What was received and not closed up to a year is pending at its end.
        let carried = |last: i32| -> i64 {
            self.cells(line, move |at| at <= last).map(|count| count.counts.received - count.counts.closed).sum()
        };
        let of_year = |of: fn(&Count) -> i64| -> i64 { self.cells(line, move |at| at == year).map(of).sum() };
        match quantity {
            Quantity::Closed => of_year(|count| count.counts.closed),
            Quantity::Settled => of_year(|count| count.counts.settled),
            Quantity::Opening => carried(year - 1),
            Quantity::Pending => carried(year),
            Quantity::Received | Quantity::Number(_) => of_year(|count| count.counts.received),
        }
    }

    /// The records in any of the selections.
    fn facts_in<'a>(&'a self, selections: &'a [Selection]) -> impl Iterator<Item = &'a RecordRow> {
        let resolved: Vec<Selection> = selections.iter().map(|selection| self.bodies.resolve(selection)).collect();
        let is_in = move |fact: &&Fact| resolved.iter().any(|selection| fact.is_in(selection));
        self.facts.iter().filter(is_in).map(|fact| &fact.row)
    }

    fn of_facts(&self, selections: &[Selection], quantity: &Quantity, year: i32) -> Decimal {
        let rows = self.facts_in(selections).filter(|row| counts(quantity, self.period, year, row));
        (rows.count() as i64).into()
    }

    /// The days of those closed in a year: their mean, or the middle value.
    fn of_days(&self, line: &LayoutLine, year: i32) -> Option<Decimal> {
        let rows = self.facts_in(line.source.selections());
        let closed = rows.filter(|row| counts(&Quantity::Closed, self.period, year, row));
        let mut days: Vec<i64> = closed.filter_map(|row| Some((row.closed_on? - row.received_on).num_days())).collect();
        days.sort_unstable();
        let decimals = line.decimals.unwrap_or_default();
        let number = days.len();
        match line.source {
            LineSource::DaysMedian(_) => {
                let middle = days.get(number.checked_sub(1)? / 2)? + days.get(number / 2)?;
                Decimal::quotient(middle.into(), 2, decimals)
            }
            _ => Decimal::quotient(days.iter().sum::<i64>().into(), number as i128, decimals),
        }
    }
}

/// True if a record counts in a year.
pub fn counts(quantity: &Quantity, period: Period, year: i32, row: &RecordRow) -> bool {
    let received = period.year_of(row.received_on);
    let closed = row.closed_on.map(|day| period.year_of(day));
    match quantity {
        Quantity::Received => received == year,
        Quantity::Closed => closed == Some(year),
        Quantity::Settled => received == year && closed == Some(year),
        Quantity::Opening => received < year && closed.is_none_or(|closed| closed >= year),
        Quantity::Pending => received <= year && closed.is_none_or(|closed| closed > year),
        Quantity::Number(name) => number_sums::amounts(row, name).iter().any(|(day, _)| period.year_of(*day) == year),
    }
}

/// The records that a cell counts; none of a rubric that was not collected in the year, however many fit, nor of an entered figure.
pub fn cell(line: &LayoutLine, year: i32, period: Period, bodies: &PublicBodies) -> Vec<CellPart> {
    let (first, last) = (period.first(year), period.last(year));
    let of_part = |part: &Part| {
        let none = (None, None);
        let year_long = (Some(first), Some(last));
        let (received, closed, open_before) = match &part.quantity {
            Quantity::Closed => (none, year_long, None),
            Quantity::Settled => (year_long, (None, Some(last)), None),
            Quantity::Opening => ((None, first.pred_opt()), none, Some(first)),
            Quantity::Pending => ((None, Some(last)), none, last.succ_opt()),
            // The work in groups is of any year in which there is a group.
            Quantity::Number(name) if name == "effort" => ((None, Some(last)), none, Some(first)),
            Quantity::Received | Quantity::Number(_) => (year_long, none, None),
        };
        let except = part.except(year).map(|selection| bodies.resolve(selection)).collect();
        CellPart { selection: bodies.resolve(&part.selection), except, received, closed, open_before }
    };
    match line.is_collected(year) {
        true => line.parts(year).map(of_part).collect(),
        false => Vec::new(),
    }
}

/// True if a record is in a part of a line; `bodies` are those that it is linked to.
pub fn is_in(part: &Part, year: i32, resolve: &PublicBodies, row: &RecordRow, bodies: &[String]) -> bool {
    let fact = Fact { row: row.clone(), bodies: bodies.to_vec() };
    fact.is_in(&resolve.resolve(&part.selection)) && !part.except(year).any(|one| fact.is_in(&resolve.resolve(one)))
}

/// The registers that lines count; where none of them says so, those that the statistics count.
fn registers_of(lines: &[&LayoutLine]) -> Vec<&'static str> {
    let is_named = |selection: &Selection, register: &registers::Register| match selection
        .0
        .get(&Criterion::Of(Dimension::Register))
    {
        Some(values) => values.allows(|value| value == register.name),
        None => register.counted,
    };
    let selections = || lines.iter().flat_map(|line| line.source.selections());
    let meant = registers::ALL
        .iter()
        .filter(|register| register.counted || selections().any(|selection| is_named(selection, register)));
    meant.map(|register| register.name).collect()
}

/// Lines that are asked for together.
fn grouped<'l, K: Ord>(
    lines: &[&'l LayoutLine],
    key: impl Fn(&LayoutLine) -> Option<K>,
) -> BTreeMap<K, Vec<&'l LayoutLine>> {
    let mut groups: BTreeMap<K, Vec<&LayoutLine>> = BTreeMap::new();
    for line in lines {
        if let Some(key) = key(line) {
            groups.entry(key).or_default().push(line);
        }
    }
    groups
}

fn dimensions_of(lines: &[&LayoutLine]) -> Vec<Dimension> {
    let selections = lines.iter().flat_map(|line| line.source.selections());
    let all: BTreeSet<Dimension> = selections.flat_map(Selection::dimensions).chain([Dimension::Register]).collect();
    all.into_iter().collect()
}

/// The records that were there between two days: received by the last one and not closed before the first one.
fn facts(db: &mut Db, (first, last): (NaiveDate, NaiveDate), registers: &[&str]) -> Result<Vec<Fact>> {
    let registers: Vec<String> = registers.iter().map(|name| (*name).to_owned()).collect();
    let of_days = || {
        records::table
            .filter(records::register.eq_any(registers.clone()))
            .filter(records::received_on.le(last))
            .filter(records::closed_on.is_null().or(records::closed_on.assume_not_null().ge(first)))
    };
    let rows: Vec<RecordRow> = of_days().select(RecordRow::as_select()).load(db)?;
    let links: Vec<(String, String)> = record_links::table
        .filter(record_links::property.eq(ORGANISATION))
        .filter(record_links::source.eq_any(of_days().select(records::id)))
        .select((record_links::source, record_links::target))
        .load(db)?;
    let mut bodies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (source, target) in links {
        bodies.entry(source).or_default().push(target);
    }
    let fact = |row: RecordRow| Fact { bodies: bodies.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(fact).collect())
}
