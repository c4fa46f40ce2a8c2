//! The periods that records are counted in: a year (2017) or a month (201703).

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use crate::registers::Dimension;

/// The length of the periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// By year; without status and responsible.
    Years,
    /// By month, with all dimensions.
    Months,
}

impl Resolution {
    /// The coarsest resolution that knows these dimensions.
    pub fn for_dimensions(mut dimensions: impl Iterator<Item = Dimension>) -> Self {
        if dimensions.any(|d| !is_lasting(d)) { Resolution::Months } else { Resolution::Years }
    }

    pub(super) fn period(self, date: NaiveDate) -> i32 {
        match self {
            Resolution::Years => date.year(),
            Resolution::Months => date.year() * 100 + date.month() as i32,
        }
    }

    pub(super) fn periods(self, years: &RangeInclusive<i32>) -> (i32, i32) {
        match self {
            Resolution::Years => (*years.start(), *years.end()),
            Resolution::Months => (years.start() * 100 + 1, years.end() * 100 + 12),
        }
    }
}

/// False for what changes while a record is worked on, which neither the years of the cube nor the cells of what is the
/// authority's own tell apart.
pub(super) fn is_lasting(dimension: Dimension) -> bool {
    !matches!(dimension, Dimension::Status | Dimension::Responsible)
}
