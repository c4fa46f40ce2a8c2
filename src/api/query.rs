//! Query parameters: what they are (for the API document) and what a request says, with every fault of it named.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::FromStr;

use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::error::{Error, Fault, FaultList, Result};
use crate::registers::validation::any_date;
use crate::source::did_you_mean;
use crate::text;

/// A query parameter as the API document describes it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Cow<'static, str>,
    /// The effect of the parameter.
    pub description: String,
    /// JSON Schema of its value, or of one of its values.
    pub schema: Value,
    /// Set if several values may be given, repeated or with commas.
    pub many: bool,
    /// An example.
    pub example: Value,
}

impl Parameter {
    /// A parameter with one value.
    pub fn one(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<String>,
        schema: Value,
        example: Value,
    ) -> Self {
        Parameter { name: name.into(), description: description.into(), schema, many: false, example }
    }

    /// A parameter with any number of values, of which any will do.
    pub fn many(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<String>,
        schema: Value,
        example: Value,
    ) -> Self {
        Parameter { name: name.into(), description: description.into(), schema, many: true, example }
    }

    /// With the example in the description only. Swagger UI fills in the examples of parameters: filters that are all
    /// filled in find nothing.
    pub fn hinted(mut self) -> Self {
        if let Some(example) = self.example.as_str().map(str::to_owned).or(self.example.as_i64().map(|n| n.to_string()))
        {
            self.description += &format!(", for example `{example}`");
        }
        self.example = Value::Null;
        self
    }

    /// A date.
    pub fn date(name: impl Into<Cow<'static, str>>, description: impl Into<String>, example: &str) -> Self {
        Self::one(name, description, json!({"type": "string", "format": "date"}), json!(example))
    }

    /// A year.
    pub fn year(name: &'static str, description: &str, example: i32) -> Self {
        let schema = json!({"type": "integer", "minimum": *YEARS.start(), "maximum": *YEARS.end()});
        Self::one(name, description, schema, json!(example))
    }
}

pub use crate::calendar::YEARS;

/// The most values of a parameter.
const VALUES: usize = 100;

/// The most characters of a value.
pub const VALUE_LENGTH: usize = 300;

/// The most parameters of a request.
const PARAMETERS: usize = 64;

/// The faults that were found before the handler was asked.
struct EarlyFaults(FaultList);

/// The parameters whose values are names of what is asked for.
const NAMING: [&str; 3] = ["by", "sort", "measure"];

/// Former names of what is asked for, each with the one that it has now.
#[derive(Clone)]
pub struct FormerNames(pub Vec<(String, String)>);

impl FormerNames {
    /// The name of a parameter, or a value of one, with the name that what it is about has now: `own.canton_from`, `-own.canton`,
    /// `sum:own.canton`.
    fn now(&self, text: &str) -> Option<String> {
        const BEFORE: [&str; 3] = ["", "-", "sum:"];
        const BEHIND: [&str; 3] = ["", "_from", "_to"];
        let spelled = |(was, now): &(String, String)| {
            let place = text.find(was.as_str())?;
            let (before, behind) = (&text[..place], &text[place + was.len()..]);
            (BEFORE.contains(&before) && BEHIND.contains(&behind)).then(|| format!("{before}{now}{behind}"))
        };
        self.0.iter().find_map(spelled)
    }
}

/// A parameter as it was given: its values, which commas separate.
struct RawParameter {
    name: String,
    values: Vec<String>,
}

impl RawParameter {
    /// Reads `name=value,value`, or `name[]=value` as some clients write a name of which there may be several. The commas separate before anything is decoded: an encoded one is part of a value. Fails
    /// with the name when this is no UTF-8, for it would be read as something else, and find something else.
    fn read(pair: &str) -> std::result::Result<Self, String> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or("query")?;
        let name = name.strip_suffix("[]").map_or(name.as_str(), |name| name).to_owned();
        let values: Option<Vec<String>> = value.split(',').map(decoded).collect();
        match values {
            Some(values) => Ok(RawParameter { name, values }),
            None => Err(name),
        }
    }

    /// Takes the names that what it asks for has now.
    fn rename(&mut self, former: &FormerNames) {
        let names_in_values = NAMING.contains(&self.name.as_str()).then_some(&mut self.values);
        for text in std::iter::once(&mut self.name).chain(names_in_values.into_iter().flatten()) {
            if let Some(now) = former.now(text) {
                *text = now;
            }
        }
    }

    /// All of it as one value.
    fn whole(&self) -> String {
        self.values.join(",")
    }

    /// Its values, each as `spelled`, so that a comma within one is not taken for one between two.
    fn spelled(&self, spelled: impl Fn(&str) -> String) -> String {
        self.values.iter().map(|value| spelled(value)).collect::<Vec<_>>().join(",")
    }
}

/// The parameters of a request, read one after the other; at the end all faults are told together.
pub struct Query {
    given: Vec<RawParameter>,
    faults: FaultList,
    /// Set if the query is not read at all, for it has too many parameters.
    is_refused: bool,
}

impl Query {
    /// The parameters of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let refused = request.extensions().get::<EarlyFaults>().map(|refused| refused.0.clone());
        let mut query = Query { given: Vec::new(), faults: refused.unwrap_or_default(), is_refused: false };
        let pairs = || request.query_string().split('&').filter(|pair| !pair.is_empty());
        if pairs().nth(PARAMETERS).is_some() {
            query.is_refused = true;
            query.fault("query", "too_many", &format!("must have {PARAMETERS} parameters at the most"));
            return query;
        }
        for pair in pairs() {
            match RawParameter::read(pair) {
                Ok(mut given) => {
                    if let Some(former) = request.extensions().get::<FormerNames>() {
                        given.rename(former);
                    }
                    query.given.push(given);
                }
                Err(name) => query.fault(&name, "malformed", "is not UTF-8"),
            }
        }
        query.refuse_unprintable();
        query
    }

    /// Notes every parameter with a character that no text has.
    fn refuse_unprintable(&mut self) {
        for given in &self.given {
            let texts = std::iter::once(&given.name).chain(&given.values);
            if let Some(why) = texts.filter_map(|text| text::line(text).err()).next() {
                let name = given.name.replace(char::is_control, "\u{fffd}");
                self.faults.add(Fault::of(name, "invalid_character", why.to_string()));
            }
        }
    }

    /// Parameters that do not come from a request, each a name and values separated by commas, where `%2C` is a comma
    /// within a value and `%25` a percent sign: all else is written as it is meant. Those that are not known are faults.
    pub fn given(pairs: Vec<(String, String)>, known: &[&str]) -> Self {
        let meant = |value: &str| value.replace("%2C", ",").replace("%2c", ",").replace("%25", "%");
        let read =
            |(name, value): (String, String)| RawParameter { name, values: value.split(',').map(meant).collect() };
        let given = pairs.into_iter().map(read).collect();
        let mut query = Query { given, faults: FaultList::default(), is_refused: false };
        query.refuse_unprintable();
        query.note_unknown(known);
        query
    }

    fn note_unknown(&mut self, known: &[&str]) {
        let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        for given in self.given.iter().filter(|given| !known.contains(&given.name.as_str())) {
            let detail = format!("is not known here{}; known are: {list}", meant(&given.name, known));
            self.faults.add(Fault::of(given.name.as_str(), "unknown_parameter", detail));
        }
    }

    /// Notes every parameter that is not among the known ones. Where the handler reads no parameters that is all; else
    /// the handler is left to tell these faults together with its own.
    pub fn refuse_unknown(mut self, request: &HttpRequest, known: &[Parameter]) -> Result<()> {
        let names: Vec<&str> = known.iter().map(|parameter| parameter.name.as_ref()).collect();
        self.note_unknown(&names);
        if names.is_empty() || self.is_refused {
            return self.finish();
        }
        request.extensions_mut().insert(EarlyFaults(self.faults));
        Ok(())
    }

    /// Notes a fault.
    pub fn fault(&mut self, parameter: &str, code: &str, detail: &str) {
        self.faults.add(Fault::of(parameter, code, detail));
    }

    /// Fails with all faults there are.
    pub fn finish(self) -> Result<()> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Parameters(self.faults.into_faults())) }
    }

    /// The one value of a parameter.
    pub fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.given.iter().filter(|given| given.name == name);
        let first = values.next().map(RawParameter::whole);
        if values.next().is_some() {
            self.fault(name, "repeated", "can be given once only");
        }
        first
    }

    /// The one value of a parameter that must be among the known ones.
    pub fn one_of(&mut self, name: &str, known: &[&str]) -> Option<String> {
        let value = self.one(name)?;
        if !known.contains(&value.as_str()) {
            let meant = did_you_mean(&value, known.iter().copied());
            self.fault(name, "invalid_value", &format!("must be one of {}{meant}", known.join(", ")));
        }
        Some(value)
    }

    /// The one value of a parameter that is any text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = normal(&self.one(name)?);
        if value.is_empty() || value.chars().count() > VALUE_LENGTH {
            self.fault(name, "invalid_length", &format!("must have 1 to {VALUE_LENGTH} characters"));
        }
        Some(value)
    }

    /// The one value of a parameter that is a UUID, in its usual form.
    pub fn uuid(&mut self, name: &str) -> Option<String> {
        self.parsed(name, "invalid_id", "is not a UUID", |text| {
            uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36).map(|id| id.hyphenated().to_string())
        })
    }

    /// All values of a parameter, repeated or separated by commas.
    pub fn many(&mut self, name: &str) -> Vec<String> {
        let given = self.given.iter().filter(|given| given.name == name);
        let mut values: Vec<String> = given.flat_map(|given| &given.values).map(|value| normal(value)).collect();
        if values.iter().any(String::is_empty) {
            self.fault(name, "empty", "must have a value; leave the parameter out to ask for everything");
        }
        if values.iter().any(|value| value.chars().count() > VALUE_LENGTH) {
            self.fault(name, "too_long", &format!("must have {VALUE_LENGTH} characters at the most"));
        }
        if values.len() > VALUES {
            self.fault(name, "too_many", &format!("can have {VALUES} values at the most"));
            values.truncate(VALUES);
        }
        values
    }

    /// Values that must be among the known ones.
    pub fn choice(&mut self, name: &str, knows: impl Fn(&str) -> bool, known: &str) -> Vec<String> {
        let values = self.many(name);
        if let Some(value) = values.iter().find(|value| !value.is_empty() && !knows(value)) {
            let meant = did_you_mean(value, known.split(", "));
            self.fault(name, "invalid_value", &format!("must be one of {known}{meant}"));
        }
        values
    }

    fn parsed<T>(&mut self, name: &str, code: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.one(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.fault(name, code, expected);
        }
        value
    }

    /// A whole number within a range.
    pub fn number<T: FromStr + PartialOrd + std::fmt::Display>(
        &mut self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let expected = format!("must be a whole number from {} to {}", range.start(), range.end());
        self.parsed(name, "out_of_range", &expected, |text| whole(text).filter(|n| range.contains(n)))
    }

    /// A number that may have decimals.
    pub fn decimal(&mut self, name: &str) -> Option<f64> {
        let finite = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        self.parsed(name, "invalid_number", "is not a number; give one as 12.5", finite)
    }

    /// Years.
    pub fn years(&mut self, name: &str) -> Vec<i32> {
        let expected = format!("must be a year from {} to {}", YEARS.start(), YEARS.end());
        let texts = self.many(name);
        let years: Vec<i32> = texts.iter().filter_map(|text| whole(text).filter(|y| YEARS.contains(y))).collect();
        if years.len() < texts.len() {
            self.fault(name, "out_of_range", &expected);
        }
        years
    }

    /// A civil date, as in bodies.
    pub fn date(&mut self, name: &str) -> Option<NaiveDate> {
        self.parsed(name, "invalid_date", "is not a date; give one as YYYY-MM-DD", any_date)
    }

    /// An instant (RFC 3339), in UTC.
    pub fn instant(&mut self, name: &str) -> Option<NaiveDateTime> {
        self.parsed(name, "invalid_instant", "is not an instant; give one as 2017-03-14T09:30:00Z", |text| {
            DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.naive_utc())
        })
    }

    /// True or false; false when absent.
    pub fn flag(&mut self, name: &str) -> bool {
        self.parsed(name, "invalid_value", "must be true or false", |text| text.parse().ok()).unwrap_or(false)
    }

    /// Returns the identity of a list: its path and all parameters but those that only move within it.
    pub fn list_identity(&self, path: &str) -> String {
        let mut rest: Vec<String> = self
            .given
            .iter()
            .filter(|given| !matches!(given.name.as_str(), "cursor" | "limit" | "include_total"))
            .map(|given| format!("{}={}", given.name, given.spelled(|value| value.replace(',', "%2C"))))
            .collect();
        rest.sort();
        format!("{path}?{}", rest.join("&"))
    }

    /// The query of the next page: the same with another cursor, percent-encoded.
    pub fn with_cursor(&self, cursor: &str) -> String {
        let others = self.given.iter().filter(|given| given.name != "cursor");
        let pairs = others
            .map(|given| format!("{}={}", text::percent_encoded(&given.name), given.spelled(text::percent_encoded)));
        pairs.chain([format!("cursor={cursor}")]).collect::<Vec<_>>().join("&")
    }
}

/// The parameter that was probably meant by one that is not known.
fn meant(name: &str, known: &[&str]) -> String {
    match name {
        "page" | "per_page" | "page_size" | "offset" if known.contains(&"cursor") => {
            "; pages are asked for by cursor and limit".into()
        }
        _ => did_you_mean(name, known.iter().copied()),
    }
}

/// A value in the form in which texts are kept, so that it is compared as what is kept.
fn normal(value: &str) -> String {
    text::line(value).map_or_else(|_| value.to_owned(), Cow::into_owned)
}

/// A number in plain digits: no sign but a leading minus, no spaces.
fn whole<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Decodes percent-encoded text, as in a form; `None` when it is no UTF-8.
fn decoded(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}
