//! Counters against the numbers that were given.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::counters;
use crate::error::Result;
use crate::records::numbering::{in_series, series_of};
use crate::text;

/// The running numbers that records have had, by series, as far as the counters have come.
#[derive(Default)]
pub struct Numbers {
    series: BTreeMap<String, (i64, BTreeSet<i64>)>,
    strange: Vec<String>,
}

impl Numbers {
    /// Reads the values of the counters.
    pub fn read(db: &mut Db) -> Result<Numbers> {
        let mut numbers = Numbers::default();
        for (name, value) in counters::table.order(counters::name).load::<(String, i64)>(db)? {
            match series_of(&name) {
                Some(series) => _ = numbers.series.insert(text::key(series), (value, BTreeSet::new())),
                None if name == "changes" => {}
                None => numbers.strange.push(name),
            }
        }
        Ok(numbers)
    }

    /// A number that a record has had.
    pub fn add(&mut self, number: &str) {
        // As numbers are compared: one in another spelling is passed over too.
        let number = text::key(number);
        let Some((series, digits)) = number.rsplit_once('-') else { return };
        let (Some((last, used)), Ok(value)) = (self.series.get_mut(series), digits.parse()) else { return };
        if (1..=*last).contains(&value) && in_series(series, value) == number {
            used.insert(value);
        }
    }
}

/// Counters that no numbers led to: all up to the one that a counter stands at must have been used.
pub fn differences(numbers: &Numbers) -> Vec<String> {
    let mut out: Vec<String> =
        numbers.strange.iter().map(|name| format!("counters: {name} is not what is counted there")).collect();
    for (series, (last, used)) in &numbers.series {
        if used.len() as i64 != *last {
            out.push(format!("counters: {series} stands at {last}, but {} of these numbers were given", used.len()));
        }
    }
    out
}
