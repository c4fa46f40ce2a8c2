//! CSV as Swiss Excel opens it right: UTF-8 with a byte order mark, semicolons, CRLF.

use super::table::Table;
use crate::error::{Error, Result};

/// The media type.
pub const CSV: &str = "text/csv; charset=utf-8";

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text that somebody wrote: what a spreadsheet would take for a formula is neutralised.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number with decimals.
    Decimal(f64),
    /// Nothing, which is not 0.
    Empty,
}

impl Cell {
    fn written(&self) -> String {
        match self {
            Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Decimal(number) => number.to_string(),
            Cell::Empty => String::new(),
        }
    }
}

impl From<Option<i64>> for Cell {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Cell::Empty, Cell::Number)
    }
}

/// Rows as CSV.
pub fn rows(header: &[String], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::Internal(format!("cannot write CSV: {error}"));
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(Cell::written)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::Internal(format!("cannot write CSV: {error}")))
}

/// A table as CSV: a row for each line, then a row for each footnote and warning, marked in the first column.
pub fn table(table: &Table) -> Result<Vec<u8>> {
    let mut header = vec!["code".to_owned(), "label".to_owned()];
    header.extend(table.years.iter().map(i32::to_string));
    header.extend(["development", "development_percent", "footnotes"].map(str::to_owned));
    let text = |text: &str| Cell::Text(text.to_owned());
    let lines = table.lines.iter().map(|line| {
        let mut row = vec![text(&line.code), text(&line.label)];
        row.extend(line.values.iter().map(|value| Cell::from(*value)));
        row.push(line.development.as_ref().map(|development| development.absolute).into());
        row.push(line.development.as_ref().and_then(|d| d.percent).map_or(Cell::Empty, Cell::Decimal));
        let footnotes: Vec<String> = line.footnotes.iter().map(u32::to_string).collect();
        row.push(text(&footnotes.join(",")));
        row
    });
    let footnotes = table.footnotes.iter().map(|note| vec![text(&format!("footnote {}", note.id)), text(&note.text)]);
    let warnings = table
        .warnings
        .iter()
        .map(|warning| vec![text(&format!("warning {} {}", warning.code, warning.year)), text(&warning.detail)]);
    rows(&header, lines.chain(footnotes).chain(warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutralises_formulas_but_not_numbers() {
        let row = ["=1+1", "+x", "-x", "@x", "\tx", "x=1"].map(|text| Cell::Text(text.into())).to_vec();
        let bytes = rows(&["a".into()], [row, vec![Cell::Number(-5), Cell::Decimal(-22.5), Cell::Empty]]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}a\r\n'=1+1;'+x;'-x;'@x;'\tx;x=1\r\n-5;-22.5;\r\n");
    }
}
