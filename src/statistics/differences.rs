//! The comparison of what was published of a year with what would be counted now, and the records that make the
//! difference.

use super::lang::Lang;
use super::layout::{Layout, LayoutLine};
use super::publications::{ChangedRecord, PublishedYear};
use crate::records::row::RecordRow;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// True if a record counts in a line in a year.
pub fn counts(line: &LayoutLine, year: i32, record: &Option<RecordRow>) -> bool {
    let is_in = |columns: &RecordRow| {
        line.selections(year).any(|selection| {
            selection.0.iter().all(|(dimension, values)| {
                let held = Some(columns.dimension(*dimension)).filter(|value| !value.is_empty());
                values.iter().any(|value| value == held.unwrap_or(crate::registers::ABSENT))
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

impl Comparison {
    /// The lines that differ: those of the layout, and those that it no longer has.
    pub fn items(&self, layout: Option<&Layout>, lang: Lang) -> Vec<Value> {
        let differs = |line: &&LayoutLine| {
            let figures = (self.published.figures.get(&line.code), self.live.get(&line.code));
            figures.0 != figures.1 || self.is_new(layout, line)
        };
        let of_layout = layout.into_iter().flat_map(Layout::lines).filter(differs);
        let mut items: Vec<Value> = of_layout.map(|line| self.item(layout, line, lang)).collect();
        let has = |code: &str| layout.is_some_and(|layout| layout.line(code).is_some());
        for (code, figure) in self.published.figures.iter().filter(|(code, _)| !has(code)) {
            let printed = self.published.printed.line(code);
            let label = printed.map_or(code.as_str(), |line| line.label.get(lang));
            items.push(json!({
                "code": code, "label": label, "published": figure, "live": null, "difference": null, "line": "ORPHANED"
            }));
        }
        items
    }

    /// True if a line was not there when its table was published.
    fn is_new(&self, layout: Option<&Layout>, line: &LayoutLine) -> bool {
        let printed = &self.published.printed;
        let table = layout.and_then(|layout| layout.first_table_with(&line.code));
        table.is_some_and(|table| printed.table(table).is_some()) && printed.line(&line.code).is_none()
    }

    fn item(&self, layout: Option<&Layout>, line: &LayoutLine, lang: Lang) -> Value {
        let (published, live) = (self.published.figures.get(&line.code), self.live.get(&line.code));
        let mut out = json!({
            "code": line.code, "label": line.label.get(lang), "published": published, "live": live,
            "difference": published.zip(live).map(|(published, live)| live - published)
        });
        if self.is_new(layout, line) {
            out["line"] = "NEW".into();
        }
        if let Some(moved) = &self.moved {
            let year = self.published.year;
            let is_in = |record: &Option<RecordRow>| i64::from(counts(line, year, record));
            let change = |record: &ChangedRecord| is_in(&record.now) - is_in(&record.then);
            out["records"] = moved
                .iter()
                .filter(|record| change(record) != 0)
                .map(|record| json!({"register": record.register, "id": record.id, "number": record.number, "change": change(record)}))
                .collect();
        }
        out
    }
}
