//! Events: trainings that the authority led and lectures that it gave.

use chrono::NaiveDate;
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
    /// The kind of event.
    EventKind { "TRAINING", "LECTURE" }
}

/// The properties that only events have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    #[serde(default)]
    #[schema(required)]
    kind: Option<EventKind>,
    /// The day of the event. It is also the date received: one of the two is given, the other follows.
    #[serde(default, deserialize_with = "validation::date")]
    held_on: Option<NaiveDate>,
    /// For whom it was held.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 300)]
    audience: Option<String>,
    /// The number of participants.
    #[serde(default)]
    #[validate(range(min = 0, max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    participants: Option<i64>,
}

impl RegisterType for Event {
    const NAME: &'static str = "events";
    const RECORD: &'static str = "Event";
    const DESCRIPTION: &'static str = "Events: trainings led and lectures given";
    const CODED: &'static [CodedProperty] = &[EventKind::property("kind", Dimension::Kind).required()];
    const MAY_LIE_AHEAD: bool = true;
    const LINKED: &'static [(&'static str, &'static str)] = &[("held_on", "received_on")];

    fn complete(&mut self, common: &mut Common, _: &Rules, faults: &mut Faults) {
        validation::planned(self.held_on, "/held_on", faults);
        match (self.held_on, common.received_on) {
            (Some(held), Some(received)) if held != received => {
                faults.add("/held_on", "contradiction", "must be the same day as received_on; give one of the two");
            }
            (None, None) => faults.add("/held_on", "required", "is required"),
            (held, received) => {
                self.held_on = held.or(received);
                common.received_on = received.or(held);
            }
        }
    }

    fn example() -> Value {
        json!({
            "title": "Datenschutz in der Schule",
            "responsible": "RF",
            "kind": "LECTURE",
            "held_on": "2017-09-12",
            "audience": "Schulleitungen",
            "participants": 45
        })
    }
}
