//! The faults of lines that are no records.

use crate::messages::Lang;

/// The bytes of a record beyond which an open quotation mark is taken for a stray one.
pub const LONGEST: usize = 256 * 1024;

/// The fault of a line that is no record; lines are told by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// A quotation mark that opens a cell in this line is not closed when the file ends.
    Unclosed(u64),
    /// A quotation mark that opens a cell in this line is not closed for long.
    Endless(u64),
    /// This line has a quotation mark within a cell that has none around it.
    Within(u64),
    /// A quotation mark that opens a cell in the first line is closed in the second before the cell ends.
    ClosedEarly(u64, u64),
    /// Quotation marks make one cell of so many whole lines.
    Stray(usize),
    /// This line is longer than any record.
    TooLong(u64),
    /// A cell of a spreadsheet holds this error.
    CellError(String),
}

impl LineFault {
    /// The fault in words.
    pub fn told(&self, lang: Lang) -> String {
        let (kind, opened, line, lines, text) = match self {
            LineFault::Unclosed(opened) => ("unclosed", *opened, 0, 0, ""),
            LineFault::Endless(opened) => ("endless", *opened, 0, 0, ""),
            LineFault::Within(line) => ("within", 0, *line, 0, ""),
            LineFault::ClosedEarly(opened, line) => ("early", *opened, *line, 0, ""),
            LineFault::Stray(lines) => ("stray", 0, 0, *lines, ""),
            LineFault::TooLong(line) => ("long", 0, *line, 0, ""),
            LineFault::CellError(text) => ("cell", 0, 0, 0, text.as_str()),
        };
        let [opened, line, lines] = [opened.to_string(), line.to_string(), lines.to_string()];
        lang.message(
            "import-broken",
            &[
                ("kind", &kind),
                ("opened", &opened),
                ("line", &line),
                ("lines", &lines),
                ("most", &LONGEST.to_string()),
                ("text", &text),
            ],
        )
    }
}
