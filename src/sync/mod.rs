//! Interfaces for other systems to stay in step: upserts by their own keys, batches, requests that may be repeated, the
//! change feed, webhooks, and the export of whole registers. The document management system leads; everything here may
//! arrive twice, late and in any order.

mod batch;
mod change_feed;
mod changes;
pub mod cmi;
pub mod delivery;
pub mod export;
mod external;
pub mod generation;
pub mod import;
mod mapping;
pub mod subscriptions;
mod webhooks;

use crate::api::endpoint::Endpoint;
use crate::error::Error;
use crate::registers;

/// The endpoints of this module. They come before those of the registers, whose `{id}` would take their paths.
pub fn endpoints() -> Vec<Endpoint> {
    let of_registers = registers::ALL.iter().flat_map(|register| {
        let [read, delete, write] = external::endpoints(register);
        [export::handlers::endpoint(register), batch::endpoint(register), read, write, delete]
    });
    of_registers.chain([changes::endpoint()]).chain(webhooks::endpoints()).collect()
}

/// Why something was not kept, in words for the command line.
pub fn reason(error: &Error) -> String {
    match error {
        Error::Validation(faults) => {
            let told = faults.iter().map(|fault| {
                let place = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
                if place.is_empty() { fault.detail.clone() } else { format!("{place}: {}", fault.detail) }
            });
            told.collect::<Vec<_>>().join("; ")
        }
        Error::Conflict { detail, record, .. } => match record {
            Some(id) => format!("{detail} ({id})"),
            None => detail.clone(),
        },
        Error::Deleted { version, .. } => format!(
            "it was deleted here in version {version} and does not come back: give a newer external.version if it is to"
        ),
        error => error.to_string(),
    }
}
