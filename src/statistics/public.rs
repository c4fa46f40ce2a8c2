//! What anybody may read of the statistics, without a token: published years, small numbers hidden.
//!
//! Only what was published is shown, and only of complete years: it does not move, so that nobody learns of single
//! matters by comparing yesterday's table with today's. Of each year the three tables are protected together. Whether
//! a figure was printed elsewhere is not known here, so published figures are protected like any other. What was hidden
//! in one version of a year stays hidden in the next.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use chrono::{Datelike, NaiveDate};

use super::disclosure::Suppression;
use super::lang::Lang;
use super::layout::{Layout, Layouts, Line, TableLayout};
use super::repository::{self, Publication};
use super::table::{Basis, Footnote, Table};
use crate::api::App;
use crate::api::query::{Query, YEARS};
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::HIDDEN;

/// How the settings want small numbers hidden; none where the statistics are not public.
pub fn suppression(config: &Config, layouts: &Layouts) -> Result<Option<Suppression>> {
    let Some(name) = &config.public_statistics else { return Ok(None) };
    let layout = layouts.get(Some(name)).ok_or_else(|| {
        let names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
        let names = names.join(", ");
        Error::Configuration(format!("AUFSICHT_PUBLIC_STATISTICS: there is no layout {name}; there are {names}"))
    })?;
    Suppression::of(layout, config.public_threshold.into()).map(Some)
}

/// The layout that a request without a token asks for: there is the public one only.
pub fn read_layout<'a>(app: &'a App, query: &mut Query) -> Option<&'a Layout> {
    let public = app.layouts.get(Some(&app.public.as_ref()?.layout))?;
    if query.one("layout").is_some_and(|name| name != public.name) {
        query.fault("layout", "invalid_value", &format!("must be {} without an access token", public.name));
    }
    Some(public)
}

/// Figures of a year that may be shown, and the codes of those that may not.
struct Year {
    publication: Publication,
    hidden: BTreeSet<String>,
}

/// The complete years that were published.
fn years(
    db: &mut Db,
    suppression: &Suppression,
    wanted: &RangeInclusive<i32>,
    today: NaiveDate,
) -> Result<BTreeMap<i32, Year>> {
    let mut years: BTreeMap<i32, Year> = BTreeMap::new();
    for publication in repository::publications(db, &suppression.layout, wanted)? {
        if publication.year < today.year() {
            let kept = years.remove(&publication.year).map(|year| year.hidden).unwrap_or_default();
            let hidden = suppression.hidden(&publication.figures, &kept);
            years.insert(publication.year, Year { publication, hidden });
        }
    }
    Ok(years)
}

/// The years that there is something to see of, in their order.
pub fn published_years(db: &mut Db, suppression: &Suppression, today: NaiveDate) -> Result<Vec<i32>> {
    Ok(years(db, suppression, &YEARS, today)?.into_keys().collect())
}

/// Draws a table as anybody may see it.
pub fn table(
    db: &mut Db,
    suppression: &Suppression,
    (layout, table): (&Layout, &TableLayout),
    lang: Lang,
    range: RangeInclusive<i32>,
    today: NaiveDate,
) -> Result<Table> {
    let years = years(db, suppression, &range, today)?;
    let is_hidden = |code: &str, year: i32| years.get(&year).is_some_and(|year| year.hidden.contains(code));
    let basis = |year: i32| if years.contains_key(&year) { Basis::Published } else { Basis::None };
    let value = |line: &Line, year: i32| {
        let figure = years.get(&year)?.publication.figures.get(&line.code).copied();
        figure.filter(|_| !is_hidden(&line.code, year))
    };
    let published = |year: i32| years.get(&year).map(|year| &year.publication);
    let sources = range.clone().map(|year| repository::source(year, basis(year), published(year))).collect();
    let mut drawn = Table::draw(layout, table, lang, range, basis, value);
    drawn.sources = sources;
    let note = drawn.footnotes.len() as u32 + 1;
    let mut noted = false;
    for line in &mut drawn.lines {
        line.suppressed = drawn.years.iter().map(|year| is_hidden(&line.code, *year)).collect();
        if line.suppressed.contains(&true) {
            line.footnotes.push(note);
            noted = true;
        }
    }
    if noted {
        drawn.footnotes.push(Footnote { id: note, text: explanation(lang, suppression.threshold) });
    }
    Ok(drawn)
}

fn explanation(lang: Lang, threshold: i64) -> String {
    match lang {
        Lang::De => format!(
            "{HIDDEN}: aus Gründen des Datenschutzes nicht angegeben (Zahlen von 1 bis {threshold}, und solche, aus denen sie sich errechnen liessen)"
        ),
        Lang::Fr => format!(
            "{HIDDEN}: non indiqué pour des raisons de protection des données (nombres de 1 à {threshold}, et ceux qui permettraient de les calculer)"
        ),
        Lang::It => format!(
            "{HIDDEN}: non indicato per motivi di protezione dei dati (numeri da 1 a {threshold}, e quelli che permetterebbero di calcolarli)"
        ),
        Lang::En => format!(
            "{HIDDEN}: not given for reasons of data protection (numbers from 1 to {threshold}, and those that they could be computed from)"
        ),
    }
}

/// How long others may keep a public answer.
pub fn cacheable(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}
