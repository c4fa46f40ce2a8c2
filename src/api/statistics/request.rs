//! Parts that the requests for statistics share: languages, years, layouts, and the answer.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::App;
use crate::api::http::{content_tag, tagged};
use crate::api::query::{Parameter, Query, YEARS};
use crate::error::{Error, Result};
use crate::formats::chart::Chart;
use crate::formats::{FileFormat, Labelling, Sheet, Writer};
use crate::json::to_json;
use crate::messages::Lang;
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
    let what = "Language of labels beside the codes of values; without it there are codes alone";
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

/// The name of the layout that a request asks for. What was published by a layout that is gone can still be read by its
/// name.
pub async fn read_layout_name(app: &App, query: &mut Query) -> Result<String> {
    let Some(name) = query.one("layout") else {
        return Ok(app.profile.layouts.get(None).map(|layout| layout.name.clone()).unwrap_or_default());
    };
    let asked = name.clone();
    if app.profile.layouts.get(Some(&name)).is_none()
        && !app.database.read(move |db| publications::any(db, &asked)).await?
    {
        let known: Vec<&str> = app.profile.layouts.iter().map(|layout| layout.name.as_str()).collect();
        query.fault("layout", "invalid_value", &format!("must be one of {}", known.join(", ")));
    }
    Ok(name)
}

/// An answer with an entity tag made from what it says, so that scripts can ask again for free.
pub fn answer(request: &HttpRequest, media_type: &str, body: Vec<u8>) -> HttpResponse {
    tagged(request, StatusCode::OK, media_type, &content_tag(&body), body)
}

/// A sheet with the labels of its values, made for a language: beside the codes in a format of observations, in columns of
/// their own in all others where the request names one.
pub fn labelled(
    sheet: Sheet,
    format: &FileFormat,
    (named, usual): (Option<Lang>, Lang),
    labels: impl FnOnce(Lang) -> BTreeMap<String, Labelling>,
) -> Sheet {
    match named {
        _ if format.is_of_observations() => Sheet { labels: labels(named.unwrap_or(usual)), ..sheet },
        Some(lang) => Sheet { labels: labels(lang), ..sheet }.with_labels(),
        None => sheet,
    }
}

/// The same value in the format asked for.
pub fn rendered(
    request: &HttpRequest,
    format: &FileFormat,
    value: &impl Serialize,
    sheet: impl FnOnce() -> Sheet,
    chart: impl FnOnce() -> Option<Chart>,
) -> Result<HttpResponse> {
    let body = match format.writer {
        Writer::Json => to_json(value)?,
        Writer::Rows(write) | Writer::Observations(write) => write(&sheet())?,
        Writer::Chart(write) => {
            write(&chart().ok_or_else(|| Error::NotAcceptable("this layout has no chart for the table".into()))?)?
        }
        Writer::Elsewhere => return Err(Error::Internal(format!("statistics are not written as {}", format.name))),
    };
    Ok(answer(request, format.content_type, body))
}
