//! The report in print: typeset with Typst as a tagged PDF (PDF/UA-1) with its fonts in it.

use std::sync::{LazyLock, Mutex, PoisonError};

use typst::diag::{FileError, FileResult, SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::report::Report;
use crate::error::{Error, Result};

/// How the report looks.
const TEMPLATE: &str = include_str!("report.typ");
const FAMILY: &str = "Libertinus Serif";

/// What stays the same from report to report.
struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static PRESS: LazyLock<Press> = LazyLock::new(|| {
    let all = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data)));
    let fonts: Vec<Font> = all.filter(|font| font.info().family == FAMILY).collect();
    let features = std::iter::once(Feature::A11yExtras).collect();
    Press {
        library: LazyHash::new(Library::builder().with_features(features).build()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    }
});

/// What is being typeset: the template and the report that it reads. There is nothing else in this world.
struct Job {
    template: Source,
    data: (FileId, Bytes),
}

impl World for Job {
    fn library(&self) -> &LazyHash<Library> {
        &PRESS.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &PRESS.book
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(missing(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 { Ok(self.data.1.clone()) } else { Err(missing(id)) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        PRESS.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

fn file(name: &str) -> Result<FileId> {
    let path = VirtualPath::new(name).map_err(|error| Error::Internal(format!("no path: {error}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn failed(errors: impl IntoIterator<Item = SourceDiagnostic>) -> Error {
    let said: Vec<String> = errors.into_iter().map(|error| error.message.to_string()).collect();
    Error::Internal(format!("cannot typeset the report: {}", said.join("; ")))
}

/// The report as PDF. The same report gives the same bytes.
pub fn print(report: &Report) -> Result<Vec<u8>> {
    // One at a time: Typst uses all cores for one document already.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let data = serde_json::to_vec(report).map_err(|error| Error::Internal(format!("cannot write JSON: {error}")))?;
    let job = Job {
        template: Source::new(file("report.typ")?, TEMPLATE.to_owned()),
        data: (file("report.json")?, Bytes::new(data)),
    };
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&job);
    for warning in warnings {
        log::warn!("while typesetting the report: {}", warning.message);
    }
    let document = output.map_err(failed)?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1])
        .map_err(|error| Error::Internal(format!("no such PDF: {}", error.message())))?;
    let creator = Smart::Custom(Some(format!("aufsicht {}", env!("CARGO_PKG_VERSION"))));
    let options = PdfOptions { standards, creator, ..PdfOptions::default() };
    let printed = typst_pdf::pdf(&document, &options).map_err(failed);
    // What was remembered of this document does not help the next one.
    typst::comemo::evict(0);
    printed
}
