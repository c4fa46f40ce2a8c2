//! The values that a value of the vocabulary demands of other properties, as they are written.

use std::collections::BTreeMap;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{Code, CodedProperty, OWN, Vocabulary, with_children};
use crate::registers;
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
