//! Selections as a layout writes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::LayoutContext;
use crate::registers::vocabulary::{Code, CodeList, OWN, with_children};
use crate::registers::{ABSENT, ALL, Criterion, Dimension, Register, Selection, ValueSet, Vocabulary};
use crate::source::{Refusal, did_you_mean, refuse};
use crate::text;

/// A selection as written: the values chosen in each respect, and those that are not under `not`.
pub(super) type Choice = BTreeMap<Spanned<String>, Spanned<Chosen>>;

/// The values of a respect, or the respects of `not` or `own`.
pub(super) enum Chosen {
    One(String),
    Values(Vec<Spanned<String>>),
    Respects(BTreeMap<Spanned<String>, Spanned<Chosen>>),
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ChosenVisitor)
    }
}

struct ChosenVisitor;

impl<'de> Visitor<'de> for ChosenVisitor {
    type Value = Chosen;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a list of values, such as [\"IT\"]")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Chosen, E> {
        Ok(Chosen::One(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Chosen, A::Error> {
        Ok(Chosen::Values(Deserialize::deserialize(SeqAccessDeserializer::new(seq))?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Chosen, A::Error> {
        Ok(Chosen::Respects(Deserialize::deserialize(MapAccessDeserializer::new(map))?))
    }
}

/// The context in which a selection is read: the values that records may have, and the registers that it can be about.
struct SelectionContext<'c> {
    vocabulary: &'c Vocabulary,
    registers: Vec<&'static Register>,
    /// True if the selection names registers, be it those that it is not about.
    is_named: bool,
}

impl<'c> SelectionContext<'c> {
    /// The context of a selection: the registers that it names, or all but those that it names under `not`.
    fn of(choice: &Choice, LayoutContext { vocabulary, .. }: LayoutContext<'c>) -> SelectionContext<'c> {
        let not = choice.iter().find_map(|(name, chosen)| match chosen.get_ref() {
            Chosen::Respects(respects) if name.get_ref() == "not" => Some(respects),
            _ => None,
        });
        let (named, others) = (named_registers(choice), not.map(named_registers).unwrap_or_default());
        let is_meant = |register: &&Register| {
            let name = register.name;
            (named.is_empty() || named.contains(&name)) && !others.contains(&name)
        };
        let is_named = !named.is_empty() || !others.is_empty();
        SelectionContext { vocabulary, registers: ALL.iter().filter(is_meant).collect(), is_named }
    }

    /// The values in a dimension that records can have which the selection is about; all, where these have none.
    fn values(&self, dimension: Dimension) -> Vec<&'c str> {
        let vocabulary = self.vocabulary;
        let codes = self.registers.iter().flat_map(|register| vocabulary.codes_in(register, dimension));
        let mut values: Vec<&str> = Vec::new();
        for code in codes {
            if !values.contains(&code.code.as_str()) {
                values.push(&code.code);
            }
        }
        if values.is_empty() { vocabulary.values(dimension).unwrap_or_default() } else { values }
    }

    /// True if records that the selection is about need not have a value in a dimension.
    fn can_be_absent(&self, dimension: Dimension) -> bool {
        self.registers.iter().any(|register| self.vocabulary.can_have(register, dimension, ABSENT))
    }
}

/// The registers that respects name.
fn named_registers(respects: &Choice) -> Vec<&str> {
    let register = respects.iter().find(|(name, _)| name.get_ref() == Dimension::Register.name());
    match register.map(|(_, chosen)| chosen.get_ref()) {
        Some(Chosen::One(name)) => vec![name],
        Some(Chosen::Values(names)) => names.iter().map(|name| name.get_ref().as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Reads a selection that a record can be in. Where a record can have several of the values, there are several selections that
/// exclude each other.
pub(super) fn selection(choice: &Spanned<Choice>, context: LayoutContext) -> Result<Vec<Selection>, Refusal> {
    let context = &SelectionContext::of(choice.get_ref(), context);
    let mut all = vec![Selection::default()];
    for (name, chosen) in choice.get_ref() {
        match (name.get_ref().as_str(), chosen.get_ref()) {
            ("not", Chosen::Respects(respects)) => narrow(&mut all, respects, context, ValueSet::NotIn)?,
            ("not", _) => return refuse(chosen, "not names dimensions, as in not = { area = [\"IT\"] }"),
            _ => narrow_by(&mut all, (name, chosen), context, ValueSet::In)?,
        }
    }
    if choice.get_ref().is_empty() {
        return refuse(choice, "a selection must name a dimension");
    }
    let mut all: Vec<Selection> = all.into_iter().map(Selection::settled).collect();
    all.retain(|selection| selection.is_possible(context.vocabulary));
    if !context.is_named {
        name_registers(&mut all, context.vocabulary);
    }
    if all.is_empty() {
        let reason = "no record can ever be in this selection: no register has all of these values; for a figure that people \
            enter write entered = true";
        return refuse(choice, reason);
    }
    Ok(all)
}

fn narrow(
    all: &mut Vec<Selection>,
    respects: &BTreeMap<Spanned<String>, Spanned<Chosen>>,
    context: &SelectionContext,
    of: fn(BTreeSet<String>) -> ValueSet,
) -> Result<(), Refusal> {
    respects.iter().try_for_each(|respect| narrow_by(all, respect, context, of))
}

const REGISTER: Criterion = Criterion::Of(Dimension::Register);

fn names<'r>(registers: impl IntoIterator<Item = &'r Register>) -> ValueSet {
    ValueSet::In(registers.into_iter().map(|register| register.name.to_owned()).collect())
}

/// Names the registers of a selection that names none: those that the statistics count, and those that can have a value which it
/// names in a dimension beside the software's; where only others can have its values, these.
fn name_registers(all: &mut Vec<Selection>, vocabulary: &Vocabulary) {
    let names_it = |register: &Register, (criterion, values): (&Criterion, &ValueSet)| match (criterion, values) {
        (Criterion::Of(dimension), ValueSet::In(values)) if dimension.is_own() => {
            values.iter().any(|value| value != ABSENT && vocabulary.can_have(register, *dimension, value))
        }
        _ => false,
    };
    let is_named = |register: &Register| all.iter().flat_map(|one| &one.0).any(|respect| names_it(register, respect));
    let is_possible = |register: &&Register| all.iter().any(|one| one.is_possible_in(register, vocabulary));
    let meant: Vec<&Register> = ALL.iter().filter(|register| register.counted || is_named(register)).collect();
    let meant = if meant.iter().any(is_possible) { names(meant) } else { names(ALL.iter().filter(is_possible)) };
    all.iter_mut().for_each(|selection| selection.narrow(REGISTER, &meant));
    all.retain(|selection| selection.is_possible(vocabulary));
}

/// Narrows selections in one respect. `own.NAME = […]` without quotes is a table of respects in TOML.
fn narrow_by(
    all: &mut Vec<Selection>,
    (name, chosen): (&Spanned<String>, &Spanned<Chosen>),
    context: &SelectionContext,
    of: fn(BTreeSet<String>) -> ValueSet,
) -> Result<(), Refusal> {
    match (name.get_ref().as_str(), chosen.get_ref()) {
        ("own", Chosen::Respects(respects)) => respects.iter().try_for_each(|(name, chosen)| {
            let path = Spanned::new(name.span(), format!("{OWN}{}", name.get_ref()));
            narrow_by(all, (&path, chosen), context, of)
        }),
        (listed, _) if context.vocabulary.beside(true).any(|list| list.property.name == listed) => {
            let ways = of_list(name, chosen, context, matches!(of(BTreeSet::new()), ValueSet::In(_)))?;
            let narrowed = |one: &Selection| ways.iter().filter_map(|way| one.and(way)).collect::<Vec<_>>();
            *all = all.iter().flat_map(narrowed).collect();
            Ok(())
        }
        _ => {
            let ways: Vec<Selection> = values(name, chosen, context)?.into_iter().map(|way| way.chosen(of)).collect();
            let narrowed = |one: &Selection| ways.iter().filter_map(|way| one.and(way)).collect::<Vec<_>>();
            *all = all.iter().flat_map(narrowed).collect();
            Ok(())
        }
    }
}

/// The refusal of a value that none of the known codes is.
fn unknown_value(name: &str, value: &str, known: &[&Code]) -> String {
    let known = || known.iter().map(|code| code.code.as_str());
    let all: Vec<&str> = known().chain([ABSENT]).collect();
    format!("{name} has no value {value}{}; there are {}", did_you_mean(value, known()), all.join(", "))
}

/// The selections of the records that have one of the values in a list of theirs, or none of them: each value is a dimension.
fn of_list(
    name: &Spanned<String>,
    chosen: &Spanned<Chosen>,
    context: &SelectionContext,
    is_in: bool,
) -> Result<Vec<Selection>, Refusal> {
    let lists = || context.vocabulary.beside(true).filter(|list| list.property.name == name.get_ref());
    let codes: Vec<&Code> = lists().flat_map(|list| &list.codes).collect();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for (place, value) in named(name, chosen)? {
        if value != ABSENT && !codes.iter().any(|code| code.code == *value || code.parent.as_ref() == Some(value)) {
            let is_asked = |list: &&CodeList| context.registers.iter().any(|one| one.name == list.register.name);
            let known: Vec<&Code> = lists().filter(is_asked).flat_map(|list| &list.codes).collect();
            return Err((place, unknown_value(name.get_ref(), value, if known.is_empty() { &codes } else { &known })));
        }
        wanted.extend(with_children(value, || codes.iter().copied()));
    }
    let has = |code: &Code, has: bool| {
        let one = BTreeSet::from([code.code.clone()]);
        let values = if has { ValueSet::In(one) } else { ValueSet::NotIn(one) };
        code.listed.map(|dimension| (Criterion::Of(dimension), values))
    };
    let none_of = |codes: &[&Code]| Selection(codes.iter().filter_map(|code| has(code, false)).collect());
    let first_of = |codes: &[&Code], without: &Selection| -> Vec<Selection> {
        let way = |at: usize| {
            without.and(&none_of(&codes[..at]))?.and(&Selection(has(codes[at], true).into_iter().collect()))
        };
        (0..codes.len()).filter_map(way).collect()
    };
    let (taken, others): (Vec<&Code>, Vec<&Code>) = codes.iter().copied().partition(|code| wanted.contains(&code.code));
    Ok(match (is_in, wanted.contains(ABSENT)) {
        (true, with_none) => {
            let mut ways = first_of(&taken, &Selection::default());
            ways.extend(with_none.then(|| none_of(&codes)));
            ways
        }
        (false, false) => vec![none_of(&taken)],
        (false, true) => first_of(&others, &none_of(&taken)),
    })
}

/// The values of a respect with those that belong to them as to their group, which are others in one register than in another.
struct RespectValues<'r> {
    criterion: Criterion,
    values: BTreeSet<String>,
    /// The registers that they are the values in; `None` for all that the selection is about.
    registers: Option<Vec<&'r Register>>,
}

impl RespectValues<'_> {
    /// The selection of records of these registers that have one of the values, or none of them.
    fn chosen(self, of: fn(BTreeSet<String>) -> ValueSet) -> Selection {
        let values = of(self.values);
        let criterion = match (self.criterion, &values) {
            (Criterion::Under, ValueSet::NotIn(_)) => Criterion::Outside,
            (criterion, _) => criterion,
        };
        let mut way = Selection([(criterion, values)].into());
        if let Some(registers) = self.registers {
            way.narrow(REGISTER, &names(registers));
        }
        way
    }
}

/// The values of a respect, in ways that exclude each other.
fn values<'c>(
    name: &Spanned<String>,
    chosen: &Spanned<Chosen>,
    context: &SelectionContext<'c>,
) -> Result<Vec<RespectValues<'c>>, Refusal> {
    let criterion = criterion(name, context)?;
    let mut named_values: Vec<&str> = Vec::new();
    for (place, value) in named(name, chosen)? {
        check_value(criterion, value, context).map_err(|reason| (place, reason))?;
        named_values.push(value);
    }
    let all_together = |values| vec![RespectValues { criterion, values, registers: None }];
    Ok(match criterion {
        Criterion::Of(dimension) => {
            let groups = context.vocabulary.values_in(&context.registers, dimension, &named_values);
            let apart = groups.len() > 1;
            let way = |(registers, values)| RespectValues { criterion, values, registers: apart.then_some(registers) };
            groups.into_iter().map(way).collect()
        }
        Criterion::OrganisationType => {
            let types = || context.vocabulary.codes("organisations", "type").iter();
            all_together(named_values.iter().flat_map(|value| with_children(value, types)).collect())
        }
        Criterion::Under | Criterion::Outside | Criterion::Body => {
            all_together(named_values.into_iter().map(str::to_owned).collect())
        }
    })
}

/// The values that are written for a respect, each with its place.
fn named<'c>(name: &Spanned<String>, chosen: &'c Spanned<Chosen>) -> Result<Vec<(usize, &'c String)>, Refusal> {
    let named: Vec<(usize, &String)> = match chosen.get_ref() {
        Chosen::One(value) => vec![(chosen.span().start, value)],
        Chosen::Values(values) => values.iter().map(|value| (value.span().start, value.get_ref())).collect(),
        Chosen::Respects(_) => {
            return refuse(chosen, format!("{} has a list of values, such as [\"…\"]", name.get_ref()));
        }
    };
    match named.is_empty() {
        true => refuse(chosen, format!("the dimension {} has no values", name.get_ref())),
        false => Ok(named),
    }
}

fn criterion(name: &Spanned<String>, context: &SelectionContext) -> Result<Criterion, Refusal> {
    if name.get_ref() == "not" {
        return refuse(name, "not does not stand within not or own: write it once, beside the dimensions");
    }
    const OF_BODIES: [Criterion; 2] = [Criterion::OrganisationType, Criterion::Under];
    if let Some(dimension) = context.vocabulary.dimension(name.get_ref()) {
        return Ok(Criterion::Of(dimension));
    }
    if let Some(criterion) = OF_BODIES.into_iter().find(|criterion| criterion.name() == name.get_ref()) {
        return Ok(criterion);
    }
    if let Some(now) = context.vocabulary.path_now(name.get_ref()) {
        return refuse(name, format!("the dimension {} is called {now} now", name.get_ref()));
    }
    let dimensions = context.vocabulary.all_dimensions().map(Dimension::name);
    let lists = context.vocabulary.beside(true).map(|list| list.property.name);
    let known: Vec<&str> = dimensions.chain(lists).chain(OF_BODIES.map(Criterion::name)).chain(["not"]).collect();
    let meant = did_you_mean(name.get_ref(), known.iter().copied());
    refuse(name, format!("the dimension {} is not known{meant}; there are {}", name.get_ref(), known.join(", ")))
}

/// The reason why a value is refused.
fn check_value(criterion: Criterion, value: &str, context: &SelectionContext) -> Result<(), String> {
    let name = criterion.name();
    if value.is_empty() || text::line(value).is_ok_and(|line| line != value) {
        return Err(format!("{name} has a value with blanks around or within it; no record has \"{value}\""));
    }
    if let Err(why) = text::line(value) {
        return Err(format!("{name} has a value that no record has: it {why}"));
    }
    let vocabulary = context.vocabulary;
    let (mut known, can_be_absent) = match criterion {
        Criterion::Of(dimension) => {
            if vocabulary.knows(dimension, value) || vocabulary.is_group(dimension, value) {
                return Ok(());
            }
            (context.values(dimension), dimension.can_be_absent())
        }
        Criterion::OrganisationType => {
            let codes = vocabulary.codes("organisations", "type");
            if codes.iter().any(|code| code.parent.as_deref() == Some(value)) {
                return Ok(());
            }
            (codes.iter().map(|code| code.code.as_str()).collect(), true)
        }
        Criterion::Under | Criterion::Outside | Criterion::Body => return Ok(()),
    };
    if (can_be_absent && value == ABSENT) || known.contains(&value) {
        return Ok(());
    }
    let says_none = match criterion {
        Criterion::Of(dimension) => context.can_be_absent(dimension),
        _ => can_be_absent,
    };
    let meant = did_you_mean(value, known.iter().copied());
    known.extend(says_none.then_some(ABSENT));
    Err(format!("{name} has no value {value}{meant}; there are {}", known.join(", ")))
}
