//! A JSON object on each line, for programs that read one after the other.

use serde::Serialize;

use super::file_format::{BodyForm, FileFormat, Writer};
use crate::error::{Error, Result};

/// Lines of JSON.
pub static FORMAT: FileFormat = FileFormat {
    name: "ndjson",
    title: "NDJSON",
    media_type: "application/x-ndjson",
    content_type: "application/x-ndjson",
    extension: "ndjson",
    writer: Writer::Elsewhere,
    form: BodyForm::Lines,
};

/// A line for each value: a piece of a file.
pub fn lines(values: impl IntoIterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for value in values {
        serde_json::to_writer(&mut bytes, &value).map_err(|error| Error::Internal(error.to_string()))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
