//! The event that a receiver is sent: CloudEvents 1.0 in JSON. It names the change and carries no record.

use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::write_instant;
use crate::json::to_value;
use crate::records::projections::history_row::Action;
use crate::webhooks::subscriptions::WebhookDelivery;

/// The feed that changes stand in.
const FEED: &str = "/v1/changes";

/// The installation that events come from.
#[derive(Clone, Debug)]
pub struct EventOrigin {
    /// The beginning of the types of its events.
    types: String,
    /// Its feed: by the whole address where that is set, which tells it from other installations.
    source: String,
}

impl EventOrigin {
    /// The origin of events of such types, at the address that clients know.
    pub fn new(types: &str, public_url: Option<&str>) -> Self {
        EventOrigin { types: types.to_owned(), source: format!("{}{FEED}", public_url.unwrap_or_default()) }
    }
}

/// An event as a webhook is sent it (CloudEvents 1.0).
#[derive(Serialize, ToSchema)]
pub struct ChangeEvent<'d> {
    /// The version of CloudEvents.
    specversion: &'static str,
    /// The event's id, the same on every attempt: what came already is known by it.
    #[schema(format = "uuid")]
    id: &'d str,
    /// The feed that the change stands in: `/v1/changes`, with the address of the service before it where that is set.
    #[schema(format = "uri-reference")]
    source: &'d str,
    /// The kind of event: what the authority's events begin with, then `.record.created`, `.record.updated`,
    /// `.record.deleted`, or `.test`.
    r#type: String,
    /// The register and the id of the record.
    subject: String,
    /// The instant of the change, in UTC.
    #[serde(serialize_with = "write_instant")]
    time: NaiveDateTime,
    /// The media type of `data`.
    datacontenttype: &'static str,
    /// The place of the change in the trace of the request that made it (W3C Trace Context); absent where it belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    traceparent: Option<&'d str>,
    /// The change; the test event has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    data: Option<EventData<'d>>,
}

/// A change as an event tells it.
#[derive(Serialize, ToSchema)]
struct EventData<'d> {
    /// The record's register.
    register: &'d str,
    /// The record.
    #[schema(format = "uuid")]
    id: &'d str,
    /// Its business number.
    number: &'d str,
    /// The action that was done to the record.
    #[schema(value_type = Action)]
    action: &'d str,
    /// The revision that it made.
    #[schema(minimum = 1)]
    revision: i64,
}

impl ChangeEvent<'_> {
    /// The event of a delivery.
    pub fn of<'d>(origin: &'d EventOrigin, delivery: &'d WebhookDelivery) -> ChangeEvent<'d> {
        ChangeEvent {
            specversion: "1.0",
            id: &delivery.id,
            source: &origin.source,
            r#type: format!("{}.record.{}", origin.types, delivery.action.to_lowercase()),
            subject: format!("{}/{}", delivery.register, delivery.record_id),
            time: delivery.changed_at,
            datacontenttype: "application/json",
            traceparent: delivery.trace.as_deref(),
            data: Some(EventData {
                register: &delivery.register,
                id: &delivery.record_id,
                number: &delivery.number,
                action: &delivery.action,
                revision: delivery.revision,
            }),
        }
    }

    /// The event that a receiver is tried out with; it tells of nothing.
    pub fn test<'d>(origin: &'d EventOrigin, id: &'d str, webhook: &str, now: NaiveDateTime) -> ChangeEvent<'d> {
        ChangeEvent {
            specversion: "1.0",
            id,
            source: &origin.source,
            r#type: format!("{}.test", origin.types),
            subject: format!("webhooks/{webhook}"),
            time: now,
            datacontenttype: "application/json",
            traceparent: None,
            data: None,
        }
    }

    /// The event as it is sent.
    pub fn written(&self) -> String {
        to_value(self).to_string()
    }
}
