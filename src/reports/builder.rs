//! The report in the making: the words, numbers, captions and tables that its sections are put together from.

use super::figures::Figures;
use super::line::cells;
use super::report::{Block, ColumnType, Grid, GridRow, Section};
use super::request::ReportRequest;
use super::sentences;
use crate::formats::chart::{Chart, Width};
use crate::messages::number_format::{self, MISSING};
use crate::messages::{Lang, Writing};
use crate::profile::Profile;
use crate::records::row::RecordRow;
use crate::registers::vocabulary::Code;
use crate::statistics::provisional::{self, Progress};
use crate::statistics::table::{Footnote, Table, TableLine};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most topics and documents that are named.
pub const NAMED: usize = 20;

/// A report in the making.
pub struct ReportBuilder<'a> {
    /// The figures that the report tells.
    pub figures: &'a Figures,
    /// Of what, and to whom.
    pub edition: &'a ReportRequest,
    /// In which language.
    pub lang: Lang,
    /// The way that numbers are written in it.
    pub writing: Writing<'a>,
    /// The authority that reports.
    pub profile: &'a Profile,
}

impl ReportBuilder<'_> {
    /// The text of a message.
    pub fn text(&self, id: &'static str) -> String {
        self.writing.text(id)
    }

    /// The name of a value of a coded property; one that is not known stands for itself.
    pub fn value(&self, register: &str, property: &str, code: &str) -> String {
        match code {
            "" => self.text("statistics-not-classified"),
            _ => self.profile.vocabulary.label(register, property, code, self.lang).to_owned(),
        }
    }

    /// The same; the sign for nothing where there is none.
    pub fn value_or_missing(&self, register: &str, property: &str, code: Option<&str>) -> String {
        code.map_or_else(|| MISSING.to_owned(), |code| self.value(register, property, code))
    }

    /// A number.
    pub fn number(&self, number: i64) -> String {
        number_format::whole(self.writing, number)
    }

    /// The day whose state the figures of the year are, where it is running.
    pub fn as_of(&self) -> Option<NaiveDate> {
        provisional::as_of(self.edition.year, self.edition.today)
    }

    /// The last day of the year that there are figures of, in words.
    pub(super) fn day(&self) -> String {
        let last = NaiveDate::from_ymd_opt(self.edition.year, 12, 31).unwrap_or(self.edition.today);
        self.lang.day(self.as_of().unwrap_or(last))
    }

    pub(super) fn title(&self) -> String {
        let title = format!("{} {}", self.text("report-title"), self.edition.year);
        match self.status_day() {
            Some(_) => format!("{title} ({})", self.text("report-provisional")),
            None => title,
        }
    }

    /// The day whose state the year's figures are, where they are counted or were published before it was over.
    pub(super) fn status_day(&self) -> Option<NaiveDate> {
        self.as_of().or(self.figures.main.as_of(self.edition.year))
    }

    /// Returns the note on the cover about a year that is not over.
    pub(super) fn status(&self) -> Option<String> {
        match Progress::of(self.edition.year, self.edition.today) {
            Progress::Ahead => Some(self.writing.message("report-not-begun", &[("year", &self.edition.year)])),
            _ => self.status_day().map(|day| provisional::stated(self.lang, day)),
        }
    }

    /// The caption of figures of the year, which says when it is not over.
    pub fn caption(&self, word: &'static str) -> String {
        self.stated(format!("{} {}", self.text(word), self.edition.year))
    }

    /// A caption with the day whose state the figures are, where the year is not over.
    pub(super) fn stated(&self, caption: String) -> String {
        match self.as_of() {
            Some(day) => format!("{caption}, {}", provisional::stated(self.lang, day)),
            None => caption,
        }
    }

    /// Sentences about the year, which say when it is not over.
    pub fn said(&self, sentences: String) -> Block {
        let text = match self.as_of() {
            Some(day) => self.lang.labelled(&provisional::stated(self.lang, day), &sentences),
            None => sentences,
        };
        Block::Text { text }
    }

    /// A section; without blocks it is left out.
    pub fn section(&self, title: &'static str, blocks: Vec<Block>) -> Section {
        Section { name: String::new(), title: self.text(title), blocks }
    }

    /// A section of a title that is no message.
    pub(super) fn titled(&self, title: &str, blocks: Vec<Block>) -> Section {
        Section { name: String::new(), title: title.to_owned(), blocks }
    }

    /// A table of lines by year.
    pub(super) fn table(&self, table: &Table, title: &str) -> Grid {
        grid(self.writing, table, title)
    }

    pub(super) fn records(&self, register: &str) -> &[RecordRow] {
        self.figures.records.get(register).map_or(&[], Vec::as_slice)
    }

    /// The end of the year, or today where it is not over.
    pub fn at_end(&self) -> String {
        sentences::at_end(self.lang, self.as_of())
    }

    /// A table of the year's records without rows.
    pub fn list(&self, caption: &'static str, columns: &[(&'static str, ColumnType)]) -> Grid {
        let columns = columns.iter().map(|(id, holds)| (self.text(id), *holds));
        Grid::of(self.caption(caption), columns)
    }

    /// The table with those of `all` records that may be named.
    pub fn listed(
        &self,
        all: i64,
        records: &[RecordRow],
        mut grid: Grid,
        row: impl Fn(&RecordRow, &Value) -> Vec<String>,
    ) -> Option<Block> {
        for record in records {
            grid.record(&record.id, &record.title, row(record, &record.own_properties()));
        }
        let rest = all - records.len() as i64;
        if rest > 0 {
            grid.remarks.push(sentences::not_listed(self.lang, rest));
        }
        (!records.is_empty()).then_some(Block::Table(grid))
    }
}

/// The values that were found, in the order of the vocabulary; those that it does not know come after, and none at all last.
pub fn in_order<'f, T>(found: &'f BTreeMap<String, T>, codes: &[Code]) -> Vec<&'f str> {
    let mut names: Vec<&str> = found.keys().map(String::as_str).collect();
    let place = |name: &str| codes.iter().position(|code| code.code == name).unwrap_or(codes.len());
    names.sort_by_key(|name| (place(name), name.is_empty(), *name));
    names
}

/// A table of lines by year as it is printed.
pub fn grid(writing: Writing, table: &Table, title: &str) -> Grid {
    let lang = writing.lang;
    let years = table.year_labels().into_iter().chain([development(lang, table)]);
    let mut caption = format!("{title} {}–{}", table.from, table.to);
    for (year, day) in table.provisional() {
        caption += &format!("; {}", lang.labelled(&year, &provisional::stated(lang, day)));
    }
    let mut grid = Grid::of_numbers(caption, lang.text("report-rubric"), years);
    let row = |line: &TableLine| GridRow {
        label: line.printed_name(),
        level: line.level,
        footnotes: line.footnotes.clone(),
        cells: cells(writing, line),
        record: None,
    };
    grid.rows = table.lines.iter().map(row).collect();
    let note = |note: &Footnote| note.year.map_or_else(|| note.text.clone(), |year| lang.labelled(&year, &note.text));
    grid.footnotes = table.footnotes.iter().map(note).collect();
    grid.remarks = table.provisional_remarks();
    grid.remarks.extend(table.warnings.iter().map(|warning| lang.labelled(&warning.year, &warning.detail)));
    grid
}

/// The head of the column with the development: with the years that it compares, where there are two.
fn development(lang: Lang, table: &Table) -> String {
    match table.years.as_slice() {
        [.., before, after] => {
            lang.message("report-development-of", &[("before", before), ("after", &format!("{:02}", after % 100))])
        }
        _ => lang.text("report-development"),
    }
}

/// A chart as it is printed, in the way that numbers are written.
pub fn chart(writing: Writing, chart: &Chart) -> Block {
    let chart = Chart { mark: writing.numbers.decimal, ..chart.clone() };
    Block::Chart {
        title: chart.title.clone(),
        description: chart.description(),
        svg: chart.to_svg(),
        narrow: chart.drawn(Width::Narrow),
    }
}
