//! The cube: how many records were received and closed, by period and dimension, kept current with every write.
//!
//! Every count is a sum over a few of its rows, so that it costs the same however large the register is. Each record
//! stands in it four times: in the year and the month received, and in the year and the month closed. A period is a
//! year (2017) or a month (201703). The rows of years leave status and responsible out, which keeps them few; who
//! asks for these asks the months.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::db::schema::{cube, records};
use crate::db::{Db, DeferredRow, Statement, Values, WriteTransaction, statements};
use crate::error::{Error, Result};
use crate::records::row::RecordRow;
use crate::registers::ORGANISATION;
use crate::registers::{ABSENT, Criterion, Dimension, Selection, as_counted, dimensions};

/// The key of a count: the period and the values in the order of [`Dimension::ALL`], `""` for an absent one.
pub type CubeKey = (i32, [String; Dimension::COUNT]);

/// The counts of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records received in the period.
    pub received: i64,
    /// Records closed in the period.
    pub closed: i64,
    /// Days from received to closed, summed over the records closed in the period.
    pub days: i64,
    /// Records received in the period and closed by the end of that year.
    pub settled: i64,
}

impl Counts {
    fn only_rises(&self) -> bool {
        [self.received, self.closed, self.days, self.settled].iter().all(|count| *count >= 0)
    }

    /// Adds other counts, or takes them away with the sign -1.
    pub fn add(&mut self, other: Counts, sign: i64) {
        self.received += sign * other.received;
        self.closed += sign * other.closed;
        self.days += sign * other.days;
        self.settled += sign * other.settled;
    }
}

/// The length of the periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// By year; without status and responsible.
    Years,
    /// By month, with all dimensions.
    Months,
}

impl Resolution {
    /// The coarsest resolution that knows these dimensions.
    pub fn for_dimensions(mut dimensions: impl Iterator<Item = Dimension>) -> Self {
        if dimensions.any(|d| !in_years(d)) { Resolution::Months } else { Resolution::Years }
    }

    fn period(self, date: NaiveDate) -> i32 {
        match self {
            Resolution::Years => date.year(),
            Resolution::Months => date.year() * 100 + date.month() as i32,
        }
    }

    fn periods(self, years: &RangeInclusive<i32>) -> (i32, i32) {
        match self {
            Resolution::Years => (*years.start(), *years.end()),
            Resolution::Months => (years.start() * 100 + 1, years.end() * 100 + 12),
        }
    }
}

fn in_years(dimension: Dimension) -> bool {
    !matches!(dimension, Dimension::Status | Dimension::Responsible)
}

/// Returns the counts that a record adds to the cube, with their keys.
fn contributions(record: &RecordRow) -> Vec<(CubeKey, Counts)> {
    let mut out = Vec::with_capacity(4);
    for resolution in [Resolution::Years, Resolution::Months] {
        let values = Dimension::ALL.map(|dimension| match resolution {
            Resolution::Years if !in_years(dimension) => String::new(),
            _ => record.dimension(dimension).into_owned(),
        });
        if let Some(closed) = record.closed_on {
            let days = (closed - record.received_on).num_days();
            out.push(((resolution.period(closed), values.clone()), Counts { closed: 1, days, ..Counts::default() }));
        }
        let settled = record.closed_on.is_some_and(|closed| closed.year() == record.received_on.year());
        let counts = Counts { received: 1, settled: settled.into(), ..Counts::default() };
        out.push(((resolution.period(record.received_on), values), counts));
    }
    out
}

/// Counts to be added to a cell, or taken away from it.
struct CubeChange {
    key: CubeKey,
    counts: Counts,
    sign: i64,
}

/// Takes what a record was out of the cube and puts what it is now in.
pub fn adjust(tx: &mut WriteTransaction, before: Option<&RecordRow>, after: Option<&RecordRow>) {
    for (record, sign) in before.map(|r| (r, -1)).into_iter().chain(after.map(|r| (r, 1))) {
        contributions(record).into_iter().for_each(|(key, counts)| tx.defer(CubeChange { key, counts, sign }));
    }
}

impl DeferredRow for CubeChange {
    const RANK: u8 = 2;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let mut changes: BTreeMap<&CubeKey, Counts> = BTreeMap::new();
        for CubeChange { key, counts, sign } in rows {
            changes.entry(key).or_default().add(*counts, *sign);
        }
        changes.retain(|_, counts| *counts != Counts::default());
        let (rising, falling): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, change)| change.only_rises());
        statements(&falling).try_for_each(|falling| lower(db, falling))?;
        statements(&rising).try_for_each(|rising| raise(db, rising))
    }
}

/// Goes on with the columns of a cell's key.
fn key_columns(statement: Statement<'_>) -> Statement<'_> {
    statement.sql("period").names(Dimension::ALL.map(Dimension::name), [", ", "", ""])
}

fn bind_key<'f>(values: Values<'f>, (period, names): &'f CubeKey) -> Values<'f> {
    let values = values.bind::<Integer, _>(*period);
    names.iter().fold(values, |values, name| values.bind::<Text, _>(name.as_str()))
}

fn bind_change<'f>(values: Values<'f>, (key, change): &'f (&CubeKey, Counts)) -> Values<'f> {
    let values = bind_key(values, key).bind::<BigInt, _>(change.received).bind::<BigInt, _>(change.closed);
    values.bind::<BigInt, _>(change.days).bind::<BigInt, _>(change.settled)
}

/// Adds to cells what only rises, in one statement; cells that are not there yet are made.
fn raise(db: &mut Db, changes: &[(&CubeKey, Counts)]) -> Result<()> {
    const ADDING: &str = ") DO UPDATE SET received = cube.received + excluded.received, \
        closed = cube.closed + excluded.closed, days = cube.days + excluded.days, settled = cube.settled + excluded.settled";
    let statement = key_columns(Statement::new("INSERT INTO cube (")).sql(", received, closed, days, settled)");
    key_columns(statement.rows(changes, bind_change).sql(" ON CONFLICT (")).sql(ADDING).execute(db)?;
    Ok(())
}

/// The sum of what is left in a cell: records received, records closed and days; 0 if nothing is left.
#[derive(QueryableByName)]
struct Remains {
    #[diesel(sql_type = BigInt)]
    remains: i64,
}

/// Changes cells that are there, in one statement, and removes those in which nothing is left, so that the cube is what
/// a recount gives.
fn lower(db: &mut Db, changes: &[(&CubeKey, Counts)]) -> Result<()> {
    let names = Dimension::ALL.map(Dimension::name);
    let change = Statement::new("WITH change (of_period").names(names, [", of_", "", ""]);
    let change = change.sql(", more_received, more_closed, more_days, more_settled) AS (").rows(changes, bind_change);
    let lowered = change.sql(
        ") UPDATE cube SET received = received + more_received, closed = closed + more_closed, days = days + more_days, \
         settled = settled + more_settled FROM change WHERE period = of_period",
    );
    let lowered =
        names.into_iter().fold(lowered, |lowered, name| lowered.sql(" AND ").sql(name).sql(" = of_").sql(name));
    let remains: Vec<Remains> = lowered.sql(" RETURNING received + closed + days AS remains").load(db)?;
    if remains.len() != changes.len() {
        return Err(Error::Internal("the cube lacks a cell that a record stands in".into()));
    }
    if remains.iter().any(|cell| cell.remains == 0) {
        let empty = Statement::new("DELETE FROM cube WHERE received = 0 AND closed = 0 AND days = 0 AND (");
        let emptied = key_columns(empty).sql(") IN (").rows(changes, |values, (key, _)| bind_key(values, key));
        emptied.sql(")").execute(db)?;
    }
    Ok(())
}

/// The cube as it stands.
pub fn stored(db: &mut Db) -> Result<BTreeMap<CubeKey, Counts>> {
    let all = [(Dimension::Register, crate::registers::ALL.iter().map(|register| register.name.to_owned()).collect())];
    let years = count(db, &(0..=9999), Resolution::Years, &Dimension::ALL, &all)?;
    let months = count(db, &(0..=9999), Resolution::Months, &Dimension::ALL, &all)?;
    Ok(years.into_iter().chain(months).map(|row| ((row.period, row.values), row.counts)).collect())
}

/// The cube as it must be: counted anew from the records.
pub fn recount(db: &mut Db) -> Result<BTreeMap<CubeKey, Counts>> {
    let mut cells: BTreeMap<CubeKey, Counts> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page: Vec<crate::records::row::StoredRecord> = records::table
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(10_000)
            .select(crate::records::row::StoredRecord::as_select())
            .load(db)?;
        let Some(last) = page.last() else { return Ok(cells) };
        after = last.pos;
        for (key, counts) in page.iter().flat_map(|row| contributions(&row.row)) {
            cells.entry(key).or_default().add(counts, 1);
        }
    }
}

/// A sum over rows of the cube.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// The year or month.
    pub period: i32,
    /// The values in the order of [`Dimension::ALL`]; `""` where absent or not asked for.
    pub values: [String; Dimension::COUNT],
    /// The name of the public body, or [`NOT_IN_REGISTER`]; `None` where none is named or it was not asked for.
    pub organisation: Option<String>,
    /// The sums.
    pub counts: Counts,
}

impl Count {
    /// The value in a dimension; `None` where absent or not asked for.
    pub fn value(&self, dimension: Dimension) -> Option<&str> {
        let index = Dimension::ALL.iter().position(|d| *d == dimension)?;
        Some(self.values[index].as_str()).filter(|value| !value.is_empty())
    }

    /// True if the sum lies in the selection, whose dimensions must have been asked for.
    pub fn is_in(&self, selection: &Selection) -> bool {
        selection.holds(|criterion, value| match criterion {
            Criterion::Of(dimension) => self.value(dimension).unwrap_or(ABSENT) == value,
            _ => false,
        })
    }
}

macro_rules! declare_sum {
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        #[derive(QueryableByName)]
        struct Sum {
            #[diesel(sql_type = Integer)]
            period: i32,
            $(#[diesel(sql_type = Text)] $column: String,)*
            #[diesel(sql_type = Nullable<Text>)]
            organisation: Option<String>,
            #[diesel(sql_type = BigInt)]
            received: i64,
            #[diesel(sql_type = BigInt)]
            closed: i64,
            #[diesel(sql_type = BigInt)]
            days: i64,
            #[diesel(sql_type = BigInt)]
            settled: i64,
        }

        impl From<Sum> for Count {
            fn from(sum: Sum) -> Self {
                let Sum { period, organisation, received, closed, days, settled, $($column),* } = sum;
                let counts = Counts { received, closed, days, settled };
                Count { period, values: [$($column),*], organisation, counts }
            }
        }
    };
}

dimensions!(declare_sum);

/// Sums of the years, by period and the dimensions named; with a choice of values in some dimensions. Without a choice of
/// registers these are the ones that the statistics count. Years know no status and no responsible (see
/// [`Resolution::for_dimensions`]).
pub fn count(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    resolution: Resolution,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
) -> Result<Vec<Count>> {
    let source = SumSource { rows: Statement::new("cube"), organisation: "CAST(NULL AS TEXT)", group: "" };
    sums(db, source, resolution.periods(years), by, &of_registers(choice))
}

/// A choice with the registers that the statistics count, where it names none.
fn of_registers(choice: &[(Dimension, Vec<String>)]) -> Vec<(Dimension, Vec<String>)> {
    let mut all = choice.to_vec();
    if choice.iter().all(|(dimension, _)| *dimension != Dimension::Register) {
        all.push((Dimension::Register, crate::registers::counted().map(|register| register.name.to_owned()).collect()));
    }
    all
}

/// The value that stands for the public bodies that records name and no register has: their names may be those of
/// persons.
pub const NOT_IN_REGISTER: &str = "NOT_IN_REGISTER";

/// The same by month and by the public body that a record is linked to. The cube does not know it, so this counts the
/// records themselves: those received in the years, or those closed in them.
pub fn count_by_organisation(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    closed: bool,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
) -> Result<Vec<Count>> {
    let choice = of_registers(choice);
    let registers = choice.iter().find(|(dimension, _)| *dimension == Dimension::Register);
    let rows = records_as_sums(years, closed, registers.map_or(&[][..], |(_, names)| names));
    let source = SumSource { rows, organisation: "organisation", group: ", organisation" };
    sums(db, source, Resolution::Months.periods(years), by, &choice)
}

/// Rows like those of the cube, of the months: one for each record of the registers that was received in the years, or closed in them.
fn records_as_sums(years: &RangeInclusive<i32>, closed: bool, registers: &[String]) -> Statement<'static> {
    let (day, counted) = match closed {
        true => ("closed_on", "0 AS received, 1 AS closed"),
        false => ("received_on", "1 AS received, 0 AS closed"),
    };
    let rows = Statement::new("(SELECT CAST(replace(substr(CAST(one.").sql(day);
    let rows = rows.sql(" AS TEXT), 1, 7), '-', '') AS INTEGER) AS period");
    let rows = Dimension::ALL.into_iter().fold(rows, |rows, dimension| {
        let [before, behind] = if dimension.can_be_absent() { ["coalesce(one.", ", '')"] } else { ["one.", ""] };
        rows.sql(", ").sql(before).sql(dimension.name()).sql(behind).sql(" AS ").sql(dimension.name())
    });
    let rows = rows.sql(", CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, '");
    let rows = rows.sql(NOT_IN_REGISTER).sql("') END AS organisation, ").sql(counted).sql(
        ", 0 AS days, 0 AS settled FROM records AS one \
         LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = '",
    );
    let rows = rows.sql(ORGANISATION).sql("' LEFT JOIN records AS body ON body.id = record_links.target");
    let rows = rows.sql(" WHERE one.register IN ").texts(registers.iter().cloned()).sql(" AND one.").sql(day);
    let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or_default();
    let last = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or_default();
    rows.sql(" BETWEEN ").bind::<Date, _>(first).sql(" AND ").bind::<Date, _>(last).sql(") AS counted")
}

/// Rows that look like those of the cube.
struct SumSource {
    /// The table.
    rows: Statement<'static>,
    /// The expression that is the public body in it.
    organisation: &'static str,
    /// The addition that this makes to the groups.
    group: &'static str,
}

/// Sums over rows of some periods.
fn sums(
    db: &mut Db,
    SumSource { rows, organisation, group }: SumSource,
    (first, last): (i32, i32),
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
) -> Result<Vec<Count>> {
    let query = Dimension::ALL.into_iter().fold(Statement::new("SELECT period, "), |query, dimension| {
        let query = if by.contains(&dimension) { query } else { query.sql("'' AS ") };
        query.sql(dimension.name()).sql(", ")
    });
    let query = query.sql(organisation).sql(
        " AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, \
         CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled FROM ",
    );
    let query = query.append(rows).sql(" WHERE period BETWEEN ");
    let query = query.bind::<Integer, _>(first).sql(" AND ").bind::<Integer, _>(last);
    let query = choice.iter().fold(query, |query, (dimension, values)| {
        query.sql(" AND ").sql(dimension.name()).sql(" IN ").texts(values.iter().map(as_counted))
    });
    let names = || by.iter().map(|dimension| dimension.name());
    let query = query.sql(" GROUP BY period").names(names(), [", ", "", ""]).sql(group);
    let query = query.sql(" ORDER BY period").names(names(), [", ", "", ""]).sql(group);
    let sums: Vec<Sum> = query.load(db)?;
    Ok(sums.into_iter().map(Count::from).collect())
}

/// The first month in which a record of these registers was received.
pub fn first_month(db: &mut Db, registers: &[&str]) -> Result<Option<i32>> {
    let received = cube::table.filter(cube::period.gt(9999)).filter(cube::received.gt(0));
    let of_registers = received.filter(cube::register.eq_any(registers.to_vec()));
    Ok(of_registers.select(diesel::dsl::min(cube::period)).first(db)?)
}
