//! Organisations: the public bodies under supervision.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{CodedProperty, Dimension, Reference, RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;
use crate::registers::vocabulary::coded;

coded! {
    /// The kind of public body.
    OrganisationType { "MUNICIPALITY", "CANTONAL_OFFICE", "COURT", "SCHOOL", "HOSPITAL", "CORPORATION", "OTHER" }
}

/// The properties that only organisations have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    #[serde(default)]
    #[schema(required)]
    r#type: Option<OrganisationType>,
    /// The body that it is part of: id, number or name of an organisation, kept as the id.
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    parent: Option<String>,
    /// The number of a municipality in the official list of the Federal Statistical Office (BFS), which only one has.
    #[serde(default)]
    #[validate(range(min = 1, max = 9999))]
    #[schema(minimum = 1, maximum = 9999)]
    bfs_number: Option<i64>,
    /// Since when it exists.
    #[serde(default, deserialize_with = "validation::date")]
    valid_from: Option<NaiveDate>,
    /// Until when it existed.
    #[serde(default, deserialize_with = "validation::date")]
    valid_to: Option<NaiveDate>,
    /// The organisation that it became a part of: id, number or name, kept as the id. Records that name the former body
    /// still do.
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    successor: Option<String>,
}

impl RegisterType for Organisation {
    const NAME: &'static str = "organisations";
    const RECORD: &'static str = "Organisation";
    const DESCRIPTION: &'static str = "Organisations: the public bodies under supervision";
    const CODED: &'static [CodedProperty] = &[OrganisationType::property("type", Dimension::Kind).required()];
    const NAMES: &'static [(&'static str, Option<&'static str>)] = &[
        ("title", Some("name")),
        ("kind", Some("type")),
        ("received_on", None),
        ("closed_on", None),
        ("status", None),
        ("organisation", None),
    ];
    const SERIES: Option<&'static str> = Some("ORG");
    const COUNTED: bool = false;
    const UNIQUE: &'static [&'static str] = &["bfs_number"];
    const REFERENCES: &'static [Reference] = &[
        Reference { property: "parent", part: None, to: &[Self::NAME] },
        Reference { property: "successor", part: None, to: &[Self::NAME] },
    ];

    fn complete(&mut self, _: &mut Common, rules: &Rules, faults: &mut Faults) {
        validation::planned(self.valid_from, "/valid_from", faults);
        validation::planned(self.valid_to, "/valid_to", faults);
        if self.valid_from.zip(self.valid_to).is_some_and(|(from, to)| to < from) {
            faults.add("/valid_to", "before_valid_from", "must not be before valid_from");
        }
        if self.successor.is_some() && self.valid_to.is_none() {
            faults.add("/valid_to", "required", "is required when there is a successor");
        }
        let types = rules.vocabulary.codes(Self::NAME, "type");
        let mut municipalities = types.iter().filter(|code| code.is == Some("MUNICIPALITY")).peekable();
        let tells_municipalities = municipalities.peek().is_some();
        let is_municipality =
            self.r#type.as_ref().is_some_and(|kind| municipalities.any(|code| code.code == kind.as_str()));
        if self.bfs_number.is_some() && tells_municipalities && !is_municipality {
            faults.add("/bfs_number", "municipality_only", "is the number of a municipality, which the type must say");
        }
    }

    fn example() -> Value {
        json!({"name": "Gemeinde Musterwil", "type": "MUNICIPALITY"})
    }
}
