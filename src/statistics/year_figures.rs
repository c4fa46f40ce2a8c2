//! Figures of a year that are no counts of records: the website's, and the staff's.

use super::period::Period;
use super::provisional::Progress;
use super::repository::{self};
use super::table::{Basis, Development, Source, Table, TableLine};
use crate::db::Db;
use crate::decimal::{Decimal, round_half_even};
use crate::error::Result;
use crate::messages::Lang;
use crate::registers::validation::{self};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use utoipa::ToSchema;
use validator::Validate;

/// A document that visitors of the website took.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The title of the document.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    title: Option<String>,
    /// The number of times that the document was taken.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    count: Option<i64>,
}

/// The website's figures of a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebsiteFigures {
    /// The number of visitors of the website.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    visitors: Option<i64>,
    /// The number of pages that the visitors looked at.
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    page_views: Option<i64>,
    /// The documents that were downloaded most.
    #[serde(default)]
    #[validate(length(max = 100), nested)]
    #[schema(max_items = 100)]
    downloads: Option<Vec<Download>>,
}

/// The authority's staff in a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Staffing {
    /// Positions in percent: 180 is one full position and another of 80 %.
    #[serde(default)]
    #[validate(required, range(min = 1, max = 100_000))]
    #[schema(required, minimum = 1, maximum = 100_000)]
    positions_percent: Option<i64>,
}

fn days_of(year: i32) -> i64 {
    if NaiveDate::from_ymd_opt(year, 2, 29).is_some() { 366 } else { 365 }
}

/// A development in tenths of a percent.
pub fn tenths(before: Decimal, after: Decimal) -> Development {
    let mut out = Development::between(before, after);
    if before != Decimal::ZERO {
        let tenths = round_half_even(1000 * i128::from((after - before).parts()), before.parts().into());
        let sign = match tenths {
            1.. => "+",
            0 => "",
            _ => "-",
        };
        out.display = format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10);
    }
    out
}

/// The website's table of some years.
pub fn website_table(found: &BTreeMap<i32, Value>, years: RangeInclusive<i32>, lang: Lang, today: NaiveDate) -> Table {
    let value = |year: i32, property: &str| found.get(&year).and_then(|figures| figures[property].as_i64());
    // Nobody knows how many of the days of a year that is running the figures are of.
    let per_day = |year: i32, property: &str| {
        let number = value(year, property).filter(|_| Progress::of(year, today) == Progress::Over)?;
        Some(round_half_even(number.into(), days_of(year).into()) as i64)
    };
    let source = |year: i32| {
        let basis = if found.contains_key(&year) { Basis::Live } else { Basis::None };
        Source::live(year, basis, today, Period::default())
    };
    let sources: Vec<Source> = years.clone().map(source).collect();
    let compares = !sources.iter().rev().take(2).any(|source| source.provisional);
    let line = |code: &str, label: &'static str, level: u8, values: Vec<Option<i64>>| {
        let values: Vec<Option<Decimal>> = values.into_iter().map(|value| value.map(Decimal::from)).collect();
        let basis = values.iter().map(|value| if value.is_some() { Basis::Live } else { Basis::None }).collect();
        let line = TableLine::of(code.into(), lang.text(label), level, (values, basis));
        let development = line.last_two().filter(|_| compares).map(|(before, after)| tenths(before, after));
        TableLine { development, ..line }
    };
    let values = |property: &str| years.clone().map(|year| value(year, property)).collect();
    let daily = |property: &str| years.clone().map(|year| per_day(year, property)).collect();
    let lines = vec![
        line("website.visitors", "statistics-visitors", 1, values("visitors")),
        line("website.visitors_per_day", "statistics-per-day", 2, daily("visitors")),
        line("website.page_views", "statistics-page-views", 1, values("page_views")),
        line("website.page_views_per_day", "statistics-per-day", 2, daily("page_views")),
    ];
    let (from, to) = (*years.start(), *years.end());
    let provisional = sources.iter().any(|source| source.provisional);
    let (years, footnotes, warnings, items) = (years.collect(), vec![], vec![], vec![]);
    Table { from, to, years, provisional, lines, footnotes, warnings, sources, items, lang }
}

/// A document that visitors of the website took in a year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Downloaded {
    /// The year.
    pub year: i32,
    /// The document.
    pub title: String,
    /// The number of times that the document was taken.
    #[schema(minimum = 0)]
    pub count: i64,
}

/// Returns the downloads of the years, most first: those entered with the website's figures, and those known of
/// publications that everybody may see. For a title in both, the entered count is taken.
pub fn downloads(db: &mut Db, found: &BTreeMap<i32, Value>, years: &RangeInclusive<i32>) -> Result<Vec<Downloaded>> {
    let entered = found.iter().flat_map(|(year, figures)| {
        figures["downloads"].as_array().into_iter().flatten().filter_map(|download| {
            let (title, count) = (download["title"].as_str()?.to_owned(), download["count"].as_i64()?);
            Some(Downloaded { year: *year, title, count })
        })
    });
    let mut all: Vec<Downloaded> = entered.collect();
    let mut known: HashSet<(i32, String)> =
        all.iter().map(|download| (download.year, download.title.clone())).collect();
    for (title, year, count) in repository::publication_downloads(db)? {
        if years.contains(&year) && known.insert((year, title.clone())) {
            all.push(Downloaded { year, title, count });
        }
    }
    all.sort_by(|one, other| (one.year, other.count, &one.title).cmp(&(other.year, one.count, &other.title)));
    Ok(all)
}
