//! Doubts about layouts: what is no fault, but may be forgotten.

use std::collections::BTreeSet;

use super::{Layout, Layouts, Quantity};
use crate::registers::{ALL, Criterion, Dimension, Register, Selection, ValueSet, Vocabulary};

impl Layouts {
    /// What may be forgotten, a sentence each: values and numbers of the vocabulary that no line of any layout uses, and public
    /// bodies that are counted side by side. Selections that no record can have, and checks that never run, are refused when a
    /// layout is read.
    pub fn doubts(&self, vocabulary: &Vocabulary) -> Vec<String> {
        let unused = unused_values(self, vocabulary).into_iter().map(|(register, dimension, value)| {
            format!("no line of a table counts {register} with {} = {value}", dimension.name())
        });
        let numbers = unused_numbers(self, vocabulary).into_iter();
        let numbers = numbers.map(|name| format!("no line of a table adds the number {name}"));
        unused.chain(numbers).chain(self.iter().flat_map(Layout::bodies_side_by_side)).collect()
    }
}

/// The values that records can have in a dimension and no line takes in, with their registers.
pub fn unused_values<'v>(layouts: &Layouts, vocabulary: &'v Vocabulary) -> Vec<(&'static str, Dimension, &'v str)> {
    let selections: Vec<&Selection> =
        layouts.iter().flat_map(|layout| layout.lines().flat_map(|line| line.source.selections())).collect();
    let mut out = Vec::new();
    for register in ALL {
        for dimension in vocabulary.all_dimensions() {
            let codes = vocabulary.codes_in(register, dimension).iter().map(|code| code.code.as_str());
            let looks = |selection: &&&Selection| is_of(selection, register) && names(selection, dimension);
            let looking: Vec<&&Selection> = selections.iter().filter(looks).collect();
            // What no line of the register looks at is not meant to be told apart.
            if looking.is_empty() {
                continue;
            }
            let is_taken = |value: &str| looking.iter().any(|selection| takes(selection, dimension, value));
            out.extend(codes.filter(|value| !is_taken(value)).map(|value| (register.name, dimension, value)));
        }
    }
    out
}

fn is_of(selection: &Selection, register: &Register) -> bool {
    takes(selection, Dimension::Register, register.name)
}

fn names(selection: &Selection, dimension: Dimension) -> bool {
    selection.0.contains_key(&Criterion::Of(dimension))
}

fn takes(selection: &Selection, dimension: Dimension, value: &str) -> bool {
    let values = selection.0.get(&Criterion::Of(dimension));
    values.is_none_or(|values| values.allows(|named| named == value))
}

fn unused_numbers<'v>(layouts: &Layouts, vocabulary: &'v Vocabulary) -> Vec<&'v str> {
    let lines = layouts.iter().flat_map(Layout::lines);
    let added: BTreeSet<String> = lines
        .flat_map(|line| &line.content.counted)
        .filter_map(|part| match &part.quantity {
            Quantity::Number(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    vocabulary.numbers.iter().map(|number| number.path).filter(|name| !added.contains(*name)).collect()
}

impl Layout {
    /// The lines that add bodies of different names: whether one lies under another stands in the register alone.
    fn bodies_side_by_side(&self) -> Vec<String> {
        let sentence = |line: &super::LayoutLine| {
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
