//! The records behind a cell of a table.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::tables::no_table;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::Query;
use crate::api::record_query::list_parameters;
use crate::api::registers::find_page;
use crate::api::statistics::request::{layout_parameter, read_layout, read_year};
use crate::auth::Scope;
use crate::clock::write_instant;
use crate::error::{self, Error, Result};
use crate::records::query::filter::Filter;
use crate::records::row::RecordRow;
use crate::registers::Vocabulary;
use crate::registers::common::Status;
use crate::statistics::bodies::PublicBodies;
use crate::statistics::live;

/// The endpoints of this file.
pub fn endpoints(vocabulary: &Vocabulary) -> Vec<Endpoint> {
    let services = Endpoint::get(
        "/v1/statistics/services/{code}/{year}/records",
        |app: Data<App>, request: HttpRequest, path: Path<(String, String)>| {
            let (code, year) = path.into_inner();
            records(app, request, ("services".to_owned(), code, year))
        },
    );
    let any = Endpoint::get(
        "/v1/statistics/tables/{table}/{code}/{year}/records",
        |app: Data<App>, request: HttpRequest, path: Path<(String, String, String)>| {
            records(app, request, path.into_inner())
        },
    );
    vec![
        described(services, "list_cell_records", "the services table", vocabulary),
        described(any, "list_table_cell_records", "any table of a layout", vocabulary),
    ]
}

fn described(endpoint: Endpoint, name: &str, table: &str, vocabulary: &Vocabulary) -> Endpoint {
    let example = json!({"items": [{
        "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
        "title": "Videoüberwachung beim Entsorgungsplatz", "received_on": "2017-03-14", "status": "OPEN",
        "updated_at": "2017-03-14T09:30:00Z", "revision": 1
    }]});
    let mut parameters = list_parameters(None, vocabulary);
    parameters.push(layout_parameter());
    endpoint
        .named(name, "statistics", "Explain a cell")
        .described(format!(
            "The very records that a cell of {table} counts, from all registers, in pages: there are as \
             many as the cell says, when it is counted live. Of a share they are those of its part, of a sum of numbers those that \
             can have the number; an entered figure has none.",
        ))
        .scope(Scope::RegisterRead)
        .query(parameters)
        .answers(
            200,
            "A page of records",
            &["Link"],
            vec![Content::counted_page::<CellRecord>("CellRecordPage", example)],
        )
        .problems(&[&error::NOT_FOUND])
}

/// A record in short, without personal data.
#[derive(Serialize, ToSchema)]
struct CellRecord {
    /// Its register.
    register: String,
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// Its business number.
    number: String,
    /// The matter that the record is about.
    title: String,
    /// The day it was received.
    received_on: NaiveDate,
    /// The day it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_on: Option<NaiveDate>,
    /// The state of the record.
    #[schema(value_type = Status)]
    status: String,
    /// The person at the authority who is responsible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    responsible: Option<String>,
    /// The instant of the last change, in UTC.
    #[serde(serialize_with = "write_instant")]
    updated_at: NaiveDateTime,
    /// Its revision.
    #[schema(minimum = 1)]
    revision: i64,
}

impl CellRecord {
    fn of(columns: &RecordRow) -> Self {
        CellRecord {
            register: columns.register.clone(),
            id: columns.id.clone(),
            number: columns.number.clone(),
            title: columns.title.clone(),
            received_on: columns.received_on,
            closed_on: columns.closed_on,
            status: columns.status.clone(),
            responsible: columns.responsible.clone(),
            updated_at: columns.updated_at,
            revision: columns.revision,
        }
    }
}

async fn records(
    app: Data<App>,
    request: HttpRequest,
    (name, code, year): (String, String, String),
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let layout = read_layout(&app, &mut query);
    let year = read_year(&year, &mut query);
    let Some(layout) = layout else { return Err(unreadable(query)) };
    let table = layout.table(&name).ok_or_else(|| no_table(Some(layout), &layout.name, &name))?;
    if table.line(&code).is_none() {
        return Err(Error::NotFound("the table has no line of that code".into()));
    }
    let (state, asked) = (app.clone(), (layout.name.clone(), name.clone(), code.clone()));
    let parts = app.database.read(move |db| {
        let (layout, table, code) = &asked;
        let table = state.profile.layouts.get(Some(layout)).and_then(|layout| layout.table(table));
        let Some((table, line)) = table.and_then(|table| Some((table, table.line(code)?))) else {
            return Ok(Vec::new());
        };
        let bodies = PublicBodies::read(db, table.selections())?;
        Ok::<_, Error>(live::cell(line, year, table.period, &bodies))
    });
    let filter = Filter { cell: Some(parts.await?), ..Filter::default() };
    find_page(&app, &request, query, filter, None).await?.answer(&request, CellRecord::of)
}

fn unreadable(query: Query) -> Error {
    query.finish().err().unwrap_or_else(|| Error::Internal("no fault was noted".into()))
}
