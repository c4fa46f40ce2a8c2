//! A line of a table as it is printed.

use crate::formats::HIDDEN;
use crate::messages::Writing;
use crate::messages::number_format::{self, MISSING};
use crate::statistics::table::TableLine;

/// The values of a line and its development as they are printed.
pub fn cells(writing: Writing, line: &TableLine) -> Vec<String> {
    let values = line.values.iter().enumerate().map(|(index, value)| match line.hides(index) {
        true => HIDDEN.to_owned(),
        false if line.heading => String::new(),
        false => number_format::figure(writing, *value, line.decimals),
    });
    let development = line.development.as_ref().map(|d| number_format::development(writing, &d.display));
    let none = if line.heading { "" } else { MISSING };
    values.chain([development.unwrap_or_else(|| none.into())]).collect()
}
