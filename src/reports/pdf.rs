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

use super::fonts::FACES;
use super::printable::printable;
use super::report::Report;
use crate::error::{Error, Result};
use crate::formats::{BodyForm, FileFormat, Writer};

/// The report in print.
pub static FORMAT: FileFormat = FileFormat {
    name: "pdf",
    title: "PDF",
    media_type: "application/pdf",
    content_type: "application/pdf",
    extension: "pdf",
    writer: Writer::Elsewhere,
    form: BodyForm::Bytes("%PDF-1.7"),
};

/// The template, which sets the look of the report.
const TEMPLATE: &str = include_str!("report.typ");

/// The signs that can stand for a character without a glyph: the first one that the fonts have is used.
const SIGNS: [char; 3] = ['\u{fffd}', '□', '?'];

/// The parts of typesetting that stay the same from report to report.
struct Press {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static PRESS: LazyLock<Press> = LazyLock::new(|| {
    let fonts: Vec<Font> = FACES.iter().flat_map(|data| Font::iter(Bytes::new(*data))).collect();
    let features = std::iter::once(Feature::A11yExtras).collect();
    Press {
        library: LazyHash::new(Library::builder().with_features(features).build()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    }
});

impl Press {
    fn has_glyph(&self, c: char) -> bool {
        self.fonts.iter().any(|font| font.info().coverage.contains(c.into()))
    }
}

/// A typesetting job: the template and the report that it reads. Typst can read no other file.
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
    // Some errors quote what they are about, which may be of a record.
    let unquoted = |error: SourceDiagnostic| {
        error.message.split(['"', '`', '\'', '“', '«']).next().unwrap_or_default().trim().to_owned()
    };
    let said: Vec<String> = errors.into_iter().map(unquoted).collect();
    Error::Internal(format!("cannot typeset the report: {}", said.join("; ")))
}

/// The report as PDF. The same report gives the same bytes. A character without a glyph is printed as a sign, and the log
/// names the record.
pub fn print(report: &Report) -> Result<Vec<u8>> {
    // One at a time: Typst uses all cores for one document already.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let sign = SIGNS.into_iter().find(|sign| PRESS.has_glyph(*sign)).unwrap_or('?');
    let (report, replaced) = printable(report, sign, |c| PRESS.has_glyph(c));
    for place in replaced {
        log::warn!("the printed report has no glyph for a character in {place}");
    }
    // A drawing that cannot be typeset must not take the report with it.
    match typeset(&report) {
        Err(error) if report.logo.is_some() => {
            log::warn!("the report is printed without the logo: {error}");
            typeset(&Report { logo: None, ..report })
        }
        printed => printed,
    }
}

fn typeset(report: &Report) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::report::{Block, Grid, Section};

    fn report(texts: impl Iterator<Item = String>) -> Report {
        let mut grid = Grid::of_numbers("x", "x", ["x".to_owned()]);
        texts.enumerate().for_each(|(index, text)| grid.row((index % 3) as u8, text.clone(), [text]));
        let sections = vec![Section { name: "x".into(), title: "x".into(), blocks: vec![Block::Table(grid)] }];
        Report {
            lang: "de",
            title: "x".into(),
            subtitle: "x".into(),
            authority: "x".into(),
            address: vec!["x".into()],
            logo: None,
            law: Some("x".into()),
            terms: Some("x".into()),
            year: 2017,
            date: "x".into(),
            status: None,
            contents: "x".into(),
            sections,
        }
    }

    #[test]
    fn every_character_can_be_printed() {
        let covered: Vec<char> = (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| PRESS.has_glyph(*c)).collect();
        assert!(covered.len() > 2000, "{}", covered.len());
        let words = covered.chunks(40).flat_map(|chars| {
            let text: String = chars.iter().collect();
            let apart: String = chars.iter().flat_map(|c| ['a', *c, ' ']).collect();
            [text.clone(), text, apart]
        });
        assert!(print(&report(words)).unwrap().starts_with(b"%PDF"));
        let strange = [
            "😀",
            "👩‍👩‍👧",
            "中文",
            "العربية",
            "שלום",
            "\u{1}",
            "\u{e000}",
            "\u{fffe}",
            "\u{feff}",
            "\u{202e}x",
            "\u{300}",
            "a\u{fe0f}",
            "\u{f0000}",
            "\u{ad}",
            "\t",
            "\r\n",
            "\u{2028}",
            "",
        ];
        let mut others: Vec<String> = strange.map(str::to_owned).to_vec();
        others.extend((0..0x3_0000).step_by(37).filter_map(char::from_u32).map(String::from));
        assert!(print(&report(others.into_iter())).unwrap().starts_with(b"%PDF"));
    }
}
