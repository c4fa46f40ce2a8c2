//! The description of a format: its names, its writer, and the form of its bodies.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::chart::Chart;
use super::sheet::Sheet;
use crate::error::Result;
use crate::json::to_value;

/// A format of answers and files: how it is named, how statistics are written in it, and how it is documented.
pub struct FileFormat {
    /// The name in `format=`.
    pub name: &'static str,
    /// The name as people write it.
    pub title: &'static str,
    /// The media type that asks for it.
    pub media_type: &'static str,
    /// The media type of an answer: the same, with the encoding where it has one.
    pub content_type: &'static str,
    /// The ending of a file.
    pub extension: &'static str,
    /// The way in which statistics are written.
    pub writer: Writer,
    /// The form of a body, for the API document.
    pub form: BodyForm,
}

/// The writer of a format, by what it needs of a statistic.
#[derive(Clone, Copy)]
pub enum Writer {
    /// Writes the value that the answer is, as JSON.
    Json,
    /// Writes the rows as they are shown.
    Rows(fn(&Sheet) -> Result<Vec<u8>>),
    /// Writes rows each of which is one observation.
    Observations(fn(&Sheet) -> Result<Vec<u8>>),
    /// Writes the chart, for statistics that have one.
    Chart(fn(&Chart) -> Result<Vec<u8>>),
    /// Writes no statistics: whose format it is writes it.
    Elsewhere,
}

/// The form of a body in a format.
pub enum BodyForm {
    /// JSON of a schema that each endpoint has of its own.
    OwnJson,
    /// JSON of one schema.
    Json(fn() -> Described),
    /// Lines of text, of which each endpoint gives an example of its own.
    Lines,
    /// Text, with an example.
    Text(&'static str),
    /// Bytes, with those that they begin with.
    Bytes(&'static str),
}

/// The schema of a type with those that it refers to, by their names, and an example.
pub struct Described {
    /// The schemas, that of the type first.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    /// A value of the type.
    pub example: Value,
}

impl Described {
    /// Describes the type of a value.
    pub fn as_type<T: Serialize + ToSchema>(example: &T) -> Self {
        Described { schemas: schemas_of::<T>(), example: to_value(example) }
    }
}

/// The schema of a type, and those that it refers to.
pub fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

impl AsRef<FileFormat> for FileFormat {
    fn as_ref(&self) -> &FileFormat {
        self
    }
}

impl FileFormat {
    /// True if it is written from rows each of which is one observation.
    pub fn is_of_observations(&self) -> bool {
        matches!(self.writer, Writer::Observations(_))
    }
}
