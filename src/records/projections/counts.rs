//! The counts of a cell, and the key under which they stand.

use diesel::sql_types::{Integer, Text};
use serde::{Deserialize, Serialize};

use super::periods::is_lasting;
use crate::db::{ColumnArrays, Values};
use crate::registers::Dimension;

/// The counts of a cell. Where a number is summed they are its sums, in ten-thousandths. In JSON they are a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 4]", into = "[i64; 4]")]
pub struct Counts {
    /// Records received in the period.
    pub received: i64,
    /// Records closed in the period.
    pub closed: i64,
    /// Days from received to closed, summed over the records closed in the period; where a number is summed, how many of the records
    /// received in the period have it.
    pub days: i64,
    /// Records received in the period and closed by the end of that year.
    pub settled: i64,
}

impl From<[i64; 4]> for Counts {
    fn from([received, closed, days, settled]: [i64; 4]) -> Counts {
        Counts { received, closed, days, settled }
    }
}

impl From<Counts> for [i64; 4] {
    fn from(Counts { received, closed, days, settled }: Counts) -> [i64; 4] {
        [received, closed, days, settled]
    }
}

impl Counts {
    /// True if no count is below 0.
    pub(super) fn only_rises(&self) -> bool {
        [self.received, self.closed, self.days, self.settled].iter().all(|count| *count >= 0)
    }

    /// Adds other counts, or takes them away with the sign -1.
    pub fn add(&mut self, other: Counts, sign: i64) {
        let sum = |one: i64, other: i64| one.saturating_add(sign.saturating_mul(other));
        self.received = sum(self.received, other.received);
        self.closed = sum(self.closed, other.closed);
        self.days = sum(self.days, other.days);
        self.settled = sum(self.settled, other.settled);
    }

    /// The sums of a number that each of the records counted has.
    pub fn times(self, number: i64) -> Counts {
        let times = |count: i64| count.saturating_mul(number);
        let (received, closed, settled) = (times(self.received), times(self.closed), times(self.settled));
        Counts { received, closed, days: self.received, settled }
    }
}

/// The key of a cell in a table.
pub(super) trait CellKey: Ord {
    /// The columns of the key.
    fn columns() -> Vec<&'static str>;

    /// Goes on with the values in these columns.
    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f>;

    /// Goes on with these columns of several keys.
    fn bind_columns<'f>(keys: &[&'f Self], columns: ColumnArrays<'f>) -> ColumnArrays<'f>;
}

/// The key of a count: the period and the values in the order of [`Dimension::ALL`], `""` for an absent one.
pub type CubeKey = (i32, [String; Dimension::COUNT]);

impl CellKey for CubeKey {
    fn columns() -> Vec<&'static str> {
        std::iter::once("period").chain(Dimension::ALL.map(Dimension::name)).collect()
    }

    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f> {
        let values = values.bind::<Integer, _>(self.0);
        self.1.iter().fold(values, |values, name| values.bind::<Text, _>(name.as_str()))
    }

    fn bind_columns<'f>(keys: &[&'f Self], columns: ColumnArrays<'f>) -> ColumnArrays<'f> {
        let columns = columns.bind::<Integer, _>(keys.iter().map(|key| key.0));
        (0..Dimension::COUNT).fold(columns, |columns, dimension| {
            columns.bind::<Text, _>(keys.iter().map(|&key| key.1[dimension].as_str()))
        })
    }
}

/// A cell: a month, and the values in the software's dimensions, `""` for those that it does not tell apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnCell(pub CubeKey);

impl OwnCell {
    /// The cell that a record stands in which stands in this one of the cube.
    pub(super) fn of((period, values): &CubeKey) -> OwnCell {
        let mut values = values.clone();
        for (dimension, value) in Dimension::ALL.into_iter().zip(&mut values) {
            if !is_lasting(dimension) {
                value.clear();
            }
        }
        OwnCell((*period, values))
    }

    /// The register.
    pub(super) fn register(&self) -> &str {
        let mut of_cell = Dimension::ALL.into_iter().zip(&self.0.1);
        of_cell.find(|(dimension, _)| *dimension == Dimension::Register).map_or("", |(_, value)| value)
    }
}

/// The dimensions of the software that the cells have.
fn lasting() -> impl Iterator<Item = Dimension> {
    Dimension::ALL.into_iter().filter(|dimension| is_lasting(*dimension))
}

impl CellKey for OwnCell {
    fn columns() -> Vec<&'static str> {
        std::iter::once("period").chain(lasting().map(Dimension::name)).collect()
    }

    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f> {
        let OwnCell((period, of_cell)) = self;
        let lasting = Dimension::ALL.into_iter().zip(of_cell).filter(|(dimension, _)| is_lasting(*dimension));
        let values = values.bind::<Integer, _>(*period);
        lasting.fold(values, |values, (_, value)| values.bind::<Text, _>(value.as_str()))
    }

    fn bind_columns<'f>(cells: &[&'f Self], columns: ColumnArrays<'f>) -> ColumnArrays<'f> {
        let columns = columns.bind::<Integer, _>(cells.iter().map(|cell| cell.0.0));
        let lasting = Dimension::ALL.into_iter().enumerate().filter(|(_, dimension)| is_lasting(*dimension));
        lasting.fold(columns, |columns, (place, _)| {
            columns.bind::<Text, _>(cells.iter().map(|&cell| cell.0.1[place].as_str()))
        })
    }
}
