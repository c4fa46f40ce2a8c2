//! The structure of lines: which of them lie in which others, as sets of all records and entered figures that could be.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::registers::{self, Criterion, Dimension, Selection};
use crate::statistics::layout::{Layout, LayoutLine, LineSource, Part, Quantity};

/// The lines that one kind of record counts in.
pub(super) type Atom = BTreeSet<usize>;

/// More kinds of records than these are not looked at.
const MOST_ATOMS: usize = 200_000;

/// Lines that count the same records, and the families of parts that these records fall into.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The codes of the lines.
    pub(super) codes: Vec<String>,
    /// The places of parts that exclude each other.
    pub(super) families: Vec<Vec<usize>>,
    /// True if one of the lines is shown whatever it says.
    pub(super) exempt: bool,
}

/// Lines that lie in each other; the first one stands for all records.
#[derive(Debug)]
pub(super) struct Nodes(pub(super) Vec<Node>);

/// A line as it counts in a year.
pub(super) struct CountedLine<'a> {
    /// Its code.
    pub(super) code: &'a str,
    parts: Vec<&'a Part>,
    entered: Vec<&'a str>,
    year: i32,
    exempt: bool,
}

impl<'a> CountedLine<'a> {
    /// A line in a year. One that does not count then is taken as it does in the years in which it does, since figures that were
    /// given may have it.
    pub(super) fn of(line: &LayoutLine, year: i32) -> CountedLine<'_> {
        let year = line.a_year_near(year);
        let (parts, entered) = (line.parts(year).collect(), line.entered(year).collect());
        CountedLine { code: &line.code, parts, entered, year, exempt: !line.protect }
    }

    /// The universes that it counts in: quantities and entered figures, which have nothing in common with each other.
    fn universes(&self) -> BTreeSet<(Option<&'a Quantity>, &'a str)> {
        let counted = self.parts.iter().map(|part| (Some(&part.quantity), ""));
        counted.chain(self.entered.iter().map(|code| (None, *code))).collect()
    }

    fn selections(&self, quantity: &Quantity) -> impl Iterator<Item = &'a Selection> {
        let of_quantity = self.parts.iter().filter(move |part| part.quantity == *quantity);
        of_quantity.flat_map(|part| std::iter::once(&part.selection).chain(part.except(self.year)))
    }

    fn counts(&self, quantity: &Quantity, record: &PossibleRecord) -> bool {
        self.parts.iter().filter(|part| part.quantity == *quantity).any(|part| {
            selects(&part.selection, record) && !part.except(self.year).any(|selection| selects(selection, record))
        })
    }
}

/// The lines of a layout whose figures add up, in groups that have nothing in common.
pub(super) fn components(layout: &Layout, year: i32) -> Vec<Vec<CountedLine<'_>>> {
    let mut groups: Vec<(BTreeSet<_>, Vec<CountedLine>)> = Vec::new();
    for line in layout.lines().filter(|line| line.source.is_additive()).map(|line| CountedLine::of(line, year)) {
        let mut universes = line.universes();
        let mut lines = vec![line];
        let (joined, others) = groups.into_iter().partition(|(other, _)| !universes.is_disjoint(other));
        let joined: Vec<(BTreeSet<_>, Vec<CountedLine>)> = joined;
        groups = others;
        for (more, earlier) in joined.into_iter().rev() {
            universes.extend(more);
            lines.splice(0..0, earlier);
        }
        groups.push((universes, lines));
    }
    groups.into_iter().map(|(_, lines)| lines).collect()
}

impl Nodes {
    /// The structure of lines that have something in common.
    pub(super) fn of(layout: &Layout, year: i32, lines: &[CountedLine]) -> Result<Nodes> {
        let atoms: Vec<Atom> = atoms(lines)?.into_iter().collect();
        let all: BTreeSet<usize> = (0..lines.len()).collect();
        let split = Split::of(&atoms, &all);
        let set = |code: &str| lines.iter().position(|line| line.code == code).map(|at| split.set(at));
        for (_, of, less) in rests(layout, year).filter(|(line, ..)| set(&line.code).is_some()) {
            for part in less {
                if set(part).zip(set(of)).is_none_or(|(part, whole)| !part.is_subset(whole)) {
                    return Err(refused(
                        layout,
                        &format!("the line {part} is taken away from {of} and is no part of it"),
                    ));
                }
            }
        }
        if let Some(line) = (0..lines.len()).find(|line| split.set(*line).is_empty()) {
            return Err(refused(layout, &format!("nothing is left that could be in the line {}", lines[line].code)));
        }
        if !split.is_independent() {
            let cut: Vec<&str> = cutting(&atoms, &split, all).into_iter().map(|line| lines[line].code).collect();
            return Err(refused(layout, &format!("its lines {} cut each other", cut.join(", "))));
        }
        let mut nodes: Vec<Node> =
            split.families.iter().map(|families| Node { families: families.clone(), ..Node::default() }).collect();
        for (at, line) in lines.iter().enumerate() {
            let node = &mut nodes[split.places[&at]];
            node.codes.push(line.code.to_owned());
            node.exempt |= line.exempt;
        }
        Ok(Nodes(nodes))
    }
}

/// Lines as sets of atoms, each set once and all atoms before them, with how they split each other.
struct Split {
    sets: Vec<BTreeSet<usize>>,
    /// The places of the sets of lines.
    places: BTreeMap<usize, usize>,
    /// The families of each set.
    families: Vec<Vec<Vec<usize>>>,
}

impl Split {
    fn of(atoms: &[Atom], lines: &BTreeSet<usize>) -> Split {
        let mut sets: Vec<BTreeSet<usize>> = vec![(0..atoms.len()).collect()];
        let mut places = BTreeMap::new();
        for line in lines {
            let set = (0..atoms.len()).filter(|atom| atoms[*atom].contains(line)).collect();
            let known = sets.iter().position(|other| *other == set).unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            places.insert(*line, known);
        }
        let families = (0..sets.len()).map(|whole| families(&sets, whole)).collect();
        Split { sets, places, families }
    }

    /// The set of a line.
    fn set(&self, line: usize) -> &BTreeSet<usize> {
        &self.sets[self.places[&line]]
    }

    /// True if all families are independent of each other.
    fn is_independent(&self) -> bool {
        self.combinations(0) == Some(self.sets[0].len())
    }

    /// Returns the number of combinations of lines that records would have if all families were independent of each
    /// other.
    fn combinations(&self, whole: usize) -> Option<usize> {
        self.families[whole].iter().try_fold(1_usize, |product, family| {
            let covered: usize = family.iter().map(|part| self.sets[*part].len()).sum();
            let rest = usize::from(covered < self.sets[whole].len());
            let parts = family.iter().map(|part| self.combinations(*part)).sum::<Option<usize>>()?;
            product.checked_mul(parts + rest)
        })
    }
}

/// The lines that cut each other, two where it takes no more, of lines that are not independent. All that can be left out are left
/// out: none before what lies in it, for without a whole its parts would seem to cut each other.
fn cutting(atoms: &[Atom], split: &Split, mut left: BTreeSet<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = left.iter().copied().collect();
    order.sort_by_key(|line| split.set(*line).len());
    for line in order {
        let is_inside = |other: &usize| {
            split.set(*other).len() < split.set(line).len() && split.set(*other).is_subset(split.set(line))
        };
        let fewer: BTreeSet<usize> = left.iter().copied().filter(|other| *other != line).collect();
        let of_fewer: BTreeSet<Atom> = atoms.iter().map(|atom| atom & &fewer).collect();
        if !left.iter().any(is_inside) && !Split::of(&of_fewer.into_iter().collect::<Vec<_>>(), &fewer).is_independent()
        {
            left = fewer;
        }
    }
    let cut = |one: &usize, other: &usize| {
        let (one, other) = (split.set(*one), split.set(*other));
        !one.is_disjoint(other) && !one.is_subset(other) && !other.is_subset(one)
    };
    left.iter().copied().filter(|one| left.iter().any(|other| cut(one, other))).collect()
}

fn refused(layout: &Layout, why: &str) -> Error {
    Error::Configuration(format!(
        "AUFSICHT_PUBLIC_STATISTICS: the layout {} has lines whose small numbers cannot be protected: {why}; a whole must be \
         split into parts, and each split be independent of the others",
        layout.name
    ))
}

/// The rests of a year, with the lines that they take away in it.
fn rests(layout: &Layout, year: i32) -> impl Iterator<Item = (&LayoutLine, &str, Vec<&str>)> {
    layout.placed_lines().filter_map(move |(table, line)| {
        let LineSource::Rest { of, less } = &line.source else { return None };
        let year = line.a_year_near(year);
        let is_collected = |code: &&String| table.line(code).is_some_and(|line| line.is_collected(year));
        Some((line, of.as_str(), less.iter().filter(is_collected).map(String::as_str).collect()))
    })
}

/// The parts of a whole that lie in no smaller part, those that exclude each other together.
fn families(sets: &[BTreeSet<usize>], whole: usize) -> Vec<Vec<usize>> {
    let inside = |part: usize, whole: usize| sets[part].len() < sets[whole].len() && sets[part].is_subset(&sets[whole]);
    let direct = |part: &usize| {
        inside(*part, whole) && !(0..sets.len()).any(|other| inside(*part, other) && inside(other, whole))
    };
    let mut families: Vec<Vec<usize>> = Vec::new();
    for part in (0..sets.len()).filter(direct) {
        let fits = |family: &&mut Vec<usize>| family.iter().all(|other| sets[*other].is_disjoint(&sets[part]));
        match families.iter_mut().find(fits) {
            Some(family) => family.push(part),
            None => families.push(vec![part]),
        }
    }
    families
}

/// A kind of record: its values, where `None` stands for every value that no line names.
type PossibleRecord<'a> = Vec<(Criterion, Option<&'a str>)>;

/// Every combination of lines that a record, or a figure that people enter, can count in.
pub(super) fn atoms(lines: &[CountedLine]) -> Result<BTreeSet<Atom>> {
    let mut all = BTreeSet::from([Atom::new()]);
    for entered in lines.iter().flat_map(|line| &line.entered) {
        all.insert((0..lines.len()).filter(|index| lines[*index].entered.contains(entered)).collect());
    }
    let quantities: BTreeSet<&Quantity> =
        lines.iter().flat_map(|line| &line.parts).map(|part| &part.quantity).collect();
    for quantity in quantities {
        for register in registers::ALL {
            let selections = lines.iter().flat_map(|line| line.selections(quantity));
            let records = records(register.name, selections)?;
            all.extend(records.iter().map(|record| {
                (0..lines.len()).filter(|index| lines[*index].counts(quantity, record)).collect::<Atom>()
            }));
        }
    }
    Ok(all)
}

/// The kinds of records of a register that selections tell apart.
fn records<'a>(
    register: &'static str,
    selections: impl Iterator<Item = &'a Selection>,
) -> Result<Vec<PossibleRecord<'a>>> {
    const REGISTER: Criterion = Criterion::Of(Dimension::Register);
    let of_register = |selection: &&Selection| {
        selection.0.get(&REGISTER).is_none_or(|values| values.allows(|value| value == register))
    };
    let mut criteria: BTreeMap<Criterion, BTreeSet<Option<&str>>> = BTreeMap::new();
    for (criterion, values) in selections.filter(of_register).flat_map(|selection| &selection.0) {
        let known = criteria.entry(*criterion).or_insert_with(|| BTreeSet::from([None]));
        known.extend(values.named().iter().map(|value| Some(value.as_str())));
    }
    criteria.remove(&REGISTER);
    let mut records: Vec<PossibleRecord> = vec![vec![(REGISTER, Some(register))]];
    for (criterion, values) in &criteria {
        if records.len() * values.len() > MOST_ATOMS {
            return Err(Error::Configuration(
                "AUFSICHT_PUBLIC_STATISTICS: the layout has too many combinations of values to be protected".into(),
            ));
        }
        let with = |record: &PossibleRecord<'a>| {
            let record = record.clone();
            values.iter().map(move |value| [record.clone(), vec![(*criterion, *value)]].concat()).collect::<Vec<_>>()
        };
        records = records.iter().flat_map(with).collect();
    }
    Ok(records)
}

fn selects(selection: &Selection, record: &PossibleRecord) -> bool {
    selection.holds(|criterion, value| record.iter().any(|(known, held)| *known == criterion && *held == Some(value)))
}
