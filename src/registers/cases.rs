//! Cases: inquiries and the other matters that somebody brings to the authority.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{Dimension, Reference, RegisterType, time_limits};
use crate::faults::Faults;
use crate::registers::common::Common;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The kind of case. All kinds count as inquiries.
    CaseKind { Inquiry = "INQUIRY", Consultation = "CONSULTATION", Motion = "MOTION", PriorCheck = "PRIOR_CHECK",
        BreachNotification = "BREACH_NOTIFICATION", Mediation = "MEDIATION", Statement = "STATEMENT", Appeal = "APPEAL" }
}

vocabulary! {
    /// The type of the requester.
    RequesterType { Municipality = "MUNICIPALITY", Canton = "CANTON", Private = "PRIVATE" }
}

vocabulary! {
    /// The area that the case is about; absent: not classified.
    Area { It = "IT", Police = "POLICE", Education = "EDUCATION", Social = "SOCIAL", Private = "PRIVATE",
        Health = "HEALTH", Other = "OTHER" }
}

vocabulary! {
    /// The channel by which the case came in; absent: unknown.
    Channel { WebForm = "WEB_FORM", Email = "EMAIL", Phone = "PHONE", Letter = "LETTER", InPerson = "IN_PERSON" }
}

vocabulary! {
    /// The filing: with or without a dossier; distinguished until 2012 only.
    Filing { With = "WITH", Without = "WITHOUT" }
}

/// The person, public body or company that asked.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#type: Option<RequesterType>,
    /// The public body or company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    organisation: Option<String>,
    /// The person's name. Personal data: seen only with the scope `personal:read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    name: Option<String>,
    /// The contact details of the person. Personal data: seen only with the scope `personal:read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 1000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 1000)]
    contact: Option<String>,
}

vocabulary! {
    /// The way in which a case is related to another record.
    RelationType { Follows = "FOLLOWS", BelongsTo = "BELONGS_TO" }
}

/// A relation of a case to another record.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    #[serde(default)]
    #[validate(required)]
    #[schema(required)]
    r#type: Option<RelationType>,
    /// The case, project, audit or proceeding: its id or number, kept as the id.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300))]
    #[schema(required, min_length = 1, max_length = 300)]
    record: Option<String>,
}

/// The properties that only cases have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `INQUIRY` unless given.
    #[serde(default)]
    #[schema(default = "INQUIRY")]
    kind: Option<CaseKind>,
    #[serde(default)]
    #[validate(nested)]
    requester: Option<Requester>,
    #[serde(default)]
    area: Option<Area>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    filing: Option<Filing>,
    /// The outcome of the case.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 2000)]
    outcome: Option<String>,
    /// The records that it follows or belongs to. These show it with `expand=cases`.
    #[serde(default)]
    #[validate(length(max = 100), nested)]
    #[schema(max_items = 100)]
    relations: Option<Vec<Relation>>,
}

impl RegisterType for Case {
    const NAME: &'static str = "cases";
    const RECORD: &'static str = "Case";
    const DESCRIPTION: &'static str = "Business cases: the inquiries that reach the authority, and consultations, \
        motions, prior checks, breach notifications, mediations, statements and appeals";
    const VOCABULARY: &'static [(Dimension, &'static [&'static str])] = &[
        (Dimension::Kind, CaseKind::VALUES),
        (Dimension::Requester, RequesterType::VALUES),
        (Dimension::Area, Area::VALUES),
        (Dimension::Channel, Channel::VALUES),
        (Dimension::Filing, Filing::VALUES),
    ];
    const REFERENCES: &'static [Reference] = &[Reference {
        property: "relations",
        part: Some("record"),
        to: &["cases", "projects", "audits", "proceedings"],
    }];

    fn complete(&mut self, _: &mut Common, _: NaiveDate, faults: &mut Faults) {
        let kind = *self.kind.get_or_insert(CaseKind::Inquiry);
        let requester = self.requester.as_ref().and_then(|requester| requester.r#type);
        if matches!(kind, CaseKind::Consultation | CaseKind::Motion) && requester != Some(RequesterType::Canton) {
            faults.add(
                "/requester/type",
                "canton_only",
                "must be CANTON: consultations and motions come from the canton",
            );
        }
    }

    fn statutory_due_date(own: &Map<String, Value>, received: NaiveDate) -> Option<NaiveDate> {
        time_limits::due(own.get("kind")?.as_str()?, received)
    }

    fn example() -> Value {
        json!({
            "title": "Videoüberwachung beim Entsorgungsplatz",
            "received_on": "2017-03-14",
            "responsible": "RF",
            "kind": "INQUIRY",
            "requester": {"type": "MUNICIPALITY", "organisation": "Gemeinde Horw"},
            "area": "POLICE",
            "channel": "EMAIL"
        })
    }
}
