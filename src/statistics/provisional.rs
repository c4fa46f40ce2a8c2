//! Figures that are not final: of a year that is not over, or published before it was.
//!
//! A year that has not begun has no figures, which is not 0. One that is running has figures as of a day, and whatever
//! shows them says so.

use chrono::{Datelike, NaiveDate};

use super::status::FigureStatus;
use crate::formats::{Cell, Note, NoteKind};
use crate::messages::Lang;

/// The state of a year on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its figures are those of a whole year.
    Over,
    /// It is the year of that day.
    Running,
    /// It has not begun.
    Ahead,
}

impl Progress {
    /// Returns the state of the year today.
    pub fn of(year: i32, today: NaiveDate) -> Progress {
        match year.cmp(&today.year()) {
            std::cmp::Ordering::Less => Progress::Over,
            std::cmp::Ordering::Equal => Progress::Running,
            std::cmp::Ordering::Greater => Progress::Ahead,
        }
    }
}

/// The day whose state the live figures of a year are, where the year is running.
pub fn as_of(year: i32, today: NaiveDate) -> Option<NaiveDate> {
    (Progress::of(year, today) == Progress::Running).then_some(today)
}

/// True for a flag that is not set and so is absent from an answer.
pub fn is_false(value: &bool) -> bool {
    !value
}

/// The words for figures as of a day.
pub fn stated(lang: Lang, as_of: NaiveDate) -> String {
    lang.message("statistics-as-of", &[("day", &as_of)])
}

/// Returns the note about a year with figures as of a day.
pub fn note(lang: Lang, year: i32, as_of: NaiveDate) -> Note {
    Note::on_year(NoteKind::Provisional, year, stated(lang, as_of))
}

/// The state of figures that are counted from the records, as a cell: of a year that is not over, or of one that is.
pub fn status(provisional: bool) -> Cell {
    let status = if provisional { FigureStatus::Provisional } else { FigureStatus::Live };
    status.name().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_out() {
        let first: NaiveDate = "2018-05-01".parse().unwrap();
        let days = [Lang::De, Lang::Fr, Lang::It, Lang::En].map(|lang| lang.day(first));
        assert_eq!(days, ["1.\u{a0}Mai 2018", "1er\u{a0}mai 2018", "1°\u{a0}maggio 2018", "1\u{a0}May 2018"]);
        assert_eq!(stated(Lang::De, first), "Stand 1.\u{a0}Mai 2018 (provisorisch)");
    }

    #[test]
    fn a_year_is_over_on_the_first_day_of_the_next() {
        let on = |day: &str| Progress::of(2026, day.parse().unwrap());
        assert_eq!(
            ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"].map(on),
            [Progress::Ahead, Progress::Running, Progress::Running, Progress::Over]
        );
    }
}
