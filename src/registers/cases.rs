//! Cases: inquiries and the other matters that somebody brings to the authority.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{CodedProperty, Dimension, Reference, RegisterType};
use crate::registers::vocabulary::coded;

coded! {
    /// The kind of case.
    CaseKind { "INQUIRY", "CONSULTATION", "MOTION", "PRIOR_CHECK", "BREACH_NOTIFICATION", "MEDIATION", "STATEMENT", "APPEAL" }
}

coded! {
    /// The type of the requester.
    RequesterType { "MUNICIPALITY", "CANTON", "PRIVATE" }
}

coded! {
    /// The area that the case is about; absent: not classified.
    Area { "IT", "POLICE", "EDUCATION", "SOCIAL", "PRIVATE", "HEALTH", "OTHER" }
}

coded! {
    /// The channel by which the case came in; absent: unknown.
    Channel { "WEB_FORM", "EMAIL", "PHONE", "LETTER", "IN_PERSON" }
}

coded! {
    /// The filing: with or without a dossier; distinguished until 2012 only.
    Filing { "WITH", "WITHOUT" }
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

coded! {
    /// The way in which a case is related to another record.
    RelationType { "FOLLOWS", "BELONGS_TO" }
}

/// A relation of a case to another record.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    #[serde(default)]
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
    #[serde(default)]
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
    const CODED: &'static [CodedProperty] = &[
        CaseKind::property("kind", Dimension::Kind),
        RequesterType::property("requester", Dimension::Requester).at("requester.type"),
        Area::property("area", Dimension::Area),
        Channel::property("channel", Dimension::Channel),
        Filing::property("filing", Dimension::Filing),
        RelationType::property("relation", Dimension::Own(".relation")).in_list("relations.type").required(),
    ];
    const REFERENCES: &'static [Reference] = &[Reference {
        property: "relations",
        part: Some("record"),
        to: &["cases", "projects", "audits", "proceedings"],
    }];

    fn example() -> Value {
        json!({
            "title": "Videoüberwachung beim Entsorgungsplatz",
            "received_on": "2017-03-14",
            "responsible": "RF",
            "kind": "INQUIRY",
            "requester": {"type": "MUNICIPALITY", "organisation": "Gemeinde Musterwil"},
            "area": "POLICE",
            "channel": "EMAIL"
        })
    }
}
