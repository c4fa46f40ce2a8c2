//! Terms: within how many working days the authority has to act on a case. They are data, in `time_limits.toml`.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::calendar::is_working_day;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeLimits {
    terms: Vec<TimeLimit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeLimit {
    kind: String,
    working_days: usize,
    #[allow(dead_code)]
    basis: String,
}

static TERMS: LazyLock<TimeLimits> =
    LazyLock::new(|| toml::from_str(include_str!("time_limits.toml")).unwrap_or_default());

/// Returns the day on which a case of that kind, received on a day, is due; `None` where there is no term.
pub fn due(kind: &str, received: NaiveDate) -> Option<NaiveDate> {
    let term = TERMS.terms.iter().find(|term| term.kind == kind)?;
    let mut days = received.iter_days().skip(1).filter(|day| is_working_day(*day));
    days.nth(term.working_days.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_the_working_days_of_the_canton() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        // Good Friday and Easter Monday lie between.
        assert_eq!(due("BREACH_NOTIFICATION", day("2017-04-13")), Some(day("2017-04-20")));
        assert_eq!(due("PRIOR_CHECK", day("2017-01-31")), Some(day("2017-03-14")));
        assert_eq!(due("INQUIRY", day("2017-01-31")), None);
    }
}
