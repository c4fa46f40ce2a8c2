//! The registers: what a record is, how it is checked, written, found and followed.
//!
//! A register is one file beside this one and one line in [`ALL`]: its own properties and rules, as a type that
//! implements [`Details`]. Everything else is written once: [`record`] turns bodies into rows and back,
//! [`validation`] names every fault of a body, [`repository`] holds the one write path, [`filter`] and [`list`] find
//! records, [`history`] follows them, [`handlers`] speaks HTTP.

mod audits;
mod cases;
pub mod cube;
mod dimension;
mod events;
pub mod filter;
pub mod handlers;
pub mod history;
pub mod list;
mod media_requests;
mod numbers;
mod projects;
pub mod record;
pub mod repository;
pub mod schema;
pub mod search;
pub mod shown;
pub mod validation;

pub use dimension::{ABSENT, Dimension, Selection};

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::Validate;

use crate::error::Error;
use record::Common;
use validation::Faults;

/// All registers.
pub static ALL: &[Register] = &[
    Register::of::<cases::Case>(),
    Register::of::<projects::Project>(),
    Register::of::<audits::Audit>(),
    Register::of::<events::Event>(),
    Register::of::<media_requests::MediaRequest>(),
];

/// The register of that name.
pub fn find(name: &str) -> Option<&'static Register> {
    ALL.iter().find(|register| register.name == name)
}

/// The register of that name, for the command line; what there is else.
pub fn named(name: &str) -> crate::error::Result<&'static Register> {
    find(name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|register| register.name).collect();
        Error::Configuration(format!("--register: {name} is not known; there are {}", names.join(", ")))
    })
}

/// What is a register's own: the properties that only its records have, and the rules across properties.
///
/// A property named like a dimension, `organisation` or `due_on` is kept in the column of that name and can be
/// filtered and counted; all others are kept as they are.
pub trait Details: Serialize + DeserializeOwned + Validate + ToSchema {
    /// Name in paths and filters, in the plural: `cases`.
    const NAME: &'static str;
    /// Name of one record's schema in the API document: `Case`.
    const RECORD: &'static str;
    /// What the register is for, one sentence for the API document.
    const DESCRIPTION: &'static str;
    /// The values that its records have in the dimensions.
    const VOCABULARY: &'static [(Dimension, &'static [&'static str])];
    /// Whether the date received may lie in the future, as that of an event that is announced.
    const MAY_LIE_AHEAD: bool = false;
    /// Pairs of properties of which one follows from the other: a change of one alone lets the other follow.
    const LINKED: &'static [(&'static str, &'static str)] = &[];

    /// The rules across properties; may also fill in what follows from others.
    fn settle(&mut self, common: &mut Common, today: NaiveDate, faults: &mut Faults);

    /// A body that creates a plausible record, for the API document.
    fn example() -> Value;
}

/// Reads, checks and completes a register's own part of a body.
type Settle = fn(Map<String, Value>, &mut Common, NaiveDate, &mut Faults) -> Map<String, Value>;

/// A register as the rest of the service sees it.
pub struct Register {
    /// Name in paths and filters, in the plural: `media-requests`.
    pub name: &'static str,
    /// Name of one record's schema in the API document: `MediaRequest`.
    pub record: &'static str,
    /// What the register is for.
    pub description: &'static str,
    /// The values that its records have in the dimensions.
    pub vocabulary: &'static [(Dimension, &'static [&'static str])],
    /// Whether the date received may lie in the future.
    pub may_lie_ahead: bool,
    /// Pairs of properties of which one follows from the other.
    pub linked: &'static [(&'static str, &'static str)],
    /// Reads and checks the register's own part of a body.
    settle: Settle,
    /// The schema of the register's own part.
    pub schema: fn() -> RefOr<Schema>,
    /// The schemas that [`Register::schema`] refers to.
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// A body that creates a plausible record.
    pub example: fn() -> Value,
}

impl Register {
    const fn of<D: Details>() -> Self {
        Register {
            name: D::NAME,
            record: D::RECORD,
            description: D::DESCRIPTION,
            vocabulary: D::VOCABULARY,
            may_lie_ahead: D::MAY_LIE_AHEAD,
            linked: D::LINKED,
            settle: settle::<D>,
            schema: D::schema,
            schemas: D::schemas,
            example: D::example,
        }
    }

    /// What is said of a record that is not there.
    pub fn not_found(&self, id: &str) -> Error {
        Error::NotFound(format!("the register {} has no record {id}", self.name))
    }

    /// Whether its records are counted in the dimension.
    pub fn has(&self, dimension: Dimension) -> bool {
        matches!(dimension, Dimension::Register | Dimension::Status | Dimension::Responsible)
            || self.vocabulary.iter().any(|(d, _)| *d == dimension)
    }
}

/// Reads, checks and completes the part of a body that is `D`'s own.
fn settle<D: Details>(
    body: Map<String, Value>,
    common: &mut Common,
    today: NaiveDate,
    faults: &mut Faults,
) -> Map<String, Value> {
    let Some(mut details) = validation::read::<D>(body, faults) else { return Map::new() };
    details.settle(common, today, faults);
    match serde_json::to_value(details) {
        Ok(Value::Object(mut map)) => {
            map.retain(|_, value| !value.is_null());
            map
        }
        _ => Map::new(),
    }
}
