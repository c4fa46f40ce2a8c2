//! Tables of cells: counts under a key, raised and lowered by many changes in one statement.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::db::{Db, Statement, Values, statements};
use crate::error::{Error, Result};
use crate::registers::Dimension;

/// The counts of a cell. Where a number is summed they are its sums, in ten-thousandths.
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
        let sum = |one: i64, other: i64| one.saturating_add(sign.saturating_mul(other));
        self.received = sum(self.received, other.received);
        self.closed = sum(self.closed, other.closed);
        self.days = sum(self.days, other.days);
        self.settled = sum(self.settled, other.settled);
    }

    /// The sums of a number that each of the records counted has. Days are none of them.
    pub fn times(self, number: i64) -> Counts {
        let times = |count: i64| count.saturating_mul(number);
        Counts { received: times(self.received), closed: times(self.closed), days: 0, settled: times(self.settled) }
    }
}

/// The key of a cell in a table.
pub(super) trait CellKey: Ord {
    /// The table.
    const TABLE: &'static str;

    /// The columns of the key.
    fn columns() -> Vec<&'static str>;

    /// Goes on with the values in these columns.
    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f>;
}

/// The key of a count: the period and the values in the order of [`Dimension::ALL`], `""` for an absent one.
pub type CubeKey = (i32, [String; Dimension::COUNT]);

impl CellKey for CubeKey {
    const TABLE: &'static str = "cube";

    fn columns() -> Vec<&'static str> {
        std::iter::once("period").chain(Dimension::ALL.map(Dimension::name)).collect()
    }

    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f> {
        let values = values.bind::<Integer, _>(self.0);
        self.1.iter().fold(values, |values, name| values.bind::<Text, _>(name.as_str()))
    }
}

/// Changes cells of counts, of which none can fall below 0.
pub(super) fn change<K: CellKey>(db: &mut Db, mut changes: BTreeMap<&K, Counts>) -> Result<()> {
    changes.retain(|_, counts| *counts != Counts::default());
    let (rising, falling): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, change)| change.only_rises());
    statements(&falling).try_for_each(|falling| lower(db, falling))?;
    statements(&rising).try_for_each(|rising| raise(db, rising))
}

/// Changes cells of sums, which can be of any size; one in which nothing is left goes.
pub(super) fn change_sums<K: CellKey>(db: &mut Db, mut changes: BTreeMap<&K, Counts>) -> Result<()> {
    changes.retain(|_, sums| *sums != Counts::default());
    let changes: Vec<(&K, Counts)> = changes.into_iter().collect();
    statements(&changes).try_for_each(|changes| {
        raise(db, changes)?;
        remove_empty(db, changes)
    })
}

/// Goes on with the columns of the key.
fn key_columns<K: CellKey>(statement: Statement<'_>) -> Statement<'_> {
    statement.names(K::columns(), ["", "", ", "])
}

fn bind_change<'f, K: CellKey>(values: Values<'f>, (key, change): &'f (&K, Counts)) -> Values<'f> {
    let values = key.bind(values).bind::<BigInt, _>(change.received).bind::<BigInt, _>(change.closed);
    values.bind::<BigInt, _>(change.days).bind::<BigInt, _>(change.settled)
}

/// Adds to cells in one statement; those that are not there yet are made.
fn raise<K: CellKey>(db: &mut Db, changes: &[(&K, Counts)]) -> Result<()> {
    let statement = key_columns::<K>(Statement::new("INSERT INTO ").sql(K::TABLE).sql(" ("));
    let statement = statement.sql(", received, closed, days, settled)").rows(changes, bind_change);
    let statement = key_columns::<K>(statement.sql(" ON CONFLICT (")).sql(") DO UPDATE SET ");
    let sums = ["received", "closed", "days", "settled"].into_iter().enumerate();
    let statement = sums.fold(statement, |statement, (index, sum)| {
        let statement = statement.sql(if index == 0 { "" } else { ", " }).sql(sum).sql(" = ");
        statement.sql(K::TABLE).sql(".").sql(sum).sql(" + excluded.").sql(sum)
    });
    statement.execute(db)?;
    Ok(())
}

/// The sum of what is left in a cell: records received, records closed and days; 0 if nothing is left.
#[derive(QueryableByName)]
struct Remains {
    #[diesel(sql_type = BigInt)]
    remains: i64,
}

/// Changes cells that are there, in one statement, and removes those in which nothing is left, so that the table is what
/// a recount gives.
fn lower<K: CellKey>(db: &mut Db, changes: &[(&K, Counts)]) -> Result<()> {
    let change = Statement::new("WITH change (").names(K::columns(), ["of_", "", ", "]);
    let change = change.sql(", more_received, more_closed, more_days, more_settled) AS (").rows(changes, bind_change);
    let lowered = change.sql(") UPDATE ").sql(K::TABLE).sql(
        " SET received = received + more_received, closed = closed + more_closed, days = days + more_days, \
         settled = settled + more_settled FROM change WHERE ",
    );
    let lowered = K::columns().into_iter().enumerate().fold(lowered, |lowered, (index, name)| {
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
fn remove_empty<K: CellKey>(db: &mut Db, changes: &[(&K, Counts)]) -> Result<()> {
    let empty = Statement::new("DELETE FROM ").sql(K::TABLE);
    let empty = empty.sql(" WHERE received = 0 AND closed = 0 AND days = 0 AND settled = 0 AND (");
    let emptied = key_columns::<K>(empty).sql(") IN (").rows(changes, |values, (key, _)| key.bind(values));
    emptied.sql(")").execute(db)?;
    Ok(())
}
