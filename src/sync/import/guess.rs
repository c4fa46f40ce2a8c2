//! A proposal of a mapping for a file whose columns or words are not known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::lines::{LineContent, SourceFile};
use crate::error::{Error, Result};
use crate::sync::mapping::{MappedColumn, Translator};

/// A proposal of a mapping for a file, as TOML. What is not known stands in it as a question.
pub fn guess(translator: &Translator, source: &SourceFile, longest: usize) -> Result<String> {
    let mut lines = source.lines(longest)?;
    let header = lines.header().to_vec();
    if header.is_empty() {
        return Err(Error::Configuration("lines of JSON need no mapping of columns".into()));
    }
    let mut out = String::from("# A proposal: correct it, and give it back with --mapping.\n\n");
    let properties = propose_columns(translator, &header, &mut out);
    let mut words: Words = BTreeMap::new();
    while let Some(line) = lines.next()? {
        let LineContent::Cells(cells) = &line.content else { continue };
        collect_words(translator, &properties, cells, &mut words);
    }
    propose_words(translator, words, &mut out);
    out.pop();
    Ok(out)
}

/// The texts of columns by property and value; the value is `None` where it is not known.
type Words = BTreeMap<String, BTreeMap<Option<String>, BTreeSet<String>>>;

/// Writes the proposal for the columns, and returns the property of each, as far as it is known or guessed.
fn propose_columns(translator: &Translator, header: &[String], out: &mut String) -> Vec<Option<String>> {
    let mut properties: Vec<Option<String>> = Vec::new();
    let (mut known, mut open) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    for name in header {
        properties.push(match translator.column(name) {
            Some(MappedColumn::Property(property)) => {
                known.entry(property.clone()).or_default().push(quoted(name));
                Some(property.clone())
            }
            Some(MappedColumn::Ignored) => None,
            None => {
                let resembles = translator.resembles(name).map(str::to_owned);
                open.push((name, resembles.clone()));
                resembles
            }
        });
    }
    *out += "# Columns that are passed over:\nignore = []\n\n[columns]\n";
    for (property, names) in &known {
        let _ = writeln!(out, "{} = [{}]", key(property), names.join(", "));
    }
    for (name, resembles) in open {
        let property = key(&resembles.unwrap_or_else(|| "PROPERTY".into()));
        let name = quoted(name);
        let _ = writeln!(out, "# Not known; perhaps this, or it goes to \"ignore\":\n# {property} = [{name}]");
    }
    properties
}

/// Collects the texts of a line that stand for a choice, under the value that each is known for.
fn collect_words(translator: &Translator, properties: &[Option<String>], cells: &[String], words: &mut Words) {
    for (property, text) in properties.iter().zip(cells) {
        let Some(property) = property.as_ref().filter(|p| translator.choice(p).is_some()) else { continue };
        let value = translator.value(property, text);
        if let Ok(None) = value {
            continue;
        }
        let value = value.ok().flatten().and_then(|value| value.as_str().map(str::to_owned));
        let texts = words.entry(property.clone()).or_default().entry(value).or_default();
        if texts.len() < 100 {
            texts.insert(text.trim().to_owned());
        }
    }
}

/// Writes the proposal for the words.
fn propose_words(translator: &Translator, words: Words, out: &mut String) {
    for (property, values) in words {
        let _ = writeln!(out, "\n[values.{}]", key(&property));
        for (value, texts) in values {
            let list: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            let _ = match value {
                Some(value) => writeln!(out, "{value} = [{}]", list.join(", ")),
                None => {
                    let choice = translator.choice(&property).unwrap_or_default().join(", ");
                    writeln!(out, "# Not known; give each its value of {choice}:\n# VALUE = [{}]", list.join(", "))
                }
            };
        }
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A property as a key of TOML.
fn key(property: &str) -> String {
    if property.contains('.') { format!("\"{property}\"") } else { property.to_owned() }
}
