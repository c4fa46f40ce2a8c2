//! Statistical disclosure control: which lines of a year stay hidden, so that no small number can be computed back from
//! all that is shown.
//!
//! The lines of a layout are taken as sets of records; a rest is the set of what is left. A line that lies in another is a part of
//! that whole; parts of a whole that exclude each other are a family (inquiries by requester, by area). A hidden line hides
//! everything inside it. In a family under a shown whole at least two lines are hidden or none, and so many that each of them
//! could still be any small number. What is hidden besides the small numbers is chosen by the order of the lines, not by their
//! values, so that knowing these rules tells nothing more. Lines that count the same records in different respects are hidden
//! together. A share is hidden with the lines that it is of, and days where it is not told how many records took them. A layout
//! whose lines cut each other in a way that these rules do not cover is refused; lines with `protect = false` are always shown.

mod structure;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

use self::structure::{Node, Nodes, components};
use self::twins::Twins;
use super::layout::{Layout, LayoutLine, LineSource, Quantity};
use crate::decimal::Decimal;
use crate::error::Result;

/// Knows which lines of a layout to hide.
#[derive(Debug)]
pub struct Suppression {
    /// The layout.
    pub layout: String,
    /// Numbers from 1 to this are small. It is 2 at least: with 1, the sign for a hidden number would tell it.
    pub threshold: i64,
    /// The structure of the lines, from the first of the years in which all of them count the same.
    spans: Vec<(i32, Structure)>,
}

/// The structure of the lines of a layout in a year.
#[derive(Debug, Default)]
struct Structure {
    /// Lines within each other: those that have something in common together.
    components: Vec<Nodes>,
    twins: Twins,
    /// Lines that are shown only with others: the codes of those, and whether they must be more than small.
    dependents: Vec<Dependent>,
    exempt: BTreeSet<String>,
}

/// A line that is shown only with others.
#[derive(Debug)]
struct Dependent {
    code: String,
    /// The codes of the others; none of them shows it never.
    with: Vec<String>,
    /// True if there must be many records in them.
    of_many: bool,
}

/// Figures that may not be told, besides those that are small.
#[derive(Default)]
pub struct Kept {
    /// The codes of those that were hidden before.
    pub hidden: BTreeSet<String>,
    /// The codes of those that the year before tells.
    pub carried: BTreeSet<String>,
}

impl Suppression {
    /// Prepares for a layout; refuses one whose lines are not independent of each other within their whole.
    pub fn of(layout: &Layout, threshold: i64) -> Result<Suppression> {
        let spans = layout.turns().into_iter().map(|first| Ok((first, Structure::of(layout, first)?)));
        Ok(Suppression { layout: layout.name.clone(), threshold, spans: spans.collect::<Result<_>>()? })
    }

    /// Returns the structure of the lines in a year.
    fn structure(&self, year: i32) -> Option<&Structure> {
        self.spans.iter().rfind(|(first, _)| *first <= year).map(|(_, structure)| structure)
    }

    /// The codes of the lines to hide, given the figures of a year; lines that are `kept` hidden are hidden too, and so
    /// are figures of which no line says what they count.
    pub fn hidden(&self, year: i32, figures: &BTreeMap<String, Decimal>, kept: &Kept) -> BTreeSet<String> {
        let Some(structure) = self.structure(year) else { return figures.keys().cloned().collect() };
        let mut hidden: BTreeSet<String> = kept.hidden.union(&kept.carried).cloned().collect();
        loop {
            let mut more: BTreeSet<String> = structure
                .components
                .iter()
                .flat_map(|nodes| self.hidden_of(&nodes.0, figures, &hidden))
                .chain(structure.twins.hidden(figures, &hidden, &kept.carried, |value| self.is_small(value)))
                .collect();
            more.retain(|code| !structure.exempt.contains(code));
            if more.is_subset(&hidden) {
                break;
            }
            hidden.extend(more);
        }
        let is_alone = |dependent: &&Dependent| !self.is_shown(dependent, figures, &hidden);
        let alone: Vec<&String> =
            structure.dependents.iter().filter(is_alone).map(|dependent| &dependent.code).collect();
        let is_hidden = |code: &&String| {
            !structure.exempt.contains(*code)
                && (hidden.contains(*code) || alone.contains(code) || !structure.knows(code))
        };
        figures.keys().filter(is_hidden).cloned().collect()
    }

    fn is_shown(&self, dependent: &Dependent, figures: &BTreeMap<String, Decimal>, hidden: &BTreeSet<String>) -> bool {
        let is_told = |code: &String| {
            let figure = figures.get(code).filter(|_| !hidden.contains(code));
            figure.is_some_and(|figure| !dependent.of_many || *figure > Decimal::from(self.threshold))
        };
        !dependent.with.is_empty() && dependent.with.iter().all(is_told)
    }

    /// The codes of lines that have something in common and are to be hidden.
    fn hidden_of(
        &self,
        nodes: &[Node],
        figures: &BTreeMap<String, Decimal>,
        kept: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut lines = YearSuppression::new(nodes, self, figures, kept);
        while lines.step() {}
        let hidden = nodes.iter().zip(&lines.hidden).filter(|(_, hidden)| **hidden);
        hidden.flat_map(|(node, _)| node.codes.iter().cloned()).collect()
    }

    /// The codes of figures that tell those which the year before hides.
    pub fn carried(&self, year: i32, hidden_before: &BTreeSet<String>) -> BTreeSet<String> {
        self.structure(year).map(|structure| structure.twins.carried(hidden_before)).unwrap_or_default()
    }

    /// True if figures of a year tell those of the year before.
    pub fn carries(&self) -> bool {
        self.spans.iter().any(|(_, structure)| structure.twins.carries())
    }

    /// True if the changes from one set of shown figures to another tell of no single matters: no line, and nothing
    /// that can be computed from a whole and its parts, moves by a small number.
    pub fn may_follow(&self, year: i32, before: &BTreeMap<String, Decimal>, after: &BTreeMap<String, Decimal>) -> bool {
        let components = self.structure(year).map_or(&[][..], |structure| &structure.components);
        components.iter().all(|Nodes(nodes)| {
            let change = |node: &Node| node.codes.iter().find_map(|code| Some(*after.get(code)? - *before.get(code)?));
            let changes: Vec<Option<Decimal>> = nodes.iter().map(change).collect();
            let rest = |whole: Decimal, family: &Vec<usize>| {
                whole - family.iter().filter_map(|part| changes[*part]).sum::<Decimal>()
            };
            let rests = nodes.iter().zip(&changes).filter_map(|(node, whole)| Some((node, (*whole)?)));
            let rests = rests.flat_map(|(node, whole)| node.families.iter().map(move |family| rest(whole, family)));
            let is_small = |change: Decimal| self.is_small(change) || self.is_small(Decimal::ZERO - change);
            !changes.iter().flatten().copied().chain(rests).any(is_small)
        })
    }

    fn is_small(&self, value: Decimal) -> bool {
        value > Decimal::ZERO && value <= Decimal::from(self.threshold)
    }
}

impl Structure {
    fn of(layout: &Layout, year: i32) -> Result<Structure> {
        let components = components(layout, year);
        let components = components.iter().map(|lines| Nodes::of(layout, year, lines)).collect::<Result<_>>()?;
        let exempt = layout.lines().filter(|line| !line.protect).map(|line| line.code.clone());
        Ok(Structure {
            components,
            twins: Twins::of(layout, year),
            dependents: layout.lines().filter_map(|line| Dependent::of(layout, line)).collect(),
            exempt: exempt.collect(),
        })
    }

    /// True if a line says what a figure counts.
    fn knows(&self, code: &str) -> bool {
        let has = |node: &Node| node.codes.iter().any(|known| known == code);
        self.components.iter().any(|nodes| nodes.0.iter().any(has))
            || self.dependents.iter().any(|dependent| dependent.code == code)
    }
}

impl Dependent {
    /// A share, which is shown with both of its lines; days, which are shown with the number of records that took them.
    fn of(layout: &Layout, line: &LayoutLine) -> Option<Dependent> {
        let (with, of_many) = match &line.source {
            LineSource::Share { of, whole } => (vec![of.clone(), whole.clone()], false),
            LineSource::DaysMean(selections) | LineSource::DaysMedian(selections) => {
                let closed = LineSource::Count(selections.clone(), Quantity::Closed);
                let number = layout.lines().find(|line| line.source == closed);
                (number.map(|line| line.code.clone()).into_iter().collect(), true)
            }
            _ => return None,
        };
        Some(Dependent { code: line.code.clone(), with, of_many })
    }
}

/// The lines of a year, each shown or hidden.
struct YearSuppression<'a> {
    nodes: &'a [Node],
    threshold: i64,
    /// In the parts of a figure; none where the line has no figure.
    values: Vec<Option<i64>>,
    hidden: Vec<bool>,
}

impl<'a> YearSuppression<'a> {
    fn new(
        nodes: &'a [Node],
        suppression: &Suppression,
        figures: &BTreeMap<String, Decimal>,
        kept: &BTreeSet<String>,
    ) -> Self {
        let given = |node: &Node| node.codes.iter().find_map(|code| figures.get(code)).map(|figure| figure.parts());
        let is_small = |value: &Decimal| suppression.is_small(*value);
        let must = |code: &String| kept.contains(code) || figures.get(code).is_some_and(is_small);
        YearSuppression {
            nodes,
            threshold: Decimal::from(suppression.threshold).parts(),
            values: nodes.iter().map(given).collect(),
            hidden: nodes.iter().map(|node| !node.exempt && node.codes.iter().any(must)).collect(),
        }
    }

    /// Hides what is still needed; false when nothing was.
    fn step(&mut self) -> bool {
        let before = self.hidden.clone();
        self.hide_inside(0, false);
        for whole in 0..self.values.len() {
            let Some(value) = self.values[whole].filter(|_| !self.hidden[whole]) else { continue };
            for family in &self.nodes[whole].families {
                self.protect(whole, value, family);
            }
        }
        self.hidden != before
    }

    fn hide(&mut self, node: usize) {
        self.hidden[node] |= !self.nodes[node].exempt;
    }

    /// Hides everything inside hidden wholes, and inside those that have no figure but lie in one that has.
    fn hide_inside(&mut self, whole: usize, inside: bool) {
        let nodes = self.nodes;
        let hides = self.hidden[whole] || (inside && self.values[whole].is_none());
        let inside = inside || self.values[whole].is_some();
        for part in nodes[whole].families.iter().flatten() {
            if hides {
                self.hide(*part);
            }
            self.hide_inside(*part, inside);
        }
    }

    /// Hides so many lines of a family that nothing can be computed from their whole, which is shown.
    fn protect(&mut self, whole: usize, value: i64, family: &[usize]) {
        let (threshold, one) = (self.threshold, Decimal::from(1).parts());
        let parts: Vec<(usize, i64)> = family.iter().filter_map(|part| Some((*part, self.values[*part]?))).collect();
        // What the whole has beyond its parts is a number that anybody can compute.
        let rest = value - parts.iter().map(|(_, part)| part).sum::<i64>();
        let small_rest = (1..=threshold).contains(&rest);
        loop {
            let hidden = parts.iter().filter(|(part, _)| self.hidden[*part]).count() as i64;
            let shown: i64 = parts.iter().filter(|(part, _)| !self.hidden[*part]).map(|(_, value)| value).sum();
            // Each hidden line is 1 at least, for all the reader knows: this much is left for one of them.
            let room = value - shown - (hidden - 1) * one;
            let nothing_to_hide = hidden == 0 && !small_rest;
            if nothing_to_hide || (hidden >= 2 && room >= threshold + i64::from(small_rest) * one) {
                return;
            }
            match self.next(&parts) {
                Some(part) => self.hide(part),
                None => break,
            }
        }
        // Without any line of the family nothing is known but the whole; zeros are hidden for that too.
        parts.iter().for_each(|(part, _)| self.hide(*part));
        if parts.len() < 2 || value <= threshold {
            self.hide(whole);
        }
    }

    /// The next line to hide: the last one that is not 0, and one without parts rather than one with parts.
    fn next(&self, parts: &[(usize, i64)]) -> Option<usize> {
        let is_open = |part: usize| !self.hidden[part] && !self.nodes[part].exempt;
        let open = || parts.iter().rev().filter(|(part, value)| is_open(*part) && *value != 0);
        let is_leaf = |part: usize| self.nodes[part].families.is_empty();
        open().find(|(part, _)| is_leaf(*part)).or_else(|| open().next()).map(|(part, _)| *part)
    }
}

#[cfg(test)]
mod tests;
