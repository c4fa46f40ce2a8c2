//! The cube: how many records were received and closed, by period and dimension, kept current with every write.
//!
//! Every count is a sum over a few of its rows, so that it costs the same however large the register is. Each record
//! stands in it four times: in the year and the month received, and in the year and the month closed. A period is a
//! year (2017) or a month (201703). The rows of years leave status and responsible out, which keeps them few; who
//! asks for these asks the months.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::Datelike;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

pub use super::cell_sql::NOT_IN_REGISTER;
use super::cell_sql::{Occasion, RecordRows, SumSource, change, cube_rows, sums_of, values_in_years};
pub use super::counts::{Counts, CubeKey, OwnCell};
use super::own_cells::{self, OwnCells, OwnSaid};
use super::own_held::HeldOwn;
use super::own_set::OwnSet;
pub use super::periods::Resolution;
use super::periods::is_lasting;
use crate::db::schema::{cube, records};
use crate::db::{Db, DeferredRow, InsertBatch, Statement, WriteTransaction, cached};
use crate::error::Result;
use crate::records::own_values::NewOwnValues;
use crate::records::row::{RecordRow, StoredRecord};
use crate::records::said::Said;
use crate::registers::vocabulary::OWN;
use crate::registers::{self, ABSENT, Dimension, Register, Selection, Vocabulary, dimensions};

/// The number of records that are looked at together when all are counted anew.
const PAGE: i64 = 10_000;

/// Returns the counts that a record adds to the cube, with their keys.
fn contributions(record: &RecordRow) -> Vec<(CubeKey, Counts)> {
    [Resolution::Years, Resolution::Months].into_iter().flat_map(|resolution| of_periods(record, resolution)).collect()
}

/// The same for periods of one length.
fn of_periods(record: &RecordRow, resolution: Resolution) -> Vec<(CubeKey, Counts)> {
    let mut out = Vec::with_capacity(2);
    let values = Dimension::ALL.map(|dimension| match resolution {
        Resolution::Years if !is_lasting(dimension) => String::new(),
        _ => record.dimension(dimension).into_owned(),
    });
    if let Some(closed) = record.closed_on {
        let days = (closed - record.received_on).num_days();
        out.push(((resolution.period(closed), values.clone()), Counts { closed: 1, days, ..Counts::default() }));
    }
    let settled = record.closed_on.is_some_and(|closed| closed.year() == record.received_on.year());
    let counts = Counts { received: 1, settled: settled.into(), ..Counts::default() };
    out.push(((resolution.period(record.received_on), values), counts));
    out
}

/// Counts to be added to a cell, or taken away from it.
struct CubeChange {
    key: CubeKey,
    counts: Counts,
    sign: i64,
}

/// A record as it is counted: its row and what it says beside that.
pub(super) type CubeRecord<'r> = (&'r RecordRow, Said);

/// Takes what a record was out of the cube and puts what it is now in.
pub(super) fn adjust(tx: &mut WriteTransaction, before: Option<&RecordRow>, after: Option<&RecordRow>) {
    for (row, sign) in before.map(|r| (r, -1)).into_iter().chain(after.map(|r| (r, 1))) {
        contributions(row).into_iter().for_each(|(key, counts)| tx.defer(CubeChange { key, counts, sign }));
    }
}

/// The same of what it says of its own, in the cells of that.
pub(super) fn adjust_own(tx: &mut WriteTransaction, before: Option<CubeRecord>, after: Option<CubeRecord>) {
    for ((row, said), sign) in before.map(|r| (r, -1)).into_iter().chain(after.map(|r| (r, 1))) {
        if let Some(said) = OwnSaid::of(said) {
            own_cells::adjust(tx, said, of_periods(row, Resolution::Months), sign);
        }
    }
}

impl DeferredRow for CubeChange {
    const RANK: u8 = 2;

    fn insert<'r>(db: &mut Db, batch: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        let mut changes: BTreeMap<&'r CubeKey, Counts> = BTreeMap::new();
        for CubeChange { key, counts, sign } in rows {
            changes.entry(key).or_default().add(*counts, *sign);
        }
        change(db, batch, changes)
    }
}

/// The cube as it stands.
pub fn stored(db: &mut Db) -> Result<BTreeMap<CubeKey, Counts>> {
    let all = all_registers();
    let years = count(db, &(0..=9999), Resolution::Years, &Dimension::ALL, &all)?;
    let months = count(db, &(0..=9999), Resolution::Months, &Dimension::ALL, &all)?;
    Ok(years.into_iter().chain(months).map(|row| ((row.period, row.values), row.counts)).collect())
}

/// The cells as they must be.
#[derive(Default)]
pub struct Recount {
    /// The cells of the cube.
    pub cube: BTreeMap<CubeKey, Counts>,
    /// The cells of the authority's own.
    pub own: OwnCells,
}

/// All cells, counted anew from the records; those of the authority's own as far as records are entered in them.
pub fn recount(db: &mut Db) -> Result<Recount> {
    let (kept, entered) = (own_cells::kept(db)?, own_cells::entered(db)?);
    let mut cells = Recount::default();
    each_record(db, 0, |pos, row| {
        if let Some(said) = OwnSaid::of_row(row)?.filter(|_| pos <= entered) {
            own_cells::add_all(&mut cells.own, &said, &kept, &of_periods(row, Resolution::Months), 1);
        }
        for (key, counts) in contributions(row) {
            cells.cube.entry(key).or_default().add(counts, 1);
        }
        Ok(())
    })?;
    own_cells::retain_filled(&mut cells.own);
    Ok(cells)
}

/// Counts sets from the records that are entered, of which there are no counts yet.
pub(super) fn count_sets(db: &mut Db, sets: &BTreeSet<OwnSet>) -> Result<()> {
    if sets.is_empty() {
        return Ok(());
    }
    let (mut cells, entered) = (OwnCells::new(), own_cells::entered(db)?);
    each_record(db, 0, |pos, row| {
        if let Some(said) = OwnSaid::of_row(row)?.filter(|_| pos <= entered) {
            own_cells::add(&mut cells, &said, sets.iter().cloned(), &of_periods(row, Resolution::Months), 1);
        }
        Ok(())
    })?;
    own_cells::write(db, &cells)
}

/// Counts the records behind a place in the cells of what is the authority's own, adds what they say to the values, and returns the
/// place of the last.
pub(super) fn count_new(db: &mut Db, entered: i64, values: &mut NewOwnValues) -> Result<i64> {
    let kept = own_cells::kept(db)?;
    let (mut cells, mut last) = (OwnCells::new(), entered);
    each_record(db, entered, |pos, row| {
        last = pos;
        let said = own_cells::said_by(row)?;
        values.add(&row.id, &said);
        if let Some(said) = OwnSaid::of(said) {
            own_cells::add_all(&mut cells, &said, &kept, &of_periods(row, Resolution::Months), 1);
        }
        Ok(())
    })?;
    own_cells::write(db, &cells)?;
    Ok(last)
}

/// Looks at each record behind a place, with its place.
pub(super) fn each_record(
    db: &mut Db,
    mut after: i64,
    mut work: impl FnMut(i64, &RecordRow) -> Result<()>,
) -> Result<()> {
    loop {
        let page = records::table.filter(records::pos.gt(after)).order(records::pos).limit(PAGE);
        let page: Vec<StoredRecord> = page.select(StoredRecord::as_select()).load(db)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.pos;
        page.iter().try_for_each(|record| work(record.pos, &record.row))?;
    }
}

/// A sum over rows of the cube.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// The year or month.
    pub period: i32,
    /// The values in the order of [`Dimension::ALL`]; `""` where absent or not asked for.
    pub values: [String; Dimension::COUNT],
    /// The values in the dimensions of the authority's own that were asked for; `""` where absent.
    pub own: Vec<(Dimension, String)>,
    /// The name of the public body, or [`NOT_IN_REGISTER`]; `None` where none is named or it was not asked for.
    pub organisation: Option<String>,
    /// The sums.
    pub counts: Counts,
}

impl Count {
    /// The value in a dimension; `None` where absent or not asked for.
    pub fn value(&self, dimension: Dimension) -> Option<&str> {
        let value = match Dimension::ALL.iter().position(|d| *d == dimension) {
            Some(index) => Some(&self.values[index]),
            None => self.own.iter().find(|(own, _)| *own == dimension).map(|(_, value)| value),
        };
        value.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// True if the sum lies in the selection, whose dimensions must have been asked for.
    pub fn is_in(&self, selection: &Selection) -> bool {
        selection.takes(|dimension| self.value(dimension).unwrap_or(ABSENT))
    }

    /// True if it has one of the values in each of the dimensions.
    fn is_chosen(&self, choice: &[(Dimension, Vec<String>)]) -> bool {
        let has = |(dimension, values): &(Dimension, Vec<String>)| {
            values.iter().any(|value| value == self.value(*dimension).unwrap_or(ABSENT))
        };
        choice.iter().all(has)
    }
}

macro_rules! declare_sum {
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        #[derive(QueryableByName)]
        struct Sum {
            #[diesel(sql_type = Integer)]
            period: i32,
            $(#[diesel(sql_type = Text)] $column: String,)*
            #[diesel(sql_type = Text)]
            own: String,
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

        impl Sum {
            /// The sum, with the values of these dimensions of the authority's own.
            fn of(self, own_dimensions: &[Dimension], set: &OwnSet) -> Count {
                let Sum { period, own, organisation, received, closed, days, settled, $($column),* } = self;
                let counts = Counts { received, closed, days, settled };
                let values = set.values(&own).into_iter().map(str::to_owned);
                let own = own_dimensions.iter().copied().zip(values).collect();
                Count { period, values: [$($column),*], own, organisation, counts }
            }
        }
    };
}

dimensions!(declare_sum);

/// A question to the cube. Without a choice of registers they are the ones that the statistics count. Years know no status and
/// no responsible (see [`Resolution::for_dimensions`]).
#[derive(Clone, Copy)]
pub struct CubeQuery<'q> {
    /// The years received or closed.
    pub years: &'q RangeInclusive<i32>,
    /// The periods that sums are broken down by.
    pub resolution: Resolution,
    /// The dimensions that they are broken down by.
    pub by: &'q [Dimension],
    /// Values in some dimensions.
    pub choice: &'q [(Dimension, Vec<String>)],
    /// The path of a number of the authority's own, which is summed in place of a count, in parts of a [`Decimal`].
    ///
    /// [`Decimal`]: crate::decimal::Decimal
    pub number: Option<&'q str>,
}

/// Counts of the years, by period and the dimensions named, as [`sums`].
pub fn count(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    resolution: Resolution,
    by: &[Dimension],
    choice: &[(Dimension, Vec<String>)],
) -> Result<Vec<Count>> {
    sums(db, CubeQuery { years, resolution, by, choice, number: None })
}

/// The sums that a question asks for. Dimensions and numbers of the authority's own are summed by the cells of their set, where
/// it is kept, and else by the records of the years.
pub fn sums(db: &mut Db, query: CubeQuery) -> Result<Vec<Count>> {
    let choice = of_registers(query.choice);
    let query = CubeQuery { choice: &choice, ..query };
    let own = query.own();
    if own.dimensions.is_empty() && query.number.is_none() {
        return summed(db, cube_rows(), query, &own);
    }
    // Another service, with other layouts, may take the cells of a set away between two statements.
    db.transaction(|db| {
        let rows = own_rows(db, query, &own)?;
        summed(db, rows, query, &own)
    })
}

/// Rows of the authority's own: the cells of the set, where they are kept, and else the records of the years.
fn own_rows(db: &mut Db, query: CubeQuery, own: &OwnSet) -> Result<Statement<'static>> {
    let CubeQuery { years, resolution, by, choice, .. } = query;
    let mut dimensions = by.iter().chain(choice.iter().map(|(dimension, _)| dimension));
    let is_kept = dimensions.all(|dimension| is_lasting(*dimension))
        && (own.is_always_kept() || own_cells::kept(db)?.contains(own));
    if !is_kept {
        let rows = RecordRows { years, resolution, own, by_organisation: false, new_only: false };
        return Ok(rows.table(db.dialect(), &[Occasion::Received, Occasion::Closed]));
    }
    let can_be_absent =
        choice.iter().all(|(dimension, values)| !dimension.is_own() || values.iter().any(|value| value == ABSENT));
    Ok(own.table(db.dialect(), resolution, years, can_be_absent))
}

/// The sums over these rows that a question asks for.
fn summed(db: &mut Db, rows: Statement<'static>, query: CubeQuery, own: &OwnSet) -> Result<Vec<Count>> {
    sums_over(db, SumSource { rows, by_organisation: false, has_own: !own.dimensions.is_empty() }, query, own)
}

fn sums_over(db: &mut Db, source: SumSource, query: CubeQuery, own: &OwnSet) -> Result<Vec<Count>> {
    let CubeQuery { years, resolution, by, choice, .. } = query;
    let (by_own, by): (Vec<Dimension>, Vec<Dimension>) = by.iter().partition(|dimension| dimension.is_own());
    let (chosen_own, choice): (Vec<_>, Vec<_>) = choice.iter().cloned().partition(|(dimension, _)| dimension.is_own());
    let sums: Vec<Sum> = sums_of(source, (resolution, years), &by, &choice).load(db)?;
    let dimensions = query.own_dimensions();
    let counts = sums.into_iter().map(|sum| sum.of(&dimensions, own));
    Ok(if dimensions.is_empty() { counts.collect() } else { chosen(counts, &by_own, &chosen_own) })
}

/// The same by the public body that a record is linked to. The cube does not know it, so this sums over the records themselves:
/// those received in the years, or those closed in them.
pub fn sums_by_organisation(db: &mut Db, query: CubeQuery, closed: bool) -> Result<Vec<Count>> {
    let choice = of_registers(query.choice);
    let query = CubeQuery { choice: &choice, ..query };
    let own = query.own();
    let CubeQuery { years, resolution, .. } = query;
    let rows = RecordRows { years, resolution, own: &own, by_organisation: true, new_only: false };
    let rows = rows.table(db.dialect(), &[if closed { Occasion::Closed } else { Occasion::Received }]);
    sums_over(db, SumSource { rows, by_organisation: true, has_own: !own.dimensions.is_empty() }, query, &own)
}

/// The choice of the registers of every kind.
fn all_registers() -> [(Dimension, Vec<String>); 1] {
    [(Dimension::Register, registers::ALL.iter().map(|register| register.name.to_owned()).collect())]
}

/// A choice with the registers that the statistics count, where it names none.
fn of_registers(choice: &[(Dimension, Vec<String>)]) -> Vec<(Dimension, Vec<String>)> {
    let mut all = choice.to_vec();
    if choice.iter().all(|(dimension, _)| *dimension != Dimension::Register) {
        all.push((Dimension::Register, registers::counted().map(|register| register.name.to_owned()).collect()));
    }
    all
}

impl CubeQuery<'_> {
    /// The dimensions of the authority's own that are asked for, in their order.
    fn own_dimensions(&self) -> Vec<Dimension> {
        let all = self.by.iter().chain(self.choice.iter().map(|(dimension, _)| dimension)).copied();
        all.filter(|dimension| dimension.is_own()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The set of these, and the number.
    fn own(&self) -> OwnSet {
        OwnSet::of(self.own_dimensions(), self.number.map(|path| path.strip_prefix(OWN).unwrap_or(path)))
    }
}

/// The sums that were chosen by dimensions of the authority's own, added up over those that they are not broken down by.
fn chosen(counts: impl Iterator<Item = Count>, by: &[Dimension], choice: &[(Dimension, Vec<String>)]) -> Vec<Count> {
    type Group = (i32, [String; Dimension::COUNT], Vec<(Dimension, String)>, Option<String>);
    let mut groups: BTreeMap<Group, Counts> = BTreeMap::new();
    for mut count in counts.filter(|count| count.is_chosen(choice)) {
        count.own.retain(|(dimension, _)| by.contains(dimension));
        let Count { period, values, own, organisation, counts } = count;
        groups.entry((period, values, own, organisation)).or_default().add(counts, 1);
    }
    groups.retain(|_, counts| *counts != Counts::default());
    let count = |((period, values, own, organisation), counts)| Count { period, values, own, organisation, counts };
    groups.into_iter().map(count).collect()
}

/// The values that records have in the dimensions, each with a register; those beside the cube out of what is held there.
pub fn held_values(
    db: &mut Db,
    vocabulary: &Vocabulary,
    beside: &HeldOwn,
) -> Result<Vec<(&'static Register, Dimension, String)>> {
    let lasting: Vec<Dimension> = Dimension::ALL.into_iter().filter(|dimension| is_lasting(*dimension)).collect();
    let in_years: Vec<(String, i64, String)> = values_in_years(&lasting).load(db)?;
    let held = in_years.into_iter().filter_map(|(register, place, value)| {
        Some((registers::find(&register)?, *lasting.get(place as usize)?, value))
    });
    let mut held: Vec<(&Register, Dimension, String)> = held.collect();
    for dimension in vocabulary.own_and_beside() {
        let said = beside.keys().filter(|(_, name, value)| name == dimension.own_name() && !value.is_empty());
        held.extend(said.filter_map(|(of, _, value)| Some((registers::find(of)?, dimension, value.clone()))));
    }
    held.retain(|(register, dimension, _)| vocabulary.has(register, *dimension));
    Ok(held)
}

/// The year of the first record that is counted. What was before it is not known: it is no 0.
pub fn first_year(db: &mut Db) -> Result<Option<i32>> {
    let counted: Vec<&str> = registers::counted().map(|register| register.name).collect();
    Ok(first_month(db, &counted)?.map(|month| month / 100))
}

/// The first month in which a record of these registers was received.
pub fn first_month(db: &mut Db, registers: &[&str]) -> Result<Option<i32>> {
    let received = cube::table.filter(cube::period.gt(9999)).filter(cube::received.gt(0));
    let of_registers = received.filter(cube::register.eq_any(registers.to_vec()));
    Ok(cached(of_registers.select(diesel::dsl::min(cube::period))).get_result(db)?)
}
