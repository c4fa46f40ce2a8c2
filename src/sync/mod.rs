//! Interfaces for other systems to stay in step: upserts by their own keys, batches, requests that may be repeated, the
//! change feed, webhooks, and the export of whole registers. The document management system leads; everything here may
//! arrive twice, late and in any order.

pub mod change_feed;
pub mod cmi;
mod dates;
pub mod export;
pub mod external;
pub mod generation;
pub mod import;
mod mapping;

use crate::error::Error;

/// The reason why something was not kept, in words for the command line.
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
