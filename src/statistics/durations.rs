//! The time that matters take: days from received to closed of what was closed in a year, and the age of what is
//! pending.

use crate::db::Db;
use crate::decimal::round_half_even;
use crate::error::{Error, Result};
use crate::formats::Cell;
use crate::records::projections::cube;
use crate::statistics::provisional::Progress;
pub use crate::statistics::record_sums::DurationQuery;
use crate::statistics::record_sums::{Measured, lengths};
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// The ages that what is pending is sorted into, in days; the last class is above all of them.
const CLASSES: [i64; 4] = [30, 90, 180, 365];
pub(crate) const CLASS_NAMES: [&str; 5] = ["to_30", "to_90", "to_180", "to_365", "above_365"];

/// Days and how many records took them, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    days: BTreeMap<i64, i64>,
    /// True if only the number of records is told.
    suppressed: bool,
}

impl Distribution {
    fn add(&mut self, days: i64, number: i64) {
        *self.days.entry(days).or_default() += number;
    }

    /// Adds another spread.
    fn merge(&mut self, other: &Distribution) {
        other.days.iter().for_each(|(days, number)| self.add(*days, *number));
    }

    /// Returns the number of records.
    pub fn count(&self) -> i64 {
        self.days.values().sum()
    }

    /// True if it is not told how long the records took.
    pub fn is_suppressed(&self) -> bool {
        self.suppressed
    }

    /// The days, where they are told.
    fn told(&self) -> Option<&BTreeMap<i64, i64>> {
        Some(&self.days).filter(|_| !self.suppressed)
    }

    /// The value at a rank, from 1.
    fn at(&self, rank: i64) -> Option<i64> {
        let mut passed = 0;
        self.told()?
            .iter()
            .find(|(_, number)| {
                passed += **number;
                passed >= rank
            })
            .map(|(days, _)| *days)
    }

    /// The mean, to one decimal, rounded half to even as every figure.
    pub fn mean(&self) -> Option<f64> {
        let sum: i64 = self.told()?.iter().map(|(days, number)| days * number).sum();
        (self.count() > 0).then(|| round_half_even(10 * i128::from(sum), self.count().into()) as f64 / 10.0)
    }

    /// The middle value, or the mean of the two in the middle.
    pub fn median(&self) -> Option<f64> {
        let count = self.count();
        Some((self.at((count + 1) / 2)? + self.at(count / 2 + 1)?) as f64 / 2.0)
    }

    /// The nearest-rank percentile.
    pub fn percentile(&self, percent: i64) -> Option<i64> {
        let count = self.count();
        if count == 0 { None } else { self.at(((percent * count + 99) / 100).max(1)) }
    }

    /// The most.
    pub fn max(&self) -> Option<i64> {
        self.told()?.keys().next_back().copied()
    }

    /// Returns the number of records in each class of ages; `None` where it is not told.
    pub fn classes(&self) -> Option<[i64; 5]> {
        let mut out = [0; 5];
        for (days, number) in self.told()? {
            let class = CLASSES.iter().position(|most| days <= most).unwrap_or(CLASSES.len());
            out[class] += number;
        }
        Some(out)
    }
}

/// The days of the closed and of the pending records of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DurationGroup {
    /// Days of what was closed.
    pub closed: Distribution,
    /// Age of what is pending.
    pub pending: Distribution,
}

impl DurationGroup {
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let told = |spread: &Distribution, cell: Cell| if spread.suppressed { Cell::Hidden } else { cell };
        let (closed, pending) = (&self.closed, &self.pending);
        let mut out = vec![Cell::Number(closed.count())];
        let days = [closed.mean().into(), closed.median().into(), closed.percentile(90).into(), closed.max().into()];
        out.extend(days.map(|cell| told(closed, cell)));
        out.push(Cell::Number(pending.count()));
        out.extend([pending.mean().into(), pending.max().into()].map(|cell| told(pending, cell)));
        out.extend(pending.classes().unwrap_or_default().map(|number| told(pending, Cell::Number(number))));
        out
    }
}

/// Leaves out how long matters took where they are fewer than `least`, and where they are in as many other groups, the
/// smallest first, as it takes that those left out are as many together: else the total would tell them.
fn suppress(groups: &mut BTreeMap<String, DurationGroup>, total: &mut DurationGroup, least: i64) {
    let parts: [fn(&mut DurationGroup) -> &mut Distribution; 2] =
        [|group| &mut group.closed, |group| &mut group.pending];
    for part in parts {
        let mut spreads: Vec<&mut Distribution> =
            groups.values_mut().map(part).filter(|spread| spread.count() > 0).collect();
        spreads.sort_by_key(|spread| spread.count());
        let mut left_out = 0;
        for spread in spreads {
            if spread.count() >= least && (left_out == 0 || left_out >= least) {
                break;
            }
            spread.suppressed = true;
            left_out += spread.count();
        }
        let total = part(total);
        total.suppressed = (1..least).contains(&total.count());
    }
}

/// The durations of a year: by value, and all together. Without a breakdown there is one group.
pub type Groups = (BTreeMap<String, DurationGroup>, DurationGroup);

/// The durations of a year; none where it has not begun, or lies before the first record.
pub fn of_year(db: &mut Db, question: &DurationQuery, today: NaiveDate) -> Result<Option<Groups>> {
    let is_known = cube::first_year(db)?.is_some_and(|first| first <= question.year);
    if !is_known || Progress::of(question.year, today) == Progress::Ahead {
        return Ok(None);
    }
    groups(db, question).map(Some)
}

/// The durations of what was found, whatever the year.
pub fn groups(db: &mut Db, question: &DurationQuery) -> Result<Groups> {
    let mut out: BTreeMap<String, DurationGroup> = BTreeMap::new();
    let (closed, pending) = db.transaction(|db| {
        let closed = lengths(db, question, Measured::Closed)?;
        let still_open = lengths(db, question, Measured::StillOpen)?;
        Ok::<_, Error>((closed, [still_open, lengths(db, question, Measured::ClosedLater)?]))
    })?;
    for (value, days, number) in closed {
        out.entry(value).or_default().closed.add(days, number);
    }
    for (value, days, number) in pending.into_iter().flatten() {
        out.entry(value).or_default().pending.add(days, number);
    }
    let mut total = DurationGroup::default();
    for group in out.values() {
        total.closed.merge(&group.closed);
        total.pending.merge(&group.pending);
    }
    suppress(&mut out, &mut total, question.least);
    Ok((out, total))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Distribution, DurationGroup, suppress};

    #[test]
    fn a_mean_is_rounded_as_every_figure() {
        let mut days = Distribution::default();
        days.add(2, 3);
        days.add(3, 1);
        assert_eq!(days.mean(), Some(2.2), "9 days of 4 are 2.25");
    }

    proptest! {
        #[test]
        fn what_is_left_out_cannot_be_computed_from_the_total(numbers in prop::collection::vec(0_i64..20, 0..8), least in 0_i64..10) {
            let mut groups = std::collections::BTreeMap::new();
            let mut total = DurationGroup::default();
            for (index, number) in numbers.iter().enumerate() {
                let mut group = DurationGroup::default();
                if *number > 0 {
                    group.closed.add(index as i64, *number);
                }
                total.closed.merge(&group.closed);
                groups.insert(index.to_string(), group);
            }
            suppress(&mut groups, &mut total, least);
            let left_out: Vec<i64> = groups.values().filter(|group| group.closed.suppressed).map(|group| group.closed.count()).collect();
            prop_assert!(groups.values().all(|group| group.closed.suppressed || !(1..least).contains(&group.closed.count())));
            let (sum, all): (i64, i64) = (left_out.iter().sum(), total.closed.count());
            prop_assert!(sum == 0 || sum >= least || (sum == all && total.closed.suppressed), "{numbers:?} {least}");
        }

        #[test]
        fn a_spread_is_what_a_sorted_list_says(mut days in prop::collection::vec(0_i64..500, 1..200)) {
            let mut spread = Distribution::default();
            days.iter().for_each(|days| spread.add(*days, 1));
            days.sort_unstable();
            let n = days.len();
            prop_assert_eq!(spread.count(), n as i64);
            prop_assert_eq!(spread.median(), Some((days[(n - 1) / 2] + days[n / 2]) as f64 / 2.0));
            prop_assert_eq!(spread.percentile(90), Some(days[(90 * n).div_ceil(100) - 1]));
            prop_assert_eq!(spread.max(), days.last().copied());
            let mean = days.iter().sum::<i64>() as f64 / n as f64;
            prop_assert!((spread.mean().unwrap() - mean).abs() <= 0.0501);
            prop_assert_eq!(spread.classes().unwrap().iter().sum::<i64>(), n as i64);
        }
    }
}
