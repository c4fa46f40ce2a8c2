//! Formats that rows of cells are written in; none of them knows where the rows come from.
//!
//! A further format of the statistics is a file here with its `FORMAT`, and its row in [`STATISTICS`].

pub mod csv;
pub mod json;
pub mod json_stat;
pub mod ndjson;
pub mod svg;
pub mod xlsx;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use self::svg::Chart;
use crate::error::Result;
use crate::json::to_value;

/// The formats of the statistics, the usual one first.
pub static STATISTICS: &[&FileFormat] = &[&json::FORMAT, &csv::FORMAT, &xlsx::FORMAT, &svg::FORMAT, &json_stat::FORMAT];

/// A format of answers and files: how it is named, how statistics are written in it, and how it is documented.
pub struct FileFormat {
    /// The name in `format=`.
    pub name: &'static str,
    /// The name as people write it.
    pub title: &'static str,
    /// The media type that asks for it.
    pub media_type: &'static str,
    /// The media type of an answer: the same, with the encoding where it has one.
    pub content_type: &'static str,
    /// The ending of a file.
    pub extension: &'static str,
    /// The way in which statistics are written.
    pub writer: Writer,
    /// The form of a body, for the API document.
    pub form: BodyForm,
}

/// The writer of a format, by what it needs of a statistic.
#[derive(Clone, Copy)]
pub enum Writer {
    /// Writes the value that the answer is, as JSON.
    Json,
    /// Writes the rows as they are shown.
    Rows(fn(&Sheet) -> Result<Vec<u8>>),
    /// Writes rows each of which is one observation.
    Observations(fn(&Sheet) -> Result<Vec<u8>>),
    /// Writes the chart, for statistics that have one.
    Chart(fn(&Chart) -> Result<Vec<u8>>),
    /// Writes no statistics: whose format it is writes it.
    Elsewhere,
}

/// The form of a body in a format.
pub enum BodyForm {
    /// JSON of a schema that each endpoint has of its own.
    OwnJson,
    /// JSON of one schema.
    Json(fn() -> Described),
    /// Lines of text, of which each endpoint gives an example of its own.
    Lines,
    /// Text, with an example.
    Text(&'static str),
    /// Bytes, with those that they begin with.
    Bytes(&'static str),
}

/// The schema of a type with those that it refers to, by their names, and an example.
pub struct Described {
    /// The schemas, that of the type first.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    /// A value of the type.
    pub example: Value,
}

impl Described {
    /// Describes the type of a value.
    pub fn as_type<T: Serialize + ToSchema>(example: &T) -> Self {
        Described { schemas: schemas_of::<T>(), example: to_value(example) }
    }
}

/// The schema of a type, and those that it refers to.
pub fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

impl AsRef<FileFormat> for FileFormat {
    fn as_ref(&self) -> &FileFormat {
        self
    }
}

impl FileFormat {
    /// True if it is written from rows each of which is one observation.
    pub fn is_of_observations(&self) -> bool {
        matches!(self.writer, Writer::Observations(_))
    }
}

/// The formats that a statistic comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// All formats of the statistics, charts among them.
    WithChart,
    /// The formats that need no chart.
    WithoutChart,
}

impl Offer {
    /// The formats, the usual one first.
    pub fn formats(self) -> Vec<&'static FileFormat> {
        let fits = |format: &&FileFormat| self == Offer::WithChart || !matches!(format.writer, Writer::Chart(_));
        STATISTICS.iter().copied().filter(fits).collect()
    }
}

/// Rows under a header, with notes that belong to them.
#[derive(Default)]
pub struct Sheet {
    /// The name of the sheet.
    pub name: String,
    /// The columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Footnotes, warnings and sources: what each is, and its text.
    pub notes: Vec<(String, String)>,
    /// The number of columns, from the left, that say what a row stands for; all others are measured.
    pub keys: usize,
    /// The labels of values of these columns.
    pub labels: BTreeMap<String, String>,
}

/// The text in place of a number that must not be shown, as statistics offices write it.
pub const HIDDEN: &str = "X";

/// A text without what XML cannot hold, even escaped: control characters and two others, which only a row that was written by
/// hand or long ago has. A space stands for each.
pub fn for_xml(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), " ")
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text that somebody wrote: what a spreadsheet would take for a formula is neutralised.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number with decimals.
    Decimal(f64),
    /// A number of percent.
    Percent(f64),
    /// A number that must not be shown.
    Hidden,
    /// Nothing, which is not 0.
    Empty,
}

/// The characters that begin a formula in spreadsheets: also those of full width, and line breaks in front of them.
pub const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

impl Cell {
    /// A number of percent, or nothing.
    pub fn percent(value: Option<f64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Percent)
    }

    /// As text, with formulas neutralised.
    pub fn written(&self) -> String {
        match self {
            Cell::Text(text) if text.starts_with(FORMULAS) => format!("'{text}"),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Decimal(number) | Cell::Percent(number) => number.to_string(),
            Cell::Hidden => HIDDEN.to_owned(),
            Cell::Empty => String::new(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Cell::Empty, Cell::Decimal)
    }
}

impl From<Option<i64>> for Cell {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Cell::Empty, Cell::Number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_of_statistics_differ_by_name_and_media_type() {
        let names: BTreeSet<&str> = STATISTICS.iter().map(|format| format.name).collect();
        let media_types: BTreeSet<&str> = STATISTICS.iter().map(|format| format.media_type).collect();
        assert_eq!((names.len(), media_types.len()), (STATISTICS.len(), STATISTICS.len()));
        for format in STATISTICS {
            assert!(!matches!(format.writer, Writer::Elsewhere), "{} is written here", format.name);
            assert!(format.content_type.starts_with(format.media_type), "{}", format.name);
        }
        let needs_chart = STATISTICS.iter().filter(|format| matches!(format.writer, Writer::Chart(_))).count();
        assert_eq!(Offer::WithoutChart.formats().len() + needs_chart, Offer::WithChart.formats().len());
        assert!(Offer::WithoutChart.formats().first().is_some_and(|format| format.name == json::FORMAT.name));
    }
}
