//! Doubts about layouts: what is no fault, but may be forgotten.

use std::collections::BTreeSet;

use super::{Layout, LayoutLine, Layouts, LineSource, Part, Quantity};
use crate::calendar::YEARS;
use crate::registers::vocabulary::OwnNumber;
use crate::registers::{Selection, ValueSet, Vocabulary};

impl Layouts {
    /// The numbers of the vocabulary that no line of any layout adds.
    pub fn unused_numbers<'v>(&self, vocabulary: &'v Vocabulary) -> Vec<&'v OwnNumber> {
        let lines = self.iter().flat_map(Layout::lines);
        let added: BTreeSet<&str> = lines
            .flat_map(|line| &line.content.counted)
            .filter_map(|part| match &part.quantity {
                Quantity::Number(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        vocabulary.numbers.iter().filter(|number| !added.contains(number.path)).collect()
    }
}

impl Layout {
    /// The lines that add public bodies of different names, one sentence each: whether one lies under another stands in the
    /// register alone.
    pub fn bodies_side_by_side(&self) -> Vec<String> {
        let sentence = |line: &LayoutLine| {
            let names: BTreeSet<&String> =
                line.content.counted.iter().flat_map(|part| bodies(&part.selection)).collect();
            let told: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            (names.len() > 1).then(|| {
                format!(
                    "layout {}, line {}: its figures are right only if none of these public bodies lies under another: {}",
                    self.name,
                    line.code,
                    told.join(", ")
                )
            })
        };
        self.lines().filter_map(sentence).collect()
    }
}

impl Layout {
    /// The codes of shares of what does not lie in the line that it is a share of, each with the reason: they can be above 100 %.
    pub fn shares_beyond(&self, vocabulary: &Vocabulary) -> Vec<(String, String)> {
        let sentence = |line: &LayoutLine| {
            let LineSource::Share { of, whole } = &line.source else { return None };
            let (part, all) = (self.line(of)?, self.line(whole)?);
            let both = part.years().intersection(&all.years());
            let turns = self.turns().into_iter().chain(both.turns());
            let mut years = turns.map(|turn| both.nearest(turn.max(*YEARS.start())));
            let goes_beyond = years.any(|year| both.contains(year) && goes_beyond(part, all, year, vocabulary));
            let reason = format!(
                "layout {}, line {}: can be above 100 %: not in each year all of {of} is in {whole}",
                self.name, line.code
            );
            goes_beyond.then(|| (line.code.clone(), reason))
        };
        self.lines().filter_map(sentence).collect()
    }
}

/// True if records can count in a line in a year that do not in another, where both count the same of records.
fn goes_beyond(line: &LayoutLine, whole: &LayoutLine, year: i32, vocabulary: &Vocabulary) -> bool {
    let is_like = |one: &Part, other: &Part| one.quantity == other.quantity && other.except(year).next().is_none();
    let goes_beyond = |part: &Part| {
        let others: Vec<&Part> = whole.parts(year).filter(|other| is_like(part, other)).collect();
        let without = |left: Vec<Selection>, other: &&Part| -> Vec<Selection> {
            left.iter().flat_map(|one| one.without(&other.selection)).collect()
        };
        let left = others.iter().fold(vec![part.selection.clone()], without);
        !others.is_empty() && left.iter().any(|one| one.is_possible(vocabulary))
    };
    line.parts(year).any(goes_beyond)
}

fn bodies(selection: &Selection) -> impl Iterator<Item = &String> {
    selection.bodies().filter(|values| matches!(values, ValueSet::In(_))).flat_map(ValueSet::named)
}
