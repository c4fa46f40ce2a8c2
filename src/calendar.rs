//! Working days: Monday to Friday without the days on which an administration rests.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// The years that can be asked for.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// Easter Sunday of a year in the Gregorian calendar (Meeus, Jones and Butcher).
pub fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, (n / 31) as u32, (n % 31 + 1) as u32)
}

/// The days on which an administration works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkCalendar {
    /// Days of rest with a date: month and day.
    pub fixed: Vec<(u32, u32)>,
    /// Days of rest by their distance in days from Easter Sunday.
    pub by_easter: Vec<i64>,
}

impl WorkCalendar {
    /// True if the administration works on a day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || self.fixed.contains(&(day.month(), day.day())) {
            return false;
        }
        let rests =
            |easter: NaiveDate| self.by_easter.iter().any(|distance| easter + TimeDelta::days(*distance) == day);
        !easter(day.year()).is_some_and(rests)
    }
}

/// Working days counted once over a span of years, so that any two days in it can be compared at once.
pub struct WorkingDays {
    first: NaiveDate,
    /// The number of working days from the first day up to and with each day.
    upto: Vec<i64>,
}

impl WorkingDays {
    /// The working days between two days.
    pub fn between(calendar: &WorkCalendar, first: NaiveDate, last: NaiveDate) -> Self {
        let mut sum = 0;
        let days = first.iter_days().take_while(|day| *day <= last);
        let upto = days.map(|day| {
            sum += i64::from(calendar.is_working_day(day));
            sum
        });
        WorkingDays { first, upto: upto.collect() }
    }

    /// The working days after one day up to and with another.
    pub fn after(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let upto = |day: NaiveDate| {
            let place = usize::try_from((day - self.first).num_days()).unwrap_or(0);
            self.upto.get(place.min(self.upto.len().saturating_sub(1))).copied().unwrap_or(0)
        };
        upto(to) - upto(from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// New Year and the day after, the national day, Christmas; Good Friday, Easter Monday, Ascension, Whit Monday.
    fn calendar() -> WorkCalendar {
        WorkCalendar { fixed: vec![(1, 1), (1, 2), (8, 1), (12, 25), (12, 26)], by_easter: vec![-2, 1, 39, 50] }
    }

    #[test]
    fn knows_easter() {
        for (year, right) in [
            (1990, "1990-04-15"),
            (2000, "2000-04-23"),
            (2017, "2017-04-16"),
            (2019, "2019-04-21"),
            (2038, "2038-04-25"),
            (2285, "2285-03-22"),
        ] {
            assert_eq!(easter(year), Some(day(right)));
        }
    }

    #[test]
    fn knows_when_the_administration_rests() {
        for rest in [
            "2017-04-14",
            "2017-04-17",
            "2017-05-25",
            "2017-06-05",
            "2017-08-01",
            "2017-12-25",
            "2017-12-26",
            "2018-01-02",
            "2017-03-11",
        ] {
            assert!(!calendar().is_working_day(day(rest)), "{rest}");
        }
        for work in ["2017-03-13", "2017-04-13", "2017-04-18", "2017-05-26", "2017-12-27"] {
            assert!(calendar().is_working_day(day(work)), "{work}");
        }
        let days = WorkingDays::between(&calendar(), day("2017-01-01"), day("2017-12-31"));
        assert_eq!(days.after(day("2017-04-13"), day("2017-04-18")), 1);
        assert_eq!(days.after(day("2017-04-13"), day("2017-04-13")), 0);
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_recount(from in 0_i64..4000, length in 0_i64..900) {
            let from = day("2009-01-01") + TimeDelta::days(from);
            let to = from + TimeDelta::days(length);
            let days = WorkingDays::between(&calendar(), day("2009-01-01"), day("2023-12-31"));
            let plain = from.iter_days().skip(1).take_while(|day| *day <= to).filter(|day| calendar().is_working_day(*day)).count();
            prop_assert_eq!(days.after(from, to), plain as i64);
        }
    }
}
