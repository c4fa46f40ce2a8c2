//! The report's part on single records: projects, audits and events of the year, and the topics of media requests. They
//! are named only for those who may read the register; all others get their numbers.

use super::builder::{NAMED, ReportBuilder, in_order};
use super::report::{Block, ColumnType, Grid, Section};
use super::sentences;
use crate::messages::number_format::{self, MISSING};
use crate::statistics::activities::Activity;
use crate::statistics::record_sums::EventSums;
use serde_json::Value;

impl ReportBuilder<'_> {
    /// Projects.
    pub fn projects(&self) -> Section {
        let year = self.edition.year;
        let row = self.figures.pending.iter().find(|row| row.period == year && row.register == "projects");
        let (new, pending) = row.map_or((0, 0), |row| (row.counts.received, row.closing()));
        if (new, pending) == (0, 0) {
            return self.section("report-projects", Vec::new());
        }
        let mut blocks = vec![self.said(sentences::projects(self.writing, year, new, pending, &self.at_end()))];
        let columns = [
            ("report-project", ColumnType::Text),
            ("report-organisation", ColumnType::Text),
            ("report-role", ColumnType::Words),
            ("report-phase", ColumnType::Words),
        ];
        blocks.extend(self.listed(
            new,
            self.records("projects"),
            self.list("report-new-projects", &columns),
            |record, details| {
                let organisation = record.organisation.clone().unwrap_or_else(|| MISSING.into());
                let role = self.value_or_missing("projects", "role", record.role.as_deref());
                vec![organisation, role, self.value_or_missing("projects", "phase", details["phase"].as_str())]
            },
        ));
        self.section("report-projects", blocks)
    }

    /// Audits and their findings.
    pub fn audits(&self) -> Section {
        let Activity { audits, findings: found, findings_implemented: done, .. } = self.figures.activity;
        if audits == 0 {
            return self.section("report-audits", Vec::new());
        }
        let mut blocks = vec![self.said(sentences::audits(self.writing, audits, found, done))];
        let columns = [
            ("report-audit", ColumnType::Text),
            ("report-organisation", ColumnType::Text),
            ("report-findings", ColumnType::Numbers),
            ("report-implemented", ColumnType::Numbers),
        ];
        blocks.extend(self.listed(
            audits,
            self.records("audits"),
            self.list("report-audits", &columns),
            |record, details| {
                let (found, done) = findings(details);
                let organisation = record.organisation.clone().unwrap_or_else(|| MISSING.into());
                vec![organisation, self.number(found), self.number(done)]
            },
        ));
        self.section("report-audits", blocks)
    }

    /// Trainings, lectures and other events.
    pub fn events(&self) -> Section {
        let events = self.figures.events.values().map(|sums| sums.events).sum();
        if events == 0 {
            return self.section("report-events", Vec::new());
        }
        let mut blocks = vec![Block::Table(self.participants())];
        let columns = [
            ("report-event", ColumnType::Text),
            ("report-date", ColumnType::Words),
            ("report-kind", ColumnType::Words),
            ("report-audience", ColumnType::Text),
            ("report-participants", ColumnType::Numbers),
        ];
        blocks.extend(self.listed(
            events,
            self.records("events"),
            self.list("report-all-events", &columns),
            |record, details| {
                let kind = self.value_or_missing("events", "kind", record.kind.as_deref());
                let audience = details["audience"].as_str().unwrap_or(MISSING);
                let participants = number_format::maybe(self.writing, details["participants"].as_i64());
                vec![number_format::short_day(record.received_on), kind, audience.to_owned(), participants]
            },
        ));
        self.section("report-events", blocks)
    }

    /// Returns a table of the events of each kind, with the number of events and of people who took part.
    fn participants(&self) -> Grid {
        let codes = self.profile.vocabulary.codes("events", "kind");
        let mut events = self.figures.events.clone();
        for code in codes.iter().filter(|code| code.is_valid(self.edition.year)) {
            events.entry(code.code.clone()).or_default();
        }
        let numbers = ["report-number", "report-participants"].map(|name| self.text(name));
        let caption = self.caption("report-events");
        let mut grid = Grid::of_numbers(caption, self.text("report-kind"), numbers);
        let cells = |sums: &EventSums| [sums.events, sums.participants].map(|number| self.number(number));
        for kind in in_order(&events, codes) {
            grid.row(1, self.value("events", "kind", kind), cells(&events[kind]));
        }
        let all: EventSums = events.values().copied().sum();
        grid.row(0, self.text("report-total"), cells(&all));
        if all.known < all.events {
            grid.remarks.push(
                self.writing.message("report-participants-known", &[("known", &all.known), ("all", &all.events)]),
            );
        }
        grid
    }

    /// Returns a table of the topics of the media requests, most asked first, if they may be named.
    pub fn topics(&self) -> Option<Grid> {
        let topics = &self.figures.topics;
        if topics.is_empty() {
            return None;
        }
        let caption = self.caption("report-topics");
        let mut grid = Grid::of_numbers(caption, self.text("report-topic"), [self.text("report-number")]);
        for (topic, count) in topics.iter().take(NAMED) {
            let topic = topic.clone().unwrap_or_else(|| self.text("report-not-stated"));
            grid.row(1, topic, [self.number(*count)]);
        }
        if topics.len() > NAMED {
            grid.remarks.push(sentences::not_listed(self.lang, (topics.len() - NAMED) as i64));
        }
        grid.row(0, self.text("report-total"), [self.number(topics.iter().map(|(_, count)| count).sum())]);
        Some(grid)
    }
}

/// Counts the findings of an audit, and those of them that are implemented.
fn findings(details: &Value) -> (i64, i64) {
    let all = details["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let done = all.iter().filter(|finding| finding["implemented_on"].is_string());
    (all.len() as i64, done.count() as i64)
}
