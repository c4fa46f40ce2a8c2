//! Mapping of the columns of a file, or the fields of another system, to properties, and of words to values.
//!
//! A mapping is data (TOML). One for each language is built in; a file of one's own goes before them. Nothing is guessed:
//! columns and words that are not known are told.

mod source;

pub use source::Mapping;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::records::query::search::words;
use crate::registers::schema;
use crate::registers::vocabulary::OWN;
use crate::registers::{self, Register, Vocabulary};
use crate::sync::dates::date;

/// The property with the kind of who asked, and the one with the public body.
pub const ASKER: &str = "requester.type";
pub const BODY: &str = "requester.organisation";

/// The properties that the service itself gives: a column of one is passed over.
const GIVEN: [&str; 4] = ["id", "created_at", "updated_at", "revision"];

/// The kinds of values that a property can have.
#[derive(Clone, Debug, PartialEq)]
enum ValueKind {
    Text,
    Number,
    Decimal,
    Flag,
    Date,
    Choice(Vec<String>),
    Texts,
    List,
    /// A code or a number of what the vocabulary has no longer.
    Former,
}

impl ValueKind {
    fn of(schema: &Value) -> ValueKind {
        let has = |name: &str| {
            schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|t| t == name))
        };
        if let Some(values) = schema["enum"].as_array() {
            return ValueKind::Choice(values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        match () {
            () if schema["format"] == "date" => ValueKind::Date,
            () if has("integer") => ValueKind::Number,
            () if has("number") => ValueKind::Decimal,
            () if has("boolean") => ValueKind::Flag,
            () if has("array") && schema["items"]["type"] == "string" => ValueKind::Texts,
            () if has("array") => ValueKind::List,
            () => ValueKind::Text,
        }
    }

    /// True if the value is allowed for this kind; only a choice refuses any.
    fn knows(&self, value: &str) -> bool {
        match self {
            ValueKind::Choice(values) => values.iter().any(|known| known == value),
            _ => true,
        }
    }
}

/// Returns the kinds of values of a register's properties, by property.
fn kinds(register: &Register, vocabulary: &Vocabulary) -> BTreeMap<String, ValueKind> {
    let new = format!("New{}", register.record);
    let known = schema::leaves(register, vocabulary, &new).into_iter();
    // An earlier number of the authority's own may have more decimals than new ones.
    let kind = |name: &str, schema: &Value| match ValueKind::of(schema) {
        ValueKind::Number if name.starts_with(OWN) => ValueKind::Decimal,
        kind => kind,
    };
    let known = known.map(|(name, schema)| (kind(&name, &schema), name)).map(|(kind, name)| (name, kind));
    known.chain(vocabulary.former_own(register).map(|name| (format!("{OWN}{name}"), ValueKind::Former))).collect()
}

/// Fails when a mapping names a property or a value that no register has: a slip would lose data.
fn refuse_unknown(mapping: &Mapping, vocabulary: &Vocabulary) -> Result<()> {
    let all: Vec<BTreeMap<String, ValueKind>> =
        registers::ALL.iter().map(|register| kinds(register, vocabulary)).collect();
    let unknown = |what: String| Error::Configuration(format!("the mapping names {what}, which no register has"));
    for property in mapping.columns.keys().chain(mapping.values.keys()).chain(mapping.constants.keys()) {
        if !all.iter().any(|kinds| kinds.contains_key(property)) {
            return Err(unknown(format!("the property {property}")));
        }
    }
    for (property, values) in &mapping.values {
        let known = |value: &&String| all.iter().any(|kinds| kinds.get(property).is_some_and(|kind| kind.knows(value)));
        if let Some(value) = values.keys().find(|value| !known(value)) {
            return Err(unknown(format!("{property} = {value}")));
        }
    }
    Ok(())
}

/// The meaning of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappedColumn {
    /// The property of that name.
    Property(String),
    /// Nothing that is kept.
    Ignored,
}

/// A text that is not understood: where it stood, what it says, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The property.
    pub property: String,
    /// The fault, with the text, and what would be right.
    pub detail: String,
}

/// A text that is not understood, with the kind of values that would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Misread {
    /// The property.
    pub property: String,
    /// The text, as far as it is told.
    pub text: String,
    /// The values that would be understood.
    pub expected: ExpectedValue,
}

/// The values that a property has.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedValue {
    /// One of these.
    Choice(Vec<String>),
    /// A whole number.
    WholeNumber,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// A list in JSON.
    List,
}

impl From<Misread> for Unknown {
    fn from(Misread { property, text, expected }: Misread) -> Self {
        let expected = match expected {
            ExpectedValue::Choice(values) => format!("one of {}", values.join(", ")),
            ExpectedValue::WholeNumber => "a whole number".into(),
            ExpectedValue::Number => "a number such as 1'250.50".into(),
            ExpectedValue::Flag => "ja or nein".into(),
            ExpectedValue::Date => "a date such as 31.12.2017 or 2017-12-31".into(),
            ExpectedValue::List => "a list in JSON".into(),
        };
        Unknown { property, detail: format!("\"{text}\" is not {expected}") }
    }
}

/// Case, accents and punctuation do not matter.
fn fold(text: &str) -> String {
    words(text).join(" ")
}

/// The words of the vocabulary for the values of a register's properties, by property and word: codes, labels in each language of
/// the authority, and its further words; codes that records have and the vocabulary has no longer stand for themselves. A label
/// that two values have is none: nobody knows which is meant.
fn words_of(register: &Register, vocabulary: &Vocabulary) -> HashMap<(String, String), String> {
    let coded = register.coded.iter().map(|property| (property.path, vocabulary.codes(register.name, property.name)));
    let own = vocabulary.own_dimensions(register).map(|dimension| (dimension.path, &*dimension.codes));
    let mut words = HashMap::new();
    for (path, codes) in coded.chain(own) {
        let of = |word: &str| (path.to_owned(), fold(word));
        let mut labels: HashMap<(String, String), BTreeSet<&str>> = HashMap::new();
        for code in codes {
            words.insert(of(&code.code), code.code.clone());
            for (_, label) in code.label.all() {
                labels.entry(of(label)).or_default().insert(&code.code);
            }
        }
        for (word, meant) in &labels {
            if let (1, Some(code)) = (meant.len(), meant.first()) {
                words.entry(word.clone()).or_insert_with(|| (*code).to_owned());
            }
        }
        for (word, code) in codes.iter().flat_map(|code| code.import.iter().map(move |word| (of(word), &code.code))) {
            if !labels.contains_key(&word) {
                words.entry(word).or_insert_with(|| code.clone());
            }
        }
    }
    for (path, code) in vocabulary.former_codes(register) {
        words.entry((path.to_owned(), fold(code))).or_insert_with(|| code.to_owned());
    }
    words
}

/// Turns columns and texts into the properties and values of a register.
pub struct Translator {
    kinds: BTreeMap<String, ValueKind>,
    columns: HashMap<String, MappedColumn>,
    /// The properties that the service itself gives, by the names of their columns.
    given: HashMap<String, &'static str>,
    values: HashMap<(String, String), String>,
    constants: BTreeMap<String, Value>,
}

impl Translator {
    /// A translator for a register; a mapping of one's own goes before those beneath it, and of these each before the one
    /// before it.
    pub fn new(
        register: &Register,
        vocabulary: &Vocabulary,
        beneath: &[Mapping],
        own: Option<&Mapping>,
    ) -> Result<Translator> {
        let own = own.map(|own| own.with_new_names(vocabulary));
        if let Some(own) = &own {
            refuse_unknown(own, vocabulary)?;
        }
        let kinds = kinds(register, vocabulary);
        let columns = kinds.keys().map(|name| (fold(name), MappedColumn::Property(name.clone()))).collect();
        let values = words_of(register, vocabulary);
        let given = GIVEN.into_iter().map(|name| (fold(name), name)).collect();
        let mut translator = Translator { kinds, columns, given, values, constants: BTreeMap::new() };
        beneath.iter().try_for_each(|mapping| translator.add(mapping, false))?;
        translator.add_labels(register, vocabulary);
        own.map_or(Ok(()), |own| translator.add(&own, true))?;
        Ok(translator)
    }

    /// Adds a mapping over what is there. Of what this register does not have nothing is taken; one that is not strict takes
    /// no name of the register's own.
    fn add(&mut self, mapping: &Mapping, strict: bool) -> Result<()> {
        for (property, names) in &mapping.columns {
            let given = GIVEN.into_iter().find(|given| given == property);
            let column = match (self.kinds.contains_key(property), given) {
                (true, _) => MappedColumn::Property(property.clone()),
                (false, Some(_)) => MappedColumn::Ignored,
                (false, None) => continue,
            };
            self.given.extend(given.into_iter().flat_map(|given| names.iter().map(move |name| (fold(name), given))));
            for name in names {
                // The register's own names are never taken for another property.
                let taken = !strict && self.kinds.keys().any(|own| fold(own) == fold(name));
                if !taken {
                    self.columns.insert(fold(name), column.clone());
                }
            }
        }
        self.columns.extend(mapping.ignore.iter().map(|name| (fold(name), MappedColumn::Ignored)));
        for (property, values) in &mapping.values {
            for (value, texts) in values {
                if self.kinds.get(property).is_some_and(|kind| kind.knows(value)) {
                    let place = |text: &String| ((property.clone(), fold(text)), value.clone());
                    self.values.extend(texts.iter().map(place));
                }
            }
        }
        for (property, value) in mapping.constants.iter().filter(|(property, _)| self.kinds.contains_key(*property)) {
            let value = serde_json::to_value(value).map_err(|error| Error::Configuration(error.to_string()))?;
            self.constants.insert(property.clone(), value);
        }
        Ok(())
    }

    /// Adds the labels of what is the authority's own: they mean more than the usual words do.
    fn add_labels(&mut self, register: &Register, vocabulary: &Vocabulary) {
        let dimensions = vocabulary.own_dimensions(register).map(|own| (own.path, &own.label));
        let numbers = vocabulary.own_numbers(register).map(|own| (own.path, &own.label));
        for (path, labels) in dimensions.chain(numbers) {
            for (_, label) in labels.all() {
                if !self.kinds.keys().any(|name| fold(name) == fold(label)) {
                    self.columns.insert(fold(label), MappedColumn::Property(path.to_owned()));
                }
            }
        }
        for (was, now) in vocabulary.former_paths() {
            if self.kinds.contains_key(&now) && !self.kinds.contains_key(&was) {
                self.columns.insert(fold(&was), MappedColumn::Property(now));
            }
        }
    }

    /// Returns the meaning of a column; `None` if it is not known.
    pub fn column(&self, name: &str) -> Option<&MappedColumn> {
        let labelled = |codes: &str| self.kinds.contains_key(codes).then_some(&MappedColumn::Ignored);
        self.columns.get(&fold(name)).or_else(|| name.strip_suffix("_label").and_then(labelled))
    }

    /// The property that a column gives and the service itself gave, as in a file that was exported.
    pub fn given(&self, name: &str) -> Option<&'static str> {
        self.given.get(&fold(name)).copied()
    }

    /// The property that a column's name resembles.
    pub fn resembles(&self, name: &str) -> Option<&str> {
        let name = fold(name);
        // Short names are found in many words: they must be a word of their own.
        let within = |short: &str, long: &str| match short.len() {
            0..5 => long.split(' ').any(|word| word == short),
            _ => long.contains(short),
        };
        let fits = |known: &&String| within(known, &name) || within(&name, known);
        let best = self.columns.keys().filter(fits).max_by_key(|known| (known.len(), *known));
        match best.and_then(|known| self.columns.get(known)) {
            Some(MappedColumn::Property(property)) => Some(property),
            _ => None,
        }
    }

    /// The property's values, where there is a choice of them.
    pub fn choice(&self, property: &str) -> Option<&[String]> {
        match self.kinds.get(property) {
            Some(ValueKind::Choice(values)) => Some(values),
            _ => None,
        }
    }

    /// The value of a property that a text stands for; `None` for a blank one.
    pub fn value(&self, property: &str, text: &str) -> std::result::Result<Option<Value>, Unknown> {
        self.read(property, text).map_err(Unknown::from)
    }

    /// The same, with what would be understood where the text is not.
    pub fn read(&self, property: &str, text: &str) -> std::result::Result<Option<Value>, Misread> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let misread = |expected: ExpectedValue| Misread {
            property: property.to_owned(),
            text: text.chars().take(60).collect(),
            expected,
        };
        if let Some(value) = self.values.get(&(property.to_owned(), fold(text))) {
            return Ok(Some(value.clone().into()));
        }
        let (value, expected): (Option<Value>, ExpectedValue) = match self.kinds.get(property) {
            Some(ValueKind::Choice(values)) => {
                let value = values.iter().find(|value| fold(value) == fold(text));
                (value.cloned().map(Value::from), ExpectedValue::Choice(values.clone()))
            }
            Some(ValueKind::Number) => {
                (ungrouped(text).parse::<i64>().ok().map(Value::from), ExpectedValue::WholeNumber)
            }
            Some(ValueKind::Decimal) => (decimal(text), ExpectedValue::Number),
            Some(ValueKind::Flag) => (flag(text).map(Value::from), ExpectedValue::Flag),
            Some(ValueKind::Date) => (date(text).map(|date| date.to_string().into()), ExpectedValue::Date),
            Some(ValueKind::List) => {
                let list = serde_json::from_str::<Value>(text).ok();
                (list.filter(Value::is_array), ExpectedValue::List)
            }
            Some(ValueKind::Former) => return Ok(Some(decimal(text).unwrap_or_else(|| text.into()))),
            Some(ValueKind::Texts) => return Ok(Some(texts(text))),
            Some(ValueKind::Text) | None => return Ok(Some(text.into())),
        };
        value.map(Some).ok_or_else(|| misread(expected))
    }

    /// The kind of who asked and the public body that a text names together, as in "Gemeinde Muster" and "Kanton (BKD)": a word for a
    /// kind, and what stands behind it.
    pub fn asker_and_body(&self, text: &str) -> Option<(Value, String)> {
        if !self.kinds.contains_key(BODY) {
            return None;
        }
        let text = text.trim();
        let places = text.char_indices().filter(|(_, c)| c.is_whitespace() || *c == '(').map(|(place, _)| place);
        let mut parts = places.map(|place| text.split_at(place));
        parts.find_map(|(word, rest)| {
            let asker = self.read(ASKER, word).ok().flatten()?;
            let inner = rest.trim();
            let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner).trim();
            let body = inner.trim_start_matches([',', ':', '-', '–']).trim();
            (!body.is_empty()).then(|| (asker, body.to_owned()))
        })
    }

    /// The body that texts by property make, and what of them is not understood.
    pub fn body<'a>(&self, texts: impl Iterator<Item = (&'a str, &'a str)>) -> (Map<String, Value>, Vec<Unknown>) {
        let mut body = Map::new();
        let mut unknown = Vec::new();
        for (property, text) in texts {
            match self.value(property, text) {
                Ok(Some(value)) => put(&mut body, property, value),
                Ok(None) => {}
                Err(what) => unknown.push(what),
            }
        }
        self.complete(&mut body);
        (body, unknown)
    }

    /// Puts the constants in where a body says nothing.
    pub fn complete(&self, body: &mut Map<String, Value>) {
        for (property, value) in &self.constants {
            let pointer = format!("/{}", property.replace('.', "/"));
            let absent = Value::Object(body.clone()).pointer(&pointer).is_none_or(Value::is_null);
            if absent {
                put(body, property, value.clone());
            }
        }
    }
}

/// Puts a value at a property; a dot leads into an object.
pub fn put(body: &mut Map<String, Value>, property: &str, value: Value) {
    match property.split_once('.') {
        None => {
            body.insert(property.to_owned(), value);
        }
        Some((name, part)) => {
            let inner = body.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                inner.insert(part.to_owned(), value);
            }
        }
    }
}

/// A list of texts: one a line or with semicolons between them, as people write it, or in JSON.
fn texts(text: &str) -> Value {
    let listed = serde_json::from_str::<Value>(text).ok().filter(Value::is_array);
    let parts = || text.split(['\n', ';']).map(str::trim).filter(|part| !part.is_empty());
    listed.unwrap_or_else(|| parts().collect())
}

/// A number without the marks between its thousands.
fn ungrouped(text: &str) -> String {
    text.replace(['\'', '’', ' ', '\u{a0}', '\u{202f}'], "")
}

/// A number as people write it, with a point or a comma before its decimals. A comma before three digits could stand between
/// thousands: that would be a guess.
fn decimal(text: &str) -> Option<Value> {
    let digits = ungrouped(text);
    let digits = match digits.split_once(',') {
        Some((_, decimals)) if digits.contains('.') || decimals.len() == 3 => return None,
        Some((whole, decimals)) => format!("{whole}.{decimals}"),
        None => digits,
    };
    let is_plain = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
    let number = digits.parse::<f64>().ok().filter(|number| is_plain && number.is_finite())?;
    Some(serde_json::from_str(&digits).unwrap_or_else(|_| number.into()))
}

fn flag(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "ja" | "j" | "wahr" | "x" | "1" | "yes" | "true" | "oui" | "si" | "gea" => Some(true),
        "nein" | "n" | "falsch" | "0" | "no" | "false" | "non" | "na" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Lang;

    fn vocabulary() -> std::sync::Arc<Vocabulary> {
        crate::profile::Profile::embedded().unwrap().vocabulary
    }

    fn translator(register: &str) -> Translator {
        let built_in = Mapping::built_in().unwrap();
        Translator::new(registers::find(register).unwrap(), &vocabulary(), &built_in, None).unwrap()
    }

    #[test]
    fn the_built_in_mappings_name_only_what_there_is() {
        let all: Vec<Translator> = registers::ALL.iter().map(|register| translator(register.name)).collect();
        for mapping in Mapping::built_in().unwrap() {
            let given = |property: &&String| !GIVEN.contains(&property.as_str());
            for property in mapping.columns.keys().filter(given).chain(mapping.values.keys()) {
                assert!(all.iter().any(|known| known.kinds.contains_key(property)), "{property}");
            }
            for (property, values) in &mapping.values {
                for value in values.keys() {
                    let is_known = |known: &Translator| known.choice(property).is_some_and(|all| all.contains(value));
                    assert!(all.iter().any(is_known), "{property} = {value}");
                }
            }
        }
    }

    #[test]
    fn what_heads_a_column_in_any_language_leads_back_to_its_property() {
        for register in registers::ALL {
            let translator = translator(register.name);
            for lang in Lang::ALL {
                let mapping = Mapping::of(lang).unwrap();
                for property in translator.kinds.keys().filter(|property| !property.starts_with("own.")) {
                    let head =
                        mapping.name_of(property).unwrap_or_else(|| panic!("{property} has no name in {lang:?}"));
                    let meant = Some(&MappedColumn::Property(property.clone()));
                    assert_eq!(translator.column(head), meant, "{} {lang:?} {head}", register.name);
                }
                let states = translator.choice("status").unwrap_or_default();
                for state in states {
                    let word = mapping.word_for("status", state).unwrap();
                    assert_eq!(translator.value("status", word).unwrap().unwrap(), state.as_str(), "{lang:?} {word}");
                }
            }
        }
    }

    #[test]
    fn understands_what_people_write() {
        let cases = translator("cases");
        let value = |property: &str, text: &str| cases.value(property, text).unwrap().unwrap();
        assert_eq!(cases.column("EINGANGS-DATUM"), None);
        assert_eq!(cases.column("Eingangsdatum"), Some(&MappedColumn::Property("received_on".into())));
        assert_eq!(cases.column("requester.type"), Some(&MappedColumn::Property("requester.type".into())));
        assert_eq!(cases.column("Revision"), Some(&MappedColumn::Ignored));
        assert_eq!(value("received_on", "31.12.2017"), "2017-12-31");
        assert_eq!(value("received_on", " 1.2.2017 "), "2017-02-01");
        assert_eq!(value("received_on", "2017-03-14T23:30:00Z"), "2017-03-15");
        assert_eq!(value("received_on", "2017-03-14T00:00:00"), "2017-03-14");
        assert_eq!(value("area", "polizei"), "POLICE");
        assert_eq!(value("channel", "web_form"), "WEB_FORM");
        // The mark against formulas is of CSV alone.
        assert_eq!(value("title", "'=SUMME(A1)"), "'=SUMME(A1)");
        assert_eq!(cases.asker_and_body("Gemeinde Muster"), Some(("MUNICIPALITY".into(), "Muster".into())));
        assert_eq!(cases.asker_and_body("Kanton (BKD)"), Some(("CANTON".into(), "BKD".into())));
        assert_eq!((cases.asker_and_body("Mars Muster"), cases.asker_and_body("Gemeinde")), (None, None));
        assert_eq!(cases.column("area_label"), Some(&MappedColumn::Ignored));
        assert_eq!(cases.value("area", "  ").unwrap(), None);
        assert_eq!(translator("events").value("participants", "1'200").unwrap(), Some(1200.into()));
        assert_eq!(translator("projects").value("high_risk", "Ja").unwrap(), Some(true.into()));
        let recipients = |text: &str| translator("data-collections").value("recipients", text).unwrap();
        for text in ["Steueramt; Kirchgemeinde", "Steueramt\nKirchgemeinde\n", "[\"Steueramt\", \"Kirchgemeinde\"]"] {
            assert_eq!(recipients(text), Some(serde_json::json!(["Steueramt", "Kirchgemeinde"])), "{text}");
        }
    }

    #[test]
    fn knows_what_the_other_registers_columns_are_called() {
        let columns = [
            ("organisations", "Gemeinde", "name"),
            ("organisations", "BFS-Nr.", "bfs_number"),
            ("data-collections", "Verantwortliches Organ", "responsible_body"),
            ("proceedings", "Eingang", "filed_on"),
            ("proceedings", "Betreff", "subject"),
            ("audits", "Betreff", "title"),
            ("publications", "Titel", "title"),
            ("memberships", "Beginn", "joined_on"),
            ("cases", "Gemeinde", "requester.organisation"),
            ("cases", "Commune", "requester.organisation"),
            ("cases", "Comune", "requester.organisation"),
            ("cases", "Date de réception", "received_on"),
            ("cases", "Data di ricezione", "received_on"),
            ("proceedings", "Tribunale", "instance"),
            ("media-requests", "Rédaction", "outlet"),
        ];
        for (register, name, property) in columns {
            let column = translator(register).column(name).cloned();
            assert_eq!(column, Some(MappedColumn::Property(property.into())), "{register}: {name}");
        }
    }

    #[test]
    fn never_guesses() {
        let cases = translator("cases");
        for (property, text) in [("area", "Fischerei"), ("received_on", "30.2.2017"), ("received_on", "17-1-1")] {
            assert!(cases.value(property, text).is_err(), "{property} {text}");
        }
        assert!(translator("events").value("participants", "viele").is_err());
        // A word of another register's choice is none here.
        assert!(cases.value("kind", "Vortrag").is_err());
    }

    #[test]
    fn a_mapping_of_ones_own_goes_before_the_built_in_one() {
        let own =
            "[columns]\narea = [\"Art\"]\n[values.area]\nOTHER = [\"Fischerei\"]\n[constants]\nresponsible = \"RF\"";
        let own = Mapping::parse(own, "x").unwrap();
        let cases = registers::find("cases").unwrap();
        let built_in = Mapping::built_in().unwrap();
        let translator = Translator::new(cases, &vocabulary(), &built_in, Some(&own)).unwrap();
        assert_eq!(translator.column("art"), Some(&MappedColumn::Property("area".into())));
        let (body, unknown) = translator.body([("area", "Fischerei"), ("requester.type", "Mars")].into_iter());
        assert_eq!(Value::Object(body), serde_json::json!({"area": "OTHER", "responsible": "RF"}));
        assert_eq!(unknown[0].property, "requester.type");
        let wrong = Mapping::parse("[columns]\ncolour = [\"Farbe\"]", "x").unwrap();
        assert!(Translator::new(cases, &vocabulary(), &built_in, Some(&wrong)).is_err());
        assert!(Mapping::parse("[column]\n", "x.toml").unwrap_err().to_string().contains("x.toml, line 1"));
    }
}
