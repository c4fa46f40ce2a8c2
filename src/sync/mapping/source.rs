//! Mappings as they are written: one for each language that is built in, and files of one's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result, reason_of};
use crate::messages::Lang;
use crate::registers::Vocabulary;

/// The meaning of columns and words, as a file says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Columns that are passed over.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    /// The columns that give a property; a dot leads into an object, as in `requester.type`.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, Vec<String>>,
    /// The words that stand for a value of a property.
    #[serde(default)]
    pub(super) values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The values that all records get where the columns say nothing.
    #[serde(default)]
    pub(super) constants: BTreeMap<String, toml::Value>,
}

impl Mapping {
    /// The same with the names that dimensions and numbers of the authority's own have now.
    pub(super) fn with_new_names(&self, vocabulary: &Vocabulary) -> Mapping {
        let former: BTreeMap<String, String> = vocabulary.former_paths().into_iter().collect();
        let now = |name: &String| former.get(name).unwrap_or(name).clone();
        let mut renamed = Mapping { ignore: self.ignore.clone(), ..Mapping::default() };
        for (name, columns) in &self.columns {
            renamed.columns.entry(now(name)).or_default().extend(columns.iter().cloned());
        }
        for (name, values) in &self.values {
            renamed.values.entry(now(name)).or_default().extend(values.clone());
        }
        renamed.constants.extend(self.constants.iter().map(|(name, value)| (now(name), value.clone())));
        renamed
    }

    /// The mapping that is built in for a language.
    pub fn of(lang: Lang) -> Result<Mapping> {
        let text = match lang {
            Lang::De => include_str!("../mappings/german.toml"),
            Lang::Fr => include_str!("../mappings/french.toml"),
            Lang::It => include_str!("../mappings/italian.toml"),
            Lang::Rm => include_str!("../mappings/romansh.toml"),
            Lang::En => include_str!("../mappings/english.toml"),
        };
        Mapping::parse(text, "a built-in mapping")
    }

    /// All that are built in, the usual language last: its word counts where two languages have the same one.
    pub fn built_in() -> Result<Vec<Mapping>> {
        Lang::ALL.into_iter().rev().map(Mapping::of).collect()
    }

    /// Reads a mapping from a file.
    pub fn load(path: &Path) -> Result<Mapping> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::Configuration(format!("cannot read {name}: {}", reason_of(&error))))?;
        Mapping::parse(&text, &name)
    }

    /// The name that a property has for people: the first of its columns.
    pub fn name_of(&self, property: &str) -> Option<&str> {
        self.columns.get(property)?.first().map(String::as_str)
    }

    /// The word that people have for a value: the first of those that stand for it.
    pub fn word_for(&self, property: &str, value: &str) -> Option<&str> {
        self.values.get(property)?.get(value)?.first().map(String::as_str)
    }

    /// Its words only: the columns of another system are named by that system's own mapping.
    pub fn words_only(self) -> Mapping {
        Mapping { values: self.values, ..Mapping::default() }
    }

    /// With the columns of another mapping.
    pub fn with_columns_of(self, other: Mapping) -> Mapping {
        Mapping { columns: other.columns, ..self }
    }

    /// Reads a mapping; `name` is what it is called when it is wrong.
    pub fn parse(text: &str, name: &str) -> Result<Mapping> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            Error::Configuration(format!("{name}, line {line}: {}", error.message()))
        })
    }
}
