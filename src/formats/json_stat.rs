//! JSON-stat 2.0 (json-stat.org), for statistics offices: the columns that say what a row stands for are dimensions, and
//! so is what is measured, where it is more than one thing.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::file_format::{BodyForm, Described, FileFormat, Writer, schemas_of};
use super::sheet::{Cell, Sheet};
use crate::error::{Error, Result};
use crate::json::{to_json, to_value};

/// JSON-stat.
pub static FORMAT: FileFormat = FileFormat {
    name: "json-stat",
    title: "JSON-stat",
    media_type: "application/vnd.json-stat+json",
    content_type: "application/vnd.json-stat+json",
    extension: "json",
    writer: Writer::Observations(|sheet| to_json(&dataset(sheet)?)),
    form: BodyForm::Json(described),
};

fn described() -> Described {
    let header = ["year", "received"].map(str::to_owned).to_vec();
    let rows = vec![vec![Cell::Number(2017), Cell::Number(295)]];
    let example = dataset(&Sheet { name: "example".into(), header, rows, keys: 1, ..Sheet::default() });
    Described { schemas: schemas_of::<JsonStatDataset>(), example: example.map_or(Value::Null, |set| to_value(&set)) }
}

/// The columns that are periods.
const TIME: [&str; 3] = ["year", "quarter", "month"];

/// The id of the dimension that tells what is measured.
pub const MEASURE: &str = "measure";

/// The column that says of what kind the figures of a row are.
const STATUS: &str = "status";

/// The text that stands for an absent value.
const ABSENT: &str = "NONE";

/// The values of a dimension in their order: periods in theirs, all others as they come.
fn categories(sheet: &Sheet, column: usize) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for row in &sheet.rows {
        let value = name(&row[column]);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if TIME.contains(&sheet.header[column].as_str()) {
        values.sort();
    }
    if values.is_empty() {
        // Programs take a dimension without values for a fault: without rows there are all that have labels, or none by its name.
        let known = sheet.labels.get(&sheet.header[column]).into_iter().flat_map(BTreeMap::keys);
        values.extend(known.map(|code| if code.is_empty() { ABSENT.to_owned() } else { code.clone() }));
    }
    if values.is_empty() {
        values.push(ABSENT.to_owned());
    }
    values
}

fn name(cell: &Cell) -> String {
    match cell {
        Cell::Empty => ABSENT.to_owned(),
        Cell::Text(text) => text.clone(),
        other => other.written(),
    }
}

/// A dataset of JSON-stat 2.0.
#[derive(Serialize, ToSchema)]
pub struct JsonStatDataset {
    /// The version of JSON-stat.
    version: &'static str,
    /// The class: a dataset.
    class: &'static str,
    /// The name of the dataset.
    label: String,
    /// The system that made the dataset.
    source: &'static str,
    /// The notes, each after its name.
    note: Vec<String>,
    /// The roles of dimensions.
    #[schema(inline)]
    role: DimensionRoles,
    /// The dimensions by their ids.
    #[schema(value_type = BTreeMap<String, JsonStatDimension>, inline)]
    dimension: Map<String, Value>,
    /// The ids of the dimensions in their order.
    id: Vec<String>,
    /// The numbers of values of the dimensions, in the same order.
    size: Vec<usize>,
    /// The numbers of the table of all values; null where none is known or it is hidden.
    #[schema(value_type = Vec<Option<f64>>)]
    value: Vec<Value>,
    /// The states of numbers by their places from 0: `X` where it is hidden, else as in the column `status` of the other formats.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    status: Map<String, Value>,
    /// The day whose state the numbers are; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    updated: Option<NaiveDate>,
}

/// The roles of dimensions.
#[derive(Serialize, ToSchema)]
struct DimensionRoles {
    /// The ids of the dimensions that are periods.
    time: Vec<String>,
    /// The id of the dimension that tells what is measured.
    metric: Vec<String>,
}

/// A dimension of a dataset.
#[derive(Serialize, ToSchema)]
struct JsonStatDimension {
    /// The name of the dimension.
    label: String,
    /// The values of the dimension.
    #[schema(inline)]
    category: JsonStatCategory,
}

/// The values of a dimension.
#[derive(Serialize, ToSchema)]
struct JsonStatCategory {
    /// The codes in their order.
    index: Vec<String>,
    /// The labels of codes.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    label: Map<String, Value>,
    /// The units of codes that measure something else than a number of records.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(inline)]
    unit: BTreeMap<String, JsonStatUnit>,
    /// The codes that are parts of another one, by that one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    child: BTreeMap<String, Vec<String>>,
    /// The notes on codes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    note: BTreeMap<String, Vec<String>>,
}

/// The unit of a code.
#[derive(Serialize, ToSchema)]
struct JsonStatUnit {
    /// The number of decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decimals: Option<u32>,
    /// The sign of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    symbol: Option<String>,
}

/// The most numbers of a dataset: a table of all combinations grows with each dimension.
const MOST: usize = 1_000_000;

fn number(cell: &Cell) -> Option<Value> {
    match cell {
        Cell::Number(number) => Some((*number).into()),
        Cell::Decimal(number) | Cell::Percent(number) => Some((*number).into()),
        Cell::Figure(figure, _) => Some(to_value(figure)),
        Cell::Text(_) | Cell::Flag(_) | Cell::Date(_) | Cell::Hidden | Cell::Empty => None,
    }
}

/// The dimensions of a sheet with their values: its keys, and what is measured.
struct Dimensions<'a> {
    ids: Vec<&'a str>,
    values: Vec<Vec<String>>,
    /// The places of the values.
    places: Vec<HashMap<String, usize>>,
    /// True if what is measured is a dimension too.
    is_measured: bool,
}

impl<'a> Dimensions<'a> {
    fn of(sheet: &'a Sheet) -> Self {
        let (keys, measures) = (&sheet.header[..sheet.keys.min(sheet.header.len())], sheet.measures());
        let mut ids: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut values: Vec<Vec<String>> = (0..keys.len()).map(|column| categories(sheet, column)).collect();
        // A single measure needs no dimension, unless there is no other one or it has a unit.
        let is_measured = measures.len() != 1 || keys.is_empty() || sheet.units.contains_key(&measures[0]);
        if is_measured {
            ids.push(MEASURE);
            values.push(measures.to_vec());
        }
        let places = values.iter().map(|values| values.iter().cloned().zip(0..).collect()).collect();
        Dimensions { ids, values, places, is_measured }
    }

    /// The place of a row's number of a measure.
    fn place(&self, sheet: &Sheet, row: &[Cell], measure: usize) -> usize {
        let keys = row.iter().zip(&self.values).zip(&self.places).take(sheet.keys);
        let of_row = keys.fold(0, |place, ((cell, values), places)| {
            place * values.len() + places.get(&name(cell)).copied().unwrap_or_default()
        });
        if self.is_measured { of_row * sheet.measures().len() + measure } else { of_row }
    }
}

/// A sheet as a dataset. A combination without a row has the number that the sheet says for such.
fn dataset(sheet: &Sheet) -> Result<JsonStatDataset> {
    let dimensions = Dimensions::of(sheet);
    let mut sizes = dimensions.values.iter().map(Vec::len);
    let all = sizes.try_fold(1_usize, |all, size| all.checked_mul(size)).filter(|all| *all <= MOST);
    let all = all.ok_or_else(|| {
        Error::NotAcceptable(format!(
            "JSON-stat has a number for each combination of values, and here for more than {MOST}: break down by less, or \
             take csv"
        ))
    })?;
    let mut value = vec![number(&sheet.absent).unwrap_or_default(); all];
    let mut status = Map::new();
    let state = state_column(sheet);
    for row in &sheet.rows {
        let stated = state.and_then(|column| row.get(column)).filter(|cell| **cell != Cell::Empty);
        for (measure, cell) in row.iter().skip(sheet.keys).take(sheet.measures().len()).enumerate() {
            let place = dimensions.place(sheet, row, measure);
            value[place] = number(cell).unwrap_or_default();
            let stated = if *cell == Cell::Hidden { Some(cell) } else { stated };
            status.extend(stated.map(|cell| (place.to_string(), cell.written().into())));
        }
    }
    Ok(described_as(sheet, &dimensions, value, status))
}

/// A dataset of these numbers, with what its dimensions mean.
fn described_as(
    sheet: &Sheet,
    Dimensions { ids, values, .. }: &Dimensions,
    value: Vec<Value>,
    status: Map<String, Value>,
) -> JsonStatDataset {
    let described = ids.iter().zip(values).map(|(id, all)| ((*id).to_owned(), dimension(sheet, id, all)));
    let ids_of = |is_one: &dyn Fn(&&&str) -> bool| ids.iter().filter(is_one).map(|id| (*id).to_owned()).collect();
    let title = sheet.words.as_ref().map_or(&sheet.name, |words| &words.title);
    JsonStatDataset {
        version: "2.0",
        class: "dataset",
        label: title.clone(),
        source: "aufsicht",
        note: sheet.notes.iter().map(|note| format!("{}: {}", note.name(), note.text)).collect(),
        role: DimensionRoles { time: ids_of(&|id| TIME.contains(id)), metric: ids_of(&|id| **id == MEASURE) },
        dimension: described.collect(),
        id: ids_of(&|_| true),
        size: values.iter().map(Vec::len).collect(),
        value,
        status,
        updated: sheet.as_of,
    }
}

/// The place of the column that says of what kind the figures of a row are: the only one, or the one of that name.
fn state_column(sheet: &Sheet) -> Option<usize> {
    let first = sheet.header.len().checked_sub(sheet.attributes)?;
    let named = sheet.header[first..].iter().position(|name| name == STATUS || sheet.attributes == 1);
    named.map(|place| first + place)
}

fn dimension(sheet: &Sheet, id: &str, values: &[String]) -> Value {
    let head = |column: &str| sheet.words.as_ref().map_or(column, |words| words.head(column)).to_owned();
    let known = sheet.labels.get(id);
    // A value that is absent is listed under a name of its own.
    let label = |value: &String| known?.get(if value == ABSENT { "" } else { value }).or(known?.get(value)).cloned();
    let label = |value: &String| if id == MEASURE { Some(head(value)) } else { label(value) };
    let labels = values.iter().filter_map(|value| Some((value.clone(), label(value)?.into()))).collect();
    let unit = |value: &String| {
        let unit = sheet.units.get(value)?;
        Some((value.clone(), JsonStatUnit { decimals: unit.decimals, symbol: unit.symbol.clone() }))
    };
    let unit = values.iter().filter_map(unit).collect();
    let is_first = sheet.header.first().is_some_and(|first| first == id);
    let child = if is_first { sheet.parts.clone() } else { BTreeMap::new() };
    let mut note: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for told in sheet.notes.iter().filter(|_| is_first) {
        for line in told.lines.iter().filter(|line| values.contains(line)) {
            note.entry(line.clone()).or_default().push(told.text.clone());
        }
    }
    let category = JsonStatCategory { index: values.to_vec(), label: labels, unit, child, note };
    to_value(&JsonStatDimension { label: head(id), category })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn measures_are_a_dimension_and_what_has_no_row_is_as_the_sheet_says() {
        let sheet = Sheet {
            name: "backlog".into(),
            header: ["year", "register", "opening", "share"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![Cell::Number(2017), "cases".into(), Cell::Number(5), Cell::Percent(94.24)],
                vec![Cell::Number(2016), "cases".into(), Cell::Number(3), Cell::Empty],
                vec![Cell::Number(2017), Cell::Empty, Cell::Number(1), Cell::Empty],
            ],
            keys: 2,
            absent: Cell::Number(0),
            labels: [("register".to_owned(), [("cases".to_owned(), "Anfragen".to_owned())].into())].into(),
            ..Sheet::default()
        };
        let stat = to_value(&dataset(&sheet).unwrap());
        assert_eq!((&stat["id"], &stat["size"]), (&json!(["year", "register", "measure"]), &json!([2, 2, 2])));
        assert_eq!(stat["dimension"]["year"]["category"]["index"], json!(["2016", "2017"]));
        assert_eq!(stat["dimension"]["register"]["category"]["label"], json!({"cases": "Anfragen"}));
        assert_eq!(stat["value"], json!([3, null, 0, 0, 5, 94.24, 1, null]));
        assert_eq!(stat["role"], json!({"time": ["year"], "metric": ["measure"]}));
        let stat = to_value(&dataset(&Sheet { rows: Vec::new(), ..sheet }).unwrap());
        assert_eq!((&stat["size"], &stat["value"]), (&json!([1, 1, 2]), &json!([0, 0])));
        assert_eq!(stat["dimension"]["year"]["category"]["index"], json!(["NONE"]));
        assert_eq!(stat["dimension"]["register"]["category"]["index"], json!(["cases"]));
    }
}
