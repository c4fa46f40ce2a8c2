//! SVG, for charts.

use super::file_format::{BodyForm, FileFormat, Writer};

/// Charts.
pub static FORMAT: FileFormat = FileFormat {
    name: "svg",
    title: "SVG",
    media_type: "image/svg+xml",
    content_type: "image/svg+xml",
    extension: "svg",
    writer: Writer::Chart(|chart| Ok(chart.to_svg().into_bytes())),
    form: BodyForm::Text("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"),
};
