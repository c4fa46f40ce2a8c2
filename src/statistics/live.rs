//! Figures as they are counted now: from the cube, and, where it does not know what is asked for, from the records of the years.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::bodies::PublicBodies;
use super::facts::{Fact, asks_records, facts};
use super::layout::{LayoutLine, LineSource, Part, Quantity, TableLayout};
use super::number_sums;
use super::own_sets;
use super::period::Period;
use super::provisional::Progress;
use super::table::Basis;
use crate::calendar::YEARS;
use crate::db::Db;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, Counts, Resolution};
use crate::records::query::filter::CellPart;
use crate::registers::{self, Dimension, Selection};

/// Values of lines in each year, by the codes of the lines.
type OfLines<'l, T> = BTreeMap<&'l str, BTreeMap<i32, T>>;

/// The live figures of a table over years.
pub struct LiveFigures<'l> {
    table: &'l TableLayout,
    today: NaiveDate,
    /// The first year that has a record.
    first: Option<i32>,
    /// The counts of lines by year, by their codes.
    counts: OfLines<'l, Counts>,
    /// The sums of numbers that lines add, by year, with how many values they are of.
    sums: OfLines<'l, (Decimal, i64)>,
    /// The records of lines that the cube does not know.
    facts: Facts<'l>,
    bodies: PublicBodies,
}

/// Records that lines look at one by one.
#[derive(Default)]
struct Facts<'l> {
    all: Vec<Fact>,
    /// The places of those of a line, by its code.
    of_lines: BTreeMap<&'l str, Vec<usize>>,
}

impl<'l> Facts<'l> {
    fn of(all: Vec<Fact>, lines: &[&'l LayoutLine], bodies: &PublicBodies) -> Facts<'l> {
        let places = |line: &LayoutLine| {
            let selections = bodies.resolve_all(line.source.selections());
            let is_in = |place: &usize| all[*place].is_in_any(&selections);
            (0..all.len()).filter(is_in).collect()
        };
        let of_lines = lines.iter().map(|line| (line.code.as_str(), places(line))).collect();
        Facts { all, of_lines }
    }

    fn of_line(&self, line: &LayoutLine) -> impl Iterator<Item = &Fact> {
        let places = self.of_lines.get(line.code.as_str()).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }
}

impl<'l> LiveFigures<'l> {
    /// Reads what the lines of a table need.
    pub fn read(
        db: &mut Db,
        table: &'l TableLayout,
        years: &RangeInclusive<i32>,
        today: NaiveDate,
    ) -> Result<LiveFigures<'l>> {
        let period = table.period;
        let counted: Vec<&LayoutLine> =
            table.lines.iter().filter(|line| !line.source.selections().is_empty()).collect();
        let (of_records, of_cube): (Vec<&LayoutLine>, Vec<&LayoutLine>) =
            counted.iter().copied().partition(|line| asks_records(line, period));
        let registers = registers_of(&counted);
        let first = cube::first_month(db, &registers)?.map(|month| period.year_of_month(month));
        let bodies = PublicBodies::read(db, table.selections())?;
        let all = match of_records.is_empty() {
            true => Vec::new(),
            false => {
                let days = (period.first(*years.start()), period.last(*years.end()));
                facts(db, days, &registers_of(&of_records), &of_records)?
            }
        };
        let wanted = CubeLines { lines: &of_cube, period, years, registers: &registers };
        let (counts, sums) = (wanted.counts(db)?, wanted.sums(db)?);
        let facts = Facts::of(all, &of_records, &bodies);
        Ok(LiveFigures { table, today, first, counts, sums, facts, bodies })
    }

    /// The origin of counts of a year.
    pub fn basis(&self, year: i32) -> Basis {
        let is_counted = self.first.is_some_and(|first| first <= year);
        let has_begun = self.table.period.progress(year, self.today) != Progress::Ahead;
        if is_counted && has_begun { Basis::Live } else { Basis::None }
    }

    /// The values of the lines in a year by their codes, with the figures that people entered for it. A line has none where the
    /// rubric was not collected, there is nothing to count, or nobody entered any.
    pub fn values(&self, year: i32, entered: &BTreeMap<String, Decimal>) -> BTreeMap<&'l str, Decimal> {
        let mut values = self.table.values(year, BTreeMap::new(), &|line| match line.is_entered() {
            true => entered.get(&line.code).copied(),
            false => self.counted(line, year),
        });
        if !self.bodies.is_empty() {
            let doubled = self.doubled(year);
            values.retain(|code, _| !doubled.contains(code));
        }
        values
    }

    /// True if a line names a public body that there is not, be it for a new name: what it counts is not known.
    pub fn is_of_nobody(&self, line: &LayoutLine) -> bool {
        line.source.selections().iter().any(|selection| self.bodies.is_unknown(selection))
    }

    /// True if a line adds lines, or takes away several, whose records meet because a public body lies under another: they would
    /// count twice.
    pub fn counts_twice(&self, line: &LayoutLine, year: i32) -> bool {
        let codes: Vec<&String> = match &line.source {
            LineSource::Sum(parts) => parts.iter().collect(),
            LineSource::Rest { less, .. } => less.iter().collect(),
            _ => Vec::new(),
        };
        let lines: Vec<&LayoutLine> = codes.into_iter().filter_map(|code| self.table.line(code)).collect();
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

    /// The codes of the lines that would count records twice, and of those that follow from them.
    fn doubled(&self, year: i32) -> BTreeSet<&'l str> {
        let lines = || self.table.lines.iter();
        let mut doubled: BTreeSet<&str> =
            lines().filter(|line| self.counts_twice(line, year)).map(|line| line.code.as_str()).collect();
        let follows = |line: &&LayoutLine, doubled: &BTreeSet<&str>| {
            !doubled.contains(line.code.as_str()) && line.source.lines().iter().any(|part| doubled.contains(part))
        };
        while let Some(line) = lines().find(|line| follows(line, &doubled)) {
            doubled.insert(&line.code);
        }
        doubled
    }

    /// The figure that a line counts of records.
    fn counted(&self, line: &LayoutLine, year: i32) -> Option<Decimal> {
        if self.basis(year) == Basis::None || self.is_of_nobody(line) {
            return None;
        }
        let by_records = asks_records(line, self.table.period);
        match &line.source {
            LineSource::Count(_, Quantity::Number(_)) => self.added(line, year).map(|(sum, _)| sum),
            LineSource::Count(_, quantity) if by_records => {
                Some((self.facts_of(line, quantity, year).count() as i64).into())
            }
            LineSource::Count(_, quantity) => Some(self.of_cube(line, quantity, year).into()),
            LineSource::DaysMean(_) | LineSource::DaysMedian(_) if by_records => self.of_days(line, year),
            LineSource::DaysMean(_) => {
                let Counts { days, closed, .. } = self.counts_of(line, year);
                Decimal::quotient(days.into(), closed.into(), line.decimals.unwrap_or_default())
            }
            _ => None,
        }
    }

    /// The sum of a number over the records of a line, and of how many values it is; none where there are records and none of them
    /// says the number: that is not recorded, and no 0.
    fn added(&self, line: &LayoutLine, year: i32) -> Option<(Decimal, i64)> {
        let name = line.source.number()?;
        let (sum, said): (Decimal, i64) = match asks_records(line, self.table.period) {
            true => {
                let amounts = self.facts.of_line(line).flat_map(|fact| fact.amounts(name));
                let of_year = amounts.filter(|(day, _)| self.table.period.year_of(*day) == year);
                of_year.fold((Decimal::ZERO, 0), |(sum, said), (_, amount)| (sum + amount, said + 1))
            }
            false => self.sums.get(line.code.as_str())?.get(&year).copied().unwrap_or((Decimal::ZERO, 0)),
        };
        let is_known = said > 0 || !self.has_records(line, year);
        is_known.then(|| (sum.rounded(line.decimals.unwrap_or(Decimal::DECIMALS)), said))
    }

    /// True if records of a line were received in a year.
    fn has_records(&self, line: &LayoutLine, year: i32) -> bool {
        match asks_records(line, self.table.period) {
            true => self.facts_of(line, &Quantity::Received, year).next().is_some(),
            false => self.counts_of(line, year).received > 0,
        }
    }

    /// The number of values that the figures of lines that add numbers are the sums of.
    pub fn said(&self, year: i32, entered: &BTreeMap<String, Decimal>) -> BTreeMap<&'l str, Decimal> {
        let given = |line: &LayoutLine| match &line.source {
            LineSource::Entered => entered.get(&line.code).copied(),
            LineSource::Count(_, Quantity::Number(_)) => {
                self.counted(line, year).and(self.added(line, year)).map(|(_, said)| said.into())
            }
            _ => self.counted(line, year),
        };
        let mut said = self.table.values(year, BTreeMap::new(), &given);
        said.retain(|code, _| self.table.line(code).is_some_and(LayoutLine::adds_numbers));
        said
    }

    /// The counts of a line in a year.
    fn counts_of(&self, line: &LayoutLine, year: i32) -> Counts {
        let of_line = self.counts.get(line.code.as_str());
        of_line.and_then(|years| years.get(&year)).copied().unwrap_or_default()
    }

    fn of_cube(&self, line: &LayoutLine, quantity: &Quantity, year: i32) -> i64 {
        // What was received and not closed up to a year is pending at its end.
        let carried = |last: i32| -> i64 {
            let years = self.counts.get(line.code.as_str()).into_iter().flat_map(|years| years.range(..=last));
            years.map(|(_, counts)| counts.received - counts.closed).sum()
        };
        match quantity {
            Quantity::Closed => self.counts_of(line, year).closed,
            Quantity::Settled => self.counts_of(line, year).settled,
            Quantity::Opening => carried(year - 1),
            Quantity::Pending => carried(year),
            Quantity::Received | Quantity::Number(_) => self.counts_of(line, year).received,
        }
    }

    /// The records that count in a line in a year.
    fn facts_of(&self, line: &LayoutLine, quantity: &Quantity, year: i32) -> impl Iterator<Item = &Fact> {
        self.facts.of_line(line).filter(move |fact| fact.counts(quantity, self.table.period, year))
    }

    /// The days of those closed in a year: their mean, or the middle value.
    fn of_days(&self, line: &LayoutLine, year: i32) -> Option<Decimal> {
        let mut days: Vec<i64> = self.facts_of(line, &Quantity::Closed, year).filter_map(Fact::days).collect();
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

/// Lines whose figures the cube has, with the years and registers that are asked for.
struct CubeLines<'c, 'l> {
    lines: &'c [&'l LayoutLine],
    period: Period,
    years: &'c RangeInclusive<i32>,
    registers: &'c [&'static str],
}

impl<'l> CubeLines<'_, 'l> {
    fn choice(&self) -> [(Dimension, Vec<String>); 1] {
        [(Dimension::Register, self.registers.iter().map(|name| (*name).to_owned()).collect())]
    }

    /// The last calendar year: a business year ends in the next one.
    fn last(&self) -> i32 {
        self.years.end() + i32::from(!self.period.is_calendar())
    }

    /// The counts of each line by year. Lines with the same own dimensions are asked for together: the cube keeps such sets apart.
    fn counts(&self, db: &mut Db) -> Result<OfLines<'l, Counts>> {
        let resolution = match self.period.is_calendar() {
            true => Resolution::for_dimensions(dimensions_of(self.lines).into_iter()),
            false => Resolution::Months,
        };
        let year = |count: &Count| match resolution {
            Resolution::Years => count.period,
            Resolution::Months => self.period.year_of_month(count.period),
        };
        let carried =
            |line: &&LayoutLine| matches!(&line.source, LineSource::Count(_, Quantity::Opening | Quantity::Pending));
        let first = if self.lines.iter().any(carried) { *YEARS.start() } else { *self.years.start() };
        let mut found: OfLines<Counts> = OfLines::new();
        for lines in grouped(self.lines, |line| Some(own_sets::of_records(line))).into_values() {
            let cells = cube::count(db, &(first..=self.last()), resolution, &dimensions_of(&lines), &self.choice())?;
            for line in lines {
                let years = found.entry(&line.code).or_default();
                for cell in cells.iter().filter(|cell| line.source.selections().iter().any(|one| cell.is_in(one))) {
                    years.entry(year(cell)).or_default().add(cell.counts, 1);
                }
            }
        }
        Ok(found)
    }

    /// The sums of the numbers that lines add, by year.
    fn sums(&self, db: &mut Db) -> Result<OfLines<'l, (Decimal, i64)>> {
        let of_number = |line: &LayoutLine| Some((line.source.number()?.to_owned(), own_sets::of_line(line)));
        let years = *self.years.start()..=self.last();
        let mut found: OfLines<(Decimal, i64)> = OfLines::new();
        for ((name, _), lines) in grouped(self.lines, of_number) {
            let cells = number_sums::sums(db, &years, &dimensions_of(&lines), &self.choice(), &name)?;
            for line in lines {
                let years = found.entry(&line.code).or_default();
                for cell in cells.iter().filter(|cell| line.source.selections().iter().any(|one| cell.is_in(one))) {
                    let (sum, said) = years.entry(self.period.year_of_month(cell.month)).or_default();
                    (*sum, *said) = (*sum + cell.sum, *said + cell.said);
                }
            }
        }
        Ok(found)
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
        let except = part.except(year).map(|selection| bodies.resolve(selection).into_owned()).collect();
        CellPart { selection: bodies.resolve(&part.selection).into_owned(), except, received, closed, open_before }
    };
    match line.is_collected(year) {
        true => line.parts(year).map(of_part).collect(),
        false => Vec::new(),
    }
}

/// The registers that the statistics count, and those that lines name besides.
fn registers_of(lines: &[&LayoutLine]) -> Vec<&'static str> {
    let is_named = |register: &registers::Register| {
        lines.iter().flat_map(|line| line.source.selections()).any(|selection| selection.names_register(register.name))
    };
    let meant = registers::ALL.iter().filter(|register| register.counted || is_named(register));
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
