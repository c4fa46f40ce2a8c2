//! Sets of dimensions of the authority's own that records are counted by together.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};

use crate::registers::Dimension;

/// The mark between names and between values: no name and no code has it.
pub(super) const MARK: &str = ",";

/// The sign between a number and the dimensions that it is summed by: no name has it.
pub(super) const SUMMED_BY: char = ':';

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

    /// The name under which its counts stand in a cell.
    pub(super) fn key(&self) -> String {
        format!("{}{SUMMED_BY}{}", self.number, self.name())
    }

    /// The values in these dimensions, out of a cell, in the order of their names.
    pub(super) fn values<'c>(&self, own: &'c str) -> Vec<&'c str> {
        if self.dimensions.is_empty() { Vec::new() } else { own.split(MARK).collect() }
    }

    /// The values of a record that has none of them, as they stand in a cell.
    pub(super) fn absent(&self) -> String {
        self.dimensions.iter().map(|_| "").collect::<Vec<_>>().join(MARK)
    }
}

impl Display for OwnSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let by = self.dimensions.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        if self.number.is_empty() { write!(f, "{by}") } else { write!(f, "{} by {by}", self.number) }
    }
}
