//! Texts of a record that are no personal data by their place, but can hold some by mistake: what of them can be erased,
//! and what stands in their place. No date, no number and no classification that the figures follow from is among them, but what is
//! the authority's own: it is erased where it is named, and counted no more.

use serde_json::{Map, Value};

use crate::json::flat;
use crate::messages::Lang;
use crate::records::Document;
use crate::records::personal;
use crate::registers::vocabulary::OWN;
use crate::registers::{Dimension, Register};

/// Texts that are to be erased by the names of their properties, and the language of the word that stands in their place.
#[derive(Clone, Copy, Debug)]
pub struct ErasedTexts<'w> {
    /// The names of the properties.
    pub properties: &'w [String],
    /// The language.
    pub lang: Lang,
}

impl ErasedTexts<'_> {
    /// True if one of the names means the property: by its whole name, or by the part before or after a dot.
    pub fn names(self, property: &str) -> bool {
        let parts = property.split_once('.');
        let is_it =
            |name: &String| name == property || parts.is_some_and(|(outer, part)| name == outer || name == part);
        self.properties.iter().any(is_it)
    }
}

/// The word in the place of a text that was erased. In whichever language it stands there is nothing left to erase: an authority
/// may work in another one since.
fn erased(text: &str, lang: Lang) -> Value {
    let word = |lang: Lang| lang.text("language-erased");
    let is_erased = Lang::ALL.into_iter().any(|lang| word(lang) == text);
    if is_erased { text.into() } else { word(lang).into() }
}

/// The texts of the objects in a list.
const PARTS: [&str; 2] = ["finding", "recommendation"];

/// The value with all its texts erased; what is no text stays.
pub fn neutral(value: &Value, lang: Lang) -> Value {
    match value {
        Value::String(text) => erased(text, lang),
        Value::Array(items) => items.iter().map(|item| neutral(item, lang)).collect(),
        Value::Object(map) => {
            let part = |(name, value): (&String, &Value)| {
                let text = value.as_str().filter(|_| PARTS.contains(&name.as_str()));
                (name.clone(), text.map_or_else(|| value.clone(), |text| erased(text, lang)))
            };
            Value::Object(map.iter().map(part).collect())
        }
        other => other.clone(),
    }
}

/// The same of the value of a property: a number of the authority's own goes.
pub fn neutral_of(property: &str, value: &Value, lang: Lang) -> Value {
    match property.starts_with(OWN) && value.is_number() {
        true => Value::Null,
        false => neutral(value, lang),
    }
}

/// True if a property, as [`flat`] names it, can be erased: it is no date, no number, no classification, and leads to
/// no other record. (Personal data always can, and is erased apart from these.)
pub fn is_erasable(register: &Register, property: &str) -> bool {
    const FIXED: [&str; 5] = ["number", "published", "external.system", "external.version", "status"];
    // The role of a member is a text, that of the authority in a project is counted.
    let is_counted = |dimension: &Dimension| *dimension != Dimension::Role || register.has(Dimension::Role);
    let is_fixed = FIXED.contains(&property)
        || register.coded.iter().any(|coded| coded.path == property)
        || Dimension::ALL.iter().any(|d| register.property_name(d.name()) == Some(property) && is_counted(d))
        || property.ends_with("_on")
        || register.unique.contains(&property)
        || register.references.iter().any(|reference| reference.property == property);
    !is_fixed && !personal::is_personal(property)
}

/// Takes these properties out of a document. A title and the texts of a list stay, and say that they were erased; the key
/// in another system goes as a whole.
pub fn take(register: &Register, document: &mut Document, wanted: ErasedTexts) {
    for (property, value) in flat(document) {
        let without = neutral_of(&property, &value, wanted.lang);
        if !wanted.names(&property) || !is_erasable(register, &property) || without == value {
            continue;
        }
        match property.split_once('.') {
            _ if register.property_name("title") == Some(property.as_str()) => put(document, &property, without),
            _ if value.as_array().is_some_and(|items| items.iter().any(Value::is_object)) => {
                put(document, &property, without);
            }
            None => _ = document.shift_remove(&property),
            Some(("external", "id")) => _ = document.shift_remove("external"),
            Some((outer, part)) => {
                let inner = document.get_mut(outer).and_then(Value::as_object_mut);
                let is_empty = inner.is_some_and(|inner| {
                    inner.shift_remove(part);
                    Map::is_empty(inner)
                });
                if is_empty {
                    document.shift_remove(outer);
                }
            }
        }
    }
}

fn put(document: &mut Document, property: &str, value: Value) {
    document.insert(property.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::records::erasable::*;
    use crate::registers::ALL;

    #[test]
    fn what_the_figures_follow_from_is_never_erased() {
        for register in ALL {
            let example = (register.example)();
            for (property, value) in flat(example.as_object().unwrap()) {
                let counted =
                    Dimension::ALL.iter().any(|dimension| register.has(*dimension) && dimension.name() == property)
                        || register.coded.iter().any(|coded| coded.path == property);
                let is_date = value.as_str().is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok());
                if counted || is_date {
                    assert!(!is_erasable(register, &property), "{}: {property}", register.name);
                }
            }
            assert!(is_erasable(register, register.property_name("title").unwrap()), "{}", register.name);
        }
    }

    #[test]
    fn texts_are_taken_and_the_rest_stays() {
        let audits = crate::registers::find("audits").unwrap();
        let mut document = json!({
            "title": "Erika", "subject": "Erika", "number": "2017-0001", "received_on": "2017-01-01",
            "external": {"system": "gever", "id": "Erika", "version": 1},
            "findings": [{"id": "x", "severity": "LOW", "finding": "Erika", "due_on": "2018-01-01"}]
        });
        let document = document.as_object_mut().unwrap();
        let all: Vec<String> =
            ["title", "subject", "id", "findings", "number", "received_on"].map(str::to_owned).to_vec();
        take(audits, document, ErasedTexts { properties: &all, lang: Lang::En });
        let right = json!({
            "title": "Erased", "number": "2017-0001", "received_on": "2017-01-01",
            "findings": [{"id": "x", "severity": "LOW", "finding": "Erased", "due_on": "2018-01-01"}]
        });
        assert_eq!(Value::Object(document.clone()), right);
        assert_eq!(neutral(&right, Lang::Fr), right, "in whichever language it stands");
    }
}
