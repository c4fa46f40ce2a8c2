//! The registers: what a record is.
//!
//! A register is one file beside this one and one line in [`ALL`]: its own properties and rules, as a type that implements
//! [`RegisterType`]. What all of them have stands in [`common`], the dimensions that they are counted by in [`Dimension`].
//! [`validation`] names every fault of a body, [`schema`] describes records in the API document. Everything else is the
//! engine's: `records`.

mod audits;
mod cases;
pub mod common;
mod data_collections;
mod dimension;
mod events;
pub mod example;
mod media_requests;
mod memberships;
mod organisations;
mod proceedings;
mod projects;
mod publications;
mod rules;
pub mod schema;
mod selection;
pub mod validation;
pub mod vocabulary;

pub(crate) use dimension::dimensions;
pub use dimension::{ABSENT, BESIDE, Dimension, as_counted};
pub use rules::{Rules, TimeLimit};
pub use selection::{Criterion, Selection, ValueSet};
pub use vocabulary::{CodedProperty, Vocabulary};

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::Validate;

use crate::db::schema::registers;
use crate::db::{self, Db, WriteTransaction};
use crate::error::{Error, Result};
use crate::faults::Faults;
use common::Common;

/// All registers.
pub static ALL: &[Register] = &[
    Register::of::<cases::Case>(),
    Register::of::<projects::Project>(),
    Register::of::<audits::Audit>(),
    Register::of::<events::Event>(),
    Register::of::<media_requests::MediaRequest>(),
    Register::of::<organisations::Organisation>(),
    Register::of::<data_collections::DataCollection>(),
    Register::of::<proceedings::Proceeding>(),
    Register::of::<publications::Publication>(),
    Register::of::<memberships::Membership>(),
];

/// The property whose references lead to public bodies, in all registers.
pub const ORGANISATION: &str = "organisation";

/// The register of public bodies.
pub const ORGANISATIONS: &[&str] = &["organisations"];

/// Brings the database up to date and returns the names of the migrations applied: its schema, and a row for each
/// register.
pub fn migrate(db: &mut Db) -> Result<Vec<String>> {
    db::migrate(db, enter)
}

/// Enters the registers that the database does not know yet.
fn enter(tx: &mut WriteTransaction) -> Result<()> {
    let db = tx.unflushed();
    let known: Vec<String> = registers::table.select(registers::name).load(db)?;
    for register in ALL.iter().filter(|register| !known.iter().any(|name| name == register.name)) {
        diesel::insert_into(registers::table).values(registers::name.eq(register.name)).execute(db)?;
    }
    Ok(())
}

/// The registers whose records the statistics count.
pub fn counted() -> impl Iterator<Item = &'static Register> {
    ALL.iter().filter(|register| register.counted)
}

/// The register of that name.
pub fn find(name: &str) -> Option<&'static Register> {
    ALL.iter().find(|register| register.name == name)
}

/// The register of that name, for the command line; what there is else.
pub fn named(name: &str) -> Result<&'static Register> {
    find(name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|register| register.name).collect();
        Error::Configuration(format!("--register: {name} is not known; there are {}", names.join(", ")))
    })
}

/// The own part of a register: the properties that only its records have, and the rules across properties.
///
/// A property named like a dimension, `organisation` or `published` is kept in the column of that name and can be
/// filtered and counted; all others are kept as they are.
pub trait RegisterType: Serialize + DeserializeOwned + Validate + ToSchema {
    /// Name in paths and filters, in the plural: `cases`.
    const NAME: &'static str;
    /// Name of one record's schema in the API document: `Case`.
    const RECORD: &'static str;
    /// The purpose of the register, one sentence for the API document.
    const DESCRIPTION: &'static str;
    /// The properties whose values are codes of the vocabulary.
    const CODED: &'static [CodedProperty] = &[];
    /// True if the date received may lie in the future, as that of an event that is announced.
    const MAY_LIE_AHEAD: bool = false;
    /// Pairs of properties of which one follows from the other: a change of one alone lets the other follow.
    const LINKED: &'static [(&'static str, &'static str)] = &[];
    /// The names of properties of [`Common`] and of columns in this register; `None` for what it does not have.
    const NAMES: &'static [(&'static str, Option<&'static str>)] = &[];
    /// The beginning of its records' numbers, such as `ORG` of `ORG-0001`; without one they are business numbers.
    const SERIES: Option<&'static str> = None;
    /// True if the statistics count its records.
    const COUNTED: bool = true;
    /// Properties of which no two records of the register have the same value.
    const UNIQUE: &'static [&'static str] = &[];
    /// Properties that name other records.
    const REFERENCES: &'static [Reference] = &[];
    /// The properties that everybody may see of a record whose `published` is true; empty where nothing is public.
    const PUBLIC: &'static [&'static str] = &[];

    /// The rules across properties; may also fill in what follows from others.
    fn complete(&mut self, _common: &mut Common, _rules: &Rules, _faults: &mut Faults) {}

    /// A body that creates a plausible record, for the API document.
    fn example() -> Value;
}

/// A property whose value is another record: given by its id, its number or a name that only one has, kept as the id.
pub struct Reference {
    /// The property.
    pub property: &'static str,
    /// The part of it that names the record, where the property is a list of objects.
    pub part: Option<&'static str>,
    /// The registers that the record may be in.
    pub to: &'static [&'static str],
}

/// Reads, checks and completes a register's own part of a body.
type Complete = fn(Map<String, Value>, &mut Common, &Rules, &mut Faults) -> Map<String, Value>;

/// A register as the rest of the service sees it.
pub struct Register {
    /// Name in paths and filters, in the plural: `media-requests`.
    pub name: &'static str,
    /// Name of one record's schema in the API document: `MediaRequest`.
    pub record: &'static str,
    /// The purpose of the register.
    pub description: &'static str,
    /// The properties whose values are codes of the vocabulary.
    pub coded: &'static [CodedProperty],
    /// True if the date received may lie in the future.
    pub may_lie_ahead: bool,
    /// Pairs of properties of which one follows from the other.
    pub linked: &'static [(&'static str, &'static str)],
    /// The names of common properties in the register.
    names: &'static [(&'static str, Option<&'static str>)],
    /// The beginning of its records' numbers.
    pub series: Option<&'static str>,
    /// True if the statistics count its records.
    pub counted: bool,
    /// Properties of which no two records have the same value.
    pub unique: &'static [&'static str],
    /// Properties that name other records.
    pub references: &'static [Reference],
    /// The properties that everybody may see of what is published.
    pub public: &'static [&'static str],
    /// Reads and checks the register's own part of a body.
    pub complete: Complete,
    /// The schema of the register's own part.
    pub schema: fn() -> RefOr<Schema>,
    /// The schemas that [`Register::schema`] refers to.
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// A body that creates a plausible record.
    pub example: fn() -> Value,
}

impl Register {
    const fn of<D: RegisterType>() -> Self {
        Register {
            name: D::NAME,
            record: D::RECORD,
            description: D::DESCRIPTION,
            coded: D::CODED,
            may_lie_ahead: D::MAY_LIE_AHEAD,
            linked: D::LINKED,
            names: D::NAMES,
            series: D::SERIES,
            counted: D::COUNTED,
            unique: D::UNIQUE,
            references: D::REFERENCES,
            public: D::PUBLIC,
            complete: complete::<D>,
            schema: D::schema,
            schemas: D::schemas,
            example: D::example,
        }
    }

    /// Returns the error for a record that is not there.
    pub fn not_found(&self, id: &str) -> Error {
        Error::NotFound(format!("the register {} has no record {id}", self.name))
    }

    /// True if its records have a property that is counted by the dimension.
    pub fn has(&self, dimension: Dimension) -> bool {
        match dimension {
            Dimension::Register | Dimension::Responsible => true,
            Dimension::Status => self.property_name("status").is_some(),
            _ => self.coded.iter().any(|property| property.dimension == dimension),
        }
    }

    /// Returns the name of a common property or column in this register; `None` if the register does not have it.
    pub fn property_name(&self, property: &'static str) -> Option<&'static str> {
        let own = self.names.iter().find(|(known, _)| *known == property);
        own.map_or(Some(property), |(_, name)| *name)
    }

    /// The properties by which its records can refer to another register's.
    pub fn properties_to(&self, other: &Register) -> impl Iterator<Item = &'static str> {
        self.references
            .iter()
            .filter(|reference| reference.to.contains(&other.name))
            .map(|reference| reference.property)
    }

    /// The properties by which its records name another one of the register, such as the body that a body is part of.
    pub fn properties_to_itself(&self) -> impl Iterator<Item = &'static str> {
        let to_itself = |reference: &&Reference| reference.part.is_none() && reference.to == [self.name];
        self.references.iter().filter(to_itself).map(|reference| reference.property)
    }

    /// The registers whose records can refer to this one's.
    pub fn referring(&self) -> impl Iterator<Item = &'static Register> {
        let refers = move |register: &&'static Register| register.references.iter().any(|r| r.to.contains(&self.name));
        ALL.iter().filter(refers)
    }
}

/// Reads, checks and completes the part of a body that is `D`'s own.
fn complete<D: RegisterType>(
    body: Map<String, Value>,
    common: &mut Common,
    rules: &Rules,
    faults: &mut Faults,
) -> Map<String, Value> {
    let Some(mut details) = validation::read::<D>(body, faults) else { return Map::new() };
    details.complete(common, rules, faults);
    match serde_json::to_value(details) {
        Ok(Value::Object(mut map)) => {
            map.retain(|_, value| !value.is_null());
            map
        }
        _ => Map::new(),
    }
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
