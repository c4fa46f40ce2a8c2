//! The sections of the report, drawn from the figures.

use chrono::NaiveDate;

use super::figures::{Figures, ReportRequest};
use super::messages;
use super::number_format::{self, MISSING};
use super::report::{Block, Grid, GridRow, Report, Section};
use super::words::{self, Message};
use crate::formats::HIDDEN;
use crate::formats::svg::Chart;
use crate::statistics::backlog::Pending;
use crate::statistics::durations::{Distribution, DurationGroup};
use crate::statistics::lang::Lang;
use crate::statistics::layout::Layout;
use crate::statistics::provisional::{self, Progress};
use crate::statistics::table::{Basis, Table, TableLine};

/// The most topics and documents that are named.
pub const NAMED: usize = 20;

impl Report {
    /// The report that the figures give.
    pub fn of(figures: &Figures, layout: &Layout, edition: &ReportRequest) -> Report {
        let draft = ReportBuilder { figures, edition, lang: edition.lang };
        let begun = Progress::of(edition.year, edition.today) != Progress::Ahead;
        let mut sections = vec![draft.services(), draft.channels()];
        if begun {
            sections.extend([
                draft.backlog(),
                draft.durations(),
                draft.projects(),
                draft.audits(),
                draft.events(),
                draft.media(),
                draft.proceedings(),
                draft.publications(),
                draft.cooperation(),
            ]);
        }
        sections.extend([draft.website(), draft.staffing(), draft.sources(layout)]);
        Report {
            lang: edition.lang.code(),
            title: draft.title(),
            status: draft.status(),
            subtitle: layout.title.get(edition.lang).to_owned(),
            date: provisional::day(edition.lang, edition.today),
            contents: draft.word(Message::Contents),
            sections: sections.into_iter().filter(|section| !section.blocks.is_empty()).collect(),
        }
    }
}

/// A report in the making.
pub struct ReportBuilder<'a> {
    /// The figures that the report tells.
    pub figures: &'a Figures,
    /// Of what, and to whom.
    pub edition: &'a ReportRequest,
    /// In which language.
    pub lang: Lang,
}

impl ReportBuilder<'_> {
    /// A word.
    pub fn word(&self, word: Message) -> &'static str {
        words::word(self.lang, word)
    }

    /// A number.
    pub fn number(&self, number: i64) -> String {
        number_format::whole(self.lang, number)
    }

    /// The day whose state the figures of the year are, where it is running.
    pub fn as_of(&self) -> Option<NaiveDate> {
        provisional::as_of(self.edition.year, self.edition.today)
    }

    /// The last day of the year that there are figures of, in words.
    fn day(&self) -> String {
        let last = NaiveDate::from_ymd_opt(self.edition.year, 12, 31).unwrap_or(self.edition.today);
        provisional::day(self.lang, self.as_of().unwrap_or(last))
    }

    fn title(&self) -> String {
        let title = format!("{} {}", self.word(Message::Title), self.edition.year);
        match self.status_day() {
            Some(_) => format!("{title} ({})", self.word(Message::Provisional)),
            None => title,
        }
    }

    /// The day whose state the year's figures are, where they are counted or were published before it was over.
    fn status_day(&self) -> Option<NaiveDate> {
        self.as_of().or(self.figures.services.as_of(self.edition.year))
    }

    /// Returns the note on the cover about a year that is not over.
    fn status(&self) -> Option<String> {
        match Progress::of(self.edition.year, self.edition.today) {
            Progress::Ahead => Some(messages::not_begun(self.lang, self.edition.year)),
            _ => self.status_day().map(|day| provisional::stated(self.lang, day)),
        }
    }

    /// The caption of figures of the year, which says when it is not over.
    pub fn caption(&self, word: Message) -> String {
        self.stated(format!("{} {}", self.word(word), self.edition.year))
    }

    /// A caption with the day whose state the figures are, where the year is not over.
    fn stated(&self, caption: String) -> String {
        match self.as_of() {
            Some(day) => format!("{caption}, {}", provisional::stated(self.lang, day)),
            None => caption,
        }
    }

    /// Sentences about the year, which say when it is not over.
    pub fn said(&self, sentences: String) -> Block {
        let text = match self.as_of() {
            Some(day) => format!("{}: {sentences}", provisional::stated(self.lang, day)),
            None => sentences,
        };
        Block::Text { text }
    }

    /// A section; without blocks it is left out.
    pub fn section(&self, title: Message, blocks: Vec<Block>) -> Section {
        Section { title: self.word(title).to_owned(), blocks }
    }

    /// A table of lines by year.
    fn table(&self, table: &Table, caption: Message) -> Grid {
        grid(self.lang, table, caption)
    }

    fn services(&self) -> Section {
        let table = &self.figures.services;
        let sentences =
            table.lines.iter().filter(|line| line.level < 2).filter_map(|line| match line.values.as_slice() {
                [.., Some(before), Some(after)] => match (table.as_of(self.edition.year), &line.development) {
                    (Some(day), _) => {
                        let stated = provisional::stated(self.lang, day);
                        Some(messages::so_far(self.lang, &line.label, self.edition.year, (*before, *after), &stated))
                    }
                    (None, Some(_)) => {
                        Some(messages::development(self.lang, &line.label, self.edition.year, *before, *after))
                    }
                    (None, None) => None,
                },
                _ => None,
            });
        let mut blocks = vec![Block::Table(self.table(table, Message::Services))];
        blocks.push(Block::List { items: sentences.collect() });
        blocks.extend(chart(&self.figures.charts[0]));
        self.section(Message::Services, blocks)
    }

    fn channels(&self) -> Section {
        let mut blocks = vec![Block::Table(self.table(&self.figures.channels, Message::Channels))];
        blocks.extend(chart(&self.figures.charts[1]));
        self.section(Message::Channels, blocks)
    }

    fn backlog(&self) -> Section {
        let closing = if self.as_of().is_some() { Message::ClosingToday } else { Message::Closing };
        let columns = [Message::Opening, Message::Received, Message::Closed, closing, Message::ClosedShare];
        let columns = columns.map(|column| self.word(column).to_owned());
        let mut grid = Grid::of_numbers(self.caption(Message::Backlog), self.word(Message::Register), columns);
        let mut blocks = Vec::new();
        for row in self.figures.pending.iter().filter(|row| row.period == self.edition.year) {
            let Some(name) = messages::register(self.lang, row.register) else { continue };
            let counts = [row.opening, row.counts.received, row.counts.closed, row.closing()];
            let share = number_format::share(self.lang, row.closed_share());
            grid.row(1, name, counts.map(|count| self.number(count)).into_iter().chain([share]));
            if row.register == "cases" {
                blocks.push(self.said(self.pending_inquiries(row)));
            }
        }
        blocks.push(Block::Table(grid));
        blocks.extend(chart(&self.figures.charts[2]));
        self.section(Message::Backlog, blocks)
    }

    fn pending_inquiries(&self, row: &Pending) -> String {
        messages::backlog(self.lang, &self.day(), row.closing(), row.counts.received, row.closed_share())
    }

    fn durations(&self) -> Section {
        let lang = self.lang;
        let columns = [Message::Closed, Message::Mean, Message::Median, Message::Ninety, Message::Most];
        let caption = format!("{} {}, {}", self.word(Message::Durations), self.edition.year, self.word(Message::Days));
        let caption = self.stated(caption);
        let names = columns.map(|column| self.word(column).to_owned());
        let mut closed = Grid::of_numbers(caption, self.word(Message::Requester), names);
        let classes = [Message::To30, Message::To90, Message::To180, Message::To365, Message::Above365, Message::Total];
        let caption = match self.as_of() {
            Some(_) => self.stated(self.word(Message::Ageing).to_owned()),
            None => format!("{}, {}", self.word(Message::Ageing), self.day()),
        };
        let names = classes.map(|class| self.word(class).to_owned());
        let mut pending = Grid::of_numbers(caption, self.word(Message::Requester), names);
        let told = |spread: &Distribution, text: String| if spread.is_suppressed() { HIDDEN.to_owned() } else { text };
        let mut add = |level: u8, name: &str, group: &DurationGroup| {
            let spread = &group.closed;
            let ends = [spread.percentile(90), spread.max()].map(|days| number_format::maybe(lang, days));
            let middle = [spread.mean(), spread.median()].map(|days| number_format::tenths(lang, days));
            let days = middle.into_iter().chain(ends).map(|text| told(spread, text));
            closed.row(level, name, [number_format::whole(lang, spread.count())].into_iter().chain(days));
            let ages = group.pending.classes().unwrap_or_default();
            let ages = ages.map(|number| told(&group.pending, number_format::whole(lang, number)));
            pending.row(level, name, ages.into_iter().chain([number_format::whole(lang, group.pending.count())]));
        };
        for (name, group) in &self.figures.durations {
            add(1, messages::value(lang, name), group);
        }
        add(0, self.word(Message::Total), &self.figures.all_durations);
        self.section(Message::Durations, vec![Block::Table(closed), Block::Table(pending)])
    }

    fn media(&self) -> Section {
        let mut blocks = vec![Block::Table(self.table(&self.figures.media, Message::Media))];
        // Where media requests were not collected, those that are known are no figure of the year.
        let collected = self.figures.media.lines.iter().any(|line| line.values.last().is_some_and(Option::is_some));
        blocks.extend(self.topics().filter(|_| collected).map(Block::Table));
        self.section(Message::Media, blocks)
    }

    fn website(&self) -> Section {
        let table = &self.figures.website;
        if table.lines.iter().all(|line| line.values.iter().all(Option::is_none)) {
            return self.section(Message::Website, Vec::new());
        }
        let mut blocks = vec![Block::Table(self.table(table, Message::Website))];
        if !self.figures.downloads.is_empty() {
            let number = [self.word(Message::Number).to_owned()];
            let caption = self.caption(Message::Downloads);
            let mut grid = Grid::of_numbers(caption, self.word(Message::Document), number);
            for download in self.figures.downloads.iter().take(NAMED) {
                grid.row(1, &download.title, [self.number(download.count)]);
            }
            blocks.push(Block::Table(grid));
        }
        self.section(Message::Website, blocks)
    }

    fn staffing(&self) -> Section {
        if self.figures.staff.iter().all(|row| row.percent.is_none()) {
            return self.section(Message::Staffing, Vec::new());
        }
        let columns = [
            Message::Positions,
            Message::NewCases,
            Message::PendingCases,
            Message::NewPerPosition,
            Message::PendingPerPosition,
        ];
        let columns = columns.map(|column| self.word(column).to_owned());
        let years = &self.figures.services;
        let caption = self.stated(format!("{} {}–{}", self.word(Message::Staffing), years.from, years.to));
        let mut grid = Grid::of_numbers(caption, self.word(Message::Year), columns);
        for row in &self.figures.staff {
            let counts = [row.percent, row.new, row.pending].map(|number| number_format::maybe(self.lang, number));
            let shares = [row.new_per_position(), row.pending_per_position()];
            let shares = shares.map(|share| number_format::tenths(self.lang, share));
            let year = if row.as_of.is_some() { format!("{}*", row.year) } else { row.year.to_string() };
            grid.row(1, year, counts.into_iter().chain(shares));
            let remark = |day| format!("* {}: {}", row.year, provisional::stated(self.lang, day));
            grid.remarks.extend(row.as_of.map(remark));
        }
        grid.remarks.push(messages::matters_pending(self.lang).to_owned());
        self.section(Message::Staffing, vec![Block::Table(grid)])
    }

    fn sources(&self, layout: &Layout) -> Section {
        let lang = self.lang;
        let today = provisional::day(lang, self.edition.today);
        let mut items: Vec<String> = (self.figures.published.values())
            .map(|p| {
                let day = provisional::day(lang, p.published_on);
                messages::published(lang, p.year, p.version, &day, p.source.as_deref())
            })
            .collect();
        let table = &self.figures.services;
        let is_live = |index: usize| table.lines.iter().any(|line| line.basis[index] == Basis::Live);
        let live = table.years.iter().enumerate().filter(|(index, _)| is_live(*index));
        let live: Vec<String> = live.map(|(_, year)| year.to_string()).collect();
        if !live.is_empty() {
            items.push(messages::live(lang, &live.join(", "), &today));
        }
        let provisional = self.figures.services.provisional();
        items.extend(provisional.map(|(year, day)| format!("{year}: {}", provisional::stated(lang, day))));
        items.push(messages::counted(lang, &today));
        items.push(messages::made_by(lang, &layout.name));
        self.section(Message::Sources, vec![Block::List { items }])
    }
}

/// A table of lines by year as it is printed.
pub fn grid(lang: Lang, table: &Table, caption: Message) -> Grid {
    let word = |word: Message| words::word(lang, word);
    let years = table.year_labels().into_iter().chain([word(Message::Development).to_owned()]);
    let mut caption = format!("{} {}–{}", word(caption), table.from, table.to);
    for (year, day) in table.provisional() {
        caption += &format!("; {year}: {}", provisional::stated(lang, day));
    }
    let mut grid = Grid::of_numbers(caption, word(Message::Line), years);
    let row = |line: &TableLine| {
        let values = line.values.iter().enumerate().map(|(index, value)| match line.hides(index) {
            true => HIDDEN.to_owned(),
            false => number_format::maybe(lang, *value),
        });
        let development = line.development.as_ref().map(|d| number_format::development(lang, &d.display));
        GridRow {
            label: line.label.clone(),
            level: line.level,
            footnotes: line.footnotes.clone(),
            cells: values.chain([development.unwrap_or_else(|| MISSING.into())]).collect(),
            record: None,
        }
    };
    grid.rows = table.lines.iter().map(row).collect();
    grid.footnotes = table.footnotes.iter().map(|note| note.text.clone()).collect();
    grid.remarks = table.provisional_remarks();
    grid.remarks.extend(table.warnings.iter().map(|warning| format!("{}: {}", warning.year, warning.detail)));
    grid
}

/// A chart as it is printed.
pub fn chart(chart: &Option<Chart>) -> Option<Block> {
    let chart = chart.as_ref()?;
    Some(Block::Chart { title: chart.title.clone(), description: chart.description(), svg: chart.to_svg() })
}
