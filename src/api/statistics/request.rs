//! Parts that the requests for statistics share: formats, languages, years, layouts, and the answer.

use std::ops::RangeInclusive;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde::Serialize;
use serde_json::json;

use crate::api::App;
use crate::api::endpoint::{Content, JSON};
use crate::api::http::{accepted, content_tag, tagged};
use crate::api::query::{Parameter, Query, YEARS};
use crate::error::{Error, Result};
use crate::formats::csv::{self, CSV};
use crate::formats::json_stat::{self, JSON_STAT, JsonStatDataset};
use crate::formats::svg::{Chart, SVG};
use crate::formats::xlsx::{self, XLSX};
use crate::formats::{Cell, Sheet};
use crate::json::{to_json, to_value};
use crate::statistics::lang::Lang;
use crate::statistics::layout::Layout;
use crate::statistics::publications;

/// The formats of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, for programs.
    Json,
    /// CSV, for spreadsheets.
    Csv,
    /// A spreadsheet.
    Xlsx,
    /// A chart.
    Svg,
    /// JSON-stat 2.0, for statistics offices.
    JsonStat,
}

impl Format {
    /// The name in `format=`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Svg => "svg",
            Format::JsonStat => "json-stat",
        }
    }

    /// The media type that asks for it.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => JSON,
            Format::Csv => "text/csv",
            Format::Xlsx => XLSX,
            Format::Svg => SVG,
            Format::JsonStat => JSON_STAT,
        }
    }

    /// Returns the description of an answer in this format for the API document; JSON has a schema of its own.
    pub fn content(self, header: &str) -> Content {
        match self {
            Format::Json | Format::JsonStat => {
                let example = to_value(&json_stat::dataset(&example_sheet()));
                Content { media_type: JSON_STAT, ..Content::json::<JsonStatDataset>(example) }
            }
            Format::Csv => Content::text("text/csv", header),
            Format::Xlsx => Content::binary(XLSX, "PK"),
            Format::Svg => Content::text(SVG, "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"),
        }
    }
}

/// The sheet that the example of a dataset is made from.
fn example_sheet() -> Sheet {
    let header = ["year", "received"].map(str::to_owned).to_vec();
    let rows = vec![vec![Cell::Number(2017), Cell::Number(295)]];
    Sheet { name: "example".into(), header, rows, keys: 1, ..Sheet::default() }
}

/// The parameter that picks a format.
pub fn format_parameter(offered: &[Format]) -> Parameter {
    let names: Vec<&str> = offered.iter().map(|format| format.name()).collect();
    let schema = json!({"type": "string", "enum": names});
    Parameter::one("format", "Format of the answer; without it `Accept`, then JSON", schema, json!("json"))
}

/// The format that a request asks for, by name or by `Accept`.
pub fn read_format(request: &HttpRequest, query: &mut Query, offered: &[Format]) -> Result<Format> {
    if let Some(name) = query.one("format") {
        if let Some(format) = offered.iter().find(|format| format.name() == name) {
            return Ok(*format);
        }
        let names: Vec<&str> = offered.iter().map(|format| format.name()).collect();
        query.fault("format", "invalid_value", &format!("must be one of {}", names.join(", ")));
        return Ok(Format::Json);
    }
    let media_types: Vec<&str> = offered.iter().map(|format| format.media_type()).collect();
    let media = accepted(request, &media_types).ok_or_else(|| Error::NotAcceptable(media_types.join(", ")))?;
    Ok(offered.iter().find(|format| format.media_type() == media).copied().unwrap_or(Format::Json))
}

/// The parameter that picks a language.
pub fn lang_parameter() -> Parameter {
    let codes = Lang::ALL.map(Lang::code);
    let schema = json!({"type": "string", "enum": codes});
    Parameter::one("lang", "Language of the labels; without it `Accept-Language`, then German", schema, json!("de"))
}

/// The language that a request asks for.
pub fn read_lang(request: &HttpRequest, query: &mut Query) -> Lang {
    if let Some(code) = query.one("lang") {
        return Lang::parse(&code).unwrap_or_else(|| {
            query.fault("lang", "invalid_value", "must be one of de, fr, it, en");
            Lang::default()
        });
    }
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.and_then(Lang::accepted).unwrap_or_default()
}

/// The most years of a table, and the number of years when the request does not say.
const MOST_YEARS: i32 = 50;
const USUAL_YEARS: i32 = 6;

/// The parameters that name a range of years.
pub fn year_parameters() -> [Parameter; 2] {
    [Parameter::year("from", "The first year", 2012), Parameter::year("to", "The last year", 2017)]
}

/// The years that a request asks for: without being told, the six up to the last complete one.
pub fn read_years(app: &App, query: &mut Query) -> RangeInclusive<i32> {
    let (from, to) = (query.number("from", YEARS), query.number("to", YEARS));
    let complete = app.clock.today().year() - 1;
    let to = to.unwrap_or_else(|| from.map_or(complete, |from| complete.max(from)));
    let from = from.unwrap_or(to - USUAL_YEARS + 1);
    if from > to {
        query.fault("from", "out_of_range", "must not be after to");
    } else if to - from >= MOST_YEARS {
        query.fault("from", "out_of_range", &format!("must be less than {MOST_YEARS} years before to"));
    }
    from..=to
}

/// The year in a path.
pub fn read_year(text: &str, query: &mut Query) -> i32 {
    let year = text.parse::<i32>().ok().filter(|year| YEARS.contains(year));
    year.unwrap_or_else(|| {
        query.fault("year", "out_of_range", &format!("must be a year from {} to {}", YEARS.start(), YEARS.end()));
        *YEARS.start()
    })
}

/// The parameter that picks a layout.
pub fn layout_parameter() -> Parameter {
    let schema = json!({"type": "string", "minLength": 1, "maxLength": 100});
    Parameter::one("layout", "Name of the layout; without it the authority's usual one", schema, json!("lucerne"))
}

/// The layout that a request asks for.
pub fn read_layout<'a>(app: &'a App, query: &mut Query) -> Option<&'a Layout> {
    let name = query.one("layout");
    let layout = app.layouts.get(name.as_deref());
    if layout.is_none() {
        let known: Vec<&str> = app.layouts.iter().map(|layout| layout.name.as_str()).collect();
        query.fault("layout", "invalid_value", &format!("must be one of {}", known.join(", ")));
    }
    layout
}

/// The name of the layout that a request asks for. What was published by a layout that is gone can still be read by its
/// name.
pub async fn read_layout_name(app: &App, query: &mut Query) -> Result<String> {
    let Some(name) = query.one("layout") else {
        return Ok(app.layouts.get(None).map(|layout| layout.name.clone()).unwrap_or_default());
    };
    let asked = name.clone();
    if app.layouts.get(Some(&name)).is_none() && !app.database.read(move |db| publications::any(db, &asked)).await? {
        let known: Vec<&str> = app.layouts.iter().map(|layout| layout.name.as_str()).collect();
        query.fault("layout", "invalid_value", &format!("must be one of {}", known.join(", ")));
    }
    Ok(name)
}

/// An answer with an entity tag made from what it says, so that scripts can ask again for free.
pub fn answer(request: &HttpRequest, media_type: &str, body: Vec<u8>) -> HttpResponse {
    tagged(request, StatusCode::OK, media_type, &content_tag(&body), body)
}

/// The same value in the format asked for.
pub fn rendered(
    request: &HttpRequest,
    format: Format,
    value: &impl Serialize,
    sheet: impl FnOnce() -> Sheet,
    chart: impl FnOnce() -> Option<Chart>,
) -> Result<HttpResponse> {
    Ok(match format {
        Format::Json => answer(request, JSON, to_json(value)?),
        Format::JsonStat => answer(request, JSON_STAT, to_json(&json_stat::dataset(&sheet()))?),
        Format::Csv => {
            let sheet = sheet();
            let notes = sheet.notes.into_iter().map(|(name, text)| vec![name.into(), text.into()]);
            answer(request, CSV, csv::rows(&sheet.header, sheet.rows.into_iter().chain(notes))?)
        }
        Format::Xlsx => answer(request, XLSX, xlsx::sheet(&sheet())?),
        Format::Svg => {
            let chart = chart().ok_or_else(|| Error::NotAcceptable("this layout has no chart for the table".into()))?;
            answer(request, SVG, chart.to_svg().into_bytes())
        }
    })
}
