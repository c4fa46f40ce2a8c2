//! Values of records beside the columns of their rows: in the dimensions and numbers of the authority's own, and in coded properties
//! that have no column. They are counted, and lists are filtered by them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Document;
use crate::decimal::Decimal;
use crate::registers::Register;
use crate::registers::vocabulary::OWN_PROPERTY;

/// A value, or a number in ten-thousandths.
pub type ValueOrNumber = (Option<String>, Option<i64>);

/// The part of a document that is the authority's own.
fn own(document: &Document) -> Option<&Map<String, Value>> {
    document.get(OWN_PROPERTY)?.as_object()
}

/// A number as it is kept.
pub fn parts(number: f64) -> i64 {
    Decimal::nearest(number).parts()
}

/// The values of a document of a register, by name.
pub fn said(register: &Register, document: &Document) -> BTreeMap<String, ValueOrNumber> {
    let own = own(document).into_iter().flatten();
    let own = own.map(|(name, said)| (name.clone(), (said.as_str().map(str::to_owned), said.as_f64().map(parts))));
    let coded = register.coded.iter().flat_map(|property| property.said(document));
    own.chain(coded.map(|(name, code)| (name, (Some(code.to_owned()), None)))).collect()
}

/// True if the text of a document may say anything: hardly any record of most registers does.
pub fn may_say(register: &Register, details: &str) -> bool {
    let of_property = |path: &str| path.split('.').next().is_some_and(|first| details.contains(first));
    let mut beside = register.coded.iter().filter(|property| property.is_beside());
    details.contains(OWN_PROPERTY) || beside.any(|property| of_property(property.path))
}
