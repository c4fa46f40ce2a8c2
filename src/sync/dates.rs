//! Dates as people and systems write them.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use crate::records::query::search::words;
use crate::registers::validation::any_date;

/// A civil date: `2017-12-31`, `31.12.2017`, `31.12.17`, `31/12/2017`, `31. Dezember 2017`, or an instant, whose date is the one in
/// Europe/Zurich. The day stands before the month, as it does in Switzerland.
pub fn date(text: &str) -> Option<NaiveDate> {
    let swiss = |format: &&str| NaiveDateTime::parse_from_str(text, format).ok();
    let at = || ["%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"].iter().find_map(swiss).map(|at| at.date());
    let day = any_date(text).or_else(at).or_else(|| in_figures(text)).or_else(|| in_words(text));
    day.filter(|date| date.year() >= 1000)
}

/// A day, a month and a year with points or strokes between them.
fn in_figures(text: &str) -> Option<NaiveDate> {
    let separator = ['.', '/'].into_iter().find(|separator| text.contains(*separator))?;
    let mut parts = text.split(separator).map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || [day, month].iter().any(|part| part.len() > 2) {
        return None;
    }
    NaiveDate::from_ymd_opt(year_of(year)?, number(month)?, number(day)?)
}

/// A day, the name of a month in one of the languages, and a year.
fn in_words(text: &str) -> Option<NaiveDate> {
    let mut words = words(&text.replace(['’', '\''], " "));
    words.retain(|word| !["da", "d"].contains(&word.as_str()));
    let [day, month, year] = words.as_slice() else { return None };
    let day = day.strip_suffix("er").unwrap_or(day);
    NaiveDate::from_ymd_opt(year_of(year)?, month_of(month)?, number(day)?)
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A year of four digits, or of two: those up to 69 are of this century, as in POSIX.
fn year_of(text: &str) -> Option<i32> {
    let year = i32::try_from(number(text)?).ok()?;
    match (text.len(), year) {
        (4, year) => Some(year),
        (2, 0..=68) => Some(2000 + year),
        (2, year) => Some(1900 + year),
        _ => None,
    }
}

/// The beginnings of the names of the months, without accents, in German, French, Italian, Romansh and English. None of them is
/// the beginning of another month's.
const MONTHS: [&[&str]; 12] = [
    &["jan", "gen", "schan"],
    &["feb", "fev", "favr"],
    &["mar", "mrz"],
    &["apr", "avr", "avrigl"],
    &["mai", "mag", "matg", "may"],
    &["jun", "juin", "giu", "zercl"],
    &["jul", "juil", "lug", "fan"],
    &["aug", "aou", "ago", "avust"],
    &["sep", "set"],
    &["okt", "oct", "ott"],
    &["nov"],
    &["dez", "dec", "dic"],
];

/// The number of a month by its name, short or long: of all beginnings that fit the longest one says which it is.
fn month_of(name: &str) -> Option<u32> {
    let fitting =
        (1..).zip(MONTHS).flat_map(|(month, names)| names.iter().map(move |start| (start.len(), month, *start)));
    fitting.filter(|(.., start)| name.starts_with(start)).max().map(|(_, month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let right = NaiveDate::from_ymd_opt(2017, 3, 14);
        for text in [
            "2017-03-14",
            "14.3.2017",
            "14.03.17",
            "14/03/2017",
            "14. 3. 2017",
            "14. März 2017",
            "14.März 2017",
            "14 mars 2017",
            "14 marzo 2017",
            "14 mars 17",
            "14. Mrz. 2017",
            "14 March 2017",
            "14.03.2017 10:30",
            "2017-03-14T00:00:00",
        ] {
            assert_eq!(date(text), right, "{text}");
        }
        assert_eq!(date("1er août 2016"), NaiveDate::from_ymd_opt(2016, 8, 1));
        assert_eq!(date("1. Juni 99"), NaiveDate::from_ymd_opt(1999, 6, 1));
        assert_eq!(date("3 juillet 2016"), NaiveDate::from_ymd_opt(2016, 7, 3));
        for text in
            ["31.2.2017", "03/14/2017", "14.2017", "14. Brumaire 2017", "14.3.201", "2017", "", "1.2.3.2017", "17-1-1"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn months_have_the_names_that_the_languages_give_them() {
        for lang in crate::messages::Lang::ALL {
            for month in 1..=12 {
                let day = NaiveDate::from_ymd_opt(2017, month, 14).unwrap();
                assert_eq!(date(&lang.day(day)), Some(day), "{}", lang.day(day));
            }
        }
    }
}
