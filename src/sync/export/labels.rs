//! Labels for people beside codes, or in place of codes and of the names of properties.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::naming::ColumnNaming;
use crate::error::Result;
use crate::json::flat;
use crate::messages::{Labels, Lang};
use crate::registers::vocabulary::Code;
use crate::registers::{Register, Vocabulary};
use crate::sync::mapping::Mapping;

/// The labels in a language of the codes that a register's records have.
pub(super) struct CodeLabels<'a> {
    register: &'a Register,
    vocabulary: &'a Vocabulary,
    lang: Lang,
    /// The words that stand in place of names and values; none where labels stand beside codes.
    words: Option<WordsInPlace>,
}

/// The words of lists for people, which an import understands.
struct WordsInPlace {
    mapping: Mapping,
    yes: Value,
    no: Value,
}

impl<'a> CodeLabels<'a> {
    /// The labels of a register in a language.
    pub(super) fn new(
        register: &'a Register,
        vocabulary: &'a Vocabulary,
        lang: Lang,
        naming: ColumnNaming,
    ) -> Result<CodeLabels<'a>> {
        let flag = |value: &str| Value::from(lang.message("export-flag", &[("value", &value)]));
        let words = match naming {
            ColumnNaming::Names => None,
            ColumnNaming::Labels => {
                Some(WordsInPlace { mapping: Mapping::of(lang)?, yes: flag("true"), no: flag("false") })
            }
        };
        Ok(CodeLabels { register, vocabulary, lang, words })
    }

    /// The places of codes in a record, with the codes that there are. Parts of lists have no place of their own.
    fn places(&self) -> impl Iterator<Item = (&str, &[Code])> {
        let coded = self.register.coded.iter().filter(|property| !property.in_list);
        let coded = coded.map(|property| (property.path, self.vocabulary.codes(self.register.name, property.name)));
        coded.chain(self.vocabulary.own_dimensions(self.register).map(|own| (own.path, own.codes.as_slice())))
    }

    /// The records of the register that records name, of which labels tell the names.
    pub(super) fn named<'r>(&self, records: &'r [Map<String, Value>]) -> Vec<&'r str> {
        let named = |record: &'r Map<String, Value>| {
            self.register.properties_to_itself().filter_map(|property| record.get(property)?.as_str())
        };
        let mut ids: Vec<&str> = match self.words {
            None => records.iter().flat_map(named).collect(),
            Some(_) => Vec::new(),
        };
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The columns, with one more behind each that holds codes or names a record where labels stand beside them.
    pub(super) fn widened(&self, columns: Vec<String>) -> Vec<String> {
        let with_label = |column: String| {
            let names_record = || self.register.properties_to_itself().any(|property| property == column);
            let has_label = self.words.is_none() && (self.places().any(|(place, _)| place == column) || names_record());
            let label = has_label.then(|| label_column(&column));
            std::iter::once(column).chain(label)
        };
        columns.into_iter().flat_map(with_label).collect()
    }

    /// The head of a column.
    pub(super) fn head(&self, column: &str) -> String {
        let Some(words) = &self.words else { return column.to_owned() };
        let dimensions = self.vocabulary.own_dimensions(self.register).map(|own| (own.path, &own.label));
        let numbers = self.vocabulary.own_numbers(self.register).map(|own| (own.path, &own.label));
        let own = dimensions.chain(numbers).find(|(path, _): &(&str, &Labels)| *path == column);
        let named = own.map(|(_, label)| label.get(self.lang)).or(words.mapping.name_of(column));
        named.unwrap_or(column).to_owned()
    }

    /// The labels of the codes in a record and the names of the records that it names, by their places.
    pub(super) fn of(&self, record: &Map<String, Value>, names: &HashMap<String, String>) -> Map<String, Value> {
        let name = |property: &'static str| {
            let name = names.get(record.get(property)?.as_str()?)?;
            Some((property.to_owned(), name.as_str().into()))
        };
        self.of_codes(record).into_iter().chain(self.register.properties_to_itself().filter_map(name)).collect()
    }

    fn of_codes(&self, record: &Map<String, Value>) -> Map<String, Value> {
        let values = flat(record);
        let label = |(place, codes): (&str, &[Code])| {
            let value = values.get(place)?.as_str()?;
            let code = codes.iter().find(|code| code.code == value);
            Some((place.to_owned(), code.map_or(value, |code| code.label.get(self.lang)).into()))
        };
        self.places().filter_map(label).collect()
    }

    /// Puts the labels of a record among its values by column.
    pub(super) fn put(
        &self,
        record: &Map<String, Value>,
        names: &HashMap<String, String>,
        values: &mut BTreeMap<String, Value>,
    ) {
        let labels = self.of(record, names);
        let Some(words) = &self.words else {
            return values.extend(labels.into_iter().map(|(place, label)| (label_column(&place), label)));
        };
        values.extend(labels);
        for (column, value) in values {
            let word = match value {
                Value::Bool(true) => Some(words.yes.clone()),
                Value::Bool(false) => Some(words.no.clone()),
                Value::String(code) => words.mapping.word_for(column, code).map(Value::from),
                _ => None,
            };
            if let Some(word) = word {
                *value = word;
            }
        }
    }
}

/// The column of the labels of the codes in a column.
fn label_column(column: &str) -> String {
    format!("{column}_label")
}
