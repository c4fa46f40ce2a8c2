//! The query parameters of lists for what is the authority's own: ranges of its numbers, and orders.

use serde_json::json;

use crate::api::query::{Parameter, Query};
use crate::records::query::filter::NumberRange;
use crate::records::query::page::SortField;
use crate::records::said::parts;
use crate::registers::vocabulary::OwnNumber;
use crate::registers::{Register, Vocabulary};

/// The names of the parameters for a range of a number.
fn range(number: &OwnNumber) -> [String; 2] {
    ["from", "to"].map(|end| format!("{}_{end}", number.path))
}

/// The parameters that choose records by the numbers of a register.
pub fn number_parameters(register: &Register, vocabulary: &Vocabulary) -> Vec<Parameter> {
    let of = |number: &OwnNumber| {
        let [from, to] = range(number);
        let named = |name, bound: &str| {
            Parameter::one(name, format!("`{}` is this or {bound}", number.path), json!({"type": "number"}), json!("1"))
        };
        [named(from, "more"), named(to, "less")]
    };
    vocabulary.own_numbers(register).flat_map(of).collect()
}

/// The ranges of numbers that a query chooses, by their names.
pub fn read_numbers(
    query: &mut Query,
    register: &Register,
    vocabulary: &Vocabulary,
) -> Vec<(&'static str, NumberRange)> {
    let mut read = |number: &OwnNumber| {
        let [from, to] = range(number).map(|name| query.decimal(&name).map(parts));
        (from.is_some() || to.is_some()).then_some((number.name(), (from, to)))
    };
    vocabulary.own_numbers(register).filter_map(&mut read).collect()
}

/// The fields that lists of a register can be sorted by besides the software's, by their names.
pub fn sort_fields(register: &Register, vocabulary: &Vocabulary) -> Vec<(&'static str, SortField)> {
    let dimensions = vocabulary.own_dimensions(register).map(|own| (own.path, SortField::OwnValue(own.name())));
    let numbers = vocabulary.own_numbers(register).map(|own| (own.path, SortField::OwnNumber(own.name())));
    dimensions.chain(numbers).collect()
}
