//! The statistical part of the yearly activity report, as a page to read and as a document to print.
//!
//! [`figures`] reads what there is to tell for a [`request`], [`sections`] says it with a [`builder`] and in
//! [`sentences`], and the [`report`] that comes of it is rendered by [`html`], [`pdf`] and [`docx`], which add nothing.

pub mod builder;
mod chapters;
mod docx;
pub mod figures;
mod fonts;
pub mod html;
mod line;
mod municipalities;
mod other_figures;
mod other_records;
mod overview;
mod pdf;
mod printable;
mod prose;
mod records;
pub mod report;
pub mod request;
pub mod sections;
pub mod sentences;

use crate::db::Db;
use crate::error::Result;
use crate::formats::FileFormat;
use crate::profile::Profile;
use crate::statistics::layout::Layout;
use figures::Figures;
use report::Report;
use request::ReportRequest;

/// The format of a finished report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page.
    Html,
    /// A document to print.
    Pdf,
    /// A document to work on.
    Docx,
}

impl ReportFormat {
    /// All of them, the usual one first.
    pub const ALL: [ReportFormat; 3] = [ReportFormat::Html, ReportFormat::Pdf, ReportFormat::Docx];

    /// The format of files that have this ending.
    pub fn of_extension(extension: &str) -> Option<ReportFormat> {
        ReportFormat::ALL.into_iter().find(|format| format.as_ref().extension == extension)
    }
}

impl AsRef<FileFormat> for ReportFormat {
    fn as_ref(&self) -> &FileFormat {
        match self {
            ReportFormat::Html => &html::FORMAT,
            ReportFormat::Pdf => &pdf::FORMAT,
            ReportFormat::Docx => &docx::FORMAT,
        }
    }
}

impl Report {
    /// Reads the figures and says what they are.
    pub fn read(db: &mut Db, profile: &Profile, layout: &Layout, edition: &ReportRequest) -> Result<Report> {
        Ok(Report::of(&Figures::read(db, profile, layout, edition)?, profile, layout, edition))
    }

    /// The report in a format. The same report gives the same bytes.
    pub fn render(&self, format: ReportFormat) -> Result<Vec<u8>> {
        match format {
            ReportFormat::Html => Ok(html::page(self).into_bytes()),
            ReportFormat::Pdf => pdf::print(self),
            ReportFormat::Docx => docx::write(self),
        }
    }
}
