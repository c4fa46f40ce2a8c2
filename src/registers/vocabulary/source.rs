//! The vocabulary as it is written: `vocabulary.toml` of a profile. Every fault is told at its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::requirements::{self, ListOwner, Required};
use super::{Code, CodeList, CodedProperty, OWN, OwnDimension, OwnNumber, Vocabulary};
use crate::calendar::YEARS;
use crate::messages::{Labels, Lang};
use crate::registers::{self, Dimension, Register};
use crate::source::{
    Refusal, SourceFault, did_you_mean, each, is_code, is_word, items, located, refuse, typed, unreadable,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeSource {
    code: Spanned<String>,
    label: Spanned<BTreeMap<String, String>>,
    is: Option<Spanned<String>>,
    valid: Option<Spanned<SpanSource>>,
    parent: Option<Spanned<String>>,
    default: Option<Spanned<bool>>,
    #[serde(default)]
    import: Vec<String>,
    #[serde(default)]
    requires: BTreeMap<Spanned<String>, Required>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpanSource {
    from: Option<i32>,
    to: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionSource {
    name: Spanned<String>,
    #[serde(default)]
    was: Vec<Spanned<String>>,
    registers: Vec<Spanned<String>>,
    label: Spanned<BTreeMap<String, String>>,
    required_from: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberSource {
    name: Spanned<String>,
    #[serde(default)]
    was: Vec<Spanned<String>>,
    registers: Vec<Spanned<String>>,
    label: Spanned<BTreeMap<String, String>>,
    unit: Option<String>,
    decimals: Option<Spanned<u32>>,
    min: Option<f64>,
    max: Option<f64>,
}

/// The most decimals that a number can have.
pub const DECIMALS: u32 = 4;

/// The reason why a word of a value in lists cannot be told from another value's code, name or word.
fn ambiguous(code: &Code, codes: &[Code]) -> Option<String> {
    let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    let means = |other: &Code, word: &str| {
        let mut words = other
            .label
            .all()
            .map(|(_, label)| label)
            .chain(other.import.iter().map(String::as_str))
            .chain([other.code.as_str()]);
        words.any(|known| same(known, word))
    };
    for word in &code.import {
        if word.trim().is_empty() {
            return Some(format!("import of {} has a word that is empty", code.code));
        }
        if let Some(other) = codes.iter().find(|other| other.code != code.code && means(other, word)) {
            return Some(format!("{word} in import of {} means {} too", code.code, other.code));
        }
    }
    None
}

/// A reader of a vocabulary: the languages that labels have, and the faults that were found.
struct Reader<'r> {
    languages: &'r [Lang],
    refusals: Vec<Refusal>,
}

impl Vocabulary {
    /// Reads a vocabulary, whose labels are in these languages, with all faults of it; none where the file is no TOML.
    pub fn read(file: &str, text: &str, languages: &[Lang]) -> (Option<Vocabulary>, Vec<SourceFault>) {
        let mut reader = Reader { languages, refusals: Vec::new() };
        let vocabulary = match DeTable::parse(text) {
            Ok(table) => Some(reader.vocabulary(table.into_inner())),
            Err(error) => {
                reader.refusals.push(unreadable(&error));
                None
            }
        };
        (vocabulary, reader.refusals.into_iter().map(|refusal| located(file, text, refusal)).collect())
    }
}

impl Reader<'_> {
    /// The value of what was read; its fault is noted.
    fn noted<T>(&mut self, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.refusals.push(refusal)).ok()
    }

    fn vocabulary(&mut self, table: DeTable) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "dimensions" => {
                    for item in items(value, &mut self.refusals) {
                        let dimension = self.dimension(item);
                        vocabulary.dimensions.extend(dimension);
                    }
                }
                "numbers" => {
                    for source in each::<NumberSource>(value, &mut self.refusals) {
                        let read = number(source, self.languages);
                        let number = self.noted(read);
                        vocabulary.numbers.extend(number);
                    }
                }
                register => match registers::find(register) {
                    Some(register) => vocabulary.lists.extend(self.lists(register, value)),
                    None => {
                        let known: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
                        let meant = did_you_mean(register, known.iter().copied());
                        let reason = format!(
                            "{register} is no register{meant}; there are {}, and dimensions and numbers",
                            known.join(", ")
                        );
                        self.refusals.push((name.span().start, reason));
                    }
                },
            }
        }
        self.check_own_names(&vocabulary);
        self.refusals.extend(requirements::unmet(&vocabulary));
        vocabulary
    }

    /// Refuses a second dimension or number of a name, be it a former one.
    fn check_own_names(&mut self, vocabulary: &Vocabulary) {
        let dimensions = vocabulary.dimensions.iter().map(|own| (own.name(), &own.was, own.place));
        let numbers = vocabulary.numbers.iter().map(|own| (own.name(), &own.was, own.place));
        let named = || dimensions.clone().chain(numbers.clone());
        let all: Vec<(&str, usize)> = named()
            .map(|(name, _, place)| (name, place))
            .chain(named().flat_map(|(_, was, place)| was.iter().map(move |was| (was.as_str(), place))))
            .collect();
        for (index, (name, place)) in all.iter().enumerate() {
            if all[..index].iter().any(|(other, _)| other == name) {
                let reason =
                    format!("{name} is declared twice; give one of the two another name, former names included");
                self.refusals.push((*place, reason));
            }
        }
    }

    /// The lists of a register.
    fn lists(&mut self, register: &'static Register, value: Spanned<DeValue>) -> Vec<CodeList> {
        let place = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            let reason = format!("values are written as [[{}.PROPERTY]]", register.name);
            self.refusals.push((place, reason));
            return Vec::new();
        };
        let mut lists = Vec::new();
        for (name, value) in table {
            let Some(property) = register.coded.iter().find(|property| property.name == name.get_ref().as_ref()) else {
                let known: Vec<&str> = register.coded.iter().map(|property| property.name).collect();
                let meant = did_you_mean(name.get_ref(), known.iter().copied());
                let there_are = match known.as_slice() {
                    [] => "the register has no coded properties".to_owned(),
                    _ => format!("there are {}", known.join(", ")),
                };
                let reason = format!("{}.{} takes no codes{meant}; {there_are}", register.name, name.get_ref());
                self.refusals.push((name.span().start, reason));
                continue;
            };
            let owner = ListOwner { registers: &[register.name], property: Some(property) };
            lists.push(CodeList { register, property, codes: self.codes(value, owner) });
        }
        lists
    }

    /// The values of a property, or of a dimension of the authority's own. One with a fault is there all the same, so that
    /// what names it is no fault too.
    fn codes(&mut self, value: Spanned<DeValue>, of: ListOwner) -> Vec<Code> {
        let mut codes: Vec<Code> = Vec::new();
        for item in items(value, &mut self.refusals) {
            let name = item.get_ref().get("code").and_then(|code| code.get_ref().as_str()).map(str::to_owned);
            let place = item.span().start;
            let code = match typed::<CodeSource>(item, &mut self.refusals) {
                Some(source) => self.code(source, of),
                None => name.map(|code| Code { code, place, ..Code::default() }),
            };
            let Some(code) = code else { continue };
            if codes.iter().any(|other| other.code == code.code) {
                self.refusals.push((code.place, format!("the code {} is there twice", code.code)));
                continue;
            }
            if code.is_default && codes.iter().any(|other| other.is_default) {
                self.refusals.push((code.place, "only one value can be the default".into()));
            }
            codes.push(code);
        }
        for (code, reason) in codes.iter().filter_map(|code| Some((code, ambiguous(code, &codes)?))) {
            self.refusals.push((code.place, reason));
        }
        for code in codes.iter().filter(|code| leads_to_itself(code, &codes)) {
            let reason = format!("{} is its own group: its parents lead back to it", code.code);
            self.refusals.push((code.place, reason));
        }
        codes
    }

    fn code(&mut self, source: CodeSource, of: ListOwner) -> Option<Code> {
        let text = source.code.get_ref();
        if !is_code(text) || text == registers::ABSENT || text.len() > LONGEST {
            let told: String = text.chars().take(LONGEST).collect();
            let reason = format!(
                "the code \"{told}\" must be in UPPER_SNAKE_CASE, with {LONGEST} characters at the most; NONE stands for no value"
            );
            self.refusals.push((source.code.span().start, reason));
        }
        let is = source.is.as_ref().and_then(|is| self.noted(meaning(is, of)));
        let valid = source.valid.as_ref().map_or((None, None), |valid| (valid.get_ref().from, valid.get_ref().to));
        if let (Some(at), (Some(from), Some(to))) = (&source.valid, valid)
            && from > to
        {
            self.refusals.push((at.span().start, "valid.from must not be after valid.to".into()));
        }
        if let Some(parent) = source.parent.as_ref().filter(|parent| !is_code(parent.get_ref())) {
            let reason = format!("the parent \"{}\" must be a code in UPPER_SNAKE_CASE", parent.get_ref());
            self.refusals.push((parent.span().start, reason));
        }
        if let (Some(at), (from, to)) = (&source.valid, valid)
            && let Some(year) = from.into_iter().chain(to).find(|year| !YEARS.contains(year))
        {
            let reason = format!("valid names {year}; years are from {} to {}", YEARS.start(), YEARS.end());
            self.refusals.push((at.span().start, reason));
        }
        let requires = requirements::read(source.requires, of, &mut self.refusals);
        Some(Code {
            label: self.noted(labels(&source.label, self.languages)).unwrap_or_default(),
            is,
            valid,
            parent: source.parent.map(Spanned::into_inner),
            is_default: source.default.is_some_and(Spanned::into_inner),
            listed: of.property.and_then(|property| listed(property, source.code.get_ref())),
            import: source.import,
            requires,
            place: source.code.span().start,
            code: source.code.into_inner(),
        })
    }

    fn dimension(&mut self, mut item: Spanned<DeValue>) -> Option<OwnDimension> {
        let values = match item.get_mut() {
            DeValue::Table(table) => table.remove("values"),
            _ => None,
        };
        let source: DimensionSource = typed(item, &mut self.refusals)?;
        let place = source.name.span().start;
        let path = self.noted(own_name(&source.name));
        let was = self.noted(former_names(&source.was)).unwrap_or_default();
        let registers = self.noted(registers_of(&source.registers, &source.name)).unwrap_or_default();
        let label = self.noted(labels(&source.label, self.languages)).unwrap_or_default();
        let owner = ListOwner { registers: &registers, property: None };
        let codes = values.map(|values| self.codes(values, owner)).unwrap_or_default();
        if codes.is_empty() {
            self.refusals.push((place, "a dimension has at least one value, each as [[dimensions.values]]".into()));
        }
        Some(OwnDimension { path: path?, was, registers, label, required_from: source.required_from, codes, place })
    }
}

/// A name that stays for as long as the process; it is kept once, however often profiles with it are read.
fn lasting(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = names.get(name.as_str()) {
        return held;
    }
    let name: &'static str = Box::leak(name.into_boxed_str());
    names.insert(name);
    name
}

/// The dimension of the records that have a code in a list of theirs.
fn listed(property: &CodedProperty, code: &str) -> Option<Dimension> {
    let name = || lasting(format!("{}.{code}", property.dimension.own_name()));
    property.in_list.then(|| Dimension::Own(name()))
}

fn leads_to_itself(code: &Code, codes: &[Code]) -> bool {
    let mut parent = code.parent.as_deref();
    for _ in 0..=codes.len() {
        let Some(name) = parent else { return false };
        parent = codes.iter().find(|other| other.code == name).and_then(|other| other.parent.as_deref());
    }
    true
}

/// The names that what is the authority's own had.
fn former_names(names: &[Spanned<String>]) -> Result<Vec<String>, Refusal> {
    names.iter().map(|name| check_name(name).map(str::to_owned)).collect()
}

/// The name of what is the authority's own, with its prefix.
fn own_name(name: &Spanned<String>) -> Result<&'static str, Refusal> {
    Ok(lasting(format!("{OWN}{}", check_name(name)?)))
}

fn check_name(name: &Spanned<String>) -> Result<&str, Refusal> {
    let text = name.get_ref();
    if !is_word(text) || text.contains('-') || text.len() > 50 {
        return refuse(name, format!("the name \"{text}\" must be a lower-case word: letters, digits and underscores"));
    }
    Ok(text)
}

fn registers_of(names: &[Spanned<String>], of: &Spanned<String>) -> Result<Vec<&'static str>, Refusal> {
    if names.is_empty() {
        return refuse(of, format!("{} names no registers", of.get_ref()));
    }
    let find = |name: &Spanned<String>| match registers::find(name.get_ref()) {
        Some(register) => Ok(register.name),
        None => {
            let known: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
            let meant = did_you_mean(name.get_ref(), known.iter().copied());
            refuse(name, format!("{} is no register{meant}; there are {}", name.get_ref(), known.join(", ")))
        }
    };
    names.iter().map(find).collect()
}

fn number(source: NumberSource, languages: &[Lang]) -> Result<OwnNumber, Refusal> {
    let path = own_name(&source.name)?;
    if let Some(decimals) = source.decimals.as_ref().filter(|decimals| *decimals.get_ref() > DECIMALS) {
        return refuse(decimals, format!("a number has {DECIMALS} decimals at the most"));
    }
    for (name, bound) in [("min", source.min), ("max", source.max)] {
        if bound.is_some_and(|bound| !bound.is_finite()) {
            return refuse(
                &source.name,
                format!("{}: {name} must be a number; leave it out for no bound", source.name.get_ref()),
            );
        }
    }
    if source.min.zip(source.max).is_some_and(|(min, max)| min > max) {
        return refuse(&source.name, format!("{}: min is above max", source.name.get_ref()));
    }
    Ok(OwnNumber {
        place: source.name.span().start,
        path,
        was: former_names(&source.was)?,
        registers: registers_of(&source.registers, &source.name)?,
        label: labels(&source.label, languages)?,
        unit: source.unit,
        decimals: source.decimals.map_or(0, Spanned::into_inner),
        min: source.min,
        max: source.max,
    })
}

/// A text in each language of the profile, and in no other.
pub fn labels(written: &Spanned<BTreeMap<String, String>>, languages: &[Lang]) -> Result<Labels, Refusal> {
    Labels::read(written.get_ref(), languages).map_err(|reason| (written.span().start, reason))
}

/// The most characters of a code.
const LONGEST: usize = 100;

/// The software's own value that a code stands for.
fn meaning(is: &Spanned<String>, of: ListOwner) -> Result<&'static str, Refusal> {
    let Some(property) = of.property else {
        return refuse(is, "a dimension of the authority's own has no values of the software; leave it out");
    };
    let known = property.meanings;
    match known.iter().find(|known| **known == is.get_ref().as_str()) {
        Some(known) => Ok(known),
        None => {
            let meant = did_you_mean(is.get_ref(), known.iter().copied());
            let of = format!("{}.{}", of.registers.join(" and "), property.name);
            refuse(
                is,
                format!("the software has no value {} of {of}{meant}; it has {}", is.get_ref(), known.join(", ")),
            )
        }
    }
}
