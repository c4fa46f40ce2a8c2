//! Work and staff: new cases and what is pending, for each full position.

use super::backlog::Pending;
use super::layout::Layout;
use super::provisional;
use super::repository::{self, FiguresKind};
use super::status::FigureStatus;
use super::table::{Basis, Table};
use crate::db::Db;
use crate::decimal::{Decimal, round_half_even};
use crate::error::Result;
use crate::formats::{Cell, Sheet};
use crate::messages::Lang;
use chrono::NaiveDate;

/// The staff of a year, and its work.
#[derive(Clone, Debug, PartialEq)]
pub struct StaffYear {
    /// The year.
    pub year: i32,
    /// Positions in percent.
    pub percent: Option<i64>,
    /// New cases.
    pub new: Option<i64>,
    /// Pending at the end of the year, or today where it is not over.
    pub pending: Option<i64>,
    /// The day whose state the figures are, where they are provisional.
    pub as_of: Option<NaiveDate>,
    /// The state of the number of new cases, where a line counts them.
    pub status: Option<FigureStatus>,
}

impl StaffYear {
    /// New cases for each full position, to one decimal.
    pub fn new_per_position(&self) -> Option<f64> {
        per_position(self.new, self.percent)
    }

    /// Pending for each full position, to one decimal.
    pub fn pending_per_position(&self) -> Option<f64> {
        per_position(self.pending, self.percent)
    }
}

fn per_position(number: Option<i64>, percent: Option<i64>) -> Option<f64> {
    Some(round_half_even(1000 * i128::from(number?), percent?.into()) as f64 / 10.0)
}

/// The staff of the years of the table in which a line of the layout counts the new cases. What is pending is known by calendar
/// years: years of other tables have none.
pub fn staff_years(db: &mut Db, table: &Table, layout: &Layout, pending: &[Pending]) -> Result<Vec<StaffYear>> {
    let is_calendar = layout.main_table().is_none_or(|main| main.period.is_calendar());
    let pending = if is_calendar { pending } else { &[] };
    let staff = repository::year_figures(db, FiguresKind::Staffing, &(table.from..=table.to))?;
    // Media requests and events are no matters that stay pending.
    let open = |year: i32| {
        let rows =
            pending.iter().filter(|row| row.period == year && !["media-requests", "events"].contains(&row.register));
        rows.map(|row| row.closing()).sum::<i64>()
    };
    let total = layout.total.as_ref().and_then(|total| table.line(total));
    let of_year = |(index, year): (usize, &i32)| {
        let percent = staff.get(year).and_then(|figures| figures["positions_percent"].as_i64());
        let live = total.is_some_and(|line| line.basis[index] == Basis::Live);
        // There is nothing pending of a year that has not begun.
        let rows = pending.iter().find(|row| row.period == *year);
        StaffYear {
            year: *year,
            percent,
            new: total.and_then(|line| line.values[index]).map(Decimal::round),
            pending: rows.filter(|_| live || open(*year) > 0).map(|_| open(*year)),
            as_of: rows.and_then(|row| row.as_of).or(table.as_of(*year)),
            status: total.map(|line| table.status(line, index)),
        }
    };
    Ok(table.years.iter().enumerate().map(of_year).collect())
}

/// The columns of its sheet.
pub(crate) const COLUMNS: [&str; 7] =
    ["year", "positions_percent", "new_cases", "pending", "new_cases_per_position", "pending_per_position", "status"];

pub(crate) fn staff_sheet(rows: &[StaffYear], lang: Lang) -> Sheet {
    let row = |row: &StaffYear| -> Vec<Cell> {
        let counts = [row.percent, row.new, row.pending].map(Cell::from);
        let shares = [row.new_per_position(), row.pending_per_position()].map(Cell::from);
        let status = row.status.map_or(Cell::Empty, |status| status.name().into());
        std::iter::once(Cell::Number(row.year.into())).chain(counts).chain(shares).chain([status]).collect()
    };
    Sheet {
        name: "staffing".into(),
        header: COLUMNS.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: rows.iter().filter_map(|row| Some(provisional::note(lang, row.year, row.as_of?))).collect(),
        keys: 1,
        attributes: 1,
        ..Sheet::default()
    }
}
