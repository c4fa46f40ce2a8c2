//! The inquiries of each municipality in the report: as a table, and as a map where the profile has the shapes.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::Value;

use super::builder::ReportBuilder;
use super::report::{Block, Grid, Section};
use super::request::ReportRequest;
use super::sentences;
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;
use crate::formats::HIDDEN;
use crate::formats::chart::{AreaMap, MapArea, Shape, Width};
use crate::profile::Profile;
use crate::records::projections::cube::NOT_IN_REGISTER;
use crate::registers::Dimension;
use crate::statistics::counts::{self, By, CountQuery, Measure};

/// The most municipalities that are named.
const NAMED: usize = 40;

/// The inquiries of the municipalities.
#[derive(Default)]
pub struct Municipalities {
    /// Numbers of the year before and of the year, by name.
    counts: BTreeMap<String, [i64; 2]>,
    /// The names of the municipalities by their numbers in the official list, where there is a map.
    names: BTreeMap<i64, String>,
}

/// Reads them; none where the vocabulary knows no municipalities, or the records must not be told of.
pub fn read(db: &mut Db, profile: &Profile, edition: &ReportRequest) -> Result<Municipalities> {
    let codes = profile.vocabulary.codes("cases", "requester").iter().map(|code| code.code.clone());
    let is_municipality =
        |code: &String| profile.vocabulary.meaning("cases", "requester", code) == Some("MUNICIPALITY");
    let codes: Vec<String> = codes.filter(is_municipality).collect();
    let mut found = Municipalities::default();
    if codes.is_empty() {
        return Ok(found);
    }
    if profile.shapes.is_some() {
        found.names = official_names(db)?;
    }
    let choice = vec![(Dimension::Register, vec!["cases".to_owned()]), (Dimension::Requester, codes)];
    let years = edition.year - 1..=edition.year;
    let query =
        CountQuery { by: vec![By::Organisation, By::Year], measure: Measure::Received, years: Some(years), choice };
    let known = known_municipalities(db, profile)?;
    for (values, count) in counts::count(db, &query)? {
        if let [Value::String(name), year] = values.as_slice() {
            let place = usize::from(year.as_i64() == Some(edition.year.into()));
            let is_known = known.as_ref().is_none_or(|known| known.contains(name));
            let name = if is_known { name } else { NOT_IN_REGISTER };
            found.counts.entry(name.to_owned()).or_default()[place] += count;
        }
    }
    Ok(found)
}

/// The names of the public bodies that are municipalities; none where the vocabulary has no type that means them.
fn known_municipalities(db: &mut Db, profile: &Profile) -> Result<Option<BTreeSet<String>>> {
    let types = profile.vocabulary.codes("organisations", "type").iter();
    let types: Vec<&str> =
        types.filter(|code| code.is == Some("MUNICIPALITY")).map(|code| code.code.as_str()).collect();
    if types.is_empty() {
        return Ok(None);
    }
    let bodies = records::table.filter(records::register.eq("organisations")).filter(records::kind.eq_any(types));
    let names: Vec<String> = bodies.select(records::title).load(db)?;
    Ok(Some(names.into_iter().collect()))
}

/// The names of public bodies by their numbers in the official list of municipalities.
fn official_names(db: &mut Db) -> Result<BTreeMap<i64, String>> {
    let bodies = records::table.filter(records::register.eq("organisations"));
    let bodies: Vec<(String, String)> = bodies.select((records::title, records::details)).load(db)?;
    let number = |details: &str| serde_json::from_str::<Value>(details).ok()?["bfs_number"].as_i64();
    Ok(bodies.into_iter().filter_map(|(name, details)| Some((number(&details)?, name))).collect())
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

/// The municipalities in the order of their rows, with what of them must not be shown.
struct Ranked<'f> {
    rows: Vec<(&'f String, [i64; 2])>,
    hides: Vec<Vec<bool>>,
}

impl Ranked<'_> {
    /// The number of a row in one of the years; none where it must not be shown.
    fn shown(&self, row: usize, year: usize) -> Option<i64> {
        (!self.hides[year][row]).then(|| self.rows[row].1[year])
    }
}

impl ReportBuilder<'_> {
    /// The inquiries of each municipality in the year and in the one before, most first.
    pub(super) fn municipalities(&self) -> Section {
        let found = &self.figures.municipalities;
        if found.counts.values().all(|counts| counts[1] == 0) {
            return self.section("report-municipalities", Vec::new());
        }
        let ranked = self.ranked(&found.counts);
        let map = self.profile.shapes.as_ref().map(|shapes| self.map(shapes, found, &ranked));
        let blocks = std::iter::once(Block::Table(self.municipality_table(&ranked))).chain(map.into_iter().flatten());
        self.section("report-municipalities", blocks.collect())
    }

    fn ranked<'f>(&self, counts: &'f BTreeMap<String, [i64; 2]>) -> Ranked<'f> {
        let mut rows: Vec<(&String, [i64; 2])> = counts.iter().map(|(name, counts)| (name, *counts)).collect();
        // Whose numbers are small is told by no place either.
        let least = self.edition.least;
        let rank = |count: i64| if count < least { 0 } else { count };
        rows.sort_by_key(|(name, counts)| {
            (*name == NOT_IN_REGISTER, std::cmp::Reverse(rank(counts[1])), crate::text::sort_key(name))
        });
        let column = |of: usize| rows.iter().map(|(_, counts)| counts[of]).collect::<Vec<i64>>();
        let hides = (0..2).map(|of| hidden(&column(of), least)).collect();
        Ranked { rows, hides }
    }

    fn municipality_table(&self, ranked: &Ranked) -> Grid {
        let year = self.edition.year;
        let names = [(year - 1).to_string(), year.to_string()];
        let mut grid = Grid::of_numbers(self.caption("report-municipalities"), self.text("report-municipality"), names);
        for (index, (name, _)) in ranked.rows.iter().enumerate().take(NAMED) {
            let name = if *name == NOT_IN_REGISTER { self.text("report-not-in-register") } else { (*name).clone() };
            let cell =
                |of: usize| ranked.shown(index, of).map_or_else(|| HIDDEN.to_owned(), |count| self.number(count));
            grid.row(1, name, [cell(0), cell(1)]);
        }
        if ranked.rows.len() > NAMED {
            grid.remarks.push(sentences::not_listed(self.lang, (ranked.rows.len() - NAMED) as i64));
        }
        if ranked.hides.iter().flatten().any(|hidden| *hidden) {
            let threshold = self.edition.least - 1;
            let note = self.writing.message("statistics-hidden", &[("sign", &HIDDEN), ("threshold", &threshold)]);
            grid.remarks.push(note);
        }
        grid.remarks.push(self.text("report-municipalities-linked"));
        grid
    }

    /// The map of the year's inquiries, and how many municipalities with inquiries it does not show.
    fn map(&self, shapes: &[Shape], found: &Municipalities, ranked: &Ranked) -> Vec<Block> {
        let rows: BTreeMap<String, usize> =
            ranked.rows.iter().enumerate().map(|(row, (name, _))| (name.to_lowercase(), row)).collect();
        let mut placed = BTreeSet::new();
        let areas = shapes.iter().map(|shape| {
            let Shape { name, number, .. } = shape;
            let known = number.and_then(|number| found.names.get(&number)).or(name.as_ref());
            let row = known.and_then(|name| rows.get(&name.to_lowercase()).copied());
            placed.extend(row);
            let name = name.as_ref().or(known).cloned().or(number.map(|number| number.to_string()));
            MapArea { name: name.unwrap_or_default(), shape, value: row.map_or(Some(0), |row| ranked.shown(row, 1)) }
        });
        let (title, areas) = (self.caption("report-municipalities"), areas.collect());
        let map = AreaMap { title, areas, numbers: self.writing.into() };
        let mut blocks = vec![Block::Chart {
            title: map.title.clone(),
            description: map.description(),
            svg: map.drawn(Width::Wide),
            narrow: map.drawn(Width::Narrow),
        }];
        let is_missing = |(row, (name, counts)): &(usize, &(&String, [i64; 2]))| {
            counts[1] > 0 && !placed.contains(row) && *name != NOT_IN_REGISTER
        };
        let missing = ranked.rows.iter().enumerate().filter(is_missing).count() as i64;
        if missing > 0 {
            blocks.push(Block::Text { text: self.writing.message("report-not-on-map", &[("count", &missing)]) });
        }
        blocks
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
