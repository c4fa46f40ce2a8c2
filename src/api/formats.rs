//! The format of an answer, as requests ask for it and as the API document declares it: by the formats that are offered.

use actix_web::HttpRequest;
use serde_json::json;

use crate::api::endpoint::Content;
use crate::api::http::accepted;
use crate::api::query::{Parameter, Query};
use crate::error::{Error, Result};
use crate::formats::{BodyForm, FileFormat};

/// The names of formats.
fn names<T: AsRef<FileFormat>>(offered: &[T]) -> Vec<&'static str> {
    offered.iter().map(|format| format.as_ref().name).collect()
}

/// The parameter that picks one of the formats offered; the first is the usual one.
pub fn format_parameter<T: AsRef<FileFormat>>(offered: &[T], example: &str) -> Parameter {
    let usual = offered.first().map_or("", |format| format.as_ref().title);
    let description = format!("Format of the answer; without it `Accept`, then {usual}");
    Parameter::one("format", &description, json!({"type": "string", "enum": names(offered)}), json!(example))
}

/// The format that a request names, if it names one. A fault is noted where it is not offered.
pub fn named_format<T: AsRef<FileFormat> + Copy>(query: &mut Query, offered: &[T]) -> Option<T> {
    let name = query.one("format")?;
    let named = offered.iter().find(|format| format.as_ref().name == name);
    if named.is_none() {
        query.fault("format", "invalid_value", &format!("must be one of {}", names(offered).join(", ")));
    }
    named.or(offered.first()).copied()
}

/// The format that a request asks for by `Accept`.
pub fn accepted_format<T: AsRef<FileFormat> + Copy>(request: &HttpRequest, offered: &[T]) -> Result<T> {
    let media_types: Vec<&str> = offered.iter().map(|format| format.as_ref().media_type).collect();
    let media_type = accepted(request, &media_types);
    let found = offered.iter().find(|format| Some(format.as_ref().media_type) == media_type);
    found.copied().ok_or_else(|| Error::NotAcceptable(media_types.join(", ")))
}

/// The format that a request asks for, by name or by `Accept`.
pub fn read_format<T: AsRef<FileFormat> + Copy>(request: &HttpRequest, query: &mut Query, offered: &[T]) -> Result<T> {
    named_format(query, offered).map_or_else(|| accepted_format(request, offered), Ok)
}

/// The bodies of an answer in the formats offered: JSON of the endpoint's own, and lines with an example of its own.
pub fn contents<T: AsRef<FileFormat>>(offered: &[T], own: Option<&Content>, lines: &[&str]) -> Vec<Content> {
    let mut lines = lines.iter();
    let content = |format: &T| {
        let FileFormat { media_type, form, .. } = format.as_ref();
        match form {
            BodyForm::OwnJson => own.cloned().unwrap_or_else(|| Content::text(media_type, "")),
            BodyForm::Json(described) => Content::described(media_type, described()),
            BodyForm::Lines => Content::text(media_type, lines.next().unwrap_or(&"")),
            BodyForm::Text(example) => Content::text(media_type, example),
            BodyForm::Bytes(start) => Content::binary(media_type, start),
        }
    };
    offered.iter().map(content).collect()
}
