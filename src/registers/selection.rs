//! Selections: choices of records by the values that they have. They can be held against each other, so that nothing is counted
//! twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{ABSENT, Dimension, Vocabulary};

/// A respect in which records are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criterion {
    /// The value in a dimension.
    Of(Dimension),
    /// The type of the public body that a record is linked to.
    OrganisationType,
    /// The name of that public body, or of one above it.
    Under,
    /// The same of what is taken away from bodies that are named. Both stand side by side, for names tell nothing of what lies
    /// under what: all under a department, and not under one of its offices.
    Outside,
    /// The id of that public body.
    Body,
}

impl Criterion {
    /// The name in layouts.
    pub fn name(self) -> &'static str {
        match self {
            Criterion::Of(dimension) => dimension.name(),
            Criterion::OrganisationType => "organisation_type",
            Criterion::Under | Criterion::Outside => "under",
            Criterion::Body => "body",
        }
    }

    /// True if it asks for the public body, which no dimension knows.
    pub fn is_of_body(self) -> bool {
        !matches!(self, Criterion::Of(_))
    }
}

/// The values that are chosen; [`ABSENT`] among them for none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueSet {
    /// These.
    In(BTreeSet<String>),
    /// All but these.
    NotIn(BTreeSet<String>),
}

impl ValueSet {
    /// The values that are named.
    pub fn named(&self) -> &BTreeSet<String> {
        match self {
            ValueSet::In(values) | ValueSet::NotIn(values) => values,
        }
    }

    /// True if what a record has is chosen.
    pub fn allows(&self, has: impl Fn(&str) -> bool) -> bool {
        let any = self.named().iter().any(|value| has(value));
        any == matches!(self, ValueSet::In(_))
    }

    /// True if one of the values that a record has is chosen.
    pub fn takes_any<'h>(&self, mut held: impl Iterator<Item = &'h str>) -> bool {
        held.any(|value| self.named().contains(value)) == matches!(self, ValueSet::In(_))
    }

    /// All others.
    pub fn others(&self) -> ValueSet {
        match self.clone() {
            ValueSet::In(values) => ValueSet::NotIn(values),
            ValueSet::NotIn(values) => ValueSet::In(values),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, ValueSet::In(values) if values.is_empty())
    }

    fn and(&self, other: &ValueSet) -> ValueSet {
        let without = |all: &BTreeSet<String>, not: &BTreeSet<String>| all.difference(not).cloned().collect();
        match (self, other) {
            (ValueSet::In(mine), ValueSet::In(theirs)) => ValueSet::In(mine.intersection(theirs).cloned().collect()),
            (ValueSet::In(all), ValueSet::NotIn(not)) | (ValueSet::NotIn(not), ValueSet::In(all)) => {
                ValueSet::In(without(all, not))
            }
            (ValueSet::NotIn(mine), ValueSet::NotIn(theirs)) => ValueSet::NotIn(mine.union(theirs).cloned().collect()),
        }
    }
}

/// A choice of records: one of the values chosen in each respect that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selection(pub BTreeMap<Criterion, ValueSet>);

impl Selection {
    /// Narrows it in a respect.
    pub fn narrow(&mut self, criterion: Criterion, values: &ValueSet) {
        let both = self.0.get(&criterion).map_or_else(|| values.clone(), |known| known.and(values));
        self.0.insert(criterion, both);
    }

    /// The same, where bodies that are named and taken away are none, and bodies that are taken away from no others stand in the
    /// place of bodies that are named, so that they can be held against these.
    pub fn settled(mut self) -> Selection {
        let Some(outside) = self.0.get(&Criterion::Outside).cloned() else { return self };
        if !self.0.contains_key(&Criterion::Under) {
            self.0.remove(&Criterion::Outside);
        }
        self.narrow(Criterion::Under, &outside);
        self
    }

    /// The names of public bodies that it asks for, or takes away.
    pub fn bodies(&self) -> impl Iterator<Item = &ValueSet> {
        [Criterion::Under, Criterion::Outside].into_iter().filter_map(|criterion| self.0.get(&criterion))
    }

    /// True if a record is in it; `has` tells if the record has a value.
    pub fn holds(&self, has: impl Fn(Criterion, &str) -> bool) -> bool {
        self.0.iter().all(|(criterion, values)| values.allows(|value| has(*criterion, value)))
    }

    /// True if records with these values are in it; where it asks for more than dimensions, none of them has what it names.
    pub fn takes<'h>(&self, value: impl Fn(Dimension) -> &'h str) -> bool {
        self.0.iter().all(|(criterion, values)| match criterion {
            Criterion::Of(dimension) => values.takes_any([value(*dimension)].into_iter()),
            _ => values.takes_any(std::iter::empty()),
        })
    }

    /// True if it is about records of a register; all of a layout name theirs.
    pub fn names_register(&self, register: &str) -> bool {
        let named = self.0.get(&Criterion::Of(Dimension::Register));
        named.is_some_and(|names| names.allows(|name| name == register))
    }

    /// The values that it names in a dimension.
    pub fn named(&self, dimension: Dimension) -> impl Iterator<Item = &str> {
        self.0.get(&Criterion::Of(dimension)).into_iter().flat_map(|values| values.named().iter().map(String::as_str))
    }

    /// The dimensions that it looks at.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        self.0.keys().filter_map(|criterion| match criterion {
            Criterion::Of(dimension) => Some(*dimension),
            _ => None,
        })
    }

    /// The same without what it asks for beyond the dimensions.
    pub fn within(&self, dimensions: &[Dimension]) -> Selection {
        let is_in = |criterion: &Criterion| dimensions.iter().any(|dimension| *criterion == Criterion::Of(*dimension));
        Selection(self.0.iter().filter(|(criterion, _)| is_in(criterion)).map(|(c, v)| (*c, v.clone())).collect())
    }

    /// True if it asks for the public body.
    pub fn is_of_body(&self) -> bool {
        self.0.keys().any(|criterion| criterion.is_of_body())
    }

    /// True if a record of a register could be in the selection.
    pub fn is_possible_in(&self, register: &super::Register, vocabulary: &Vocabulary) -> bool {
        self.0.iter().all(|(criterion, values)| {
            let can = |dimension| match values {
                ValueSet::In(values) => values.iter().any(|value| vocabulary.can_have(register, dimension, value)),
                ValueSet::NotIn(values) => vocabulary.can_have_other(register, dimension, values),
            };
            match criterion {
                Criterion::Of(dimension) => can(*dimension),
                _ if values.is_empty() => false,
                _ => values.allows(|value| value == ABSENT) || register.property_name(super::ORGANISATION).is_some(),
            }
        })
    }

    /// True if a record of any register could be in the selection.
    pub fn is_possible(&self, vocabulary: &Vocabulary) -> bool {
        super::ALL.iter().any(|register| self.is_possible_in(register, vocabulary))
    }

    /// The records that are in both; `None` where there can be none. Bodies of different names are taken not to lie under each
    /// other.
    pub fn and(&self, other: &Selection) -> Option<Selection> {
        let mut both = self.clone();
        other.0.iter().for_each(|(criterion, values)| both.narrow(*criterion, values));
        both.0.values().all(|values| !values.is_empty()).then_some(both)
    }

    /// True if no record can be in both selections.
    pub fn is_disjoint(&self, other: &Selection) -> bool {
        self.and(other).is_none()
    }

    /// The rest without another: selections that exclude each other.
    pub fn without(&self, other: &Selection) -> Vec<Selection> {
        let (mut left, mut within) = (Vec::new(), self.clone());
        for (criterion, values) in &other.0 {
            let outside = Selection([(*criterion, values.others())].into());
            left.extend(within.and(&outside));
            let inside = Selection([(*criterion, values.clone())].into());
            let Some(rest) = within.and(&inside) else { return left };
            within = rest;
        }
        left
    }

    /// True if all of its records are in the others.
    pub fn is_covered(&self, others: &[Selection]) -> bool {
        let Some((first, rest)) = others.split_first() else { return false };
        self.without(first).iter().all(|left| left.is_covered(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(named: &[(Dimension, bool, &[&str])]) -> Selection {
        let mut all = Selection::default();
        for (dimension, is_in, values) in named {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let set = if *is_in { ValueSet::In(values) } else { ValueSet::NotIn(values) };
            all.narrow(Criterion::Of(*dimension), &set);
        }
        all
    }

    #[test]
    fn all_others_and_absent_ones_are_the_rest() {
        let it = selection(&[(Dimension::Area, true, &["IT"])]);
        let others = selection(&[(Dimension::Area, false, &["IT"])]);
        let none = selection(&[(Dimension::Area, true, &[ABSENT])]);
        assert!(it.is_disjoint(&others) && !none.is_disjoint(&others));
        assert!(others.holds(|_, value| value == ABSENT) && !others.holds(|_, value| value == "IT"));
        assert!(selection(&[]).is_covered(&[it.clone(), others.clone()]));
        assert!(!selection(&[]).is_covered(&[it.clone(), none]));
        assert_eq!(it.without(&others), std::slice::from_ref(&it));
        let both = selection(&[(Dimension::Area, true, &["IT", "POLICE"]), (Dimension::Area, false, &["POLICE"])]);
        assert_eq!(both, it);
    }

    #[test]
    fn bodies_can_be_taken_away_from_those_above_them() {
        let of = |named: &[(Criterion, bool, &str)]| {
            let mut all = Selection::default();
            for (criterion, is_in, name) in named {
                let names = BTreeSet::from([(*name).to_owned()]);
                all.narrow(*criterion, &if *is_in { ValueSet::In(names) } else { ValueSet::NotIn(names) });
            }
            all.settled()
        };
        let (office, others) =
            (of(&[(Criterion::Under, true, "Office")]), of(&[(Criterion::Outside, false, "Office")]));
        assert_eq!(others.0.keys().collect::<Vec<_>>(), [&Criterion::Under]);
        assert!(office.is_disjoint(&others));
        let rest = of(&[(Criterion::Under, true, "Department"), (Criterion::Outside, false, "Office")]);
        assert_eq!(rest.0.keys().collect::<Vec<_>>(), [&Criterion::Under, &Criterion::Outside]);
        assert!(rest.is_disjoint(&office) && rest.is_disjoint(&of(&[(Criterion::Outside, false, "Department")])));
        let nothing = of(&[(Criterion::Under, true, "Office"), (Criterion::Outside, false, "Office")]);
        assert!(!nothing.is_possible(&Vocabulary::default()) && rest.is_possible(&Vocabulary::default()));
    }

    #[test]
    fn what_is_left_excludes_each_other() {
        let all = selection(&[(Dimension::Register, true, &["cases"])]);
        let part = selection(&[(Dimension::Area, true, &["IT"]), (Dimension::Kind, true, &["INQUIRY"])]);
        let left = all.without(&part);
        assert_eq!(left.len(), 2);
        assert!(left[0].is_disjoint(&left[1]) && left.iter().all(|one| one.is_disjoint(&part)));
        assert!(part.is_covered(&[selection(&[(Dimension::Kind, true, &["INQUIRY", "MOTION"])])]));
    }
}
