//! The authority that the service works for: its names and addresses, its languages, the days on which it works and the
//! times within which it acts. It is data, in `authority.toml` of a profile.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeTable;

use crate::calendar::WorkCalendar;
use crate::messages::{Labels, Lang, NumberStyle, RegisterWord, RegisterWords, Writing};
use crate::source::{
    Refusal, SourceFault, check_email, did_you_mean, each, located, refuse, typed, unknown, unreadable,
};
use crate::text;

/// An authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its name.
    pub name: Labels,
    /// The languages that it works in, the usual one first.
    pub languages: Vec<Lang>,
    /// The name of the usual layout of its tables.
    pub layout: Option<Spanned<String>>,
    /// The lines of its address.
    pub address: Vec<String>,
    /// Its email address.
    pub email: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its web address.
    pub web: Option<String>,
    /// The law and article that the yearly report is made by.
    pub law: Option<Labels>,
    /// The law and article that the register of data collections is kept by, and its purpose.
    pub register_law: Option<Labels>,
    /// The terms under which what is published may be used.
    pub terms: Option<Labels>,
    /// The mark before decimals in what people read, where it is not the one of the language.
    pub decimal_mark: Option<char>,
    /// The file of its logo (SVG) in the folder of the profile.
    pub logo: Option<Spanned<String>>,
    /// The file with the shapes of the municipalities (GeoJSON) in the folder of the profile.
    pub shapes: Option<Spanned<String>>,
    /// The address for those who found a weakness of the service.
    pub security_contact: Option<String>,
    /// The author of its feeds.
    pub feed_author: Option<Labels>,
    /// The beginning of the types of events that are told to others, such as `ch.example.authority`.
    pub event_type: Option<String>,
    /// Its own words for registers.
    pub registers: RegisterWords,
    /// The title words of the report's own sections, by their names.
    pub sections: BTreeMap<String, Labels>,
    /// The names of the report's own sections that are left out.
    pub omit_sections: Vec<String>,
    /// The days on which it works.
    pub calendar: WorkCalendar,
    /// The times within which it acts.
    pub time_limits: Vec<Spanned<TimeLimit>>,
}

/// A time within which the authority has to act on records of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeLimit {
    /// The register.
    pub register: String,
    /// The kind of record.
    pub kind: String,
    /// The number of working days after the day received.
    pub working_days: Option<usize>,
    /// The number of days after the day received.
    pub days: Option<usize>,
    /// The source of the rule.
    pub basis: Option<String>,
}

/// A text: one for all languages, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
#[serde(expecting = "this must be a text, or a table with a text for each language")]
enum TextSource {
    One(String),
    Each(BTreeMap<String, String>),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidaysSource {
    #[serde(default)]
    fixed: Vec<Spanned<String>>,
    #[serde(default)]
    easter: Vec<i64>,
}

/// The sections of the report that are the software's own, in their order.
pub const SECTIONS: [&str; 14] = [
    "overview",
    "topics",
    "backlog",
    "durations",
    "municipalities",
    "projects",
    "audits",
    "events",
    "proceedings",
    "publications",
    "cooperation",
    "website",
    "staffing",
    "sources",
];

impl Authority {
    /// Reads `authority.toml`, with all faults of it; none where its languages cannot be read.
    pub fn read(file: &str, text: &str) -> (Option<Authority>, Vec<SourceFault>) {
        let (authority, refusals) = match DeTable::parse(text) {
            Ok(table) => {
                let mut reader = Reader { table: table.into_inner(), known: Vec::new(), refusals: Vec::new() };
                (reader.authority(), reader.refusals)
            }
            Err(error) => (None, vec![unreadable(&error)]),
        };
        (authority, refusals.into_iter().map(|refusal| located(file, text, refusal)).collect())
    }

    /// The beginning of the types of events that are told to others.
    pub fn event_types(&self) -> &str {
        self.event_type.as_deref().unwrap_or("aufsicht")
    }

    /// The ways in which it is reached: its address, telephone number, email and web address.
    pub fn sender(&self) -> Vec<String> {
        let address = (!self.address.is_empty()).then(|| self.address.join(", "));
        let reached = [&self.phone, &self.email, &self.web].into_iter().flatten().cloned();
        address.into_iter().chain(reached).collect()
    }

    /// The way that it writes in a language.
    pub fn writing(&self, lang: Lang) -> Writing<'_> {
        let usual = NumberStyle::from(lang);
        let decimal = self.decimal_mark.unwrap_or(usual.decimal);
        Writing { lang, numbers: NumberStyle { decimal, ..usual }, words: &self.registers }
    }

    /// The language that it usually works in.
    pub fn language(&self) -> Lang {
        self.languages.first().copied().unwrap_or_default()
    }

    /// True if the report has one of the software's own sections.
    pub fn has_section(&self, name: &str) -> bool {
        !self.omit_sections.iter().any(|omitted| omitted == name)
    }
}

/// A reader of the file: what was not read yet, the names that there are, and the faults that were found.
struct Reader<'t> {
    table: DeTable<'t>,
    known: Vec<&'static str>,
    refusals: Vec<Refusal>,
}

impl Reader<'_> {
    fn authority(&mut self) -> Option<Authority> {
        self.require("name", "name = \"Data protection authority\"");
        self.require("languages", "languages = [\"de\"]");
        let languages = self.languages();
        let speaks = languages.as_deref().unwrap_or(&[]);
        let authority = Authority {
            name: self.labels("name", speaks).unwrap_or_default(),
            layout: self.take("layout"),
            address: self.each("address"),
            email: self.email(),
            phone: self.take("phone"),
            web: self.web_address("web"),
            law: self.labels("law", speaks),
            register_law: self.labels("register_law", speaks),
            terms: self.labels("terms", speaks),
            decimal_mark: self.decimal_mark(),
            logo: self.take("logo"),
            shapes: self.take("shapes"),
            security_contact: self.web_address("security_contact"),
            feed_author: self.labels("feed_author", speaks),
            event_type: self.event_type(),
            registers: self.registers(speaks),
            sections: self.sections(speaks),
            omit_sections: self.omitted_sections(),
            calendar: self.calendar(),
            time_limits: self.time_limits(),
            languages: languages.clone().unwrap_or_default(),
        };
        self.refuse_unknown();
        languages.map(|_| authority)
    }

    /// The value under a name; its fault is noted.
    fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.known.push(name);
        let value = self.table.remove(name)?;
        typed(value, &mut self.refusals)
    }

    /// The elements of the list under a name.
    fn each<T: DeserializeOwned>(&mut self, name: &'static str) -> Vec<T> {
        self.known.push(name);
        let value = self.table.remove(name);
        value.map(|value| each(value, &mut self.refusals)).unwrap_or_default()
    }

    fn noted<T>(&mut self, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.refusals.push(refusal)).ok()
    }

    fn require(&mut self, name: &str, example: &str) {
        if !self.table.contains_key(name) {
            self.refusals.push((0, format!("{name} is missing; write for example {example}")));
        }
    }

    fn languages(&mut self) -> Option<Vec<Lang>> {
        let written: Spanned<Vec<Spanned<String>>> = self.take("languages")?;
        self.noted(languages(&written))
    }

    /// The text under a name, in each of the languages.
    fn labels(&mut self, name: &'static str, languages: &[Lang]) -> Option<Labels> {
        let written: Spanned<TextSource> = self.take(name)?;
        self.label(&written, languages)
    }

    fn label(&mut self, written: &Spanned<TextSource>, languages: &[Lang]) -> Option<Labels> {
        // Without languages, whose fault is noted already, nothing can be said of a text.
        if languages.is_empty() {
            Some(Labels::default())
        } else {
            Some(self.noted(labels(written, languages)).unwrap_or_default())
        }
    }

    fn email(&mut self) -> Option<String> {
        let address: Spanned<String> = self.take("email")?;
        self.noted(check_email(&address, address.get_ref()));
        Some(address.into_inner())
    }

    fn web_address(&mut self, name: &'static str) -> Option<String> {
        let address: Spanned<String> = self.take(name)?;
        if !["https://", "http://", "mailto:"].iter().any(|start| address.get_ref().starts_with(start)) {
            let reason = format!("{} is no web address; it begins with https://", address.get_ref());
            self.refusals.push((address.span().start, reason));
        }
        if let Some(email) = address.get_ref().strip_prefix("mailto:") {
            self.noted(check_email(&address, email));
        }
        Some(address.into_inner())
    }

    fn decimal_mark(&mut self) -> Option<char> {
        let mark: Spanned<String> = self.take("decimal_mark")?;
        match mark.get_ref().as_str() {
            "." => Some('.'),
            "," => Some(','),
            _ => {
                let reason = "decimal_mark is \".\" or \",\"".into();
                self.refusals.push((mark.span().start, reason));
                None
            }
        }
    }

    fn event_type(&mut self) -> Option<String> {
        let kind: Spanned<String> = self.take("event_type")?;
        let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !kind.get_ref().split('.').all(is_word) {
            let reason = "event_type is words joined by dots, such as ch.example.authority".into();
            self.refusals.push((kind.span().start, reason));
        }
        Some(kind.into_inner())
    }

    /// The texts under names of a table, each in all languages.
    fn named_labels(&mut self, table: &'static str, languages: &[Lang]) -> Vec<(Spanned<String>, Labels)> {
        let written: BTreeMap<Spanned<String>, Spanned<TextSource>> = self.take(table).unwrap_or_default();
        let labelled = |(name, text): (Spanned<String>, _)| Some((name, self.label(&text, languages)?));
        written.into_iter().filter_map(labelled).collect()
    }

    /// The words for registers; whether there are such registers is for those to say who know them.
    fn registers(&mut self, languages: &[Lang]) -> RegisterWords {
        let words = self.named_labels("registers", languages).into_iter();
        RegisterWords::of(words.map(|(name, label)| {
            let place = name.span().start;
            (name.into_inner(), RegisterWord { label, place })
        }))
    }

    fn sections(&mut self, languages: &[Lang]) -> BTreeMap<String, Labels> {
        let titles = self.named_labels("sections", languages);
        titles.iter().for_each(|(name, _)| self.check_section(name));
        titles.into_iter().map(|(name, title)| (name.into_inner(), title)).collect()
    }

    fn omitted_sections(&mut self) -> Vec<String> {
        let omitted: Vec<Spanned<String>> = self.each("omit_sections");
        omitted.iter().for_each(|name| self.check_section(name));
        omitted.into_iter().map(Spanned::into_inner).collect()
    }

    fn check_section(&mut self, name: &Spanned<String>) {
        if !SECTIONS.contains(&name.get_ref().as_str()) {
            let meant = did_you_mean(name.get_ref(), SECTIONS);
            let reason = format!("there is no section {}{meant}; there are {}", name.get_ref(), SECTIONS.join(", "));
            self.refusals.push((name.span().start, reason));
        }
    }

    fn calendar(&mut self) -> WorkCalendar {
        let holidays: HolidaysSource = self.take("holidays").unwrap_or_default();
        let fixed = holidays.fixed.iter().filter_map(|day| self.noted(holiday(day))).collect();
        WorkCalendar { fixed, by_easter: holidays.easter }
    }

    fn time_limits(&mut self) -> Vec<Spanned<TimeLimit>> {
        let limits: Vec<Spanned<TimeLimit>> = self.each("time_limits");
        for limit in &limits {
            let TimeLimit { working_days, days, .. } = limit.get_ref();
            let is_one = working_days.is_some() != days.is_some();
            if !is_one || !working_days.or(*days).is_some_and(|days| (1..=3650).contains(&days)) {
                let reason = "a time limit has either working_days or days, from 1 to 3650".into();
                self.refusals.push((limit.span().start, reason));
            }
        }
        limits
    }

    fn refuse_unknown(&mut self) {
        for name in self.table.keys() {
            self.refusals.push((name.span().start, unknown(name.get_ref(), self.known.iter().copied())));
        }
    }
}

fn languages(written: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<Lang>, Refusal> {
    let mut languages = Vec::new();
    for code in written.get_ref() {
        let Some(lang) = Lang::parse(code.get_ref()) else {
            return refuse(code, format!("the software has no language {}; it has {}", code.get_ref(), Lang::codes()));
        };
        if languages.contains(&lang) {
            return refuse(code, format!("the language {} is there twice", code.get_ref()));
        }
        languages.push(lang);
    }
    match languages.is_empty() {
        true => refuse(written, "an authority works in a language at least, such as languages = [\"de\"]"),
        false => Ok(languages),
    }
}

fn labels(written: &Spanned<TextSource>, languages: &[Lang]) -> Result<Labels, Refusal> {
    let each = match written.get_ref() {
        TextSource::Each(each) => each.clone(),
        TextSource::One(text) => languages.iter().map(|lang| (lang.code().to_owned(), text.clone())).collect(),
    };
    Labels::read(&each, languages).map_err(|reason| (written.span().start, reason))
}

/// The month and day of `08-01`.
fn holiday(written: &Spanned<String>) -> Result<(u32, u32), Refusal> {
    let of_leap_year = format!("2024-{}", text::line(written.get_ref()).unwrap_or_default());
    match chrono::NaiveDate::parse_from_str(&of_leap_year, "%Y-%m-%d") {
        Ok(day) => Ok((chrono::Datelike::month(&day), chrono::Datelike::day(&day))),
        Err(_) => refuse(written, format!("{} is no day; write month and day as 08-01", written.get_ref())),
    }
}
