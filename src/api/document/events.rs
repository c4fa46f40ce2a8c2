//! The events that the service sends of its own, for OpenAPI's `webhooks`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::content::components;
use crate::json::reference;
use crate::trace::TRACEPARENT;
use crate::webhooks::event::ChangeEvent;

/// The media type of an event.
const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The place of the example in a trace.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The schemas that events refer to.
pub fn schemas() -> BTreeMap<String, Value> {
    components::<ChangeEvent>()
}

fn header(name: &str, description: &str, example: &str) -> Value {
    json!({
        "name": name, "in": "header", "required": true, "description": description, "schema": {"type": "string"},
        "example": example
    })
}

/// The header of an attempt that belongs to a trace.
fn traceparent() -> Value {
    json!({
        "name": TRACEPARENT, "in": "header", "required": false, "schema": {"type": "string"},
        "description": "The place of this attempt in the trace of the request that made the change (W3C Trace Context), where it \
            came with a `traceparent`"
    })
}

/// The requests that the service makes to the receivers of webhooks, with events whose type begins with `types`.
pub fn webhooks(types: &str) -> Value {
    let id = "01932b6e-5555-7000-8000-000000000005";
    let example = json!({
        "specversion": "1.0", "id": id, "source": "/v1/changes", "type": format!("{types}.record.created"),
        "subject": "cases/01932b6e-1111-7000-8000-000000000001", "time": "2017-03-14T09:30:00Z",
        "datacontenttype": "application/json", "traceparent": TRACE,
        "data": {
            "register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123",
            "action": "CREATED", "revision": 1
        }
    });
    let description = "What a receiver is sent for each change (CloudEvents 1.0), signed (Standard Webhooks), at least once \
        and with the same `webhook-id`. It names the change; the record is read with its id. The test event \
        (`POST /v1/webhooks/{webhook_id}/test`) has a `type` that ends with `.test` and no `data`.";
    let answer = |description: &str| json!({"description": description});
    json!({"change": {"post": {
        "operationId": "receive_change",
        "tags": ["webhooks"],
        "summary": "A record was created, changed or deleted",
        "description": description,
        "security": [],
        "parameters": [
            traceparent(),
            header("webhook-id", "The event's id: the same on every attempt", id),
            header("webhook-timestamp", "When this attempt was made, in seconds since 1970", "1489483800"),
            header(
                "webhook-signature",
                "`v1,` and the base64 HMAC-SHA-256 of id, time and body, joined with dots; several with spaces between them",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
            )
        ],
        "requestBody": {
            "required": true,
            "content": {CLOUD_EVENT: {"schema": reference("ChangeEvent"), "example": example}}
        },
        "responses": {
            "2XX": answer("Taken; it does not come again"),
            "410": answer("Nothing more is wanted: the webhook is made inactive"),
            "429": answer("Too much: it comes again, not before the seconds (or the date) that `Retry-After` gives"),
            "503": answer("Not now: it comes again, not before the seconds (or the date) that `Retry-After` gives"),
            "default": answer("It comes again, after pauses that grow, for a day")
        }
    }}})
}
