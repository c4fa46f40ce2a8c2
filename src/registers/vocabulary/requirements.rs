//! The values that a value of the vocabulary demands of other properties, as they are written.

use std::collections::BTreeMap;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{Code, CodeList, CodedProperty, OWN, Vocabulary, with_children};
use crate::registers::{self, ABSENT, Criterion, Dimension, Register, Selection};
use crate::source::{Refusal, did_you_mean};

/// The values that are required of a property, or the properties of `own`: `own.NAME = […]` without quotes is a table in TOML.
pub(super) enum Required {
    Values(Vec<Spanned<String>>),
    Own(BTreeMap<Spanned<String>, Vec<Spanned<String>>>),
}

impl<'de> Deserialize<'de> for Required {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct RequiredVisitor;
        impl<'de> Visitor<'de> for RequiredVisitor {
            type Value = Required;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a list of values, such as [\"CANTON\"]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Required, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Required::Values)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Required, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Required::Own)
            }
        }
        from.deserialize_any(RequiredVisitor)
    }
}

/// The owner of a list of values: the registers whose records have them, and the property of the software that it is.
#[derive(Clone, Copy)]
pub(super) struct ListOwner<'o> {
    pub(super) registers: &'o [&'static str],
    pub(super) property: Option<&'o CodedProperty>,
}

impl ListOwner<'_> {
    /// The names of the coded properties of its registers.
    fn coded(&self) -> impl Iterator<Item = &'static str> {
        let registers = self.registers.iter().filter_map(|name| registers::find(name));
        registers.flat_map(|register| register.coded).map(|property| property.name)
    }
}

/// The values that are required, by the name of a coded property, or of a dimension of the authority's own with its prefix.
pub(super) fn read(
    written: BTreeMap<Spanned<String>, Required>,
    of: ListOwner,
    refusals: &mut Vec<Refusal>,
) -> BTreeMap<String, Vec<String>> {
    let texts = |values: Vec<Spanned<String>>| -> Vec<String> { values.into_iter().map(Spanned::into_inner).collect() };
    let mut requires = BTreeMap::new();
    for (name, required) in written {
        let known = |name: &str| name.starts_with(OWN) || of.coded().any(|known| known == name);
        match required {
            Required::Own(own) if name.get_ref() == OWN.trim_end_matches('.') => {
                requires
                    .extend(own.into_iter().map(|(name, values)| (format!("{OWN}{}", name.get_ref()), texts(values))));
            }
            Required::Values(values) if known(name.get_ref()) => {
                requires.insert(name.into_inner(), texts(values));
            }
            _ => {
                let meant = did_you_mean(name.get_ref(), of.coded());
                let registers = of.registers.join(" and ");
                let reason = format!("{} is no coded property of {registers}{meant}", name.get_ref());
                refusals.push((name.span().start, reason));
            }
        }
    }
    requires
}

impl Vocabulary {
    /// The doubts about values that a record gets where it says none, and that demand what it does not get so: such a record is
    /// refused.
    pub fn unmet_defaults(&self) -> Vec<Refusal> {
        let default = |register: &Register, name: &str| {
            let code = self.codes(register.name, name).iter().find(|code| code.is_default);
            code.map_or(ABSENT, |code| code.code.as_str())
        };
        let lists = self.lists.iter().filter(|list| !list.property.in_list);
        let of_list = |list: &CodeList| {
            let code = list.codes.iter().find(|code| code.is_default)?;
            let is_unmet = |(name, needed): &(&String, &Vec<String>)| {
                !accepted(self, list.register.name, name, needed).contains(&default(list.register, name))
            };
            let (name, needed) = code.requires.iter().find(is_unmet)?;
            let reason = format!(
                "{}.{}: {} is taken where a record says none and requires {name} = {}, which is no default: a record that says \
                 neither is refused; make it the default of {name}, or take this one from what is the default",
                list.register.name,
                list.property.name,
                code.code,
                needed.join(" or ")
            );
            Some((code.place, reason))
        };
        lists.filter_map(of_list).collect()
    }
}

/// Refuses requirements of what no record that has the value can have.
pub(super) fn unmet(vocabulary: &Vocabulary) -> Vec<Refusal> {
    let lists = vocabulary.lists.iter().map(|list| (vec![list.register.name], &list.codes));
    let own = vocabulary.dimensions.iter().map(|own| (own.registers.clone(), &own.codes));
    let mut refusals = Vec::new();
    for (registers, code) in lists.chain(own).flat_map(|(of, codes)| codes.iter().map(move |code| (of.clone(), code))) {
        for (name, values) in &code.requires {
            let codes = || registers.iter().flat_map(|register| codes_of(vocabulary, register, name));
            let is_known =
                |value: &&String| codes().any(|code| code.code == **value || code.parent.as_ref() == Some(*value));
            for unknown in values.iter().filter(|value| !is_known(value)) {
                let meant = did_you_mean(unknown, codes().map(|code| code.code.as_str()));
                let of: Vec<String> = registers.iter().map(|register| format!("{register}.{name}")).collect();
                let of = of.join(" or ");
                let reason = format!("{} requires {name} = {unknown}, which {of} does not have{meant}", code.code);
                refusals.push((code.place, reason));
            }
        }
    }
    refusals
}

impl Vocabulary {
    /// The reason why no new record of a register can be in a selection: each value that it names in some respect demands another one
    /// that it leaves out.
    pub fn contradiction(&self, register: &Register, selection: &Selection) -> Option<String> {
        selection.0.iter().find_map(|(criterion, values)| {
            let Criterion::Of(dimension) = criterion else { return None };
            let is_named = |value: &str| values.takes_any([value].into_iter());
            if is_named(ABSENT) && self.can_have(register, *dimension, ABSENT) {
                return None;
            }
            let named = self.codes_in(register, *dimension).iter().filter(|code| is_named(&code.code));
            let demand = |code: &Code| {
                let (name, needed) = self.left_out(register, code, selection)?;
                let (value, needed) = (&code.code, needed.join(" or "));
                Some(format!("{} = {value} requires {name} = {needed}, which it leaves out", dimension.name()))
            };
            let demands: Vec<String> = named.map(demand).collect::<Option<_>>()?;
            demands.into_iter().next()
        })
    }

    /// A requirement of a value, by the name of the property, of which a selection takes no value.
    fn left_out<'v>(
        &self,
        register: &Register,
        code: &'v Code,
        selection: &Selection,
    ) -> Option<(&'v String, &'v Vec<String>)> {
        code.requires.iter().find(|(name, needed)| {
            let own = self.own_dimensions(register).find(|own| own.path == **name).map(|own| Dimension::Own(own.path));
            let of_list = |property: &&CodedProperty| property.name == **name && !property.in_list;
            let coded = register.coded.iter().find(of_list).map(|property| property.dimension);
            let values = own.or(coded).and_then(|dimension| selection.0.get(&Criterion::Of(dimension)));
            let needed = accepted(self, register.name, name, needed);
            values.is_some_and(|values| !needed.into_iter().any(|value| values.takes_any([value].into_iter())))
        })
    }
}

/// The values that meet a requirement in records of a register: those that it names, and all that belong to them as to their group.
pub fn accepted<'v>(vocabulary: &'v Vocabulary, register: &str, name: &str, needed: &[String]) -> Vec<&'v str> {
    let codes = codes_of(vocabulary, register, name);
    let all: Vec<String> = needed.iter().flat_map(|value| with_children(value, || codes.iter())).collect();
    codes.iter().map(|code| code.code.as_str()).filter(|code| all.iter().any(|value| value == code)).collect()
}

/// The values of a property of a register, or of a dimension of the authority's own, by its name in requirements.
fn codes_of<'v>(vocabulary: &'v Vocabulary, register: &str, name: &str) -> &'v [Code] {
    let own = vocabulary.own_dimension(name).filter(|own| own.registers.contains(&register));
    match name.starts_with(OWN) {
        true => own.map_or(&[][..], |own| own.codes.as_slice()),
        false => vocabulary.codes(register, name),
    }
}
