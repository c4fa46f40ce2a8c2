//! Rules by which a line is the same matter as before: a number that is unique for good, and not both another title and
//! another day.

use chrono::{Datelike, NaiveDate};

use crate::records::projections::history_row::PropertyChange;
use crate::registers::Register;

/// True if a business number tells its year: 2017 in it, or 17 beside another number where that is about the year
/// received.
pub fn has_year(number: &str, received: NaiveDate) -> bool {
    let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).collect();
    let is_year = |digits: &str| matches!(digits.parse(), Ok(1900..=2199));
    let is_near = |digits: &str| {
        let year = digits.parse::<i32>().unwrap_or(-1);
        digits.len() == 2 && (-1..=1).any(|step| (received.year() + step).rem_euclid(100) == year)
    };
    let has_long = groups.iter().any(|digits| match digits.len() {
        4 => is_year(digits),
        6.. => is_year(&digits[..4]),
        _ => false,
    });
    has_long || (groups.len() > 1 && groups.iter().any(|digits| is_near(digits)))
}

/// The title and the day received that a change replaces, if it is none of the same matter: both are others then.
pub fn replaced<'c>(register: &Register, changes: &'c [PropertyChange]) -> Option<(&'c str, &'c str)> {
    let before = |property: &'static str| {
        let name = register.property_name(property)?;
        changes.iter().find(|change| change.property == name).map(|change| change.old.as_str().unwrap_or_default())
    };
    before("title").zip(before("received_on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_its_year_or_does_not() {
        let day = NaiveDate::from_ymd_opt(2017, 5, 2).unwrap();
        for number in ["2017-0123", "GV/2016/7", "20170001", "17.123", "12/17", "18-1"] {
            assert!(has_year(number, day), "{number}");
        }
        for number in ["1", "0017", "17", "Nr. 5", "4711", "2500", "12/3", "GV-44-12", "201"] {
            assert!(!has_year(number, day), "{number}");
        }
    }
}
