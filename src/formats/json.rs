//! JSON, for programs.

use super::{BodyForm, FileFormat, Writer};
use crate::json::to_json;

/// JSON.
pub static FORMAT: FileFormat = FileFormat {
    name: "json",
    title: "JSON",
    media_type: "application/json",
    content_type: "application/json",
    extension: "json",
    writer: Writer::Value(to_json),
    form: BodyForm::OwnJson,
};
