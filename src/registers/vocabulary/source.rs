//! The vocabulary as it is written: `vocabulary.toml` of a profile. Every fault is told at its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Code, CodeList, CodedProperty, OWN, OwnDimension, OwnNumber, Vocabulary};
use crate::messages::{Labels, Lang};
use crate::registers::{self, Register};
use crate::source::{Refusal, SourceFault, did_you_mean, is_code, is_word, located, refuse, unreadable};

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
    requires: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
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
    registers: Vec<Spanned<String>>,
    label: Spanned<BTreeMap<String, String>>,
    required_from: Option<i32>,
    values: Spanned<Vec<CodeSource>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberSource {
    name: Spanned<String>,
    registers: Vec<Spanned<String>>,
    label: Spanned<BTreeMap<String, String>>,
    unit: Option<String>,
    decimals: Option<Spanned<u32>>,
    min: Option<f64>,
    max: Option<f64>,
}

/// The most decimals that a number can have.
pub const DECIMALS: u32 = 4;

/// A reader of a vocabulary: the languages that labels have, and the faults that were found.
struct Reader<'r> {
    languages: &'r [Lang],
    refusals: Vec<Refusal>,
}

impl Vocabulary {
    /// Reads a vocabulary, whose labels are in these languages; all faults come at once.
    pub fn parse(file: &str, text: &str, languages: &[Lang]) -> Result<Vocabulary, Vec<SourceFault>> {
        let mut reader = Reader { languages, refusals: Vec::new() };
        let vocabulary = match DeTable::parse(text) {
            Ok(table) => reader.vocabulary(table.into_inner()),
            Err(error) => {
                reader.refusals.push(unreadable(&error));
                Vocabulary::default()
            }
        };
        match reader.refusals.is_empty() {
            true => Ok(vocabulary),
            false => Err(reader.refusals.into_iter().map(|refusal| located(file, text, refusal)).collect()),
        }
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
                    for source in self.typed::<Vec<DimensionSource>>(value).unwrap_or_default() {
                        let known = vocabulary.dimensions.iter().map(|other| other.path).collect::<Vec<_>>();
                        let dimension = self.dimension(source, &known);
                        vocabulary.dimensions.extend(dimension);
                    }
                }
                "numbers" => {
                    for source in self.typed::<Vec<NumberSource>>(value).unwrap_or_default() {
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
        let numbers = vocabulary.numbers.iter().map(|number| number.path);
        if let Some(twice) = numbers.clone().find(|path| {
            numbers.clone().filter(|other| other == path).count() > 1
                || vocabulary.dimensions.iter().any(|dimension| dimension.path == *path)
        }) {
            self.refusals.push((0, format!("{twice} is declared twice")));
        }
        vocabulary
    }

    /// A value as a type.
    fn typed<T: DeserializeOwned>(&mut self, value: Spanned<DeValue>) -> Option<T> {
        let read = T::deserialize(ValueDeserializer::from(value)).map_err(|error| unreadable(&error));
        self.noted(read)
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
            let sources: Vec<CodeSource> = self.typed(value).unwrap_or_default();
            let codes = self.codes(sources, Some((register, property)));
            lists.push(CodeList { register, property, codes });
        }
        for list in &lists {
            self.check_requirements(register, list, &lists);
        }
        lists
    }

    /// Refuses a requirement that names no property or no value of it.
    fn check_requirements(&mut self, register: &Register, list: &CodeList, lists: &[CodeList]) {
        for code in &list.codes {
            for (name, values) in &code.requires {
                let of = lists.iter().find(|other| other.property.name == name);
                let known = |value: &&String| of.is_some_and(|of| of.codes.iter().any(|code| code.code == **value));
                if let Some(unknown) = values.iter().find(|value| !known(value)) {
                    let reason = format!(
                        "{} requires {name} = {unknown}, which {}.{name} does not have",
                        code.code, register.name
                    );
                    self.refusals.push((0, reason));
                }
            }
        }
    }

    /// The values of a property, or of a dimension of the authority's own.
    fn codes(&mut self, sources: Vec<CodeSource>, of: Option<(&Register, &CodedProperty)>) -> Vec<Code> {
        let mut codes: Vec<Code> = Vec::new();
        for source in sources {
            let place = source.code.span().start;
            let is_twice = codes.iter().any(|other| other.code == *source.code.get_ref());
            let second = source.default.as_ref().is_some_and(|default| *default.get_ref())
                && codes.iter().any(|other| other.is_default);
            if is_twice {
                self.refusals.push((place, format!("the code {} is there twice", source.code.get_ref())));
            }
            if second {
                self.refusals.push((place, "only one value can be the default".into()));
            }
            let read = code(source, of, self.languages);
            let code = self.noted(read);
            codes.extend(code);
        }
        if let Some(code) = codes.iter().find(|code| leads_to_itself(code, &codes)) {
            self.refusals.push((0, format!("{} is its own group: its parents lead back to it", code.code)));
        }
        codes
    }

    fn dimension(&mut self, source: DimensionSource, known: &[&str]) -> Option<OwnDimension> {
        let read = own_name(&source.name).and_then(|path| {
            if known.contains(&path) {
                return refuse(&source.name, format!("the dimension {} is there twice", source.name.get_ref()));
            }
            let registers = registers_of(&source.registers, &source.name)?;
            if source.values.get_ref().is_empty() {
                return refuse(&source.values, "a dimension has at least one value, each as [[dimensions.values]]");
            }
            Ok((path, registers, labels(&source.label, self.languages)?))
        });
        let (path, registers, label) = self.noted(read)?;
        let codes = self.codes(source.values.into_inner(), None);
        Some(OwnDimension { path, registers, label, required_from: source.required_from, codes })
    }
}

fn leads_to_itself(code: &Code, codes: &[Code]) -> bool {
    let mut parent = code.parent.as_deref();
    for _ in 0..=codes.len() {
        let Some(name) = parent else { return false };
        parent = codes.iter().find(|other| other.code == name).and_then(|other| other.parent.as_deref());
    }
    true
}

/// The name of what is the authority's own, with its prefix. It stays for as long as the process.
fn own_name(name: &Spanned<String>) -> Result<&'static str, Refusal> {
    let text = name.get_ref();
    if !is_word(text) || text.contains('-') || text.len() > 50 {
        return refuse(name, format!("the name \"{text}\" must be a lower-case word: letters, digits and underscores"));
    }
    Ok(Box::leak(format!("{OWN}{text}").into_boxed_str()))
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
    if source.min.zip(source.max).is_some_and(|(min, max)| min > max) {
        return refuse(&source.name, format!("{}: min is above max", source.name.get_ref()));
    }
    Ok(OwnNumber {
        path,
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

fn code(source: CodeSource, of: Option<(&Register, &CodedProperty)>, languages: &[Lang]) -> Result<Code, Refusal> {
    let text = source.code.get_ref();
    if !is_code(text) || text == registers::ABSENT || text.len() > 100 {
        let reason = format!("the code \"{text}\" must be in UPPER_SNAKE_CASE; NONE stands for no value");
        return refuse(&source.code, reason);
    }
    let is = source.is.as_ref().map(|is| meaning(is, of)).transpose()?;
    let valid = source.valid.as_ref().map_or((None, None), |valid| (valid.get_ref().from, valid.get_ref().to));
    if let (Some(at), (Some(from), Some(to))) = (&source.valid, valid)
        && from > to
    {
        return refuse(at, "valid.from must not be after valid.to");
    }
    if let Some(parent) = source.parent.as_ref().filter(|parent| !is_code(parent.get_ref())) {
        return refuse(parent, format!("the parent \"{}\" must be a code in UPPER_SNAKE_CASE", parent.get_ref()));
    }
    let requires = source.requires.iter().map(|(name, values)| {
        let is_known = of.is_some_and(|(register, _)| register.coded.iter().any(|p| p.name == name.get_ref()));
        if !is_known {
            return refuse(name, format!("{} is no coded property of the register", name.get_ref()));
        }
        Ok((name.get_ref().clone(), values.iter().map(|value| value.get_ref().clone()).collect()))
    });
    let requires = requires.collect::<Result<_, Refusal>>()?;
    Ok(Code {
        label: labels(&source.label, languages)?,
        is,
        valid,
        parent: source.parent.map(Spanned::into_inner),
        is_default: source.default.is_some_and(Spanned::into_inner),
        import: source.import,
        requires,
        code: source.code.into_inner(),
    })
}

/// The software's own value that a code stands for.
fn meaning(is: &Spanned<String>, of: Option<(&Register, &CodedProperty)>) -> Result<&'static str, Refusal> {
    let Some((register, property)) = of else {
        return refuse(is, "a dimension of the authority's own has no values of the software; leave is out");
    };
    let known = property.meanings;
    match known.iter().find(|known| **known == is.get_ref().as_str()) {
        Some(known) => Ok(known),
        None => {
            let meant = did_you_mean(is.get_ref(), known.iter().copied());
            let of = format!("{}.{}", register.name, property.name);
            refuse(
                is,
                format!("the software has no value {} of {of}{meant}; it has {}", is.get_ref(), known.join(", ")),
            )
        }
    }
}
