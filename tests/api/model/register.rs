//! A register of cases as it must be: some hundred lines in memory, against which the service is held.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};

pub const WORDS: [&str; 5] = ["Kamera", "Schule", "Zürich", "Ausweis", "Drohne"];
pub const AREAS: [&str; 7] = ["IT", "POLICE", "EDUCATION", "SOCIAL", "PRIVATE", "HEALTH", "OTHER"];
pub const REQUESTERS: [&str; 3] = ["MUNICIPALITY", "CANTON", "PRIVATE"];
pub const YEARS: std::ops::RangeInclusive<i32> = 2014..=2017;

/// What somebody says of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub title: String,
    pub received: NaiveDate,
    pub closed: Option<NaiveDate>,
    pub area: Option<&'static str>,
    pub requester: Option<&'static str>,
    pub notes: Option<String>,
}

impl Content {
    pub fn is_valid(&self) -> bool {
        self.closed.is_none_or(|closed| closed >= self.received)
    }

    /// The body that says it, with nothing of what is absent.
    pub fn body(&self) -> Value {
        let mut body = json!({"title": self.title, "received_on": self.received});
        let requester = self.requester.map(|kind| json!({"type": kind}));
        let parts = [
            ("closed_on", self.closed.map(|day| json!(day))),
            ("area", self.area.map(Value::from)),
            ("requester", requester),
            ("notes", self.notes.clone().map(Value::from)),
        ];
        for (name, value) in parts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            body[name] = value;
        }
        body
    }
}

/// A case that is, or was, in the register.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: String,
    pub number: String,
    pub content: Content,
    pub revision: i64,
    /// Its key in the other system, and the version delivered.
    pub external: Option<(usize, i64)>,
    pub is_deleted: bool,
}

impl Case {
    pub fn path(&self) -> String {
        format!("/v1/cases/{}", self.id)
    }

    /// The differences of a record as the service shows it.
    pub fn differences(&self, shown: &Value) -> Vec<String> {
        let Content { title, received, closed, area, requester, notes } = &self.content;
        let expected = [
            ("/id", json!(self.id)),
            ("/number", json!(self.number)),
            ("/title", json!(title)),
            ("/received_on", json!(received)),
            ("/closed_on", json!(closed)),
            ("/status", json!(if closed.is_some() { "CLOSED" } else { "OPEN" })),
            ("/area", json!(area)),
            ("/requester/type", json!(requester)),
            ("/notes", json!(notes)),
            ("/revision", json!(self.revision)),
            ("/external/version", json!(self.external.map(|(_, version)| version))),
        ];
        let wrong = |(place, value): &(&str, Value)| shown.pointer(place).unwrap_or(&Value::Null) != value;
        let told = expected.iter().filter(|one| wrong(one));
        told.map(|(place, value)| format!("{place} is not {value} in {shown}")).collect()
    }
}

/// An entry of the feed: the number of the case in the model, the revision and what was done.
pub type Entry = (usize, i64, &'static str);

/// The whole register.
#[derive(Clone, Debug, Default)]
pub struct Register {
    pub cases: Vec<Case>,
    /// The last running number of each year.
    pub numbers: BTreeMap<i32, i64>,
    pub feed: Vec<Entry>,
    /// The figures of the years that were published last, by their codes.
    pub published: BTreeMap<i32, BTreeMap<String, Option<i64>>>,
}

impl Register {
    pub fn held(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| !case.is_deleted)
    }

    /// The next number of a year.
    pub fn next_number(&mut self, year: i32) -> String {
        let last = self.numbers.entry(year).or_default();
        *last += 1;
        format!("{year}-{last:04}")
    }

    /// Takes in a new case under the id that the service gave it.
    pub fn create(&mut self, id: String, content: Content, external: Option<(usize, i64)>) -> usize {
        let number = self.next_number(content.received.year());
        self.cases.push(Case { id, number, content, revision: 1, external, is_deleted: false });
        self.feed.push((self.cases.len() - 1, 1, "CREATED"));
        self.cases.len() - 1
    }

    /// Changes a case, if that changes anything.
    pub fn change(&mut self, at: usize, content: Content, external: Option<(usize, i64)>) {
        let case = &mut self.cases[at];
        if case.content != content || case.external != external {
            (case.content, case.external) = (content, external);
            case.revision += 1;
            let revision = case.revision;
            self.feed.push((at, revision, "UPDATED"));
        }
    }

    pub fn delete(&mut self, at: usize) {
        let case = &mut self.cases[at];
        case.is_deleted = true;
        case.revision += 1;
        let revision = case.revision;
        self.feed.push((at, revision, "DELETED"));
    }

    /// The case that has a key, and the newest version under which one with it was deleted.
    pub fn by_key(&self, key: usize) -> (Option<usize>, Option<i64>) {
        let with_key = |case: &Case| case.external.filter(|(known, _)| *known == key);
        let held = self.cases.iter().position(|case| !case.is_deleted && with_key(case).is_some());
        let deleted = self.cases.iter().filter(|case| case.is_deleted).filter_map(with_key);
        (held, deleted.map(|(_, version)| version).max())
    }

    /// The year of the first case; there are no figures before it.
    pub fn first_year(&self) -> Option<i32> {
        self.held().map(|case| case.content.received.year()).min()
    }

    pub fn received(&self, year: i32, takes: impl Fn(&Content) -> bool) -> i64 {
        let of_year = self.held().map(|case| &case.content).filter(|content| content.received.year() == year);
        of_year.filter(|content| takes(content)).count() as i64
    }

    pub fn closed(&self, year: i32) -> i64 {
        self.held().filter(|case| case.content.closed.is_some_and(|day| day.year() == year)).count() as i64
    }

    /// The cases pending at the end of a year.
    pub fn pending(&self, year: i32) -> i64 {
        let is_pending =
            |content: &Content| content.received.year() <= year && content.closed.is_none_or(|day| day.year() > year);
        self.held().filter(|case| is_pending(&case.content)).count() as i64
    }

    /// The figures of a year as they are counted, by the codes of the table.
    pub fn counted(&self, year: i32) -> BTreeMap<String, Option<i64>> {
        let is_known = self.first_year().is_some_and(|first| first <= year);
        let figure = |value: i64| is_known.then_some(value);
        let all = self.received(year, |_| true);
        let mut figures: BTreeMap<String, Option<i64>> = AREAS
            .into_iter()
            .map(|area| {
                let code = format!("inquiries.area.{}", area.to_lowercase());
                (code, figure(self.received(year, |content| content.area == Some(area))))
            })
            .collect();
        for requester in REQUESTERS {
            let code = format!("inquiries.{}", requester.to_lowercase());
            figures.insert(code, figure(self.received(year, |content| content.requester == Some(requester))));
        }
        figures.insert("inquiries.total".into(), figure(all));
        figures.insert("cases.total".into(), figure(all));
        figures
    }
}

/// A day in the middle of a month.
pub fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 15).unwrap()
}

pub fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day + Days::new(days)
}
