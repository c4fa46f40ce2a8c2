//! The texts of the demonstration records: data of the embedded profile.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::profile::DEMONSTRATION;

/// The texts, as they are written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoTexts {
    /// Consultations on drafts of laws.
    pub consultations: Vec<String>,
    /// Motions in parliament.
    pub motions: Vec<String>,
    /// Municipalities.
    pub municipalities: Vec<String>,
    /// Departments and offices.
    pub departments: Vec<String>,
    /// Projects.
    pub projects: Vec<String>,
    /// Titles of trainings and lectures.
    pub lectures: Vec<String>,
    /// The people that they are given to.
    pub audiences: Vec<String>,
    /// Topics of media requests.
    pub topics: Vec<String>,
    /// Names of persons, all invented.
    pub names: Vec<String>,
    /// Words behind the name of a project: none for the first, and the subject for those that come after it.
    pub stages: Vec<String>,
    /// A case that was entered after its year was published.
    pub late: Map<String, Value>,
    /// The figures of the years that are no counts.
    pub figures: Vec<DemoFigures>,
    /// The title of an appeal.
    pub appeal: String,
    /// The outcome of a consultation.
    pub opinion: String,
    /// Notes on a private person's matter.
    pub notes: String,
    /// The beginning of the titles of media requests.
    pub media_title: String,
    /// The word before the name of a municipality.
    pub municipality: String,
    /// Media outlets, each with its medium.
    pub outlets: Vec<(String, String)>,
    /// The areas.
    pub areas: Vec<DemoArea>,
    /// An audit.
    pub audit: DemoAudit,
    /// Records that are entered before all others.
    pub records: Vec<DemoBody>,
}

/// The website's and the staff's figures of a year.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoFigures {
    pub year: i32,
    pub positions_percent: i64,
    pub visitors: i64,
    pub page_views: i64,
    #[serde(default)]
    pub downloads: Vec<Value>,
}

/// An area, with matters that come up in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoArea {
    pub code: String,
    pub matters: Vec<String>,
}

/// The texts of an audit.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoAudit {
    pub title: String,
    pub organisation: String,
    pub subject: String,
    pub legal_basis: String,
    pub late: Map<String, Value>,
    pub open: Map<String, Value>,
}

/// A record as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoBody {
    pub register: String,
    pub body: Value,
}

/// The texts. A test reads them, so that they are never the empty ones.
pub(super) static TEXTS: LazyLock<DemoTexts> = LazyLock::new(|| toml::from_str(DEMONSTRATION).unwrap_or_default());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_as_they_should_be_written() {
        let texts: DemoTexts = toml::from_str(DEMONSTRATION).unwrap();
        assert_eq!((texts.areas.len(), texts.records.len(), texts.figures.len()), (7, 44, 6));
    }
}
