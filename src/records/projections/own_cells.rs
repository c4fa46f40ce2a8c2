//! The cells of what is the authority's own, beside the cube: counts by its dimensions, and the sums of its numbers, by
//! month, kept current with every write. Coded properties that have no column are counted in the same way; of a list, where a record
//! can have several values, each value is a dimension. Beside a sum stands how many records have the number.
//!
//! They are kept for sets of dimensions: each dimension alone, and the sets that the lines of a layout use together, which
//! are rows of `own_sets`. A number is summed without a dimension, and by the sets that lines sum it by. A write asks the
//! database which sets there are, so that processes with different profiles never write different cells; a record that
//! has nothing of its own costs no statement and stands in no cell: what has no value is the cube less what has one.
//!
//! All of a cell of a month is one row: its counts are an object of sets, each an object of values. So a write changes a row, or
//! two where it changes the month closed, however many dimensions and numbers there are; and a set is read without the others.
//!
//! The growth: there is a row for each cell of months that the cube has (without status and responsible) and that a record with
//! something of its own stands in; c of them hold, for a dimension of v values, c × v counts at the most, for five dimensions of
//! 50 values 250 c, never c × 50^5; a pair that a layout uses adds c × 51 × 51. And a record stands in two counts of a set at
//! the most, in the month received and in that closed: n records make 2 n counts for each dimension, 10 n for five, whatever
//! their values.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::cell_sql::{all_own_cells, held_cells, put_cells, remove_cells};
use super::counts::{Counts, CubeKey, OwnCell};
use super::own_held;
use super::own_set::{MARK, OwnSet, SUMMED_BY};
use crate::db::schema::{own_entered, own_sets};
use crate::db::{Db, DeferredRow, InsertBatch, WriteTransaction, cached, statements, upsert_rows};
use crate::error::{Error, Result};
use crate::json::{read_borrowed, read_stored};
use crate::records::row::RecordRow;
use crate::records::said::{Said, may_say, said};
use crate::registers::{self, dimensions};

/// The name of a cell in an error.
const CELL: &str = "cell";

/// A record's own part: values by dimension, and numbers in ten-thousandths.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnSaid {
    values: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
}

impl OwnSaid {
    /// The own part of what a record says; `None` where there is nothing of it.
    pub(super) fn of(said: Said) -> Option<OwnSaid> {
        let mut all = OwnSaid::default();
        for (name, (value, number)) in said {
            all.numbers.extend(number.map(|number| (name.clone(), number)));
            all.values.extend(value.map(|value| (name, value)));
        }
        (!all.values.is_empty() || !all.numbers.is_empty()).then_some(all)
    }

    /// The same of a row.
    pub(super) fn of_row(row: &RecordRow) -> Result<Option<OwnSaid>> {
        Ok(OwnSaid::of(said_by(row)?))
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

    /// The place of its counts in a set: the set, the values that they stand under, and its number, which they are multiplied by.
    fn place(&self, set: &OwnSet) -> Option<(String, String, Option<i64>)> {
        let number = match set.number.as_str() {
            "" => None,
            number => Some(*self.numbers.get(number)?),
        };
        Some((set.key(), self.values(set)?, number))
    }
}

/// The values and numbers that a row has beside its columns.
pub(super) fn said_by(row: &RecordRow) -> Result<Said> {
    let register = registers::find(&row.register).filter(|register| may_say(register, &row.details));
    let Some(register) = register else { return Ok(Said::new()) };
    Ok(said(register, &read_stored(&row.details, "record")?))
}

/// The counts of a cell, by the names of sets and the values in them, `""` for an absent one.
pub type OwnCounts = BTreeMap<String, BTreeMap<String, Counts>>;

/// Cells with what stands in them.
pub type OwnCells = BTreeMap<OwnCell, OwnCounts>;

/// Adds what a record says to the counts of sets, or takes it away with the sign -1; `contributions` are those of months.
pub(super) fn add(
    to: &mut OwnCells,
    said: &OwnSaid,
    sets: impl Iterator<Item = OwnSet>,
    contributions: &[(CubeKey, Counts)],
    sign: i64,
) {
    let places: Vec<_> = sets.filter_map(|set| said.place(&set)).collect();
    for (key, counts) in contributions {
        let cell = to.entry(OwnCell::of(key)).or_default();
        for (set, own, number) in &places {
            let share = number.map_or(*counts, |number| counts.times(number));
            cell.entry(set.clone()).or_default().entry(own.clone()).or_default().add(share, sign);
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
    add(to, said, said.sets().chain(kept.iter().cloned()), contributions, sign);
}

/// Takes out the counts in which nothing is left, and the sets and cells without any.
pub(super) fn retain_filled(cells: &mut OwnCells) {
    cells.retain(|_, counts| {
        counts.retain(|_, values| {
            values.retain(|_, counts| *counts != Counts::default());
            !values.is_empty()
        });
        !counts.is_empty()
    });
}

/// A record's own part with its counts in the cube; to be added to cells, or taken away.
struct OwnChange {
    said: OwnSaid,
    contributions: Vec<(CubeKey, Counts)>,
    sign: i64,
}

/// Leaves it to the end of the transaction to add what a record says to the cells.
pub(super) fn adjust(tx: &mut WriteTransaction, said: OwnSaid, contributions: Vec<(CubeKey, Counts)>, sign: i64) {
    tx.defer(OwnChange { said, contributions, sign });
}

impl DeferredRow for OwnChange {
    const RANK: u8 = 2;

    fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        let kept = kept(db)?;
        let mut changes = OwnCells::new();
        for OwnChange { said, contributions, sign } in rows {
            add_all(&mut changes, said, &kept, contributions, *sign);
        }
        write(db, &changes)
    }
}

/// Adds to the cells that are there, and to what follows from them.
pub(super) fn write(db: &mut Db, changes: &OwnCells) -> Result<()> {
    own_held::add(db, changes)?;
    let changes: Vec<(&OwnCell, &OwnCounts)> = changes.iter().collect();
    statements(&changes).try_for_each(|changes| write_some(db, changes))
}

fn write_some(db: &mut Db, changes: &[(&OwnCell, &OwnCounts)]) -> Result<()> {
    let cells: Vec<&OwnCell> = changes.iter().map(|(cell, _)| *cell).collect();
    let held = held_cells(db, &cells)?;
    let (mut filled, mut empty) = (Vec::new(), Vec::new());
    for (place, (cell, changes)) in changes.iter().enumerate() {
        let held = held.get(&place).map(String::as_str);
        match changed(held, changes)? {
            Some(counts) => filled.push((*cell, counts)),
            None => empty.extend(held.map(|_| *cell)),
        }
    }
    put_cells(
        db,
        &filled.iter().map(|(cell, counts): &(&OwnCell, String)| (*cell, counts.as_str())).collect::<Vec<_>>(),
    )?;
    statements(&empty).try_for_each(|empty| remove_cells(db, empty))
}

/// The counts of a cell as they are stored, with changes; `None` if nothing is left.
fn changed(held: Option<&str>, changes: &OwnCounts) -> Result<Option<String>> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, Counts>> = match held {
        Some(held) => read_borrowed(held, CELL)?,
        None => BTreeMap::new(),
    };
    for (set, values) in changes {
        let of_set = counts.entry(set).or_default();
        for (own, change) in values {
            let count = of_set.entry(own).or_default();
            count.add(*change, 1);
            if set.starts_with(SUMMED_BY) && !count.only_rises() {
                return Err(Error::Internal("the cells lack one that a record stands in".into()));
            }
            if *count == Counts::default() {
                of_set.remove(own.as_str());
            }
        }
        if of_set.is_empty() {
            counts.remove(set.as_str());
        }
    }
    if counts.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&counts).map(Some).map_err(|error| Error::Internal(error.to_string()))
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
            #[diesel(sql_type = Integer)]
            period: i32,
            $(#[diesel(sql_type = Text)] $column: String,)*
            #[diesel(sql_type = Text)]
            counts: String,
        }

        impl Stored {
            fn cell(self) -> Result<(OwnCell, OwnCounts)> {
                let Stored { period, counts, $($column),* } = self;
                Ok((OwnCell((period, [$($column),*])), read_stored(&counts, CELL)?))
            }
        }
    };
}

dimensions!(declare_stored);

/// The cells as they stand.
pub fn stored(db: &mut Db) -> Result<OwnCells> {
    let cells: Vec<Stored> = all_own_cells().load(db)?;
    cells.into_iter().map(Stored::cell).collect()
}

/// The key of the one row that says it.
const THE_ROW: i32 = 1;

/// True if there is no other row.
pub fn is_said_once(db: &mut Db) -> Result<bool> {
    Ok(own_entered::table.filter(own_entered::id.ne(THE_ROW)).count().get_result::<i64>(db)? == 0)
}

/// The place of the last record that is entered; 0 before the first.
pub fn entered(db: &mut Db) -> Result<i64> {
    Ok(own_entered::table.find(THE_ROW).select(own_entered::pos).first(db).optional()?.unwrap_or_default())
}

/// The row that says up to which place records are entered.
struct Entered {
    id: i32,
    pos: i64,
}

/// Sets the place of the last record that is entered.
pub(super) fn set_entered(db: &mut Db, pos: i64) -> Result<()> {
    upsert_rows!(db, &[Entered { id: THE_ROW, pos }], own_entered(id; pos))
}
