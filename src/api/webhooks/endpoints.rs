//! The declarations of the endpoints of webhooks.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{NewWebhook, STATES, create, delete, deliveries, get, list, patch, redeliver, rotate};
use crate::api::endpoint::{Content, Endpoint, MERGE_PATCH, Reach};
use crate::api::query::Parameter;
use crate::api::registers::page_parameters;
use crate::auth::Scope;
use crate::json::reference;
use crate::registers::schema;

const COLLECTION: &str = "/v1/webhooks";
const ITEM: &str = "/v1/webhooks/{webhook_id}";

/// The endpoints of webhooks.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint(),
        create_endpoint(),
        get_endpoint(),
        update_endpoint(),
        delete_endpoint(),
        rotation_endpoint(),
        deliveries_endpoint(),
        redelivery_endpoint(),
    ]
}

fn example() -> Value {
    json!({
        "id": "01932b6e-4444-7000-8000-000000000004", "url": "https://chancellery.example/hooks/aufsicht",
        "registers": ["cases"], "active": true, "created_at": "2017-03-14T09:30:00Z", "created_by": "admin"
    })
}

fn example_with_secret() -> Value {
    let mut with_secret = example();
    with_secret["secret"] = json!("whsec_c2hvd24gb25jZSwgaGVyZSBvbmx5ISE=");
    with_secret
}

fn delivery_example() -> Value {
    json!({
        "id": "01932b6e-5555-7000-8000-000000000005", "register": "cases", "record": "01932b6e-1111-7000-8000-000000000001",
        "action": "CREATED", "revision": 1, "state": "PENDING", "attempts": 1, "next_at": "2017-03-14T09:30:10Z",
        "last_status": 500, "last_error": "the receiver answered 500", "created_at": "2017-03-14T09:30:00Z"
    })
}

fn list_endpoint() -> Endpoint {
    Endpoint::get(COLLECTION, list)
        .named("list_webhooks", "webhooks", "List the webhooks")
        .described("All of them, without their secrets.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .answers(200, "The webhooks", &[], vec![Content::component("Webhooks", json!({"items": [example()]}))])
        .schema_value("Webhooks", json!({
            "type": "object", "description": "The webhooks.", "required": ["items"],
            "properties": {"items": {"type": "array", "items": reference("Webhook"), "description": "The oldest first."}}
        }))
        .schema_value("Webhook", webhook_schema(false))
}

fn create_endpoint() -> Endpoint {
    let new = json!({"url": "https://chancellery.example/hooks/aufsicht", "registers": ["cases"]});
    Endpoint::new(Method::POST, COLLECTION, create)
        .named("create_webhook", "webhooks", "Subscribe to changes")
        .described(
            "From now on each change is sent to the address as an event (CloudEvents 1.0 in JSON) that names the \
             change and carries no record, signed with the secret (Standard Webhooks), at least once and with the \
             same `webhook-id`, in order for each record. What fails is tried again with growing pauses for a day, \
             then parked. The secret is shown in this answer and never again. An address hears of changes only \
             when somebody has switched it on who may read them: without `register:read` the webhook is made \
             inactive.",
        )
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .body(vec![Content::component("NewWebhook", new)])
        .answers(
            201,
            "The webhook with its secret",
            &["Location", "IdempotencyReplayed"],
            vec![Content::component("WebhookWithSecret", example_with_secret())],
        )
        .schema::<NewWebhook>()
        .schema_value("WebhookWithSecret", webhook_schema(true))
}

fn get_endpoint() -> Endpoint {
    Endpoint::get(ITEM, get)
        .named("get_webhook", "webhooks", "Read a webhook")
        .described("A subscription, without its secret.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .answers(200, "The webhook", &[], vec![Content::component("Webhook", example())])
}

fn update_endpoint() -> Endpoint {
    let changes = Content { media_type: MERGE_PATCH, ..Content::component("NewWebhook", json!({"active": false})) };
    Endpoint::new(Method::PATCH, ITEM, patch)
        .named("update_webhook", "webhooks", "Change a webhook")
        .described(
            "What is absent stays. An inactive webhook that is taken up again goes on where it was. To switch one on, \
             or to change where an active one sends what, needs `register:read` too. `application/json` is taken alike.",
        )
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .body(vec![changes])
        .answers(200, "The webhook as it is now", &[], vec![Content::component("Webhook", example())])
}

fn delete_endpoint() -> Endpoint {
    Endpoint::new(Method::DELETE, ITEM, delete)
        .named("delete_webhook", "webhooks", "Unsubscribe")
        .described("Nothing more is sent, not even what was waiting.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .answers(204, "Deleted", &[], vec![])
}

fn rotation_endpoint() -> Endpoint {
    Endpoint::new(Method::POST, format!("{ITEM}/rotation"), rotate)
        .named("rotate_webhook", "webhooks", "Give a webhook another secret")
        .described("For a day events carry two signatures, one of them with the secret before.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .answers(
            200,
            "The webhook with its new secret",
            &["IdempotencyReplayed"],
            vec![Content::component("WebhookWithSecret", example_with_secret())],
        )
}

fn deliveries_endpoint() -> Endpoint {
    let mut parameters = page_parameters();
    parameters.push(Parameter::one(
        "state",
        "Only deliveries in this state",
        json!({"type": "string", "enum": STATES}),
        Value::Null,
    ));
    Endpoint::get(format!("{ITEM}/deliveries"), deliveries)
        .named("list_deliveries", "webhooks", "See what became of the deliveries")
        .described("Each event to this webhook, oldest first, and how the attempts went. Which change it tells of is shown with the scope `register:read` only.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .query(parameters)
        .answers(200, "A page of deliveries", &["Link"], vec![Content::component("DeliveryPage", json!({"items": [delivery_example()]}))])
        .schema_value("DeliveryPage", schema::page("Delivery", false))
        .schema_value("Delivery", delivery_schema())
}

fn redelivery_endpoint() -> Endpoint {
    Endpoint::new(Method::POST, format!("{ITEM}/deliveries/{{delivery_id}}/redelivery"), redeliver)
        .named("redeliver", "webhooks", "Deliver again")
        .described("The event is sent again with the same id, whatever became of it, and tried for a day. Which change it tells of is shown with the scope `register:read` only.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .answers(202, "It will be sent", &["IdempotencyReplayed"], vec![Content::component("Delivery", delivery_example())])
}

fn webhook_schema(with_secret: bool) -> Value {
    let mut required = vec!["id", "url", "registers", "active", "created_at", "created_by"];
    let mut properties = json!({
        "id": {"type": "string", "format": "uuid", "description": "Its id."},
        "url": {"type": "string", "format": "uri", "description": "Where events are sent."},
        "registers": {"type": "array", "items": {"type": "string"}, "description": "Whose changes are told; all when empty."},
        "active": {"type": "boolean", "description": "Whether events are sent."},
        "created_at": {"type": "string", "format": "date-time", "description": "When it was made, in UTC."},
        "created_by": {"type": "string", "description": "Who made it, by name; which identity that is stands in the audit trail."}
    });
    if with_secret {
        properties["secret"] = json!({"type": "string", "description": "What events are signed with; shown once."});
        required.push("secret");
    }
    json!({"type": "object", "description": "A subscription to changes.", "required": required, "properties": properties})
}

fn delivery_schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    let time = |what: &str| json!({"type": "string", "format": "date-time", "description": what});
    json!({
        "type": "object", "description": "An event to a webhook, and how the attempts went.",
        "required": ["id", "state", "attempts", "created_at"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "The event's id: the same on every attempt."},
            "register": text("The record's register; this and what follows of the change with `register:read` only."),
            "record": {"type": "string", "format": "uuid", "description": "The record."},
            "action": text("What was done to it."),
            "revision": {"type": "integer", "format": "int64", "minimum": 1, "description": "The revision that it made."},
            "state": {"type": "string", "enum": STATES, "description": "Where it stands."},
            "attempts": {"type": "integer", "format": "int64", "minimum": 0, "description": "How often it was tried."},
            "next_at": time("When it is tried next, in UTC; only while it is pending."),
            "last_status": {"type": "integer", "description": "What the receiver answered last."},
            "last_error": text("Why it failed last."),
            "created_at": time("Since when it is tried, in UTC."),
            "finished_at": time("When it was delivered or parked, in UTC.")
        }
    })
}
