//! The declarations of the endpoints of webhooks.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::shown::{DeliveryState, ShownAttempt, ShownDelivery, ShownWebhook, WebhookList, WebhookWithSecret};
use super::{NewWebhook, create, delete, deliveries, get, list, patch, redeliver, rotate, test};
use crate::api::endpoint::{Content, Endpoint, MERGE_PATCH, Reach};
use crate::api::query::Parameter;
use crate::api::record_query::page_parameters;
use crate::auth::Scope;

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
        test_endpoint(),
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
        .answers(200, "The webhooks", &[], vec![Content::json::<WebhookList>(json!({"items": [example()]}))])
}

fn create_endpoint() -> Endpoint {
    let new = json!({"url": "https://chancellery.example/hooks/aufsicht", "registers": ["cases"]});
    Endpoint::new(Method::POST, COLLECTION, create)
        .named("create_webhook", "webhooks", "Subscribe to changes")
        .described(
            "From now on each change is sent to the address as an event (CloudEvents 1.0 in JSON) that names the \
             change and carries no record, signed with the secret (Standard Webhooks), at least once and with the \
             same `webhook-id`, in order for each record. What fails is tried again with growing pauses for a day, \
             then parked, and no sooner than `Retry-After` asks; 410 makes the webhook inactive. The secret is shown in this answer and never again. An address hears of changes only \
             when somebody has switched it on who may read them: without `register:read` the webhook is made \
             inactive.",
        )
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .body(vec![Content::json::<NewWebhook>(new)])
        .answers(
            201,
            "The webhook with its secret",
            &["Location", "IdempotencyReplayed"],
            vec![Content::json::<WebhookWithSecret>(example_with_secret())],
        )
}

fn get_endpoint() -> Endpoint {
    Endpoint::get(ITEM, get)
        .named("get_webhook", "webhooks", "Read a webhook")
        .described("A subscription, without its secret.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .answers(200, "The webhook", &[], vec![Content::json::<ShownWebhook>(example())])
}

fn update_endpoint() -> Endpoint {
    let changes = Content { media_type: MERGE_PATCH, ..Content::json::<NewWebhook>(json!({"active": false})) };
    Endpoint::new(Method::PATCH, ITEM, patch)
        .named("update_webhook", "webhooks", "Change a webhook")
        .described(
            "What is absent stays. An inactive webhook that is taken up again goes on where it was. To switch one on, \
             or to change where an active one sends what, needs `register:read` too. `application/json` is taken alike.",
        )
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .body(vec![changes])
        .answers(200, "The webhook as it is now", &["IdempotencyReplayed"], vec![Content::json::<ShownWebhook>(example())])
}

fn delete_endpoint() -> Endpoint {
    Endpoint::new(Method::DELETE, ITEM, delete)
        .named("delete_webhook", "webhooks", "Unsubscribe")
        .described("Nothing more is sent, not even what was waiting.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .answers(204, "Deleted", &["IdempotencyReplayed"], vec![])
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
            vec![Content::json::<WebhookWithSecret>(example_with_secret())],
        )
}

fn test_endpoint() -> Endpoint {
    Endpoint::new(Method::POST, format!("{ITEM}/test"), test)
        .named("test_webhook", "webhooks", "Send a test event")
        .described(
            "Sends the receiver one event whose `type` ends with `.test`, signed like all others, and answers how that \
             went. It tells of no change, is not tried again and stands in no log; an inactive webhook can be tried too.",
        )
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .answers(
            200,
            "How it went",
            &["IdempotencyReplayed"],
            vec![Content::json::<ShownAttempt>(json!({"delivered": true, "status": 204}))],
        )
}

fn deliveries_endpoint() -> Endpoint {
    let mut parameters = page_parameters();
    parameters.push(Parameter::one(
        "state",
        "Only deliveries in this state",
        json!({"type": "string", "enum": DeliveryState::VALUES}),
        Value::Null,
    ));
    Endpoint::get(format!("{ITEM}/deliveries"), deliveries)
        .named("list_deliveries", "webhooks", "See what became of the deliveries")
        .described("Each event to this webhook, oldest first, and how the attempts went. Which change it tells of is shown with the scope `register:read` only.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .query(parameters)
        .answers(200, "A page of deliveries", &["Link"], vec![Content::page::<ShownDelivery>("DeliveryPage", json!({"items": [delivery_example()]}))])
}

fn redelivery_endpoint() -> Endpoint {
    Endpoint::new(Method::POST, format!("{ITEM}/deliveries/{{delivery_id}}/redelivery"), redeliver)
        .named("redeliver", "webhooks", "Deliver again")
        .described("The event is sent again with the same id, whatever became of it, and tried for a day. Which change it tells of is shown with the scope `register:read` only.")
        .scope(Scope::WebhooksManage)
        .reaches(Reach::Narrowed)
        .headers(&["IdempotencyKey"])
        .answers(202, "It will be sent", &["IdempotencyReplayed"], vec![Content::json::<ShownDelivery>(delivery_example())])
}
