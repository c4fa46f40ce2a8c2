//! Rows like those of the cube, one for each record that was received in some years, or closed in them: for what the cube
//! does not keep together. They cost as much as there are records of the years.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use diesel::sql_types::{Date, Text};

use super::own_cells::OwnSet;
use super::periods::Resolution;
use crate::db::{Dialect, Statement};
use crate::registers::{Dimension, ORGANISATION};

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
            name => Statement::new("coalesce((SELECT number FROM own_values WHERE record_id = one.id AND name = ")
                .bind::<Text, _>(name.to_owned())
                .sql("), 0)"),
        };
        if self == Occasion::Received {
            let rows = rows.append(amount()).sql(" AS received, 0 AS closed, 0 AS days, CASE WHEN ");
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
}

impl RecordRows<'_> {
    /// The rows as a table.
    pub(super) fn table(&self, dialect: &dyn Dialect, occasions: &[Occasion]) -> Statement<'static> {
        let rows = occasions.iter().enumerate().fold(Statement::new("("), |rows, (index, occasion)| {
            self.of(rows.sql(if index == 0 { "" } else { " UNION ALL " }), dialect, *occasion)
        });
        rows.sql(") AS counted")
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
        let rows = self.own.of_record(rows.sql(", ")).sql(" AS own, ");
        let rows = match self.by_organisation {
            true => rows
                .sql("CASE WHEN one.organisation IS NULL THEN NULL ELSE coalesce(body.title, '")
                .sql(NOT_IN_REGISTER)
                .sql("') END AS organisation, "),
            false => rows,
        };
        let rows = occasion.counts(rows, dialect, &self.own.number).sql(" FROM records AS one");
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
