//! The report's part on single records: projects, audits and events of the year, and the topics of media requests. They
//! are named only for those who may read the register; all others get their numbers.

use super::builder::{NAMED, ReportBuilder};
use super::messages;
use super::number_format::{self, MISSING};
use super::report::{Block, ColumnType, Grid, Section};
use super::words::Message;
use crate::statistics::activities::Activity;
use serde_json::Value;

impl ReportBuilder<'_> {
    /// Projects.
    pub fn projects(&self) -> Section {
        let year = self.edition.year;
        let row = self.figures.pending.iter().find(|row| row.period == year && row.register == "projects");
        let (new, pending) = row.map_or((0, 0), |row| (row.counts.received, row.closing()));
        if (new, pending) == (0, 0) {
            return self.section(Message::Projects, Vec::new());
        }
        let mut blocks = vec![self.said(messages::projects(self.lang, year, new, pending, &self.at_end()))];
        let columns = [
            (Message::Project, ColumnType::Text),
            (Message::Organisation, ColumnType::Text),
            (Message::Role, ColumnType::Words),
            (Message::Phase, ColumnType::Words),
        ];
        blocks.extend(self.listed(
            new,
            self.records("projects"),
            self.list(Message::NewProjects, &columns),
            |record, details| {
                let phase = details["phase"].as_str().map(|phase| messages::value(self.lang, phase));
                let role = record.role.as_deref().map(|role| messages::value(self.lang, role));
                [record.organisation.as_deref(), role, phase].map(|text| text.unwrap_or(MISSING).to_owned()).to_vec()
            },
        ));
        self.section(Message::Projects, blocks)
    }

    /// Audits and their findings.
    pub fn audits(&self) -> Section {
        let Activity { audits, findings: found, findings_implemented: done, .. } = self.figures.activity;
        if audits == 0 {
            return self.section(Message::Audits, Vec::new());
        }
        let mut blocks = vec![self.said(messages::audits(self.lang, audits, found, done))];
        let columns = [
            (Message::Audit, ColumnType::Text),
            (Message::Organisation, ColumnType::Text),
            (Message::Findings, ColumnType::Numbers),
            (Message::Implemented, ColumnType::Numbers),
        ];
        blocks.extend(self.listed(
            audits,
            self.records("audits"),
            self.list(Message::Audits, &columns),
            |record, details| {
                let (found, done) = findings(details);
                let organisation = record.organisation.clone().unwrap_or_else(|| MISSING.into());
                vec![organisation, self.number(found), self.number(done)]
            },
        ));
        self.section(Message::Audits, blocks)
    }

    /// Trainings and lectures.
    pub fn events(&self) -> Section {
        let events = self.figures.activity.trainings + self.figures.activity.lectures;
        if events == 0 {
            return self.section(Message::Events, Vec::new());
        }
        let mut blocks = vec![Block::Table(self.participants())];
        let columns = [
            (Message::Event, ColumnType::Text),
            (Message::Date, ColumnType::Words),
            (Message::Kind, ColumnType::Words),
            (Message::Audience, ColumnType::Text),
            (Message::Participants, ColumnType::Numbers),
        ];
        blocks.extend(self.listed(
            events,
            self.records("events"),
            self.list(Message::AllEvents, &columns),
            |record, details| {
                let kind = record.kind.as_deref().map_or(MISSING, |kind| messages::value(self.lang, kind));
                let audience = details["audience"].as_str().unwrap_or(MISSING);
                let participants = number_format::maybe(self.lang, details["participants"].as_i64());
                vec![number_format::short_day(record.received_on), kind.to_owned(), audience.to_owned(), participants]
            },
        ));
        self.section(Message::Events, blocks)
    }

    /// Returns a table of the events of each kind, with the number of events and of people who took part.
    fn participants(&self) -> Grid {
        let Activity { trainings, training_participants, lectures, lecture_participants, participants_known, .. } =
            self.figures.activity;
        let numbers = [Message::Number, Message::Participants].map(|name| self.word(name).to_owned());
        let caption = self.caption(Message::Events);
        let mut grid = Grid::of_numbers(caption, self.word(Message::Kind), numbers);
        let (all, participants) = (trainings + lectures, training_participants + lecture_participants);
        for (level, name, number, participants) in [
            (1, Message::Training, trainings, training_participants),
            (1, Message::Lecture, lectures, lecture_participants),
            (0, Message::Total, all, participants),
        ] {
            grid.row(level, self.word(name), [number, participants].map(|number| self.number(number)));
        }
        if participants_known < all {
            grid.remarks.push(messages::known_of(self.lang, participants_known, all));
        }
        grid
    }

    /// Returns a table of the topics of the media requests, most asked first, if they may be named.
    pub fn topics(&self) -> Option<Grid> {
        let topics = &self.figures.topics;
        if topics.is_empty() {
            return None;
        }
        let caption = self.caption(Message::Topics);
        let mut grid = Grid::of_numbers(caption, self.word(Message::Topic), [self.word(Message::Number).to_owned()]);
        for (topic, count) in topics.iter().take(NAMED) {
            grid.row(1, topic.as_deref().unwrap_or(self.word(Message::NotStated)), [self.number(*count)]);
        }
        if topics.len() > NAMED {
            grid.remarks.push(messages::more(self.lang, (topics.len() - NAMED) as i64));
        }
        grid.row(0, self.word(Message::Total), [self.number(topics.iter().map(|(_, count)| count).sum())]);
        Some(grid)
    }
}

/// Counts the findings of an audit, and those of them that are implemented.
fn findings(details: &Value) -> (i64, i64) {
    let all = details["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let done = all.iter().filter(|finding| finding["implemented_on"].is_string());
    (all.len() as i64, done.count() as i64)
}
