//! The report as a document to work on with a word processor (Office Open XML): real headings, tables whose heads are repeated,
//! and charts as pictures with their values in words.
//!
//! It is written here, since the libraries for it know neither texts of pictures nor heads of tables nor the language.

mod picture;
mod table;

use std::io::{Cursor, Write};

use maud::{Markup, html};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use self::picture::Picture;
use super::report::{Block, KeyFigure, Report, Run, Section};
use crate::error::{Error, Result};
use crate::formats::{BodyForm, FileFormat, Writer, for_xml};

/// The report to work on.
pub static FORMAT: FileFormat = FileFormat {
    name: "docx",
    title: "DOCX",
    media_type: MEDIA_TYPE,
    content_type: MEDIA_TYPE,
    extension: "docx",
    writer: Writer::Elsewhere,
    form: BodyForm::Bytes("PK"),
};

const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The parts that are the same in every document, and the styles, in which the language stands for `LANG`.
const TYPES: &str = include_str!("docx/types.xml");
const PACKAGE: &str = include_str!("docx/package.xml");
const STYLES: &str = include_str!("docx/styles.xml");
const NUMBERING: &str = include_str!("docx/numbering.xml");
const FOOTER: &str = include_str!("docx/footer.xml");

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The address of the kinds of relations between parts.
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The words of a paragraph: how they look, and where they lead.
#[derive(Clone, Copy, Default)]
struct Look<'l> {
    bold: bool,
    italic: bool,
    superscript: bool,
    link: Option<&'l str>,
}

/// A document in the making: what else belongs to its text.
#[derive(Default)]
struct DocumentWriter {
    pictures: Vec<Picture>,
    links: Vec<String>,
}

/// The report as a document. The same report gives the same bytes.
pub fn write(report: &Report) -> Result<Vec<u8>> {
    let mut writer = DocumentWriter::default();
    let body = writer.body(report);
    let document = html! {
        w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r=(RELATIONS)
            xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
            xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
            xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"
            xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" {
            w:body {
                (body)
                w:sectPr {
                    w:footerReference w:type="default" r:id="footer" {}
                    w:pgSz w:w="11906" w:h="16838" {}
                    w:pgMar w:top="1250" w:right="1134" w:bottom="1134" w:left="1134" w:header="600" w:footer="600" w:gutter="0" {}
                    w:titlePg {}
                }
            }
        }
    };
    let text = |markup: Markup| format!("{XML}{}", markup.into_string()).into_bytes();
    let mut parts: Vec<(String, Vec<u8>)> = vec![
        ("[Content_Types].xml".into(), TYPES.into()),
        ("_rels/.rels".into(), PACKAGE.into()),
        ("docProps/core.xml".into(), text(properties(report))),
        ("word/document.xml".into(), text(document)),
        ("word/_rels/document.xml.rels".into(), text(writer.relations())),
        ("word/styles.xml".into(), STYLES.replace("LANG", report.lang).into()),
        ("word/numbering.xml".into(), NUMBERING.into()),
        ("word/footer1.xml".into(), FOOTER.into()),
    ];
    for (index, picture) in writer.pictures.into_iter().enumerate() {
        parts.push((format!("word/media/picture{index}.png"), picture.png));
        parts.push((format!("word/media/picture{index}.svg"), picture.svg.into()));
    }
    packed(parts)
}

fn packed(parts: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("cannot pack the report: {error}"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).map_err(|error| failed(&error))?;
        zip.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    Ok(zip.finish().map_err(|error| failed(&error))?.into_inner())
}

/// The title, the authority and the language, as properties of the file.
fn properties(report: &Report) -> Markup {
    html! {
        cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
            xmlns:dc="http://purl.org/dc/elements/1.1/" {
            dc:title { (for_xml(&report.title)) }
            dc:creator { (for_xml(&report.authority)) }
            dc:language { (report.lang) "-CH" }
        }
    }
}

/// A text as words that look the same; line breaks stay.
fn run(text: &str, look: Look) -> Markup {
    let text = for_xml(text);
    html! {
        w:r {
            w:rPr {
                @if look.link.is_some() { w:rStyle w:val="Hyperlink" {} }
                @if look.bold { w:b {} }
                @if look.italic { w:i {} }
                @if look.superscript { w:vertAlign w:val="superscript" {} }
            }
            @for (index, line) in text.split('\n').enumerate() {
                @if index > 0 { w:br {} }
                w:t xml:space="preserve" { (line) }
            }
        }
    }
}

/// A paragraph in a style.
fn paragraph(style: &str, words: &Markup) -> Markup {
    html! { w:p { w:pPr { w:pStyle w:val=(style) {} } (words) } }
}

/// The same of words that all look alike.
fn said(style: &str, text: &str) -> Markup {
    paragraph(style, &run(text, Look::default()))
}

/// A point of a list at a depth.
fn point(depth: usize, words: &Markup) -> Markup {
    let depth = depth.min(2);
    html! { w:p {
        w:pPr { w:pStyle w:val="Normal" {} w:numPr { w:ilvl w:val=(depth) {} w:numId w:val="1" {} } }
        (words)
    } }
}

impl DocumentWriter {
    fn relations(&self) -> Markup {
        let relation = |id: &str, kind: &str, target: &str| {
            html! { Relationship Id=(id) Type={ (RELATIONS) "/" (kind) } Target=(target) {} }
        };
        html! {
            Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships" {
                (relation("styles", "styles", "styles.xml"))
                (relation("numbering", "numbering", "numbering.xml"))
                (relation("footer", "footer", "footer1.xml"))
                @for index in 0..self.pictures.len() {
                    (relation(&format!("png{index}"), "image", &format!("media/picture{index}.png")))
                    (relation(&format!("svg{index}"), "image", &format!("media/picture{index}.svg")))
                }
                @for (index, link) in self.links.iter().enumerate() {
                    Relationship Id={ "link" (index) } Type={ (RELATIONS) "/hyperlink" } Target=(for_xml(link)) TargetMode="External" {}
                }
            }
        }
    }

    fn body(&mut self, report: &Report) -> Markup {
        let logo = report.logo.as_deref().and_then(|svg| self.picture(svg, &report.authority, 20.0));
        let address = report.address.join(" · ");
        let notes = [report.law.as_deref(), report.terms.as_deref()].into_iter().flatten();
        html! {
            @if let Some(logo) = logo { (paragraph("Sender", &logo)) }
            (paragraph("Sender", &run(&report.authority, Look { bold: true, ..Look::default() })))
            @if !address.is_empty() { (said("Sender", &address)) }
            (said("Title", &report.title))
            (said("Subtitle", &report.subtitle))
            (said("Normal", &report.date))
            @if let Some(status) = &report.status { (paragraph("Normal", &run(status, Look { bold: true, ..Look::default() }))) }
            (said("ContentsHeading", &report.contents))
            @for (index, section) in report.sections.iter().enumerate() {
                (paragraph("Contents", &html! { w:hyperlink w:anchor={ "section" (index) } w:history="1" { (run(&section.title, Look::default())) } }))
            }
            @for note in notes { (said("Note", note)) }
            w:p { w:r { w:br w:type="page" {} } }
            @for (index, section) in report.sections.iter().enumerate() { (self.section(index, section)) }
        }
    }

    fn section(&mut self, index: usize, section: &Section) -> Markup {
        let heading = html! {
            w:bookmarkStart w:id=(index) w:name={ "section" (index) } {}
            (run(&section.title, Look::default()))
            w:bookmarkEnd w:id=(index) {}
        };
        html! {
            (paragraph("Heading1", &heading))
            @for (place, block) in section.blocks.iter().enumerate() {
                @match (block, section.blocks.get(place + 1)) {
                    // A sentence about a table stands on its page.
                    (Block::Text { text }, Some(Block::Table(_))) => (said("Lead", text)),
                    _ => (self.block(block, &section.title, 0)),
                }
            }
        }
    }

    /// A piece of a section; within lists at a depth.
    fn block(&mut self, block: &Block, heading: &str, depth: usize) -> Markup {
        match block {
            Block::Text { text } | Block::Verbatim { text } => said("Normal", text),
            Block::List { items } => html! { @for item in items { (point(depth, &run(item, Look::default()))) } },
            Block::Figures { figures } => key_figures(figures),
            Block::Table(grid) => table::table(grid, heading),
            Block::Chart { title, description, svg, .. } => {
                let picture = self.picture(svg, &format!("{title}. {description}"), 0.0);
                picture.map(|picture| paragraph("Normal", &picture)).unwrap_or_default()
            }
            Block::Heading { level, runs } => paragraph(&format!("Heading{}", level + 1), &self.runs(runs)),
            Block::Paragraph { runs } => paragraph("Normal", &self.runs(runs)),
            Block::Points { points, .. } => {
                html! { @for each in points.iter().flatten() { (self.point_block(each, heading, depth)) } }
            }
            Block::Quote { blocks } => html! { @for each in blocks { @match each {
                Block::Paragraph { runs } => (paragraph("Quote", &self.runs(runs))),
                other => (self.block(other, heading, depth)),
            } } },
        }
    }

    /// A block that is a point of a list.
    fn point_block(&mut self, block: &Block, heading: &str, depth: usize) -> Markup {
        match block {
            Block::Paragraph { runs } => point(depth, &self.runs(runs)),
            other => self.block(other, heading, depth + 1),
        }
    }

    fn runs(&mut self, runs: &[Run]) -> Markup {
        html! { @for each in runs {
            @let look = Look { bold: each.strong, italic: each.emphasis, link: each.link.as_deref(), superscript: false };
            @if let Some(link) = look.link {
                w:hyperlink r:id={ "link" (self.link(link)) } w:history="1" { (run(&each.text, look)) }
            } @else { (run(&each.text, look)) }
        } }
    }

    /// The number of a link.
    fn link(&mut self, link: &str) -> usize {
        self.links.push(link.to_owned());
        self.links.len() - 1
    }

    /// A drawing as a picture in a line of text: as high as so many millimetres, or as wide as the page; none where it cannot be
    /// drawn.
    fn picture(&mut self, svg: &str, words: &str, height: f64) -> Option<Markup> {
        let picture = Picture::of(svg)?;
        let markup = picture.inline(self.pictures.len(), words, height);
        self.pictures.push(picture);
        Some(markup)
    }
}

/// Key figures as a table of their names, values and changes.
fn key_figures(figures: &[KeyFigure]) -> Markup {
    let rows = figures
        .iter()
        .map(|figure| [figure.label.clone(), figure.value.clone(), figure.change.clone().unwrap_or_default()]);
    table::plain(&rows.collect::<Vec<_>>())
}

/// A length in millimetres as Office Open XML counts it in drawings.
fn emu(millimetres: f64) -> i64 {
    (millimetres * 36_000.0).round() as i64
}
