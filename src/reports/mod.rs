//! The statistical part of the yearly activity report, as a page to read and as a document to print.
//!
//! [`figures`] reads what there is to tell, [`sections`] says it in [`words`], and the [`report`] that comes of it is
//! rendered by [`html`] and [`pdf`], which add nothing.

pub mod figures;
pub mod handlers;
mod html;
mod numbers;
mod others;
mod pdf;
mod printable;
pub mod public;
mod records;
pub mod report;
mod sections;
mod words;

use crate::db::Db;
use crate::error::Result;
use crate::statistics::layout::Layout;
use figures::{Edition, Figures};
use report::Report;

/// What a report can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page.
    Html,
    /// A document to print.
    Pdf,
}

impl Format {
    /// All of them, the usual one first.
    pub const ALL: [Format; 2] = [Format::Html, Format::Pdf];

    /// The name, which is also the ending of a file.
    pub fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Pdf => "pdf",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Html => "text/html",
            Format::Pdf => "application/pdf",
        }
    }
}

impl Report {
    /// Reads the figures and says what they are.
    pub fn read(db: &mut Db, layout: &Layout, edition: &Edition) -> Result<Report> {
        Ok(Report::of(&Figures::read(db, layout, edition)?, layout, edition))
    }

    /// The report in a format. The same report gives the same bytes.
    pub fn render(&self, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Html => Ok(html::page(self).into_bytes()),
            Format::Pdf => pdf::print(self),
        }
    }
}
