//! The comparison of what was published of a year with what would be counted now, and the records that make the
//! difference.

use super::bodies::PublicBodies;
use super::facts::Fact;
use super::layout::{Layout, LayoutLine, LineSource, Part, Quantity, TableLayout};
use super::period::Period;
use super::publications::{ChangedRecord, PublishedYear};
use crate::decimal::Decimal;
use crate::messages::Lang;
use crate::records::row::RecordRow;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The amount by which a record counts in a line in a year; none where it does not count.
pub fn amount(
    line: &LayoutLine,
    (year, period): (i32, Period),
    bodies: &PublicBodies,
    record: &RecordRow,
) -> Option<i64> {
    let fact = Fact::of(record, &bodies.named(record.organisation.as_deref()));
    let counts = |part: &Part| fact.is_in_part(part, year, bodies) && fact.counts(&part.quantity, period, year);
    let part = line.parts(year).find(|part| counts(part))?;
    match (&line.source, &part.quantity) {
        (LineSource::DaysMean(_) | LineSource::DaysMedian(_), _) => fact.days(),
        (_, Quantity::Number(name)) => {
            let of_year = fact.amounts(name).filter(|(day, _)| period.year_of(*day) == year);
            Some(of_year.map(|(_, amount)| amount).sum::<Decimal>().parts())
        }
        _ => Some(1),
    }
}

/// The published figures of a year, and the figures as they are counted now.
pub struct Comparison {
    pub(crate) published: PublishedYear,
    pub(crate) live: BTreeMap<String, Decimal>,
    /// The public bodies, where lines ask for them.
    pub(crate) bodies: PublicBodies,
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
    #[schema(value_type = Option<f64>)]
    published: Option<Decimal>,
    /// As counted now; null when the rubric is not.
    #[schema(value_type = Option<f64>)]
    live: Option<Decimal>,
    /// Live less published.
    #[schema(value_type = Option<f64>)]
    difference: Option<Decimal>,
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

/// A record that counts in a line and did not, or the other way round, or counts by another amount.
#[derive(Serialize, ToSchema)]
struct CountedChange {
    /// The record's register.
    register: String,
    /// The record.
    #[schema(format = "uuid")]
    id: String,
    /// Its business number.
    number: String,
    /// 1: counts now and did not then. -1: counted then. 0: counts by another number or other days.
    #[schema(inline)]
    change: CountChange,
}

/// A change of a count by one.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
struct CountChange(i64);

impl PartialSchema for CountChange {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([-1, 0, 1])).into()
    }
}

impl ToSchema for CountChange {}

impl Comparison {
    /// The lines that differ: those of the layout, and those that it no longer has.
    pub fn items(&self, layout: Option<&Layout>, lang: Lang) -> Vec<LineDifference> {
        let differs = |line: &LayoutLine| {
            let figures = (self.published.figures.get(&line.code), self.live.get(&line.code));
            figures.0 != figures.1 || self.is_new(layout, line)
        };
        let of_layout = layout.into_iter().flat_map(Layout::placed_lines).filter(|(_, line)| differs(line));
        let mut items: Vec<LineDifference> =
            of_layout.map(|(table, line)| self.item(layout, table, line, lang)).collect();
        let has = |code: &str| layout.is_some_and(|layout| layout.line(code).is_some());
        for (code, figure) in self.published.figures.iter().filter(|(code, _)| !has(code)) {
            let printed = self.published.printed.line(code);
            let label = printed.map_or(code.as_str(), |line| line.label.get(lang)).to_owned();
            let (code, published, line) = (code.clone(), Some(*figure), Some(LineFate::Orphaned));
            items.push(LineDifference { code, label, published, live: None, difference: None, line, records: None });
        }
        items
    }

    /// True if a line was not there when its table was published, be it under another name.
    fn is_new(&self, layout: Option<&Layout>, line: &LayoutLine) -> bool {
        let printed = &self.published.printed;
        let of_layout = layout.and_then(|layout| Some((layout, layout.first_table_with(&line.code)?)));
        let is_printed = of_layout.is_some_and(|(layout, table)| printed.table_of(layout, table).is_some());
        is_printed && printed.line(&line.code).is_none()
    }

    fn item(&self, layout: Option<&Layout>, table: &TableLayout, line: &LayoutLine, lang: Lang) -> LineDifference {
        let published = self.published.figures.get(&line.code).copied();
        let live = self.live.get(&line.code).copied();
        LineDifference {
            code: line.code.clone(),
            label: line.label(self.published.year).get(lang).to_owned(),
            published,
            live,
            difference: published.zip(live).map(|(published, live)| live - published),
            line: self.is_new(layout, line).then_some(LineFate::New),
            records: self.moved.as_ref().map(|moved| self.counted(table, line, moved)),
        }
    }

    /// Of records that changed, those that count otherwise in a line than they did.
    fn counted(&self, table: &TableLayout, line: &LayoutLine, moved: &[ChangedRecord]) -> Vec<CountedChange> {
        let of_year = (self.published.year, table.period);
        let amount = |record: &Option<RecordRow>| amount(line, of_year, &self.bodies, record.as_ref()?);
        let counted = |record: &ChangedRecord| {
            let (then, now) = (amount(&record.then), amount(&record.now));
            let change = CountChange(i64::from(now.is_some()) - i64::from(then.is_some()));
            let (register, id, number) = (record.register.clone(), record.id.clone(), record.number.clone());
            (then != now).then_some(CountedChange { register, id, number, change })
        };
        moved.iter().filter_map(counted).collect()
    }
}
