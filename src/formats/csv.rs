//! CSV as Swiss Excel opens it right: UTF-8 with a byte order mark, semicolons, CRLF.

use super::file_format::{BodyForm, FileFormat, Writer};
use super::sheet::{Cell, Sheet};
use crate::error::{Error, Result};

/// CSV.
pub static FORMAT: FileFormat = FileFormat {
    name: "csv",
    title: "CSV",
    media_type: "text/csv",
    content_type: "text/csv; charset=utf-8",
    extension: "csv",
    writer: Writer::Rows(sheet),
    form: BodyForm::Lines,
};

/// The mark that tells a spreadsheet that this is UTF-8.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// A sheet without its notes: one rectangle, so that any program reads it. A hidden number is nothing here, so that a column of
/// numbers holds numbers only; a column of its own says that it is hidden.
fn sheet(content: &Sheet) -> Result<Vec<u8>> {
    let shown = |cell: &Cell| if *cell == Cell::Hidden { Cell::Empty } else { cell.clone() };
    rows(&content.header, content.rows.iter().map(|row| row.iter().map(shown).collect()))
}

/// A header and rows.
pub fn rows(header: &[String], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let names = header.iter().map(|name| Cell::Text(name.clone())).collect();
    Ok([MARK, &lines(std::iter::once(names).chain(rows))?].concat())
}

/// Rows without a header: a piece of a file.
pub fn lines(rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::Internal(format!("cannot write CSV: {error}"));
    let mut writer =
        csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(Cell::written)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::Internal(format!("cannot write CSV: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::unguarded;

    #[test]
    fn neutralises_formulas_but_not_numbers() {
        let texts = ["=1+1", "+x", "-x", "@x", "\tx", "＝1", "＋1", "－1", "＠x", "x=1", "'=x", "'x", "''+1"]
            .map(|text| Cell::Text(text.into()))
            .to_vec();
        let numbers = vec![Cell::Number(-5), Cell::Decimal(-22.5), Cell::Empty];
        for cell in &texts {
            let Cell::Text(text) = cell else { panic!("{cell:?}") };
            assert_eq!(unguarded(&cell.written()), text);
        }
        assert_eq!((unguarded(" '+41"), unguarded("'x"), unguarded("+41")), ("+41", "'x", "+41"));
        let bytes = rows(&["a".into()], texts.into_iter().chain(numbers).map(|cell| vec![cell])).unwrap();
        assert_eq!(Cell::Text("\n=1".into()).written(), "'\n=1");
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text.lines().collect::<Vec<_>>().join(";"),
            "\u{feff}a;'=1+1;'+x;'-x;'@x;'\tx;'＝1;'＋1;'－1;'＠x;x=1;''=x;'x;'''+1;-5;-22.5;\"\""
        );
        assert!(rows(&["a".into()], [vec![Cell::Empty, Cell::Empty]]).is_err(), "a row is longer than the header");
    }
}
