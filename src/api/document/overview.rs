//! The part of the API document before its operations: the service, how to begin, who may log in how, and the groups of
//! operations.

use serde_json::{Map, Value, json};

use crate::auth::{RULE, Scope};
use crate::authority::Authority;
use crate::registers;

/// The quick start: log in, list, create, change, try again, verify a webhook.
const QUICK_START: &str = include_str!("quick_start.md");

const DESCRIPTION: &str = "Registers the business cases, projects, audits, events and media requests of a data \
protection authority, the public bodies under its supervision, the public register of data collections and its other \
records, and computes the statistics of its yearly activity report from them.\n\n\
Dates are civil dates in Europe/Zurich (`YYYY-MM-DD`), instants are RFC 3339 in UTC. In answers, an absent property \
and null mean the same. Every refusal is a problem document (RFC 9457) that names every fault and says what to do. \
Unknown properties and parameters are refused by name.";

/// The `info` of the document.
pub fn info(authority: &Authority) -> Value {
    json!({
        "title": "aufsicht",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Register and statistics service of a data protection authority",
        "description": format!("{DESCRIPTION}\n\n{RULE}\n\n{QUICK_START}"),
        "contact": contact(authority),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        "x-audience": "external-public"
    })
}

fn contact(authority: &Authority) -> Value {
    let mut contact = json!({"name": authority.name.get(authority.language())});
    for (key, value) in [("url", &authority.web), ("email", &authority.email)] {
        if let (Some(map), Some(value)) = (contact.as_object_mut(), value) {
            map.insert(key.into(), value.as_str().into());
        }
    }
    contact
}

/// The groups of tags, for pages that show them apart.
pub fn tag_groups() -> Value {
    let records: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
    json!([
        {"name": "Registers", "tags": records},
        {"name": "Codes and dates", "tags": ["vocabularies", "deadlines"]},
        {"name": "Other systems", "tags": ["changes", "webhooks"]},
        {"name": "Figures", "tags": ["statistics"]},
        {"name": "Access and operation", "tags": ["access", "audit", "operation"]}
    ])
}

fn scopes_text() -> String {
    let list: Vec<String> = Scope::ALL.iter().map(|scope| format!("- `{scope}`: {}", scope.description())).collect();
    format!("An access token (JWT) with the scopes it needs:\n\n{}", list.join("\n"))
}

/// The ways in which a caller can say who they are.
pub fn security_schemes() -> Value {
    let scopes = Scope::ALL.iter().map(|scope| (scope.as_str().to_owned(), scope.description().into()));
    let flow = json!({"tokenUrl": "/oauth/token", "scopes": scopes.collect::<Map<String, Value>>()});
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": scopes_text()},
        "oauth": {
            "type": "oauth2",
            "description": "The same tokens, for service accounts.",
            "flows": {"clientCredentials": flow}
        },
        "client": {
            "type": "http", "scheme": "basic",
            "description": "Only for `POST /oauth/token`: a service account's id and secret."
        }
    })
}

/// The groups of operations, in the order in which a newcomer needs them.
pub fn tags() -> Value {
    let mut tags: Vec<Value> = registers::ALL
        .iter()
        .map(|register| json!({"name": register.name, "description": format!("{}.", register.description)}))
        .collect();
    tags.push(json!({"name": "vocabularies", "description": "The values that records may have, as code lists."}));
    tags.push(json!({"name": "deadlines", "description": "What is due over all registers."}));
    tags.push(json!({
        "name": "changes",
        "description": "The change feed: what was created, changed and deleted in all registers, in the order in which it was kept."
    }));
    tags.push(json!({
        "name": "webhooks",
        "description": "Who is told of changes: events (CloudEvents 1.0) that name the change and carry no record, signed (Standard Webhooks)."
    }));
    tags.push(json!({"name": "statistics", "description": "Counts over the registers; never with personal data."}));
    tags.push(json!({"name": "access", "description": "Service accounts and their tokens."}));
    tags.push(json!({"name": "audit", "description": "The proof of what was written, and the log of what was read."}));
    tags.push(json!({"name": "operation", "description": "Health and documentation of the service."}));
    Value::Array(tags)
}
