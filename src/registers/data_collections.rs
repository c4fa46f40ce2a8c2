//! Data collections: the public register that the law demands (§ 23 of the cantonal data protection act).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;

/// The properties that only data collections have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataCollection {
    /// The public body that answers for it: its name, or its id in the register organisations.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    responsible_body: Option<String>,
    /// The purpose of the data.
    #[serde(default)]
    #[validate(length(min = 1, max = 4000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 4000)]
    purpose: Option<String>,
    /// The law that allows it.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 1000)]
    legal_basis: Option<String>,
    /// The categories of persons that the data is about.
    #[serde(default)]
    #[validate(custom(function = "validation::texts"))]
    #[schema(max_items = 100)]
    categories_of_persons: Option<Vec<String>>,
    /// The kinds of data in the collection.
    #[serde(default)]
    #[validate(custom(function = "validation::texts"))]
    #[schema(max_items = 100)]
    categories_of_data: Option<Vec<String>>,
    /// True if the collection has sensitive personal data or personality profiles.
    #[serde(default)]
    sensitive_data: Option<bool>,
    /// The recipients of data from the collection.
    #[serde(default)]
    #[validate(custom(function = "validation::texts"))]
    #[schema(max_items = 100)]
    recipients: Option<Vec<String>>,
    /// The time for which the data is kept.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 1000)]
    retention: Option<String>,
    /// The party that processes the data for the body.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    outsourced_to: Option<String>,
    /// The day on which the entry was last checked.
    #[serde(default, deserialize_with = "validation::date")]
    last_checked_on: Option<NaiveDate>,
    /// True if everybody may see the entry. It must then have `responsible_body`, `purpose` and `legal_basis`.
    #[serde(default)]
    #[schema(default = false)]
    published: Option<bool>,
}

impl RegisterType for DataCollection {
    const NAME: &'static str = "data-collections";
    const RECORD: &'static str = "DataCollection";
    const DESCRIPTION: &'static str = "Data collections: the public register of the data that public bodies hold";
    const NAMES: &'static [(&'static str, Option<&'static str>)] = &[
        ("title", Some("name")),
        ("organisation", Some("responsible_body")),
        ("received_on", None),
        ("closed_on", None),
        ("status", None),
    ];
    const SERIES: Option<&'static str> = Some("DS");
    const COUNTED: bool = false;
    const PUBLIC: &'static [&'static str] = &[
        "number",
        "name",
        "responsible_body",
        "purpose",
        "legal_basis",
        "categories_of_persons",
        "categories_of_data",
        "sensitive_data",
        "recipients",
        "retention",
        "outsourced_to",
        "last_checked_on",
    ];

    fn complete(&mut self, _: &mut Common, rules: &Rules, faults: &mut Faults) {
        validation::past(self.last_checked_on, "/last_checked_on", rules.today, faults);
        self.sensitive_data.get_or_insert(false);
        if *self.published.get_or_insert(false) {
            let needed = [
                ("/responsible_body", &self.responsible_body),
                ("/purpose", &self.purpose),
                ("/legal_basis", &self.legal_basis),
            ];
            for (pointer, _) in needed.into_iter().filter(|(_, value)| value.is_none()) {
                faults.add(pointer, "required", "is required of a published entry");
            }
        }
    }

    fn example() -> Value {
        json!({
            "name": "Einwohnerregister",
            "responsible_body": "Gemeinde Musterwil",
            "purpose": "Führung des Einwohnerregisters",
            "legal_basis": "Gesetz über die Niederlassung und den Aufenthalt",
            "categories_of_persons": ["Einwohnerinnen und Einwohner"],
            "categories_of_data": ["Personalien", "Adresse", "Konfession"],
            "sensitive_data": true,
            "recipients": ["Steueramt", "Kirchgemeinden"],
            "retention": "10 Jahre nach Wegzug",
            "last_checked_on": "2017-05-02",
            "published": true
        })
    }
}
