//! The endpoint of the export: a client takes it piece by piece.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::api::App;
use crate::api::access_log::disclosure_context;
use crate::api::call::Call;
use crate::api::client_address;
use crate::api::endpoint::Endpoint;
use crate::api::formats::{accepted_format, contents, format_parameter, named_format};
use crate::api::http::Streamed;
use crate::api::query::{Parameter, Query};
use crate::api::record_query::{filter_parameters, list_parameters, read_filter, read_order};
use crate::api::registers::disclosures;
use crate::api::statistics::request::{label_parameter, named_lang};
use crate::audit::access_log::DisclosureContext;
use crate::auth::{Caller, Scope};
use crate::error::{Error, Result};
use crate::formats::FileFormat;
use crate::messages::Lang;
use crate::records::query::page;
use crate::records::row::StoredRecord;
use crate::records::view::View;
use crate::registers::example;
use crate::registers::{Register, Vocabulary};
use crate::seal::Keys;
use crate::sync::export::{ColumnNaming, ExportFormat, PAGE, Receiver, write};

/// The time after which a client that takes nothing is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of the parameter that says what columns are called.
const COLUMNS: &str = "columns";

/// The export of a register.
pub fn endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    let name = register.name;
    let line = format!("{}\n", example::record(register, vocabulary));
    let mut parameters = filter_parameters(Some(register), vocabulary);
    parameters
        .extend(list_parameters(Some(register), vocabulary).into_iter().filter(|parameter| parameter.name == "sort"));
    parameters.extend([label_parameter(), naming_parameter(), format_parameter(&ExportFormat::ALL, "csv")]);
    Endpoint::get(format!("/v1/{name}/export"), move |call: Call| {
        export(register, call)
    })
    .named(format!("export_{}", name.replace('-', "_")), name, format!("Export {}", name.replace('-', " ")))
    .described(format!(
        "All records that match the filters, as they are at one instant, in one stream: a line of JSON for each (the \
         schema `{}`), CSV (UTF-8, semicolons), or a spreadsheet; with `lang` also the labels of codes and the names of bodies that bodies name, in columns `…_label` and under `labels`; with `columns=LABELS` as people call it all, in lists that `aufsicht import` takes back. A connection that ends early means that it is not \
         whole. In CSV a text that a spreadsheet would take for a formula has an apostrophe before it, a telephone number such as \
         `+41 41 …` too; the other formats have texts as they are. Personal data is left out unless the token has the scope `personal:read`.",
        register.record
    ))
    .scope(Scope::RegisterRead)
    .open(!register.public.is_empty())
    .headers(&["AccessPurpose"])
    .query(parameters)
    .answers(
        200,
        "The records",
        &["ContentDisposition"],
        contents(&ExportFormat::ALL, None, &[&line, "id;number;title;received_on"]),
    )
}

/// A receiver that sends an export to a client piece by piece.
struct StreamReceiver {
    send: mpsc::Sender<Result<Bytes>>,
    runtime: Handle,
    app: Data<App>,
    caller: Caller,
    viewer: DisclosureContext,
    lang: Option<Lang>,
    naming: ColumnNaming,
}

/// The parameter that says what columns are called.
fn naming_parameter() -> Parameter {
    let what = "The columns of CSV and spreadsheets: `NAMES` of properties over codes, or `LABELS` as people call them, over labels \
        in place of codes, in the language of `lang` or else the authority's first one";
    Parameter::one(
        COLUMNS,
        what,
        json!({"type": "string", "enum": ColumnNaming::ALL, "default": ColumnNaming::ALL[0]}),
        Value::Null,
    )
}

impl Receiver for StreamReceiver {
    fn view(&self) -> View<'_> {
        self.app.view_of(&self.caller)
    }

    fn vocabulary(&self) -> Arc<Vocabulary> {
        self.app.profile.vocabulary.clone()
    }

    fn lang(&self) -> Option<Lang> {
        self.lang
    }

    fn naming(&self) -> ColumnNaming {
        self.naming
    }

    fn keys(&mut self, records: &[StoredRecord]) -> Result<Option<Keys>> {
        if self.view().keys().is_none() {
            return Ok(None);
        }
        self.runtime.block_on(self.app.keys_to(&self.caller, records.iter().map(|row| &row.row))).map(Some)
    }

    fn sees(&mut self, records: &[StoredRecord]) -> Result<()> {
        if self.view().keys().is_none() {
            return Ok(());
        }
        self.runtime
            .block_on(self.app.access_log.record(&self.viewer, disclosures(records.iter().map(|row| &row.row))?))
    }

    /// Waits until the client has taken what came before.
    fn give(&mut self, bytes: Vec<u8>) -> Result<()> {
        let sending = async { tokio::time::timeout(PATIENCE, self.send.send(Ok(bytes.into()))).await };
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Malformed("the client has gone".into())),
        }
    }
}

async fn export(register: &'static Register, Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let filter = read_filter(&mut query, register, &app.profile.vocabulary, &caller);
    let order = read_order(&mut query, Some(register), &app.profile.vocabulary, caller.is_anonymous);
    let lang = named_lang(&request, &mut query);
    let naming = query.one_of(COLUMNS, &ColumnNaming::ALL).as_deref().map(ColumnNaming::parse).unwrap_or_default();
    let lang = lang.or((naming == ColumnNaming::Labels).then(|| app.profile.authority.language()));
    let named = named_format(&mut query, &ExportFormat::ALL);
    query.finish()?;
    let format = named.map_or_else(|| accepted_format(&request, &ExportFormat::ALL), Ok)?;
    let who = if caller.is_anonymous { client_address::counted(&app.config, &request) } else { caller.account() };
    let room = app.streams.exports_of(&caller).take(&who)?;
    let viewer = disclosure_context(&caller, &request)?;
    let (send, mut receive) = mpsc::channel(2);
    let mut client = StreamReceiver {
        send: send.clone(),
        runtime: Handle::current(),
        app: app.clone(),
        caller,
        viewer,
        lang,
        naming,
    };
    let wanted = page::PageQuery { filter, order, after: None, limit: PAGE, include_total: false };
    let state = app.clone();
    actix_web::rt::spawn(async move {
        let _room = room;
        let writing = state.database.read_once(move |db| write(db, register, wanted, format, &mut client));
        if let Err(error) = writing.await {
            // The client sees a connection that is cut, and nobody takes a part for the whole.
            let _ = send.send(Err(error)).await;
        }
    });
    // What fails at once is told as a problem.
    let first = receive.recv().await.transpose()?;
    let FileFormat { content_type, extension, .. } = *format.as_ref();
    let name = format!("{}-{}.{extension}", register.name, app.clock.today());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(Streamed { first, rest: receive }))
}
