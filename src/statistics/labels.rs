//! The labels of the values that figures are broken down by.

use std::collections::BTreeMap;

use crate::formats::Labelling;
use crate::messages::Writing;
use crate::registers::{Dimension, Vocabulary};

/// The label of a value in a dimension, `""` for none: that of the vocabulary, for registers that of the authority, and of the
/// software for what is its own.
pub fn label(vocabulary: &Vocabulary, dimension: Dimension, value: &str, writing: Writing) -> String {
    match dimension {
        _ if value.is_empty() => writing.text("statistics-not-classified"),
        Dimension::Register => writing.register(value),
        Dimension::Status => writing.message("statistics-status", &[("status", &value)]),
        Dimension::Responsible => value.to_owned(),
        _ => vocabulary.label_in(dimension, value, writing.lang).to_owned(),
    }
}

/// The labels of values, by the column that is named like their dimension.
pub fn by_column<'v>(
    vocabulary: &Vocabulary,
    values: impl IntoIterator<Item = (Dimension, &'v str)>,
    writing: Writing,
) -> BTreeMap<String, Labelling> {
    let mut columns: BTreeMap<String, Labelling> = BTreeMap::new();
    for (dimension, value) in values.into_iter().filter(|(dimension, _)| *dimension != Dimension::Responsible) {
        let labels = columns.entry(dimension.name().to_owned()).or_default();
        labels.entry(value.to_owned()).or_insert_with(|| label(vocabulary, dimension, value, writing));
    }
    columns
}
