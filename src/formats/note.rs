//! Notes on figures: footnotes, warnings and sources. They are rows of a sheet of their own, never among the figures.

use serde::Serialize;
use utoipa::ToSchema;

/// The kind of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum NoteKind {
    /// A footnote of lines.
    Footnote,
    /// Something about the figures that a reader must know.
    Warning,
    /// The origin of the figures of a year.
    Source,
    /// The day whose state the figures of a year are that is not over.
    Provisional,
}

impl NoteKind {
    /// As it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            NoteKind::Footnote => "FOOTNOTE",
            NoteKind::Warning => "WARNING",
            NoteKind::Source => "SOURCE",
            NoteKind::Provisional => "PROVISIONAL",
        }
    }
}

/// A note on figures.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Note {
    /// The kind of the note.
    #[schema(inline)]
    pub kind: NoteKind,
    /// The number of a footnote, which the lines refer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub id: Option<u32>,
    /// The code of a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "SUM_MISMATCH")]
    pub code: Option<String>,
    /// The codes of the lines that it is about; empty where it is about all.
    pub lines: Vec<String>,
    /// The year that it is about; absent where it is about all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub year: Option<i32>,
    /// The text.
    pub text: String,
}

/// The columns of notes.
pub const COLUMNS: [&str; 6] = ["kind", "id", "code", "lines", "year", "text"];

impl Note {
    /// A note of a kind on a year.
    pub fn on_year(kind: NoteKind, year: i32, text: String) -> Note {
        Note { kind, id: None, code: None, lines: Vec::new(), year: Some(year), text }
    }

    /// The name of the note in a list of texts, such as `footnote 1` or `source 2017`.
    pub fn name(&self) -> String {
        let year = self.year.filter(|_| self.kind != NoteKind::Footnote).map(|year| year.to_string());
        let parts = [Some(self.kind.name().to_lowercase()), self.id.map(|id| id.to_string()), self.code.clone(), year];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
