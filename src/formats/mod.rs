//! Formats that rows of cells are written in; none of them knows where the rows come from.
//!
//! A further format of the statistics is a file here with its `FORMAT`, and its row in [`STATISTICS`].

pub mod chart;
pub mod csv;
mod file_format;
pub mod json;
pub mod json_stat;
pub mod ndjson;
pub mod note;
mod sheet;
pub mod svg;
pub mod xlsx;

pub use file_format::{BodyForm, Described, FileFormat, Writer, schemas_of};
pub use note::{Note, NoteKind};
pub use sheet::{Cell, HIDDEN, Labelling, ReaderWords, Sheet, Unit, for_xml, guarded, unguarded};

/// The formats of the statistics, the usual one first.
pub static STATISTICS: &[&FileFormat] = &[&json::FORMAT, &csv::FORMAT, &xlsx::FORMAT, &svg::FORMAT, &json_stat::FORMAT];

/// The formats of the notes on a statistic.
pub static NOTES: &[&FileFormat] = &[&json::FORMAT, &csv::FORMAT, &xlsx::FORMAT];

/// The formats that a statistic comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// All formats of the statistics, charts among them.
    WithChart,
    /// The formats that need no chart.
    WithoutChart,
}

impl Offer {
    /// The formats, the usual one first.
    pub fn formats(self) -> Vec<&'static FileFormat> {
        let fits = |format: &&FileFormat| self == Offer::WithChart || !matches!(format.writer, Writer::Chart(_));
        STATISTICS.iter().copied().filter(fits).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_of_statistics_differ_by_name_and_media_type() {
        let names: BTreeSet<&str> = STATISTICS.iter().map(|format| format.name).collect();
        let media_types: BTreeSet<&str> = STATISTICS.iter().map(|format| format.media_type).collect();
        assert_eq!((names.len(), media_types.len()), (STATISTICS.len(), STATISTICS.len()));
        for format in STATISTICS {
            assert!(!matches!(format.writer, Writer::Elsewhere), "{} is written here", format.name);
            assert!(format.content_type.starts_with(format.media_type), "{}", format.name);
        }
        let needs_chart = STATISTICS.iter().filter(|format| matches!(format.writer, Writer::Chart(_))).count();
        assert_eq!(Offer::WithoutChart.formats().len() + needs_chart, Offer::WithChart.formats().len());
        assert!(Offer::WithoutChart.formats().first().is_some_and(|format| format.name == json::FORMAT.name));
    }
}
