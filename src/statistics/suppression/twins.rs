//! Twins: lines that count the same records in different respects, such as those received and those that are pending. What is
//! known of one tells of the others, so that they are hidden together.

use std::collections::{BTreeMap, BTreeSet};

use crate::decimal::Decimal;
use crate::registers::Selection;
use crate::statistics::layout::{Layout, LayoutLine, LineSource, Quantity};

/// A line of twins: its code and what it counts.
type Twin = (String, Quantity);

/// Lines that count the same records.
#[derive(Debug, Default)]
pub(super) struct Twins(Vec<Vec<Twin>>);

/// Selections, each with those that are taken away, and what is counted of them.
type CountedRecords<'l> = (Vec<(&'l Selection, Vec<&'l Selection>)>, Quantity);

/// The records of a line, where it counts one thing of them.
fn records(line: &LayoutLine, year: i32) -> Option<CountedRecords<'_>> {
    let year = line.a_year_near(year);
    let mut parts = line.parts(year).peekable();
    let quantity = parts.peek()?.quantity.clone();
    let is_whole = line.entered(year).next().is_none() && line.parts(year).all(|part| part.quantity == quantity);
    let selections = parts.map(|part| (&part.selection, part.except(year).collect())).collect();
    (is_whole && !matches!(line.source, LineSource::Share { .. })).then_some((selections, quantity))
}

impl Twins {
    /// The twins of a layout in a year.
    pub(super) fn of(layout: &Layout, year: i32) -> Twins {
        let mut all: Vec<(Vec<_>, Vec<Twin>)> = Vec::new();
        for line in layout.lines().filter(|line| line.source.is_additive()) {
            let Some((records, quantity)) = records(line, year) else { continue };
            let twin = (line.code.clone(), quantity);
            match all.iter_mut().find(|(known, _)| *known == records) {
                Some((_, twins)) => twins.push(twin),
                None => all.push((records, vec![twin])),
            }
        }
        Twins(all.into_iter().map(|(_, twins)| twins).filter(|twins| twins.len() > 1).collect())
    }

    /// The codes that are hidden because a twin is, or because what follows from twins is small. Sums of numbers are hidden with
    /// the records, and hide none; nor do those in `carried`.
    pub(super) fn hidden(
        &self,
        figures: &BTreeMap<String, Decimal>,
        hidden: &BTreeSet<String>,
        carried: &BTreeSet<String>,
        is_small: impl Fn(Decimal) -> bool,
    ) -> BTreeSet<String> {
        let hides = |(code, quantity): &Twin| {
            !matches!(quantity, Quantity::Number(_)) && hidden.contains(code) && !carried.contains(code)
        };
        let tells = |twins: &&Vec<Twin>| twins.iter().any(hides) || states(twins, figures).into_iter().any(&is_small);
        self.0.iter().filter(tells).flatten().map(|(code, _)| code.clone()).collect()
    }

    /// The codes of what was pending at the beginning of a year whose twins were hidden in the year before: it is what was pending
    /// at the end of that.
    pub(super) fn carried(&self, before: &BTreeSet<String>) -> BTreeSet<String> {
        let was_hidden = |twins: &&Vec<Twin>| twins.iter().any(|(code, _)| before.contains(code));
        let twins = self.0.iter().filter(was_hidden).flatten();
        twins.filter(|(_, quantity)| *quantity == Quantity::Opening).map(|(code, _)| code.clone()).collect()
    }

    /// True if anything is carried from one year to the next.
    pub(super) fn carries(&self) -> bool {
        self.0.iter().flatten().any(|(_, quantity)| *quantity == Quantity::Opening)
    }
}

/// The numbers of records by where they come from and what becomes of them, as far as twins tell.
fn states(twins: &[Twin], figures: &BTreeMap<String, Decimal>) -> Vec<Decimal> {
    let value = |wanted: Quantity| {
        let (code, _) = twins.iter().find(|(_, quantity)| *quantity == wanted)?;
        figures.get(code).copied()
    };
    let (received, opening) = (value(Quantity::Received), value(Quantity::Opening));
    let (closed, pending) = (value(Quantity::Closed), value(Quantity::Pending));
    let settled = value(Quantity::Settled);
    let less = |one: Option<Decimal>, other: Option<Decimal>| Some(one? - other?);
    let both = |one: Option<Decimal>, other: Option<Decimal>| Some(one? + other?);
    // What was there and came in is what went and stays: three of them tell the fourth.
    let closed = closed.or_else(|| less(both(opening, received), pending));
    let pending = pending.or_else(|| less(both(opening, received), closed));
    let received = received.or_else(|| less(both(closed, pending), opening));
    let opening = opening.or_else(|| less(both(closed, pending), received));
    let carried_and_closed = less(closed, settled);
    let all = [closed, pending, received, opening, settled, less(received, settled), carried_and_closed];
    all.into_iter().chain([less(opening, carried_and_closed)]).flatten().collect()
}
