//! Media requests: questions of journalists. They are reported, but never counted among the new cases.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{CodedProperty, Dimension, RegisterType};
use crate::registers::vocabulary::coded;

coded! {
    /// The kind of medium.
    Medium { "PRINT", "ONLINE", "RADIO", "TV", "AGENCY" }
}

/// The properties that only media requests have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaRequest {
    /// The newspaper, station or agency.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    outlet: Option<String>,
    #[serde(default)]
    medium: Option<Medium>,
    /// The topic of the question.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    topic: Option<String>,
}

impl RegisterType for MediaRequest {
    const NAME: &'static str = "media-requests";
    const RECORD: &'static str = "MediaRequest";
    const DESCRIPTION: &'static str = "Media requests: reported, but never counted among the new cases";
    const CODED: &'static [CodedProperty] = &[Medium::property("medium", Dimension::Medium)];

    fn example() -> Value {
        json!({
            "title": "Drohnen über dem Seeufer",
            "received_on": "2017-07-04",
            "responsible": "RF",
            "outlet": "Regionalzeitung",
            "medium": "PRINT",
            "topic": "Drohnen",
            "due_on": "2017-07-06"
        })
    }
}
