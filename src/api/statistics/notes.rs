//! The notes on a statistic as a resource of their own: footnotes, warnings, sources, and what is provisional.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::request::Form;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter};
use crate::error::{Error, Result};
use crate::formats::{self, Note, Sheet, Writer, note};
use crate::json::to_json;

/// The end of the paths of notes.
pub const TAIL: &str = "/notes";

/// Notes on figures.
#[derive(Serialize, ToSchema)]
#[schema(as = Notes)]
struct NoteList {
    /// The notes.
    #[schema(inline)]
    items: Vec<Note>,
}

/// The endpoint of the notes on a statistic: asked as the statistic is.
pub fn endpoint(statistic: &Endpoint) -> Endpoint {
    let example = json!({"items": [
        {"kind": "FOOTNOTE", "id": 1, "lines": ["inquiries.canton"], "text": "Vernehmlassungen eingeschlossen"},
        {"kind": "SOURCE", "lines": [], "year": 2017, "text": "PUBLISHED, version 1, 2018-05-01"}
    ]});
    let mut query = statistic.query.clone();
    query.retain(|parameter| !["format", "shape", "chart"].contains(&parameter.name.as_ref()));
    query.push(format_parameter(formats::NOTES, "json"));
    let mut notes = statistic.clone().with_notes(false);
    (notes.path, notes.id) = (format!("{}{TAIL}", statistic.path), format!("{}_notes", statistic.id));
    notes.summary = format!("{}: the notes", statistic.summary);
    notes.description =
        "Footnotes, warnings and sources of the figures, and which of them are provisional: a row for each, \
         with the lines and the year that it is about. The parameters are those of the figures."
            .into();
    notes.answers.clear();
    notes
        .query(query)
        .answers(
            200,
            "The notes",
            &["ETag", "ContentDisposition"],
            contents(formats::NOTES, Some(&Content::json::<NoteList>(example)), &[&note::COLUMNS.join(";")]),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The notes of a sheet in a format.
pub fn body(form: Form, sheet: Sheet) -> Result<Vec<u8>> {
    match form.format.writer {
        Writer::Json => to_json(&NoteList { items: sheet.notes }),
        Writer::Rows(write) => {
            let words = sheet.words.clone();
            write(&Sheet { words, ..Sheet::of_notes(sheet.name, &sheet.notes) })
        }
        _ => Err(Error::Internal(format!("notes are not written as {}", form.format.name))),
    }
}
