//! Doubts about layouts: what is no fault, but may be forgotten.

use std::collections::BTreeSet;

use super::{Check, Layout, LayoutLine, Layouts, LineSource, Part, Quantity, TableLayout, Years};
use crate::calendar::YEARS;
use crate::registers::common::Status;
use crate::registers::vocabulary::OwnNumber;
use crate::registers::{ABSENT, ALL, Criterion, Dimension, Register, Selection, ValueSet, Vocabulary};
use crate::source::Refusal;

impl Layouts {
    /// The numbers of the vocabulary that no line of any layout adds.
    pub fn unused_numbers<'v>(&self, vocabulary: &'v Vocabulary) -> Vec<&'v OwnNumber> {
        let lines = self.iter().flat_map(Layout::lines);
        let added: BTreeSet<&str> = lines
            .flat_map(|line| &line.content.counted)
            .filter_map(|part| match &part.quantity {
                Quantity::Number(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        vocabulary.numbers.iter().filter(|number| !added.contains(number.path)).collect()
    }
}

impl Layout {
    /// The lines that add public bodies of different names, one sentence each: whether one lies under another stands in the
    /// register alone.
    pub fn bodies_side_by_side(&self) -> Vec<String> {
        let sentence = |line: &LayoutLine| {
            let names: BTreeSet<&String> =
                line.content.counted.iter().flat_map(|part| bodies(&part.selection)).collect();
            let told: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            (names.len() > 1).then(|| {
                format!(
                    "layout {}, line {}: its figures are right only if none of these public bodies lies under another: {}",
                    self.name,
                    line.code,
                    told.join(", ")
                )
            })
        };
        self.lines().filter_map(sentence).collect()
    }
}

impl Layout {
    /// The doubts about what its lines and checks are together.
    pub(super) fn doubtful(&self, vocabulary: &Vocabulary) -> Vec<Refusal> {
        let mut doubts = self.shares_beyond(vocabulary);
        for table in &self.tables {
            let idle = table.checks.iter().filter(|check| table.holds_anyway(check));
            doubts.extend(idle.map(|check| {
                let reason = format!(
                    "layout {}: this check says nothing: {} is made of exactly these parts; leave it out",
                    self.name, check.whole
                );
                (check.place, reason)
            }));
        }
        doubts
    }

    /// The shares of what does not lie in the line that it is a share of: they can be above 100 %.
    fn shares_beyond(&self, vocabulary: &Vocabulary) -> Vec<Refusal> {
        let sentence = |line: &LayoutLine| {
            let LineSource::Share { of, whole } = &line.source else { return None };
            let (part, all) = (self.line(of)?, self.line(whole)?);
            let both = part.years().intersection(&all.years());
            let turns = self.turns().into_iter().chain(both.turns());
            let mut years = turns.map(|turn| both.nearest(turn.max(*YEARS.start())));
            let goes_beyond = years.any(|year| both.contains(year) && goes_beyond(part, all, year, vocabulary));
            let reason = format!(
                "layout {}, line {}: can be above 100 %: not in each year all of {of} is in {whole}",
                self.name, line.code
            );
            goes_beyond.then_some((line.place, reason))
        };
        self.lines().filter_map(sentence).collect()
    }
}

/// True if records can count in a line in a year that do not in another, where both count the same of records.
fn goes_beyond(line: &LayoutLine, whole: &LayoutLine, year: i32, vocabulary: &Vocabulary) -> bool {
    let is_like = |one: &Part, other: &Part| one.quantity == other.quantity && other.except(year).next().is_none();
    let goes_beyond = |part: &Part| {
        let others: Vec<&Part> = whole.parts(year).filter(|other| is_like(part, other)).collect();
        let without = |left: Vec<Selection>, other: &&Part| -> Vec<Selection> {
            left.iter().flat_map(|one| one.without(&other.selection)).collect()
        };
        let left = others.iter().fold(vec![part.selection.clone()], without);
        !others.is_empty() && left.iter().any(|one| one.is_possible(vocabulary))
    };
    line.parts(year).any(goes_beyond)
}

impl TableLayout {
    /// True if a check holds whatever is counted and entered: in each year in which it runs its whole is made of its parts.
    fn holds_anyway(&self, check: &Check) -> bool {
        let Some(whole) = self.line(&check.whole) else { return false };
        let parts: Vec<&LayoutLine> = check.parts.iter().filter_map(|code| self.line(code)).collect();
        let runs = |year: &i32| whole.is_collected(*year) && parts.iter().any(|part| part.is_collected(*year));
        let is_made_of = |year: i32| {
            let mut given = self.lines.iter().filter(|line| line.source.lines().is_empty());
            given.all(|line| {
                let weight = |of: &LayoutLine| self.weight(of, &line.code, year);
                weight(whole) == parts.iter().map(|part| weight(part)).sum::<i64>()
            })
        };
        let turns = self.lines.iter().flat_map(|line| line.years().turns().collect::<Vec<_>>());
        let years = turns.filter(|year| YEARS.contains(year)).chain([*YEARS.start()]).collect::<BTreeSet<i32>>();
        years.into_iter().filter(runs).all(is_made_of)
    }
}

/// The reason why no new record can be in any of these selections, though earlier ones may be: what the source or the vocabulary
/// demands of it.
pub(super) fn unlikely(
    selections: &[Selection],
    source: &LineSource,
    collected: Option<&Years>,
    vocabulary: &Vocabulary,
) -> Option<String> {
    let reason = |selection: &Selection| {
        unclosed(selection, source)
            .or_else(|| contradicted(selection, vocabulary))
            .or_else(|| outdated(selection, source, collected, vocabulary))
    };
    let reasons: Vec<String> = selections.iter().map(reason).collect::<Option<_>>()?;
    Some(format!("no new record can be in this selection: {}", reasons.first()?))
}

/// The reason where a source counts what is closed, and a selection chooses what is not.
fn unclosed(selection: &Selection, source: &LineSource) -> Option<String> {
    let is_of_closed = matches!(
        source,
        LineSource::Count(_, Quantity::Closed | Quantity::Settled)
            | LineSource::DaysMean(_)
            | LineSource::DaysMedian(_)
    );
    let status = selection.0.get(&Criterion::Of(Dimension::Status)).filter(|_| is_of_closed)?;
    let closed = Status::VALUES[Status::Closed as usize];
    let reason = format!("the measure is of what is closed, which has the status {closed}; leave the status out");
    (!status.takes_any([closed].into_iter())).then_some(reason)
}

/// The reason where a value that a selection names demands of others what the selection leaves out, in each register.
fn contradicted(selection: &Selection, vocabulary: &Vocabulary) -> Option<String> {
    in_each_register(selection, vocabulary, |register| vocabulary.contradiction(register, selection))
}

/// The first of the reasons that there are in each register of a selection; none where there is none in one of them.
fn in_each_register(
    selection: &Selection,
    vocabulary: &Vocabulary,
    reason: impl Fn(&Register) -> Option<String>,
) -> Option<String> {
    let registers = ALL.iter().filter(|register| selection.is_possible_in(register, vocabulary));
    let reasons: Vec<String> = registers.map(reason).collect::<Option<_>>()?;
    reasons.into_iter().next()
}

/// The reason where the values of what is received are valid in no year together in which the line is collected.
fn outdated(
    selection: &Selection,
    source: &LineSource,
    collected: Option<&Years>,
    vocabulary: &Vocabulary,
) -> Option<String> {
    let LineSource::Count(_, Quantity::Received | Quantity::Number(_)) = source else { return None };
    in_each_register(selection, vocabulary, |register| {
        let mut years = collected.cloned().unwrap_or_default();
        selection.0.iter().find_map(|(criterion, values)| {
            let (Criterion::Of(dimension), ValueSet::In(values)) = (criterion, values) else { return None };
            years = years.intersection(&valid_years(register, *dimension, values, vocabulary));
            let named: Vec<&str> = values.iter().map(String::as_str).collect();
            years.is_empty().then(|| {
                format!(
                    "{} = {} is valid in none of the years in which the line is collected and its other values are valid; mend \
                     collected, or valid in the vocabulary",
                    dimension.name(),
                    named.join(", ")
                )
            })
        })
    })
}

/// The years in which new records of a register may have one of the values in a dimension.
fn valid_years(register: &Register, dimension: Dimension, values: &BTreeSet<String>, vocabulary: &Vocabulary) -> Years {
    let spans = values.iter().filter_map(|value| vocabulary.valid_years(register, dimension, value));
    let spans: Vec<Years> = spans.map(|(from, to)| Years::span(from, to)).collect();
    if spans.is_empty() || values.contains(ABSENT) { Years::default() } else { Years::union(spans.iter()) }
}

fn bodies(selection: &Selection) -> impl Iterator<Item = &String> {
    selection.bodies().filter(|values| matches!(values, ValueSet::In(_))).flat_map(ValueSet::named)
}
