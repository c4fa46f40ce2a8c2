//! Projects, audits and events of each year: how many, what became of the findings, how many people were trained.

use super::backlog;
use super::provisional::{self, Progress, is_false};
use super::record_sums::{self, EventSums};
use crate::db::Db;
use crate::decimal::round_half_even;
use crate::error::{Error, Result};
use crate::formats::{Cell, Sheet, Unit};
use crate::messages::Lang;
use crate::records::projections::cube::{self, Resolution};
use crate::registers::{Dimension, Vocabulary};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use utoipa::ToSchema;

pub(crate) const COLUMNS: [&str; 13] = [
    "year",
    "projects",
    "projects_pending",
    "audits",
    "findings",
    "findings_implemented",
    "implemented_share",
    "trainings",
    "training_participants",
    "lectures",
    "lecture_participants",
    "participants_known",
    "status",
];

/// Projects, audits and events of a year.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Activity {
    /// The year.
    #[schema(example = 2017)]
    pub year: i32,
    /// Projects received in the year.
    #[schema(minimum = 0)]
    pub projects: i64,
    /// Projects pending at its end, or today where it is not over.
    #[schema(minimum = 0)]
    pub projects_pending: i64,
    /// Audits received in the year.
    #[schema(minimum = 0)]
    pub audits: i64,
    /// The findings of these audits.
    #[schema(minimum = 0)]
    pub findings: i64,
    /// The number of these findings that are implemented by now.
    #[schema(minimum = 0)]
    pub findings_implemented: i64,
    /// The same in percent, to two decimals; absent without findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub implemented_share: Option<f64>,
    /// Trainings led.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required, minimum = 0)]
    pub trainings: Option<i64>,
    /// The number of people who took part in them, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required, minimum = 0)]
    pub training_participants: Option<i64>,
    /// Lectures given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required, minimum = 0)]
    pub lectures: Option<i64>,
    /// The number of people who heard them, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required, minimum = 0)]
    pub lecture_participants: Option<i64>,
    /// Of how many of these events it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required, minimum = 0)]
    pub participants_known: Option<i64>,
    /// True if the year is not over; absent if it is.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub provisional: bool,
    /// The day whose state the figures are; only where the year is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
}

/// The number of records that a register received in a year.
fn received(counts: &[cube::Count], year: i32, register: &str) -> i64 {
    let of_year = counts.iter().filter(|sum| sum.period == year && sum.value(Dimension::Register) == Some(register));
    of_year.map(|sum| sum.counts.received).sum()
}

/// The properties of an [`Activity`] that an authority has none of, because no kind of its events stands for what they count.
pub fn untold(vocabulary: &Vocabulary) -> Vec<&'static str> {
    let told = |meaning: &str| vocabulary.codes("events", "kind").iter().any(|code| code.is == Some(meaning));
    let mut untold = Vec::new();
    if !told("TRAINING") {
        untold.extend(["trainings", "training_participants"]);
    }
    if !told("LECTURE") {
        untold.extend(["lectures", "lecture_participants"]);
    }
    if untold.len() == 4 {
        untold.push("participants_known");
    }
    untold
}

/// The events whose kind stands for one of the software's own; none where no kind does.
fn of_meaning(vocabulary: &Vocabulary, events: &BTreeMap<String, EventSums>, meaning: &str) -> Option<EventSums> {
    let kinds = vocabulary.codes("events", "kind").iter().filter(|code| code.is == Some(meaning));
    let kinds: Vec<&str> = kinds.map(|code| code.code.as_str()).collect();
    let of_kinds = || kinds.iter().filter_map(|kind| events.get(*kind)).copied().sum();
    (!kinds.is_empty()).then(of_kinds)
}

/// The activities of some years.
#[derive(Debug, Default)]
pub struct ActivityYears {
    /// The years, without those that have not begun and those before the first record.
    pub years: Vec<Activity>,
    /// The events of each year by their kind.
    pub events: BTreeMap<i32, BTreeMap<String, EventSums>>,
}

/// The activities of the years.
pub fn of_years(
    db: &mut Db,
    vocabulary: &Vocabulary,
    years: &RangeInclusive<i32>,
    today: NaiveDate,
) -> Result<ActivityYears> {
    let (first, counts, pending, findings, events) = db.transaction(|db| {
        let projects = [(Dimension::Register, vec!["projects".to_owned()])];
        Ok::<_, Error>((
            cube::first_year(db)?,
            cube::count(db, years, Resolution::Years, &[Dimension::Register], &[])?,
            backlog::pending(db, years, false, &projects, today)?,
            record_sums::findings(db, years)?,
            record_sums::events(db, years)?,
        ))
    })?;
    let none = BTreeMap::new();
    let of_year = |year: i32| {
        let [findings, findings_implemented, _] = findings.get(&year).copied().unwrap_or_default();
        let events = events.get(&year).unwrap_or(&none);
        let [trainings, lectures] = ["TRAINING", "LECTURE"].map(|kind| of_meaning(vocabulary, events, kind));
        let share = || round_half_even(10_000 * i128::from(findings_implemented), findings.into()) as f64 / 100.0;
        Activity {
            year,
            projects: received(&counts, year, "projects"),
            projects_pending: pending.iter().filter(|row| row.period == year).map(|row| row.closing()).sum(),
            audits: received(&counts, year, "audits"),
            findings,
            findings_implemented,
            implemented_share: (findings > 0).then(share),
            trainings: trainings.map(|sums| sums.events),
            lectures: lectures.map(|sums| sums.events),
            training_participants: trainings.map(|sums| sums.participants),
            lecture_participants: lectures.map(|sums| sums.participants),
            participants_known: trainings.into_iter().chain(lectures).map(|sums| sums.known).reduce(|a, b| a + b),
            provisional: Progress::of(year, today) != Progress::Over,
            as_of: provisional::as_of(year, today),
        }
    };
    let is_told = |year: &i32| {
        let has_begun = first.is_some_and(|first| first <= *year);
        has_begun && Progress::of(*year, today) != Progress::Ahead
    };
    Ok(ActivityYears { years: years.clone().filter(is_told).map(of_year).collect(), events })
}

pub(crate) fn sheet(rows: &[Activity], lang: Lang) -> Sheet {
    let row = |row: &Activity| -> Vec<Cell> {
        let before =
            [row.year.into(), row.projects, row.projects_pending, row.audits, row.findings, row.findings_implemented];
        let after =
            [row.trainings, row.training_participants, row.lectures, row.lecture_participants, row.participants_known];
        let (share, status) = ([Cell::percent(row.implemented_share)], [provisional::status(row.provisional)]);
        before.map(Cell::Number).into_iter().chain(share).chain(after.map(Cell::from)).chain(status).collect()
    };
    Sheet {
        name: "activities".into(),
        header: COLUMNS.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: rows.iter().filter_map(|row| Some(provisional::note(lang, row.year, row.as_of?))).collect(),
        keys: 1,
        attributes: 1,
        units: [("implemented_share".to_owned(), Unit::percent())].into(),
        ..Sheet::default()
    }
}
