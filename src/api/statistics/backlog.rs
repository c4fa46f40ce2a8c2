//! The backlog over HTTP.

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::{Parameter, Query};
use crate::api::registers::{dimension_parameter, read_dimensions};
use crate::api::statistics::request::{
    Format, format_parameter, lang_parameter, read_format, read_lang, read_years, rendered, year_parameters,
};
use crate::auth::{Caller, Scope};
use crate::error::Result;
use crate::formats::{Cell, Sheet};
use crate::registers::Dimension;
use crate::statistics::backlog::{Pending, chart, pending};
use crate::statistics::detail::{self, Detail};
use crate::statistics::lang::Lang;
use crate::statistics::provisional;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde_json::{Value, json};

/// The formats there are.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Csv, Format::Xlsx, Format::Svg, Format::JsonStat];

/// The backlog.
pub fn endpoint() -> Endpoint {
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
             Periods that have not begun have no rows. {}",
            detail::RULE
        ))
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(parameters())
        .answers(
            200,
            "The backlog",
            &["ETag"],
            vec![
                Content::component("Backlog", example),
                Format::Csv.content("year;register;opening;received;closed;closing;closed_share"),
                Format::Xlsx.content(""),
                Format::Svg.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("Backlog", schema())
}

fn parameters() -> Vec<Parameter> {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([
        Parameter::one(
            "by",
            "Whether by year or by month",
            json!({"type": "string", "enum": ["year", "month"], "default": "year"}),
            json!("year"),
        ),
        lang_parameter(),
        format_parameter(&FORMATS),
    ]);
    parameters.extend(Dimension::ALL.map(|dimension| dimension_parameter(dimension, None).hinted()));
    parameters
}

fn schema() -> Value {
    let count = |what: &str| json!({"type": "integer", "format": "int64", "minimum": 0, "description": what});
    json!({
        "type": "object", "description": "The course of what is pending.", "required": ["from", "to", "by", "items"],
        "properties": {
            "from": {"type": "integer", "description": "The first year."},
            "to": {"type": "integer", "description": "The last year."},
            "by": {"type": "string", "enum": ["year", "month"], "description": "The periods."},
            "provisional": {"type": "boolean", "description": "Whether rows are provisional; absent where none is."},
            "items": {"type": "array", "description": "A row for each period and register.", "items": {
                "type": "object",
                "required": ["year", "register", "opening", "received", "closed", "closing"],
                "properties": {
                    "year": {"type": "integer", "description": "The year."},
                    "month": {"type": "string", "description": "The month, as 2017-03; only by month."},
                    "register": {"type": "string", "description": "The register."},
                    "opening": count("Pending at the beginning."),
                    "received": count("Received in the period."),
                    "closed": count("Closed in the period."),
                    "closing": count("Pending at the end; today where the period is not over."),
                    "provisional": {"type": "boolean", "description": "Whether the year is not over; absent where it is."},
                    "as_of": {
                        "type": "string", "format": "date",
                        "description": "The day whose state it is; only where the period is not over."
                    },
                    "closed_share": {
                        "type": ["number", "null"], "minimum": 0, "maximum": 100,
                        "description": "Percentage of what was received in the year that was closed by its end; only by year."
                    }
                }
            }}
        }
    })
}

async fn backlog(app: Data<App>, caller: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let lang = read_lang(&request, &mut query);
    let years = read_years(&app, &mut query);
    let by = query.one("by").unwrap_or_else(|| "year".into());
    if !["year", "month"].contains(&by.as_str()) {
        query.fault("by", "invalid_value", "must be one of year, month");
    }
    let choice = read_dimensions(&mut query, &Dimension::ALL.map(|dimension| dimension_parameter(dimension, None)));
    query.finish()?;
    let by_month = by == "month";
    Detail::of(choice.iter().map(|(dimension, _)| *dimension)).and(by_month).permit(&caller)?;
    let (asked, today) = (years.clone(), app.clock.today());
    let rows = app.database.read(move |db| pending(db, &asked, by_month, &choice, today)).await?;
    let items: Vec<Value> = rows.iter().map(|row| item(row, by_month)).collect();
    let mut body = json!({"from": years.start(), "to": years.end(), "by": by, "items": items});
    if rows.iter().any(|row| row.provisional) {
        body["provisional"] = true.into();
    }
    rendered(&request, format, &body, || sheet(&rows, by_month, lang), || Some(chart(&rows, by_month, lang)))
}

/// A month as it is written: `2017-03`.
fn month(period: i32) -> String {
    format!("{}-{:02}", period / 100, period % 100)
}

fn item(row: &Pending, by_month: bool) -> Value {
    let mut out = json!({
        "year": if by_month { row.period / 100 } else { row.period }, "register": row.register,
        "opening": row.opening, "received": row.counts.received, "closed": row.counts.closed,
        "closing": row.closing()
    });
    if by_month {
        out["month"] = month(row.period).into();
    } else {
        out["closed_share"] = row.closed_share().into();
    }
    if row.provisional {
        out["provisional"] = true.into();
    }
    if let Some(as_of) = row.as_of {
        out["as_of"] = json!(as_of);
    }
    out
}

fn sheet(rows: &[Pending], by_month: bool, lang: Lang) -> Sheet {
    let period = if by_month { "month" } else { "year" };
    let names = [period, "register", "opening", "received", "closed", "closing", "closed_share"];
    let row = |row: &Pending| -> Vec<Cell> {
        let period = if by_month { month(row.period).into() } else { Cell::Number(row.period.into()) };
        let numbers = [row.opening, row.counts.received, row.counts.closed, row.closing()].map(Cell::Number);
        let share = if by_month { Cell::Empty } else { Cell::percent(row.closed_share()) };
        [vec![period, row.register.into()], numbers.to_vec(), vec![share]].concat()
    };
    let header = names.map(str::to_owned).to_vec();
    let as_of = rows.iter().find_map(|row| row.as_of);
    let notes = as_of.map(|day| provisional::note(lang, day.year(), day)).into_iter().collect();
    let rows = rows.iter().map(row).collect();
    Sheet { name: "backlog".into(), header, rows, notes, keys: 2, ..Sheet::default() }
}
