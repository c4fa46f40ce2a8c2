//! The backlog over HTTP.

use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter};
use crate::api::query::{Parameter, Query};
use crate::api::record_query::{dimension_parameters, read_dimensions};
use crate::api::statistics::request::{
    Form, labelled, lang_parameter, read_form, read_years, rendered, year_parameters,
};
use crate::auth::Scope;
use crate::error::Result;
use crate::formats::{Cell, Offer, Sheet, Unit};
use crate::messages::Lang;
use crate::registers::{self, Dimension, Vocabulary};
use crate::statistics::backlog::{Pending, chart, pending};
use crate::statistics::detail::{self, Detail};
use crate::statistics::labels::ValueLabels;
use crate::statistics::provisional::{self, is_false};
use actix_web::HttpResponse;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The formats that it comes in.
pub const OFFER: Offer = Offer::WithChart;

/// The backlog.
pub fn endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let example = json!({"from": 2017, "to": 2017, "by": "year", "items": [{
        "year": 2017, "register": "cases", "opening": 12, "received": 295, "closed": 290, "closing": 17,
        "closed_share": 94.24
    }]});
    Endpoint::get("/v1/statistics/backlog", backlog)
        .named("get_backlog", "statistics", "Follow the backlog")
        .described(format!(
            "What was pending at the beginning of each year or month (`opening`), what was received and closed in it, \
             and what was pending at its end (`closing`), for each register and any filter: opening + received - \
             closed = closing. `closed_share` is the percentage of what was received in the year that was closed by \
             31 December, to two decimals; null where nothing was received. `status` is the status of today. Rows of a \
             year that is not over are `provisional`: what was pending at its end is what is pending today (`as_of`). \
             Periods that have not begun have no rows, nor have the years before the first record. {}",
            detail::RULE
        ))
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(parameters(vocabulary))
        .with_notes(true)
        .answers(
            200,
            "The backlog",
            &["ETag", "ContentDisposition", "Link"],
            contents(
                &OFFER.formats(),
                Some(&Content::json::<Backlog>(example)),
                &["year;register;opening;received;closed;closing;closed_share;status"],
            ),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn parameters(vocabulary: &Vocabulary) -> Vec<Parameter> {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([
        Parameter::one(
            "by",
            "Whether by year or by month",
            json!({"type": "string", "enum": ["year", "month"], "default": "year"}),
            json!("year"),
        ),
        lang_parameter(),
        format_parameter(&OFFER.formats(), "json"),
    ]);
    parameters.extend(dimension_parameters(vocabulary));
    parameters
}

/// The course of what is pending.
#[derive(Serialize, ToSchema)]
struct Backlog {
    /// The first year.
    from: i32,
    /// The last year.
    to: i32,
    /// The periods.
    #[schema(inline)]
    by: BacklogPeriod,
    /// A row for each period and register.
    #[schema(inline)]
    items: Vec<BacklogRow>,
    /// True if rows are provisional; absent where none is.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
}

/// A kind of periods.
#[derive(Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BacklogPeriod {
    Year,
    Month,
}

/// The course of a period: pending, received and closed.
#[derive(Serialize, ToSchema)]
struct BacklogRow {
    /// The year.
    year: i32,
    /// The register.
    register: &'static str,
    /// Pending at the beginning.
    #[schema(minimum = 0)]
    opening: i64,
    /// Received in the period.
    #[schema(minimum = 0)]
    received: i64,
    /// Closed in the period.
    #[schema(minimum = 0)]
    closed: i64,
    /// Pending at the end; today where the period is not over.
    #[schema(minimum = 0)]
    closing: i64,
    /// The month, as 2017-03; only by month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    month: Option<String>,
    /// Percentage of what was received in the year that was closed by its end; only by year.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    closed_share: Option<Option<f64>>,
    /// True if the year is not over; absent where it is.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    /// The day whose state it is; only where the period is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    as_of: Option<NaiveDate>,
}

impl BacklogRow {
    fn of(row: &Pending, by: BacklogPeriod) -> Self {
        let by_month = by == BacklogPeriod::Month;
        BacklogRow {
            year: if by_month { row.period / 100 } else { row.period },
            register: row.register,
            opening: row.opening,
            received: row.counts.received,
            closed: row.counts.closed,
            closing: row.closing(),
            month: by_month.then(|| month(row.period)),
            closed_share: (!by_month).then(|| row.closed_share()),
            provisional: row.provisional,
            as_of: row.as_of,
        }
    }
}

async fn backlog(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_form(&request, &mut query, OFFER)?;
    let lang = form.lang;
    let years = read_years(&app, &mut query);
    let by = query.one("by").unwrap_or_else(|| "year".into());
    if !["year", "month"].contains(&by.as_str()) {
        query.fault("by", "invalid_value", "must be one of year, month");
    }
    let vocabulary = &app.profile.vocabulary;
    let choice = read_dimensions(&mut query, vocabulary, registers::counted());
    query.finish()?;
    let by = if by == "month" { BacklogPeriod::Month } else { BacklogPeriod::Year };
    let by_month = by == BacklogPeriod::Month;
    Detail::of(choice.iter().map(|(dimension, _)| *dimension)).and(by_month).permit(&caller)?;
    let (asked, today) = (years.clone(), app.clock.today());
    let rows = app.database.read(move |db| pending(db, &asked, by_month, &choice, today)).await?;
    let items = rows.iter().map(|row| BacklogRow::of(row, by)).collect();
    let provisional = rows.iter().any(|row| row.provisional);
    let body = Backlog { from: *years.start(), to: *years.end(), by, items, provisional };
    let registers = || rows.iter().map(|row| (Dimension::Register, row.register));
    let labels = |lang| ValueLabels::of(&[], vocabulary, app.writing(lang)).by_column(registers());
    let writing = app.writing(lang);
    // The columns of codes alone are as they were before labels came.
    let sheet = || labelled(sheet(&rows, by_month, lang), Form { named: None, ..form }, labels);
    rendered(&request, form, &body, (writing.text("dataset-backlog"), sheet), || Some(chart(&rows, by_month, writing)))
}

/// A month as it is written: `2017-03`.
fn month(period: i32) -> String {
    format!("{}-{:02}", period / 100, period % 100)
}

/// The columns by year.
pub(super) fn columns() -> Vec<String> {
    sheet(&[], false, Lang::default()).header
}

fn sheet(rows: &[Pending], by_month: bool, lang: Lang) -> Sheet {
    let period = if by_month { "month" } else { "year" };
    let names = [period, "register", "opening", "received", "closed", "closing", "closed_share", "status"];
    let row = |row: &Pending| -> Vec<Cell> {
        let period = if by_month { month(row.period).into() } else { Cell::Number(row.period.into()) };
        let numbers = [row.opening, row.counts.received, row.counts.closed, row.closing()].map(Cell::Number);
        let share = if by_month { Cell::Empty } else { Cell::percent(row.closed_share()) };
        [vec![period, row.register.into()], numbers.to_vec(), vec![share, provisional::status(row.provisional)]]
            .concat()
    };
    let header = names.map(str::to_owned).to_vec();
    let as_of = rows.iter().find_map(|row| row.as_of);
    let notes = as_of.map(|day| provisional::note(lang, day.year(), day)).into_iter().collect();
    let rows = rows.iter().map(row).collect();
    let units = [("closed_share".to_owned(), Unit::percent())].into();
    Sheet { name: "backlog".into(), header, rows, notes, keys: 2, attributes: 1, units, ..Sheet::default() }
}
