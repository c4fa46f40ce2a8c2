//! The cells of what is the authority's own, beside the cube: counts by its dimensions, and the sums of its numbers, by
//! month, kept current with every write. Coded properties that have no column are counted in the same way; of a list, where a record
//! can have several values, each value is a dimension. Beside a sum stands how many records have the number.
//!
//! They are kept for sets of dimensions: each dimension alone, and the sets that the lines of a layout use together, which
//! are rows of `own_sets`. A number is summed without a dimension, and by the sets that lines sum it by. A write asks the
//! database which sets there are, so that processes with different profiles never write different cells; a record that
//! has nothing of its own costs no statement and stands in no cell: what has no value is the cube less what has one.
//!
//! The growth: where the cube has c cells of months (without status and responsible), a dimension of v values adds c × v at
//! the most, five dimensions of 50 values 250 c, never c × 50^5; a pair that a layout uses adds c × 51 × 51. And a record
//! stands in two cells of a set at the most, in the month received and in that closed: n records make 2 n cells for each
//! dimension, 10 n for five, whatever their values.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::cell_sql::{all_own_cells, change, change_sums};
use super::counts::{CellKey, Counts, CubeKey};
use super::own_set::{MARK, OwnSet};
use super::periods::{is_lasting, is_month};
use crate::db::schema::{own_cells as cells, own_sets};
use crate::db::{Db, DeferredRow, Values, WriteTransaction, cached};
use crate::error::Result;
use crate::json::read_stored;
use crate::records::Document;
use crate::records::row::RecordRow;
use crate::records::said::{may_say, said};
use crate::registers::{self, BESIDE, Dimension, Register, dimensions};

/// A record's own part: values by dimension, and numbers in ten-thousandths.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnSaid {
    values: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
}

impl OwnSaid {
    /// The own part of a document; `None` where there is nothing of it.
    pub(super) fn of(register: &Register, document: &Document) -> Option<OwnSaid> {
        let mut all = OwnSaid::default();
        for (name, (value, number)) in said(register, document) {
            all.numbers.extend(number.map(|number| (name.clone(), number)));
            all.values.extend(value.map(|value| (name, value)));
        }
        (!all.values.is_empty() || !all.numbers.is_empty()).then_some(all)
    }

    /// The same of a row.
    pub(super) fn of_row(row: &RecordRow) -> Result<Option<OwnSaid>> {
        let register = registers::find(&row.register).filter(|register| may_say(register, &row.details));
        let Some(register) = register else { return Ok(None) };
        Ok(OwnSaid::of(register, &read_stored(&row.details, "record")?))
    }

    /// The values in the dimensions of a set; `None` where there is none at all.
    fn values(&self, set: &OwnSet) -> Option<String> {
        let values: Vec<&str> =
            set.dimensions.iter().map(|name| self.values.get(name).map_or("", String::as_str)).collect();
        (set.dimensions.is_empty() || values.iter().any(|value| !value.is_empty())).then(|| values.join(MARK))
    }

    /// The sets that it stands in, without those that a layout asks for.
    fn sets(&self) -> impl Iterator<Item = OwnSet> {
        let alone = self.values.keys().map(|name| OwnSet { number: String::new(), dimensions: [name.clone()].into() });
        let summed = self.numbers.keys().map(|name| OwnSet { number: name.clone(), dimensions: BTreeSet::new() });
        alone.chain(summed)
    }

    /// Its share in the cell of a set, where a record like it adds these counts to the cube.
    fn cell(&self, set: &OwnSet, (period, values): &CubeKey, counts: Counts) -> Option<(OwnKey, Counts)> {
        let counts = match set.number.as_str() {
            "" => counts,
            number => counts.times(*self.numbers.get(number)?),
        };
        let mut values = values.clone();
        for (dimension, value) in Dimension::ALL.into_iter().zip(&mut values) {
            if !is_lasting(dimension) {
                value.clear();
            }
        }
        let (number, own) = (set.number.clone(), self.values(set)?);
        Some((OwnKey { number, dimensions: set.name(), period: *period, own, values }, counts))
    }
}

/// The key of a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnKey {
    /// The number that is summed; `""` where records are counted.
    pub number: String,
    /// The names of the dimensions.
    pub dimensions: String,
    /// The month.
    pub period: i32,
    /// The values in these dimensions, `""` for an absent one.
    pub own: String,
    /// The values in the software's dimensions.
    pub values: [String; Dimension::COUNT],
}

/// The dimensions of the software that the cells have.
fn lasting() -> impl Iterator<Item = Dimension> {
    Dimension::ALL.into_iter().filter(|dimension| is_lasting(*dimension))
}

impl CellKey for OwnKey {
    const TABLE: &'static str = "own_cells";

    fn columns() -> Vec<&'static str> {
        ["number", "dimensions", "period", "own"].into_iter().chain(lasting().map(Dimension::name)).collect()
    }

    fn bind<'f>(&'f self, values: Values<'f>) -> Values<'f> {
        let values = values.bind::<Text, _>(self.number.as_str()).bind::<Text, _>(self.dimensions.as_str());
        let values = values.bind::<Integer, _>(self.period).bind::<Text, _>(self.own.as_str());
        let lasting = Dimension::ALL.into_iter().zip(&self.values).filter(|(dimension, _)| is_lasting(*dimension));
        lasting.fold(values, |values, (_, value)| values.bind::<Text, _>(value.as_str()))
    }
}

/// Cells with what stands in them.
pub type OwnCells = BTreeMap<OwnKey, Counts>;

/// Adds what a record says to the cells of sets, or takes it away with the sign -1.
pub(super) fn add(
    to: &mut OwnCells,
    said: &OwnSaid,
    sets: &BTreeSet<OwnSet>,
    contributions: &[(CubeKey, Counts)],
    sign: i64,
) {
    let of_months = contributions.iter().filter(|((period, _), _)| is_month(*period));
    for (key, counts) in of_months {
        for (key, counts) in sets.iter().filter_map(|set| said.cell(set, key, *counts)) {
            to.entry(key).or_default().add(counts, sign);
        }
    }
}

/// The same for the sets that are always kept and those that are kept besides.
pub(super) fn add_all(
    to: &mut OwnCells,
    said: &OwnSaid,
    kept: &BTreeSet<OwnSet>,
    contributions: &[(CubeKey, Counts)],
    sign: i64,
) {
    let sets = said.sets().chain(kept.iter().cloned()).collect();
    add(to, said, &sets, contributions, sign);
}

/// A record's own part with its counts in the cube; to be added to cells, or taken away.
struct OwnChange {
    said: OwnSaid,
    contributions: Vec<(CubeKey, Counts)>,
    sign: i64,
}

/// Leaves it to the end of the transaction to add what a record says to the cells.
pub(super) fn adjust(tx: &mut WriteTransaction, said: OwnSaid, contributions: &[(CubeKey, Counts)], sign: i64) {
    tx.defer(OwnChange { said, contributions: contributions.to_vec(), sign });
}

impl DeferredRow for OwnChange {
    const RANK: u8 = 2;

    fn insert(db: &mut Db, rows: &[Self]) -> Result<()> {
        let kept = kept(db)?;
        let mut changes = OwnCells::new();
        for OwnChange { said, contributions, sign } in rows {
            add_all(&mut changes, said, &kept, contributions, *sign);
        }
        write(db, &changes)
    }
}

/// Adds to the cells that are there.
pub(super) fn write(db: &mut Db, changes: &OwnCells) -> Result<()> {
    let of = |summed: bool| -> BTreeMap<&OwnKey, Counts> {
        let chosen = changes.iter().filter(|(key, _)| key.number.is_empty() != summed);
        chosen.map(|(key, counts)| (key, *counts)).collect()
    };
    change(db, of(false))?;
    change_sums(db, of(true))
}

/// The sets that are kept besides each dimension and each number alone.
pub fn kept(db: &mut Db) -> Result<BTreeSet<OwnSet>> {
    let rows: Vec<(String, String)> =
        cached(own_sets::table.select((own_sets::number, own_sets::dimensions))).load(db)?;
    let set = |(number, dimensions): (String, String)| {
        let dimensions = dimensions.split(MARK).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        OwnSet { number, dimensions }
    };
    Ok(rows.into_iter().map(set).collect())
}

/// The names of the dimensions and numbers of the authority's own that records have, each with a register.
pub fn held_names(db: &mut Db) -> Result<BTreeSet<(String, String)>> {
    let held: Vec<(String, String, String)> =
        cells::table.select((cells::register, cells::number, cells::dimensions)).distinct().load(db)?;
    let alone = held.into_iter().filter_map(|(register, number, dimensions)| {
        let name = if number.is_empty() { dimensions } else { number };
        (!name.starts_with(BESIDE) && !name.contains(MARK)).then_some((register, name))
    });
    Ok(alone.collect())
}

macro_rules! declare_stored {
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        #[derive(QueryableByName)]
        struct Stored {
            #[diesel(sql_type = Text)]
            number: String,
            #[diesel(sql_type = Text)]
            dimensions: String,
            #[diesel(sql_type = Integer)]
            period: i32,
            #[diesel(sql_type = Text)]
            own: String,
            $(#[diesel(sql_type = Text)] $column: String,)*
            #[diesel(sql_type = BigInt)]
            received: i64,
            #[diesel(sql_type = BigInt)]
            closed: i64,
            #[diesel(sql_type = BigInt)]
            days: i64,
            #[diesel(sql_type = BigInt)]
            settled: i64,
        }

        impl Stored {
            fn cell(self) -> (OwnKey, Counts) {
                let Stored { number, dimensions, period, own, received, closed, days, settled, $($column),* } = self;
                let key = OwnKey { number, dimensions, period, own, values: [$($column),*] };
                (key, Counts { received, closed, days, settled })
            }
        }
    };
}

dimensions!(declare_stored);

/// The cells as they stand.
pub fn stored(db: &mut Db) -> Result<OwnCells> {
    let cells: Vec<Stored> = all_own_cells().load(db)?;
    Ok(cells.into_iter().map(Stored::cell).collect())
}
