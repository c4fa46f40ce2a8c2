//! Doubts about layouts: what is no fault, but may be forgotten.

use std::collections::BTreeSet;

use super::{Layout, LayoutLine, Layouts, Quantity};
use crate::registers::vocabulary::OwnNumber;
use crate::registers::{Criterion, Selection, ValueSet, Vocabulary};

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

fn bodies(selection: &Selection) -> impl Iterator<Item = &String> {
    let named = selection.0.get(&Criterion::Under).into_iter();
    named.filter(|values| matches!(values, ValueSet::In(_))).flat_map(ValueSet::named)
}
