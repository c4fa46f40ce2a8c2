//! The statements over cells, and over rows that look like them: those of the cube, of the authority's own cells, and one for
//! each record that was received in some years, or closed in them, for what no cells keep together. These last cost as much as
//! there are records of the years.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Text};

use super::counts::{CellKey, Counts, CubeKey, OwnCell};
use super::own_held::HeldOwnKey;
use super::own_set::OwnSet;
use super::periods::{Resolution, is_lasting};
use crate::db::{ColumnArrays, Db, Dialect, InsertBatch, Statement, Values, insert_columns, statements};
use crate::error::{Error, Result};
use crate::records::said::{number_of, value_of};
use crate::registers::{Dimension, ORGANISATION, as_counted};

/// Changes cells of counts, of which none can fall below 0.
pub(super) fn change<'k>(
    db: &mut Db,
    batch: &mut InsertBatch<'k>,
    mut changes: BTreeMap<&'k CubeKey, Counts>,
) -> Result<()> {
    changes.retain(|_, counts| *counts != Counts::default());
    let (rising, falling): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, change)| change.only_rises());
    statements(&falling).try_for_each(|falling| lower(db, falling))?;
    raise(db, batch, &rising)
}

/// Goes on with the columns of the key.
fn key_columns<K: CellKey>(statement: Statement<'_>) -> Statement<'_> {
    statement.names(K::columns(), ["", "", ", "])
}

fn bind_change<'f>(values: Values<'f>, (key, change): &'f (&CubeKey, Counts)) -> Values<'f> {
    let values = key.bind(values).bind::<BigInt, _>(change.received).bind::<BigInt, _>(change.closed);
    values.bind::<BigInt, _>(change.days).bind::<BigInt, _>(change.settled)
}

/// The counts of a cell, as they are added to those that it has.
const COUNTS: [&str; 4] = ["received", "closed", "days", "settled"];

/// The table with its columns.
static CUBE: LazyLock<String> =
    LazyLock::new(|| format!("cube ({}, {})", CubeKey::columns().join(", "), COUNTS.join(", ")));

/// The addition to a cell that is there.
static ADDED: LazyLock<String> = LazyLock::new(|| {
    let sums = COUNTS.map(|sum| format!("{sum} = cube.{sum} + excluded.{sum}"));
    format!(" ON CONFLICT ({}) DO UPDATE SET {}", CubeKey::columns().join(", "), sums.join(", "))
});

/// Adds to cells; those that are not there yet are made.
fn raise<'k>(db: &mut Db, batch: &mut InsertBatch<'k>, changes: &[(&'k CubeKey, Counts)]) -> Result<()> {
    insert_columns(db, batch, (&CUBE, &ADDED), changes, bind_change, |columns, changes| {
        let columns = CubeKey::bind_columns(&changes.iter().map(|(key, _)| *key).collect::<Vec<_>>(), columns);
        let columns = columns.bind::<BigInt, _>(changes.iter().map(|(_, change)| change.received));
        let columns = columns.bind::<BigInt, _>(changes.iter().map(|(_, change)| change.closed));
        let columns = columns.bind::<BigInt, _>(changes.iter().map(|(_, change)| change.days));
        columns.bind::<BigInt, _>(changes.iter().map(|(_, change)| change.settled))
    })
}

/// The sum of what is left in a cell: records received, records closed and days; 0 if nothing is left.
#[derive(QueryableByName)]
struct Remains {
    #[diesel(sql_type = BigInt)]
    remains: i64,
}

/// Changes cells that are there, in one statement, and removes those in which nothing is left, so that the table is what
/// a recount gives.
fn lower(db: &mut Db, changes: &[(&CubeKey, Counts)]) -> Result<()> {
    let change = Statement::new("WITH change (").names(CubeKey::columns(), ["of_", "", ", "]);
    let change = change.sql(", more_received, more_closed, more_days, more_settled) AS (").rows(changes, bind_change);
    let lowered = change.sql(
        ") UPDATE cube SET received = received + more_received, closed = closed + more_closed, days = days + more_days, \
         settled = settled + more_settled FROM change WHERE ",
    );
    let lowered = CubeKey::columns().into_iter().enumerate().fold(lowered, |lowered, (index, name)| {
        lowered.sql(if index == 0 { "" } else { " AND " }).sql(name).sql(" = of_").sql(name)
    });
    let remains: Vec<Remains> = lowered.sql(" RETURNING received + closed + days AS remains").load(db)?;
    if remains.len() != changes.len() {
        return Err(Error::Internal("the cube lacks a cell that a record stands in".into()));
    }
    match remains.iter().any(|cell| cell.remains == 0) {
        true => remove_empty(db, changes),
        false => Ok(()),
    }
}

/// Removes those of the changed cells in which nothing is left.
fn remove_empty(db: &mut Db, changes: &[(&CubeKey, Counts)]) -> Result<()> {
    let empty = Statement::new("DELETE FROM cube WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (");
    let emptied = key_columns::<CubeKey>(empty).sql(") IN (").rows(changes, |values, (key, _)| key.bind(values));
    emptied.sql(")").execute(db)?;
    Ok(())
}

/// A cell that was asked for, and its counts as they are stored.
#[derive(QueryableByName)]
struct HeldCell {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    counts: String,
}

/// The columns that cells are asked for by, and the join with those that are there.
static ASKED: LazyLock<String> =
    LazyLock::new(|| OwnCell::columns().into_iter().map(|name| format!("of_{name}")).collect::<Vec<_>>().join(", "));
static THERE: LazyLock<String> = LazyLock::new(|| {
    let same =
        OwnCell::columns().into_iter().map(|name| format!("{name} = of_{name}")).collect::<Vec<_>>().join(" AND ");
    format!("SELECT place, counts FROM asked JOIN own_cells ON {same}")
});
static ASKED_OF_SERVER: LazyLock<String> =
    LazyLock::new(|| format!(") WITH ORDINALITY AS asked ({}, place)) {}", *ASKED, *THERE));

/// The counts of cells of the authority's own as they are stored, by the place of the cell; none of those that are not there.
pub(super) fn held_cells(db: &mut Db, cells: &[&OwnCell]) -> Result<BTreeMap<usize, String>> {
    let held: Vec<HeldCell> = match db.server() {
        Some(server) => {
            let asked = ["WITH asked AS (", "SELECT * FROM ", "unnest("];
            OwnCell::bind_columns(cells, ColumnArrays::new(asked, [&ASKED_OF_SERVER, ""])).load(server)?
        }
        None => {
            let places: Vec<(i64, &&OwnCell)> = (1..).zip(cells).collect();
            let asked = Statement::new("WITH asked (place, ").sql(&ASKED).sql(") AS (");
            let asked = asked.rows(&places, |values, (place, cell)| cell.bind(values.bind::<BigInt, _>(*place)));
            asked.sql(") ").sql(&THERE).load(db)?
        }
    };
    Ok(held.into_iter().map(|cell| (cell.place as usize - 1, cell.counts)).collect())
}

/// The table with its columns, and the counts in the place of those that are there.
static OWN_CELLS: LazyLock<String> = LazyLock::new(|| format!("own_cells ({}, counts)", OwnCell::columns().join(", ")));
static PUT: LazyLock<String> = LazyLock::new(|| {
    format!(" ON CONFLICT ({}) DO UPDATE SET counts = excluded.counts", OwnCell::columns().join(", "))
});

fn bind_cell<'f>(values: Values<'f>, (cell, counts): &'f (&OwnCell, &str)) -> Values<'f> {
    cell.bind(values).bind::<Text, _>(*counts)
}

/// Puts counts in the place of those that cells have.
pub(super) fn put_cells(db: &mut Db, cells: &[(&OwnCell, &str)]) -> Result<()> {
    let mut batch = InsertBatch::default();
    insert_columns(db, &mut batch, (&OWN_CELLS, &PUT), cells, bind_cell, |columns, cells| {
        let columns = OwnCell::bind_columns(&cells.iter().map(|(cell, _)| *cell).collect::<Vec<_>>(), columns);
        columns.bind::<Text, _>(cells.iter().map(|(_, counts)| *counts))
    })?;
    batch.send(db)
}

/// Removes cells of the authority's own.
pub(super) fn remove_cells(db: &mut Db, cells: &[&OwnCell]) -> Result<()> {
    let removed = key_columns::<OwnCell>(Statement::new("DELETE FROM own_cells WHERE ("));
    removed.sql(") IN (").rows(cells, |values, cell| cell.bind(values)).sql(")").execute(db)?;
    Ok(())
}

/// The table of what records say of the authority's own, and the addition to a row that is there.
const HELD: &str = "own_held (register, name, value, records)";
const MORE_HELD: &str =
    " ON CONFLICT (register, name, value) DO UPDATE SET records = own_held.records + excluded.records";

fn bind_held<'f>(values: Values<'f>, ((register, name, value), records): &'f (&HeldOwnKey, i64)) -> Values<'f> {
    let values = values.bind::<Text, _>(register.as_str()).bind::<Text, _>(name.as_str());
    values.bind::<Text, _>(value.as_str()).bind::<BigInt, _>(*records)
}

/// Adds to how many records say what; a number has the value `""`.
pub(super) fn add_held(db: &mut Db, changes: &[(&HeldOwnKey, i64)]) -> Result<()> {
    let mut batch = InsertBatch::default();
    insert_columns(db, &mut batch, (HELD, MORE_HELD), changes, bind_held, |columns, changes| {
        let columns = columns.bind::<Text, _>(changes.iter().map(|&((register, ..), _)| register.as_str()));
        let columns = columns.bind::<Text, _>(changes.iter().map(|&((_, name, _), _)| name.as_str()));
        let columns = columns.bind::<Text, _>(changes.iter().map(|&((.., value), _)| value.as_str()));
        columns.bind::<BigInt, _>(changes.iter().map(|(_, records)| *records))
    })?;
    batch.send(db)
}

impl OwnSet {
    /// Goes on with the values of the record `one`, as they stand in a cell.
    pub(super) fn of_record(&self, dialect: &dyn Dialect, rows: Statement<'static>) -> Statement<'static> {
        let value = |rows: Statement<'static>, (index, name): (usize, &String)| {
            let rows = rows.sql(if index == 0 { "coalesce(" } else { " || ',' || coalesce(" });
            rows.append(value_of(dialect, "one.details", name)).sql(", '')")
        };
        match self.dimensions.is_empty() {
            true => rows.sql("''"),
            false => self.dimensions.iter().enumerate().fold(rows, value),
        }
    }

    /// Goes on with its cells of some years, as a table of rows like those of the cube with the values in `own`.
    fn cells(
        &self,
        rows: Statement<'static>,
        dialect: &dyn Dialect,
        years: &RangeInclusive<i32>,
    ) -> Statement<'static> {
        let rows = key_columns::<OwnCell>(rows.sql("(SELECT ")).sql(", cell.key AS own");
        let rows = MORE.into_iter().zip(["0", "1", "2", "3"]).fold(rows, |rows, (count, place)| {
            rows.sql(", ").append(dialect.json_integer("cell.value", place)).sql(" AS ").sql(count)
        });
        let rows = rows.sql(" FROM own_cells, ").append(dialect.json_members("counts", &self.key(), "cell"));
        within(rows.sql(" WHERE true"), Resolution::Months, years).sql(") AS of_set")
    }

    /// The cells of some years as a table like the cube, with the new records beside them, and, `with_absent`, the records that
    /// have no value in any of the dimensions: they are all that the cube has, less all that stand in these rows.
    pub(super) fn table(
        &self,
        dialect: &dyn Dialect,
        resolution: Resolution,
        years: &RangeInclusive<i32>,
        with_absent: bool,
    ) -> Statement<'static> {
        let of_set = |rows: Statement<'static>, of: &OwnSet, own: Option<String>, sign: [&'static str; 4]| {
            let period = if resolution == Resolution::Years { "period / 100" } else { "period" };
            let rows = of.cells(columns(rows, period, own.clone(), sign).sql(" FROM "), dialect, years);
            let rows = columns(rows.sql(" UNION ALL "), "period", own, sign).sql(" FROM (");
            let new = RecordRows { years, resolution, own: of, by_organisation: false, new_only: true };
            new.rows(rows, dialect, &[Occasion::Received, Occasion::Closed]).sql(") AS of_new")
        };
        let rows = of_set(Statement::new("("), self, None, MORE);
        if !with_absent || self.dimensions.is_empty() {
            return rows.sql(") AS counted");
        }
        let rows = match self.number.as_str() {
            "" => {
                let rows = columns(rows.sql(" UNION ALL "), "period", Some(self.absent()), MORE);
                within(rows.sql(" FROM cube WHERE true"), resolution, years)
            }
            number => of_set(rows.sql(" UNION ALL "), &OwnSet::of([], Some(number)), Some(self.absent()), MORE),
        };
        of_set(rows.sql(" UNION ALL "), self, Some(self.absent()), LESS).sql(") AS counted")
    }
}

/// The columns of counts that are added, and those that are taken away.
const MORE: [&str; 4] = ["received", "closed", "days", "settled"];
const LESS: [&str; 4] = ["-received", "-closed", "-days", "-settled"];

/// Goes on with the columns of the cube, with these values of the authority's own, or those of the cell.
fn columns(
    rows: Statement<'static>,
    period: &'static str,
    own: Option<String>,
    counts: [&'static str; 4],
) -> Statement<'static> {
    let rows =
        Dimension::ALL.into_iter().fold(rows.sql("SELECT ").sql(period).sql(" AS period, "), |rows, dimension| {
            let rows = if is_lasting(dimension) { rows } else { rows.sql("'' AS ") };
            rows.sql(dimension.name()).sql(", ")
        });
    let rows = match own {
        Some(own) => rows.sql("CAST(").bind::<Text, _>(own).sql(" AS TEXT) AS own"),
        None => rows.sql("own"),
    };
    MORE.into_iter().zip(counts).fold(rows, |rows, (name, count)| rows.sql(", ").sql(count).sql(" AS ").sql(name))
}

/// Goes on with the condition that a period lies in some years.
fn within(rows: Statement<'static>, resolution: Resolution, years: &RangeInclusive<i32>) -> Statement<'static> {
    let (first, last) = resolution.periods(years);
    rows.sql(" AND period BETWEEN ").bind::<Integer, _>(first).sql(" AND ").bind::<Integer, _>(last)
}

/// The value that stands for the public bodies that records name and no register has: their names may be those of
/// persons.
pub const NOT_IN_REGISTER: &str = "NOT_IN_REGISTER";

/// The occasion in a record that makes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It was received.
    Received,
    /// It was closed.
    Closed,
}

impl Occasion {
    fn day(self) -> &'static str {
        match self {
            Occasion::Received => "one.received_on",
            Occasion::Closed => "one.closed_on",
        }
    }

    /// Goes on with the columns of counts; of sums, where a number is summed.
    fn counts(self, rows: Statement<'static>, dialect: &dyn Dialect, number: &str) -> Statement<'static> {
        let amount = || match number {
            "" => Statement::new("1"),
            name => Statement::new("coalesce(").append(number_of(dialect, "one.details", name)).sql(", 0)"),
        };
        if self == Occasion::Received {
            let rows = rows.append(amount()).sql(" AS received, 0 AS closed, ");
            let rows = match number {
                "" => rows.sql("0"),
                name => rows
                    .sql("CASE WHEN ")
                    .append(number_of(dialect, "one.details", name))
                    .sql(" IS NULL THEN 0 ELSE 1 END"),
            };
            let rows = rows.sql(" AS days, CASE WHEN ");
            let rows = rows.append(dialect.year("one.closed_on")).sql(" = ").append(dialect.year("one.received_on"));
            return rows.sql(" THEN ").append(amount()).sql(" ELSE 0 END AS settled");
        }
        let days = match number {
            "" => dialect.days_between("one.received_on", Statement::new("one.closed_on")),
            _ => Statement::new("0"),
        };
        rows.sql("0 AS received, ").append(amount()).sql(" AS closed, ").append(days).sql(" AS days, 0 AS settled")
    }
}

/// The rows, for these occasions.
pub(super) struct RecordRows<'r> {
    /// The years.
    pub years: &'r RangeInclusive<i32>,
    /// The length of the periods.
    pub resolution: Resolution,
    /// The dimensions of the authority's own, and the number that is summed.
    pub own: &'r OwnSet,
    /// True if the public body is among the columns.
    pub by_organisation: bool,
    /// True for the new records only, whose own values are not entered yet.
    pub new_only: bool,
}

impl RecordRows<'_> {
    /// The rows as a table.
    pub(super) fn table(&self, dialect: &dyn Dialect, occasions: &[Occasion]) -> Statement<'static> {
        self.rows(Statement::new("("), dialect, occasions).sql(") AS counted")
    }

    /// Goes on with the rows.
    fn rows(&self, rows: Statement<'static>, dialect: &dyn Dialect, occasions: &[Occasion]) -> Statement<'static> {
        occasions.iter().enumerate().fold(rows, |rows, (index, occasion)| {
            self.of(rows.sql(if index == 0 { "" } else { " UNION ALL " }), dialect, *occasion)
        })
    }

    fn of(&self, rows: Statement<'static>, dialect: &dyn Dialect, occasion: Occasion) -> Statement<'static> {
        let day = occasion.day();
        let rows = match self.resolution {
            Resolution::Years => rows.sql("SELECT CAST(").append(dialect.year(day)),
            Resolution::Months => rows.sql("SELECT CAST(").append(dialect.month(day)),
        };
        let rows = Dimension::ALL.into_iter().fold(rows.sql(" AS INTEGER) AS period"), |rows, dimension| {
            let [before, behind] = if dimension.can_be_absent() { ["coalesce(one.", ", '')"] } else { ["one.", ""] };
            rows.sql(", ").sql(before).sql(dimension.name()).sql(behind).sql(" AS ").sql(dimension.name())
        });
        let rows = self.own.of_record(dialect, rows.sql(", ")).sql(" AS own, ");
        let rows = match self.by_organisation {
            true => rows
                .sql("CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, '")
                .sql(NOT_IN_REGISTER)
                .sql("') END AS organisation, "),
            false => rows,
        };
        let rows = occasion.counts(rows, dialect, &self.own.number);
        let rows = rows.sql(if self.new_only { " FROM own_new_records AS one" } else { " FROM records AS one" });
        let rows = match self.by_organisation {
            true => rows
                .sql(" LEFT JOIN record_links ON record_links.source = one.id AND record_links.property = '")
                .sql(ORGANISATION)
                .sql("' LEFT JOIN records AS body ON body.id = record_links.target"),
            false => rows,
        };
        let rows = rows.sql(" WHERE ").sql(day);
        let first = NaiveDate::from_ymd_opt(*self.years.start(), 1, 1).unwrap_or_default();
        let last = NaiveDate::from_ymd_opt(*self.years.end(), 12, 31).unwrap_or_default();
        rows.sql(" BETWEEN ").bind::<Date, _>(first).sql(" AND ").bind::<Date, _>(last)
    }
}

/// Rows that look like those of the cube.
pub(super) struct SumSource {
    /// The table.
    pub rows: Statement<'static>,
    /// True if the public body is among its columns.
    pub by_organisation: bool,
    /// True if values of the authority's own are.
    pub has_own: bool,
}

/// Sums over rows of some periods, by these dimensions, of the rows that have one of the values chosen in some. Dimensions are those
/// of the software.
pub(super) fn sums_of<'s>(
    source: SumSource,
    (resolution, years): (Resolution, &RangeInclusive<i32>),
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
) -> Statement<'s> {
    let (own_column, own_group) = if source.has_own { ("own, ", ", own") } else { ("'' AS own, ", "") };
    let (organisation, group) = match source.by_organisation {
        true => ("organisation", ", organisation"),
        false => ("CAST(NULL AS TEXT)", ""),
    };
    let select = Dimension::ALL.into_iter().fold(Statement::new("SELECT period, "), |select, dimension| {
        let select = if by.contains(&dimension) { select } else { select.sql("'' AS ") };
        select.sql(dimension.name()).sql(", ")
    });
    let select = select.sql(own_column).sql(organisation).sql(
        " AS organisation, CAST(SUM(received) AS BIGINT) AS received, CAST(SUM(closed) AS BIGINT) AS closed, \
         CAST(SUM(days) AS BIGINT) AS days, CAST(SUM(settled) AS BIGINT) AS settled FROM ",
    );
    let (first, last) = resolution.periods(years);
    let select = select.append(source.rows).sql(" WHERE period BETWEEN ");
    let select = select.bind::<Integer, _>(first).sql(" AND ").bind::<Integer, _>(last);
    let select = choice.iter().fold(select, |select, (dimension, values)| {
        select.sql(" AND ").sql(dimension.name()).sql(" IN ").texts(values.iter().map(as_counted))
    });
    let names = || by.iter().map(|dimension| dimension.name());
    let select = select.sql(" GROUP BY period").names(names(), [", ", "", ""]).sql(own_group).sql(group);
    select.sql(" ORDER BY period").names(names(), [", ", "", ""]).sql(own_group).sql(group)
}

/// All cells of the authority's own.
pub(super) fn all_own_cells() -> Statement<'static> {
    let cells = Dimension::ALL.into_iter().fold(Statement::new("SELECT period, "), |cells, dimension| {
        let cells = if is_lasting(dimension) { cells } else { cells.sql("'' AS ") };
        cells.sql(dimension.name()).sql(", ")
    });
    cells.sql("counts FROM own_cells")
}

/// The values that the years of the cube have in dimensions: the register, the place of the dimension, and the value.
pub(super) fn values_in_years(dimensions: &[Dimension]) -> Statement<'static, (Text, BigInt, Text)> {
    let one = |values: Statement<'static>, (place, dimension): (usize, &Dimension)| {
        let values = values.sql(if place == 0 { "" } else { " UNION ALL " }).sql("SELECT DISTINCT register, CAST(");
        let values = values.bind::<BigInt, _>(place as i64).sql(" AS BIGINT) AS place, ").sql(dimension.name());
        let values = values.sql(" AS value FROM cube WHERE period BETWEEN 0 AND 9999 AND ");
        values.sql(dimension.name()).sql(" <> ''")
    };
    dimensions.iter().enumerate().fold(Statement::new(""), one).giving()
}

/// The rows of the cube itself.
pub(super) fn cube_rows() -> Statement<'static> {
    Statement::new("cube")
}
