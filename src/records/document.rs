//! Documents: bodies read and checked, patches merged into what is held, and the differences between the two.

use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::json::flat;
use crate::json::to_value;
use crate::records::Document;
use crate::records::personal;
use crate::records::row::RecordRow;
use crate::registers::Dimension;
use crate::registers::common::{COMMON, Common};
use crate::registers::vocabulary::{Checked, CodedValues, OWN_PROPERTY};
use crate::registers::{Register, Rules, validation};
use crate::source::did_you_mean;
use crate::text as texts;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Reads and checks a body that creates a record; all faults come at once.
pub fn read(register: &Register, body: Value, rules: &Rules) -> Result<Document> {
    check(register, body, rules, Some(rules.today), None)
}

/// Reads and checks a body that another system delivers. Where it does not say the day received, the document has the
/// earliest that there can be: the record that is there knows better (see [`read_again`]), and a new one is not made of it.
pub fn read_delivered(register: &Register, body: Value, rules: &Rules) -> Result<Document> {
    check(register, body, rules, Some(validation::EARLIEST), None)
}

/// True if a body gives the day on which the record was received, or if the register does not ask for it.
pub fn says_day(register: &Register, body: &Value) -> bool {
    let given = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    register.property_name("received_on").is_none_or(|day| {
        let follows = |(one, other): &(&str, &str)| (*one == day && given(other)) || (*other == day && given(one));
        given(day) || register.linked.iter().any(follows)
    })
}

/// The fault of a body that does not.
pub fn no_day(register: &Register) -> Fault {
    let name = register.property_name("received_on").unwrap_or("received_on");
    Fault::at(
        format!("/{name}"),
        "required",
        "is required: what comes from elsewhere is never taken for received today",
    )
}

/// The same for a record that is there and was received on this day.
pub fn read_again(
    register: &Register,
    body: Value,
    rules: &Rules,
    received: NaiveDate,
    held: &Document,
) -> Result<Document> {
    check(register, body, rules, Some(received), Some(held))
}

/// Gives a document the id in the other system as it was first given, if it has another spelling of the same.
pub fn retain_external_spelling(document: &mut Document, held: &RecordRow) {
    let Some(external) = document.get_mut("external") else { return };
    let same_system = external.get("system").and_then(Value::as_str) == held.external_system.as_deref();
    let id = external.get("id").and_then(Value::as_str).map(texts::id_key);
    if let (true, Some(given)) = (same_system && id == held.external_id, held.given_id()) {
        external["id"] = given.into();
    }
}

/// Gives the elements of lists for which the body has no id the ids that the elements at their places have already, so
/// that the same body twice is no change.
pub fn retain_element_ids(document: &mut Document, body: &Value, held: &Document) {
    for (key, value) in document.iter_mut() {
        let (Value::Array(items), Some(Value::Array(before))) = (value, held.get(key)) else { continue };
        let given = |index: usize| body.get(key)?.get(index)?.get("id")?.as_str();
        let taken: Vec<String> = (0..items.len()).filter_map(|index| given(index).map(str::to_owned)).collect();
        for (index, item) in items.iter_mut().enumerate() {
            let id = before.get(index).and_then(|item| item.get("id")?.as_str());
            if let (None, Some(id)) = (given(index), id)
                && !taken.iter().any(|other| other == id)
                && item.get("id").is_some()
            {
                item["id"] = id.into();
            }
        }
    }
}

/// Checks a body; `received` is the day received where it says none, `held` the record that is there.
fn check(
    register: &Register,
    mut body: Value,
    rules: &Rules,
    received: Option<NaiveDate>,
    held: Option<&Document>,
) -> Result<Document> {
    let mut faults = Faults::default();
    texts::normalise(&mut body, &mut faults);
    let Value::Object(mut body) = body else {
        faults.add("", "invalid_type", "must be a JSON object");
        return Err(faults.into_result().err().unwrap_or(Error::Validation(vec![])));
    };
    // Absent and null mean the same.
    body.retain(|_, value| !value.is_null());
    let has_own = rules.vocabulary.has_own(register) || held.is_some_and(|held| held.contains_key(OWN_PROPERTY));
    let of_authority = if has_own { body.shift_remove(OWN_PROPERTY) } else { None };
    let (common, mut own) = part(register, body);
    let said = day_said(register, &common, &own).or(received);
    rules.vocabulary.fill(Checked { register, received: said, held }, &mut own);
    let coded = CodedValues::of_document(register, &own);
    let mut document = Document::new();
    let mut of_common = Faults::default();
    if let Some(mut common) = validation::read::<Common>(common, &mut of_common) {
        let mut own = (register.complete)(own, &mut common, rules, &mut faults);
        common.complete(register, rules.today, received, &mut of_common);
        // What is delivered without its day counts in a year that is not known here.
        let known = common.received_on.filter(|day| *day > validation::EARLIEST);
        let checked = Checked { register, received: known, held };
        let of_authority = rules.vocabulary.check(checked, &coded, of_authority, &mut faults);
        own.extend(of_authority.map(|of_authority| (OWN_PROPERTY.to_owned(), of_authority)));
        if let (None, None, Some(received)) = (common.due_on, common.closed_on, common.received_on) {
            common.due_on = rules.statutory_due_date(register, &own, received);
        }
        document = named(register, &common, own);
    }
    faults.take_in(of_common, |name| called(register, name));
    faults.tell_more(|fault| suggest_common(register, fault));
    faults.into_result()?;
    Ok(document)
}

/// Adds the name that was probably meant to the fault of a property that is not known: one of those that all records have.
fn suggest_common(register: &Register, fault: &mut Fault) {
    let is_open = fault.code == "unknown_property" && fault.detail == validation::NOT_HERE;
    let name = fault.pointer.as_deref().and_then(|pointer| pointer.strip_prefix('/')).filter(|_| is_open);
    if let Some(name) = name.filter(|name| !name.contains('/')) {
        let known = COMMON.into_iter().filter_map(|property| register.property_name(property));
        fault.detail += &did_you_mean(name, known);
    }
}

/// The day received that a body says, by itself or by the property that it follows from.
fn day_said(register: &Register, common: &Map<String, Value>, own: &Map<String, Value>) -> Option<NaiveDate> {
    let linked =
        register.linked.iter().filter(|(_, follows)| *follows == "received_on").map(|(name, _)| own.get(*name));
    let mut said = std::iter::once(common.get("received_on")).chain(linked).flatten();
    said.find_map(|day| validation::any_date(day.as_str()?))
}

/// The name that a common property has in a register.
fn called(register: &Register, name: &str) -> Option<&'static str> {
    COMMON.into_iter().find(|known| *known == name).and_then(|known| register.property_name(known))
}

/// The document of the common properties, under the names that they have in the register, and of the register's own.
fn named(register: &Register, common: &Common, own: Map<String, Value>) -> Document {
    let Value::Object(map) = to_value(common) else { return own };
    let common = map.into_iter().filter_map(|(name, value)| Some((called(register, &name)?.to_owned(), value)));
    common.chain(own).filter(|(_, value)| !value.is_null()).collect()
}

/// The common properties of a body under their usual names, and the register's own.
pub fn part(register: &Register, body: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut common, mut own) = (Map::new(), Map::new());
    for (key, value) in body {
        match COMMON.into_iter().find(|usual| register.property_name(usual) == Some(key.as_str())) {
            Some(usual) => common.insert(usual.to_owned(), value),
            None => own.insert(key, value),
        };
    }
    (common, own)
}

/// Applies a merge patch (RFC 7396) to a document. A change of one of two linked properties lets the other follow.
fn merge(register: &Register, mut document: Document, patch: &Value) -> Value {
    let given_alone = |one: &str, other: &str| patch.get(one).filter(|_| patch.get(other).is_none());
    let lifecycle = register.property_name("status").zip(register.property_name("closed_on"));
    for (one, other) in register.linked.iter().copied().chain(lifecycle) {
        for (given, follows) in [(one, other), (other, one)] {
            let differs = |value: &Value| document.get(given).unwrap_or(&Value::Null) != value;
            if given_alone(given, follows).is_some_and(differs) {
                document.remove(follows);
            }
        }
    }
    let mut target = Value::Object(document);
    merge_value(&mut target, patch);
    target
}

fn merge_value(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(map) = target {
        for (key, value) in changes {
            if value.is_null() {
                map.shift_remove(key);
            } else {
                merge_value(map.entry(key).or_insert(Value::Null), value);
            }
        }
    }
}

/// The places where two documents differ, with the value before and after; an object is compared part by part.
pub fn differences(before: &Document, after: &Document) -> Vec<(String, Value, Value)> {
    let flat_before = flat(before);
    let flat_after = flat(after);
    let keys: BTreeMap<&String, ()> = flat_before.keys().chain(flat_after.keys()).map(|key| (key, ())).collect();
    let of = |map: &BTreeMap<String, Value>, key: &String| map.get(key).cloned().unwrap_or(Value::Null);
    keys.into_keys()
        .map(|key| (key.clone(), of(&flat_before, key), of(&flat_after, key)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

/// The document that a patch makes of the one held. What the caller may not see stays as it is.
pub fn patched(
    register: &Register,
    mut held: Document,
    patch: &Value,
    sees_personal_data: bool,
    rules: &Rules,
) -> Result<Document> {
    let hidden = if sees_personal_data { Map::new() } else { personal::take(&mut held) };
    // Today is when a new record was received; a record that is there does not lose its date.
    let body = merge(register, held.clone(), patch);
    let mut document = check(register, body, rules, None, Some(&held))?;
    personal::put_back(&mut document, hidden);
    Ok(document)
}

/// Returns the place at which a document names its public body: the object that it is in, if any, and the property.
pub(super) fn body_path(register: &Register) -> (Option<&'static str>, &'static str) {
    let called = register.property_name("organisation").unwrap_or_default();
    (register.has(Dimension::Requester).then_some("requester"), called)
}

/// The text by which a document names a public body.
pub fn named_body<'d>(register: &Register, document: &'d Document) -> Option<&'d str> {
    let (outer, name) = body_path(register);
    let inside = match outer {
        Some(outer) => document.get(outer)?.as_object()?,
        None => document,
    };
    inside.get(name)?.as_str()
}

/// The values of a document that only one record can have.
pub fn unique_values(register: &Register, document: &Document) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    register.unique.iter().filter_map(|name| Some((*name, text(document.get(*name)?)))).collect()
}

/// The series that a new record is numbered in: its register's, or that of the business numbers of the year received.
pub fn series(register: &Register, document: &Document) -> Result<String> {
    if let Some(series) = register.series {
        return Ok(series.to_owned());
    }
    let received = register.property_name("received_on").and_then(|name| document.get(name)?.as_str());
    let year = received.and_then(|date| date.get(..4));
    Ok(year.ok_or_else(|| Error::Internal("a checked document has no year".into()))?.to_owned())
}
