//! The endpoints of the statistics. None of them shows personal data.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde_json::{Value, json};

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON, Reach};
use crate::api::query::{Parameter, Query, YEARS};
use crate::api::registers::{dimension_parameter, find_page, list_parameters, read_dimensions};
use crate::api::statistics::dcat;
use crate::api::statistics::request::{
    Format, answer, format_parameter, lang_parameter, layout_parameter, read_format, read_lang, read_layout,
    read_layout_name, read_year, read_years, rendered,
};
use crate::api::statistics::{activities, backlog, differences, durations, published, staffing, year_figures};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::error::{self, Error, Result};
use crate::json::to_json;
use crate::json::to_value;
use crate::registers::filter::Filter;
use crate::registers::record::RecordRow;
use crate::registers::{Dimension, Selection, schema};
use crate::statistics::counts::{self, By, CountQuery, Measure};
use crate::statistics::detail;
use crate::statistics::layout::TABLES;
use crate::statistics::repository::TableRequest;
use crate::statistics::table::Table;
use crate::statistics::{public, repository};

/// The formats of tables.
pub const TABLE_FORMATS: [Format; 5] = [Format::Json, Format::Csv, Format::Xlsx, Format::Svg, Format::JsonStat];
/// The formats of free counts.
pub const COUNT_FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Xlsx, Format::JsonStat];

/// The endpoints of the statistics.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> = [
        (
            "services",
            "Services of the year",
            "The table of the activity report: inquiries by requester and area, \
            projects, audits and events. Only what was received in the year counts; media requests stay outside.",
        ),
        (
            "channels",
            "Inquiries by channel",
            "How the inquiries of each year came in, in the shape of the services table.",
        ),
        (
            "media-requests",
            "Media requests by medium",
            "The media requests of each year, in the shape of the services \
            table. They are never counted among the new cases.",
        ),
    ]
    .into_iter()
    .map(|(name, summary, description)| table_endpoint(name, summary, description))
    .collect();
    all.extend([counts_endpoint(), layouts_endpoint(), records_endpoint()]);
    all.extend([backlog::endpoint(), durations::endpoint()]);
    all.extend(published::endpoints());
    all.push(differences::endpoint());
    all.extend(year_figures::endpoints());
    all.extend([staffing::endpoint(), activities::endpoint(), dcat::endpoint()]);
    all
}

fn table_endpoint(name: &'static str, summary: &str, description: &str) -> Endpoint {
    let example = table_example();
    Endpoint::get(format!("/v1/statistics/{name}"), move |app: Data<App>, caller: Option<Caller>, request: HttpRequest| {
        table(name, app, caller, request)
    })
    .named(format!("get_{}_statistics", name.replace('-', "_")), "statistics", summary)
    .described(format!(
        "{description} Where the statistics are public no token is needed: then published years alone are shown, and \
         small numbers are hidden, with those that they could be computed from (`suppressed`). Without `from` and `to`: the six years up to the last complete one; at most 50 years. A value is \
         null where the rubric was not collected, which is not 0; a year before the first record, or one that has not \
         begun, has the basis `NONE`. Figures of a year that is not over are `provisional`, and have no development."
    ))
    .scope(Scope::StatisticsRead)
    .figures()
    .public_statistics()
    .headers(&["IfNoneMatch", "AcceptLanguage"])
    .query(vec![
        Parameter::year("from", "The first year", 2012),
        Parameter::year("to", "The last year", 2017),
        layout_parameter(),
        lang_parameter(),
        format_parameter(&TABLE_FORMATS),
    ])
    .answers(200, "The table", &["ETag"], vec![
        Content::json("Table", example),
        Format::Csv.content("code;label;2016;2017;development;development_percent;footnotes"),
        Format::Xlsx.content(""),
        Format::Svg.content(""),
        Format::JsonStat.content(""),
    ])
    .answers(304, "Unchanged", &["ETag"], vec![])
    .schema::<Table>()
}

fn table_example() -> Value {
    json!({
        "from": 2016, "to": 2017, "years": [2016, 2017],
        "lines": [{
            "code": "inquiries.municipality", "label": "Anfragen Gemeinden", "level": 1, "values": [53, 62],
            "basis": ["LIVE", "LIVE"], "development": {"absolute": 9, "percent": 16.98, "display": "+17%"},
            "footnotes": []
        }],
        "footnotes": [], "warnings": [],
        "sources": [{"year": 2016, "basis": "LIVE"}, {"year": 2017, "basis": "LIVE"}]
    })
}

fn counts_endpoint() -> Endpoint {
    let names: Vec<&str> = By::all().into_iter().map(By::name).collect();
    let mut parameters = vec![
        Parameter::many(
            "by",
            "What the counts are broken down by, in this order; without it there is one count",
            json!({"type": "string", "enum": names}),
            json!("area"),
        ),
        Parameter::one(
            "measure",
            "Whether records count in the period in which they were received or closed",
            json!({"type": "string", "enum": ["received", "closed"], "default": "received"}),
            json!("received"),
        ),
        Parameter::year("from", "The first year; without it, from the beginning", 2012),
        Parameter::year("to", "The last year; without it, to the end", 2017),
        format_parameter(&COUNT_FORMATS),
    ];
    parameters.extend(Dimension::ALL.map(|dimension| dimension_parameter(dimension, None).hinted()));
    let example = json!({
        "measure": "received", "by": ["year", "area"], "total": 31,
        "items": [{"year": 2017, "area": "IT", "count": 31}]
    });
    Endpoint::get("/v1/statistics/counts", free_counts)
        .named("get_counts", "statistics", "Count freely")
        .described(format!(
            "Counts of records by any of the periods and dimensions, with any filters on these: the pivot table for \
             scripts. Combinations without a record are left out; null stands for records without a value. Public bodies \
             that are not in the register of organisations count together, as `NOT_IN_REGISTER`. A service account that \
             is bound to registers counts these only, and is refused others. {}",
            detail::RULE
        ))
        .problems(&[&error::OTHER_REGISTER])
        .scope(Scope::StatisticsRead)
        .reaches(Reach::Narrowed)
        .figures()
        .headers(&["IfNoneMatch"])
        .query(parameters)
        .answers(
            200,
            "The counts",
            &["ETag"],
            vec![
                Content::json("Counts", example),
                Format::Csv.content("year;area;count"),
                Format::Xlsx.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("Counts", counts_schema(&names))
}

fn counts_schema(names: &[&str]) -> Value {
    let mut item = json!({
        "type": "object", "description": "A count, with the values that it stands for.", "required": ["count"],
        "properties": {"count": {"type": "integer", "format": "int64", "minimum": 1, "description": "How many."}}
    });
    item["properties"]["provisional"] =
        json!({"type": "boolean", "description": "Whether its year is not over; only broken down by a period."});
    for by in By::all() {
        item["properties"][by.name()] = match by {
            By::Year => json!({"type": "integer", "description": "The year."}),
            By::Quarter => json!({"type": "string", "description": "The quarter, as 2017-Q1."}),
            By::Month => json!({"type": "string", "description": "The month, as 2017-03."}),
            By::Organisation => json!({
                "type": ["string", "null"],
                "description": "The present name of the public body that the records are linked to; null without one."
            }),
            By::Dimension(dimension) => {
                json!({"type": ["string", "null"], "description": format!("The value of {}.", dimension.name())})
            }
        };
    }
    json!({
        "type": "object", "description": "Counts of records.", "required": ["measure", "by", "items", "total"],
        "properties": {
            "measure": {"type": "string", "enum": ["received", "closed"], "description": "What is counted."},
            "by": {
                "type": "array", "items": {"type": "string", "enum": names},
                "description": "What the counts are broken down by."
            },
            "items": {"type": "array", "items": item, "description": "The counts that are not 0."},
            "total": {"type": ["integer", "null"], "format": "int64", "minimum": 0, "description": "Their sum; null where no year has begun and nothing is counted."},
            "provisional": {"type": "boolean", "description": "Whether a year that is not over is among those counted; absent where none is."},
            "as_of": {"type": "string", "format": "date", "description": "The day whose state provisional counts are."}
        }
    })
}

fn layouts_endpoint() -> Endpoint {
    let example = json!({"items": [{
        "name": "lucerne", "title": "Dienstleistungen des Datenschutzbeauftragten des Kantons Luzern", "tables": TABLES
    }]});
    let text = |what: &str| json!({"type": "string", "description": what});
    Endpoint::get("/v1/statistics/layouts", layouts)
        .named("list_layouts", "statistics", "List the layouts")
        .described("The layouts of the statistics tables, the default first; `layout` picks one by name.")
        .scope(Scope::StatisticsRead)
        .reaches(Reach::Nothing)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![lang_parameter()])
        .answers(200, "The layouts", &["ETag"], vec![Content::json("Layouts", example)])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value(
            "Layouts",
            json!({
                "type": "object", "description": "The layouts there are.", "required": ["items"],
                "properties": {"items": {"type": "array", "description": "The default first.", "items": {
                    "type": "object", "required": ["name", "title", "tables"],
                    "properties": {
                        "name": text("For the parameter `layout`."),
                        "title": text("What it is, in the language asked for."),
                        "tables": {"type": "array", "items": text("A table."), "description": "The tables it has."}
                    }
                }}}
            }),
        )
}

fn records_endpoint() -> Endpoint {
    let example = json!({"items": [{
        "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
        "title": "Videoüberwachung beim Entsorgungsplatz", "received_on": "2017-03-14", "status": "OPEN",
        "updated_at": "2017-03-14T09:30:00Z", "revision": 1
    }]});
    let mut parameters = list_parameters(None);
    parameters.push(layout_parameter());
    Endpoint::get("/v1/statistics/services/{code}/{year}/records", records)
        .named("list_cell_records", "statistics", "Explain a cell")
        .described(
            "The very records that a cell of the services table counts, from all registers, in pages: there are as \
             many as the cell says, when it is counted live.",
        )
        .scope(Scope::RegisterRead)
        .query(parameters)
        .answers(200, "A page of records", &["Link"], vec![Content::json("CellRecordPage", example)])
        .schema_value("CellRecordPage", schema::page("CellRecord", true))
        .schema_value("CellRecord", cell_record_schema())
        .schema::<crate::registers::record::Status>()
}

fn cell_record_schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    let date = |what: &str| json!({"type": "string", "format": "date", "description": what});
    json!({
        "type": "object", "description": "What a record is, in short.",
        "required": ["register", "id", "number", "title", "received_on", "status", "updated_at", "revision"],
        "properties": {
            "register": text("Its register."),
            "id": {"type": "string", "format": "uuid", "description": "Its id."},
            "number": text("Its business number."),
            "title": text("What it is about."),
            "received_on": date("The day it was received."),
            "closed_on": date("The day it was closed."),
            "status": {"$ref": "#/components/schemas/Status"},
            "responsible": text("Who at the authority is responsible."),
            "updated_at": {"type": "string", "format": "date-time", "description": "When it was changed last, in UTC."},
            "revision": {"type": "integer", "format": "int64", "minimum": 1, "description": "Its revision."}
        }
    })
}

async fn table(
    name: &'static str,
    app: Data<App>,
    caller: Option<Caller>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &TABLE_FORMATS)?;
    let lang = read_lang(&request, &mut query);
    let years = read_years(&app, &mut query);
    let is_public = caller.is_none();
    let chosen = match is_public {
        true => crate::api::statistics::public::read_layout(&app, &mut query)
            .map(|layout| layout.name.clone())
            .unwrap_or_default(),
        false => read_layout_name(&app, &mut query).await?,
    };
    query.finish()?;
    let (state, asked, today) = (app.clone(), chosen.clone(), app.clock.today());
    let table = app
        .database
        .read(move |db| {
            let layout = state.layouts.get(Some(&asked));
            let wanted = TableRequest { layout: &asked, table: name, lang, years, today };
            match (&state.public, layout) {
                (Some(suppression), Some(layout)) if is_public => public::table(db, suppression, layout, &wanted),
                _ => repository::table(db, layout, &wanted),
            }
        })
        .await?;
    let layout = app.layouts.get(Some(&chosen)).and_then(|layout| layout.table(name));
    let chart = || Some(table.chart(layout?.chart.as_ref()?));
    let sheet = || if format == Format::JsonStat { table.by_year(name) } else { table.sheet(name) };
    let answer = rendered(&request, format, &to_value(&table), sheet, chart)?;
    Ok(if is_public { crate::api::statistics::public::cacheable(answer) } else { answer })
}

async fn free_counts(app: Data<App>, caller: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &COUNT_FORMATS)?;
    let names: Vec<&str> = By::all().into_iter().map(By::name).collect();
    let wanted = query.choice("by", |name| names.contains(&name), &names.join(", "));
    let by: Vec<By> = wanted.iter().filter_map(|name| By::all().into_iter().find(|by| by.name() == name)).collect();
    if by.iter().enumerate().any(|(index, one)| by[..index].contains(one)) {
        query.fault("by", "repeated", "must name each once only");
    }
    if by.contains(&By::Organisation) && !caller.can_access("organisations") {
        query.fault("by", "not_allowed", "must not be organisation for who may not see that register");
    }
    let name = query.one("measure").unwrap_or_else(|| "received".into());
    let measure = Measure::ALL.iter().find(|(known, _)| *known == name).map(|(_, measure)| *measure);
    if measure.is_none() {
        query.fault("measure", "invalid_value", "must be one of received, closed");
    }
    let (from, to) = (query.number("from", YEARS), query.number("to", YEARS));
    let years = from.unwrap_or(*YEARS.start())..=to.unwrap_or(*YEARS.end());
    if years.is_empty() {
        query.fault("from", "out_of_range", "must not be after to");
    }
    let parameters = Dimension::ALL.map(|dimension| dimension_parameter(dimension, None));
    let choice = read_dimensions(&mut query, &parameters);
    query.finish()?;
    counts::detail(&by, &choice).permit(&caller)?;
    let choice = narrowed(&caller, choice)?;
    let today = app.clock.today();
    let (provisional, ahead) = (*years.end() >= today.year(), *years.start() > today.year());
    let question = CountQuery { by, measure: measure.unwrap_or(Measure::Received), years: Some(years), choice };
    let asked = question.clone();
    let found = app.database.read(move |db| counts::count(db, &asked)).await?;
    let items: Vec<Value> =
        found.iter().map(|(values, number)| counts::object(&question.by, values, *number, today)).collect();
    let mut body = json!({
        "measure": name,
        "by": wanted,
        "items": items,
        "total": Some(found.iter().map(|(_, number)| number).sum::<i64>()).filter(|total| *total > 0 || !ahead),
    });
    if provisional {
        body["provisional"] = true.into();
        body["as_of"] = json!(today);
    }
    let as_of = provisional.then_some(today);
    rendered(&request, format, &body, || counts::sheet(&question.by, &found, &name, as_of), || None)
}

async fn layouts(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    query.finish()?;
    let items: Vec<Value> = app
        .layouts
        .iter()
        .map(|layout| json!({"name": layout.name, "title": layout.title.get(lang), "tables": TABLES}))
        .collect();
    Ok(answer(&request, JSON, to_json(&json!({"items": items}))?))
}

async fn records(app: Data<App>, request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse> {
    let (code, year) = path.into_inner();
    let mut query = Query::of(&request);
    let layout = read_layout(&app, &mut query);
    let year = read_year(&year, &mut query);
    let Some(layout) = layout else { return Err(unreadable(query)) };
    let line = layout.table("services").and_then(|table| table.line(&code));
    let line = line.ok_or_else(|| Error::NotFound("the table has no line of that code".into()))?;
    let selections: Vec<Selection> = line.selections(year).cloned().collect();
    // A rubric that was not collected in the year counts no record of it, however many fit; nor does an entered figure.
    let counts = line.is_collected(year) && !selections.is_empty();
    let years = if counts { vec![year] } else { vec![i32::MIN] };
    let filter = Filter { selections, years, ..Filter::default() };
    find_page(&app, &request, query, filter, None).await?.answer(&request, summary)
}

fn unreadable(query: Query) -> Error {
    query.finish().err().unwrap_or_else(|| Error::Internal("no fault was noted".into()))
}

/// A choice narrowed to the registers that the caller is bound to; fails when it names another one: a count of what may
/// not be seen is not 0.
fn narrowed(caller: &Caller, mut choice: Vec<(Dimension, Vec<String>)>) -> Result<Vec<(Dimension, Vec<String>)>> {
    if caller.registers.is_some() {
        let place = choice.iter().position(|(dimension, _)| *dimension == Dimension::Register);
        let mut names = place.map(|place| choice.swap_remove(place).1).unwrap_or_default();
        if names.iter().any(|name| !caller.can_access(name)) {
            return Err(Error::OtherRegister);
        }
        caller.restrict_registers(&mut names);
        choice.push((Dimension::Register, names));
    }
    Ok(choice)
}

/// Returns a record in short, without personal data.
fn summary(columns: &RecordRow) -> Value {
    let mut out = json!({
        "register": columns.register,
        "id": columns.id,
        "number": columns.number,
        "title": columns.title,
        "received_on": columns.received_on,
        "closed_on": columns.closed_on,
        "status": columns.status,
        "responsible": columns.responsible,
        "updated_at": instant(columns.updated_at),
        "revision": columns.revision,
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}
