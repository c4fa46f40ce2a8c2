//! Memberships: the authority's part in working groups and in the association of the cantons.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::validation;
use super::{RegisterType, Rules};
use crate::faults::Faults;
use crate::registers::common::Common;

/// A meeting of a group.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    #[serde(default, deserialize_with = "validation::date")]
    #[validate(required)]
    #[schema(required)]
    held_on: Option<NaiveDate>,
    /// The time it took, preparation and journey included, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 0, max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    effort_minutes: Option<i64>,
}

/// The properties that only memberships have.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The authority's part in the group.
    #[serde(default)]
    #[validate(length(min = 1, max = 100), custom(function = "validation::not_blank"))]
    #[schema(min_length = 1, max_length = 100)]
    role: Option<String>,
    /// The group's meetings, those that are announced too.
    #[serde(default)]
    #[validate(length(max = 1000), nested)]
    #[schema(max_items = 1000)]
    meetings: Option<Vec<Meeting>>,
}

impl RegisterType for Membership {
    const NAME: &'static str = "memberships";
    const RECORD: &'static str = "Membership";
    const DESCRIPTION: &'static str = "Memberships of working groups and associations, with their meetings";
    const NAMES: &'static [(&'static str, Option<&'static str>)] = &[
        ("title", Some("group")),
        ("received_on", Some("joined_on")),
        ("closed_on", Some("left_on")),
        ("status", None),
        ("organisation", None),
    ];
    const SERIES: Option<&'static str> = Some("M");
    const COUNTED: bool = false;

    fn complete(&mut self, _: &mut Common, _: &Rules, faults: &mut Faults) {
        for (index, meeting) in self.meetings.iter().flatten().enumerate() {
            validation::planned(meeting.held_on, &format!("/meetings/{index}/held_on"), faults);
        }
    }

    fn example() -> Value {
        json!({
            "group": "privatim, Arbeitsgruppe Informatik",
            "joined_on": "2015-01-01",
            "responsible": "RF",
            "role": "Mitglied",
            "meetings": [{"held_on": "2017-03-22", "effort_minutes": 420}]
        })
    }
}
