//! Texts of a record that are no personal data by their place, but can hold some by mistake: what of them can be erased,
//! and what stands in their place. Nothing that the figures follow from is among them, but what is the authority's own: it is
//! erased where it is named, and counted no more.

use serde_json::{Map, Value};

use crate::json::flat;
use crate::records::Document;
use crate::records::personal;
use crate::registers::vocabulary::OWN;
use crate::registers::{Dimension, Register};

/// The text that replaces one that was erased.
pub const ERASED: &str = "Gelöscht";

/// The texts of the objects in a list.
const PARTS: [&str; 2] = ["finding", "recommendation"];

/// The value with all its texts erased; what is no text stays.
pub fn neutral(value: &Value) -> Value {
    match value {
        Value::String(_) => ERASED.into(),
        Value::Array(items) => items.iter().map(neutral).collect(),
        Value::Object(map) => {
            let part = |(name, value): (&String, &Value)| {
                let is_text = value.is_string() && PARTS.contains(&name.as_str());
                (name.clone(), if is_text { ERASED.into() } else { value.clone() })
            };
            Value::Object(map.iter().map(part).collect())
        }
        other => other.clone(),
    }
}

/// The same of the value of a property: a number of the authority's own goes.
pub fn neutral_of(property: &str, value: &Value) -> Value {
    match property.starts_with(OWN) && value.is_number() {
        true => Value::Null,
        false => neutral(value),
    }
}

/// True if a property, as [`flat`] names it, can be erased: it is no date, no number, no classification, and leads to
/// no other record. (Personal data always can, and is erased apart from these.)
pub fn is_erasable(register: &Register, property: &str) -> bool {
    const FIXED: [&str; 6] = ["number", "published", "external.system", "external.version", "requester.type", "status"];
    // The role of a member is a text, that of the authority in a project is counted.
    let is_counted = |dimension: &Dimension| *dimension != Dimension::Role || register.has(Dimension::Role);
    let is_fixed = FIXED.contains(&property)
        || Dimension::ALL.iter().any(|d| register.property_name(d.name()) == Some(property) && is_counted(d))
        || property.ends_with("_on")
        || register.unique.contains(&property)
        || register.references.iter().any(|reference| reference.property == property);
    !is_fixed && !personal::is_personal(property)
}

/// True if one of the given names means the property: by its whole name, or by the part before or after a dot.
pub fn is_wanted(wanted: &[String], property: &str) -> bool {
    let parts = property.split_once('.');
    wanted.iter().any(|name| name == property || parts.is_some_and(|(outer, part)| name == outer || name == part))
}

/// Takes these properties out of a document. A title and the texts of a list stay, and say that they were erased; the key
/// in another system goes as a whole.
pub fn take(register: &Register, document: &mut Document, wanted: &[String]) {
    for (property, value) in flat(document) {
        if !is_wanted(wanted, &property) || !is_erasable(register, &property) || neutral_of(&property, &value) == value
        {
            continue;
        }
        match property.split_once('.') {
            _ if register.property_name("title") == Some(property.as_str()) => put(document, &property, ERASED.into()),
            _ if value.as_array().is_some_and(|items| items.iter().any(Value::is_object)) => {
                put(document, &property, neutral(&value));
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
                    Dimension::ALL.iter().any(|dimension| register.has(*dimension) && dimension.name() == property);
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
        take(audits, document, &all);
        let right = json!({
            "title": ERASED, "number": "2017-0001", "received_on": "2017-01-01",
            "findings": [{"id": "x", "severity": "LOW", "finding": ERASED, "due_on": "2018-01-01"}]
        });
        assert_eq!(Value::Object(document.clone()), right);
        assert_eq!(neutral(&neutral(&right)), neutral(&right));
    }
}
