//! Lines as a layout writes them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::composing::Composing;
use super::doubts;
use super::refusals::{Refusals, Written, no_line};
use super::selections::{Choice, selection};
use super::units;
use super::{Composition, FootnoteKey, LayoutContext, LayoutLine, LineSource, Quantity, Years};
use crate::decimal::Decimal;
use crate::messages::Labels;
use crate::registers::vocabulary::labels;
use crate::registers::{ALL, Dimension, Selection};
use crate::source::{Refusal, did_you_mean, is_word, refuse};
use crate::text;

/// A line as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineSourceText {
    pub(super) code: Spanned<String>,
    #[serde(default)]
    pub(super) was: Vec<Spanned<String>>,
    label: Option<Written>,
    labels: Option<Spanned<Vec<Spanned<LabelOfYears>>>>,
    short: Option<Written>,
    #[serde(default = "top")]
    level: Spanned<u8>,
    any: Option<Spanned<Vec<Spanned<Choice>>>>,
    measure: Option<Spanned<String>>,
    add: Option<Spanned<String>>,
    sum: Option<Spanned<Vec<Spanned<String>>>>,
    rest: Option<Spanned<RestSource>>,
    share: Option<Spanned<ShareSource>>,
    entered: Option<Spanned<bool>>,
    heading: Option<Spanned<bool>>,
    collected: Option<Spanned<Years>>,
    #[serde(default)]
    footnotes: Vec<Spanned<FootnoteSource>>,
    unit: Option<Spanned<String>>,
    decimals: Option<Spanned<u32>>,
    protect: Option<bool>,
}

fn top() -> Spanned<u8> {
    Spanned::new(0..0, 0)
}

#[derive(Deserialize)]
struct LabelOfYears {
    from: Option<i32>,
    to: Option<i32>,
    #[serde(flatten)]
    texts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestSource {
    of: Spanned<String>,
    less: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareSource {
    of: Spanned<String>,
    r#in: Spanned<String>,
}

/// The key of a footnote, or a key with the year that it is about.
struct FootnoteSource(FootnoteKey);

impl<'de> Deserialize<'de> for FootnoteSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;
        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = FootnoteSource;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("the key of a footnote, or { key = \"…\", year = 2019 }")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<FootnoteSource, E> {
                Ok(FootnoteSource(FootnoteKey { key: key.to_owned(), year: None }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FootnoteSource, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(FootnoteSource)
            }
        }
        from.deserialize_any(LabelsVisitor)
    }
}

const SOURCES: &str =
    "a line has one source: any (with measure or add), sum, rest, share, entered = true or heading = true";

/// The most characters of a line's code.
const LONGEST: usize = 200;

/// The most lines that a table can have: nobody reads more, and one can be made of all others.
const MOST: usize = 1000;

/// Reads the lines of a table; none if one of them cannot be read. Of those that could not be, the codes are given: other lines may
/// name them.
pub(super) fn read(
    (written, unread): (&[LineSourceText], &[String]),
    footnotes: &[&str],
    context: LayoutContext,
    refusals: &mut Refusals,
) -> Option<Vec<LayoutLine>> {
    if let Some(line) = written.get(MOST) {
        let reason = format!("a table has {MOST} lines at the most: this one and those behind it are not read");
        refusals.note(refuse::<_, ()>(&line.code, reason));
        return None;
    }
    let before = refusals.refused.len();
    let mut codes = codes(written, refusals);
    codes.extend(unread.iter().map(String::as_str));
    let mut lines: Vec<LayoutLine> =
        written.iter().filter_map(|written| line(written, &codes, footnotes, context, refusals)).collect();
    if refusals.refused.len() > before || !unread.is_empty() {
        return None;
    }
    let places: HashMap<String, usize> = codes.iter().enumerate().map(|(at, code)| ((*code).to_owned(), at)).collect();
    let places_in_text: Vec<&Spanned<String>> = written.iter().map(|line| &line.code).collect();
    let (codes, found) = (&places_in_text[..], RefCell::default());
    let composing = Composing { codes, lines: &lines, places: &places, found };
    let contents: Vec<Option<Composition>> = (0..lines.len()).map(|at| refusals.note(composing.checked(at))).collect();
    for (line, content) in lines.iter_mut().zip(contents) {
        line.content = content?;
    }
    let units = units::of(&lines, &places, context);
    for (line, code) in lines.iter().zip(&places_in_text) {
        refusals.note(units::check_one(line, code, (&lines, &places, &units)));
    }
    for (line, (unit, decimals)) in lines.iter_mut().zip(units) {
        (line.unit, line.decimals) = (unit, decimals);
    }
    Some(lines)
}

/// The codes of lines; one that is none is refused.
fn codes<'w>(written: &'w [LineSourceText], refusals: &mut Refusals) -> Vec<&'w str> {
    let mut codes: Vec<&str> = Vec::new();
    for line in written {
        let code = line.code.get_ref().as_str();
        if !code.split('.').all(is_word) || code.len() > LONGEST {
            let told: String = code.chars().take(LONGEST).collect();
            let reason = format!(
                "the code \"{told}\" must be lower-case words joined by dots, with {LONGEST} characters at the most"
            );
            refusals.note(refuse::<_, ()>(&line.code, reason));
        } else if codes.contains(&code) {
            refusals.note(refuse::<_, ()>(&line.code, format!("the code {code} is used twice")));
        }
        codes.push(code);
    }
    codes
}

fn line(
    line: &LineSourceText,
    codes: &[&str],
    footnotes: &[&str],
    context: LayoutContext,
    refusals: &mut Refusals,
) -> Option<LayoutLine> {
    let named = refusals.note(printed_names(line, context));
    check_form(line, footnotes, refusals);
    let source = self::source(line, codes, context, refusals)?;
    let short = line.short.as_ref().and_then(|short| refusals.note(self::labels(short, context.languages)));
    let (label, labels) = named?;
    Some(LayoutLine {
        code: line.code.get_ref().clone(),
        place: line.code.span().start,
        was: line.was.iter().map(|code| code.get_ref().clone()).collect(),
        label,
        labels,
        short,
        level: *line.level.get_ref(),
        footnotes: line.footnotes.iter().map(|note| note.get_ref().0.clone()).collect(),
        unit: line.unit.as_ref().map(|unit| unit.get_ref().clone()),
        decimals: line.decimals.as_ref().map(|decimals| *decimals.get_ref()),
        protect: line.protect.unwrap_or(true),
        source,
        collected: line.collected.as_ref().map(|years| years.get_ref().clone()).unwrap_or_default(),
        content: Composition::default(),
    })
}

/// Refuses what is written wrongly of how a line is shown.
fn check_form(line: &LineSourceText, footnotes: &[&str], refusals: &mut Refusals) {
    if *line.level.get_ref() > 3 {
        refusals.note(refuse::<_, ()>(&line.level, "the level must be from 0 to 3"));
    }
    if let Some(at) = &line.collected
        && let Some(fault) = at.get_ref().fault()
    {
        refusals.note(refuse::<_, ()>(at, fault));
    }
    for note in &line.footnotes {
        let key = note.get_ref().0.key.as_str();
        if !footnotes.contains(&key) {
            let meant = did_you_mean(key, footnotes.iter().copied());
            refusals.note(refuse::<_, ()>(note, format!("there is no footnote {key}{meant}")));
        }
    }
    if let Some(decimals) = line.decimals.as_ref().filter(|decimals| *decimals.get_ref() > Decimal::DECIMALS) {
        refusals.note(refuse::<_, ()>(decimals, format!("decimals is from 0 to {}", Decimal::DECIMALS)));
    }
    if let Some(unit) = line.unit.as_ref().filter(|unit| !is_unit(unit.get_ref())) {
        refusals.note(refuse::<_, ()>(unit, "a unit is a short word without blanks around it, such as CHF or h"));
    }
}

fn is_unit(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 20 && text::line(text).is_ok_and(|line| line == text)
}

/// The printed name, and those of years that have others.
fn printed_names(line: &LineSourceText, context: LayoutContext) -> Result<(Labels, Vec<(Years, Labels)>), Refusal> {
    match (&line.label, &line.labels) {
        (Some(label), None) => Ok((labels(label, context.languages)?, Vec::new())),
        (None, Some(written)) => {
            let mut all: Vec<(Years, Labels)> = Vec::new();
            for label in written.get_ref() {
                let LabelOfYears { from, to, texts } = label.get_ref();
                let years = Years::span(*from, *to);
                if let Some(fault) = years.fault() {
                    return refuse(label, fault.replace("collected", "labels"));
                }
                if all.iter().any(|(other, _)| other.meets(&years)) {
                    return refuse(label, "the years of labels must not meet: a line has one name in a year");
                }
                let texts = Labels::read(texts, context.languages).map_err(|reason| (label.span().start, reason))?;
                all.push((years, texts));
            }
            let collected = line.collected.as_ref().map(|years| years.get_ref().clone()).unwrap_or_default();
            if let Some(year) = Years::union(all.iter().map(|(years, _)| years)).gap(&collected) {
                let reason = format!(
                    "labels has no text for {year}, which lies between those of other years and is collected; let the text before \
                     or after it reach there"
                );
                return refuse(written, reason);
            }
            match all.last() {
                Some((_, last)) => Ok((last.clone(), all)),
                None => refuse(written, "labels names a text for years at least: [{ from = 2020, de = \"…\" }]"),
            }
        }
        _ => refuse(&line.code, format!("the line {} needs either label or labels", line.code.get_ref())),
    }
}

/// Refuses parts of a source that say nothing where they stand.
fn check_parts(line: &LineSourceText) -> Result<(), Refusal> {
    for (name, given) in [("entered", &line.entered), ("heading", &line.heading)] {
        if let Some(at) = given.as_ref().filter(|given| !*given.get_ref()) {
            return refuse(at, format!("{name} is true, or it is left out"));
        }
    }
    for (name, at) in [("measure", &line.measure), ("add", &line.add)] {
        if let Some(at) = at.as_ref().filter(|_| line.any.is_none()) {
            return refuse(at, format!("{name} goes with any: the records that it is of"));
        }
    }
    Ok(())
}

/// The source of a line.
fn source(
    line: &LineSourceText,
    codes: &[&str],
    context: LayoutContext,
    refusals: &mut Refusals,
) -> Option<LineSource> {
    refusals.note(check_parts(line))?;
    let mut known = |code: &Spanned<String>| {
        let found = codes.contains(&code.get_ref().as_str());
        refusals.note(if found { Ok(code.get_ref().clone()) } else { no_line(code, codes.iter()) })
    };
    let mut all = |list: &Spanned<Vec<Spanned<String>>>| -> Option<Vec<String>> {
        list.get_ref().iter().map(&mut known).collect::<Vec<_>>().into_iter().collect()
    };
    match (&line.any, &line.sum, &line.rest, &line.share, &line.entered, &line.heading) {
        (Some(any), None, None, None, None, None) => counted(line, any, context, refusals),
        (None, Some(sum), None, None, None, None) => all(sum).map(LineSource::Sum),
        (None, None, Some(rest), None, None, None) => {
            let less = all(&rest.get_ref().less);
            Some(LineSource::Rest { of: known(&rest.get_ref().of)?, less: less? })
        }
        (None, None, None, Some(share), None, None) => {
            let of = known(&share.get_ref().of);
            Some(LineSource::Share { whole: known(&share.get_ref().r#in)?, of: of? })
        }
        (None, None, None, None, Some(_), None) => Some(LineSource::Entered),
        (None, None, None, None, None, Some(_)) => Some(LineSource::Heading),
        _ => {
            let reason = format!("the line {} needs exactly one source; {SOURCES}", line.code.get_ref());
            refusals.note(refuse(&line.code, reason))
        }
    }
}

/// The source of a line that counts records.
fn counted(
    line: &LineSourceText,
    any: &Spanned<Vec<Spanned<Choice>>>,
    context: LayoutContext,
    refusals: &mut Refusals,
) -> Option<LineSource> {
    let read = any.get_ref().iter().map(|choice| refusals.note(selection(choice, context))).collect::<Vec<_>>();
    let read = read.into_iter().collect::<Option<Vec<Vec<Selection>>>>();
    let selections = read.as_ref().map(|all| all.concat());
    let source = match (&line.add, &line.measure) {
        (Some(add), measure) => {
            if let Some(measure) = measure {
                let reason = "a line has either measure or add: a number is added where received";
                refusals.note(refuse::<_, ()>(measure, reason));
            }
            let selections = selections?;
            refusals.note(check_number(add, &selections, context))?;
            LineSource::Count(selections, Quantity::Number(add.get_ref().clone()))
        }
        (None, None) => LineSource::Count(selections?, Quantity::Received),
        (None, Some(measure)) => refusals.note(measured(measure, selections))??,
    };
    let collected = line.collected.as_ref().map(Spanned::get_ref).filter(|years| years.fault().is_none());
    for (choice, selections) in any.get_ref().iter().zip(&read?) {
        let doubt = doubts::unlikely(selections, &source, collected, context.vocabulary);
        refusals.doubted.extend(doubt.map(|reason| (choice.span().start, reason)));
    }
    Some(source)
}

/// The source that a measure makes of selections, where these could be read.
fn measured(measure: &Spanned<String>, selections: Option<Vec<Selection>>) -> Result<Option<LineSource>, Refusal> {
    type Source = fn(Vec<Selection>) -> LineSource;
    const MEASURES: [(&str, Source); 7] = [
        ("received", |all| LineSource::Count(all, Quantity::Received)),
        ("closed", |all| LineSource::Count(all, Quantity::Closed)),
        ("opening", |all| LineSource::Count(all, Quantity::Opening)),
        ("pending", |all| LineSource::Count(all, Quantity::Pending)),
        ("settled", |all| LineSource::Count(all, Quantity::Settled)),
        ("days_mean", LineSource::DaysMean),
        ("days_median", LineSource::DaysMedian),
    ];
    let name = measure.get_ref().as_str();
    let Some((_, source)) = MEASURES.iter().find(|(known, _)| *known == name) else {
        let known = MEASURES.map(|(known, _)| known);
        let meant = did_you_mean(name, known);
        return refuse(measure, format!("there is no measure {name}{meant}; there are {}", known.join(", ")));
    };
    Ok(selections.map(source))
}

/// The numbers of registers that can be added: each with its register.
const NUMBERS: [(&str, &str); 2] = [("participants", "events"), ("effort", "memberships")];

/// Refuses a number that none of the records selected has.
fn check_number(add: &Spanned<String>, selections: &[Selection], context: LayoutContext) -> Result<(), Refusal> {
    let name = add.get_ref().as_str();
    let own = context.vocabulary.numbers.iter().map(|number| (number.path, number.registers.clone()));
    let known: Vec<(&str, Vec<&str>)> = NUMBERS.iter().map(|(name, of)| (*name, vec![*of])).chain(own).collect();
    let Some((_, registers)) = known.iter().find(|(known, _)| *known == name) else {
        if let Some(now) = context.vocabulary.path_now(name) {
            return refuse(add, format!("the number {name} is called {now} now"));
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let meant = did_you_mean(name, names.iter().copied());
        return refuse(add, format!("there is no number {name}{meant}; there are {}", names.join(", ")));
    };
    let can = |selection: &Selection| {
        let has = ALL.iter().filter(|register| registers.contains(&register.name));
        has.into_iter().any(|register| selection.is_possible_in(register, context.vocabulary))
    };
    match selections.iter().all(can) {
        true => Ok(()),
        false => refuse(
            add,
            format!(
                "the records selected have no number {name}; select {} = [\"{}\"]",
                Dimension::Register.name(),
                registers.join("\", \"")
            ),
        ),
    }
}
