//! The sets of own dimensions that the lines of layouts use together: the cells that are kept for them.

use std::collections::BTreeSet;

use super::layout::{LayoutLine, Layouts};
use crate::records::projections::own_set::OwnSet;

/// The set of a line: the own dimensions of its selections, and the number of the authority's own that it adds.
pub fn of_line(line: &LayoutLine) -> OwnSet {
    let dimensions = line.source.selections().iter().flat_map(|selection| selection.dimensions());
    OwnSet::of(dimensions, line.source.own_number())
}

/// The same without the number: the records of a line are counted by it.
pub fn of_records(line: &LayoutLine) -> OwnSet {
    OwnSet { number: String::new(), ..of_line(line) }
}

/// The sets of all lines of all layouts.
pub fn of_layouts(layouts: &Layouts) -> BTreeSet<OwnSet> {
    layouts.iter().flat_map(|layout| layout.lines()).flat_map(|line| [of_line(line), of_records(line)]).collect()
}
