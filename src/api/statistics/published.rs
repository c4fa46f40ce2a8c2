//! Publications over HTTP.

use crate::api::App;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::{Body, json_body};
use crate::api::query::{Parameter, Query};
use crate::api::statistics::request::{answer, layout_parameter, read_layout, read_layout_name, read_year};
use crate::auth::{Caller, Scope};
use crate::clock::instant;
use crate::error::{self, Error, Result};
use crate::json::to_json;
use crate::statistics::printed::{Printed, PrintedLine, PrintedTable};
use crate::statistics::publications::{self, PublishedYear};
use crate::statistics::published::{NewPublication, completed, read};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const PATH: &str = "/v1/statistics/published/{year}";

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![get_endpoint(), publish_endpoint()]
}

fn get_endpoint() -> Endpoint {
    Endpoint::get(PATH, get)
        .named("get_published_year", "statistics", "Read what was published")
        .described("The figures of a year as they were published, the newest version unless `version` says otherwise.")
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch"])
        .query(vec![
            layout_parameter(),
            Parameter::one(
                "version",
                "The version; without it the newest",
                json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 1_000_000}),
                Value::Null,
            ),
        ])
        .answers(200, "The publication", &["ETag"], vec![Content::component("PublishedYear", example())])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .problems(&[&error::NOT_FOUND])
        .schema_value("PublishedYear", schema())
}

fn publish_endpoint() -> Endpoint {
    let body = json!({"from_live": true, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017"});
    Endpoint::new(Method::PUT, PATH, put)
        .named("publish_year", "statistics", "Publish a year")
        .described(
            "Freezes the figures of a year: from then on the tables show them, whatever is entered later. They \
             are counted now (`from_live`) or given, as for years before the software. Figures that do not add \
             up are kept as they are, and the tables carry a warning. What was published is never changed, with its \
             lines as the layout has them now: publishing again makes a further version, and the same again makes \
             none. Figures of lines that people enter alone leave all others as they were published. A year that is \
             not over is published with `provisional` only, and is called so wherever its figures stand. The answer \
             shows the figures and the versions before with the scope `statistics:read` only.",
        )
        .scope(Scope::StatisticsPublish)
        .query(vec![layout_parameter()])
        .body(vec![Content::component("NewPublication", body)])
        .answers(
            200,
            "Published; with `version` 1 for the first time",
            &["ETag"],
            vec![Content::component("WrittenPublication", example())],
        )
        .answers(
            201,
            "Published for the first time",
            &["ETag"],
            vec![Content::component("WrittenPublication", example())],
        )
        .schema::<NewPublication>()
        .schema_value("WrittenPublication", written_schema())
}

fn example() -> Value {
    let version = json!({
        "version": 1, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017", "from_live": true,
        "published_at": "2018-04-03T07:12:00Z", "published_by": "chancellery"
    });
    let mut out = json!({"year": 2017, "layout": "lucerne"});
    if let (Some(out), Some(version)) = (out.as_object_mut(), version.as_object()) {
        out.extend(version.clone());
    }
    out["figures"] = json!({"inquiries.total": 295, "cases.total": 331});
    out["lines"] = json!([{
        "table": "services", "code": "inquiries.total", "level": 0, "value": 295, "footnotes": [],
        "label": {"de": "Total Auskunft", "fr": "Total des renseignements", "it": "Totale informazioni", "en": "Total of inquiries"}
    }]);
    out["developments"] = json!({"inquiries.total": "+19%"});
    out["versions"] = json!([version]);
    out
}

fn schema() -> Value {
    let provenance = provenance_schema();
    let mut properties = json!({
        "year": {"type": "integer", "description": "The year."},
        "layout": {"type": "string", "description": "The layout whose lines the codes name."}
    });
    if let (Some(properties), Some(provenance)) = (properties.as_object_mut(), provenance.as_object()) {
        properties.extend(provenance.clone());
    }
    let required = json!(["version", "published_on", "from_live", "published_at", "published_by"]);
    properties["figures"] = json!({
        "type": "object", "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0},
        "description": "The values by the codes of the lines."
    });
    properties["developments"] = json!({
        "type": "object", "additionalProperties": {"type": "string"},
        "description": "The developments as they were printed."
    });
    properties["lines"] = lines_schema();
    properties["versions"] = json!({
        "type": "array", "description": "All versions, oldest first.",
        "items": {"type": "object", "required": required, "properties": provenance}
    });
    json!({
        "type": "object", "description": "The figures of a year as they were published.",
        "required": ["year", "layout", "version", "published_on", "from_live", "published_at", "published_by", "figures", "developments", "lines", "versions"],
        "properties": properties
    })
}

/// The properties of a version other than its figures and lines.
fn provenance_schema() -> Value {
    json!({
        "version": {"type": "integer", "format": "int64", "minimum": 1, "description": "1 for the first publication."},
        "published_on": {"type": "string", "format": "date", "description": "The day of publication."},
        "source": {"type": "string", "description": "Where it was published."},
        "from_live": {"type": "boolean", "description": "Whether the figures were counted at that moment."},
        "provisional": {"type": "boolean", "description": "Whether the figures are not final; absent where they are."},
        "published_at": {"type": "string", "format": "date-time", "description": "When it was entered, in UTC."},
        "published_by": {"type": "string", "description": "Who entered it, by name; which identity that is stands in the audit trail."}
    })
}

fn lines_schema() -> Value {
    let text = json!({"type": "string"});
    let labels = json!({"type": "object", "description": "In each language.", "required": ["de", "fr", "it", "en"], "properties": {
        "de": text, "fr": text, "it": text, "en": text
    }});
    json!({
        "type": "array",
        "description": "The lines as they were printed, whatever the layout says now.",
        "items": {"type": "object", "required": ["table", "code", "label", "level", "footnotes"], "properties": {
            "table": {"type": "string", "description": "The table."},
            "code": {"type": "string", "description": "The line's code."},
            "label": labels,
            "level": {"type": "integer", "minimum": 0, "maximum": 3, "description": "How deep it is indented."},
            "value": {"type": ["integer", "null"], "format": "int64", "minimum": 0, "description": "Its figure; null where there was none."},
            "footnotes": {"type": "array", "items": labels, "description": "Its footnotes."}
        }}
    })
}

/// The properties of a publication that only the scope `statistics:read` shows.
const FIGURES: [&str; 4] = ["figures", "developments", "lines", "versions"];

fn written_schema() -> Value {
    let mut schema = schema();
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !FIGURES.iter().any(|figures| name == figures));
    }
    schema
}

/// Returns the properties of a version other than its figures and lines, without those that are null.
fn provenance(publication: &PublishedYear) -> Value {
    let mut out = json!({
        "version": publication.version, "published_on": publication.published_on, "source": publication.source,
        "from_live": publication.from_live, "provisional": publication.provisional.then_some(true), "published_at": instant(publication.at), "published_by": publication.actor
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

fn shown(layout: &str, publication: &PublishedYear, all: &[PublishedYear]) -> Value {
    let mut out = json!({"year": publication.year, "layout": layout});
    if let (Some(out), Value::Object(more)) = (out.as_object_mut(), provenance(publication)) {
        out.extend(more);
    }
    out["figures"] = json!(publication.figures);
    out["developments"] = json!(publication.developments);
    out["lines"] = lines(&publication.printed, &publication.figures);
    out["versions"] = all.iter().map(provenance).collect();
    out
}

/// The lines of all tables as they were printed.
fn lines(printed: &Printed, figures: &BTreeMap<String, i64>) -> Value {
    let of_table = |PrintedTable { name, lines }: &PrintedTable| -> Vec<Value> {
        let line = |line: &PrintedLine| {
            let footnotes: Vec<_> = line.footnotes.iter().filter_map(|key| printed.footnotes.get(key)).collect();
            json!({
                "table": name, "code": line.code, "label": line.label, "level": line.level,
                "value": figures.get(&line.code), "footnotes": footnotes
            })
        };
        lines.iter().map(line).collect()
    };
    printed.tables.iter().flat_map(of_table).collect()
}

pub(super) fn missing(year: i32) -> Error {
    Error::NotFound(format!("nothing was published for {year}"))
}

async fn get(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let layout = read_layout_name(&app, &mut query).await?;
    let version = query.number("version", 1..=1_000_000);
    query.finish()?;
    let name = layout.clone();
    let all = app.database.read(move |db| publications::publications(db, &name, &(year..=year))).await?;
    let wanted = |publication: &&PublishedYear| version.is_none_or(|version| version == publication.version);
    let publication = all.iter().rfind(wanted).ok_or_else(|| missing(year))?;
    Ok(answer(&request, JSON, to_json(&shown(&layout, publication, &all))?))
}

async fn put(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let layout = read_layout(&app, &mut query);
    let Some(layout) = layout else {
        query.finish()?;
        return Err(Error::Internal("no layout".into()));
    };
    let name = layout.name.clone();
    query.finish()?;
    let today = app.clock.today();
    let new = read(layout, year, today, json_body(&request, &body)?)?;
    let by = operation_context(&app, &caller, &request);
    let sees_figures = caller.has(Scope::StatisticsRead);
    let (state, stored) = (app.clone(), name.clone());
    let publishing = app.database.write(move |tx| {
        let layout = state.layouts.get(Some(&stored)).ok_or_else(|| Error::Internal("no layout".into()))?;
        let new = completed(tx.flushed()?, layout, new, today)?;
        let (publication, new) = publications::publish(tx, layout, &new, &by)?;
        Ok((publications::publications(tx.unflushed(), &stored, &(year..=year))?, publication, new))
    });
    let (all, publication, new) = publishing.await?;
    let mut told = shown(&name, &publication, &all);
    if let Some(told) = told.as_object_mut().filter(|_| !sees_figures) {
        told.retain(|name, _| !FIGURES.contains(&name.as_str()));
    }
    let body = to_json(&told)?;
    let status = if new && publication.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    let tag = crate::api::http::content_tag(&body);
    Ok(HttpResponse::build(status).insert_header(("etag", tag)).insert_header(("content-type", JSON)).body(body))
}
