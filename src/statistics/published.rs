//! Published years: what was printed stays, and what would be counted now is told beside it.

use super::entered_figures;
use super::layout::{Layout, LayoutLine, LineSource};
use super::provisional::Progress;
use super::publications::{self, PublishedYear};
use super::repository;
use crate::db::Db;
use crate::decimal::Decimal;
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::messages::Lang;
use crate::registers::validation::{self};
use crate::text;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use validator::Validate;

/// The figures of a year as they are published: given, or counted now.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPublication {
    /// Set to publish the figures that are counted now, over all tables of the layout, together with those that people
    /// entered before.
    #[serde(default)]
    #[schema(default = false)]
    from_live: Option<bool>,
    /// The values by the codes of the lines; a rubric that was not collected is left out. With `from_live` only those of
    /// lines that people enter.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<f64>>>)]
    figures: Option<BTreeMap<String, Option<Decimal>>>,
    /// The developments as they were printed, by the codes of the lines, such as `+19%`.
    #[serde(default)]
    developments: Option<BTreeMap<String, String>>,
    /// The day of publication; today when absent.
    #[serde(default, deserialize_with = "validation::date")]
    published_on: Option<NaiveDate>,
    /// Set if the figures are not final; required to publish a year that is not over.
    #[serde(default)]
    #[schema(default = false)]
    provisional: Option<bool>,
    /// The place of publication.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    source: Option<String>,
}

/// Reads the body of a publication; `layout` knows the lines.
pub fn read(layout: &Layout, year: i32, today: NaiveDate, mut body: Value) -> Result<PublishedYear> {
    let mut faults = Faults::default();
    text::normalise(&mut body, &mut faults);
    let Value::Object(mut map) = body else {
        return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
    };
    map.retain(|_, value| !value.is_null());
    let Some(new) = validation::read::<NewPublication>(map, &mut faults) else {
        faults.into_result()?;
        return Err(Error::Internal("an unreadable body has no fault".into()));
    };
    check(layout, year, today, &new, &mut faults);
    faults.into_result()?;
    let given = new.figures.into_iter().flatten().filter_map(|(code, value)| Some((code, value?)));
    Ok(PublishedYear {
        figures: given.collect(),
        developments: new.developments.unwrap_or_default(),
        source: new.source,
        from_live: new.from_live.unwrap_or(false),
        provisional: new.provisional.unwrap_or(false),
        ..PublishedYear::of(year, new.published_on.unwrap_or(today))
    })
}

/// Checks a new publication and adds what it must not say to the faults.
fn check(layout: &Layout, year: i32, today: NaiveDate, new: &NewPublication, faults: &mut Faults) {
    let is_entered = |code: &String| layout.line(code).is_some_and(LayoutLine::is_entered);
    match (&new.figures, new.from_live.unwrap_or(false)) {
        (Some(figures), true) if !figures.keys().all(is_entered) => {
            faults.add("/figures", "contradiction", "must be left out with from_live, but for lines that people enter");
        }
        (None, false) => faults.add("/figures", "required", "is required, or from_live"),
        (Some(figures), false) if figures.values().all(Option::is_none) => {
            faults.add("/figures", "required", "must have a value");
        }
        _ => {}
    }
    check_lines(layout, new, faults);
    validation::past(new.published_on, "/published_on", today, faults);
    match layout.progress(year, today) {
        Progress::Ahead => faults.add("", "in_future", "a year that has not begun cannot be published"),
        Progress::Running if new.provisional != Some(true) => {
            let last = layout.tables().map(|table| table.period.last(year)).max().unwrap_or(today);
            let detail = format!(
                "must be true: the year {year} is not over, its figures are provisional until {}; say \
                 \"provisional\": true to publish them as such, or wait for the year to end",
                Lang::En.day(last)
            );
            faults.add("/provisional", "required", &detail);
        }
        _ => {}
    }
}

/// Checks the figures and developments of a new publication line by line.
fn check_lines(layout: &Layout, new: &NewPublication, faults: &mut Faults) {
    for (code, value) in new.figures.iter().flatten() {
        let place = format!("/figures/{}", crate::faults::escape(code));
        match (layout.line(code), value) {
            (None, _) => faults.add(place, "unknown_line", "is no line of the layout"),
            (Some(line), _) if line.is_heading() => {
                faults.add(place, "no_figures", "is a heading, which has no figures")
            }
            (Some(line), Some(value)) => entered_figures::check_value(*value, line, place, faults),
            (Some(_), None) => {}
        }
    }
    for (code, text) in new.developments.iter().flatten() {
        let place = format!("/developments/{}", crate::faults::escape(code));
        if layout.line(code).is_none() {
            faults.add(place, "unknown_line", "is no line of the layout");
        } else if text.trim().is_empty() || text.chars().count() > 20 {
            faults.add(place, "invalid_value", "must be what was printed, such as +19%");
        }
    }
}

/// The figures of a publication with those that it leaves as they are: entered ones that it does not replace, and, where
/// it has entered ones alone, those that were published with them; and with those that follow from others.
pub fn completed(db: &mut Db, layout: &Layout, mut new: PublishedYear, today: NaiveDate) -> Result<PublishedYear> {
    let (year, given) = (new.year, new.figures.clone());
    let held = publications::latest_of(db, layout, &(year..=year))?.remove(&year);
    let former = held.as_ref().map(|held| held.figures.clone()).unwrap_or_default();
    let mut entered = repository::entered_of_year(db, layout, year, held.as_ref())?;
    entered.extend(given.clone());
    let is_entered = |code: &String| layout.line(code).is_some_and(LayoutLine::is_entered);
    if new.from_live {
        let counted = repository::live_figures(db, layout, year, today, &entered)?;
        (new.figures, new.said) = (counted.figures, counted.said);
    } else if given.keys().all(is_entered) {
        new.figures = following(layout, year, &former, &entered);
        let held = held.map(|held| (held.from_live, held.said)).unwrap_or_default();
        (new.from_live, new.said) = held;
    } else {
        new.figures.extend(entered);
        derive(layout, year, &mut new.figures, |line| is_rest_or_share(line) && !given.contains_key(&line.code));
    }
    if new.figures.is_empty() {
        let fault = Fault::at("/from_live", "nothing_counted", "there is no record yet of that year or before");
        return Err(Error::Validation(vec![fault]));
    }
    Ok(new)
}

/// The figures that were published, with other entered ones. What followed from the lines follows from them again; what was
/// given otherwise changes by what the entered figures in it do.
fn following(
    layout: &Layout,
    year: i32,
    former: &BTreeMap<String, Decimal>,
    entered: &BTreeMap<String, Decimal>,
) -> BTreeMap<String, Decimal> {
    let mut figures = former.clone();
    figures.retain(|code, _| layout.line(code).is_some());
    let followed = |line: &LayoutLine| {
        former.contains_key(&line.code) && derived(layout, line, year, former) == former.get(&line.code).copied()
    };
    for (table, line) in layout.placed_lines().filter(|(_, line)| !line.is_entered()) {
        if followed(line) {
            figures.remove(&line.code);
        }
        let Some(figure) = figures.get_mut(&line.code) else { continue };
        for (code, value) in entered {
            let change = value.parts() - former.get(code).map_or(0, |before| before.parts());
            let change = Decimal::of_parts(change * table.weight(line, code, year));
            let least = if line.unit.is_some() { *figure + change } else { Decimal::ZERO };
            *figure = (*figure + change).max(least);
        }
    }
    figures.extend(entered.iter().map(|(code, figure)| (code.clone(), *figure)));
    let kept = |line: &LayoutLine| former.contains_key(&line.code) && line.source.is_additive();
    derive(layout, year, &mut figures, |line| followed(line) || is_rest_or_share(line) && !kept(line));
    figures
}

fn is_rest_or_share(line: &LayoutLine) -> bool {
    matches!(line.source, LineSource::Rest { .. } | LineSource::Share { .. })
}

/// The value that follows from the figures, where there are those of all lines that were collected.
fn derived(layout: &Layout, line: &LayoutLine, year: i32, figures: &BTreeMap<String, Decimal>) -> Option<Decimal> {
    let is_collected = |code: &str| layout.line(code).is_some_and(|part| part.is_collected(year));
    let is_known = |code: &&str| figures.contains_key(*code) || !is_collected(code);
    // What was given counts, whether the rubric was collected or not.
    let value =
        line.derived(|code| figures.get(code).copied(), |code| is_collected(code) || figures.contains_key(code));
    value.filter(|_| line.source.lines().iter().all(is_known))
}

/// Adds the lines that `follow` from those that have figures.
fn derive(layout: &Layout, year: i32, figures: &mut BTreeMap<String, Decimal>, follows: impl Fn(&LayoutLine) -> bool) {
    let lines: Vec<&LayoutLine> = layout.lines().filter(|line| line.is_collected(year) && follows(line)).collect();
    loop {
        let before = figures.clone();
        for line in &lines {
            let value = derived(layout, line, year, &before);
            figures.extend(value.map(|value| (line.code.clone(), value)));
        }
        if *figures == before {
            return;
        }
    }
}
