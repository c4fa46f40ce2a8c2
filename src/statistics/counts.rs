//! Free counts: the records received or closed, by any of the dimensions and periods, as sums of the cube.
//! The public body alone is no dimension of the cube: who asks for it has the records themselves counted.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::detail::Detail;
use super::labels::ValueLabels;
use super::provisional::{self, is_false};
use crate::db::Db;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::formats::{Cell, Labelling, Sheet, Unit};
use crate::messages::Lang;
use crate::records::projections::cube::{self, Count, CubeQuery, Resolution};
use crate::registers::vocabulary::OwnNumber;
use crate::registers::{Dimension, Vocabulary};

/// The breakdowns that are no dimension of records.
const PERIODS_AND_BODIES: [By; 4] = [By::Year, By::Quarter, By::Month, By::Organisation];

/// A property that counts are broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The year.
    Year,
    /// The quarter, as `2017-Q1`.
    Quarter,
    /// The month, as `2017-03`.
    Month,
    /// The public body that a record is linked to, by its present name.
    Organisation,
    /// A dimension of the records.
    Dimension(Dimension),
}

impl By {
    /// The breakdowns of the software.
    fn of_software() -> Vec<By> {
        PERIODS_AND_BODIES.into_iter().chain(Dimension::ALL.map(By::Dimension)).collect()
    }

    /// All of them: the software's, and the dimensions of the authority's own.
    pub fn all(vocabulary: &Vocabulary) -> Vec<By> {
        PERIODS_AND_BODIES.into_iter().chain(vocabulary.all_dimensions().map(By::Dimension)).collect()
    }

    /// The name in queries and answers.
    pub fn name(self) -> &'static str {
        match self {
            By::Year => "year",
            By::Quarter => "quarter",
            By::Month => "month",
            By::Organisation => "organisation",
            By::Dimension(dimension) => dimension.name(),
        }
    }

    /// The schema of its values.
    pub fn schema(self) -> ObjectBuilder {
        let (description, kind): (_, SchemaType) = match self {
            By::Year => ("The year.".into(), Type::Integer.into()),
            By::Quarter => ("The quarter, as 2017-Q1.".into(), Type::String.into()),
            By::Month => ("The month, as 2017-03.".into(), Type::String.into()),
            By::Organisation => (
                "The present name of the public body that the records are linked to; null without one.".into(),
                SchemaType::from_iter([Type::String, Type::Null]),
            ),
            By::Dimension(dimension) => {
                (format!("The value of {}.", dimension.name()), SchemaType::from_iter([Type::String, Type::Null]))
            }
        };
        ObjectBuilder::new().schema_type(kind).description(Some(description))
    }

    /// The year of a value that is a period.
    fn year(self, value: &Value) -> Option<i32> {
        match self {
            By::Year => value.as_i64().and_then(|year| i32::try_from(year).ok()),
            By::Quarter | By::Month => value.as_str()?.split('-').next()?.parse().ok(),
            By::Organisation | By::Dimension(_) => None,
        }
    }

    fn is_within_year(self) -> bool {
        matches!(self, By::Quarter | By::Month)
    }

    /// The value of a sum; null for an absent one.
    fn value(self, count: &Count, resolution: Resolution) -> Value {
        let (year, month) = match resolution {
            Resolution::Years => (count.period, 1),
            Resolution::Months => (count.period / 100, count.period % 100),
        };
        match self {
            By::Year => year.into(),
            By::Quarter => format!("{year}-Q{}", (month + 2) / 3).into(),
            By::Month => format!("{year}-{month:02}").into(),
            By::Organisation => count.organisation.clone().into(),
            By::Dimension(dimension) => count.value(dimension).into(),
        }
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl PartialSchema for By {
    fn schema() -> RefOr<Schema> {
        let names = By::of_software().into_iter().map(By::name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for By {}

/// The values that a figure stands for, by the names of the properties that figures are broken down by.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Breakdown(Map<String, Value>);

impl PartialSchema for Breakdown {
    fn schema() -> RefOr<Schema> {
        let all = By::of_software().into_iter();
        all.fold(ObjectBuilder::new(), |object, by| object.property(by.name(), by.schema())).into()
    }
}

impl ToSchema for Breakdown {}

/// The value of the dimension that a figure is broken down by, if it is.
#[derive(Serialize)]
#[serde(transparent)]
pub struct DimensionValue(Map<String, Value>);

impl DimensionValue {
    /// A value; none for records without one.
    pub fn of(dimension: Dimension, value: Option<&str>) -> Self {
        DimensionValue(std::iter::once((dimension.name().to_owned(), value.into())).collect())
    }

    /// The values where nothing is broken down.
    pub fn of_all() -> Self {
        DimensionValue(Map::new())
    }
}

impl PartialSchema for DimensionValue {
    fn schema() -> RefOr<Schema> {
        let all = Dimension::ALL.into_iter().map(By::Dimension);
        all.fold(ObjectBuilder::new(), |object, by| object.property(by.name(), by.schema())).into()
    }
}

impl ToSchema for DimensionValue {}

/// The measure of records: a count, or the sum of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Records received in the period.
    Received,
    /// Records closed in the period.
    Closed,
    /// A number of the authority's own, by its name with the prefix `own.`, over the records received in the period.
    Sum(&'static str),
}

impl Measure {
    /// The names of those that count records.
    pub const COUNTED: [&'static str; 2] = ["received", "closed"];

    /// The measure of a name.
    pub fn parse(name: &str, vocabulary: &Vocabulary) -> Option<Measure> {
        match name {
            "received" => Some(Measure::Received),
            "closed" => Some(Measure::Closed),
            _ => {
                let path = name.strip_prefix(SUM)?;
                vocabulary.numbers.iter().find(|number| number.path == path).map(|number| Measure::Sum(number.path))
            }
        }
    }

    /// The names of all.
    pub fn names(vocabulary: &Vocabulary) -> Vec<String> {
        let sums = vocabulary.numbers.iter().map(|number| Measure::Sum(number.path).name());
        Measure::COUNTED.map(str::to_owned).into_iter().chain(sums).collect()
    }

    /// The name in queries and answers.
    pub fn name(self) -> String {
        match self {
            Measure::Received => "received".into(),
            Measure::Closed => "closed".into(),
            Measure::Sum(path) => format!("{SUM}{path}"),
        }
    }

    /// The path of the number that is summed.
    pub fn number(self) -> Option<&'static str> {
        if let Measure::Sum(path) = self { Some(path) } else { None }
    }

    fn of(self, count: &Count) -> i64 {
        match self {
            Measure::Received | Measure::Sum(_) => count.counts.received,
            Measure::Closed => count.counts.closed,
        }
    }

    /// A figure as it is told: a sum has as many decimals as it takes.
    pub fn told(self, figure: i64) -> Value {
        match self {
            Measure::Sum(_) => json!(Decimal::of_parts(figure)),
            Measure::Received | Measure::Closed => figure.into(),
        }
    }
}

/// The beginning of the names of sums.
const SUM: &str = "sum:";

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

impl PartialSchema for Measure {
    fn schema() -> RefOr<Schema> {
        let described = Some("The records that are counted.");
        let schema = ObjectBuilder::new().schema_type(Type::String).description(described);
        schema.enum_values(Some(Measure::COUNTED)).into()
    }
}

impl ToSchema for Measure {}

/// A request for counts.
#[derive(Clone, Debug)]
pub struct CountQuery {
    /// Broken down by these, in this order.
    pub by: Vec<By>,
    /// The count or the sum.
    pub measure: Measure,
    /// In which years; `None` for all.
    pub years: Option<RangeInclusive<i32>>,
    /// Only records with these values.
    pub choice: Vec<(Dimension, Vec<String>)>,
}

/// Returns how closely the records are looked at. A number that is summed is a property of theirs too.
pub fn detail(by: &[By], choice: &[(Dimension, Vec<String>)], measure: Measure) -> Detail {
    let broken_down =
        by.iter().filter_map(|by| if let By::Dimension(dimension) = by { Some(*dimension) } else { None });
    Detail::of(broken_down.chain(choice.iter().map(|(dimension, _)| *dimension)))
        .and(by.contains(&By::Month))
        .and(by.contains(&By::Organisation))
        .and(measure.number().is_some())
}

/// The counts that are not 0, each with its values in the order asked for.
pub fn count(db: &mut Db, question: &CountQuery) -> Result<Vec<(Vec<Value>, i64)>> {
    let dimensions: Vec<Dimension> = question
        .by
        .iter()
        .filter_map(|by| if let By::Dimension(dimension) = by { Some(*dimension) } else { None })
        .collect();
    let by_organisation = question.by.contains(&By::Organisation);
    let mut resolution =
        Resolution::for_dimensions(dimensions.iter().copied().chain(question.choice.iter().map(|(d, _)| *d)));
    if by_organisation || question.by.iter().any(|by| by.is_within_year()) {
        resolution = Resolution::Months;
    }
    let years = question.years.clone().unwrap_or(0..=9998);
    let query = CubeQuery {
        years: &years,
        resolution,
        by: &dimensions,
        choice: &question.choice,
        number: question.measure.number(),
    };
    let sums = match by_organisation {
        true => cube::sums_by_organisation(db, query, question.measure == Measure::Closed)?,
        false => cube::sums(db, query)?,
    };
    let mut groups: BTreeMap<Vec<String>, (Vec<Value>, i64)> = BTreeMap::new();
    for sum in sums {
        let number = question.measure.of(&sum);
        if number != 0 {
            let values: Vec<Value> = question.by.iter().map(|by| by.value(&sum, resolution)).collect();
            let key = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            groups.entry(key.collect()).or_insert((values, 0)).1 += number;
        }
    }
    Ok(groups.into_values().filter(|(_, figure)| *figure != 0).collect())
}

/// A count, with the values that it stands for.
#[derive(Serialize, ToSchema)]
pub struct CountItem {
    #[serde(flatten)]
    #[schema(inline)]
    values: Breakdown,
    /// The labels of the values, by the same names; only where a language is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    labels: Option<BTreeMap<&'static str, String>>,
    /// The number of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, nullable = false, minimum = 1)]
    count: Option<i64>,
    // In the document of an authority that has numbers of its own alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    sum: Option<Value>,
    /// True if the year of the count is not over; only broken down by a period.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
}

impl CountItem {
    /// A count of records with these values, or a sum over them.
    pub fn of(by: &[By], (values, figure): &(Vec<Value>, i64), measure: Measure, today: NaiveDate) -> Self {
        let provisional = years_of(by, values).any(|year| year >= today.year());
        let values = by.iter().zip(values).map(|(by, value)| (by.name().to_owned(), value.clone()));
        let is_sum = measure.number().is_some();
        let (count, sum) = ((!is_sum).then_some(*figure), is_sum.then(|| measure.told(*figure)));
        CountItem { values: Breakdown(values.collect()), labels: None, count, sum, provisional }
    }

    /// The same with the labels of its values.
    pub fn labelled(self, by: &[By], values: &[Value], labels: &ValueLabels) -> Self {
        let values: Vec<(Dimension, &str)> = in_dimensions(by, values).collect();
        CountItem { labels: Some(labels.of_row(&values)), ..self }
    }
}

/// The values that are in a dimension; `""` for an absent one.
fn in_dimensions<'v>(by: &'v [By], values: &'v [Value]) -> impl Iterator<Item = (Dimension, &'v str)> {
    by.iter().zip(values).filter_map(|(by, value)| match by {
        By::Dimension(dimension) => Some((*dimension, value.as_str().unwrap_or_default())),
        _ => None,
    })
}

/// The labels of all values that were found.
pub fn labels_of(by: &[By], found: &[(Vec<Value>, i64)], labels: &ValueLabels) -> BTreeMap<String, Labelling> {
    labels.by_column(found.iter().flat_map(|(values, _)| in_dimensions(by, values)))
}

/// The years that values are of.
fn years_of<'v>(by: &'v [By], values: &'v [Value]) -> impl Iterator<Item = i32> + 'v {
    by.iter().zip(values).filter_map(|(by, value)| by.year(value))
}

/// The columns behind those that counts are broken down by.
pub const COUNTED: [&str; 2] = ["count", "figure_status"];

/// The counts as a sheet; with the day whose state they are, where a year that is not over is among them.
pub fn sheet(
    by: &[By],
    found: &[(Vec<Value>, i64)],
    measure: Measure,
    (vocabulary, lang): (&Vocabulary, Lang),
    (as_of, today): (Option<NaiveDate>, NaiveDate),
) -> Sheet {
    let [counted, status] = COUNTED;
    let measured = [measure.number().unwrap_or(counted), status];
    let header = by.iter().map(|by| by.name()).chain(measured).map(str::to_owned).collect();
    let cell = |value: &Value| match value {
        Value::String(text) => Cell::Text(text.clone()),
        Value::Number(number) => number.as_i64().map_or_else(|| number.as_f64().into(), Cell::Number),
        _ => Cell::Empty,
    };
    let row = |(values, figure): &(Vec<Value>, i64)| {
        let is_provisional = years_of(by, values).max().map_or(as_of.is_some(), |year| year >= today.year());
        let figures = [cell(&measure.told(*figure)), provisional::status(is_provisional)];
        values.iter().map(cell).chain(figures).collect::<Vec<Cell>>()
    };
    let notes = as_of.map(|day| provisional::note(lang, day.year(), day)).into_iter().collect();
    let summed = vocabulary.numbers.iter().find(|number| Some(number.path) == measure.number());
    let of = |number: &OwnNumber| Unit { symbol: number.unit.clone(), decimals: Some(number.decimals) };
    Sheet {
        name: format!("records {}", measure.name()),
        header,
        rows: found.iter().map(row).collect(),
        notes,
        keys: by.len(),
        attributes: 1,
        // A count that finds nothing is 0; a sum over nothing is none.
        absent: if measure.number().is_some() { Cell::Empty } else { Cell::Number(0) },
        units: summed.map(|number| (number.path.to_owned(), of(number))).into_iter().collect(),
        ..Sheet::default()
    }
}
