//! Proceedings: appeals against decisions and statements in pending proceedings, each of a case.

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
    /// The authority's part in the proceedings.
    ProceedingKind { "APPEAL", "STATEMENT" }
}

coded! {
    /// The decision of an instance.
    Decision { "UPHELD", "PARTLY_UPHELD", "DISMISSED", "NOT_ENTERED", "WITHDRAWN" }
}

/// The properties that only proceedings have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proceeding {
    #[serde(default)]
    kind: Option<ProceedingKind>,
    /// The case that it belongs to: its id or number, kept as the id.
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    case: Option<String>,
    /// The court or authority that decides.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    instance: Option<String>,
    /// The decision; given together with `decided_on`.
    #[serde(default)]
    decision: Option<Decision>,
    /// Since when the decision is final.
    #[serde(default, deserialize_with = "validation::date")]
    legal_force_on: Option<NaiveDate>,
    /// The instance to which the decision was taken further.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    next_instance: Option<String>,
}

impl RegisterType for Proceeding {
    const NAME: &'static str = "proceedings";
    const RECORD: &'static str = "Proceeding";
    const DESCRIPTION: &'static str = "Proceedings: appeals and statements before courts and authorities, linked to \
        their cases";
    const CODED: &'static [CodedProperty] = &[
        ProceedingKind::property("kind", Dimension::Kind),
        Decision::property("decision", Dimension::Own(".decision")),
    ];
    const NAMES: &'static [(&'static str, Option<&'static str>)] = &[
        ("title", Some("subject")),
        ("received_on", Some("filed_on")),
        ("closed_on", Some("decided_on")),
        ("organisation", None),
    ];
    const SERIES: Option<&'static str> = Some("V");
    const COUNTED: bool = false;
    const REFERENCES: &'static [Reference] = &[Reference { property: "case", part: None, to: &["cases"] }];

    fn complete(&mut self, common: &mut Common, rules: &Rules, faults: &mut Faults) {
        validation::past(self.legal_force_on, "/legal_force_on", rules.today, faults);
        match (&self.decision, common.closed_on) {
            (Some(_), None) => faults.add("/decided_on", "required", "is required when there is a decision"),
            (None, Some(_)) if !rules.vocabulary.codes(Self::NAME, "decision").is_empty() => {
                faults.add("/decision", "required", "is required when decided_on is set")
            }
            _ => {}
        }
        match (self.legal_force_on, common.closed_on) {
            (Some(_), None) => faults.add("/decided_on", "required", "is required when the decision has legal force"),
            (Some(force), Some(decided)) if force < decided => {
                faults.add("/legal_force_on", "before_decided", "must not be before decided_on");
            }
            _ => {}
        }
    }

    fn example() -> Value {
        json!({
            "subject": "Beschwerde gegen die Bewilligung von Drohnenflügen über dem Seeufer",
            "filed_on": "2017-08-21",
            "responsible": "RF",
            "kind": "APPEAL",
            "instance": "Kantonsgericht"
        })
    }
}
