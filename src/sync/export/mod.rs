//! Whole registers as one stream: one snapshot, read page by page, in memory that does not grow.

mod labels;
mod naming;

pub use naming::ColumnNaming;

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::Arc;

use diesel::connection::Connection;
use serde_json::{Map, Value};

use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::{Cell, FileFormat, csv, ndjson, xlsx};
use crate::json::flat;
use crate::messages::Lang;
use crate::records::find;
use crate::records::personal::is_personal;
use crate::records::query::page::{self, PageQuery};
use crate::records::row::StoredRecord;
use crate::records::view::View;
use crate::registers::schema;
use crate::registers::vocabulary::OWN;
use crate::registers::{Register, Vocabulary};
use crate::seal::Keys;
use labels::CodeLabels;

/// A record as it is shown.
type ShownRecord = Map<String, Value>;

/// A page of them, with the names of the records that they name, by id.
struct ExportedPage {
    records: Vec<ShownRecord>,
    names: HashMap<String, String>,
}

/// The properties of every record that is shown.
const ALWAYS: [&str; 4] = ["id", "created_at", "updated_at", "revision"];

/// The number of records that are read at a time.
pub const PAGE: i64 = 1000;

/// The formats of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// A JSON object on each line
    Ndjson,
    /// Cells with semicolons, in UTF-8
    Csv,
    /// A spreadsheet
    Xlsx,
}

impl ExportFormat {
    /// All of them, the usual one first.
    pub const ALL: [ExportFormat; 3] = [ExportFormat::Ndjson, ExportFormat::Csv, ExportFormat::Xlsx];

    /// The format of files that have this ending.
    pub fn of_extension(extension: &str) -> Option<ExportFormat> {
        ExportFormat::ALL.into_iter().find(|format| format.as_ref().extension == extension)
    }
}

impl AsRef<FileFormat> for ExportFormat {
    fn as_ref(&self) -> &FileFormat {
        match self {
            ExportFormat::Ndjson => &ndjson::FORMAT,
            ExportFormat::Csv => &csv::FORMAT,
            ExportFormat::Xlsx => &xlsx::FORMAT,
        }
    }
}

/// A receiver of an export, piece by piece.
pub trait Receiver {
    /// Returns the view that the records are shown in.
    fn view(&self) -> View<'_>;

    /// The values that the records may have.
    fn vocabulary(&self) -> Arc<Vocabulary>;

    /// The language of labels; none where codes stand alone.
    fn lang(&self) -> Option<Lang>;

    /// The names that columns and values have.
    fn naming(&self) -> ColumnNaming;

    /// The keys to these records, where their personal data is shown.
    fn keys(&mut self, records: &[StoredRecord]) -> Result<Option<Keys>>;

    /// Records that these records are about to be shown.
    fn sees(&mut self, records: &[StoredRecord]) -> Result<()>;

    /// Takes a piece.
    fn give(&mut self, bytes: Vec<u8>) -> Result<()>;
}

/// The properties of a register that are days.
fn days(register: &Register, vocabulary: &Vocabulary) -> HashSet<String> {
    let leaves = schema::leaves(register, vocabulary, register.record).into_iter();
    leaves.filter(|(_, schema)| schema["format"] == "date").map(|(name, _)| name).collect()
}

/// The columns of a register's records: the properties, with dots where they are parts of an object.
fn columns(register: &Register, vocabulary: &Vocabulary, view: View) -> Vec<String> {
    let mut all: Vec<String> =
        schema::leaves(register, vocabulary, register.record).into_iter().map(|(name, _)| name).collect();
    // What the vocabulary no longer has is in the records all the same.
    all.extend(vocabulary.former_own(register).map(|name| format!("{OWN}{name}")));
    // What can be shown with a record is exported from its own register.
    all.retain(|name| name != schema::REST);
    all.retain(|name| register.referring().all(|referring| referring.name.replace('-', "_") != *name));
    let shown = |name: &str| register.public.contains(&name.split('.').next().unwrap_or(name));
    all.retain(|name| match view {
        View::Whole(_) => true,
        View::Impersonal => !is_personal(name),
        View::Public => ALWAYS.contains(&name.as_str()) || shown(name),
        View::Identity => ["id", "number", "revision"].contains(&name.as_str()),
    });
    all
}

fn cells(
    columns: &[String],
    labels: Option<&CodeLabels>,
    record: &ShownRecord,
    names: &HashMap<String, String>,
) -> Vec<Cell> {
    let mut values = flat(record);
    if let Some(labels) = labels {
        labels.put(record, names, &mut values);
    }
    let cell = |name: &String| match values.get(name) {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::String(text)) => Cell::Text(text.clone()),
        Some(Value::Number(number)) => number.as_i64().map_or_else(|| number.as_f64().into(), Cell::Number),
        Some(Value::Bool(flag)) => Cell::Flag(*flag),
        Some(other) => Cell::Text(other.to_string()),
    };
    columns.iter().map(cell).collect()
}

/// Reads everything that matches in one snapshot and hands it on page by page.
fn each_page<R: Receiver>(
    db: &mut Db,
    register: &Register,
    (mut wanted, labels): (PageQuery, Option<&CodeLabels>),
    receiver: &mut R,
    mut page: impl FnMut(ExportedPage, &mut R) -> Result<()>,
) -> Result<()> {
    let without_keys = match receiver.view() {
        View::Whole(_) | View::Impersonal => View::Impersonal,
        View::Public => View::Public,
        View::Identity => View::Identity,
    };
    db.transaction(|db| {
        loop {
            let Some(found) = page::page(db, &wanted)? else { return Err(Error::Internal("a lost place".into())) };
            let keys = receiver.keys(&found.rows)?;
            receiver.sees(&found.rows)?;
            let view = keys.as_ref().map_or(without_keys, View::Whole);
            let shown = found.rows.iter().map(|row| row.row.answer(register, view));
            let records = shown.collect::<Result<Vec<_>>>()?;
            let named = labels.map(|labels| labels.named(&records)).unwrap_or_default();
            let names = if named.is_empty() { HashMap::new() } else { find::names(db, register, &named)? };
            page(ExportedPage { records, names }, receiver)?;
            match found.end {
                Some(end) => wanted.after = Some(end),
                None => return Ok(()),
            }
        }
    })
}

/// Gives a receiver all records that are wanted.
pub fn write(
    db: &mut Db,
    register: &Register,
    wanted: PageQuery,
    format: ExportFormat,
    receiver: &mut impl Receiver,
) -> Result<()> {
    let (vocabulary, naming) = (receiver.vocabulary(), receiver.naming());
    let labels = receiver.lang().map(|lang| CodeLabels::new(register, &vocabulary, lang, naming)).transpose()?;
    let columns = columns(register, &vocabulary, receiver.view());
    let columns = labels.iter().fold(columns, |columns, labels| labels.widened(columns));
    let head = |name: &String| labels.as_ref().map_or_else(|| name.clone(), |labels| labels.head(name));
    let heads: Vec<String> = columns.iter().map(head).collect();
    let cells = |record: &ShownRecord, names: &HashMap<String, String>| cells(&columns, labels.as_ref(), record, names);
    let wanted = (wanted, labels.as_ref());
    match format {
        ExportFormat::Ndjson => {
            each_page(db, register, wanted, receiver, |ExportedPage { mut records, names }, receiver| {
                if let Some(labels) = &labels {
                    for record in &mut records {
                        record.insert("labels".into(), labels.of(record, &names).into());
                    }
                }
                receiver.give(ndjson::lines(records)?)
            })
        }
        ExportFormat::Csv => {
            receiver.give(csv::rows(&heads, [])?)?;
            each_page(db, register, wanted, receiver, |ExportedPage { records, names }, receiver| {
                receiver.give(csv::lines(records.iter().map(|record| cells(record, &names)))?)
            })
        }
        ExportFormat::Xlsx => {
            let days = days(register, &vocabulary);
            let is_day: Vec<bool> = columns.iter().map(|name| days.contains(name)).collect();
            let widths =
                columns.iter().zip(&heads).zip(&is_day).map(|((name, head), is_day)| width(name, head, *is_day));
            let header: Vec<(String, f64)> = heads.iter().cloned().zip(widths).collect();
            let dated = |record: &ShownRecord, names: &HashMap<String, String>| {
                cells(record, names).into_iter().zip(&is_day).map(as_day).collect()
            };
            write_sheet(db, register, wanted, (&header, dated), receiver)
        }
    }
}

/// The width of a column of a spreadsheet in characters: as its head needs, and as the values of its property do.
fn width(name: &str, head: &str, is_day: bool) -> f64 {
    let of_values = match name {
        _ if is_day => 12,
        "title" | "name" => 50,
        "id" | "created_at" | "updated_at" => 24,
        _ => 16,
    };
    of_values.max(head.chars().count() + 4) as f64
}

/// The cell of a property that is a day, if so.
fn as_day((cell, is_day): (Cell, &bool)) -> Cell {
    match cell {
        Cell::Text(text) if *is_day => match text.parse() {
            Ok(day) => Cell::Date(day),
            Err(_) => Cell::Text(text),
        },
        cell => cell,
    }
}

fn write_sheet(
    db: &mut Db,
    register: &Register,
    wanted: (PageQuery, Option<&CodeLabels>),
    (columns, cells): (&[(String, f64)], impl Fn(&ShownRecord, &HashMap<String, String>) -> Vec<Cell>),
    receiver: &mut impl Receiver,
) -> Result<()> {
    if page::count(db, &wanted.0.filter)? >= xlsx::ROWS as i64 {
        return Err(Error::NotAcceptable(
            "a spreadsheet holds 1,048,575 records; narrow the filters or take csv".into(),
        ));
    }
    let mut sheet = xlsx::SheetWriter::new(register.name, columns)?;
    each_page(db, register, wanted, receiver, |ExportedPage { records, names }, _| {
        records.iter().try_for_each(|record| sheet.write(&cells(record, &names)))
    })?;
    let mut file = sheet.finish()?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece).map_err(|error| Error::Internal(error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        receiver.give(piece[..read].to_vec())?;
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn the_command_line_calls_the_formats_by_their_names() {
        for format in ExportFormat::value_variants() {
            let value = format.to_possible_value().unwrap();
            assert_eq!(value.get_name(), format.as_ref().name);
        }
        assert_eq!(ExportFormat::value_variants(), ExportFormat::ALL);
    }
}
