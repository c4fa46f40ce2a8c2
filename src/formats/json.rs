//! JSON, for programs.

use super::file_format::{BodyForm, FileFormat, Writer};

/// JSON.
pub static FORMAT: FileFormat = FileFormat {
    name: "json",
    title: "JSON",
    media_type: "application/json",
    content_type: "application/json",
    extension: "json",
    writer: Writer::Json,
    form: BodyForm::OwnJson,
};
