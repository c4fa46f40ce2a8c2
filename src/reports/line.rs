//! A line of a table as it is printed.

use crate::formats::HIDDEN;
use crate::messages::Lang;
use crate::messages::number_format::{self, MISSING};
use crate::statistics::table::TableLine;

/// The values of a line and its development as they are printed.
pub fn cells(lang: Lang, line: &TableLine) -> Vec<String> {
    let values = line.values.iter().enumerate().map(|(index, value)| match line.hides(index) {
        true => HIDDEN.to_owned(),
        false if line.heading => String::new(),
        false => number_format::figure(lang, *value, line.decimals),
    });
    let development = line.development.as_ref().map(|d| number_format::development(lang, &d.display));
    let none = if line.heading { "" } else { MISSING };
    values.chain([development.unwrap_or_else(|| none.into())]).collect()
}
