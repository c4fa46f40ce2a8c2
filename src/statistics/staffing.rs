//! Work and staff: new cases and what is pending, for each full position.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::backlog::{self, Pending};
use super::lang::Lang;
use super::provisional;
use super::repository::{self, FiguresKind, TableRequest};
use super::request::{
    Format, format_parameter, layout_parameter, read_format, read_layout, read_years, rendered, year_parameters,
};
use super::table::{Basis, Table, round_half_even};
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::Query;
use crate::auth::Scope;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::{Cell, Sheet};

/// The formats there are.
pub const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.extend([layout_parameter(), format_parameter(&FORMATS)]);
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "positions_percent": 180, "new_cases": 331, "pending": 17,
        "new_cases_per_position": 183.9, "pending_per_position": 9.4
    }]});
    let number = |what: &str| json!({"type": ["number", "null"], "minimum": 0, "description": what});
    let count = |what: &str| json!({"type": ["integer", "null"], "format": "int64", "minimum": 0, "description": what});
    Endpoint::get("/v1/statistics/staffing", staffing)
        .named("get_staffing_statistics", "statistics", "Compare work and staff")
        .described(
            "New cases (the line of the services table that the layout calls its `total`) and what was pending at the end of \
             each year, per full position. A year that is not over is `provisional`, and what is pending is that of today; \
             one that has not begun has no figures.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(200, "The figures", &["ETag"], vec![
            Content::json("StaffingStatistics", example),
            Format::Csv.content("year;positions_percent;new_cases;pending;new_cases_per_position;pending_per_position"),
            Format::Xlsx.content(""),
            Format::JsonStat.content(""),
        ])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("StaffingStatistics", json!({
            "type": "object", "description": "Work and staff.", "required": ["from", "to", "items"],
            "properties": {
                "from": {"type": "integer", "description": "The first year."},
                "to": {"type": "integer", "description": "The last year."},
                "provisional": {"type": "boolean", "description": "Whether figures of a year are provisional; absent where none are."},
                "items": {"type": "array", "description": "The years.", "items": {
                    "type": "object", "required": ["year"],
                    "properties": {
                        "year": {"type": "integer", "description": "The year."},
                        "positions_percent": count("Positions in percent."),
                        "new_cases": count("New cases."),
                        "pending": count("Pending at the end of the year, over all registers but media requests and events."),
                        "new_cases_per_position": number("New cases per full position, to one decimal."),
                        "pending_per_position": number("Pending per full position, to one decimal."),
                        "provisional": {"type": "boolean", "description": "Whether the figures are provisional; absent where they are not."},
                        "as_of": {"type": "string", "format": "date", "description": "The day whose state provisional figures are."}
                    }
                }}
            }
        }))
}

/// The staff of a year, and its work.
#[derive(Clone, Debug, PartialEq)]
pub struct StaffYear {
    /// The year.
    pub year: i32,
    /// Positions in percent.
    pub percent: Option<i64>,
    /// New cases.
    pub new: Option<i64>,
    /// Pending at the end of the year, or today where it is not over.
    pub pending: Option<i64>,
    /// The day whose state the figures are, where they are provisional.
    pub as_of: Option<NaiveDate>,
}

impl StaffYear {
    /// New cases for each full position, to one decimal.
    pub fn new_per_position(&self) -> Option<f64> {
        per_position(self.new, self.percent)
    }

    /// Pending for each full position, to one decimal.
    pub fn pending_per_position(&self) -> Option<f64> {
        per_position(self.pending, self.percent)
    }
}

fn per_position(number: Option<i64>, percent: Option<i64>) -> Option<f64> {
    Some(round_half_even(1000 * i128::from(number?), percent?.into()) as f64 / 10.0)
}

/// The staff of the years of a services table, in which the line `total` counts the new cases.
pub fn staff_years(db: &mut Db, services: &Table, total: &str, pending: &[Pending]) -> Result<Vec<StaffYear>> {
    let staff = repository::year_figures(db, FiguresKind::Staffing, &(services.from..=services.to))?;
    // Media requests and events are no matters that stay pending.
    let open = |year: i32| {
        let rows =
            pending.iter().filter(|row| row.period == year && !["media-requests", "events"].contains(&row.register));
        rows.map(|row| row.closing()).sum::<i64>()
    };
    let total = services.line(total);
    let of_year = |(index, year): (usize, &i32)| {
        let percent = staff.get(year).and_then(|figures| figures["positions_percent"].as_i64());
        let live = total.is_some_and(|line| line.basis[index] == Basis::Live);
        // There is nothing pending of a year that has not begun.
        let rows = pending.iter().find(|row| row.period == *year);
        StaffYear {
            year: *year,
            percent,
            new: total.and_then(|line| line.values[index]),
            pending: rows.filter(|_| live || open(*year) > 0).map(|_| open(*year)),
            as_of: rows.and_then(|row| row.as_of).or(services.as_of(*year)),
        }
    };
    Ok(services.years.iter().enumerate().map(of_year).collect())
}

async fn staffing(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let years = read_years(&app, &mut query);
    let layout = read_layout(&app, &mut query).map(|layout| layout.name.clone());
    query.finish()?;
    let (asked, state, today) = (years.clone(), app.clone(), app.clock.today());
    let read = move |db: &mut Db| {
        let layout = state.layouts.get(layout.as_deref()).ok_or_else(|| Error::Internal("no layout".into()))?;
        let wanted =
            TableRequest { layout: &layout.name, table: "services", lang: Lang::De, years: asked.clone(), today };
        let table = repository::table(db, Some(layout), &wanted)?;
        let pending = backlog::pending(db, &asked, false, &[], today)?;
        staff_years(db, &table, &layout.total, &pending)
    };
    let rows = app.database.read(read).await?;
    let item = |row: &StaffYear| {
        let mut out = json!({
            "year": row.year, "positions_percent": row.percent, "new_cases": row.new, "pending": row.pending,
            "new_cases_per_position": row.new_per_position(), "pending_per_position": row.pending_per_position()
        });
        if let Some(as_of) = row.as_of {
            out["provisional"] = true.into();
            out["as_of"] = json!(as_of);
        }
        out
    };
    let items: Vec<Value> = rows.iter().map(item).collect();
    let mut body = json!({"from": years.start(), "to": years.end(), "items": items});
    if rows.iter().any(|row| row.as_of.is_some()) {
        body["provisional"] = true.into();
    }
    rendered(&request, format, &body, || staff_sheet(&rows), || None)
}

fn staff_sheet(rows: &[StaffYear]) -> Sheet {
    let header =
        ["year", "positions_percent", "new_cases", "pending", "new_cases_per_position", "pending_per_position"];
    let row = |row: &StaffYear| -> Vec<Cell> {
        let counts = [row.percent, row.new, row.pending].map(Cell::from);
        let shares = [row.new_per_position(), row.pending_per_position()].map(Cell::from);
        std::iter::once(Cell::Number(row.year.into())).chain(counts).chain(shares).collect()
    };
    Sheet {
        name: "staffing".into(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: rows.iter().filter_map(|row| Some(provisional::note(Lang::En, row.year, row.as_of?))).collect(),
        keys: 1,
        ..Sheet::default()
    }
}
