//! The report as HTML that reads well on a screen and prints well on A4; it needs no script and no other file.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::handlers::Report;
use super::words::{self, Word, word};
use crate::statistics::backlog::Pending;
use crate::statistics::durations::Group;
use crate::statistics::table::{Table, TableLine};

const STYLE: &str = "
@page { size: A4; margin: 20mm 18mm; }
body { font: 11pt/1.5 system-ui, Helvetica, Arial, sans-serif; color: #1b1b1b; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.2rem; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.95rem; }
caption { text-align: left; font-weight: bold; padding-bottom: 0.4rem; }
th, td { padding: 0.25rem 0.5rem; text-align: right; border-bottom: 1px solid #c8c8c8; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid #1b1b1b; }
tr { break-inside: avoid; } tr.total > * { font-weight: bold; } tr.level2 > th { padding-left: 1.5rem; } tbody th { font-weight: normal; }
figure { margin: 1.5rem 0; break-inside: avoid; } svg { width: 100%; height: auto; }
.notes { font-size: 0.9rem; } sup { line-height: 0; }
@media print { body { max-width: none; margin: 0; padding: 0; } }
";

fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

fn row(line: &TableLine) -> Markup {
    let class = match line.level {
        0 => "total",
        2.. => "level2",
        _ => "",
    };
    html! {
        tr class=[Some(class).filter(|class| !class.is_empty())] {
            th scope="row" { (line.label) @for note in &line.footnotes { sup { " " (note) } } }
            @for value in &line.values { td { (number(*value)) } }
            td { (line.development.as_ref().map_or("–", |development| &development.display)) }
        }
    }
}

fn table(report: &Report, table: &Table, caption: &str) -> Markup {
    html! {
        table {
            caption { (caption) }
            thead { tr {
                th scope="col" { (word(report.lang, Word::Line)) }
                @for year in &table.years { th scope="col" { (year) } }
                th scope="col" { (word(report.lang, Word::Development)) }
            } }
            tbody { @for line in &table.lines { (row(line)) } }
        }
        @if !table.footnotes.is_empty() {
            ol.notes { @for note in &table.footnotes { li { (note.text) } } }
        }
    }
}

fn figure(svg: &Option<String>) -> Markup {
    html! { @if let Some(svg) = svg { figure { (PreEscaped(svg)) } } }
}

fn backlog(report: &Report) -> Markup {
    let share = |row: &Pending| row.closed_share().map_or_else(|| "–".to_owned(), |share| format!("{share:.0} %"));
    let columns = [Word::Opening, Word::Received, Word::Closed, Word::Closing, Word::ClosedShare];
    html! {
        table {
            caption { (word(report.lang, Word::Backlog)) ", " (report.year) }
            thead { tr {
                th scope="col" { (word(report.lang, Word::Line)) }
                @for column in columns { th scope="col" { (word(report.lang, column)) } }
            } }
            tbody {
                @for row in report.pending.iter().filter(|row| row.period == report.year) {
                    tr {
                        th scope="row" { (words::register(report.lang, row.register)) }
                        td { (row.opening) } td { (row.counts.received) } td { (row.counts.closed) } td { (row.closing()) }
                        td { (share(row)) }
                    }
                }
            }
        }
    }
}

fn durations(report: &Report) -> Markup {
    let cells = |group: &Group| {
        let spread = &group.closed;
        html! {
            td { (spread.count()) } td { (decimal(spread.mean())) } td { (decimal(spread.median())) }
            td { (number(spread.percentile(90))) } td { (number(spread.max())) }
        }
    };
    let columns = [Word::Closed, Word::Mean, Word::Median, Word::Ninety, Word::Most];
    html! {
        table {
            caption { (word(report.lang, Word::Durations)) ", " (report.year) " (" (word(report.lang, Word::Days)) ")" }
            thead { tr {
                th scope="col" { (word(report.lang, Word::Requester)) }
                @for column in columns { th scope="col" { (word(report.lang, column)) } }
            } }
            tbody {
                @for (name, group) in &report.durations {
                    tr { th scope="row" { (words::requester(report.lang, name)) } (cells(group)) }
                }
                tr.total { th scope="row" { (word(report.lang, Word::Total)) } (cells(&report.all_durations())) }
            }
        }
    }
}

/// The report as a page.
pub fn page(report: &Report) -> String {
    let lang = report.lang;
    let remarks: Vec<&str> =
        report.tables().flat_map(|table| table.warnings.iter().map(|w| w.detail.as_str())).collect();
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (word(lang, Word::Title)) " " (report.year) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (word(lang, Word::Title)) " " (report.year) }
                    p { (report.title) }
                    h2 { (word(lang, Word::Services)) }
                    (table(report, &report.services, word(lang, Word::Services)))
                    h2 { (word(lang, Word::Development)) }
                    ul { @for sentence in report.sentences() { li { (sentence) } } }
                    (figure(&report.charts[0]))
                    h2 { (word(lang, Word::Channels)) }
                    (table(report, &report.channels, word(lang, Word::Channels)))
                    (figure(&report.charts[1]))
                    h2 { (word(lang, Word::Backlog)) }
                    (backlog(report))
                    (figure(&report.charts[2]))
                    h2 { (word(lang, Word::Durations)) }
                    (durations(report))
                    @if report.audits > 0 {
                        h2 { (word(lang, Word::Audits)) }
                        p {
                            (word(lang, Word::Audits)) ": " (report.audits) ". "
                            (word(lang, Word::Findings)) ": " (report.findings.0) ", "
                            (word(lang, Word::Implemented)) ": " (report.findings.1) "."
                        }
                    }
                    h2 { (word(lang, Word::Media)) }
                    (table(report, &report.media, word(lang, Word::Media)))
                    @if report.website.lines.iter().any(|line| line.values.iter().any(Option::is_some)) {
                        h2 { (word(lang, Word::Website)) }
                        (table(report, &report.website, word(lang, Word::Website)))
                    }
                    @if !remarks.is_empty() {
                        h2 { (word(lang, Word::Remarks)) }
                        ul.notes { @for remark in &remarks { li { (remark) } } }
                    }
                    h2 { (word(lang, Word::Sources)) }
                    ul.notes { @for source in &report.sources { li { (source) } } }
                }
            }
        }
    };
    markup.into_string()
}
