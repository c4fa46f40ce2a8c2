//! Reads JSON into types and names every fault of it at once, each with its pointer.
//!
//! serde stops at the first fault. So each fault is noted and what it points at taken out, until the rest can be read;
//! then the `validator` rules of the type are asked. A property that has a fault already gets no second one.

use crate::error::{Allowed, TOLD};
use crate::faults::{Faults, escape};
use crate::source::did_you_mean;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use chrono_tz::Europe::Zurich;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

/// The most values that are read to find the faults of one body: each fault takes another reading, from the beginning.
const WORK: usize = 100_000;

/// Returns the most times that a body is read.
fn readings(body: &Map<String, Value>) -> usize {
    fn values(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(values).sum(),
            Value::Object(map) => map.values().map(values).sum(),
            _ => 0,
        }
    }
    (WORK / body.values().map(values).sum::<usize>().max(1)).clamp(1, TOLD)
}

/// Reads an object into a type and checks the type's rules. `None` when what is there cannot be read at all.
pub fn read<T: DeserializeOwned + Validate>(body: Map<String, Value>, faults: &mut Faults) -> Option<T> {
    let readings = readings(&body);
    let mut value = Value::Object(body);
    for _ in 0..readings {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => {
                if let Err(errors) = read.validate() {
                    note_rules(&errors, "", faults);
                }
                return Some(read);
            }
            Err(error) => {
                let path: Vec<Segment> = error.path().iter().cloned().collect();
                let message = error.inner().to_string();
                let is_gone = match unknown_name(&message) {
                    Some(name) => take_out_unknown(&mut value, &path, name, &message, faults),
                    None => {
                        let (code, detail, allowed) = explain(&message);
                        faults.add_allowing(pointer(&path), code, detail, allowed);
                        take_out(&mut value, &path)
                    }
                };
                if !is_gone {
                    return None;
                }
            }
        }
    }
    faults.0.stop();
    None
}

/// The sentence on a property that is not known.
pub const NOT_HERE: &str = "is not a property that can be given here";

/// The property that serde does not know, from what it says.
fn unknown_name(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `")?;
    let end = rest.rfind("`, expected").or_else(|| rest.rfind("`, there are no fields"));
    Some(&rest[..end?])
}

/// A code and a sentence for what serde says, without repeating the value, which may be somebody's name.
fn explain(message: &str) -> (&'static str, String, Allowed) {
    let expected =
        || message.rsplit_once("expected ").map(|(_, what)| in_words(&what.replace('`', ""))).unwrap_or_default();
    let (code, detail) = if message.starts_with("unknown variant") {
        let values = expected().trim_start_matches("one of ").to_owned();
        return ("invalid_value", format!("must be {}", expected()), Allowed::one_of(values));
    } else if message.starts_with("invalid type") {
        ("invalid_type", format!("must be {}", expected()))
    } else if message.starts_with("invalid value") {
        ("invalid_value", format!("must be {}", expected()))
    } else if message.starts_with("missing field") {
        ("required", "is missing a property".into())
    } else if let Some(detail) = message.strip_prefix(NO_DATE) {
        ("invalid_date", detail.to_owned())
    } else {
        ("invalid_value", "is not valid".into())
    };
    (code, detail, Allowed::default())
}

/// The value that a reader of JSON expects, in the words of JSON: serde names its own types.
fn in_words(expected: &str) -> String {
    let word = expected.split(' ').next().unwrap_or_default();
    match word {
        "struct" | "map" => "an object".into(),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "integer" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "bool" => "true or false".into(),
        "enum" | "variant" | "string" | "str" => "a string".into(),
        "sequence" | "tuple" => "a list".into(),
        _ => match expected {
            "a boolean" => "true or false".into(),
            "a sequence" => "a list".into(),
            "a map" => "an object".into(),
            other => other.to_owned(),
        },
    }
}

/// JSON Pointer (RFC 6901) of a path.
pub fn pointer(path: &[Segment]) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Seq { index } => format!("/{index}"),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The value at a path.
fn value_at<'v>(value: &'v mut Value, path: &[Segment]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |place, segment| match segment {
        Segment::Map { key } => place.get_mut(key),
        Segment::Seq { index } => place.get_mut(index),
        _ => Some(place),
    })
}

/// Takes the property at the end of the path out; an element of a list goes with its list, so that the places of its
/// neighbours stay what they are.
fn take_out(value: &mut Value, path: &[Segment]) -> bool {
    let Some(last) = path.iter().rposition(|segment| matches!(segment, Segment::Map { .. })) else { return false };
    match (&path[last], value_at(value, &path[..last])) {
        (Segment::Map { key }, Some(Value::Object(map))) => map.shift_remove(key).is_some(),
        _ => false,
    }
}

/// Takes all properties that are not known out of the object that has this one, and notes each: serde names one at a
/// time, and the ones that it does know.
fn take_out_unknown(value: &mut Value, path: &[Segment], name: &str, message: &str, faults: &mut Faults) -> bool {
    let holds = |value: Option<&mut Value>| value.is_some_and(|value| value.get(name).is_some());
    let place = match holds(value_at(value, path)) {
        true => path,
        false => &path[..path.len().saturating_sub(1)],
    };
    let Some(Value::Object(map)) = value_at(value, place) else { return false };
    let expected = message.rsplit_once("`, expected ").map(|(_, known)| known.split('`').skip(1).step_by(2).collect());
    let known: Vec<&str> = expected.unwrap_or_default();
    let (before, object) = (map.len(), pointer(place));
    map.retain(|key, _| {
        let is_known = key != name && known.contains(&key.as_str());
        if !is_known {
            let place = format!("{object}/{}", escape(key));
            let meant = did_you_mean(key, known.iter().copied());
            faults.add(place, "unknown_property", format!("{NOT_HERE}{meant}"));
        }
        is_known
    });
    map.len() < before
}

fn note_rules(errors: &ValidationErrors, base: &str, faults: &mut Faults) {
    let mut fields: Vec<_> = errors.errors().iter().collect();
    fields.sort_by(|a, b| a.0.cmp(b.0));
    for (field, kind) in fields {
        let place = format!("{base}/{}", field.trim_start_matches("r#"));
        match kind {
            ValidationErrorsKind::Struct(inner) => note_rules(inner, &place, faults),
            ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(index, inner)| note_rules(inner, &format!("{place}/{index}"), faults));
            }
            ValidationErrorsKind::Field(list) => {
                for error in list {
                    let (code, detail, allowed) = rule(error);
                    faults.add_allowing(place.clone(), &code, detail, allowed);
                }
            }
        }
    }
}

fn rule(error: &ValidationError) -> (String, String, Allowed) {
    let number = |name: &str| error.params.get(name).and_then(Value::as_i64);
    let length = || error.params.get("value").and_then(Value::as_str).map(|text| text.chars().count());
    let allowed = Allowed::between(number("min"), number("max"));
    let (code, detail): (String, String) = match (error.code.as_ref(), number("min"), number("max")) {
        ("required", ..) => ("required".into(), "is required".into()),
        ("length", _, Some(max)) if length().is_none_or(|n| n as i64 > max) => {
            ("too_long".into(), format!("must not be longer than {max}"))
        }
        ("length", Some(min), _) => ("too_short".into(), format!("must not be shorter than {min}")),
        ("range", Some(min), Some(max)) => ("out_of_range".into(), format!("must be from {min} to {max}")),
        ("range", Some(min), None) => ("out_of_range".into(), format!("must be at least {min}")),
        (code, ..) => {
            let detail = error.message.as_ref().map_or_else(|| "is not valid".to_owned(), ToString::to_string);
            (code.to_owned(), detail)
        }
    };
    (code, detail, allowed)
}

/// Rule for text that must say something.
pub fn not_blank(text: &str) -> std::result::Result<(), ValidationError> {
    if text.trim().is_empty() {
        return Err(ValidationError::new("blank").with_message("must not be blank".into()));
    }
    Ok(())
}

/// Rule for lists of short texts.
pub fn texts(list: &[String]) -> std::result::Result<(), ValidationError> {
    let sound = |text: &String| !text.trim().is_empty() && text.chars().count() <= 300;
    match list.len() <= 100 && list.iter().all(sound) {
        true => Ok(()),
        false => Err(ValidationError::new("invalid_value")
            .with_message("must have 100 texts at the most, none blank or longer than 300 characters".into())),
    }
}

const NO_DATE: &str = "invalid_date: ";

/// Reads `YYYY-MM-DD` and nothing else.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    shape.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// Reads a date as systems write it: `YYYY-MM-DD` or `YYYYMMDD` (ISO 8601), also with a zone behind it, as XML has it; with a time of
/// the day; or an instant, whose day is the one in Europe/Zurich.
pub fn any_date(text: &str) -> Option<NaiveDate> {
    if let Some(date) = parse_date(text).or_else(|| basic_date(text)).or_else(|| zoned_date(text)) {
        return Some(date);
    }
    // Years of fewer or more digits are none that anybody means.
    parse_date(text.get(..10)?)?;
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Zurich).date_naive());
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let local = local.into_iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local.map(|at| at.date())
}

/// Reads `YYYYMMDD`.
fn basic_date(text: &str) -> Option<NaiveDate> {
    let is_one = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten()
}

/// Reads `YYYY-MM-DDZ` and `YYYY-MM-DD+01:00`: the zone says of a day where it is one, and takes nothing from it.
fn zoned_date(text: &str) -> Option<NaiveDate> {
    let (date, zone) = text.split_at_checked(10)?;
    let is_zone = zone == "Z" || DateTime::parse_from_rfc3339(&format!("2000-01-01T00:00:00{zone}")).is_ok();
    parse_date(date).filter(|_| is_zone && !zone.starts_with('.'))
}

/// For `#[serde(deserialize_with)]` of optional dates.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<NaiveDate>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let date = any_date(text.trim());
    date.map(Some).ok_or_else(|| D::Error::custom(format!("{NO_DATE}is not a date; give one as YYYY-MM-DD")))
}

/// The earliest date that a record may have.
pub const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap();

/// The latest date that may be planned.
const LATEST: NaiveDate = NaiveDate::from_ymd_opt(2199, 12, 31).unwrap();

/// Checks a date of something that has happened: not before 1990, and at most a day in the future.
pub fn past(date: Option<NaiveDate>, pointer: &str, today: NaiveDate, faults: &mut Faults) {
    planned(date, pointer, faults);
    if date.is_some_and(|date| date > today.succ_opt().unwrap_or(today)) {
        faults.add(pointer, "in_future", "must not lie more than a day in the future");
    }
}

/// Checks a date of something that is due or planned: any from 1990 to 2199.
pub fn planned(date: Option<NaiveDate>, pointer: &str, faults: &mut Faults) {
    if date.is_some_and(|date| !(EARLIEST..=LATEST).contains(&date)) {
        let allowed = Allowed::between(Some(EARLIEST), Some(LATEST));
        faults.add_allowing(pointer, "out_of_range", "must be from 1990-01-01 to 2199-12-31", allowed);
    }
}
