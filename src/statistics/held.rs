//! The records as they are held against what a vocabulary and a layout say of them: values that are in neither.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::layout::{Layout, TableLayout};
use super::provisional::Progress;
use super::record_sums::{held_codes, held_own};
use crate::calendar::YEARS;
use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, Resolution};
use crate::registers::{self, Dimension, Vocabulary};

/// The values of records that the vocabulary does not know, one sentence each.
pub fn unknown_values(db: &mut Db, vocabulary: &Vocabulary) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for register in registers::ALL {
        let told = |property: &str, value: &str, number: i64| {
            let (name, records) = (register.name, if number == 1 { "record has" } else { "records have" });
            format!("{name}.{property}: {number} {records} {value}, which the vocabulary does not know")
        };
        for property in register.coded {
            let codes = vocabulary.codes(register.name, property.name);
            let held = held_codes(db, register, property)?.into_iter();
            let unknown = held.filter(|(value, _)| !codes.iter().any(|code| code.code == *value));
            found.extend(unknown.map(|(value, number)| told(property.name, &value, number)));
        }
        for (name, value, number) in held_own(db, register)? {
            let dimension = vocabulary.own_dimensions(register).find(|own| own.name() == name);
            let is_number = vocabulary.own_numbers(register).any(|own| own.name() == name);
            let is_known = match (&value, dimension) {
                (Some(value), Some(own)) => own.codes.iter().any(|code| code.code == *value),
                _ => value.is_none() && is_number,
            };
            if !is_known {
                found.push(told(&format!("own.{name}"), value.as_deref().unwrap_or("a number"), number));
            }
        }
    }
    Ok(found)
}

/// The records of a year that no line of the table with the total counts, though they are in a register that the table
/// counts; one sentence for each year and register.
pub fn uncounted(db: &mut Db, layout: &Layout, today: NaiveDate) -> Result<Vec<String>> {
    let Some((name, table)) = layout.tables().find(|(_, table)| table.line(&layout.total).is_some()) else {
        return Ok(Vec::new());
    };
    let mut dimensions = table.dimensions();
    if !dimensions.contains(&Dimension::Register) {
        dimensions.push(Dimension::Register);
    }
    let resolution = Resolution::for_dimensions(dimensions.iter().copied());
    let mut missed: BTreeMap<(i32, String), i64> = BTreeMap::new();
    for count in cube::count(db, &YEARS, resolution, &dimensions, &[])? {
        let year = if resolution == Resolution::Years { count.period } else { count.period / 100 };
        let register = count.value(Dimension::Register).unwrap_or_default().to_owned();
        if Progress::of(year, today) != Progress::Ahead
            && counts_register(table, year, &register)
            && !is_counted(table, year, &count)
        {
            *missed.entry((year, register)).or_default() += count.counts.received;
        }
    }
    let sentence = |((year, register), number): ((i32, String), i64)| {
        let records = if number == 1 { "record" } else { "records" };
        format!("layout {}: no line of the table {name} counts {number} {records} of {register} of {year}", layout.name)
    };
    Ok(missed.into_iter().filter(|(_, number)| *number > 0).map(sentence).collect())
}

/// True if a line of the table counts records of the register in the year.
fn counts_register(table: &TableLayout, year: i32, register: &str) -> bool {
    let mut selections = table.lines.iter().flat_map(|line| line.selections(year));
    selections.any(|selection| {
        let named = selection.0.iter().find(|(dimension, _)| *dimension == Dimension::Register);
        named.is_some_and(|(_, registers)| registers.iter().any(|named| named == register))
    })
}

fn is_counted(table: &TableLayout, year: i32, count: &Count) -> bool {
    let mut selections = table.lines.iter().flat_map(|line| line.selections(year));
    selections.any(|selection| count.is_in(selection))
}
