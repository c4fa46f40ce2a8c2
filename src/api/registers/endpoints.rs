//! The declarations of the endpoints that every register has.

use actix_web::http::Method;
use actix_web::web::Path;
use serde_json::json;

use super::{create, delete, get, history, list, patch};
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint, MERGE_PATCH};
use crate::api::http::Body;
use crate::api::record_query::{expand_parameters, filter_parameters, list_parameters, page_parameters};
use crate::auth::Scope;
use crate::error;
use crate::records::projections::history::Entry;
use crate::registers::example;
use crate::registers::schema;
use crate::registers::{ALL, Register, Vocabulary};

/// The endpoints of all registers.
pub fn endpoints(vocabulary: &Vocabulary) -> Vec<Endpoint> {
    ALL.iter().flat_map(|register| endpoints_of(register, vocabulary)).collect()
}

fn endpoints_of(register: &'static Register, vocabulary: &Vocabulary) -> Vec<Endpoint> {
    let with_schemas = |mut endpoint: Endpoint| {
        for (name, value) in schema::schemas(register, vocabulary) {
            endpoint = endpoint.schema_value(name, value);
        }
        endpoint
    };
    let all = [
        list_endpoint(register, vocabulary),
        create_endpoint(register, vocabulary),
        get_endpoint(register, vocabulary),
        update_endpoint(register, vocabulary),
        delete_endpoint(register),
        history_endpoint(register),
    ];
    all.into_iter().map(with_schemas).collect()
}

/// The path of a register's list.
fn collection(register: &Register) -> String {
    format!("/v1/{}", register.name)
}

/// The path of a record.
fn item(register: &Register) -> String {
    format!("/v1/{}/{{id}}", register.name)
}

/// A record in the ids of operations: `data_collection`.
fn single(register: &Register) -> String {
    schema::snake(register.record)
}

/// A record in a sentence: `a data collection`.
fn in_words(register: &Register) -> String {
    let words = single(register).replace('_', " ");
    format!("{} {words}", schema::article(&words))
}

/// The answer to a write.
fn written(register: &Register, vocabulary: &Vocabulary) -> Vec<Content> {
    vec![Content::component(&format!("Written{}", register.record), example::record(register, vocabulary))]
}

fn list_endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    let snake = register.name.replace('-', "_");
    let page = json!({"items": [example::record(register, vocabulary)]});
    Endpoint::get(collection(register), move |call: Call| list(register, call))
        .named(format!("list_{snake}"), register.name, format!("List {}", snake.replace('_', " ")))
        .described(
            "Records that match all filters given, newest first unless `sort` says otherwise. Follow `next` (or the \
         `Link` header) until it is absent: records that exist throughout come exactly once, whatever else is \
         written meanwhile.",
        )
        .scope(Scope::RegisterRead)
        .open(!register.public.is_empty())
        .headers(&["AccessPurpose"])
        .query(
            [
                filter_parameters(Some(register), vocabulary),
                list_parameters(Some(register), vocabulary),
                expand_parameters(register),
            ]
            .concat(),
        )
        .answers(
            200,
            "A page of records",
            &["Link"],
            vec![Content::component(&format!("{}Page", register.record), page)],
        )
}

fn create_endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    Endpoint::new(Method::POST, collection(register), move |call: Call, body: Body| create(register, call, body))
        .named(format!("create_{}", single(register)), register.name, format!("Create {}", in_words(register)))
        .described(
            "The business number is given by the service unless the body has one. Personal data can be given without \
         the scope `personal:read`, but is then not shown in the answer; without `register:read` the answer says \
         the id, the number and the revision only.",
        )
        .scope(Scope::RegisterWrite)
        .headers(&["IdempotencyKey", "AccessPurpose"])
        .body(vec![Content::component(&format!("New{}", register.record), example::new_record(register, vocabulary))])
        .answers(201, "The record created", &["Location", "ETag", "IdempotencyReplayed"], written(register, vocabulary))
        .problems(&[&error::CONFLICT])
}

fn get_endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    Endpoint::get(item(register), move |call: Call, id: Path<String>| get(register, call, id))
        .named(format!("get_{}", single(register)), register.name, format!("Read {}", in_words(register)))
        .described("One record. Personal data is left out unless the token has the scope `personal:read`.")
        .scope(Scope::RegisterRead)
        .open(!register.public.is_empty())
        .headers(&["IfNoneMatch", "AccessPurpose"])
        .query(expand_parameters(register))
        .answers(
            200,
            "The record",
            &["ETag"],
            vec![Content::component(register.record, example::record(register, vocabulary))],
        )
        .answers(304, "Unchanged since the revision in `If-None-Match`", &["ETag"], vec![])
}

fn update_endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    let title = register.property_name("title").unwrap_or("title");
    let example = json!({title: "Videoüberwachung beim Schulhaus"});
    let changes = Content::component(&format!("{}Changes", register.record), example);
    let changes = Content { media_type: MERGE_PATCH, ..changes };
    Endpoint::new(Method::PATCH, item(register), move |call: Call, id: Path<String>, body: Body| {
        patch(register, call, id, body)
    })
    .named(format!("update_{}", single(register)), register.name, format!("Change {}", in_words(register)))
    .described(
        "A JSON Merge Patch (RFC 7396): what is absent stays, null takes away, lists are replaced. Personal data \
         stays as it is unless the token has the scope `personal:read`; a patch that names it without the scope is \
         refused. A patch that changes nothing leaves the revision as it is. `application/json` is taken alike. \
         Without `register:read` the answer says the id, the number and the revision only.",
    )
    .scope(Scope::RegisterWrite)
    .headers(&["IfMatch", "IdempotencyKey", "AccessPurpose"])
    .body(vec![changes])
    .answers(200, "The record as it is now", &["ETag", "IdempotencyReplayed"], written(register, vocabulary))
    .problems(&[&error::CONFLICT])
}

fn delete_endpoint(register: &'static Register) -> Endpoint {
    Endpoint::new(Method::DELETE, item(register), move |call: Call, id: Path<String>| delete(register, call, id))
        .named(format!("delete_{}", single(register)), register.name, format!("Delete {}", in_words(register)))
        .described(
            "The record is gone from lists and counts; its history stays, and its number is not given again. What \
         another record refers to is not deleted.",
        )
        .scope(Scope::RegisterWrite)
        .headers(&["IfMatch", "IdempotencyKey"])
        .answers(204, "Deleted", &["IdempotencyReplayed"], vec![])
        .problems(if register.referring().next().is_some() { &[&error::CONFLICT] } else { &[] })
}

fn history_endpoint(register: &'static Register) -> Endpoint {
    Endpoint::get(format!("{}/history", item(register)), move |call: Call, id: Path<String>| {
        history(register, call, id)
    })
    .named(format!("list_{}_history", single(register)), register.name, format!("Follow {}", in_words(register)))
    .described(
        "Every change of the record, oldest first: who, when, and the old and new values; also after the record \
         was deleted. Changes of personal data are left out unless the token has the scope `personal:read`.",
    )
    .scope(Scope::RegisterRead)
    .headers(&["AccessPurpose"])
    .query(page_parameters())
    .answers(200, "A page of changes", &["Link"], vec![Content::page::<Entry>("HistoryPage", example::history())])
}
