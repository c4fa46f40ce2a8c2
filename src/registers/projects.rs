//! Projects of the administration that the authority accompanies or leads.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{CodedProperty, Dimension, RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;
use crate::registers::vocabulary::coded;

coded! {
    /// The authority's part in a project.
    Role { "PARTICIPATION", "LEAD" }
}

coded! {
    /// The phase of a project (HERMES phases).
    Phase { "INITIATION", "CONCEPT", "REALISATION", "INTRODUCTION", "OPERATION" }
}

/// The properties that only projects have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    #[serde(default)]
    #[schema(required)]
    role: Option<Role>,
    /// The public body whose project it is.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    organisation: Option<String>,
    #[serde(default)]
    phase: Option<Phase>,
    /// True if the project puts the personality of many persons at risk, so that it needs a prior check.
    #[serde(default)]
    high_risk: Option<bool>,
}

impl RegisterType for Project {
    const NAME: &'static str = "projects";
    const RECORD: &'static str = "Project";
    const DESCRIPTION: &'static str = "Projects of the administration that the authority accompanies or leads; \
        they count once, in the year received";
    const CODED: &'static [CodedProperty] =
        &[Role::property("role", Dimension::Role).required(), Phase::property("phase", Dimension::Own(".phase"))];

    fn complete(&mut self, _: &mut Common, _: &Rules, _: &mut Faults) {
        self.high_risk.get_or_insert(false);
    }

    fn example() -> Value {
        json!({
            "title": "Elektronisches Patientendossier",
            "received_on": "2017-02-01",
            "responsible": "SB",
            "role": "PARTICIPATION",
            "organisation": "Gesundheitsamt",
            "phase": "CONCEPT",
            "high_risk": true
        })
    }
}
