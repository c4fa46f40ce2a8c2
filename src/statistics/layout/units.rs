//! The units and decimals of lines: their own, or those that follow from what they are made of.

use std::collections::HashMap;

use toml::Spanned;

use super::{LayoutContext, LayoutLine, LineSource, Quantity};
use crate::source::{Refusal, refuse};

/// A unit, and the decimals that are printed.
pub(super) type ShownUnit = (Option<String>, Option<u32>);

/// The units of lines of which none is a part of itself; `places` are theirs by code.
pub(super) fn of(lines: &[LayoutLine], places: &HashMap<String, usize>, context: LayoutContext) -> Vec<ShownUnit> {
    let mut found = vec![None; lines.len()];
    (0..lines.len()).map(|at| shown(at, (lines, places, context), &mut found)).collect()
}

fn shown(
    at: usize,
    among: (&[LayoutLine], &HashMap<String, usize>, LayoutContext),
    found: &mut [Option<ShownUnit>],
) -> ShownUnit {
    if let Some(unit) = &found[at] {
        return unit.clone();
    }
    let (lines, places, context) = among;
    let line = &lines[at];
    let (mut unit, mut decimals) = (line.unit.clone(), line.decimals);
    match &line.source {
        LineSource::Count(_, Quantity::Number(name)) => {
            let number = context.vocabulary.numbers.iter().find(|number| number.path == name);
            unit = unit.or_else(|| number.and_then(|number| number.unit.clone()));
            decimals = decimals.or(number.map(|number| number.decimals));
        }
        LineSource::DaysMean(_) | LineSource::DaysMedian(_) => decimals = decimals.or(Some(1)),
        LineSource::Share { .. } => {
            unit = unit.or_else(|| Some("%".into()));
            decimals = decimals.or(Some(1));
        }
        LineSource::Sum(_) | LineSource::Rest { .. } => {
            let parts = parts_of(line, places).into_iter().filter(|part| *part != at);
            let of_parts: Vec<ShownUnit> = parts.map(|part| shown(part, among, found)).collect();
            let first = of_parts.first().and_then(|(unit, _)| unit.clone());
            unit = unit.or_else(|| first.filter(|unit| of_parts.iter().all(|(other, _)| other.as_ref() == Some(unit))));
            decimals = decimals.or_else(|| of_parts.iter().filter_map(|(_, decimals)| *decimals).max());
        }
        _ => {}
    }
    found[at] = Some((unit.clone(), decimals));
    (unit, decimals)
}

/// The places of the lines that a line is made of, in the order of the table.
fn parts_of(line: &LayoutLine, places: &HashMap<String, usize>) -> Vec<usize> {
    let mut parts: Vec<usize> = line.source.lines().iter().filter_map(|code| places.get(*code).copied()).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Refuses a sum or a rest of figures in several units. What people enter without a unit can be anything.
pub(super) fn check_one(
    line: &LayoutLine,
    place: &Spanned<String>,
    (lines, places, units): (&[LayoutLine], &HashMap<String, usize>, &[ShownUnit]),
) -> Result<(), Refusal> {
    if !matches!(line.source, LineSource::Sum(_) | LineSource::Rest { .. }) {
        return Ok(());
    }
    let parts = parts_of(line, places).into_iter().map(|at| (&lines[at], &units[at].0));
    let mut counted = parts.filter(|(part, _)| !part.is_entered() || part.unit.is_some());
    let Some((first, unit)) = counted.next() else { return Ok(()) };
    let named = |unit: &Option<String>| unit.clone().unwrap_or_else(|| "a number without a unit".into());
    match counted.find(|(_, other)| *other != unit) {
        None => Ok(()),
        Some((part, other)) => {
            let (unit, other) = (named(unit), named(other));
            let reason = format!("the line {} adds up {} ({unit}) and {} ({other})", line.code, first.code, part.code);
            refuse(place, reason)
        }
    }
}
