//! Publications over HTTP.

use crate::api::App;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::http::{Body, json_body};
use crate::api::query::{Parameter, Query};
use crate::api::statistics::request::{answer, layout_parameter, read_layout, read_layout_name, read_year};
use crate::auth::Scope;
use crate::clock::write_instant;
use crate::decimal::Decimal;
use crate::error::{self, Error, Result};
use crate::json::to_json;
use crate::messages::Labels;
use crate::statistics::printed::{Printed, PrintedLine, PrintedTable};
use crate::statistics::provisional::is_false;
use crate::statistics::publications::{self, PublishedYear};
use crate::statistics::published::{NewPublication, completed, read};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

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
        .answers(200, "The publication", &["ETag"], vec![Content::json::<ShownPublication>(example())])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .problems(&[&error::NOT_FOUND])
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
        .body(vec![Content::json::<NewPublication>(body)])
        .answers(
            200,
            "Published; with `version` 1 for the first time",
            &["ETag"],
            vec![Content::json::<WrittenPublication>(example())],
        )
        .answers(201, "Published for the first time", &["ETag"], vec![Content::json::<WrittenPublication>(example())])
}

fn example() -> Value {
    let version = json!({
        "version": 1, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017", "from_live": true,
        "published_at": "2018-04-03T07:12:00Z", "published_by": "chancellery"
    });
    let mut out = json!({"year": 2017, "layout": "yearly"});
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

/// The figures of a year as they were published.
#[derive(Serialize, ToSchema)]
#[schema(as = PublishedYear)]
struct ShownPublication {
    #[serde(flatten)]
    #[schema(inline)]
    edition: Edition,
    #[serde(flatten)]
    #[schema(inline)]
    contents: PublishedContents,
}

/// The figures of a year as they were published; its contents with the scope `statistics:read` only.
#[derive(Serialize, ToSchema)]
struct WrittenPublication {
    #[serde(flatten)]
    #[schema(inline)]
    edition: Edition,
    /// The values by the codes of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BTreeMap<String, f64>)]
    figures: Option<BTreeMap<String, Decimal>>,
    /// The developments as they were printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    developments: Option<BTreeMap<String, String>>,
    /// The lines as they were printed, whatever the layout says now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    lines: Option<Vec<PublishedLine>>,
    /// All versions, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    versions: Option<Vec<Provenance>>,
}

impl WrittenPublication {
    /// A publication, with its contents for who may read them.
    fn of(edition: Edition, contents: Option<PublishedContents>) -> Self {
        let mut written =
            WrittenPublication { edition, figures: None, developments: None, lines: None, versions: None };
        if let Some(contents) = contents {
            written.figures = Some(contents.figures);
            written.developments = Some(contents.developments);
            written.lines = Some(contents.lines);
            written.versions = Some(contents.versions);
        }
        written
    }
}

/// A version of the publication of a year, without its figures.
#[derive(Serialize, ToSchema)]
struct Edition {
    /// The year.
    year: i32,
    /// The layout whose lines the codes name.
    layout: String,
    #[serde(flatten)]
    #[schema(inline)]
    provenance: Provenance,
}

/// The provenance of a version.
#[derive(Serialize, ToSchema)]
struct Provenance {
    /// 1 for the first publication.
    #[schema(minimum = 1)]
    version: i64,
    /// The day of publication.
    published_on: NaiveDate,
    /// The place of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<String>,
    /// True if the figures were counted at that moment.
    from_live: bool,
    /// True if the figures are not final; absent where they are.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    /// The instant at which the version was entered, in UTC.
    #[serde(serialize_with = "write_instant")]
    published_at: NaiveDateTime,
    /// The name of who entered the version; which identity that is stands in the audit trail.
    published_by: String,
}

/// The figures and lines of a version, and all versions.
#[derive(Serialize, ToSchema)]
struct PublishedContents {
    /// The values by the codes of the lines.
    #[schema(value_type = BTreeMap<String, f64>)]
    figures: BTreeMap<String, Decimal>,
    /// The developments as they were printed.
    developments: BTreeMap<String, String>,
    /// The lines as they were printed, whatever the layout says now.
    #[schema(inline)]
    lines: Vec<PublishedLine>,
    /// All versions, oldest first.
    #[schema(inline)]
    versions: Vec<Provenance>,
}

/// A line as it was printed, with its figure.
#[derive(Serialize, ToSchema)]
struct PublishedLine {
    /// The table.
    table: String,
    /// The line's code.
    code: String,
    /// In each language.
    label: Labels,
    /// The depth of the indentation.
    #[schema(maximum = 3)]
    level: u8,
    /// Its figure; null where there was none.
    #[schema(value_type = Option<f64>)]
    value: Option<Decimal>,
    /// Its footnotes.
    footnotes: Vec<Labels>,
    /// The unit of its figure; absent where it is a number of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unit: Option<String>,
    /// The decimals that its figure is shown with; absent where they are as many as it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 4)]
    decimals: Option<u32>,
}

impl From<&PublishedYear> for Provenance {
    fn from(publication: &PublishedYear) -> Self {
        Provenance {
            version: publication.version,
            published_on: publication.published_on,
            source: publication.source.clone(),
            from_live: publication.from_live,
            provisional: publication.provisional,
            published_at: publication.at,
            published_by: publication.actor.clone(),
        }
    }
}

impl Edition {
    fn of(layout: String, publication: &PublishedYear) -> Self {
        Edition { year: publication.year, layout, provenance: publication.into() }
    }
}

impl PublishedContents {
    fn of(publication: &PublishedYear, all: &[PublishedYear]) -> Self {
        PublishedContents {
            figures: publication.figures.clone(),
            developments: publication.developments.clone(),
            lines: lines(&publication.printed, &publication.figures),
            versions: all.iter().map(Provenance::from).collect(),
        }
    }
}

/// The lines of all tables as they were printed.
fn lines(printed: &Printed, figures: &BTreeMap<String, Decimal>) -> Vec<PublishedLine> {
    let line = |table: &str, line: &PrintedLine| PublishedLine {
        table: table.to_owned(),
        code: line.code.clone(),
        label: line.label.clone(),
        level: line.level,
        value: figures.get(&line.code).copied(),
        footnotes: line.footnotes.iter().filter_map(|note| printed.footnotes.get(&note.key).cloned()).collect(),
        unit: line.unit.clone(),
        decimals: line.decimals,
    };
    let tables = printed.tables.iter();
    tables.flat_map(|PrintedTable { name, lines, .. }| lines.iter().map(move |one| line(name, one))).collect()
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
    let names = app.profile.layouts.names_of(&layout);
    let all = app.database.read_primary(move |db| publications::publications(db, &names, &(year..=year))).await?;
    let wanted = |publication: &&PublishedYear| version.is_none_or(|version| version == publication.version);
    let publication = all.iter().rfind(wanted).ok_or_else(|| missing(year))?;
    let contents = PublishedContents::of(publication, &all);
    let shown = ShownPublication { edition: Edition::of(layout, publication), contents };
    Ok(answer(&request, JSON, to_json(&shown)?))
}

async fn put(Call { app, caller, request }: Call, path: Path<String>, body: Body) -> Result<HttpResponse> {
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
        let layout = state.profile.layouts.get(Some(&stored)).ok_or_else(|| Error::Internal("no layout".into()))?;
        let new = completed(tx.flushed()?, layout, new, today)?;
        let (publication, new) = publications::publish(tx, layout, &new, &by)?;
        Ok((publications::publications(tx.unflushed(), &layout.names(), &(year..=year))?, publication, new))
    });
    let (all, publication, new) = publishing.await?;
    let contents = sees_figures.then(|| PublishedContents::of(&publication, &all));
    let body = to_json(&WrittenPublication::of(Edition::of(name, &publication), contents))?;
    let status = if new && publication.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    let tag = crate::api::http::content_tag(&body);
    Ok(HttpResponse::build(status).insert_header(("etag", tag)).insert_header(("content-type", JSON)).body(body))
}
