//! Spreadsheets (Office Open XML): numbers as numbers, texts as texts, so that nothing is taken for a formula.

use std::io::{Read, Seek, Write};

use chrono::Datelike;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::file_format::{BodyForm, FileFormat, Writer};
use super::sheet::{Cell, ReaderWords, Sheet};
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
    match error {
        XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => no_room(&error),
        error => Error::Internal(format!("cannot write a spreadsheet: {error}")),
    }
}

/// The refusal where the folder for what is made on the way (`TMPDIR`) takes no files, or no more.
fn no_room(error: &std::io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::Unavailable(format!("no room for a spreadsheet in {} (TMPDIR): {error}", folder.display()))
}

/// A spreadsheet that is written row by row; the rows lie in a file that has no name, not in memory.
pub struct SheetWriter {
    workbook: Workbook,
    row: u32,
    columns: u16,
}

impl SheetWriter {
    /// A spreadsheet with one sheet and its header: each column with its width in characters.
    pub fn new(name: &str, header: &[(String, f64)]) -> Result<Self> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (column, (name, width)) in (0..).zip(header) {
            sheet.set_column_width(column, *width).map_err(failed)?;
            sheet.write_string_with_format(0, column, name, &head_style()).map_err(failed)?;
        }
        Ok(SheetWriter { workbook, row: 1, columns: header.len() as u16 })
    }

    /// Appends a row.
    pub fn write(&mut self, cells: &[Cell]) -> Result<()> {
        let row = self.row;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (column, cell) in (0..).zip(cells) {
            put(sheet, (row, column), cell, &Format::default())?;
        }
        self.row += 1;
        Ok(())
    }

    /// The finished file, at its beginning.
    pub fn finish(mut self) -> Result<impl Read> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        if let (1.., Some(last)) = (self.row, self.columns.checked_sub(1)) {
            sheet.autofilter(0, 0, self.row - 1, last).map_err(failed)?;
        }
        printed(sheet, 0, self.row as usize)?;
        let lost = |error: std::io::Error| no_room(&error);
        let mut file = tempfile::tempfile().map_err(lost)?;
        self.workbook.save_to_writer(&mut file).map_err(failed)?;
        file.flush().map_err(lost)?;
        file.rewind().map_err(lost)?;
        Ok(file)
    }
}

/// The format of a cell, in a row of this depth; none where the cell needs none.
fn format_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Figure(_, decimals) => {
            let shown = format!("0.{}", "0".repeat(*decimals as usize));
            Some(shown.trim_end_matches('.').to_owned())
        }
        Cell::Percent(_) => Some("0.00%".into()),
        Cell::Date(_) => Some("dd.mm.yyyy".into()),
        _ => None,
    }
}

/// The most characters of a cell.
const LONGEST: usize = 32_767;

/// The largest whole number that spreadsheets keep to the last digit: they have fifteen. What is larger is a text.
const EXACT: u64 = 999_999_999_999_999;

/// The sign at the end of a text that was cut.
const CUT: &str = " […]";

/// A text as a cell can hold it: one that is too long ends with a sign that it was cut.
fn fitting(text: &str) -> std::borrow::Cow<'_, str> {
    // Excel counts units of UTF-16.
    let mut units = 0;
    let room = LONGEST - CUT.encode_utf16().count();
    let mut cut = text.len();
    for (place, c) in text.char_indices() {
        units += c.len_utf16();
        if units <= room {
            cut = place + c.len_utf8();
        }
    }
    if units <= LONGEST { text.into() } else { format!("{}{CUT}", &text[..cut]).into() }
}

/// Writes a cell, in a style that is the row's.
fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, style: &Format) -> Result<()> {
    let format = format_of(cell).map_or_else(|| style.clone(), |shown| style.clone().set_num_format(shown));
    match cell {
        // A text is a text here: no spreadsheet takes it for a formula.
        Cell::Text(text) => sheet.write_string_with_format(row, column, fitting(text), &format),
        Cell::Flag(flag) => sheet.write_boolean_with_format(row, column, *flag, &format),
        Cell::Number(number) if number.unsigned_abs() > EXACT => {
            sheet.write_string_with_format(row, column, number.to_string(), &format)
        }
        Cell::Number(number) => sheet.write_number_with_format(row, column, *number as f64, &format),
        Cell::Decimal(number) => sheet.write_number_with_format(row, column, *number, &format),
        Cell::Figure(figure, _) => sheet.write_number_with_format(row, column, figure.to_f64(), &format),
        // A spreadsheet shows 0.1698 as 16.98 %, and computes with it.
        Cell::Percent(number) => {
            let hundredths = (number * 100.0).round() / 10_000.0;
            sheet.write_number_with_format(row, column, hundredths, &format)
        }
        Cell::Date(day) => {
            let day = ExcelDateTime::from_ymd(day.year().clamp(1900, 9999) as u16, day.month() as u8, day.day() as u8);
            sheet.write_datetime_with_format(row, column, day.map_err(failed)?, &format)
        }
        Cell::Hidden => {
            sheet.write_string_with_format(row, column, cell.written(), &format.set_align(FormatAlign::Right))
        }
        Cell::Empty => return Ok(()),
    }
    .map_err(failed)?;
    Ok(())
}

/// The style of the heads of columns.
fn head_style() -> Format {
    Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top).set_border_bottom(FormatBorder::Thin)
}

/// A sheet with its notes on a second one. The same content gives the same bytes.
fn sheet(content: &Sheet) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    let title = content.words.as_ref().map_or(&content.name, |words| &words.title);
    workbook.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&made));
    let sheet = workbook.add_worksheet();
    // Excel allows 31 characters and not all of them.
    let name: String = content.name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    sheet.set_name(name).map_err(failed)?;
    figures(sheet, content)?;
    if !content.notes.is_empty() {
        let notes = workbook.add_worksheet();
        notes.set_name("Notes").map_err(failed)?;
        let words = content.words.clone().map(|words| ReaderWords { title: String::new(), ..words });
        figures(notes, &Sheet { words, ..Sheet::of_notes("Notes".into(), &content.notes) })?;
    }
    workbook.save_to_buffer().map_err(failed)
}

/// Writes the rows of a sheet under their header, and above it the title where there is one for readers; printed, the columns fit
/// one page.
fn figures(sheet: &mut Worksheet, content: &Sheet) -> Result<()> {
    let words = content.words.clone().unwrap_or_default();
    let top = if words.title.is_empty() { 0 } else { 2 };
    let last = (content.header.len().saturating_sub(1)) as u16;
    for (column, name) in (0..).zip(&content.header) {
        sheet.write_string_with_format(top, column, words.head(name), &head_style()).map_err(failed)?;
    }
    for ((row, cells), place) in (top + 1..).zip(&content.rows).zip(0..) {
        for (column, cell) in (0..).zip(cells) {
            let style = style(content, place, content.header.get(usize::from(column)));
            put(sheet, (row, column), cell, &style)?;
        }
    }
    let end = top + content.rows.len() as u32;
    sheet.set_autofit_max_width(480).autofit();
    if top > 0 {
        sheet
            .write_string_with_format(0, 0, &words.title, &Format::new().set_bold().set_font_size(14))
            .map_err(failed)?;
        // They are for programs: readers have them in the notes.
        for column in content.header.len().saturating_sub(content.attributes)..content.header.len() {
            sheet.set_column_hidden(column as u16).map_err(failed)?;
        }
    }
    sheet.set_freeze_panes(top + 1, 0).map_err(failed)?;
    if end > top {
        sheet.autofilter(top, 0, end, last).map_err(failed)?;
    }
    printed(sheet, top, content.rows.len())
}

/// The style of a cell: totals are bold, other lines are indented.
fn style(content: &Sheet, row: usize, column: Option<&String>) -> Format {
    match content.levels.get(row) {
        Some(0) => Format::new().set_bold(),
        Some(level) if column.is_some_and(|name| name == "label") => Format::new().set_indent(*level),
        _ => Format::new(),
    }
}

/// Lays a sheet out for print: across, on one page where it has few rows, with its header on each.
fn printed(sheet: &mut Worksheet, header: u32, rows: usize) -> Result<()> {
    const A4: u8 = 9;
    const PAGE: usize = 60;
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, if rows <= PAGE { 1 } else { 0 });
    sheet.set_repeat_rows(header, header).map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_for_a_cell_is_cut_and_says_so() {
        let longest = "ä".repeat(LONGEST);
        assert_eq!(fitting(&longest), longest);
        let cut = fitting(&"𝒂".repeat(LONGEST)).into_owned();
        assert!(cut.ends_with(CUT) && cut.encode_utf16().count() <= LONGEST, "{}", cut.len());
    }
}
