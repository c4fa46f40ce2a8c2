//! The sets of own dimensions that the lines of layouts use together: the cells that are kept for them.

use std::collections::BTreeSet;

use super::layout::Layouts;
use crate::records::projections::own_cells::OwnSet;

/// The sets of all lines of all layouts.
pub fn of_layouts(layouts: &Layouts) -> BTreeSet<OwnSet> {
    let lines = layouts.iter().flat_map(|layout| layout.lines());
    lines.map(|line| OwnSet::of(line.dimensions(), None)).collect()
}
