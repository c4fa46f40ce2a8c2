//! The report as HTML that reads well on a screen and prints well on A4; it needs no script and no other file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::report::{Block, ColumnType, Grid, GridColumn, GridRow, KeyFigure, Report, Run};
use crate::formats::{BodyForm, FileFormat, Writer};
use crate::messages::Lang;

/// The report as a page.
pub static FORMAT: FileFormat = FileFormat {
    name: "html",
    title: "HTML",
    media_type: "text/html",
    content_type: "text/html; charset=utf-8",
    extension: "html",
    writer: Writer::Elsewhere,
    form: BodyForm::Text("<!DOCTYPE html>"),
};

/// The look, of the report and of all pages.
pub const STYLE: &str = include_str!("style.css");

/// The sign of the service, as browsers show it with a page's title.
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"3\" fill=\"#12395c\"/>\
    <path d=\"M3 13V9h2.5v4zM6.8 13V6h2.5v7zM10.5 13V3H13v10z\" fill=\"#ffffff\"/></svg>";

/// The place of a block: the language, the heading above it, and the beginning of the ids in it.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// The language.
    pub lang: Lang,
    /// The heading.
    pub heading: &'p str,
    /// The beginning of the ids.
    pub anchor: &'p str,
}

fn class_of(column: &GridColumn) -> Option<&'static str> {
    match column.holds {
        ColumnType::Numbers => None,
        ColumnType::Words => Some("words"),
        ColumnType::Text => Some("text"),
    }
}

fn row(place: Place, grid: &Grid, row: &GridRow) -> Markup {
    let class = match row.level {
        0 => Some("total"),
        1 => None,
        _ => Some("level2"),
    };
    let columns = grid.columns.iter().skip(1);
    let name = |note: &u32| place.lang.message("page-footnote", &[("number", &i64::from(*note))]);
    html! {
        tr class=[class] {
            th scope="row" {
                (row.label)
                @for note in &row.footnotes {
                    sup { "\u{a0}" a href={ "#" (place.anchor) "-note-" (note) } aria-label=(name(note)) { (note) } }
                }
            }
            @for (cell, column) in row.cells.iter().zip(columns) { td class=[class_of(column)] { (cell) } }
        }
    }
}

fn table(place: Place, grid: &Grid) -> Markup {
    let is_of_numbers = grid.columns.get(1).is_some_and(|column| column.holds == ColumnType::Numbers);
    let class = if grid.is_list() { Some("list") } else { grid.is_small().then_some("small") };
    let (repeated, caption) = grid.caption_below(place.heading);
    html! {
        // On a narrow screen the table is scrolled, by keyboard too.
        div.scroll.years[is_of_numbers] tabindex="0" role="group" aria-label=(grid.caption) { table class=[class] {
            caption { span { @if !repeated.is_empty() { span.repeated { (repeated) } } (caption) } }
            thead { tr {
                @for column in &grid.columns {
                    th scope="col" class=[class_of(column)] { (column.name) }
                }
            } }
            tbody { @for each in &grid.rows { (row(place, grid, each)) } }
        } }
        @if !grid.footnotes.is_empty() {
            ol.notes { @for (index, note) in grid.footnotes.iter().enumerate() {
                li id={ (place.anchor) "-note-" (index + 1) } { (note) }
            } }
        }
        @for remark in &grid.remarks { p.notes { (remark) } }
    }
}

/// Figures that stand for themselves.
fn key_figures(figures: &[KeyFigure]) -> Markup {
    html! { dl.figures { @for figure in figures { div {
        dt { (figure.label) }
        dd.value { (figure.value) }
        @if let Some(change) = &figure.change { dd.change { (change) } }
    } } } }
}

/// A drawing for each width, of which one is shown.
fn drawings(wide: &str, narrow: &str) -> Markup {
    let named = |svg: &str, class: &str| PreEscaped(svg.replacen("<svg ", &format!("<svg class=\"{class}\" "), 1));
    html! { figure { (named(wide, "wide")) (named(narrow, "narrow")) } }
}

fn points(place: Place, points: &[Vec<Block>]) -> Markup {
    html! { @for point in points { li { @for each in point { (block(place, each)) } } } }
}

fn runs(runs: &[Run]) -> Markup {
    html! { @for run in runs {
        @if run.text == "\n" { br; }
        @else if let Some(address) = &run.link { a href=(address) rel="noreferrer" { (words(run)) } }
        @else { (words(run)) }
    } }
}

fn words(run: &Run) -> Markup {
    html! { @match (run.strong, run.emphasis) {
        (true, true) => strong { em { (run.text) } },
        (true, false) => strong { (run.text) },
        (false, true) => em { (run.text) },
        (false, false) => (run.text),
    } }
}

/// A piece of a section.
pub fn block(place: Place, block: &Block) -> Markup {
    html! {
        @match block {
            Block::Text { text } => p { (text) },
            Block::List { items } => ul { @for item in items { li { (item) } } },
            Block::Figures { figures } => (key_figures(figures)),
            Block::Table(grid) => (table(place, grid)),
            Block::Chart { svg, narrow, .. } => (drawings(svg, narrow)),
            Block::Heading { level: 1, runs: words } => h3 { (runs(words)) },
            Block::Heading { level: 2, runs: words } => h4 { (runs(words)) },
            Block::Heading { runs: words, .. } => h5 { (runs(words)) },
            Block::Paragraph { runs: words } => p { (runs(words)) },
            Block::Points { first: None, points: all } => ul { (points(place, all)) },
            Block::Points { first: Some(first), points: all } => ol start=(first) { (points(place, all)) },
            Block::Quote { blocks } => blockquote { @for each in blocks { (self::block(place, each)) } },
            Block::Verbatim { text } => pre { (text) },
        }
    }
}

/// The blocks of a section, each with ids of its own.
pub fn blocks(place: Place, all: &[Block]) -> Markup {
    html! { @for (index, each) in all.iter().enumerate() {
        @let anchor = format!("{}-{}", place.anchor, index + 1);
        (block(Place { anchor: &anchor, ..place }, each))
    } }
}

/// A whole page of its own.
pub fn document(lang: &str, title: &str, body: Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang=(lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href=(drawing(ICON));
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    markup.into_string()
}

/// The address of a drawing that it holds itself.
pub fn drawing(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// A name as an id.
fn anchor(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// The report as a page.
pub fn page(report: &Report) -> String {
    let lang = Lang::parse(report.lang).unwrap_or_default();
    let body = html! {
        main {
            header {
                // As a picture a drawing runs nothing and fetches nothing.
                @if let Some(logo) = &report.logo { img.logo alt=(report.authority) src=(drawing(logo)); }
                p.authority { (report.authority) }
                @if !report.address.is_empty() { p.address { (report.address.join(" · ")) } }
                h1 { (report.title) }
                p.subtitle { (report.subtitle) }
                p.date { (report.date) }
                @if let Some(law) = &report.law { p.law { (law) } }
                @if let Some(terms) = &report.terms { p.terms { (terms) } }
            }
            @if let Some(status) = &report.status { p.status { strong { (status) } } }
            nav.toc aria-label=(report.contents) {
                p { (report.contents) }
                ol { @for section in &report.sections {
                    li { a href={ "#" (anchor(&section.name)) } { (section.title) } }
                } }
            }
            @for section in &report.sections {
                @let id = anchor(&section.name);
                section id=(id) {
                    h2 { (section.title) }
                    (blocks(Place { lang, heading: &section.title, anchor: &id }, &section.blocks))
                }
            }
        }
    };
    document(report.lang, &report.title, body)
}
