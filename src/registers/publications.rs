//! Publications: opinions, leaflets, reports, news and forms.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::validation;
use super::{CodedProperty, Dimension, RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;
use crate::registers::vocabulary::coded;

coded! {
    /// The kind of a publication.
    PublicationKind { "OPINION", "LEAFLET", "REPORT", "NEWS", "FORM" }
}

/// The number of downloads of a publication in a year.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearDownloads {
    #[serde(default)]
    #[validate(required, range(min = 1990, max = 2199))]
    #[schema(required, minimum = 1990, maximum = 2199)]
    year: Option<i32>,
    #[serde(default)]
    #[validate(required, range(min = 0, max = 1_000_000_000))]
    #[schema(required, minimum = 0, maximum = 1_000_000_000)]
    count: Option<i64>,
}

/// The properties that only publications have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    #[serde(default)]
    #[schema(required)]
    kind: Option<PublicationKind>,
    /// The topics of the publication.
    #[serde(default)]
    #[validate(custom(function = "validation::texts"))]
    #[schema(max_items = 100)]
    topics: Option<Vec<String>>,
    /// The web address of the publication.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000), custom(function = "is_web_address"))]
    #[schema(format = "uri", min_length = 1, max_length = 2000)]
    url: Option<String>,
    /// The checksum (SHA-256, 64 hexadecimal digits in lower case) of the file.
    #[serde(default)]
    #[validate(custom(function = "is_sha256"))]
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// The number of downloads of the publication, by year.
    #[serde(default)]
    #[validate(length(max = 200), nested)]
    #[schema(max_items = 200)]
    downloads: Option<Vec<YearDownloads>>,
    /// True if everybody may see the entry.
    #[serde(default)]
    #[schema(default = false)]
    published: Option<bool>,
}

fn is_web_address(text: &str) -> Result<(), ValidationError> {
    let has_scheme = text.starts_with("https://") || text.starts_with("http://");
    match has_scheme && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        true => Ok(()),
        false => {
            Err(ValidationError::new("invalid_value")
                .with_message("must be an address such as https://example.ch".into()))
        }
    }
}

fn is_sha256(text: &str) -> Result<(), ValidationError> {
    match text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(()),
        false => Err(ValidationError::new("invalid_value")
            .with_message("must be a SHA-256 checksum: 64 hexadecimal digits in lower case".into())),
    }
}

impl RegisterType for Publication {
    const NAME: &'static str = "publications";
    const RECORD: &'static str = "PublicationEntry";
    const DESCRIPTION: &'static str = "Publications: opinions, leaflets, reports, news and forms";
    const CODED: &'static [CodedProperty] = &[PublicationKind::property("kind", Dimension::Kind).required()];
    const NAMES: &'static [(&'static str, Option<&'static str>)] =
        &[("received_on", Some("published_on")), ("closed_on", None), ("status", None), ("organisation", None)];
    const SERIES: Option<&'static str> = Some("PUB");
    const COUNTED: bool = false;
    const PUBLIC: &'static [&'static str] = &["number", "title", "kind", "topics", "published_on", "url", "sha256"];

    fn complete(&mut self, _: &mut Common, _: &Rules, faults: &mut Faults) {
        self.published.get_or_insert(false);
        let mut years: HashSet<i32> = HashSet::new();
        for (index, year) in self.downloads.iter().flatten().enumerate().filter_map(|(i, d)| Some((i, d.year?))) {
            if !years.insert(year) {
                faults.add(format!("/downloads/{index}/year"), "duplicate", "is given twice in the list");
            }
        }
    }

    fn example() -> Value {
        json!({
            "title": "Merkblatt Auskunftsrecht",
            "published_on": "2017-03-14",
            "kind": "LEAFLET",
            "topics": ["Bildung"],
            "url": "https://aufsicht.example/merkblatt-auskunftsrecht.pdf",
            "downloads": [{"year": 2017, "count": 61}],
            "published": true
        })
    }
}
