//! The labels of the values that figures are broken down by.

use std::collections::BTreeMap;

use crate::formats::Labelling;
use crate::messages::Writing;
use crate::registers::{self, Dimension, Register, Vocabulary};

/// The labels of values that records of some registers have.
pub struct ValueLabels<'v> {
    /// The vocabulary.
    pub vocabulary: &'v Vocabulary,
    /// The registers.
    pub registers: Vec<&'static Register>,
    /// The language, and the words of the authority.
    pub writing: Writing<'v>,
}

impl<'v> ValueLabels<'v> {
    /// The labels of values in figures of a choice of records; without a choice of registers they are of those that the statistics
    /// count.
    pub fn of(choice: &[(Dimension, Vec<String>)], vocabulary: &'v Vocabulary, writing: Writing<'v>) -> Self {
        let chosen = choice.iter().find(|(dimension, _)| *dimension == Dimension::Register);
        let registers = match chosen {
            Some((_, names)) => names.iter().filter_map(|name| registers::find(name)).collect(),
            None => registers::counted().collect(),
        };
        ValueLabels { vocabulary, registers, writing }
    }

    /// The label of a value in a dimension, `""` for none: that of the vocabulary, for registers that of the authority, and of the
    /// software for what is its own.
    pub fn label(&self, dimension: Dimension, value: &str) -> String {
        match dimension {
            _ if value.is_empty() => self.writing.text("statistics-not-classified"),
            Dimension::Register => self.writing.register(value),
            Dimension::Status => self.writing.message("statistics-status", &[("status", &value)]),
            Dimension::Responsible => value.to_owned(),
            _ => self.vocabulary.label_in(&self.registers, dimension, value, self.writing.lang),
        }
    }

    /// The labels of values that stand together: where one of them is a register, the others are values of its records.
    pub fn of_row(&self, values: &[(Dimension, &str)]) -> BTreeMap<&'static str, String> {
        let register = values.iter().find(|(dimension, _)| *dimension == Dimension::Register);
        let register = register.and_then(|(_, name)| registers::find(name));
        let registers = register.map_or_else(|| self.registers.clone(), |register| vec![register]);
        let of_row = ValueLabels { registers, ..*self };
        values.iter().map(|(dimension, value)| (dimension.name(), of_row.label(*dimension, value))).collect()
    }

    /// The labels of values, by the column that is named like their dimension.
    pub fn by_column<'a>(&self, values: impl IntoIterator<Item = (Dimension, &'a str)>) -> BTreeMap<String, Labelling> {
        let mut columns: BTreeMap<String, Labelling> = BTreeMap::new();
        for (dimension, value) in values.into_iter().filter(|(dimension, _)| *dimension != Dimension::Responsible) {
            let labels = columns.entry(dimension.name().to_owned()).or_default();
            labels.entry(value.to_owned()).or_insert_with(|| self.label(dimension, value));
        }
        columns
    }
}
