//! Webhooks and their deliveries as answers show them.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{read_instant, write_instant, write_optional_instant};
use crate::vocabulary::vocabulary;
use crate::webhooks::subscriptions::{Attempt, Webhook, WebhookDelivery};

vocabulary! {
    /// The state of a delivery.
    DeliveryState { Pending = "PENDING", Delivered = "DELIVERED", Parked = "PARKED" }
}

/// The webhooks.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhooks)]
pub struct WebhookList {
    /// The oldest first.
    pub items: Vec<ShownWebhook>,
}

/// A subscription to changes.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Webhook)]
pub struct ShownWebhook {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The address that events are sent to.
    #[schema(format = "uri")]
    url: String,
    /// The registers whose changes are told; all when empty.
    registers: Vec<String>,
    /// True if events are sent.
    active: bool,
    /// The instant at which the webhook was made, in UTC.
    #[serde(serialize_with = "write_instant", deserialize_with = "read_instant")]
    created_at: NaiveDateTime,
    /// The name of who made the webhook; which identity that is stands in the audit trail.
    created_by: String,
}

impl ShownWebhook {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The registers whose changes are told; all when empty.
    pub fn registers(&self) -> &[String] {
        &self.registers
    }
}

impl From<&Webhook> for ShownWebhook {
    fn from(webhook: &Webhook) -> Self {
        ShownWebhook {
            id: webhook.id.clone(),
            url: webhook.url.clone(),
            registers: webhook.register_names(),
            active: webhook.active,
            created_at: webhook.created_at,
            created_by: webhook.created_by.clone(),
        }
    }
}

/// A subscription to changes, with its secret: that of the request, which another one may have replaced since.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The subscription.
    #[serde(flatten)]
    #[schema(inline)]
    pub webhook: ShownWebhook,
    /// The secret that events are signed with; shown once.
    pub secret: String,
}

/// The result of a test event.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = TestedWebhook)]
pub struct ShownAttempt {
    /// True if the receiver took it.
    delivered: bool,
    /// The status that the receiver answered; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<u16>,
    /// The reason why it was not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

impl From<Attempt> for ShownAttempt {
    fn from(attempt: Attempt) -> Self {
        ShownAttempt { delivered: attempt.error.is_none(), status: attempt.status, error: attempt.error }
    }
}

/// An event to a webhook, and how the attempts went.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct ShownDelivery {
    /// The event's id: the same on every attempt.
    #[schema(format = "uuid")]
    id: String,
    /// The record's register; this and what follows of the change with `register:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    register: Option<String>,
    /// The record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    record: Option<String>,
    /// The action that was done to the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    action: Option<String>,
    /// The revision that it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    revision: Option<i64>,
    /// The state of the delivery.
    #[schema(value_type = DeliveryState, inline)]
    state: String,
    /// The number of attempts so far.
    #[schema(minimum = 0)]
    attempts: i64,
    /// The instant of the next attempt, in UTC; only while the delivery is pending.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_instant")]
    #[schema(nullable = false)]
    next_at: Option<NaiveDateTime>,
    /// The status that the receiver answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_status: Option<i64>,
    /// The reason why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<String>,
    /// The instant since which delivery is tried, in UTC.
    #[serde(serialize_with = "write_instant")]
    created_at: NaiveDateTime,
    /// The instant at which the event was delivered or parked, in UTC.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_instant")]
    #[schema(nullable = false)]
    finished_at: Option<NaiveDateTime>,
}

impl ShownDelivery {
    /// A delivery; which change it tells of, as `/v1/changes` does, to who may read that.
    pub fn of(delivery: &WebhookDelivery, reads: bool) -> Self {
        let told = |text: &String| reads.then(|| text.clone());
        ShownDelivery {
            id: delivery.id.clone(),
            register: told(&delivery.register),
            record: told(&delivery.record_id),
            action: told(&delivery.action),
            revision: reads.then_some(delivery.revision),
            state: delivery.state.clone(),
            attempts: delivery.attempts,
            next_at: (delivery.state == "PENDING").then_some(delivery.next_at),
            last_status: delivery.last_status,
            last_error: delivery.last_error.clone(),
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}
