//! Audits: inspections of public bodies, with findings.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::validation;
use super::{CodedProperty, Dimension, RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;
use crate::registers::vocabulary::coded;

coded! {
    /// The severity of a finding.
    Severity { "LOW", "MEDIUM", "HIGH" }
}

/// One finding of an audit.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Given by the service when absent; keep it when the list is sent again.
    #[serde(default)]
    #[validate(custom(function = "is_uuid"))]
    #[schema(format = "uuid")]
    id: Option<String>,
    #[serde(default)]
    #[schema(required)]
    severity: Option<Severity>,
    /// The finding itself.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 4000), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 4000)]
    finding: Option<String>,
    /// The recommendation of the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 4000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 4000)]
    recommendation: Option<String>,
    /// Until when the body has to act.
    #[serde(default, deserialize_with = "validation::date", skip_serializing_if = "Option::is_none")]
    due_on: Option<NaiveDate>,
    /// The day by which the body had acted.
    #[serde(default, deserialize_with = "validation::date", skip_serializing_if = "Option::is_none")]
    implemented_on: Option<NaiveDate>,
}

fn is_uuid(text: &str) -> Result<(), validator::ValidationError> {
    match Uuid::try_parse(text) {
        Ok(id) if id.hyphenated().to_string() == text => Ok(()),
        _ => Err(validator::ValidationError::new("invalid_value").with_message("must be a UUID in lower case".into())),
    }
}

/// The properties that only audits have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The public body that is inspected.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    organisation: Option<String>,
    /// The subject of the audit, such as the access to the Schengen Information System.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    subject: Option<String>,
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    legal_basis: Option<String>,
    #[serde(default, deserialize_with = "validation::date")]
    planned_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "validation::date")]
    conducted_on: Option<NaiveDate>,
    /// At most 200.
    #[serde(default)]
    #[validate(length(max = 200), nested)]
    #[schema(max_items = 200)]
    findings: Option<Vec<Finding>>,
}

impl RegisterType for Audit {
    const NAME: &'static str = "audits";
    const RECORD: &'static str = "Audit";
    const DESCRIPTION: &'static str =
        "Audits: inspections of public bodies, with findings; counted with the projects led";
    const CODED: &'static [CodedProperty] =
        &[Severity::property("severity", Dimension::Own(".severity")).in_list("findings.severity").required()];

    fn complete(&mut self, _: &mut Common, rules: &Rules, faults: &mut Faults) {
        validation::planned(self.planned_on, "/planned_on", faults);
        validation::past(self.conducted_on, "/conducted_on", rules.today, faults);
        let mut seen: HashSet<String> = HashSet::new();
        for (index, finding) in self.findings.get_or_insert_default().iter_mut().enumerate() {
            let place = format!("/findings/{index}");
            validation::planned(finding.due_on, &format!("{place}/due_on"), faults);
            validation::past(finding.implemented_on, &format!("{place}/implemented_on"), rules.today, faults);
            let id = finding.id.get_or_insert_with(|| Uuid::now_v7().to_string());
            if !seen.insert(id.clone()) {
                faults.add(format!("{place}/id"), "duplicate", "is the id of another finding of the list");
            }
        }
    }

    fn example() -> Value {
        json!({
            "title": "Kontrolle der Zugriffe auf das Schengener Informationssystem",
            "received_on": "2017-05-02",
            "responsible": "LM",
            "organisation": "Amt für Migration",
            "subject": "Zugriffe auf das Schengener Informationssystem",
            "legal_basis": "Datenschutzgesetz",
            "conducted_on": "2017-06-20",
            "findings": [{
                "severity": "MEDIUM",
                "finding": "Zugriffsrechte ausgetretener Mitarbeitender bestehen weiter.",
                "recommendation": "Rechte beim Austritt am selben Tag entziehen.",
                "due_on": "2017-12-31"
            }]
        })
    }
}
