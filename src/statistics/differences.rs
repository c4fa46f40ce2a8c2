//! The comparison of what was published of a year with what would be counted now, and the records that make the
//! difference.

use super::layout::{Layout, LayoutLine};
use super::publications::{ChangedRecord, PublishedYear};
use crate::messages::Lang;
use crate::records::row::RecordRow;
use crate::registers::ABSENT;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// True if a record counts in a line in a year.
pub fn counts(line: &LayoutLine, year: i32, record: &Option<RecordRow>) -> bool {
    let is_in = |columns: &RecordRow| {
        line.selections(year).any(|selection| {
            selection.0.iter().all(|(dimension, values)| {
                let held = columns.dimension(*dimension);
                let held = if held.is_empty() { ABSENT } else { &*held };
                values.iter().any(|value| value == held)
            })
        })
    };
    record.as_ref().is_some_and(is_in)
}

/// The published figures of a year, and the figures as they are counted now.
pub struct Comparison {
    pub(crate) published: PublishedYear,
    pub(crate) live: BTreeMap<String, i64>,
    /// The records that changed since, where they may be shown.
    pub moved: Option<Vec<ChangedRecord>>,
}

/// A line whose live count differs from what was published.
#[derive(Serialize, ToSchema)]
pub struct LineDifference {
    /// The line.
    code: String,
    /// The name of the line.
    label: String,
    /// As published; null when the rubric was not.
    published: Option<i64>,
    /// As counted now; null when the rubric is not.
    live: Option<i64>,
    /// Live less published.
    difference: Option<i64>,
    /// ORPHANED: the layout no longer has the line. NEW: it had none of that code when the year was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    line: Option<LineFate>,
    /// The records that changed since; only with `register:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    records: Option<Vec<CountedChange>>,
}

/// The fate of a line since the publication.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum LineFate {
    /// The layout no longer has the line.
    Orphaned,
    /// The layout had no line of that code when the year was published.
    New,
}

/// A record that counts in a line and did not, or the other way round.
#[derive(Serialize, ToSchema)]
struct CountedChange {
    /// The record's register.
    register: String,
    /// The record.
    #[schema(format = "uuid")]
    id: String,
    /// Its business number.
    number: String,
    /// 1: counts now and did not then. -1: counted then.
    #[schema(inline)]
    change: CountChange,
}

/// A change of a count by one.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
struct CountChange(i64);

impl PartialSchema for CountChange {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([-1, 1])).into()
    }
}

impl ToSchema for CountChange {}

impl Comparison {
    /// The lines that differ: those of the layout, and those that it no longer has.
    pub fn items(&self, layout: Option<&Layout>, lang: Lang) -> Vec<LineDifference> {
        let differs = |line: &&LayoutLine| {
            let figures = (self.published.figures.get(&line.code), self.live.get(&line.code));
            figures.0 != figures.1 || self.is_new(layout, line)
        };
        let of_layout = layout.into_iter().flat_map(Layout::lines).filter(differs);
        let mut items: Vec<LineDifference> = of_layout.map(|line| self.item(layout, line, lang)).collect();
        let has = |code: &str| layout.is_some_and(|layout| layout.line(code).is_some());
        for (code, figure) in self.published.figures.iter().filter(|(code, _)| !has(code)) {
            let printed = self.published.printed.line(code);
            let label = printed.map_or(code.as_str(), |line| line.label.get(lang)).to_owned();
            let (code, published, line) = (code.clone(), Some(*figure), Some(LineFate::Orphaned));
            items.push(LineDifference { code, label, published, live: None, difference: None, line, records: None });
        }
        items
    }

    /// True if a line was not there when its table was published.
    fn is_new(&self, layout: Option<&Layout>, line: &LayoutLine) -> bool {
        let printed = &self.published.printed;
        let table = layout.and_then(|layout| layout.first_table_with(&line.code));
        table.is_some_and(|table| printed.table(table).is_some()) && printed.line(&line.code).is_none()
    }

    fn item(&self, layout: Option<&Layout>, line: &LayoutLine, lang: Lang) -> LineDifference {
        let published = self.published.figures.get(&line.code).copied();
        let live = self.live.get(&line.code).copied();
        LineDifference {
            code: line.code.clone(),
            label: line.label.get(lang).to_owned(),
            published,
            live,
            difference: published.zip(live).map(|(published, live)| live - published),
            line: self.is_new(layout, line).then_some(LineFate::New),
            records: self.moved.as_ref().map(|moved| self.counted(line, moved)),
        }
    }

    /// Of records that changed, those that count otherwise in a line than they did.
    fn counted(&self, line: &LayoutLine, moved: &[ChangedRecord]) -> Vec<CountedChange> {
        let is_in = |record: &Option<RecordRow>| i64::from(counts(line, self.published.year, record));
        let counted = |record: &ChangedRecord| {
            let change = is_in(&record.now) - is_in(&record.then);
            let (register, id, number) = (record.register.clone(), record.id.clone(), record.number.clone());
            (change != 0).then_some(CountedChange { register, id, number, change: CountChange(change) })
        };
        moved.iter().filter_map(counted).collect()
    }
}
