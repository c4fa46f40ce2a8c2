//! Values of records beside the columns of their rows: in the dimensions and numbers of the authority's own, and in coded properties
//! that have no column. They are counted, and lists are filtered by them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Document;
use crate::db::{Dialect, Statement};
use crate::decimal::Decimal;
use crate::registers::vocabulary::OWN_PROPERTY;
use crate::registers::{self, BESIDE, Register};

/// A value, or a number in ten-thousandths.
pub type ValueOrNumber = (Option<String>, Option<i64>);

/// Values and numbers of a record, by name.
pub type Said = BTreeMap<String, ValueOrNumber>;

/// The part of a document that is the authority's own.
fn own(document: &Document) -> Option<&Map<String, Value>> {
    document.get(OWN_PROPERTY)?.as_object()
}

/// A number as it is kept.
pub fn parts(number: f64) -> i64 {
    Decimal::nearest(number).parts()
}

/// The values of a document of a register, by name.
pub fn said(register: &Register, document: &Document) -> Said {
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

/// The value of a record in a dimension of this name, out of the column of its details; null where it has none.
pub(crate) fn value_of(dialect: &dyn Dialect, details: &'static str, name: &str) -> Statement<'static> {
    let beside = registers::ALL.iter().flat_map(|register| register.coded).filter(|property| property.is_beside());
    for property in beside {
        let rest = name.strip_prefix(property.dimension.own_name());
        match (rest, property.path.split_once('.')) {
            (Some(""), None) => return dialect.json_property(details, property.path),
            (Some(code), Some((list, part))) if code.starts_with(BESIDE) => {
                return dialect.json_listed(details, list, part, &code[BESIDE.len_utf8()..]);
            }
            _ => {}
        }
    }
    dialect.json_text(details, OWN_PROPERTY, name)
}

/// The number of a record of this name in ten-thousandths, out of the column of its details; null where it has none.
pub(crate) fn number_of(dialect: &dyn Dialect, details: &'static str, name: &str) -> Statement<'static> {
    dialect.json_parts(details, OWN_PROPERTY, name)
}

/// True for the record whose list of values has any, of the list's dimension, out of the column of its details; null where there
/// is no list.
pub(crate) fn is_any_listed(dialect: &dyn Dialect, details: &'static str, name: &str) -> Option<Statement<'static>> {
    let mut coded = registers::ALL.iter().flat_map(|register| register.coded).filter(|property| property.in_list);
    let property = coded.find(|property| property.dimension.own_name() == name)?;
    let (list, part) = property.path.split_once('.')?;
    Some(dialect.json_any_listed(details, list, part))
}
