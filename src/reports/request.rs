//! A request for a report.

use chrono::NaiveDate;

use crate::messages::Lang;

/// A request for a report: its year and language, and what its reader may be told.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    /// The year.
    pub year: i32,
    /// The language.
    pub lang: Lang,
    /// The day on which it is drawn up.
    pub today: NaiveDate,
    /// The registers whose records may be named; of all others there are figures only.
    pub named: Vec<&'static str>,
    /// From how many matters on it is told how long they took.
    pub least: i64,
}
