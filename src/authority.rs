//! The authority that the service works for: its names and addresses, its languages, the days on which it works and the
//! times within which it acts. It is data, in `authority.toml` of a profile.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::calendar::WorkCalendar;
use crate::messages::{Labels, Lang};
use crate::source::{Refusal, SourceFault, did_you_mean, located, refuse, unreadable};
use crate::text;

/// An authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its name.
    pub name: Labels,
    /// The languages that it works in, the usual one first.
    pub languages: Vec<Lang>,
    /// The name of the usual layout of its tables.
    pub layout: Option<String>,
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
    /// The address for those who found a weakness of the service.
    pub security_contact: Option<String>,
    /// The author of its feeds.
    pub feed_author: Option<Labels>,
    /// The beginning of the types of events that are told to others, such as `ch.example.authority`.
    pub event_type: Option<String>,
    /// The title words of the report's own sections, by their names.
    pub sections: BTreeMap<String, Labels>,
    /// The names of the report's own sections that are left out.
    pub omit_sections: Vec<String>,
    /// The days on which it works.
    pub calendar: WorkCalendar,
    /// The times within which it acts.
    pub time_limits: Vec<TimeLimit>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoritySource {
    name: Spanned<TextSource>,
    languages: Spanned<Vec<Spanned<String>>>,
    layout: Option<String>,
    #[serde(default)]
    address: Vec<String>,
    email: Option<String>,
    phone: Option<String>,
    web: Option<Spanned<String>>,
    law: Option<Spanned<TextSource>>,
    security_contact: Option<Spanned<String>>,
    feed_author: Option<Spanned<TextSource>>,
    event_type: Option<Spanned<String>>,
    #[serde(default)]
    sections: BTreeMap<Spanned<String>, Spanned<TextSource>>,
    #[serde(default)]
    omit_sections: Vec<Spanned<String>>,
    #[serde(default)]
    holidays: HolidaysSource,
    #[serde(default)]
    time_limits: Vec<Spanned<TimeLimit>>,
}

/// A text: one for all languages, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
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

/// The sections of the report that are the software's own.
pub const SECTIONS: [&str; 9] =
    ["key-figures", "backlog", "durations", "projects", "audits", "events", "staffing", "website", "other-registers"];

impl Authority {
    /// Reads `authority.toml`; all faults come at once.
    pub fn parse(file: &str, text: &str) -> Result<Authority, Vec<SourceFault>> {
        let source: AuthoritySource =
            toml::from_str(text).map_err(|error| vec![located(file, text, unreadable(&error))])?;
        let mut refusals = Vec::new();
        let authority = read(source, &mut refusals);
        match authority.filter(|_| refusals.is_empty()) {
            Some(authority) => Ok(authority),
            None => Err(refusals.into_iter().map(|refusal| located(file, text, refusal)).collect()),
        }
    }

    /// The beginning of the types of events that are told to others.
    pub fn event_types(&self) -> &str {
        self.event_type.as_deref().unwrap_or("aufsicht")
    }

    /// The language that it usually works in.
    pub fn language(&self) -> Lang {
        self.languages.first().copied().unwrap_or_default()
    }
}

fn read(source: AuthoritySource, refusals: &mut Vec<Refusal>) -> Option<Authority> {
    let mut noted = |refusal: Refusal| refusals.push(refusal);
    let languages = languages(&source.languages).map_err(&mut noted).ok()?;
    let mut label = |written: &Spanned<TextSource>| labels(written, &languages).map_err(&mut noted).ok();
    let name = label(&source.name);
    let law = source.law.as_ref().and_then(&mut label);
    let feed_author = source.feed_author.as_ref().and_then(&mut label);
    let sections = source.sections.iter().filter_map(|(name, title)| Some((name.get_ref().clone(), label(title)?)));
    let sections: BTreeMap<String, Labels> = sections.collect();
    for section in source.sections.keys().chain(&source.omit_sections) {
        if !SECTIONS.contains(&section.get_ref().as_str()) {
            let meant = did_you_mean(section.get_ref(), SECTIONS);
            noted((
                section.span().start,
                format!("there is no section {}{meant}; there are {}", section.get_ref(), SECTIONS.join(", ")),
            ));
        }
    }
    for address in source.web.iter().chain(&source.security_contact) {
        if !["https://", "http://", "mailto:"].iter().any(|start| address.get_ref().starts_with(start)) {
            noted((address.span().start, format!("{} is no web address; it begins with https://", address.get_ref())));
        }
    }
    if let Some(kind) = &source.event_type
        && !kind
            .get_ref()
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    {
        noted((kind.span().start, "event_type is words joined by dots, such as ch.example.authority".into()));
    }
    for limit in &source.time_limits {
        let TimeLimit { working_days, days, .. } = limit.get_ref();
        if working_days.or(*days).is_none_or(|days| !(1..=3650).contains(&days))
            || working_days.is_some() == days.is_some()
        {
            noted((limit.span().start, "a time limit has either working_days or days, from 1 to 3650".into()));
        }
    }
    let fixed = source.holidays.fixed.iter().filter_map(|day| holiday(day).map_err(&mut noted).ok()).collect();
    Some(Authority {
        name: name?,
        languages,
        layout: source.layout,
        address: source.address,
        email: source.email,
        phone: source.phone,
        web: source.web.map(Spanned::into_inner),
        law,
        security_contact: source.security_contact.map(Spanned::into_inner),
        feed_author,
        event_type: source.event_type.map(Spanned::into_inner),
        sections,
        omit_sections: source.omit_sections.into_iter().map(Spanned::into_inner).collect(),
        calendar: WorkCalendar { fixed, by_easter: source.holidays.easter },
        time_limits: source.time_limits.into_iter().map(Spanned::into_inner).collect(),
    })
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
