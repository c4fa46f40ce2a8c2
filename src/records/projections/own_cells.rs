//! The cells of what is the authority's own, beside the cube: counts by its dimensions, and the sums of its numbers, by
//! month, kept current with every write.
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
use std::ops::RangeInclusive;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::cells::{self, CellKey, Counts, CubeKey};
use super::periods::{Resolution, is_lasting, is_month};
use crate::db::schema::own_sets;
use crate::db::{Db, DeferredRow, Statement, Values, WriteTransaction, cached};
use crate::error::Result;
use crate::json::read_stored;
use crate::records::Document;
use crate::records::own_values::{own, parts};
use crate::records::row::RecordRow;
use crate::registers::vocabulary::OWN_PROPERTY;
use crate::registers::{Dimension, dimensions};

/// The mark between names and between values: no name and no code has it.
const MARK: &str = ",";

/// Own dimensions that records are counted by together, or a number is summed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnSet {
    /// The name of the number that is summed; `""` where records are counted.
    pub number: String,
    /// The names of the dimensions, in their order.
    pub dimensions: BTreeSet<String>,
}

impl OwnSet {
    /// The own ones among dimensions, and the number that is summed by them.
    pub fn of(dimensions: impl IntoIterator<Item = Dimension>, number: Option<&str>) -> OwnSet {
        let own = dimensions.into_iter().filter(|dimension| dimension.is_own());
        let dimensions = own.map(|dimension| dimension.own_name().to_owned()).collect();
        OwnSet { number: number.unwrap_or_default().to_owned(), dimensions }
    }

    /// True if its cells are kept without anybody asking for it.
    pub fn is_always_kept(&self) -> bool {
        self.dimensions.len() <= usize::from(self.number.is_empty())
    }

    /// The names of the dimensions, as they are stored.
    pub(super) fn name(&self) -> String {
        self.dimensions.iter().map(String::as_str).collect::<Vec<_>>().join(MARK)
    }

    /// The values in these dimensions, out of a cell, in the order of their names.
    pub(super) fn values<'c>(&self, own: &'c str) -> Vec<&'c str> {
        if self.dimensions.is_empty() { Vec::new() } else { own.split(MARK).collect() }
    }

    /// The values of a record that has none of them, as they stand in a cell.
    fn absent(&self) -> String {
        self.dimensions.iter().map(|_| "").collect::<Vec<_>>().join(MARK)
    }

    /// Goes on with the values of the record `one`, as they stand in a cell.
    pub(super) fn of_record(&self, rows: Statement<'static>) -> Statement<'static> {
        let value = |rows: Statement<'static>, (index, name): (usize, &String)| {
            let rows = rows.sql(if index == 0 { "" } else { " || ',' || " });
            let rows = rows.sql("coalesce((SELECT value FROM own_values WHERE record_id = one.id AND name = ");
            rows.bind::<Text, _>(name.clone()).sql("), '')")
        };
        match self.dimensions.is_empty() {
            true => rows.sql("''"),
            false => self.dimensions.iter().enumerate().fold(rows, value),
        }
    }

    /// The cells of some years as a table like the cube, and, `with_absent`, the records that have no value in any of the
    /// dimensions: they are all that the cube has, less all that stand in these cells.
    pub(super) fn table(
        &self,
        resolution: Resolution,
        years: &RangeInclusive<i32>,
        with_absent: bool,
    ) -> Statement<'static> {
        let cells = |rows: Statement<'static>, dimensions: String, own: Option<String>, sign: [&'static str; 4]| {
            let period = if resolution == Resolution::Years { "period / 100" } else { "period" };
            let rows = columns(rows, period, own, sign).sql(" FROM own_cells WHERE number = ");
            let rows = rows.bind::<Text, _>(self.number.clone()).sql(" AND dimensions = ");
            within(rows.bind::<Text, _>(dimensions), Resolution::Months, years)
        };
        let rows = cells(Statement::new("("), self.name(), None, MORE);
        if !with_absent || self.dimensions.is_empty() {
            return rows.sql(") AS counted");
        }
        let rows = match self.number.as_str() {
            "" => {
                let rows = columns(rows.sql(" UNION ALL "), "period", Some(self.absent()), MORE);
                within(rows.sql(" FROM cube WHERE true"), resolution, years)
            }
            _ => cells(rows.sql(" UNION ALL "), String::new(), Some(self.absent()), MORE),
        };
        cells(rows.sql(" UNION ALL "), self.name(), Some(self.absent()), LESS).sql(") AS counted")
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

/// A record's own part: values by dimension, and numbers in ten-thousandths.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnSaid {
    values: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
}

impl OwnSaid {
    /// The own part of a document; `None` where there is nothing of it.
    pub(super) fn of(document: &Document) -> Option<OwnSaid> {
        let mut said = OwnSaid::default();
        for (name, value) in own(document)? {
            match value.as_str() {
                Some(text) => _ = said.values.insert(name.clone(), text.to_owned()),
                None => said.numbers.extend(value.as_f64().map(|number| (name.clone(), parts(number)))),
            }
        }
        Some(said)
    }

    /// The same of a row.
    pub(super) fn of_row(row: &RecordRow) -> Result<Option<OwnSaid>> {
        // Hardly any record of an authority without anything of its own has the text.
        let may_have = row.details.contains(OWN_PROPERTY);
        Ok(if may_have { OwnSaid::of(&read_stored(&row.details, "record")?) } else { None })
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
    cells::change(db, of(false))?;
    cells::change_sums(db, of(true))
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
    let cells = columns(Statement::new(""), "period", None, MORE).sql(", number, dimensions FROM own_cells");
    let cells: Vec<Stored> = cells.load(db)?;
    Ok(cells.into_iter().map(Stored::cell).collect())
}
