//! What the report says of single records: projects, audits and events of the year, and the topics of media requests.
//! They are named for those only who may read the register; for all others there are their numbers.

use serde_json::Value;

use super::numbers::{self, MISSING};
use super::report::{Block, Grid, Holds, Section};
use super::sections::{Draft, NAMED};
use super::words::{self, Word};
use crate::registers::record::Columns;
use crate::statistics::activities::Activity;

impl Draft<'_> {
    fn records(&self, register: &str) -> &[Columns] {
        self.figures.records.get(register).map_or(&[], Vec::as_slice)
    }

    /// The end of the year, or today where it is not over.
    pub fn at_end(&self) -> String {
        words::at_end(self.lang, self.as_of())
    }

    /// A table of the year's records without rows.
    pub fn list(&self, caption: Word, columns: &[(Word, Holds)]) -> Grid {
        let columns: Vec<_> = columns.iter().map(|(word, holds)| (self.word(*word), *holds)).collect();
        Grid::of(self.caption(caption), &columns)
    }

    /// The table with those of `all` records that may be named.
    pub fn listed(
        &self,
        all: i64,
        records: &[Columns],
        mut grid: Grid,
        row: impl Fn(&Columns, &Value) -> Vec<String>,
    ) -> Option<Block> {
        for record in records {
            grid.record(&record.id, &record.title, row(record, &details(record)));
        }
        let rest = all - records.len() as i64;
        if rest > 0 {
            grid.remarks.push(words::more(self.lang, rest));
        }
        (!records.is_empty()).then_some(Block::Table(grid))
    }

    /// Projects.
    pub fn projects(&self) -> Section {
        let year = self.edition.year;
        let row = self.figures.pending.iter().find(|row| row.period == year && row.register == "projects");
        let (new, pending) = row.map_or((0, 0), |row| (row.counts.received, row.closing()));
        if (new, pending) == (0, 0) {
            return self.section(Word::Projects, Vec::new());
        }
        let mut blocks = vec![self.said(words::projects(self.lang, year, new, pending, &self.at_end()))];
        let columns = [
            (Word::Project, Holds::Text),
            (Word::Organisation, Holds::Text),
            (Word::Role, Holds::Words),
            (Word::Phase, Holds::Words),
        ];
        blocks.extend(self.listed(
            new,
            self.records("projects"),
            self.list(Word::NewProjects, &columns),
            |record, details| {
                let phase = details["phase"].as_str().map(|phase| words::value(self.lang, phase));
                let role = record.role.as_deref().map(|role| words::value(self.lang, role));
                [record.organisation.as_deref(), role, phase].map(|text| text.unwrap_or(MISSING).to_owned()).to_vec()
            },
        ));
        self.section(Word::Projects, blocks)
    }

    /// Audits and their findings.
    pub fn audits(&self) -> Section {
        let Activity { audits, findings: found, findings_implemented: done, .. } = self.figures.activity;
        if audits == 0 {
            return self.section(Word::Audits, Vec::new());
        }
        let mut blocks = vec![self.said(words::audits(self.lang, audits, found, done))];
        let columns = [
            (Word::Audit, Holds::Text),
            (Word::Organisation, Holds::Text),
            (Word::Findings, Holds::Numbers),
            (Word::Implemented, Holds::Numbers),
        ];
        blocks.extend(self.listed(
            audits,
            self.records("audits"),
            self.list(Word::Audits, &columns),
            |record, details| {
                let (found, done) = findings(details);
                let organisation = record.organisation.clone().unwrap_or_else(|| MISSING.into());
                vec![organisation, self.number(found), self.number(done)]
            },
        ));
        self.section(Word::Audits, blocks)
    }

    /// Trainings and lectures.
    pub fn events(&self) -> Section {
        let events = self.figures.activity.trainings + self.figures.activity.lectures;
        if events == 0 {
            return self.section(Word::Events, Vec::new());
        }
        let mut blocks = vec![Block::Table(self.participants())];
        let columns = [
            (Word::Event, Holds::Text),
            (Word::Date, Holds::Words),
            (Word::Kind, Holds::Words),
            (Word::Audience, Holds::Text),
            (Word::Participants, Holds::Numbers),
        ];
        blocks.extend(self.listed(
            events,
            self.records("events"),
            self.list(Word::AllEvents, &columns),
            |record, details| {
                let kind = record.kind.as_deref().map_or(MISSING, |kind| words::value(self.lang, kind));
                let audience = details["audience"].as_str().unwrap_or(MISSING);
                let participants = numbers::maybe(self.lang, details["participants"].as_i64());
                vec![numbers::short_day(record.received_on), kind.to_owned(), audience.to_owned(), participants]
            },
        ));
        self.section(Word::Events, blocks)
    }

    /// How many events there were of each kind, and how many took part.
    fn participants(&self) -> Grid {
        let Activity { trainings, training_participants, lectures, lecture_participants, participants_known, .. } =
            self.figures.activity;
        let numbers = [Word::Number, Word::Participants].map(|name| self.word(name).to_owned());
        let caption = self.caption(Word::Events);
        let mut grid = Grid::of_numbers(caption, self.word(Word::Kind), numbers);
        let (all, participants) = (trainings + lectures, training_participants + lecture_participants);
        for (level, name, number, participants) in [
            (1, Word::Training, trainings, training_participants),
            (1, Word::Lecture, lectures, lecture_participants),
            (0, Word::Total, all, participants),
        ] {
            grid.row(level, self.word(name), [number, participants].map(|number| self.number(number)));
        }
        if participants_known < all {
            grid.remarks.push(words::known_of(self.lang, participants_known, all));
        }
        grid
    }

    /// What the media requests were about, most asked first, if that may be named.
    pub fn topics(&self) -> Option<Grid> {
        let topics = &self.figures.topics;
        if topics.is_empty() {
            return None;
        }
        let caption = self.caption(Word::Topics);
        let mut grid = Grid::of_numbers(caption, self.word(Word::Topic), [self.word(Word::Number).to_owned()]);
        for (topic, count) in topics.iter().take(NAMED) {
            grid.row(1, topic.as_deref().unwrap_or(self.word(Word::NotStated)), [self.number(*count)]);
        }
        if topics.len() > NAMED {
            grid.remarks.push(words::more(self.lang, (topics.len() - NAMED) as i64));
        }
        grid.row(0, self.word(Word::Total), [self.number(topics.iter().map(|(_, count)| count).sum())]);
        Some(grid)
    }
}

/// What only the record's register has.
pub fn details(record: &Columns) -> Value {
    serde_json::from_str(&record.details).unwrap_or_default()
}

/// How many findings an audit has, and how many of them are implemented.
fn findings(details: &Value) -> (i64, i64) {
    let all = details["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let done = all.iter().filter(|finding| finding["implemented_on"].is_string());
    (all.len() as i64, done.count() as i64)
}
