//! The figures of the report, read at one instant.

use super::chapters::{self, NamedFigures};
use super::municipalities::{self, Municipalities};
use super::other_figures::OtherRecords;
use super::request::ReportRequest;
use crate::db::Db;
use crate::error::Result;
use crate::formats::chart::Chart;
use crate::profile::Profile;
use crate::records::row::RecordRow;
use crate::records::store::received_in;
use crate::registers::Dimension;
use crate::statistics::activities::{self, Activity};
use crate::statistics::backlog::{self, Pending};
use crate::statistics::durations::{self, DurationQuery, Groups};
use crate::statistics::layout::{Layout, TableLayout};
use crate::statistics::publications::{self, PublishedYear};
use crate::statistics::record_sums::{self, EventSums};
use crate::statistics::repository::{self, FiguresKind, TableRequest};
use crate::statistics::staffing::{StaffYear, staff_years};
use crate::statistics::table::Table;
use crate::statistics::year_figures::{Downloaded, downloads, website_table};
use chrono::NaiveDate;
use diesel::connection::Connection;
use serde_json::Value;
use std::collections::BTreeMap;

/// The number of years that the tables show.
const YEARS: i32 = 6;

/// The most records of a register that are named.
const LISTED: i64 = 100;

/// The figures of a report.
pub struct Figures {
    /// The tables of the layout in their order, of six years.
    pub tables: Vec<DrawnTable>,
    /// The table with the line that counts the new cases; without one an empty table of the years.
    pub main: Table,
    /// The code of the line that counts the new cases.
    pub total: Option<String>,
    /// The website's figures.
    pub website: Table,
    /// The documents that were downloaded most in the year.
    pub downloads: Vec<Downloaded>,
    /// The backlog of the years by register.
    pub pending: Vec<Pending>,
    /// Durations by requester; none where the year has no figures.
    pub durations: Option<Groups>,
    /// Staff and work of the years.
    pub staff: Vec<StaffYear>,
    /// Projects, audits and events of the year.
    pub activity: Activity,
    /// The events of the year by their kind.
    pub events: BTreeMap<String, EventSums>,
    /// The year's records by register, where they may be named; the first ones only.
    pub records: BTreeMap<&'static str, Vec<RecordRow>>,
    /// The topics of the year's media requests, most asked first, where they may be told.
    pub topics: Vec<(Option<String>, i64)>,
    /// Proceedings, publications and work in groups of the year.
    pub others: OtherRecords,
    /// The latest publication of each year that was published.
    pub published: BTreeMap<i32, PublishedYear>,
    /// The figures that the authority's own chapters name.
    pub named: NamedFigures,
    /// The inquiries of the municipalities.
    pub municipalities: Municipalities,
    /// The chart of the backlog.
    pub course: Chart,
}

/// A table with its title and charts.
pub struct DrawnTable {
    /// Its name.
    pub name: String,
    /// The title, in the language of the report.
    pub title: String,
    /// True if its lines are told in sentences too: the table that counts the new cases.
    pub is_main: bool,
    /// The table.
    pub table: Table,
    /// The charts.
    pub charts: Vec<Chart>,
}

impl Figures {
    /// Reads all of them.
    pub fn read(db: &mut Db, profile: &Profile, layout: &Layout, edition: &ReportRequest) -> Result<Figures> {
        let ReportRequest { year, lang, today, .. } = *edition;
        let writing = profile.authority.writing(lang);
        let years = year - YEARS + 1..=year;
        db.transaction(|db| {
            let mut tables = Vec::new();
            for table in layout.tables() {
                let name = &table.name;
                let wanted = TableRequest { layout: &layout.name, table: name, lang, years: years.clone(), today };
                tables.push(drawn(db, (layout, table), &wanted)?);
            }
            let main = tables.iter().find(|drawn| drawn.is_main).map(|drawn| drawn.table.clone());
            let main = main.map_or_else(|| without_lines(db, layout, edition, years.clone()), Ok)?;
            let pending = backlog::pending(db, &years, false, &[], today)?;
            let mut course = backlog::chart(&pending, false, writing);
            course.title = writing.text("report-at-years-end");
            let mut activities = activities::of_years(db, &profile.vocabulary, &(year..=year), today)?;
            let website = repository::year_figures(db, FiguresKind::Website, &years)?;
            Ok(Figures {
                staff: staff_years(db, &main, layout, &pending)?,
                tables,
                total: layout.total.clone(),
                municipalities: municipalities::read(db, profile, edition)?,
                main,
                downloads: downloads_in(db, &website, year)?,
                website: website_table(&website, years.clone(), lang, today),
                durations: durations::of_year(db, &inquiries(edition), today)?,
                activity: activities.years.pop().unwrap_or_default(),
                events: activities.events.remove(&year).unwrap_or_default(),
                records: listed_records(db, edition)?,
                topics: topics(db, edition)?,
                named: chapters::figures(db, profile, layout, edition)?,
                others: OtherRecords::read(db, edition)?,
                published: publications::latest(db, &layout.names(), &years)?,
                course,
                pending,
            })
        })
    }
}

/// A table with its charts.
fn drawn(db: &mut Db, (layout, table): (&Layout, &TableLayout), wanted: &TableRequest) -> Result<DrawnTable> {
    let drawn = repository::table(db, Some(layout), wanted)?;
    Ok(DrawnTable {
        name: table.name.clone(),
        title: layout.title_of(table).get(wanted.lang).to_owned(),
        is_main: layout.main_table().is_some_and(|main| main.name == table.name),
        charts: table.charts.iter().map(|chart| drawn.chart(chart)).filter(Chart::is_telling).collect(),
        table: drawn,
    })
}

/// The years of a report without a table.
fn without_lines(
    db: &mut Db,
    layout: &Layout,
    edition: &ReportRequest,
    years: std::ops::RangeInclusive<i32>,
) -> Result<Table> {
    let ReportRequest { lang, today, .. } = *edition;
    repository::table(db, Some(layout), &TableRequest { layout: &layout.name, table: "", lang, years, today })
}

/// The first records of the year in each register that has a list and may be named.
fn listed_records(db: &mut Db, edition: &ReportRequest) -> Result<BTreeMap<&'static str, Vec<RecordRow>>> {
    let lists = ["projects", "audits", "events"].into_iter().filter(|register| edition.named.contains(register));
    lists.map(|register| Ok((register, received_in(db, register, edition.year, LISTED)?))).collect()
}

/// The topics of the year's media requests, where they may be told.
fn topics(db: &mut Db, edition: &ReportRequest) -> Result<Vec<(Option<String>, i64)>> {
    match edition.named.contains(&"media-requests") {
        true => record_sums::topics(db, edition.year),
        false => Ok(Vec::new()),
    }
}

/// The documents that were downloaded in a year.
fn downloads_in(db: &mut Db, website: &BTreeMap<i32, Value>, year: i32) -> Result<Vec<Downloaded>> {
    let all = downloads(db, website, &(year..=year))?;
    Ok(all.into_iter().filter(|one| one.year == year).collect())
}

fn inquiries(edition: &ReportRequest) -> DurationQuery {
    let ReportRequest { year, today, least, .. } = *edition;
    DurationQuery {
        year,
        as_of: NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).min(today),
        by: Some(Dimension::Requester),
        working: None,
        choice: vec![(Dimension::Register, vec!["cases".to_owned()])],
        least,
    }
}
