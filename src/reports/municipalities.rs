//! The report's table of the inquiries of each municipality.

use std::collections::BTreeMap;

use serde_json::Value;

use super::builder::ReportBuilder;
use super::report::{Block, Grid, Section};
use super::request::ReportRequest;
use super::sentences;
use crate::db::Db;
use crate::error::Result;
use crate::formats::HIDDEN;
use crate::messages::number_format;
use crate::profile::Profile;
use crate::records::projections::cube::NOT_IN_REGISTER;
use crate::registers::Dimension;
use crate::statistics::counts::{self, By, CountQuery, Measure};

/// The most municipalities that are named.
const NAMED: usize = 40;

/// The inquiries of the municipalities: by name, those of the year before and of the year.
pub type Municipalities = BTreeMap<String, [i64; 2]>;

/// Reads them; none where the vocabulary knows no municipalities, or the records must not be told of.
pub fn read(db: &mut Db, profile: &Profile, edition: &ReportRequest) -> Result<Municipalities> {
    let codes = profile.vocabulary.codes("cases", "requester").iter().map(|code| code.code.clone());
    let is_municipality =
        |code: &String| profile.vocabulary.meaning("cases", "requester", code) == Some("MUNICIPALITY");
    let codes: Vec<String> = codes.filter(is_municipality).collect();
    let mut found = Municipalities::new();
    if codes.is_empty() {
        return Ok(found);
    }
    let choice = vec![(Dimension::Register, vec!["cases".to_owned()]), (Dimension::Requester, codes)];
    let years = edition.year - 1..=edition.year;
    let query =
        CountQuery { by: vec![By::Organisation, By::Year], measure: Measure::Received, years: Some(years), choice };
    for (values, count) in counts::count(db, &query)? {
        if let [Value::String(name), year] = values.as_slice() {
            let place = usize::from(year.as_i64() == Some(edition.year.into()));
            found.entry(name.clone()).or_default()[place] += count;
        }
    }
    Ok(found)
}

/// True for each number of a column that must not be shown: the small ones, and as many more, the smallest first, as it takes
/// so that none can be computed from the sum.
fn hidden(numbers: &[i64], least: i64) -> Vec<bool> {
    let mut hidden: Vec<bool> = numbers.iter().map(|number| (1..least).contains(number)).collect();
    let is_safe = |hidden: &[bool]| {
        let taken: Vec<i64> = numbers.iter().zip(hidden).filter(|(_, hidden)| **hidden).map(|(n, _)| *n).collect();
        taken.is_empty() || (taken.len() > 1 && taken.iter().sum::<i64>() >= least)
    };
    while !is_safe(&hidden) {
        let shown = numbers.iter().enumerate().filter(|(index, number)| !hidden[*index] && **number > 0);
        let Some((index, _)) = shown.min_by_key(|(_, number)| **number) else { break };
        hidden[index] = true;
    }
    hidden
}

impl ReportBuilder<'_> {
    /// The inquiries of each municipality in the year and in the one before, most first.
    pub(super) fn municipalities(&self) -> Section {
        let found = &self.figures.municipalities;
        let mut rows: Vec<(&String, [i64; 2])> = found.iter().map(|(name, counts)| (name, *counts)).collect();
        if rows.iter().all(|(_, counts)| counts[1] == 0) {
            return self.section("report-municipalities", Vec::new());
        }
        // Whose numbers are small is told by no place either.
        let least = self.edition.least;
        let rank = |count: i64| if count < least { 0 } else { count };
        rows.sort_by_key(|(name, counts)| {
            (*name == NOT_IN_REGISTER, std::cmp::Reverse(rank(counts[1])), crate::text::sort_key(name))
        });
        let columns: Vec<Vec<i64>> = (0..2).map(|of| rows.iter().map(|(_, counts)| counts[of]).collect()).collect();
        let hides: Vec<Vec<bool>> = columns.iter().map(|numbers| hidden(numbers, least)).collect();
        let year = self.edition.year;
        let names = [(year - 1).to_string(), year.to_string()];
        let mut grid = Grid::of_numbers(self.caption("report-municipalities"), self.text("report-municipality"), names);
        for (index, (name, _)) in rows.iter().enumerate().take(NAMED) {
            let name = if *name == NOT_IN_REGISTER { self.text("report-not-in-register") } else { (*name).clone() };
            let cell = |of: usize| match hides[of][index] {
                true => HIDDEN.to_owned(),
                false => number_format::whole(self.writing, columns[of][index]),
            };
            grid.row(1, name, [cell(0), cell(1)]);
        }
        if rows.len() > NAMED {
            grid.remarks.push(sentences::not_listed(self.lang, (rows.len() - NAMED) as i64));
        }
        if hides.iter().flatten().any(|hidden| *hidden) {
            let threshold = least - 1;
            let note = self.lang.message("statistics-hidden", &[("sign", &HIDDEN), ("threshold", &threshold)]);
            grid.remarks.push(note);
        }
        grid.remarks.push(self.text("report-municipalities-linked"));
        self.section("report-municipalities", vec![Block::Table(grid)])
    }
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn no_small_number_can_be_computed() {
        assert_eq!(hidden(&[9, 7, 3], 5), [false, true, true]);
        assert_eq!(hidden(&[9, 2, 1, 0], 5), [true, true, true, false]);
        assert_eq!(hidden(&[9, 3, 2, 0], 5), [false, true, true, false]);
        assert_eq!(hidden(&[9, 7], 5), [false, false]);
        assert_eq!(hidden(&[2, 1], 0), [false, false]);
    }
}
