//! The properties that all registers share, and the rules between them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{Register, validation};
use crate::faults::Faults;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The status of a record: `CLOSED` exactly when `closed_on` is set.
    Status { Open = "OPEN", InProgress = "IN_PROGRESS", Suspended = "SUSPENDED", Closed = "CLOSED" }
}

/// The key of a record in another system, such as the document management system.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The other system, for example `gever`.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 50), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 50)]
    system: Option<String>,
    /// The record's id there.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 200), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 200)]
    id: Option<String>,
    /// The version there; it grows with every change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 0))]
    #[schema(minimum = 0)]
    version: Option<i64>,
    /// The address at which a person finds the record in the other system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
}

/// The properties that a client can write in every register.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Business number, unique over all registers. When absent, the year received and a running number: `2017-0123`.
    #[serde(default)]
    #[validate(length(min = 1, max = 50), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// The subject of the record, in words that name nobody.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// The day it was received (Europe/Zurich). Today when absent from a record that is entered by itself; one that comes
    /// from another system or from a file must say it.
    #[serde(default, deserialize_with = "validation::date")]
    pub received_on: Option<NaiveDate>,
    /// The day it was closed. Setting it closes the record, taking it away opens it again.
    #[serde(default, deserialize_with = "validation::date")]
    pub closed_on: Option<NaiveDate>,
    /// `OPEN` unless given; `CLOSED` demands `closed_on`.
    #[serde(default)]
    pub status: Option<Status>,
    /// The day on which the next step is due.
    #[serde(default, deserialize_with = "validation::date")]
    pub due_on: Option<NaiveDate>,
    /// The person at the authority who is responsible.
    #[serde(default)]
    #[validate(length(min = 1, max = 100), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 100)]
    pub responsible: Option<String>,
    /// Notes. Personal data: seen only with the scope `personal:read`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20_000))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub notes: Option<String>,
    /// The key in another system.
    #[serde(default)]
    #[validate(nested)]
    pub external: Option<External>,
}

/// The names of [`Common`]'s properties.
pub const COMMON: [&str; 9] =
    ["number", "title", "received_on", "closed_on", "status", "due_on", "responsible", "notes", "external"];

impl Common {
    /// The rules between the common properties. `received` is the day received where none is given.
    pub fn complete(
        &mut self,
        register: &Register,
        today: NaiveDate,
        received: Option<NaiveDate>,
        faults: &mut Faults,
    ) {
        self.received_on = self.received_on.or(received);
        if self.received_on.is_none() && register.property_name("received_on").is_some() {
            faults.add("/received_on", "required", "is required");
        }
        if register.may_lie_ahead {
            validation::planned(self.received_on, "/received_on", faults);
        } else {
            validation::past(self.received_on, "/received_on", today, faults);
        }
        validation::past(self.closed_on, "/closed_on", today, faults);
        validation::planned(self.due_on, "/due_on", faults);
        let begin = register.property_name("received_on").unwrap_or("received_on");
        let end = register.property_name("closed_on").unwrap_or("closed_on");
        if self.closed_on.zip(self.received_on).is_some_and(|(closed, received)| closed < received) {
            faults.add("/closed_on", "before_received", format!("must not be before {begin}"));
        }
        match (self.status, self.closed_on) {
            (None, Some(_)) => self.status = Some(Status::Closed),
            (None, None) => self.status = Some(Status::Open),
            (Some(Status::Closed), None) => {
                faults.add("/closed_on", "required", "is required when the status is CLOSED");
            }
            (Some(status), Some(_)) if status != Status::Closed => {
                faults.add("/status", "contradiction", format!("must be CLOSED when {end} is set"));
            }
            _ => {}
        }
    }
}
