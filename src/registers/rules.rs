//! The rules that a body is checked by: the authority's vocabulary, its time limits, and the day.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::{Register, Vocabulary};
use crate::calendar::WorkCalendar;

/// A time within which the authority has to act on a record.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeLimit {
    /// The register.
    pub register: &'static str,
    /// The kind of record.
    pub kind: String,
    /// The number of days after the day received.
    pub days: usize,
    /// True if only working days count.
    pub working: bool,
}

/// The rules that bodies are checked by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The values that records may have.
    pub vocabulary: Arc<Vocabulary>,
    /// The days on which the authority works.
    pub calendar: Arc<WorkCalendar>,
    /// The times within which it acts.
    pub time_limits: Arc<[TimeLimit]>,
    /// The day on which a body is checked.
    pub today: NaiveDate,
}

impl Rules {
    /// The day on which a record is due that says none; `None` where there is no time limit for its kind.
    pub fn statutory_due_date(
        &self,
        register: &Register,
        own: &Map<String, Value>,
        received: NaiveDate,
    ) -> Option<NaiveDate> {
        let kind = own.get("kind")?.as_str()?;
        let limit = self.time_limits.iter().find(|limit| limit.register == register.name && limit.kind == kind)?;
        let mut days = received.iter_days().skip(1).filter(|day| !limit.working || self.calendar.is_working_day(*day));
        days.nth(limit.days.checked_sub(1)?)
    }
}
