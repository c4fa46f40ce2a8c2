//! The sections of the report, drawn from the figures.

use super::builder::{NAMED, ReportBuilder, chart};
use super::figures::Figures;
use super::messages;
use super::number_format::{self};
use super::report::{Block, Grid, Report, Section};
use super::request::ReportRequest;
use super::words::Message;
use crate::formats::HIDDEN;
use crate::statistics::backlog::Pending;
use crate::statistics::durations::{Distribution, DurationGroup};
use crate::statistics::layout::Layout;
use crate::statistics::provisional::{self, Progress};
use crate::statistics::table::Basis;

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

impl ReportBuilder<'_> {
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
