//! The check of a record's coded properties, and of what is the authority's own, against the vocabulary.
//!
//! A record keeps the values that it has: a value that the vocabulary no longer has, or that is not valid for its year, is refused
//! where it is written anew only.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Number, Value};

use super::{Code, CodedProperty, OwnDimension, OwnNumber, Vocabulary, accepted};
use crate::decimal;
use crate::error::Allowed;
use crate::faults::{Faults, escape};
use crate::registers::Register;
use crate::source::did_you_mean;

/// The property of a record that holds what is the authority's own.
pub const OWN: &str = "own";

/// The most that a number can be, and its negative the least: sums of thousands stay exact.
const MOST: f64 = 1e11;

/// A record that is checked.
#[derive(Clone, Copy)]
pub struct Checked<'c> {
    /// Its register.
    pub register: &'c Register,
    /// The day received, once that is known.
    pub received: Option<NaiveDate>,
    /// The record as it is; none for a new one.
    pub held: Option<&'c Map<String, Value>>,
}

impl Checked<'_> {
    fn holds(&self, pointer: &str, value: &str) -> bool {
        self.held_value(pointer).and_then(Value::as_str) == Some(value)
    }

    fn held_value(&self, pointer: &str) -> Option<&Value> {
        let mut parts = pointer.split('/').skip(1);
        let first = self.held?.get(parts.next()?)?;
        parts.try_fold(first, |place, part| match place {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            _ => place.get(part),
        })
    }
}

/// The values of a property with their places; a part of a list is one of each of its elements.
fn values_at<'v>(document: &'v Map<String, Value>, path: &str) -> Vec<(String, &'v Value)> {
    let (first, part) = path.split_once('.').map_or((path, None), |(first, part)| (first, Some(part)));
    let place = format!("/{}", escape(first));
    match (document.get(first), part) {
        (Some(value), None) => vec![(place, value)],
        (Some(Value::Object(inner)), Some(part)) => {
            inner.get(part).map(|value| (format!("{place}/{part}"), value)).into_iter().collect()
        }
        (Some(Value::Array(items)), Some(part)) => {
            let of = |(index, item): (usize, &'v Value)| Some((format!("{place}/{index}/{part}"), item.get(part)?));
            items.iter().enumerate().filter_map(of).collect()
        }
        _ => Vec::new(),
    }
}

impl CodedProperty {
    /// The values that a document has of a property beside the cube, by the names under which they are kept: one, or in a list one
    /// for each code that it has.
    pub fn said<'d>(&self, document: &'d Map<String, Value>) -> Vec<(String, &'d str)> {
        let is_there = || self.path.split('.').next().is_some_and(|first| document.contains_key(first));
        if !self.is_beside() || !is_there() {
            return Vec::new();
        }
        let name = self.dimension.own_name();
        let codes = values_at(document, self.path).into_iter().filter_map(|(_, value)| value.as_str());
        codes.map(|code| (if self.in_list { format!("{name}.{code}") } else { name.to_owned() }, code)).collect()
    }
}

/// The places of a property where nothing stands; a part of a list has one in each of its elements.
fn missing_at(document: &Map<String, Value>, path: &str) -> Vec<String> {
    let is_absent = |map: &Map<String, Value>, name: &str| map.get(name).is_none_or(Value::is_null);
    let Some((list, part)) = path.split_once('.') else {
        let place = is_absent(document, path).then(|| format!("/{}", escape(path)));
        return place.into_iter().collect();
    };
    let items = document.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    let missing = items.filter(|(_, item)| item.as_object().is_some_and(|item| is_absent(item, part)));
    missing.map(|(index, _)| format!("/{}/{index}/{part}", escape(list))).collect()
}

/// The values of the coded properties of a body with their places, and the places where one must stand and does not. They are
/// taken before the body is read: what else is wrong in it does not hide them.
pub struct CodedValues {
    values: Vec<(&'static CodedProperty, String, String)>,
    missing: Vec<(&'static CodedProperty, String)>,
}

impl CodedValues {
    /// The values in a body of a register.
    pub fn of_document(register: &Register, document: &Map<String, Value>) -> CodedValues {
        let of_property = |property: &'static CodedProperty| {
            let texts = values_at(document, property.path).into_iter();
            texts.filter_map(move |(pointer, value)| Some((property, pointer, value.as_str()?.to_owned())))
        };
        let missing = register.coded.iter().filter(|property| property.is_required);
        let missing = missing
            .flat_map(|property| missing_at(document, property.path).into_iter().map(move |place| (property, place)));
        CodedValues { values: register.coded.iter().flat_map(of_property).collect(), missing: missing.collect() }
    }

    /// The values of a coded property, or of a dimension of the authority's own in `own`, by its name in requirements.
    fn of<'v>(&'v self, own: Option<&'v Value>, name: &str) -> Vec<&'v str> {
        if let Some(name) = name.strip_prefix(super::OWN) {
            return own.and_then(|own| own.get(name)?.as_str()).into_iter().collect();
        }
        let of_property = self.values.iter().filter(|(known, ..)| known.name == name);
        of_property.map(|(.., value)| value.as_str()).collect()
    }
}

impl Vocabulary {
    /// Gives a new record the values that it has where it says none, if they are valid for the year received.
    pub fn fill(&self, checked: Checked, document: &mut Map<String, Value>) {
        let year = checked.received.map(|day| day.year());
        for property in checked.register.coded {
            let mut codes = self.codes(checked.register.name, property.name).iter();
            let default = codes.find(|code| code.is_default && year.is_none_or(|year| code.is_valid(year)));
            let had = |held: &Map<String, Value>| !values_at(held, property.path).is_empty();
            if let Some(default) = default.filter(|_| checked.held.is_none_or(had)) {
                set_default(document, property, &default.code);
            }
        }
    }

    /// Checks the coded properties of a record and what is the authority's own, which is returned as it is kept.
    pub fn check(
        &self,
        checked: Checked,
        values: &CodedValues,
        own: Option<Value>,
        faults: &mut Faults,
    ) -> Option<Value> {
        self.check_coded(checked, values, faults);
        let own = self.check_own(checked, own, faults);
        self.check_requirements(checked, values, own.as_ref(), faults);
        own
    }

    /// Notes each value of a coded property that the vocabulary does not know, or that is not valid for the year received, and
    /// each that must be there and is not. Where the vocabulary has no value for the year, there need not be one.
    fn check_coded(&self, checked: Checked, values: &CodedValues, faults: &mut Faults) {
        for (property, pointer, value) in &values.values {
            if !checked.holds(pointer, value) {
                check_code(checked, self.codes(checked.register.name, property.name), (pointer, value), faults);
            }
        }
        let year = checked.received.map(|day| day.year());
        for (property, pointer) in &values.missing {
            let mut codes = self.codes(checked.register.name, property.name).iter();
            let had = checked.held.is_none() || property.in_list || checked.held_value(pointer).is_some();
            if had && codes.any(|code| year.is_none_or(|year| code.is_valid(year))) {
                faults.add(pointer.as_str(), "required", "is required");
            }
        }
    }

    /// Notes each value that a value demands of another property and that the record does not have. What was there stays.
    fn check_requirements(&self, checked: Checked, values: &CodedValues, own: Option<&Value>, faults: &mut Faults) {
        let register = checked.register;
        let coded = values.values.iter().filter_map(|(property, _, value)| {
            Some((property.name, self.codes(register.name, property.name).iter().find(|code| code.code == *value)?))
        });
        let of_own = self.own_dimensions(register).filter_map(|dimension| {
            let said = values.of(own, dimension.path);
            Some((dimension.path, dimension.codes.iter().find(|code| said.contains(&code.code.as_str()))?))
        });
        for (name, code) in coded.chain(of_own) {
            for (other, needed) in &code.requires {
                let Some(place) = self.place_of(register, other) else { continue };
                let needed = accepted(self, register.name, other, needed);
                let has = values.of(own, other);
                let same = |held: &Map<String, Value>| {
                    let (coded, own) = (CodedValues::of_document(register, held), held.get(OWN));
                    coded.of(own, other) == has && coded.of(own, name) == values.of(own, name)
                };
                let is_met = has.iter().any(|value| needed.contains(value));
                if !is_met && !checked.held.is_some_and(same) {
                    let detail = format!("must be {} where {name} is {}", needed.join(" or "), code.code);
                    faults.add_allowing(place, "not_together", detail, Allowed::one_of(needed.join(", ")));
                }
            }
        }
    }

    /// The place in a record of a register of what a requirement names; none where its records do not have it.
    fn place_of(&self, register: &Register, name: &str) -> Option<String> {
        if let Some(name) = name.strip_prefix(super::OWN) {
            return self.own_dimensions(register).any(|own| own.name() == name).then(|| format!("/{OWN}/{name}"));
        }
        let property = register.coded.iter().find(|property| property.name == name)?;
        Some(format!("/{}", property.path.replace('.', "/")))
    }

    /// Checks what is the authority's own, in its order; `None` where there is nothing of it.
    fn check_own(&self, checked: Checked, own: Option<Value>, faults: &mut Faults) -> Option<Value> {
        let mut given = match own {
            None => Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                faults.add(format!("/{OWN}"), "invalid_type", "must be a JSON object");
                return None;
            }
        };
        given.retain(|_, value| !value.is_null());
        self.rename(checked.register, &mut given);
        let mut kept = Map::new();
        for dimension in self.own_dimensions(checked.register) {
            let value = check_dimension(checked, dimension, given.shift_remove(dimension.name()), faults);
            kept.extend(value.map(|value| (dimension.name().to_owned(), value)));
        }
        for number in self.own_numbers(checked.register) {
            let value = check_number(checked, number, given.shift_remove(number.name()), faults);
            kept.extend(value.map(|value| (number.name().to_owned(), value)));
        }
        for (name, value) in given {
            // What the vocabulary no longer has stays.
            if checked.held_value(&format!("/{OWN}/{}", escape(&name))) == Some(&value) {
                kept.insert(name, value);
            } else {
                self.refuse_unknown(checked.register, &name, faults);
            }
        }
        (!kept.is_empty()).then_some(Value::Object(kept))
    }
}

impl Vocabulary {
    /// Notes a name in `own` that nothing has in a register, or had.
    fn refuse_unknown(&self, register: &Register, name: &str, faults: &mut Faults) {
        let dimensions = self.own_dimensions(register).map(OwnDimension::name);
        let known: Vec<&str> = dimensions.chain(self.own_numbers(register).map(OwnNumber::name)).collect();
        let detail = match self.name_now(register, name) {
            Some(now) => format!("is called {now} now, which says something else: give it once"),
            None => {
                format!("is not a property that can be given here{}", did_you_mean(name, known.iter().copied()))
            }
        };
        faults.add(format!("/{OWN}/{}", escape(name)), "unknown_property", detail);
    }
}

/// Sets a property that is not there; a part of a list in each of its elements.
pub fn set_default(document: &mut Map<String, Value>, property: &CodedProperty, code: &str) {
    let Some((first, part)) = property.path.split_once('.') else {
        document.entry(property.path).or_insert_with(|| code.into());
        return;
    };
    if !property.in_list {
        document.entry(first).or_insert_with(|| Value::Object(Map::new()));
    }
    match document.get_mut(first) {
        Some(Value::Array(items)) => {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.entry(part).or_insert_with(|| code.into());
            }
        }
        Some(Value::Object(inner)) => {
            inner.entry(part).or_insert_with(|| code.into());
        }
        _ => {}
    }
}

/// Notes why records may not have a value, if so; none then.
fn check_code(checked: Checked, codes: &[Code], (pointer, value): (&str, &str), faults: &mut Faults) -> Option<()> {
    let year = checked.received.map(|day| day.year());
    let is_valid = |code: &&Code| year.is_none_or(|year| code.is_valid(year));
    let Some(code) = codes.iter().find(|code| code.code == value) else {
        let valid: Vec<&str> = codes.iter().filter(is_valid).map(|code| code.code.as_str()).collect();
        faults.add_allowing(pointer, "invalid_value", unknown(&valid, value), Allowed::one_of(valid.join(", ")));
        return None;
    };
    if !is_valid(&code) {
        let span = match code.valid {
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, to) => format!("up to {}", to.unwrap_or_default()),
        };
        let (detail, allowed) =
            (format!("{value} is for records received {span}"), Allowed::between(code.valid.0, code.valid.1));
        faults.add_allowing(pointer, "not_valid", detail, allowed);
        return None;
    }
    Some(())
}

/// The sentence on a value that is not known.
fn unknown(known: &[&str], value: &str) -> String {
    match known {
        [] => "takes no value".into(),
        [one] => format!("must be {one}"),
        _ => format!("must be one of {}{}", known.join(", "), did_you_mean(value, known.iter().copied())),
    }
}

fn check_dimension(
    checked: Checked,
    dimension: &OwnDimension,
    given: Option<Value>,
    faults: &mut Faults,
) -> Option<Value> {
    let pointer = format!("/{OWN}/{}", dimension.name());
    let year = checked.received.map(|day| day.year());
    let is_valid = |code: &Code| year.is_none_or(|year| code.is_valid(year));
    match given {
        Some(Value::String(value)) => {
            if !checked.holds(&pointer, &value) {
                check_code(checked, &dimension.codes, (&pointer, &value), faults)?;
            }
            Some(Value::String(value))
        }
        // What was a number under this name stays.
        Some(value) if checked.held_value(&pointer) == Some(&value) => Some(value),
        Some(_) => {
            faults.add(pointer, "invalid_type", "must be a string");
            None
        }
        None => {
            if let Some(default) =
                dimension.codes.iter().find(|code| code.is_default && is_valid(code)).filter(|_| checked.held.is_none())
            {
                return Some(default.code.clone().into());
            }
            let had = checked.held.is_none() || checked.held_value(&pointer).is_some();
            if had && dimension.required_from.zip(year).is_some_and(|(from, year)| from <= year) {
                faults.add(pointer, "required", "is required");
            }
            None
        }
    }
}

fn check_number(checked: Checked, number: &OwnNumber, given: Option<Value>, faults: &mut Faults) -> Option<Value> {
    let pointer = format!("/{OWN}/{}", number.name());
    let given = given?;
    if checked.held_value(&pointer) == Some(&given) {
        return Some(given);
    }
    let Some(value) = given.as_f64() else {
        faults.add(pointer, "invalid_type", "must be a number");
        return None;
    };
    let (min, max) = (number.min.unwrap_or(-MOST).max(-MOST), number.max.unwrap_or(MOST).min(MOST));
    if !(min..=max).contains(&value) {
        let allowed = Allowed::between(Some(min), Some(max));
        faults.add_allowing(pointer, "out_of_range", format!("must be from {min} to {max}"), allowed);
        return None;
    }
    let rounded = (value * 10_f64.powi(number.decimals as i32)).round() / 10_f64.powi(number.decimals as i32);
    if rounded != value {
        let allowed = Allowed::between(None::<u32>, Some(number.decimals));
        faults.add_allowing(pointer, "too_many_decimals", decimal::at_most(number.decimals), allowed);
        return None;
    }
    let whole = (value.fract() == 0.0).then(|| Value::from(value as i64));
    whole.or_else(|| Number::from_f64(value).map(Value::Number))
}
