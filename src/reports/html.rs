//! The report as HTML that reads well on a screen and prints well on A4; it needs no script and no other file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::report::{Block, ColumnType, Grid, GridColumn, GridRow, Report, Run};
use crate::formats::{BodyForm, FileFormat, Writer};

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

const STYLE: &str = "
@page { size: A4; margin: 22mm 18mm 20mm; @bottom-right { content: counter(page) ' / ' counter(pages); font: 9pt serif; } }
body { font: 11pt/1.45 'Libertinus Serif', Georgia, 'Times New Roman', serif; color: #1b1b1b; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; hyphens: auto; }
h1 { font-size: 1.9rem; line-height: 1.2; margin-bottom: 0.4rem; } h2 { font-size: 1.35rem; color: #12395c; margin: 2.4rem 0 0.8rem; break-after: avoid; }
.logo { max-height: 22mm; max-width: 60mm; display: block; margin-bottom: 1rem; } .authority { font-weight: bold; margin: 0; } .address, .law { color: #4a4a4a; margin: 0.2rem 0 0; }
blockquote { border-left: 3px solid #c8c8c8; margin: 1rem 0; padding-left: 1rem; } pre { white-space: pre-wrap; font-family: inherit; } h3, h4, h5 { margin: 1.2rem 0 0.4rem; break-after: avoid; } li > p { margin: 0; }
.subtitle { font-size: 1.1rem; margin: 0; } .date { color: #4a4a4a; margin: 0.2rem 0 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.93rem; line-height: 1.3; margin-top: 1rem; }
caption { text-align: left; font-weight: bold; padding-bottom: 0.4rem; break-after: avoid; }
th, td { padding: 0.25rem 0.45rem; text-align: right; border-bottom: 1px solid #c8c8c8; vertical-align: top; }
th:first-child, .text, .words { text-align: left; } thead th { border-bottom: 2px solid #12395c; vertical-align: bottom; } thead { display: table-header-group; }
td { white-space: nowrap; } td.text { white-space: normal; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid #12395c; outline-offset: 2px; }
tr { break-inside: avoid; } tbody th { font-weight: normal; } tr.total > * { font-weight: bold; } tr.level2 > th { padding-left: 1.6rem; }
figure { margin: 1.6rem 0; break-inside: avoid; } svg { width: 100%; height: auto; }
.notes { font-size: 0.85rem; margin: 0.5rem 0 0; padding-left: 1.4rem; } p.notes { padding: 0; } sup { line-height: 0; font-size: 0.75em; } li { margin: 0.15rem 0; }
@media print { body { max-width: none; margin: 0; padding: 0; font-size: 10pt; } .scroll { overflow: visible; } table:not(.list) { break-inside: avoid; } section > p { break-after: avoid; } nav, .downloads { display: none; } }
nav ul, .downloads ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; padding: 0; margin: 0.3rem 0; } .downloads h3 { font-size: 1rem; margin: 1rem 0 0; } a { color: #06418c; }
";

fn class_of(column: &GridColumn) -> Option<&'static str> {
    match column.holds {
        ColumnType::Numbers => None,
        ColumnType::Words => Some("words"),
        ColumnType::Text => Some("text"),
    }
}

fn row(grid: &Grid, row: &GridRow) -> Markup {
    let class = match row.level {
        0 => Some("total"),
        1 => None,
        _ => Some("level2"),
    };
    let columns = grid.columns.iter().skip(1);
    html! {
        tr class=[class] {
            th scope="row" {
                (row.label)
                @for note in &row.footnotes { sup { " " (note) } }
            }
            @for (cell, column) in row.cells.iter().zip(columns) { td class=[class_of(column)] { (cell) } }
        }
    }
}

fn table(grid: &Grid) -> Markup {
    html! {
        // On a narrow screen the table is scrolled, by keyboard too.
        div.scroll tabindex="0" role="group" aria-label=(grid.caption) { table class=[grid.is_list().then_some("list")] {
            caption { (grid.caption) }
            thead { tr {
                @for column in &grid.columns {
                    th scope="col" class=[class_of(column)] { (column.name) }
                }
            } }
            tbody { @for each in &grid.rows { (row(grid, each)) } }
        } }
        @if !grid.footnotes.is_empty() { ol.notes { @for note in &grid.footnotes { li { (note) } } } }
        @for remark in &grid.remarks { p.notes { (remark) } }
    }
}

fn points(points: &[Vec<Block>]) -> Markup {
    html! { @for point in points { li { @for each in point { (block(each)) } } } }
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
pub fn block(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Text { text } => p { (text) },
            Block::List { items } => ul { @for item in items { li { (item) } } },
            Block::Table(grid) => (table(grid)),
            Block::Chart { svg, .. } => figure { (PreEscaped(svg)) },
            Block::Heading { level: 1, runs: words } => h3 { (runs(words)) },
            Block::Heading { level: 2, runs: words } => h4 { (runs(words)) },
            Block::Heading { runs: words, .. } => h5 { (runs(words)) },
            Block::Paragraph { runs: words } => p { (runs(words)) },
            Block::Points { first: None, points: all } => ul { (points(all)) },
            Block::Points { first: Some(first), points: all } => ol start=(first) { (points(all)) },
            Block::Quote { blocks } => blockquote { @for each in blocks { (self::block(each)) } },
            Block::Verbatim { text } => pre { (text) },
        }
    }
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
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    markup.into_string()
}

/// The address of a drawing that it holds itself.
fn drawing(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// The report as a page.
pub fn page(report: &Report) -> String {
    let body = html! {
        main {
            header {
                // As a picture a drawing runs nothing and fetches nothing.
                @if let Some(logo) = &report.logo { img.logo alt=(report.authority) src=(drawing(logo)); }
                p.authority { (report.authority) }
                @if !report.address.is_empty() { p.address { (report.address.join(", ")) } }
                h1 { (report.title) }
                p.subtitle { (report.subtitle) }
                p.date { (report.date) }
                @if let Some(law) = &report.law { p.law { (law) } }
            }
            @if let Some(status) = &report.status { p.status { strong { (status) } } }
            @for section in &report.sections {
                section {
                    h2 { (section.title) }
                    @for each in &section.blocks { (block(each)) }
                }
            }
        }
    };
    document(report.lang, &report.title, body)
}
