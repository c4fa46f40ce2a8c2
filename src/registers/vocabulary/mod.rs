//! The vocabulary of an authority: the values that coded properties of its records may have, and the dimensions and numbers of
//! its own. It is data of its profile; the software knows the properties, and the meanings that its rules go by.

mod check;
mod renaming;
mod requirements;
mod source;

pub use check::{Checked, CodedValues, OWN as OWN_PROPERTY, set_default};
pub use renaming::Renaming;
pub use requirements::accepted;
pub use source::{DECIMALS, labels};

use std::collections::{BTreeMap, BTreeSet};

use super::{ABSENT, Dimension, Register};
use crate::calendar::YEARS;
use crate::messages::{Labels, Lang};

/// A property whose values are codes of the vocabulary.
#[derive(Debug)]
pub struct CodedProperty {
    /// The name in the vocabulary: `requester` of `cases.requester`.
    pub name: &'static str,
    /// The place in a record, such as `requester.type`; a part of a list is one of each of its elements.
    pub path: &'static str,
    /// True if it is a part of each element of a list.
    pub in_list: bool,
    /// True if a record, or an element of the list, must say it wherever the vocabulary has values for it.
    pub is_required: bool,
    /// The name of its schema in the API document.
    pub schema: &'static str,
    /// The dimension that it is counted by: that of its column, or one beside the cube. In a list, where a record can have several
    /// values, each value is a dimension of its own ([`Code::listed`]), and this one chooses records in lists.
    pub dimension: Dimension,
    /// The software's own values, which a code can stand for.
    pub meanings: &'static [&'static str],
}

/// Declares the type of a coded property: any text for serde, since the vocabulary of the authority says which values there
/// are; with the software's own values that a code can stand for.
macro_rules! coded {
    ($(#[doc = $doc:literal])* $name:ident { $($meaning:literal),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The property of that name.
            const fn property(name: &'static str, dimension: $crate::registers::Dimension) -> $crate::registers::CodedProperty {
                $crate::registers::CodedProperty {
                    name,
                    path: name,
                    in_list: false,
                    is_required: false,
                    schema: stringify!($name),
                    dimension,
                    meanings: &[$($meaning),*],
                }
            }
        }

        impl $name {
            /// The code.
            #[allow(dead_code)]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        // utoipa's derive does not see names that come from a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some([$($doc.trim()),*].join(" ")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use coded;

impl CodedProperty {
    /// The same at a place of another name, such as `requester.type`.
    pub(crate) const fn at(self, path: &'static str) -> CodedProperty {
        CodedProperty { path, ..self }
    }

    /// The same as a part of each element of a list.
    pub(crate) const fn in_list(self, path: &'static str) -> CodedProperty {
        CodedProperty { path, in_list: true, ..self }
    }

    /// True if its values are kept beside the cube.
    pub fn is_beside(&self) -> bool {
        self.dimension.is_own()
    }

    /// The same where it must be said.
    pub(crate) const fn required(self) -> CodedProperty {
        CodedProperty { is_required: true, ..self }
    }
}

/// The first and the last year of a span; `None` where it is open.
pub type Validity = (Option<i32>, Option<i32>);

/// A value that a coded property may have.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The code, such as `PRIOR_CHECK`.
    pub code: String,
    /// The name for people.
    pub label: Labels,
    /// The software's own value that it stands for.
    pub is: Option<&'static str>,
    /// The years received in which new records may have it.
    pub valid: Validity,
    /// The code of the group that it belongs to.
    pub parent: Option<String>,
    /// True if a new record that says none has this one.
    pub is_default: bool,
    /// Further words for it in lists.
    pub import: Vec<String>,
    /// The dimension of the records that have it in a list of theirs, where it is a value of a list.
    pub listed: Option<Dimension>,
    /// The values that other coded properties, or dimensions of the authority's own, must have besides, by their names.
    pub requires: BTreeMap<String, Vec<String>>,
    /// Its place in the file: the number of bytes before it.
    pub place: usize,
}

impl Code {
    /// True if new records that were received in the year may have it.
    pub fn is_valid(&self, year: i32) -> bool {
        let (from, to) = self.valid;
        from.is_none_or(|from| from <= year) && to.is_none_or(|to| year <= to)
    }
}

/// A dimension of the authority's own.
#[derive(Clone, Debug)]
pub struct OwnDimension {
    /// The name with its prefix: `own.jurisdiction`.
    pub path: &'static str,
    /// The names that it had in `own`.
    pub was: Vec<String>,
    /// The registers whose records have it.
    pub registers: Vec<&'static str>,
    /// The name for people.
    pub label: Labels,
    /// The first year received from which on new records must have it.
    pub required_from: Option<i32>,
    /// The values.
    pub codes: Vec<Code>,
    /// Its place in the file.
    pub place: usize,
}

impl OwnDimension {
    /// The name in `own`.
    pub fn name(&self) -> &'static str {
        unprefixed(self.path)
    }
}

/// A number of the authority's own.
#[derive(Clone, Debug)]
pub struct OwnNumber {
    /// The name with its prefix: `own.hours`.
    pub path: &'static str,
    /// The names that it had in `own`.
    pub was: Vec<String>,
    /// The registers whose records have it.
    pub registers: Vec<&'static str>,
    /// The name for people.
    pub label: Labels,
    /// The unit, such as `h`.
    pub unit: Option<String>,
    /// The decimals that it has at the most.
    pub decimals: u32,
    /// The least that it can be.
    pub min: Option<f64>,
    /// The most that it can be.
    pub max: Option<f64>,
    /// Its place in the file.
    pub place: usize,
}

impl OwnNumber {
    /// The name in `own`.
    pub fn name(&self) -> &'static str {
        unprefixed(self.path)
    }
}

/// The prefix of what is an authority's own.
pub const OWN: &str = "own.";

fn unprefixed(path: &'static str) -> &'static str {
    path.strip_prefix(OWN).unwrap_or(path)
}

/// The values that a coded property of a register may have.
#[derive(Debug)]
pub struct CodeList {
    /// The register.
    pub register: &'static Register,
    /// The property.
    pub property: &'static CodedProperty,
    /// The values, in the order in which they are shown.
    pub codes: Vec<Code>,
}

/// The values that the records of an authority may have.
#[derive(Debug, Default)]
pub struct Vocabulary {
    lists: Vec<CodeList>,
    /// The dimensions of its own.
    pub dimensions: Vec<OwnDimension>,
    /// The numbers of its own.
    pub numbers: Vec<OwnNumber>,
    /// Values that records have and that it has no longer: they can be asked for.
    former: BTreeSet<(&'static str, Dimension, String)>,
    /// The names of what records of a register carry in `own` and it has no longer: it is shown and exported.
    former_own: BTreeSet<(String, String)>,
}

impl Vocabulary {
    /// The lists of values of all coded properties that have any.
    pub fn lists(&self) -> &[CodeList] {
        &self.lists
    }

    /// The values of a coded property, by its name in the vocabulary; none where it takes none.
    pub fn codes(&self, register: &str, property: &str) -> &[Code] {
        let list = self.lists.iter().find(|list| list.register.name == register && list.property.name == property);
        list.map_or(&[], |list| &list.codes)
    }

    /// The values that the records of a register may have in a dimension.
    pub fn codes_in(&self, register: &Register, dimension: Dimension) -> &[Code] {
        if let Dimension::Own(path) = dimension {
            if path.starts_with(OWN) {
                let own = self.own_dimension(path).filter(|own| own.registers.contains(&register.name));
                return own.map_or(&[], |own| &own.codes);
            }
            let mut lists = self.lists.iter().filter(|list| list.register.name == register.name);
            if let Some(code) = lists.find_map(|list| list.codes.iter().find(|code| code.listed == Some(dimension))) {
                return std::slice::from_ref(code);
            }
        }
        let property = register.coded.iter().find(|coded| coded.dimension == dimension);
        property.map_or(&[], |property| self.codes(register.name, property.name))
    }

    /// The dimension of the authority's own with this prefixed name.
    pub fn own_dimension(&self, path: &str) -> Option<&OwnDimension> {
        self.dimensions.iter().find(|own| own.path == path)
    }

    /// The dimensions of the authority's own that the records of a register have.
    pub fn own_dimensions(&self, register: &Register) -> impl Iterator<Item = &OwnDimension> {
        self.dimensions.iter().filter(|own| own.registers.contains(&register.name))
    }

    /// The numbers of the authority's own that the records of a register have.
    pub fn own_numbers(&self, register: &Register) -> impl Iterator<Item = &OwnNumber> {
        self.numbers.iter().filter(|own| own.registers.contains(&register.name))
    }

    /// True if records of a register have anything of the authority's own.
    pub fn has_own(&self, register: &Register) -> bool {
        self.own_dimensions(register).next().is_some() || self.own_numbers(register).next().is_some()
    }

    /// The dimension of a name: the software's, or one of the authority's own with its prefix.
    pub fn dimension(&self, name: &str) -> Option<Dimension> {
        self.all_dimensions().find(|dimension| dimension.name() == name)
    }

    /// All dimensions in which a record has one value: the software's, with those beside the cube that have values, and the
    /// authority's own.
    pub fn all_dimensions(&self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL.into_iter().chain(self.own_and_beside())
    }

    /// The dimensions beside the cube in which a record has one value.
    pub fn own_and_beside(&self) -> impl Iterator<Item = Dimension> {
        let beside = self.beside(false).map(|list| list.property.dimension);
        beside.chain(self.dimensions.iter().map(|own| Dimension::Own(own.path)))
    }

    /// The lists of values of coded properties beside the cube, of which a record has one value or, `in_list`, several.
    pub fn beside(&self, in_list: bool) -> impl Iterator<Item = &CodeList> {
        let of_property = move |list: &&CodeList| list.property.is_beside() && list.property.in_list == in_list;
        self.lists.iter().filter(of_property).filter(|list| !list.codes.is_empty())
    }

    /// The dimensions in which records of a register can be chosen in its lists.
    pub fn filter_dimensions(&self, register: Option<&Register>) -> impl Iterator<Item = Dimension> {
        let of_register = register.map(|register| register.name);
        let in_lists = self.beside(true).filter(move |list| of_register == Some(list.register.name));
        self.all_dimensions().chain(in_lists.map(|list| list.property.dimension))
    }

    /// True if records of a register can have a value in a dimension.
    pub fn has(&self, register: &Register, dimension: Dimension) -> bool {
        match dimension {
            Dimension::Own(_) => !self.codes_in(register, dimension).is_empty(),
            _ => register.has(dimension),
        }
    }

    /// The values in a dimension over all registers; `None` where any text is one.
    pub fn values(&self, dimension: Dimension) -> Option<Vec<&str>> {
        match dimension {
            Dimension::Responsible => None,
            Dimension::Register => Some(super::ALL.iter().map(|register| register.name).collect()),
            Dimension::Status => Some(super::common::Status::VALUES.to_vec()),
            _ => {
                let mut values: Vec<&str> = Vec::new();
                for code in super::ALL.iter().flat_map(|register| self.codes_in(register, dimension)) {
                    if !values.contains(&code.code.as_str()) {
                        values.push(&code.code);
                    }
                }
                Some(values)
            }
        }
    }

    /// Keeps in mind the values that the records of registers have, so that those which are no longer in the vocabulary can be
    /// asked for.
    pub fn remember(&mut self, held: impl IntoIterator<Item = (&'static Register, Dimension, String)>) {
        let is_code = |register: &'static Register, dimension: Dimension, value: &str| {
            self.codes_in(register, dimension).iter().any(|code| code.code == value)
        };
        let former = held.into_iter().filter(|(register, dimension, value)| !is_code(register, *dimension, value));
        self.former = former.map(|(register, dimension, value)| (register.name, dimension, value)).collect();
    }

    /// Keeps in mind the names of what the records of registers carry in `own`, so that an export has those too which are no longer
    /// in the vocabulary.
    pub fn remember_own(&mut self, held: impl IntoIterator<Item = (String, String)>) {
        let is_known = |(register, name): &(String, String)| {
            let path = format!("{OWN}{name}");
            let mut own = self.dimensions.iter().map(|own| (own.path, &own.registers));
            let mut numbers = self.numbers.iter().map(|own| (own.path, &own.registers));
            let is_it =
                |(known, registers): (&str, &Vec<&str>)| known == path && registers.contains(&register.as_str());
            own.any(is_it) || numbers.any(is_it)
        };
        self.former_own = held.into_iter().filter(|held| !is_known(held)).collect();
    }

    /// The names in `own` that records of a register carry and that are no longer in the vocabulary.
    pub fn former_own(&self, register: &Register) -> impl Iterator<Item = &str> {
        let of_register = self.former_own.iter().filter(|(of, _)| of == register.name);
        of_register.map(|(_, name)| name.as_str())
    }

    /// True if records of a register, or of any, have a value that the vocabulary has no longer for it.
    pub fn had(&self, register: Option<&Register>, dimension: Dimension, value: &str) -> bool {
        self.former.iter().any(|(of, held, former)| {
            register.is_none_or(|register| register.name == *of) && *held == dimension && former == value
        })
    }

    /// The values that records of a register have and that the vocabulary has no longer, each with its place in a record.
    pub fn former_codes(&self, register: &Register) -> impl Iterator<Item = (&'static str, &str)> {
        let of_register = self.former.iter().filter(|(of, ..)| *of == register.name);
        of_register.filter_map(|(_, dimension, code)| {
            let property = register.coded.iter().find(|property| property.dimension == *dimension);
            let own = dimension.name().starts_with(OWN).then(|| dimension.name());
            Some((property.map(|property| property.path).or(own)?, code.as_str()))
        })
    }

    /// True if a value may be asked for in a dimension.
    pub fn knows(&self, dimension: Dimension, value: &str) -> bool {
        (value == ABSENT && dimension.can_be_absent())
            || self.values(dimension).is_none_or(|values| values.contains(&value))
    }

    /// True if a record of a register could have the value in the dimension; [`ABSENT`] if it need not have any.
    pub fn can_have(&self, register: &Register, dimension: Dimension, value: &str) -> bool {
        match dimension {
            Dimension::Register => value == register.name,
            Dimension::Responsible | Dimension::Status => true,
            _ if !self.has(register, dimension) => value == ABSENT,
            _ => {
                let codes = self.codes_in(register, dimension);
                let always = self.always_has(register, dimension);
                codes.iter().any(|code| code.code == value) || (value == ABSENT && !always)
            }
        }
    }

    /// True if a record of a register could have another value in the dimension than these, or none. Without the dimension it is
    /// one of those without a value.
    pub fn can_have_other(&self, register: &Register, dimension: Dimension, values: &BTreeSet<String>) -> bool {
        let is_other = |value: &str| !values.contains(value);
        match dimension {
            Dimension::Register => is_other(register.name),
            Dimension::Responsible => true,
            Dimension::Status => super::common::Status::VALUES.iter().any(|value| is_other(value)),
            _ => {
                let codes = self.codes_in(register, dimension);
                codes.iter().any(|code| is_other(&code.code))
                    || is_other(ABSENT) && self.can_have(register, dimension, ABSENT)
            }
        }
    }

    /// The years received in which new records of a register may have a value in a dimension; `None` where they never have it.
    pub fn valid_years(&self, register: &Register, dimension: Dimension, value: &str) -> Option<Validity> {
        let code = self.codes_in(register, dimension).iter().find(|code| code.code == value);
        code.map(|code| code.valid)
    }

    /// True if each record of a register has a value in a dimension, whatever its year.
    fn always_has(&self, register: &Register, dimension: Dimension) -> bool {
        let codes = self.codes_in(register, dimension);
        let is_required = register.coded.iter().any(|property| property.dimension == dimension && property.is_required);
        let turns = codes.iter().flat_map(|code| {
            [code.valid.0.map(|from| from.saturating_sub(1)), code.valid.1.map(|to| to.saturating_add(1))]
        });
        let mut years = turns.flatten().chain([*YEARS.start(), *YEARS.end()]);
        codes.iter().any(|code| code.is_default && code.valid == (None, None))
            || (is_required && years.all(|year| codes.iter().any(|code| code.is_valid(year))))
    }

    /// A value that records of a register have in a dimension, and all values of theirs that belong to it as to their group.
    pub fn with_children(&self, register: &Register, dimension: Dimension, value: &str) -> Vec<String> {
        with_children(value, || self.codes_in(register, dimension).iter())
    }

    /// Values in a dimension with those that belong to them, for each of these registers; registers for which they are the same stand
    /// together.
    pub fn values_in<'r>(
        &self,
        registers: &[&'r Register],
        dimension: Dimension,
        values: &[&str],
    ) -> Vec<(Vec<&'r Register>, BTreeSet<String>)> {
        let of = |register: &Register| -> BTreeSet<String> {
            values.iter().flat_map(|value| self.with_children(register, dimension, value)).collect()
        };
        let named = values.iter().map(|value| (*value).to_owned());
        let all: BTreeSet<String> = registers.iter().flat_map(|register| of(register)).chain(named).collect();
        let is_other = |register: &&Register| {
            let (values, codes) = (of(register), self.codes_in(register, dimension));
            codes.iter().any(|code| all.contains(&code.code) && !values.contains(&code.code))
        };
        if !registers.iter().any(is_other) {
            return vec![(registers.to_vec(), all)];
        }
        let mut groups: Vec<(Vec<&Register>, BTreeSet<String>)> = Vec::new();
        for register in registers.iter().copied() {
            let values = of(register);
            match groups.iter_mut().find(|(_, known)| *known == values) {
                Some((together, _)) => together.push(register),
                None => groups.push((vec![register], values)),
            }
        }
        groups
    }

    /// True if some value in a dimension has this group.
    pub fn is_group(&self, dimension: Dimension, value: &str) -> bool {
        let mut codes = super::ALL.iter().flat_map(|register| self.codes_in(register, dimension));
        codes.any(|code| code.parent.as_deref() == Some(value))
    }

    /// True if values that records of a register, or of any, have in a dimension belong to groups.
    pub fn has_groups(&self, register: Option<&Register>, dimension: Dimension) -> bool {
        let of = |one: &&Register| register.is_none_or(|register| register.name == one.name);
        let mut codes = super::ALL.iter().filter(of).flat_map(|register| self.codes_in(register, dimension));
        codes.any(|code| code.parent.is_some())
    }

    /// The groups of these values that are no values themselves.
    pub fn groups(&self, register: Option<&Register>, dimension: Dimension) -> Vec<&str> {
        let of = |one: &&Register| register.is_none_or(|register| register.name == one.name);
        let codes = || super::ALL.iter().filter(of).flat_map(|register| self.codes_in(register, dimension));
        let mut groups: Vec<&str> = Vec::new();
        for parent in codes().filter_map(|code| code.parent.as_deref()) {
            if !groups.contains(&parent) && codes().all(|code| code.code != parent) {
                groups.push(parent);
            }
        }
        groups
    }

    /// The software's own value that a value of a coded property stands for.
    pub fn meaning(&self, register: &str, property: &str, value: &str) -> Option<&'static str> {
        self.codes(register, property).iter().find(|code| code.code == value)?.is
    }

    /// The name for people of a value of a coded property; the value itself where the vocabulary does not know it.
    pub fn label<'v>(&'v self, register: &str, property: &str, value: &'v str, lang: Lang) -> &'v str {
        let code = self.codes(register, property).iter().find(|code| code.code == value);
        code.map_or(value, |code| code.label.get(lang))
    }

    /// The name for people of a value that records of these registers have in a dimension; all names, where it is called otherwise
    /// in one than in another.
    pub fn label_in(&self, registers: &[&Register], dimension: Dimension, value: &str, lang: Lang) -> String {
        let codes = registers.iter().flat_map(|register| self.codes_in(register, dimension));
        let mut labels: Vec<&str> = Vec::new();
        for label in codes.filter(|code| code.code == value).map(|code| code.label.get(lang)) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        if labels.is_empty() { value.to_owned() } else { labels.join(" / ") }
    }
}

/// A value and all that belong to it as to their group.
pub fn with_children<'v, C: Iterator<Item = &'v Code>>(value: &str, codes: impl Fn() -> C) -> Vec<String> {
    let mut all = vec![value.to_owned()];
    let mut next = 0;
    while next < all.len() {
        for code in codes() {
            if code.parent.as_deref() == Some(all[next].as_str()) && !all.contains(&code.code) {
                all.push(code.code.clone());
            }
        }
        next += 1;
    }
    all
}
