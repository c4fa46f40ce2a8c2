//! Whole registers as a stream: one snapshot, read page by page, in memory that does not grow.

use std::io::Read;
use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use diesel::connection::Connection;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::batch::NDJSON;
use crate::access::log::Viewer;
use crate::access::{Caller, Scope};
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{Streamed, accepted};
use crate::api::query::{Parameter, Query};
use crate::api::{App, Streams};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::Cell;
use crate::formats::csv::{self, CSV};
use crate::formats::xlsx::{self, XLSX};
use crate::registers::handlers::{disclosures, filter_parameters, list_parameters, read_filter, read_order};
use crate::registers::record::{Columns, flat, is_personal};
use crate::registers::{Register, list, schema};

/// A record as it is shown.
type Shown = Map<String, Value>;

/// How many records are read at a time.
const PAGE: i64 = 1000;
/// How long a client may take nothing before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The formats of exports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
    Xlsx,
}

const FORMATS: [(&str, &str, Format); 3] =
    [("ndjson", NDJSON, Format::Ndjson), ("csv", "text/csv", Format::Csv), ("xlsx", XLSX, Format::Xlsx)];

/// The export of a register.
pub fn endpoint(register: &'static Register) -> Endpoint {
    let name = register.name;
    let names: Vec<&str> = FORMATS.iter().map(|(name, ..)| *name).collect();
    let mut parameters = filter_parameters(Some(register));
    parameters.extend(list_parameters().into_iter().filter(|parameter| parameter.name == "sort"));
    parameters.push(Parameter::one(
        "format",
        "Format of the answer; without it `Accept`, then NDJSON",
        json!({"type": "string", "enum": names}),
        json!("csv"),
    ));
    Endpoint::get(format!("/v1/{name}/export"), move |app: Data<App>, caller: Caller, request: HttpRequest| {
        export(register, app, caller, request)
    })
    .named(format!("export_{}", name.replace('-', "_")), name, format!("Export {}", name.replace('-', " ")))
    .described(format!(
        "All records that match the filters, as they are at one instant, in one stream: a line of JSON for each (the \
         schema `{}`), CSV (UTF-8, semicolons), or a spreadsheet. A connection that ends early means that it is not \
         whole. Personal data is left out unless the token has the scope `personal:read`.",
        register.record
    ))
    .scope(Scope::RegisterRead)
    .headers(&["AccessPurpose"])
    .query(parameters)
    .answers(
        200,
        "The records",
        &["ContentDisposition"],
        vec![
            Content::text(NDJSON, &format!("{}\n", schema::record_example(register))),
            Content::text("text/csv", "id;number;title;received_on"),
            Content { media_type: XLSX, schema: json!({"type": "string", "format": "binary"}), example: json!("PK") },
        ],
    )
}

/// The columns of a register's records: the properties, with dots where they are parts of an object.
fn columns(register: &Register, personal: bool) -> Vec<String> {
    let schemas: Map<String, Value> = schema::schemas(register).into_iter().collect();
    let mut all = Vec::new();
    let record = schemas.get(register.record).and_then(|schema| schema["properties"].as_object());
    for (name, property) in record.into_iter().flatten() {
        let target =
            property["$ref"].as_str().and_then(|path| path.rsplit('/').next()).and_then(|name| schemas.get(name));
        match target.and_then(|schema| schema["properties"].as_object()) {
            Some(parts) => all.extend(parts.keys().map(|part| format!("{name}.{part}"))),
            None => all.push(name.clone()),
        }
    }
    all.retain(|name| personal || !is_personal(name));
    all
}

fn cells(columns: &[String], record: &Map<String, Value>) -> Vec<Cell> {
    let values = flat(record);
    let cell = |name: &String| match values.get(name) {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::String(text)) => Cell::Text(text.clone()),
        Some(Value::Number(number)) => number.as_i64().into(),
        Some(other) => Cell::Text(other.to_string()),
    };
    columns.iter().map(cell).collect()
}

/// Where an export goes: to a client that takes it piece by piece.
struct Client {
    send: mpsc::Sender<Result<Bytes>>,
    runtime: Handle,
    app: Data<App>,
    caller: Caller,
    viewer: Viewer,
}

impl Client {
    /// Records that personal data is about to be given.
    fn sees<'a>(&self, records: impl Iterator<Item = &'a Columns>) -> Result<()> {
        self.runtime.block_on(self.viewer.sees(&self.app, disclosures(&self.caller, records)?))
    }

    /// Waits until the client has taken what came before.
    fn give(&self, bytes: Vec<u8>) -> Result<()> {
        let sent = self.runtime.block_on(tokio::time::timeout(PATIENCE, self.send.send(Ok(bytes.into()))));
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Malformed("the client has gone".into())),
        }
    }
}

/// Reads everything that matches in one snapshot and hands it on page by page.
fn each_page(
    db: &mut Db,
    mut wanted: list::Request,
    mut page: impl FnMut(Vec<Shown>) -> Result<()>,
    register: &Register,
    client: &Client,
) -> Result<()> {
    let keys = client.app.keys_of(&client.caller);
    db.transaction(|db| {
        loop {
            let Some(found) = list::page(db, &wanted)? else { return Err(Error::Internal("a lost place".into())) };
            client.sees(found.rows.iter().map(|row| &row.columns))?;
            let shown = found.rows.iter().map(|row| row.columns.answer(register, keys));
            page(shown.collect::<Result<_>>()?)?;
            match found.end {
                Some(end) => wanted.after = Some(end),
                None => return Ok(()),
            }
        }
    })
}

fn write(db: &mut Db, register: &Register, wanted: list::Request, format: Format, client: &Client) -> Result<()> {
    let columns = columns(register, client.caller.sees_personal_data());
    match format {
        Format::Ndjson => {
            let lines = |records: Vec<Shown>| {
                let mut bytes = Vec::new();
                for record in records {
                    serde_json::to_writer(&mut bytes, &record).map_err(|error| Error::Internal(error.to_string()))?;
                    bytes.push(b'\n');
                }
                client.give(bytes)
            };
            each_page(db, wanted, lines, register, client)
        }
        Format::Csv => {
            client.give(csv::rows(&columns, [])?)?;
            let lines =
                |records: Vec<Shown>| client.give(csv::lines(records.iter().map(|record| cells(&columns, record)))?);
            each_page(db, wanted, lines, register, client)
        }
        Format::Xlsx => {
            let mut sheet = xlsx::Writer::new(register.name, &columns)?;
            let rows =
                |records: Vec<Shown>| records.iter().try_for_each(|record| sheet.write(&cells(&columns, record)));
            each_page(db, wanted, rows, register, client)?;
            let mut file = sheet.finish()?;
            let mut piece = vec![0; 1 << 16];
            loop {
                let read = file.read(&mut piece).map_err(|error| Error::Internal(error.to_string()))?;
                if read == 0 {
                    return Ok(());
                }
                client.give(piece[..read].to_vec())?;
            }
        }
    }
}

async fn export(
    register: &'static Register,
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = read_filter(&mut query, register);
    let order = read_order(&mut query);
    let by_name = query.one("format").map(|name| FORMATS.iter().find(|(known, ..)| *known == name));
    if let Some(None) = by_name {
        query.fault("format", "invalid_value", "must be one of ndjson, csv, xlsx");
    }
    query.finish()?;
    let offered = FORMATS.map(|(_, media, _)| media);
    let by_header = || {
        let media = accepted(&request, &offered).ok_or_else(|| Error::NotAcceptable(offered.join(", ")))?;
        FORMATS.iter().find(|(_, known, _)| *known == media).ok_or_else(|| Error::Internal("no format".into()))
    };
    let (extension, media, format) = by_name.flatten().map_or_else(by_header, Ok)?;
    let room = Streams::take(&app.streams.exports)?;
    let viewer = Viewer::of(&caller, &request)?;
    let (send, mut receive) = mpsc::channel(2);
    let client = Client { send: send.clone(), runtime: Handle::current(), app: app.clone(), caller, viewer };
    let wanted = list::Request { filter, order, after: None, limit: PAGE, include_total: false };
    let state = app.clone();
    actix_web::rt::spawn(async move {
        let _room = room;
        let writing = state.database.read(move |db| {
            if *format == Format::Xlsx && list::count(db, &wanted.filter)? >= xlsx::ROWS as i64 {
                return Err(Error::NotAcceptable(
                    "a spreadsheet holds 1,048,575 records; narrow the filters or take csv".into(),
                ));
            }
            write(db, register, wanted, *format, &client)
        });
        if let Err(error) = writing.await {
            // The client sees a connection that is cut, and nobody takes a part for the whole.
            let _ = send.send(Err(error)).await;
        }
    });
    // What fails at once is told as a problem.
    let first = receive.recv().await.transpose()?;
    let media_type = if *format == Format::Csv { CSV } else { media };
    let name = format!("{}-{}.{extension}", register.name, app.clock.today());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(Streamed { first, rest: receive }))
}
