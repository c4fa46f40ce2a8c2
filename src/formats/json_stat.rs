//! JSON-stat 2.0 (json-stat.org), for statistics offices: the columns that say what a row stands for are dimensions, and
//! so is what is measured, where it is more than one thing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::file_format::{BodyForm, Described, FileFormat, Writer};
use super::sheet::{Cell, Sheet};
use crate::json::{to_json, to_value};

/// JSON-stat.
pub static FORMAT: FileFormat = FileFormat {
    name: "json-stat",
    title: "JSON-stat",
    media_type: "application/vnd.json-stat+json",
    content_type: "application/vnd.json-stat+json",
    extension: "json",
    writer: Writer::Observations(|sheet| to_json(&dataset(sheet))),
    form: BodyForm::Json(described),
};

fn described() -> Described {
    let header = ["year", "received"].map(str::to_owned).to_vec();
    let rows = vec![vec![Cell::Number(2017), Cell::Number(295)]];
    Described::as_type(&dataset(&Sheet { name: "example".into(), header, rows, keys: 1, ..Sheet::default() }))
}

/// The columns that are periods.
const TIME: [&str; 3] = ["year", "quarter", "month"];

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
    /// The numbers by their places in the table of all values, from 0.
    #[schema(value_type = BTreeMap<String, f64>)]
    value: Map<String, Value>,
    /// The marks of hidden numbers by their places.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    status: Map<String, Value>,
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

fn number(cell: &Cell) -> Option<Value> {
    match cell {
        Cell::Number(number) => Some((*number).into()),
        Cell::Decimal(number) | Cell::Percent(number) => Some((*number).into()),
        Cell::Figure(figure, _) => Some(to_value(figure)),
        Cell::Text(_) | Cell::Hidden | Cell::Empty => None,
    }
}

/// A sheet as a dataset; cells without a number are left out, and `status` marks those whose number is hidden.
fn dataset(sheet: &Sheet) -> JsonStatDataset {
    let (keys, measures) = sheet.header.split_at(sheet.keys.min(sheet.header.len()));
    let mut ids: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut dimensions: Vec<Vec<String>> = (0..keys.len()).map(|column| categories(sheet, column)).collect();
    // A single measure needs no dimension, unless there is no other one or it has a unit.
    let measured = measures.len() != 1 || keys.is_empty() || sheet.units.contains_key(&measures[0]);
    if measured {
        ids.push("measure");
        dimensions.push(measures.to_vec());
    }
    let size: Vec<usize> = dimensions.iter().map(Vec::len).collect();
    let (mut values, mut status) = (Map::new(), Map::new());
    for row in &sheet.rows {
        let place = row.iter().zip(&dimensions).take(keys.len()).fold(0, |place, (cell, values)| {
            let value = name(cell);
            place * values.len() + values.iter().position(|known| *known == value).unwrap_or(0)
        });
        for (index, cell) in row[keys.len()..].iter().enumerate() {
            let place = if measured { place * measures.len() + index } else { place };
            values.extend(number(cell).map(|number| (place.to_string(), number)));
            status.extend((*cell == Cell::Hidden).then(|| (place.to_string(), cell.written().into())));
        }
    }
    let described = ids.iter().zip(&dimensions).map(|(id, values)| ((*id).to_owned(), dimension(sheet, id, values)));
    let ids_of = |is_one: &dyn Fn(&&&str) -> bool| ids.iter().filter(is_one).map(|id| (*id).to_owned()).collect();
    JsonStatDataset {
        version: "2.0",
        class: "dataset",
        label: sheet.name.clone(),
        source: "aufsicht",
        note: sheet.notes.iter().map(|(name, text)| format!("{name}: {text}")).collect(),
        role: DimensionRoles { time: ids_of(&|id| TIME.contains(id)), metric: ids_of(&|id| **id == "measure") },
        dimension: described.collect(),
        id: ids_of(&|_| true),
        size,
        value: values,
        status,
    }
}

fn dimension(sheet: &Sheet, id: &str, values: &[String]) -> Value {
    let known = sheet.labels.get(id);
    // A value that is absent is listed under a name of its own.
    let label = |value: &String| known?.get(if value == ABSENT { "" } else { value }).or(known?.get(value));
    let labels = values.iter().filter_map(|value| Some((value.clone(), label(value)?.clone().into())));
    let unit = |value: &String| {
        let unit = sheet.units.get(value)?;
        Some((value.clone(), JsonStatUnit { decimals: unit.decimals, symbol: unit.symbol.clone() }))
    };
    let unit = values.iter().filter_map(unit).collect();
    let category = JsonStatCategory { index: values.to_vec(), label: labels.collect(), unit };
    to_value(&JsonStatDimension { label: id.to_owned(), category })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn measures_are_a_dimension_and_absent_cells_are_left_out() {
        let sheet = Sheet {
            name: "backlog".into(),
            header: ["year", "register", "opening", "share"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![Cell::Number(2017), "cases".into(), Cell::Number(5), Cell::Percent(94.24)],
                vec![Cell::Number(2016), "cases".into(), Cell::Number(3), Cell::Empty],
                vec![Cell::Number(2017), Cell::Empty, Cell::Number(1), Cell::Empty],
            ],
            keys: 2,
            labels: [("register".to_owned(), [("cases".to_owned(), "Anfragen".to_owned())].into())].into(),
            ..Sheet::default()
        };
        let stat = to_value(&dataset(&sheet));
        assert_eq!((&stat["id"], &stat["size"]), (&json!(["year", "register", "measure"]), &json!([2, 2, 2])));
        assert_eq!(stat["dimension"]["year"]["category"]["index"], json!(["2016", "2017"]));
        assert_eq!(stat["dimension"]["register"]["category"]["label"], json!({"cases": "Anfragen"}));
        assert_eq!(stat["value"], json!({"4": 5, "5": 94.24, "0": 3, "6": 1}));
        assert_eq!(stat["role"], json!({"time": ["year"], "metric": ["measure"]}));
    }
}
