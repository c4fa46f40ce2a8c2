//! Spreadsheets (Office Open XML): numbers as numbers, texts as texts, so that nothing is taken for a formula.

use std::io::{Read, Seek, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::file_format::{BodyForm, FileFormat, Writer};
use super::sheet::{Cell, Sheet};
use crate::error::{Error, Result};

/// Spreadsheets.
pub static FORMAT: FileFormat = FileFormat {
    name: "xlsx",
    title: "XLSX",
    media_type: MEDIA_TYPE,
    content_type: MEDIA_TYPE,
    extension: "xlsx",
    writer: Writer::Rows(sheet),
    form: BodyForm::Bytes("PK"),
};

const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The rows that a sheet can have, the header among them.
pub const ROWS: usize = 1_048_576;

fn failed(error: XlsxError) -> Error {
    Error::Internal(format!("cannot write a spreadsheet: {error}"))
}

/// A spreadsheet that is written row by row; the rows lie in a file that has no name, not in memory.
pub struct SheetWriter {
    workbook: Workbook,
    row: u32,
}

impl SheetWriter {
    /// A spreadsheet with one sheet and its header.
    pub fn new(name: &str, header: &[String]) -> Result<Self> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        let bold = Format::new().set_bold();
        for (column, name) in header.iter().enumerate() {
            sheet.write_string_with_format(0, column as u16, name, &bold).map_err(failed)?;
        }
        Ok(SheetWriter { workbook, row: 1 })
    }

    /// Appends a row.
    pub fn write(&mut self, cells: &[Cell]) -> Result<()> {
        let row = self.row;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (column, cell) in cells.iter().enumerate() {
            put(sheet, row, column as u16, cell)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The finished file, at its beginning.
    pub fn finish(mut self) -> Result<impl Read> {
        let lost = |error: std::io::Error| Error::Unavailable(format!("no room for a spreadsheet: {error}"));
        let mut file = tempfile::tempfile().map_err(lost)?;
        self.workbook.save_to_writer(&mut file).map_err(failed)?;
        file.flush().map_err(lost)?;
        file.rewind().map_err(lost)?;
        Ok(file)
    }
}

/// Writes a cell.
pub fn put(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<()> {
    match cell {
        // A text is a text here: no spreadsheet takes it for a formula.
        Cell::Text(text) => sheet.write_string(row, column, text),
        Cell::Number(number) => sheet.write_number(row, column, *number as f64),
        Cell::Decimal(number) => sheet.write_number(row, column, *number),
        Cell::Figure(figure, decimals) => {
            let shown = format!("0.{}", "0".repeat(*decimals as usize));
            let shown = Format::new().set_num_format(shown.trim_end_matches('.'));
            sheet.write_number_with_format(row, column, figure.to_f64(), &shown)
        }
        // A spreadsheet shows 0.1698 as 16.98 %, and computes with it.
        Cell::Percent(number) => {
            let hundredths = (number * 100.0).round() / 10_000.0;
            sheet.write_number_with_format(row, column, hundredths, &Format::new().set_num_format("0.00%"))
        }
        Cell::Hidden => sheet.write_string(row, column, cell.written()),
        Cell::Empty => return Ok(()),
    }
    .map_err(failed)?;
    Ok(())
}

/// A sheet with its notes on a second one. The same content gives the same bytes.
fn sheet(content: &Sheet) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    workbook.set_properties(&DocProperties::new().set_title(&content.name).set_creation_datetime(&made));
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet();
    // Excel allows 31 characters and not all of them.
    let name: String = content.name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    sheet.set_name(name).map_err(failed)?;
    for (column, name) in content.header.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, name, &bold).map_err(failed)?;
    }
    for (row, cells) in (1..).zip(&content.rows) {
        for (column, cell) in cells.iter().enumerate() {
            put(sheet, row, column as u16, cell)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    sheet.autofit();
    if !content.notes.is_empty() {
        let notes = workbook.add_worksheet();
        notes.set_name("Notes").map_err(failed)?;
        for (row, (name, text)) in (0..).zip(&content.notes) {
            notes.write_string_with_format(row, 0, name, &bold).map_err(failed)?;
            notes.write_string(row, 1, text).map_err(failed)?;
        }
        notes.autofit();
    }
    workbook.save_to_buffer().map_err(failed)
}
