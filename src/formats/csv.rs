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

/// A sheet, its notes under its rows.
fn sheet(content: &Sheet) -> Result<Vec<u8>> {
    let notes = content.notes.iter().map(|(name, text)| vec![name.as_str().into(), text.as_str().into()]);
    rows(&content.header, content.rows.iter().cloned().chain(notes))
}

/// A header and rows.
pub fn rows(header: &[String], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let names = header.iter().map(|name| Cell::Text(name.clone())).collect();
    Ok([MARK, &lines(std::iter::once(names).chain(rows))?].concat())
}

/// Rows without a header: a piece of a file.
pub fn lines(rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::Internal(format!("cannot write CSV: {error}"));
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(Cell::written)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::Internal(format!("cannot write CSV: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutralises_formulas_but_not_numbers() {
        let row = ["=1+1", "+x", "-x", "@x", "\tx", "＝1", "＋1", "－1", "＠x", "x=1"]
            .map(|text| Cell::Text(text.into()))
            .to_vec();
        let bytes = rows(&["a".into()], [row, vec![Cell::Number(-5), Cell::Decimal(-22.5), Cell::Empty]]).unwrap();
        assert_eq!(Cell::Text("\n=1".into()).written(), "'\n=1");
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}a\r\n'=1+1;'+x;'-x;'@x;'\tx;'＝1;'＋1;'－1;'＠x;x=1\r\n-5;-22.5;\r\n");
    }
}
