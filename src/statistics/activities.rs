//! Projects, audits and events of each year: how many, what became of the findings, how many people were trained.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::backlog;
use super::lang::Lang;
use super::provisional::{self, Progress, is_false};
use super::request::{Format, format_parameter, read_format, read_years, rendered, year_parameters};
use super::table::round_half_even;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, to_value};
use crate::api::query::Query;
use crate::auth::Scope;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::{Cell, Sheet};
use crate::registers::Dimension;
use crate::registers::cube::{self, Resolution};
use crate::registers::validation::EARLIEST;

/// The formats there are.
pub const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];
const COLUMNS: [&str; 12] = [
    "year",
    "projects",
    "projects_pending",
    "audits",
    "findings",
    "findings_implemented",
    "implemented_share",
    "trainings",
    "training_participants",
    "lectures",
    "lecture_participants",
    "participants_known",
];

/// Projects, audits and events of a year.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Activity {
    /// The year.
    #[schema(example = 2017)]
    pub year: i32,
    /// Projects received in the year.
    #[schema(minimum = 0)]
    pub projects: i64,
    /// Projects pending at its end, or today where it is not over.
    #[schema(minimum = 0)]
    pub projects_pending: i64,
    /// Audits received in the year.
    #[schema(minimum = 0)]
    pub audits: i64,
    /// The findings of these audits.
    #[schema(minimum = 0)]
    pub findings: i64,
    /// The number of these findings that are implemented by now.
    #[schema(minimum = 0)]
    pub findings_implemented: i64,
    /// The same in percent, to two decimals; absent without findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub implemented_share: Option<f64>,
    /// Trainings led.
    #[schema(minimum = 0)]
    pub trainings: i64,
    /// The number of people who took part in them, as far as it is known.
    #[schema(minimum = 0)]
    pub training_participants: i64,
    /// Lectures given.
    #[schema(minimum = 0)]
    pub lectures: i64,
    /// The number of people who heard them, as far as it is known.
    #[schema(minimum = 0)]
    pub lecture_participants: i64,
    /// Of how many of these events it is known.
    #[schema(minimum = 0)]
    pub participants_known: i64,
    /// True if the year is not over; absent if it is.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub provisional: bool,
    /// The day whose state the figures are; only where the year is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
}

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let mut parameters = year_parameters().to_vec();
    parameters.push(format_parameter(&FORMATS));
    let example = json!({"from": 2017, "to": 2017, "items": [{
        "year": 2017, "projects": 16, "projects_pending": 46, "audits": 1, "findings": 2, "findings_implemented": 1,
        "implemented_share": 50.0, "trainings": 0, "training_participants": 0, "lectures": 9,
        "lecture_participants": 294, "participants_known": 9
    }]});
    Endpoint::get("/v1/statistics/activities", activities)
        .named("get_activities_statistics", "statistics", "See projects, audits and events by year")
        .described(
            "Projects received and pending, audits with their findings and how many of these are implemented by now, \
             trainings, lectures and how many people took part. A year that is not over is `provisional`; one that has not \
             begun is left out.",
        )
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(
            200,
            "The figures",
            &["ETag"],
            vec![
                Content::json("Activities", example),
                Format::Csv.content(&COLUMNS.join(";")),
                Format::Xlsx.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema::<Activity>()
        .schema_value("Activities", schema())
}

fn schema() -> Value {
    json!({
        "type": "object", "description": "Projects, audits and events.", "required": ["from", "to", "items"],
        "properties": {
            "from": {"type": "integer", "description": "The first year."},
            "to": {"type": "integer", "description": "The last year."},
            "provisional": {"type": "boolean", "description": "Whether a year is not over; absent where all are."},
            "items": {
                "type": "array", "items": {"$ref": "#/components/schemas/Activity"}, "description": "The years."
            }
        }
    })
}

/// Three sums of a year.
#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = Integer)]
    year: i32,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    second: i64,
    #[diesel(sql_type = BigInt)]
    third: i64,
}

/// Findings of the audits of each year, how many of them are implemented, and 0.
const FINDINGS: [&str; 2] = [
    "SELECT CAST(substr(received_on, 1, 4) AS INTEGER) AS year, count(*) AS first, \
     count(json_extract(finding.value, '$.implemented_on')) AS second, 0 AS third \
     FROM records, json_each(details, '$.findings') AS finding \
     WHERE register = 'audits' AND received_on BETWEEN $1 AND $2 GROUP BY 1",
    "SELECT CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) AS year, count(*) AS first, \
     count(finding ->> 'implemented_on') AS second, CAST(0 AS BIGINT) AS third \
     FROM records, jsonb_array_elements(CAST(details AS JSONB) -> 'findings') AS finding \
     WHERE register = 'audits' AND received_on BETWEEN $1 AND $2 GROUP BY 1",
];
/// Participants of the trainings and of the lectures of each year, and of how many events they are known.
const PARTICIPANTS: [&str; 2] = [
    "SELECT CAST(substr(received_on, 1, 4) AS INTEGER) AS year, \
     coalesce(sum(CASE WHEN kind = 'TRAINING' THEN json_extract(details, '$.participants') END), 0) AS first, \
     coalesce(sum(CASE WHEN kind = 'LECTURE' THEN json_extract(details, '$.participants') END), 0) AS second, \
     count(json_extract(details, '$.participants')) AS third \
     FROM records WHERE register = 'events' AND received_on BETWEEN $1 AND $2 GROUP BY 1",
    "SELECT year, CAST(coalesce(sum(CASE WHEN kind = 'TRAINING' THEN people END), 0) AS BIGINT) AS first, \
     CAST(coalesce(sum(CASE WHEN kind = 'LECTURE' THEN people END), 0) AS BIGINT) AS second, count(people) AS third \
     FROM (SELECT CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) AS year, kind, \
     CAST(CAST(details AS JSONB) ->> 'participants' AS BIGINT) AS people \
     FROM records WHERE register = 'events' AND received_on BETWEEN $1 AND $2) AS held GROUP BY year",
];

/// Sums by year, in the words of each database.
fn sums(db: &mut Db, sql: [&str; 2], years: &RangeInclusive<i32>) -> Result<BTreeMap<i32, [i64; 3]>> {
    let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or(EARLIEST);
    let last = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or(EARLIEST);
    let [sqlite, postgres] = sql;
    let sql = if matches!(db, Db::Sqlite(_)) { sqlite } else { postgres };
    let found: Vec<Sums> = diesel::sql_query(sql).bind::<Date, _>(first).bind::<Date, _>(last).load(db)?;
    Ok(found.into_iter().map(|sums| (sums.year, [sums.first, sums.second, sums.third])).collect())
}

/// The activities of the years, without those that have not begun.
pub fn of_years(db: &mut Db, years: &RangeInclusive<i32>, today: NaiveDate) -> Result<Vec<Activity>> {
    let (counts, pending, findings, participants) = db.transaction(|db| {
        let by = [Dimension::Register, Dimension::Kind];
        let projects = [(Dimension::Register, vec!["projects".to_owned()])];
        Ok::<_, Error>((
            cube::count(db, years, Resolution::Years, &by, &[])?,
            backlog::pending(db, years, false, &projects, today)?,
            sums(db, FINDINGS, years)?,
            sums(db, PARTICIPANTS, years)?,
        ))
    })?;
    let received = |year: i32, register: &str, kind: Option<&str>| {
        let of_year = counts.iter().filter(|sum| {
            sum.period == year
                && sum.value(Dimension::Register) == Some(register)
                && (kind.is_none() || sum.value(Dimension::Kind) == kind)
        });
        of_year.map(|sum| sum.counts.received).sum()
    };
    let of_year = |year: i32| {
        let [findings, findings_implemented, _] = findings.get(&year).copied().unwrap_or_default();
        let [training_participants, lecture_participants, participants_known] =
            participants.get(&year).copied().unwrap_or_default();
        let share = || round_half_even(10_000 * i128::from(findings_implemented), findings.into()) as f64 / 100.0;
        Activity {
            year,
            projects: received(year, "projects", None),
            projects_pending: pending.iter().filter(|row| row.period == year).map(|row| row.closing()).sum(),
            audits: received(year, "audits", None),
            findings,
            findings_implemented,
            implemented_share: (findings > 0).then(share),
            trainings: received(year, "events", Some("TRAINING")),
            lectures: received(year, "events", Some("LECTURE")),
            training_participants,
            lecture_participants,
            participants_known,
            provisional: Progress::of(year, today) != Progress::Over,
            as_of: provisional::as_of(year, today),
        }
    };
    Ok(years.clone().filter(|year| Progress::of(*year, today) != Progress::Ahead).map(of_year).collect())
}

fn sheet(rows: &[Activity]) -> Sheet {
    let row = |row: &Activity| -> Vec<Cell> {
        let before =
            [row.year.into(), row.projects, row.projects_pending, row.audits, row.findings, row.findings_implemented];
        let after =
            [row.trainings, row.training_participants, row.lectures, row.lecture_participants, row.participants_known];
        let share = [Cell::percent(row.implemented_share)];
        before.map(Cell::Number).into_iter().chain(share).chain(after.map(Cell::Number)).collect()
    };
    Sheet {
        name: "activities".into(),
        header: COLUMNS.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: rows.iter().filter_map(|row| Some(provisional::note(Lang::En, row.year, row.as_of?))).collect(),
        keys: 1,
        ..Sheet::default()
    }
}

async fn activities(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let years = read_years(&app, &mut query);
    query.finish()?;
    let (asked, today) = (years.clone(), app.clock.today());
    let rows = app.database.read(move |db| of_years(db, &asked, today)).await?;
    let items: Vec<Value> = rows.iter().map(to_value).collect();
    let mut body = json!({"from": years.start(), "to": years.end(), "items": items});
    if rows.iter().any(|row| row.provisional) {
        body["provisional"] = true.into();
    }
    rendered(&request, format, &body, || sheet(&rows), || None)
}
