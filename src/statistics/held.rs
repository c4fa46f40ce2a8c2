//! The records as they are held against what a vocabulary and a layout say of them: values that are in neither.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::bodies::PublicBodies;
use super::facts::facts;
use super::layout::{Layout, LayoutLine, Part, TableLayout};
use super::own_sets;
use super::provisional::Progress;
use super::record_sums::values_in_column;
use crate::calendar::YEARS;
use crate::db::Db;
use crate::error::Result;
use crate::records::projections::cube::{self, Count, Resolution};
use crate::records::projections::own_held::{self, HeldOwn};
use crate::records::projections::own_set::OwnSet;
use crate::registers::{self, BESIDE, CodedProperty, Dimension, Register, Selection, Vocabulary};

/// The values of records that the vocabulary does not know, one sentence each.
pub fn unknown_values(db: &mut Db, vocabulary: &Vocabulary) -> Result<Vec<String>> {
    let (mut found, beside) = (Vec::new(), own_held::held(db)?);
    for register in registers::ALL {
        let told = |property: &str, value: &str, number: i64| {
            let (name, records) = (register.name, if number == 1 { "record has" } else { "records have" });
            format!("{name}.{property}: {number} {records} {value}, which the vocabulary does not know")
        };
        for property in register.coded {
            let codes = vocabulary.codes(register.name, property.name);
            let held = held_codes(db, &beside, (register, property))?.into_iter();
            let unknown = held.filter(|(value, _)| !codes.iter().any(|code| code.code == *value));
            found.extend(unknown.map(|(value, number)| told(property.name, &value, number)));
        }
        let own = beside.iter().filter(|((of, name, _), _)| of == register.name && !name.starts_with(BESIDE));
        for ((_, name, value), number) in own {
            let now = vocabulary.name_now(register, name).unwrap_or(name);
            let dimension = vocabulary.own_dimensions(register).find(|own| own.name() == now);
            let is_number = vocabulary.own_numbers(register).any(|own| own.name() == now);
            let (is_known, told_as) = match (value.as_str(), dimension) {
                ("", _) => (is_number, "a number"),
                (value, Some(own)) => (own.codes.iter().any(|code| code.code == value), value),
                (value, None) => (false, value),
            };
            if !is_known {
                found.push(told(&format!("own.{name}"), told_as, *number));
            }
        }
    }
    Ok(found)
}

/// The values that the records of a register have in a coded property, each with the number of records. No record is looked at but
/// those of the small registers that are not counted.
fn held_codes(
    db: &mut Db,
    beside: &HeldOwn,
    (register, property): (&Register, &CodedProperty),
) -> Result<BTreeMap<String, i64>> {
    let mut held = BTreeMap::new();
    let mut add = |value: &str, records: i64| *held.entry(value.to_owned()).or_default() += records;
    let dimension = property.dimension;
    if property.is_beside() {
        let is_it = |name: &str| match name.strip_prefix(dimension.own_name()) {
            Some(code) => code.is_empty() || property.in_list && code.starts_with(BESIDE),
            None => false,
        };
        let said = beside.iter().filter(|((of, name, _), _)| of == register.name && is_it(name));
        said.for_each(|((.., value), records)| add(value, *records));
    } else if register.counted {
        let of_register = [(Dimension::Register, vec![register.name.to_owned()])];
        for count in cube::count(db, &YEARS, Resolution::Years, &[dimension], &of_register)? {
            add(count.value(dimension).unwrap_or_default(), count.counts.received);
        }
    } else {
        values_in_column(db, register, dimension)?.iter().for_each(|(value, records)| add(value, *records));
    }
    held.retain(|value, records| !value.is_empty() && *records > 0);
    Ok(held)
}

/// The records of a year that no line of the table with the total counts, though they are in a register that the table
/// counts; one sentence for each year and register.
pub fn uncounted(db: &mut Db, layout: &Layout, vocabulary: &Vocabulary, today: NaiveDate) -> Result<Vec<String>> {
    let Some(table) = layout.main_table() else { return Ok(Vec::new()) };
    let dimensions = asked_dimensions(table);
    let period = table.period;
    let resolution = match period.is_calendar() {
        true => Resolution::for_dimensions(dimensions.iter().copied()),
        false => Resolution::Months,
    };
    let mut missed: BTreeMap<(i32, String), i64> = BTreeMap::new();
    for count in cube::count(db, &YEARS, resolution, &dimensions, &[])? {
        let year = if resolution == Resolution::Years { count.period } else { period.year_of_month(count.period) };
        let register = count.value(Dimension::Register).unwrap_or_default();
        if period.progress(year, today) != Progress::Ahead
            && counts_register(table, register, vocabulary)
            && !is_counted(table, year, &count, &dimensions)
        {
            *missed.entry((year, register.to_owned())).or_default() += count.counts.received;
        }
    }
    missed.retain(|_, number| *number > 0);
    if table.selections().any(Selection::is_of_body) && !missed.is_empty() {
        missed = without_those_of_bodies(db, table, &missed)?;
    }
    let sentence = |((year, register), number): ((i32, String), i64)| {
        let records = if number == 1 { "record" } else { "records" };
        let (layout, table) = (&layout.name, &table.name);
        format!("layout {layout}: no line of the table {table} counts {number} {records} of {register} of {year}")
    };
    Ok(missed.into_iter().map(sentence).collect())
}

/// Of records that no line counts whatever their public bodies, by year and register, those that none counts for their bodies
/// either. The cube knows no bodies: the records themselves are looked at.
fn without_those_of_bodies(
    db: &mut Db,
    table: &TableLayout,
    missed: &BTreeMap<(i32, String), i64>,
) -> Result<BTreeMap<(i32, String), i64>> {
    let (Some(((first, _), _)), Some(((last, _), _))) = (missed.first_key_value(), missed.last_key_value()) else {
        return Ok(BTreeMap::new());
    };
    let days = (table.period.first(*first), table.period.last(*last));
    let registers: BTreeSet<&str> = missed.keys().map(|(_, register)| register.as_str()).collect();
    let bodies = PublicBodies::read(db, table.selections())?;
    let lines: Vec<&LayoutLine> = table.lines.iter().collect();
    let mut left = BTreeMap::new();
    for fact in facts(db, days, &registers.into_iter().collect::<Vec<_>>(), &lines)? {
        let year = table.period.year_of(fact.received);
        let key = (year, fact.value(Dimension::Register).to_owned());
        let mut parts = collected_parts(table, year);
        if missed.contains_key(&key) && !parts.any(|part| fact.is_in_part(part, year, &bodies)) {
            *left.entry(key).or_default() += 1;
        }
    }
    Ok(left)
}

/// The dimensions that the lines look at, and the register; those of the authority's own only where cells are kept by all of
/// them together.
fn asked_dimensions(table: &TableLayout) -> Vec<Dimension> {
    let looked = table.lines.iter().flat_map(LayoutLine::dimensions);
    let mut dimensions: BTreeSet<Dimension> = looked.chain([Dimension::Register]).collect();
    let together = OwnSet::of(dimensions.iter().copied(), None);
    if !table.lines.iter().any(|line| own_sets::of_line(line) == together) {
        dimensions.retain(|dimension| !dimension.is_own());
    }
    dimensions.into_iter().collect()
}

/// True if a line of the table counts records of the register, in whatever years.
fn counts_register(table: &TableLayout, register: &str, vocabulary: &Vocabulary) -> bool {
    registers::find(register).is_some_and(|register| {
        let mut named = table.selections().filter(|selection| selection.names_register(register.name));
        named.any(|selection| selection.is_possible_in(register, vocabulary))
    })
}

/// True if a line counts what is counted, whatever the public body. What a selection asks for beyond the dimensions is taken as
/// given: a doubt is about what no line can count.
fn is_counted(table: &TableLayout, year: i32, count: &Count, dimensions: &[Dimension]) -> bool {
    let mut parts = collected_parts(table, year).filter(|part| !part.selection.is_of_body());
    parts.any(|part| count.is_in(&part.selection.within(dimensions)))
}

/// The records that the lines count which are collected in the year.
fn collected_parts(table: &TableLayout, year: i32) -> impl Iterator<Item = &Part> {
    table.lines.iter().filter(move |line| line.is_collected(year)).flat_map(move |line| line.parts(year))
}
