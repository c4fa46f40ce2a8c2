//! Parts that the requests for statistics share: languages, years, layouts, and the answer.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde::Serialize;
use serde_json::{Value, json};

use super::{notes, public};
use crate::api::App;
use crate::api::formats::read_format;
use crate::api::http::{content_tag, tagged};
use crate::api::query::{Parameter, Query, YEARS};
use crate::error::{Error, Result};
use crate::formats::chart::Chart;
use crate::formats::{self, FileFormat, Labelling, Offer, Sheet, Writer};
use crate::json::to_json;
use crate::messages::Lang;
use crate::statistics::columns;
use crate::statistics::layout::Layout;
use crate::statistics::publications;

/// The name of the parameter that picks a language.
pub const LANG: &str = "lang";

/// The parameter that picks a language; each authority has its own, see [`Endpoint::in_languages`].
///
/// [`Endpoint::in_languages`]: crate::api::endpoint::Endpoint::in_languages
pub fn lang_parameter() -> Parameter {
    let what = "Language of the labels; without it `Accept-Language`, then the authority's first language";
    Parameter::one(LANG, what, json!({"type": "string"}), json!("de"))
}

/// The parameter that asks for labels beside codes, and picks their language.
pub fn label_parameter() -> Parameter {
    let what = "Language of labels beside the codes of values, registers as the authority calls them; without it there are codes \
        alone";
    Parameter { example: Value::Null, description: what.into(), ..lang_parameter() }
}

/// The language that a request asks for: by name, by `Accept-Language`, else the authority's first one.
pub fn read_lang(request: &HttpRequest, query: &mut Query) -> Lang {
    let languages = languages(request);
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = || header.and_then(|header| Lang::accepted(header, languages)).or(languages.first().copied());
    named_lang(request, query).or_else(accepted).unwrap_or_default()
}

/// The language that a request names, if it names one.
pub fn named_lang(request: &HttpRequest, query: &mut Query) -> Option<Lang> {
    let languages = languages(request);
    let code = query.one(LANG)?;
    let named = languages.iter().find(|lang| lang.code() == code);
    if named.is_none() {
        query.fault(LANG, "invalid_value", &format!("must be one of {}", Lang::list(languages)));
    }
    named.or(languages.first()).copied()
}

/// The languages that the authority works in.
fn languages(request: &HttpRequest) -> &[Lang] {
    request.app_data::<Data<App>>().map_or(&[], |app| &app.profile.authority.languages)
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
    read_years_until(app.clock.today().year() - 1, query)
}

/// The same, where another year is the last complete one.
pub fn read_years_until(complete: i32, query: &mut Query) -> RangeInclusive<i32> {
    let (from, to) = (query.number("from", YEARS), query.number("to", YEARS));
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
    Parameter::one("layout", "Name of the layout; without it the authority's usual one", schema, Value::Null)
}

/// The layout that a request asks for.
pub fn read_layout<'a>(app: &'a App, query: &mut Query) -> Option<&'a Layout> {
    let name = query.one("layout");
    let layout = app.profile.layouts.get(name.as_deref());
    if layout.is_none() {
        let known: Vec<&str> = app.profile.layouts.iter().map(|layout| layout.name.as_str()).collect();
        query.fault("layout", "invalid_value", &format!("must be one of {}", known.join(", ")));
    }
    layout
}

/// The layout that a request for a catalogue asks for: without a token there is the public one only.
pub fn read_catalogue_layout<'a>(app: &'a App, has_token: bool, query: &mut Query) -> Option<&'a Layout> {
    if has_token { read_layout(app, query) } else { public::read_layout(app, query) }
}

/// The name of the layout that a request asks for. What was published by a layout that is gone can still be read by its
/// name.
pub async fn read_layout_name(app: &App, query: &mut Query) -> Result<String> {
    let Some(name) = query.one("layout") else {
        return Ok(app.profile.layouts.get(None).map(|layout| layout.name.clone()).unwrap_or_default());
    };
    if let Some(layout) = app.profile.layouts.get(Some(&name)) {
        return Ok(layout.name.clone());
    }
    let asked = name.clone();
    if !app.database.read_primary(move |db| publications::any(db, &asked)).await? {
        let known: Vec<&str> = app.profile.layouts.iter().map(|layout| layout.name.as_str()).collect();
        query.fault("layout", "invalid_value", &format!("must be one of {}", known.join(", ")));
    }
    Ok(name)
}

/// An answer with an entity tag made from what it says, so that scripts can ask again for free.
pub fn answer(request: &HttpRequest, media_type: &str, body: Vec<u8>) -> HttpResponse {
    tagged(request, StatusCode::OK, media_type, &content_tag(&body), body)
}

/// The same as a file with a name: what people open is saved, what programs read is shown.
pub fn file_answer(request: &HttpRequest, format: &FileFormat, body: Vec<u8>) -> HttpResponse {
    let mut answer = answer(request, format.content_type, body);
    let way = if matches!(format.writer, Writer::Rows(_)) { "attachment" } else { "inline" };
    let name = format!("{way}; filename=\"{}.{}\"", file_name(request), format.extension);
    if let Ok(name) = HeaderValue::try_from(name) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    answer
}

/// The name of a file without its ending: the statistic, and the years where the request names them.
fn file_name(request: &HttpRequest) -> String {
    let path = request.path().trim_start_matches("/v1/").trim_start_matches("statistics/");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut name: String = path.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    for parameter in ["from", "to", "year"] {
        let given = request.query_string().split('&').filter_map(|pair| pair.split_once('='));
        let mut years = given.filter(|(name, year)| *name == parameter && year.bytes().all(|b| b.is_ascii_digit()));
        if let Some((_, year)) = years.next() {
            name = format!("{name}-{year}");
        }
    }
    name
}

/// A sheet with the labels of its values, made for a language: beside the codes in a format of observations, in columns of
/// their own in all others where the request names one.
pub fn labelled(sheet: Sheet, form: Form, labels: impl FnOnce(Lang) -> BTreeMap<String, Labelling>) -> Sheet {
    match form.named {
        _ if form.format.is_of_observations() => Sheet { labels: labels(form.lang), ..sheet },
        Some(lang) => Sheet { labels: labels(lang), ..sheet }.with_labels(),
        None => sheet,
    }
}

/// The form in which a request asks for a statistic.
#[derive(Clone, Copy)]
pub struct Form {
    /// The format.
    pub format: &'static FileFormat,
    /// The language of what readers see.
    pub lang: Lang,
    /// The language of labels, where the request names one.
    pub named: Option<Lang>,
    /// True if there is a row for each figure.
    pub is_long: bool,
    /// True if the notes are asked for, not the figures.
    pub is_notes: bool,
}

impl Form {
    /// A format, for programs.
    pub fn plain(format: &'static FileFormat, lang: Lang) -> Form {
        Form { format, lang, named: None, is_long: true, is_notes: false }
    }
}

/// The parameter that picks the shape of a table.
pub fn shape_parameter() -> Parameter {
    let what = "The shape of the table: `wide` has a row for each line and a column for each year; `long` has a row for each \
        line and year, in columns that are always the same: code, year, value, status, basis, unit";
    let schema = json!({"type": "string", "enum": ["wide", "long"], "default": "wide"});
    Parameter::one("shape", what, schema, Value::Null)
}

/// True if a request asks for the notes on a statistic.
fn asks_for_notes(request: &HttpRequest) -> bool {
    request.match_pattern().is_some_and(|pattern| pattern.ends_with(notes::TAIL))
}

/// The form that a request asks for. Labels and words are in the language that it names or accepts.
pub fn read_form(request: &HttpRequest, query: &mut Query, offer: Offer) -> Result<Form> {
    let lang = read_lang(request, query);
    read_form_in(request, query, offer, (lang, Some(lang)))
}

/// The same, where codes have labels only if the request names a language.
pub fn read_coded_form(request: &HttpRequest, query: &mut Query, offer: Offer) -> Result<Form> {
    let named = named_lang(request, query);
    let usual = languages(request).first().copied().unwrap_or_default();
    read_form_in(request, query, offer, (named.unwrap_or(usual), named))
}

fn read_form_in(
    request: &HttpRequest,
    query: &mut Query,
    offer: Offer,
    (lang, named): (Lang, Option<Lang>),
) -> Result<Form> {
    let is_notes = asks_for_notes(request);
    let offered = if is_notes { formats::NOTES.to_vec() } else { offer.formats() };
    let format = read_format(request, query, &offered)?;
    let is_long = query.one_of("shape", &["wide", "long"]).is_some_and(|shape| shape == "long");
    if is_long && !matches!(format.writer, Writer::Json | Writer::Rows(_)) {
        query.fault("shape", "invalid_value", "must not be long in this format: take json, csv or xlsx");
    }
    Ok(Form { format, lang, named, is_long, is_notes })
}

/// The same value in the form asked for.
pub fn rendered(
    request: &HttpRequest,
    form: Form,
    value: &impl Serialize,
    (title, sheet): (String, impl FnOnce() -> Sheet),
    chart: impl FnOnce() -> Option<Chart>,
) -> Result<HttpResponse> {
    let app = request.app_data::<Data<App>>();
    let today = app.map(|app| app.clock.today());
    let shown = || {
        let sheet = sheet();
        // Spreadsheets in the long shape are for programs.
        let app = app.filter(|_| !form.is_long);
        let words =
            app.map(|app| columns::words(title, &sheet.header, &app.profile.vocabulary, app.writing(form.lang)));
        Sheet { words, as_of: sheet.as_of.or(today), ..sheet }
    };
    let body = match form.format.writer {
        _ if form.is_notes => notes::body(form, shown())?,
        Writer::Json => to_json(value)?,
        Writer::Rows(write) | Writer::Observations(write) => write(&shown())?,
        Writer::Chart(write) => {
            write(&chart().ok_or_else(|| Error::NotAcceptable("this layout has no chart for the table".into()))?)?
        }
        Writer::Elsewhere => {
            return Err(Error::Internal(format!("statistics are not written as {}", form.format.name)));
        }
    };
    Ok(file_answer(request, form.format, body))
}
