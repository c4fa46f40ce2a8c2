//! Rows of spreadsheets: XLSX, ODS and the older XLS.

use std::io::{Cursor, Read};
use std::sync::Arc;

use calamine::{Data, Reader, open_workbook_auto_from_rs};

use super::broken::LineFault;
use super::records::failed;
use crate::error::{Error, Result};

/// A row of a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetRow {
    /// Its number in the sheet, from 1.
    pub number: u64,
    /// The texts of its cells; dates as `2017-12-31`.
    pub cells: Vec<String>,
    /// The fault of a cell that holds an error, such as `#REF!`.
    pub fault: Option<LineFault>,
}

/// The rows of a sheet, the first one where none is named.
pub fn rows(mut file: impl Read, sheet: Option<&str>) -> Result<Vec<SheetRow>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let bytes: Arc<[u8]> = bytes.into();
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes))
        .map_err(|error| failed(format!("it is no spreadsheet that can be read ({error}); save it as XLSX or CSV")))?;
    let names = workbook.sheet_names();
    let name = match sheet {
        Some(name) => names.iter().find(|known| known.as_str() == name),
        None => names.first(),
    };
    let Some(name) = name else {
        return Err(Error::Configuration(format!("--sheet must be one of {}", names.join(", "))));
    };
    let range = workbook.worksheet_range(name).map_err(failed)?;
    let first = range.start().map_or(0, |(row, _)| u64::from(row)) + 1;
    Ok((first..).zip(range.rows()).map(|(number, cells)| row(number, cells)).collect())
}

fn row(number: u64, cells: &[Data]) -> SheetRow {
    let fault = cells.iter().find_map(|cell| match cell {
        Data::Error(error) => Some(LineFault::CellError(error.to_string())),
        _ => None,
    });
    SheetRow { number, cells: cells.iter().map(text).collect(), fault }
}

/// The text of a cell. A day is a date without a time, whatever the sheet shows.
fn text(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => {
            let at = if at.is_datetime() { at.as_datetime() } else { None };
            at.map_or_else(
                || cell.to_string(),
                |at| match at.format("%H:%M:%S").to_string().as_str() {
                    "00:00:00" => at.date().to_string(),
                    _ => at.format("%Y-%m-%dT%H:%M:%S").to_string(),
                },
            )
        }
        cell => cell.to_string(),
    }
}
