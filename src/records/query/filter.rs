//! Filters of lists, counts and cells as conditions on the table of records.

use super::Days;
use crate::db::schema::{own_keys, record_links, records};
use crate::db::{Db, Dialect};
use crate::error::Result;
use crate::records::find::{self, Condition, all, any};
use crate::records::own_values;
use crate::records::query::search::Search;
use crate::registers::{self, ABSENT, Criterion, Dimension, ORGANISATION, Register, Selection, ValueSet, dimensions};
use crate::text;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// The least and the most of a number, in ten-thousandths; none for no bound.
pub type NumberRange = (Option<i64>, Option<i64>);

/// A choice of records; everything given must hold, and of several values any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The register; `None` for all of them.
    pub register: Option<&'static Register>,
    /// Values by dimension.
    pub dimensions: Vec<(Dimension, Vec<String>)>,
    /// Counted in one of these parts of a cell; `None` for all.
    pub cell: Option<Vec<CellPart>>,
    /// Numbers of the authority's own, by their names.
    pub own_numbers: Vec<(&'static str, NumberRange)>,
    /// Business numbers, whatever their case.
    pub numbers: Vec<String>,
    /// Public bodies: names, whatever their case, or ids.
    pub organisations: Vec<String>,
    /// Values of properties that only one record can have.
    pub keys: Vec<(&'static str, Vec<String>)>,
    /// Ids of the records that properties refer to.
    pub references: Vec<(&'static str, Vec<String>)>,
    /// Only what is published.
    pub published: bool,
    /// Years received.
    pub years: Vec<i32>,
    /// Received in these days: the first and the last.
    pub received: Days,
    /// Closed in these days.
    pub closed: Days,
    /// Due in these days.
    pub due: Days,
    /// Changed at this instant (UTC) or later.
    pub updated_since: Option<NaiveDateTime>,
    /// Words to look for in title and number.
    pub q: Option<String>,
}

/// Records that a cell of a table counts.
#[derive(Clone, Debug)]
pub struct CellPart {
    /// In this selection.
    pub selection: Selection,
    /// In none of these.
    pub except: Vec<Selection>,
    /// Received in these days: the first and the last.
    pub received: Days,
    /// Closed in these days.
    pub closed: Days,
    /// Not closed before this day.
    pub open_before: Option<NaiveDate>,
}

impl CellPart {
    fn condition(&self, dialect: &dyn Dialect) -> Condition {
        let mut all = vec![selected(dialect, &self.selection)];
        all.extend(self.except.iter().map(|selection| not_selected(dialect, selection)));
        let (from, to) = self.received;
        all.extend(from.map(|day| -> Condition { Box::new(records::received_on.ge(day)) }));
        all.extend(to.map(|day| -> Condition { Box::new(records::received_on.le(day)) }));
        let was_closed: fn() -> Condition = || Box::new(records::closed_on.is_not_null());
        let (from, to) = self.closed;
        all.extend((from.is_some() || to.is_some()).then(was_closed));
        all.extend(from.map(|day| -> Condition { Box::new(records::closed_on.assume_not_null().ge(day)) }));
        all.extend(to.map(|day| -> Condition { Box::new(records::closed_on.assume_not_null().le(day)) }));
        all.extend(self.open_before.and_then(|day| {
            any(vec![Box::new(records::closed_on.is_null()), Box::new(records::closed_on.assume_not_null().ge(day))])
        }));
        self::all(all).unwrap_or_else(|| Box::new(true.into_sql::<Bool>()))
    }
}

impl Filter {
    /// The conditions, all of which must hold.
    pub fn conditions(&self, db: &mut Db) -> Result<Vec<Condition>> {
        let mut all = self.further(db.dialect());
        if let Some(register) = self.register {
            all.push(Box::new(records::register.eq(register.name)));
        }
        if let Some(q) = &self.q {
            all.push(match self.search(db, q, 0)? {
                Some(search) => search.condition(db),
                None => Box::new(false.into_sql::<Bool>()),
            });
        }
        Ok(all)
    }

    /// The search for the words of a text among the records; `None` where nothing can be found. Of words with so many entries
    /// or fewer it knows all.
    pub fn search(&self, db: &mut Db, q: &str, few: i64) -> Result<Option<Search>> {
        Search::new(db, (q, few), self.register.map(|register| register.name), self.days())
    }

    /// The days among which all of the records were received.
    fn days(&self) -> Days {
        let first = self.years.iter().min().and_then(|year| NaiveDate::from_ymd_opt(*year, 1, 1));
        let last = self.years.iter().max().and_then(|year| NaiveDate::from_ymd_opt(*year, 12, 31));
        let (from, to) = self.received;
        (from.max(first), [to, last].into_iter().flatten().min())
    }

    /// The conditions but for those of the register and the words.
    pub(crate) fn further(&self, dialect: &dyn Dialect) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        all.extend(self.dimensions.iter().map(|(dimension, values)| has(dialect, *dimension, values)));
        all.extend(self.own_numbers.iter().map(|(name, range)| own_values::within(dialect, name, *range)));
        if let Some(parts) = &self.cell {
            let never = || Box::new(false.into_sql::<Bool>()) as Condition;
            all.push(any(parts.iter().map(|part| part.condition(dialect)).collect()).unwrap_or_else(never));
        }
        if !self.numbers.is_empty() {
            all.push(find::has_number(self.numbers.iter().map(|number| text::key(number)).collect()));
        }
        all.extend(self.of_organisations());
        all.extend(self.keys.iter().map(|(property, values)| keyed(property, values)));
        all.extend(self.references.iter().map(|(property, ids)| referring(property, ids)));
        if self.published {
            all.push(Box::new(records::published.eq(true)));
        }
        all.extend(any(self.years.iter().map(|year| received_in(*year)).collect()));
        macro_rules! within {
            ($column:expr, $days:expr) => {
                if let Some(day) = $days.0 {
                    all.push(Box::new($column.ge(day)));
                }
                if let Some(day) = $days.1 {
                    all.push(Box::new($column.le(day)));
                }
            };
        }
        within!(records::received_on, self.received);
        within!(records::closed_on.assume_not_null(), self.closed);
        within!(records::due_on.assume_not_null(), self.due);
        if let Some(instant) = self.updated_since {
            all.push(Box::new(records::updated_at.ge(instant)));
        }
        all
    }

    fn of_organisations(&self) -> Option<Condition> {
        let is_id = |text: &&String| uuid::Uuid::try_parse(text).is_ok();
        let (ids, names): (Vec<&String>, Vec<&String>) = self.organisations.iter().partition(is_id);
        let mut ways: Vec<Condition> = Vec::new();
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(|name| text::key(name)).collect();
            ways.push(Box::new(records::organisation_key.assume_not_null().eq_any(names)));
        }
        if !ids.is_empty() {
            ways.push(referring(crate::registers::ORGANISATION, &ids.into_iter().cloned().collect::<Vec<_>>()));
        }
        any(ways)
    }
}

fn keyed(property: &'static str, values: &[String]) -> Condition {
    let holders =
        own_keys::table.filter(own_keys::property.eq(property)).filter(own_keys::value.eq_any(values.to_vec()));
    Box::new(records::id.eq_any(holders.select(own_keys::record_id)))
}

fn referring(property: &'static str, ids: &[String]) -> Condition {
    let sources = record_links::table
        .filter(record_links::property.eq(property))
        .filter(record_links::target.eq_any(ids.to_vec()));
    Box::new(records::id.eq_any(sources.select(record_links::source)))
}

fn selected(dialect: &dyn Dialect, selection: &Selection) -> Condition {
    all(selection.0.iter().map(|(criterion, values)| chosen(dialect, *criterion, values)).collect())
        .unwrap_or_else(|| Box::new(true.into_sql::<Bool>()))
}

/// Other than chosen in a respect at least.
fn not_selected(dialect: &dyn Dialect, selection: &Selection) -> Condition {
    any(selection.0.iter().map(|(criterion, values)| chosen(dialect, *criterion, &values.others())).collect())
        .unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
}

/// One of the values chosen; a comparison with an absent one is neither true nor false, so that absent ones are asked for.
fn chosen(dialect: &dyn Dialect, criterion: Criterion, values: &ValueSet) -> Condition {
    let absent = || has_value(dialect, criterion, &[ABSENT.to_owned()]);
    let named: Vec<String> = values.named().iter().cloned().collect();
    if let ValueSet::In(_) = values {
        return has_value(dialect, criterion, &named);
    }
    let present: Vec<String> = named.iter().filter(|value| *value != ABSENT).cloned().collect();
    let others: Condition = Box::new(diesel::dsl::not(has_value(dialect, criterion, &present)));
    match present.len() == named.len() {
        true => Box::new(absent().or(others)),
        false => Box::new(diesel::dsl::not(absent()).and(others)),
    }
}

/// One of the values, [`ABSENT`] among them for none. Of public bodies only the ids stand in the database.
fn has_value(dialect: &dyn Dialect, criterion: Criterion, values: &[String]) -> Condition {
    match criterion {
        Criterion::Of(dimension) => has(dialect, dimension, values),
        Criterion::Body | Criterion::OrganisationType | Criterion::Under | Criterion::Outside => {
            let linked = record_links::table.filter(record_links::property.eq(ORGANISATION));
            let ids: Vec<String> = values.iter().filter(|value| *value != ABSENT).cloned().collect();
            let mut ways = vec![referring(ORGANISATION, &ids)];
            if ids.len() < values.len() {
                ways.push(Box::new(diesel::dsl::not(records::id.eq_any(linked.select(record_links::source)))));
            }
            any(ways).unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
        }
    }
}

/// The calendar of Europe/Zurich is in the dates already: a year is a range of them, so that an index serves.
fn received_in(year: i32) -> Condition {
    match (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31)) {
        (Some(first), Some(last)) => Box::new(records::received_on.between(first, last)),
        _ => Box::new(false.into_sql::<Bool>()),
    }
}

/// True for the dimension of a property of which a record can have several values.
fn is_of_list(dimension: Dimension) -> bool {
    let mut coded = registers::ALL.iter().flat_map(|register| register.coded);
    coded.any(|property| property.in_list && property.dimension == dimension)
}

macro_rules! condition_by_dimension {
    (@required $column:ident, $values:ident) => {
        match $values.as_slice() {
            [one] => Box::new(records::$column.eq(one.clone())),
            _ => Box::new(records::$column.eq_any($values)),
        }
    };
    (@optional $column:ident, $values:ident) => {{
        let or_absent = $values.iter().any(|value| value == ABSENT);
        let mut present = $values;
        present.retain(|value| value != ABSENT);
        let mut ways: Vec<Condition> = Vec::new();
        if !present.is_empty() {
            ways.push(match present.as_slice() {
                [one] => Box::new(records::$column.assume_not_null().eq(one.clone())),
                _ => Box::new(records::$column.assume_not_null().eq_any(present)),
            });
        }
        if or_absent {
            ways.push(Box::new(records::$column.is_null()));
        }
        any(ways).unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
    }};
    ($($(#[$doc:meta])* $dimension:ident $column:ident $presence:ident;)*) => {
        /// One of the values in the dimension, [`ABSENT`] among them for none.
        fn has(dialect: &dyn Dialect, dimension: Dimension, values: &[String]) -> Condition {
            let values = values.to_vec();
            match dimension {
                $(Dimension::$dimension => condition_by_dimension!(@$presence $column, values),)*
                Dimension::Own(_) if is_of_list(dimension) => {
                    own_values::has_in_list(dialect, dimension.own_name(), &values)
                }
                Dimension::Own(_) => own_values::has(dialect, dimension.own_name(), &values),
            }
        }
    };
}

dimensions!(condition_by_dimension);
