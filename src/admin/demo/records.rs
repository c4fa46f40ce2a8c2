//! The demonstration records: invented matters, in the numbers that the activity report of 2017 prints.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Value, json};

use super::texts::{DemoBody, TEXTS};
use crate::calendar::WorkCalendar;

/// A demonstration record.
pub struct DemoRecord {
    /// Its register.
    pub register: &'static str,
    /// The day it is entered: the day received.
    pub entered_on: NaiveDate,
    /// The body that creates the record.
    pub body: Value,
}

/// The counts of a year, as printed in the statistics of the activity report of 2017.
struct DemoYear {
    year: i32,
    /// Municipality, canton, private.
    requesters: [usize; 3],
    /// In the order of the areas; what is missing to the total has no area (2014: 3).
    areas: [usize; 7],
    /// With and without a dossier, where that was distinguished.
    filing: Option<[usize; 2]>,
    /// Contact form, e-mail, telephone, letter, where known.
    channels: Option<[usize; 4]>,
    participations: usize,
    /// Projects led, audits excluded.
    leads: usize,
    audits: usize,
    trainings: usize,
    lectures: usize,
    media_requests: usize,
}

const fn year(year: i32, requesters: [usize; 3], areas: [usize; 7], work: [usize; 5]) -> DemoYear {
    let [participations, leads, audits, trainings, lectures] = work;
    DemoYear {
        year,
        requesters,
        areas,
        filing: None,
        channels: None,
        participations,
        leads,
        audits,
        trainings,
        lectures,
        media_requests: 0,
    }
}

const YEARS: [DemoYear; 6] = [
    DemoYear { filing: Some([31, 198]), ..year(2012, [30, 77, 122], [18, 15, 33, 34, 19, 26, 84], [20, 0, 0, 3, 5]) },
    year(2013, [49, 70, 154], [12, 6, 33, 66, 40, 19, 97], [22, 0, 0, 3, 3]),
    year(2014, [46, 74, 131], [22, 40, 18, 39, 30, 20, 79], [15, 0, 0, 0, 6]),
    year(2015, [53, 101, 110], [32, 18, 21, 46, 36, 21, 90], [30, 1, 1, 0, 9]),
    DemoYear {
        channels: Some([49, 105, 84, 11]),
        ..year(2016, [53, 101, 95], [35, 19, 24, 36, 40, 10, 85], [31, 0, 0, 0, 10])
    },
    DemoYear {
        channels: Some([48, 159, 73, 15]),
        media_requests: 36,
        ..year(2017, [62, 127, 106], [31, 25, 25, 61, 31, 18, 104], [16, 0, 1, 0, 9])
    },
];

const REQUESTERS: [&str; 3] = ["MUNICIPALITY", "CANTON", "PRIVATE"];
const CHANNELS: [&str; 4] = ["WEB_FORM", "EMAIL", "PHONE", "LETTER"];
const STAFF: [&str; 3] = ["RF", "SB", "LM"];

/// A sequence that looks random and is always the same (SplitMix64).
struct Sequence<'c> {
    state: u64,
    calendar: &'c WorkCalendar,
}

impl Sequence<'_> {
    fn next(&mut self) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 33) as usize
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() % limit.max(1)
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.below(of.len()))
    }

    fn text<'t>(&mut self, of: &'t [impl AsRef<str>]) -> &'t str {
        self.one(of).map_or("", AsRef::as_ref)
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }

    /// A working day of the year.
    fn day(&mut self, year: i32) -> NaiveDate {
        loop {
            let day = NaiveDate::from_yo_opt(year, 1 + self.below(365) as u32).unwrap_or_default();
            if self.is_working_day(day) {
                return day;
            }
        }
    }

    /// True for Monday to Friday, without the days of rest that fall on the same day each year.
    fn is_working_day(&self, day: NaiveDate) -> bool {
        let is_holiday = self.calendar.fixed.contains(&(day.month(), day.day()));
        !is_holiday && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
    }

    fn working_day_from(&self, mut day: NaiveDate) -> NaiveDate {
        while !self.is_working_day(day) {
            day = day + Days::new(1);
        }
        day
    }

    /// Returns the day on which an inquiry is closed: most within days, a few after months.
    fn closing(&mut self, received: NaiveDate) -> NaiveDate {
        let days = match self.below(100) {
            0..60 => self.below(6),
            60..85 => 6 + self.below(16),
            85..97 => 22 + self.below(40),
            _ => 62 + self.below(60),
        };
        self.working_day_from(received + Days::new(days as u64))
    }
}

/// Each value as often as its number says; what is missing to `total` has none. In an order of its own.
fn spread(
    sequence: &mut Sequence,
    values: &[&'static str],
    numbers: &[usize],
    total: usize,
) -> Vec<Option<&'static str>> {
    let mut all: Vec<Option<&'static str>> =
        values.iter().zip(numbers).flat_map(|(value, number)| std::iter::repeat_n(Some(*value), *number)).collect();
    all.resize(total, None);
    sequence.shuffle(&mut all);
    all
}

/// The records that are entered before all others, which name these bodies; what is published is entered on that day.
pub(super) fn first() -> Vec<DemoRecord> {
    let day = NaiveDate::from_ymd_opt(2012, 1, 3).unwrap_or_default();
    let published = |body: &Value| body["published_on"].as_str().and_then(|day| day.parse().ok());
    let record = |written: &'static DemoBody| DemoRecord {
        register: &written.register,
        entered_on: published(&written.body).unwrap_or(day),
        body: written.body.clone(),
    };
    TEXTS.records.iter().map(record).collect()
}

/// All demonstration records, oldest first; the same at every call.
pub fn records(calendar: &WorkCalendar) -> Vec<DemoRecord> {
    let mut sequence = Sequence { state: 2012, calendar };
    let mut all: Vec<DemoRecord> = Vec::new();
    let mut named = vec![0; TEXTS.projects.len()];
    for year in &YEARS {
        all.extend(cases(&mut sequence, year));
        all.extend(projects(&mut sequence, year, &mut named));
        all.extend(audits(&mut sequence, year));
        all.extend(events(&mut sequence, year));
        all.extend(media_requests(&mut sequence, year));
    }
    all.sort_by_key(|record| record.entered_on);
    all
}

fn cases(sequence: &mut Sequence, year: &DemoYear) -> Vec<DemoRecord> {
    let total = year.requesters.iter().sum();
    let requesters = spread(sequence, &REQUESTERS, &year.requesters, total);
    let areas_of_texts: Vec<&str> = TEXTS.areas.iter().map(|area| area.code.as_str()).collect();
    let areas = spread(sequence, &areas_of_texts, &year.areas, total);
    let filing = spread(sequence, &["WITH", "WITHOUT"], &year.filing.unwrap_or_default(), total);
    let channels = spread(sequence, &CHANNELS, &year.channels.unwrap_or_default(), total);
    let case = |index: usize| {
        let received = sequence.day(year.year);
        let requester = requesters[index].unwrap_or_default();
        let (kind, title) = matter(sequence, year.year, index, requester, areas[index]);
        let mut body = json!({
            "title": title,
            "received_on": received,
            "responsible": sequence.text(&STAFF),
            "kind": kind,
            "requester": who(sequence, requester),
        });
        settle(sequence, &mut body, received, index);
        if kind == "CONSULTATION" {
            body["due_on"] = json!(received + Days::new(60));
            body["outcome"] = json!(TEXTS.opinion);
        }
        let optional = [("area", areas[index]), ("filing", filing[index]), ("channel", channels[index])];
        for (name, value) in optional {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        if requester == "PRIVATE" && index.is_multiple_of(5) {
            body["notes"] = json!(TEXTS.notes);
        }
        DemoRecord { register: "cases", entered_on: received, body }
    };
    (0..total).map(case).collect()
}

/// Closes a case, but for some of the last month, which are still open.
fn settle(sequence: &mut Sequence, body: &mut Value, received: NaiveDate, index: usize) {
    let closed = sequence.closing(received);
    let still_open = received.year() == 2017 && received.month() == 12 && index.is_multiple_of(4);
    if still_open {
        body["status"] = json!(sequence.text(&["OPEN", "IN_PROGRESS", "SUSPENDED"]));
    } else {
        body["closed_on"] = json!(closed);
    }
}

/// Returns the matter of a case: its kind and title.
fn matter(
    sequence: &mut Sequence,
    year: i32,
    index: usize,
    requester: &str,
    area: Option<&'static str>,
) -> (&'static str, &'static str) {
    let of_area = TEXTS.areas.iter().find(|known| Some(known.code.as_str()) == area).or(TEXTS.areas.last());
    let topics = of_area.map_or(&[][..], |area| &area.matters);
    match (requester, index % 23) {
        ("CANTON", 0..=3) => ("CONSULTATION", sequence.text(&TEXTS.consultations)),
        ("CANTON", 4..=5) => ("MOTION", sequence.text(&TEXTS.motions)),
        ("PRIVATE", 0) => ("MEDIATION", sequence.text(topics)),
        (_, 7) if area == Some("IT") => ("PRIOR_CHECK", sequence.text(topics)),
        (_, 8) => ("STATEMENT", sequence.text(topics)),
        ("PRIVATE", 9) if year >= 2016 && area == Some("POLICE") => ("APPEAL", TEXTS.appeal.as_str()),
        _ => ("INQUIRY", sequence.text(topics)),
    }
}

fn who(sequence: &mut Sequence, requester: &str) -> Value {
    match requester {
        "MUNICIPALITY" => {
            json!({"type": requester, "organisation": format!("{}{}", TEXTS.municipality, sequence.text(&TEXTS.municipalities))})
        }
        "CANTON" => json!({"type": requester, "organisation": sequence.text(&TEXTS.departments)}),
        _ => {
            let number = sequence.below(1000);
            json!({"type": requester, "name": sequence.text(&TEXTS.names), "contact": format!("person{number}@example.org")})
        }
    }
}

/// The name of a project that no other one has: one that comes up again is about something else of it. `named` counts how
/// often each came up.
fn project(sequence: &mut Sequence, named: &mut [usize]) -> String {
    let first = sequence.below(named.len());
    let found = (first..named.len()).chain(0..first).find_map(|place| {
        let stage = TEXTS.stages.get(named[place])?;
        Some((place, format!("{}{stage}", TEXTS.projects[place])))
    });
    found.map_or_else(String::new, |(place, name)| {
        named[place] += 1;
        name
    })
}

fn projects(sequence: &mut Sequence, year: &DemoYear, named: &mut [usize]) -> Vec<DemoRecord> {
    (0..year.participations + year.leads)
        .map(|index| {
            let received = sequence.day(year.year);
            let role = if index < year.leads { "LEAD" } else { "PARTICIPATION" };
            let mut body = json!({
                "title": project(sequence, named),
                "received_on": received,
                "responsible": sequence.text(&STAFF),
                "role": role,
                "organisation": sequence.text(&TEXTS.departments),
                "phase": sequence.text(&["INITIATION", "CONCEPT", "REALISATION", "INTRODUCTION", "OPERATION"]),
                "high_risk": index % 4 == 0,
            });
            // Projects go on for years; what would end after 2018 is not closed yet.
            let days = 200 + sequence.below(900) as u64;
            let closed = sequence.working_day_from(received + Days::new(days));
            if closed.year() <= 2018 {
                body["closed_on"] = json!(closed);
            } else {
                body["status"] = json!("IN_PROGRESS");
            }
            DemoRecord { register: "projects", entered_on: received, body }
        })
        .collect()
}

fn audits(sequence: &mut Sequence, year: &DemoYear) -> Vec<DemoRecord> {
    let audit = &TEXTS.audit;
    (0..year.audits)
        .map(|_| {
            let received = sequence.day(year.year);
            let conducted = sequence.working_day_from(received + Days::new(30));
            let due = conducted + Days::new(180);
            let (mut late, mut open) = (json!(audit.late), json!(audit.open));
            (late["severity"], late["due_on"]) = ("MEDIUM".into(), json!(due));
            late["implemented_on"] = json!(sequence.working_day_from(conducted + Days::new(90)));
            (open["severity"], open["due_on"]) = ("LOW".into(), json!(due));
            let body = json!({
                "title": audit.title,
                "received_on": received,
                "closed_on": sequence.working_day_from(conducted + Days::new(40)),
                "responsible": sequence.text(&STAFF),
                "organisation": audit.organisation,
                "subject": audit.subject,
                "legal_basis": audit.legal_basis,
                "conducted_on": conducted,
                "findings": [late, open],
            });
            DemoRecord { register: "audits", entered_on: received, body }
        })
        .collect()
}

fn events(sequence: &mut Sequence, year: &DemoYear) -> Vec<DemoRecord> {
    let kinds = std::iter::repeat_n("TRAINING", year.trainings).chain(std::iter::repeat_n("LECTURE", year.lectures));
    kinds
        .map(|kind| {
            let held = sequence.day(year.year);
            let body = json!({
                "title": sequence.text(&TEXTS.lectures),
                "held_on": held,
                "closed_on": held,
                "responsible": sequence.text(&STAFF),
                "kind": kind,
                "audience": sequence.text(&TEXTS.audiences),
                "participants": 12 + sequence.below(60),
            });
            DemoRecord { register: "events", entered_on: held, body }
        })
        .collect()
}

fn media_requests(sequence: &mut Sequence, year: &DemoYear) -> Vec<DemoRecord> {
    (0..year.media_requests)
        .map(|_| {
            let received = sequence.day(year.year);
            let (outlet, medium) = sequence.one(&TEXTS.outlets).cloned().unwrap_or_default();
            let topic = sequence.text(&TEXTS.topics);
            let days = sequence.below(3) as u64;
            let body = json!({
                "title": format!("{}{topic}", TEXTS.media_title),
                "received_on": received,
                "closed_on": sequence.working_day_from(received + Days::new(days)),
                "responsible": sequence.text(&STAFF),
                "outlet": outlet,
                "medium": medium,
                "topic": topic,
            });
            DemoRecord { register: "media-requests", entered_on: received, body }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<DemoRecord> {
        super::records(&crate::profile::Profile::embedded().unwrap().authority.calendar)
    }

    #[test]
    fn are_the_same_at_every_call() {
        let bodies = || records().into_iter().map(|record| record.body.to_string()).collect::<Vec<_>>();
        assert_eq!(bodies(), bodies());
    }

    #[test]
    fn give_the_grand_totals_printed() {
        let printed = [(2012, 257), (2013, 301), (2014, 272), (2015, 305), (2016, 290), (2017, 321)];
        let all = records();
        for (year, total) in printed {
            let counted = all.iter().filter(|r| r.entered_on.year() == year && r.register != "media-requests").count();
            assert_eq!(counted, total, "{year}");
        }
    }

    #[test]
    fn projects_have_names_of_their_own() {
        let all = records();
        let names: Vec<&str> =
            all.iter().filter(|r| r.register == "projects").filter_map(|r| r.body["title"].as_str()).collect();
        let different: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!((names.len(), different.len()), (135, 135));
    }

    #[test]
    fn leave_a_few_cases_open() {
        let open = records().iter().filter(|r| r.register == "cases" && r.body["closed_on"].is_null()).count();
        assert!((2..=12).contains(&open), "{open}");
    }
}
