//! The endpoint of the report, and what the report is made of.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use diesel::connection::Connection;

use super::html;
use super::words::{self, Word, word};
use crate::access::Scope;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{content_tag, tagged};
use crate::api::query::Query;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::registers::Dimension;
use crate::registers::cube::{self, Resolution};
use crate::registers::repository::findings_of;
use crate::statistics::backlog::{self, Pending};
use crate::statistics::durations::{self, Group, Question};
use crate::statistics::lang::Lang;
use crate::statistics::layout::Layout;
use crate::statistics::repository::{self, Kind};
use crate::statistics::request::{lang_parameter, layout_parameter, read_lang, read_layout, read_year};
use crate::statistics::table::Table;
use crate::statistics::year_figures::website_table;

/// How many years the tables show.
const YEARS: i32 = 6;
/// The page has a style of its own and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    Endpoint::get("/v1/reports/{year}", report)
        .named("get_report", "statistics", "Read the report of a year")
        .described(
            "The statistical part of the activity report, ready to be printed: services over six years with footnotes \
             and remarks, their development in sentences, channels, backlog, durations, audits, media requests and \
             website. Charts are part of the page.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![layout_parameter(), lang_parameter()])
        .answers(200, "The report", &["ETag"], vec![Content::text("text/html", "<!DOCTYPE html>")])
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// What the report of a year is made of.
pub struct Report {
    /// The year.
    pub year: i32,
    /// The language.
    pub lang: Lang,
    /// Whose services they are.
    pub title: String,
    /// The table of the services.
    pub services: Table,
    /// Inquiries by channel.
    pub channels: Table,
    /// Media requests.
    pub media: Table,
    /// The website's figures.
    pub website: Table,
    /// The backlog of the years.
    pub pending: Vec<Pending>,
    /// Durations by requester.
    pub durations: BTreeMap<String, Group>,
    /// How many audits the year had.
    pub audits: i64,
    /// How many findings they had, and how many of them are implemented.
    pub findings: (usize, usize),
    /// Charts as SVG: areas, channels, backlog.
    pub charts: [Option<String>; 3],
    /// Where the figures come from, a sentence each.
    pub sources: Vec<String>,
}

impl Report {
    /// The tables drawn by the layout.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        [&self.services, &self.channels, &self.media].into_iter()
    }

    /// The durations of all requesters together.
    pub fn all_durations(&self) -> Group {
        let mut all = Group::default();
        for group in self.durations.values() {
            all.closed.merge(&group.closed);
            all.pending.merge(&group.pending);
        }
        all
    }

    /// What became of the totals and the lines right below them, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let lines = self.services.lines.iter().filter(|line| line.level < 2);
        let told = lines.filter_map(|line| match line.values.as_slice() {
            [.., Some(before), Some(after)] => {
                Some(words::development(self.lang, &line.label, self.year, *before, *after))
            }
            _ => None,
        });
        told.collect()
    }

    /// Reads all of it at one instant.
    fn read(db: &mut Db, layout: &Layout, year: i32, lang: Lang, today: NaiveDate) -> Result<Report> {
        db.transaction(|db| {
            let years = year - YEARS + 1..=year;
            let mut table = |name: &str| {
                let wanted = layout.table(name).ok_or_else(|| Error::Internal(format!("no table {name}")))?;
                let drawn = repository::table(db, layout, wanted, lang, years.clone())?;
                let chart = wanted.chart.as_ref().and_then(|chart| drawn.chart(wanted, chart.title.get(lang)));
                Ok::<_, Error>((drawn, chart.map(|chart| chart.to_svg())))
            };
            let (services, areas) = table("services")?;
            let (channels, stacked) = table("channels")?;
            let (media, _) = table("media-requests")?;
            let pending = backlog::pending(db, &years, false, &[])?;
            let as_of = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).min(today);
            let cases = vec![(Dimension::Register, vec!["cases".to_owned()])];
            let question = Question { year, as_of, by: Some(Dimension::Requester), working: false, choice: cases };
            let durations = durations::groups(db, &question)?;
            let audits = [(Dimension::Register, vec!["audits".to_owned()])];
            let counted = cube::count(db, &(year..=year), Resolution::Years, &[], &audits)?;
            let website = website_table(&repository::year_figures(db, Kind::Website, &years)?, years.clone(), lang);
            let published = repository::latest(db, &layout.name, &years)?;
            let mut sources: Vec<String> = published
                .values()
                .map(|p| words::published(lang, p.year, p.version, &p.published_on.to_string(), p.source.as_deref()))
                .collect();
            if published.len() < YEARS as usize {
                sources.push(words::live(lang, &today.to_string()));
            }
            let mut course = backlog::chart(&pending, false, lang);
            course.title = word(lang, Word::Backlog).to_owned();
            Ok(Report {
                year,
                lang,
                title: layout.title.get(lang).to_owned(),
                services,
                channels,
                media,
                website,
                charts: [areas, stacked, Some(course.to_svg())],
                pending,
                durations,
                audits: counted.iter().map(|count| count.counts.received).sum(),
                findings: findings_of(db, year)?,
                sources,
            })
        })
    }
}

async fn report(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let (state, today) = (app.clone(), app.clock.today());
    let read = move |db: &mut Db| {
        let layout = state.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        Ok(html::page(&Report::read(db, layout, year, lang, today)?).into_bytes())
    };
    let body = app.database.read(read).await?;
    let mut response = tagged(&request, StatusCode::OK, "text/html; charset=utf-8", &content_tag(&body), body);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}
