//! The labels that stand beside the codes of exported records.

use serde_json::{Map, Value};

use crate::json::flat;
use crate::messages::Lang;
use crate::registers::vocabulary::Code;
use crate::registers::{Register, Vocabulary};

/// The labels in a language of the codes that a register's records have.
pub(super) struct CodeLabels<'a> {
    pub(super) register: &'a Register,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) lang: Lang,
}

impl CodeLabels<'_> {
    /// The places of codes in a record, with the codes that there are. Parts of lists have no place of their own.
    fn places(&self) -> impl Iterator<Item = (&str, &[Code])> {
        let coded = self.register.coded.iter().filter(|property| !property.in_list);
        let coded = coded.map(|property| (property.path, self.vocabulary.codes(self.register.name, property.name)));
        coded.chain(self.vocabulary.own_dimensions(self.register).map(|own| (own.path, own.codes.as_slice())))
    }

    /// The columns with one more behind each that holds codes.
    pub(super) fn widened(&self, columns: Vec<String>) -> Vec<String> {
        let with_label = |column: String| {
            let label = self.places().any(|(place, _)| place == column).then(|| label_column(&column));
            std::iter::once(column).chain(label)
        };
        columns.into_iter().flat_map(with_label).collect()
    }

    /// The labels of the codes in a record, by their places.
    pub(super) fn of(&self, record: &Map<String, Value>) -> Map<String, Value> {
        let values = flat(record);
        let label = |(place, codes): (&str, &[Code])| {
            let value = values.get(place)?.as_str()?;
            let code = codes.iter().find(|code| code.code == value);
            Some((place.to_owned(), code.map_or(value, |code| code.label.get(self.lang)).into()))
        };
        self.places().filter_map(label).collect()
    }
}

/// The column of the labels of the codes in a column.
pub(super) fn label_column(column: &str) -> String {
    format!("{column}_label")
}
