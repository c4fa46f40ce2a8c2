//! The years of a table: calendar years, or business years that begin with another month and are named by the year in which
//! they begin.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::provisional::Progress;
use crate::registers::validation::EARLIEST;

/// The month in which the years of a table begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    month: u32,
}

impl Default for Period {
    /// Calendar years.
    fn default() -> Self {
        Period { month: 1 }
    }
}

impl Period {
    /// Years that begin with the first day of a month, written as `04-01`; `None` if it is none.
    pub fn parse(starts: &str) -> Option<Period> {
        let month = starts.strip_suffix("-01").filter(|month| month.len() == 2)?.parse().ok()?;
        (1..=12).contains(&month).then_some(Period { month })
    }

    /// The first day of its years, written as `04-01`.
    pub fn starts(self) -> String {
        format!("{:02}-01", self.month)
    }

    /// True if these are calendar years.
    pub fn is_calendar(self) -> bool {
        self.month == 1
    }

    /// The first day of a year.
    pub fn first(self, year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, self.month, 1).unwrap_or(EARLIEST)
    }

    /// The last day of a year.
    pub fn last(self, year: i32) -> NaiveDate {
        self.first(year.saturating_add(1)).pred_opt().unwrap_or(EARLIEST)
    }

    /// The year of a day.
    pub fn year_of(self, day: NaiveDate) -> i32 {
        day.checked_sub_months(Months::new(self.month - 1)).unwrap_or(day).year()
    }

    /// The year of a month such as 201703.
    pub fn year_of_month(self, month: i32) -> i32 {
        let before = if month % 100 < self.month as i32 { 1 } else { 0 };
        month / 100 - before
    }

    /// The state of a year on a day.
    pub fn progress(self, year: i32, today: NaiveDate) -> Progress {
        match year.cmp(&self.year_of(today)) {
            std::cmp::Ordering::Less => Progress::Over,
            std::cmp::Ordering::Equal => Progress::Running,
            std::cmp::Ordering::Greater => Progress::Ahead,
        }
    }

    /// The day whose state the live figures of a year are, where the year is running.
    pub fn as_of(self, year: i32, today: NaiveDate) -> Option<NaiveDate> {
        (self.progress(year, today) == Progress::Running).then_some(today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_year_is_named_by_the_year_in_which_it_begins() {
        let april = Period::parse("04-01").unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!((april.first(2024), april.last(2024)), (day("2024-04-01"), day("2025-03-31")));
        assert_eq!(["2025-03-31", "2025-04-01"].map(|text| april.year_of(day(text))), [2024, 2025]);
        assert_eq!([202503, 202504, 202512].map(|month| april.year_of_month(month)), [2024, 2025, 2025]);
        assert_eq!(april.progress(2024, day("2025-03-31")), Progress::Running);
        assert_eq!(Period::default().year_of_month(202501), 2025);
        assert!(["04-02", "13-01", "4-01", "april", "00-01"].iter().all(|text| Period::parse(text).is_none()));
    }
}
