//! Rows of cells, which the formats are written from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::note::{self, Note};
use crate::decimal::Decimal;

/// Rows under a header, with notes that belong to them.
#[derive(Default)]
pub struct Sheet {
    /// The name of the sheet.
    pub name: String,
    /// The columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Footnotes, warnings and sources.
    pub notes: Vec<Note>,
    /// The number of columns, from the left, that say what a row stands for; all others are measured.
    pub keys: usize,
    /// The number of columns, from the right, that say of what kind the figures of a row are.
    pub attributes: usize,
    /// The depth of each row: 0 for totals; empty where all rows are alike.
    pub levels: Vec<u8>,
    /// The labels of the values in such columns, by the column.
    pub labels: BTreeMap<String, Labelling>,
    /// The values of the first column that are parts of another, by that one.
    pub parts: BTreeMap<String, Vec<String>>,
    /// The units of what is measured, by values of these columns.
    pub units: BTreeMap<String, Unit>,
    /// The figure of a combination of values that has no row.
    pub absent: Cell,
    /// The day whose state the figures are.
    pub as_of: Option<NaiveDate>,
    /// The words for readers; programs need none.
    pub words: Option<ReaderWords>,
}

/// The words that a sheet is shown to readers with.
#[derive(Clone, Debug, Default)]
pub struct ReaderWords {
    /// The title.
    pub title: String,
    /// The heads of the columns, and of those of the notes, by their names.
    pub heads: BTreeMap<String, String>,
}

impl ReaderWords {
    /// The head of a column: its name where it has no other.
    pub fn head<'a>(&'a self, column: &'a str) -> &'a str {
        self.heads.get(column).map_or(column, String::as_str)
    }
}

/// The labels of values.
pub type Labelling = BTreeMap<String, String>;

/// The unit of what is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The sign, such as `CHF`.
    pub symbol: Option<String>,
    /// The number of decimals.
    pub decimals: Option<u32>,
}

impl Unit {
    /// Percent, to two decimals.
    pub fn percent() -> Unit {
        Unit { symbol: Some("%".into()), decimals: Some(2) }
    }
}

impl Sheet {
    /// Notes as a sheet of their own.
    pub fn of_notes(name: String, notes: &[Note]) -> Sheet {
        let text = |text: Option<&str>| text.map_or(Cell::Empty, Cell::from);
        let row = |note: &Note| {
            let lines = Some(note.lines.join(",")).filter(|lines| !lines.is_empty());
            vec![
                note.kind.name().into(),
                note.id.map(i64::from).into(),
                text(note.code.as_deref()),
                text(lines.as_deref()),
                note.year.map(i64::from).into(),
                note.text.as_str().into(),
            ]
        };
        let header = note::COLUMNS.map(str::to_owned).to_vec();
        Sheet { name, header, rows: notes.iter().map(row).collect(), keys: note::COLUMNS.len(), ..Sheet::default() }
    }

    /// The names of the columns that are measured.
    pub fn measures(&self) -> &[String] {
        let end = self.header.len().saturating_sub(self.attributes);
        self.header.get(self.keys..end).unwrap_or_default()
    }

    /// The sheet with a column more behind each one whose values have labels.
    pub fn with_labels(mut self) -> Sheet {
        for (column, labels) in std::mem::take(&mut self.labels) {
            let Some(place) = self.header.iter().position(|name| *name == column) else { continue };
            self.header.insert(place + 1, format!("{column}_label"));
            for row in &mut self.rows {
                let value = row.get(place).map(|cell| match cell {
                    Cell::Empty => String::new(),
                    cell => cell.written(),
                });
                let label =
                    value.and_then(|value| labels.get(&value)).map_or(Cell::Empty, |label| label.as_str().into());
                row.insert(place + 1, label);
            }
            self.keys += usize::from(place < self.keys);
        }
        self
    }
}

/// The text in place of a number that must not be shown, as statistics offices write it.
pub const HIDDEN: &str = "X";

/// A text without what XML cannot hold, even escaped: control characters and two others, which only a row that was written by
/// hand or long ago has. A space stands for each.
pub fn for_xml(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), " ")
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Text that somebody wrote: what a spreadsheet would take for a formula is neutralised.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number with decimals.
    Decimal(f64),
    /// A figure with so many decimals.
    Figure(Decimal, u32),
    /// A number of percent.
    Percent(f64),
    /// True or false.
    Flag(bool),
    /// A day.
    Date(NaiveDate),
    /// A number that must not be shown.
    Hidden,
    /// Nothing, which is not 0.
    #[default]
    Empty,
}

/// The characters that begin a formula in spreadsheets: also those of full width, and line breaks in front of them.
const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// True for a text that a spreadsheet would take for a formula, and for one with marks against that before it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULAS)
}

/// A text with a mark that keeps a spreadsheet from taking it for a formula. One that has such marks already gets one more, so that
/// [`unguarded`] gives back each text as it was.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// A text without that mark.
pub fn unguarded(text: &str) -> &str {
    text.trim_start().strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

impl Cell {
    /// A number of percent, or nothing.
    pub fn percent(value: Option<f64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Percent)
    }

    /// A figure with so many decimals, or as many as it has; or nothing.
    pub fn figure(value: Option<Decimal>, decimals: Option<u32>) -> Cell {
        let Some(value) = value else { return Cell::Empty };
        match (value.whole(), decimals.unwrap_or(value.decimals())) {
            (Some(whole), 0) => Cell::Number(whole),
            (_, decimals) => Cell::Figure(value, decimals),
        }
    }

    /// As text, with formulas neutralised.
    pub fn written(&self) -> String {
        match self {
            Cell::Text(text) => guarded(text).into_owned(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Decimal(number) | Cell::Percent(number) => number.to_string(),
            Cell::Figure(figure, decimals) => figure.fixed(*decimals),
            Cell::Date(day) => day.to_string(),
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
