//! Days and instants as they are kept, for the rows that lists are made of.
//!
//! SQLite keeps them as text, which Diesel reads by a format: a tenth of the time that a page of a list takes. Here the
//! one form that this program writes is read place by place, and every other one by Diesel.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::Pg;
use diesel::sql_types::{Date, Nullable, SqlType, Timestamp};
use diesel::sqlite::Sqlite;

use super::connection::{Backend, MultiRawValue};

/// A value of a column, for `deserialize_as`.
#[derive(Debug, FromSqlRow)]
pub struct StoredTime<T>(T);

impl From<StoredTime<NaiveDate>> for NaiveDate {
    fn from(stored: StoredTime<NaiveDate>) -> Self {
        stored.0
    }
}

impl From<StoredTime<Option<NaiveDate>>> for Option<NaiveDate> {
    fn from(stored: StoredTime<Option<NaiveDate>>) -> Self {
        stored.0
    }
}

impl From<StoredTime<NaiveDateTime>> for NaiveDateTime {
    fn from(stored: StoredTime<NaiveDateTime>) -> Self {
        stored.0
    }
}

impl FromSql<Date, Backend> for StoredTime<NaiveDate> {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        read::<NaiveDate, Date>(value, day).map(StoredTime)
    }
}

impl FromSql<Nullable<Date>, Backend> for StoredTime<Option<NaiveDate>> {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        Self::from_nullable_sql(Some(value))
    }

    fn from_nullable_sql(value: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
        value.map(|value| read::<NaiveDate, Date>(value, day)).transpose().map(StoredTime)
    }
}

impl FromSql<Timestamp, Backend> for StoredTime<NaiveDateTime> {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        read::<NaiveDateTime, Timestamp>(value, instant).map(StoredTime)
    }
}

fn read<T, ST: SqlType>(value: MultiRawValue<'_>, text: impl Fn(&[u8]) -> Option<T>) -> deserialize::Result<T>
where
    T: FromSql<ST, Sqlite> + FromSql<ST, Pg>,
{
    match value {
        MultiRawValue::Sqlite(mut value) => match text(value.read_text().as_bytes()) {
            Some(read) => Ok(read),
            None => FromSql::<ST, Sqlite>::from_sql(value),
        },
        MultiRawValue::Postgres(value) => FromSql::<ST, Pg>::from_sql(value),
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

/// `2017-03-14`.
fn day(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = number(&[y1, y2, y3, y4])?.try_into().ok()?;
    NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
}

/// `2017-03-14 15:09:26`, with up to nine digits of a second.
fn instant(text: &[u8]) -> Option<NaiveDateTime> {
    let (date, time) = text.split_at_checked(10)?;
    let [b' ', h1, h2, b':', m1, m2, b':', s1, s2, ref fraction @ ..] = *time else { return None };
    let nanoseconds = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        _ => return None,
    };
    day(date)?.and_hms_nano_opt(number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?, nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in
            ["2017-03-14 15:09:26.535897", "2017-03-14 15:09:26", "2000-02-29 00:00:00.5", "0001-01-01 23:59:59.000001"]
        {
            let expected = NaiveDateTime::parse_from_str(text, "%F %T%.f").unwrap();
            assert_eq!(instant(text.as_bytes()), Some(expected), "{text}");
            assert_eq!(day(&text.as_bytes()[..10]), Some(expected.date()), "{text}");
        }
    }

    #[test]
    fn every_other_form_is_left_to_diesel() {
        for text in [
            "",
            "2017-03-14T15:09:26",
            "2017-03-14 15:09",
            "2017-02-29 15:09:26",
            "2017-03-14 15:09:26.",
            "2017-03-14 24:09:26",
            "+2017-03-14 15:09:26",
        ] {
            assert_eq!(instant(text.as_bytes()), None, "{text}");
        }
        for text in ["", "2017-3-14", "2017-02-29", "12017-03-14", "2017-03-1a", "2017/03/14"] {
            assert_eq!(day(text.as_bytes()), None, "{text}");
        }
    }
}
