//! Personal data and the secrets of webhooks at rest: sealed before they are written, opened only for who may see them.
//! The keys lie outside the database, so that a stolen file, dump or replica shows nothing.
//!
//! Each property is sealed by itself with AES-256-GCM-SIV, bound to its place: a value that is moved to another record,
//! another change or another property does not open. What is sealed names its key, so that keys rotate while the
//! service runs: the first key seals, all open.

mod keys;
mod purposes;
mod rotation;

pub use keys::{FORMER, Keys, SECRET, SealedPlace, fresh_key, properties};
pub use purposes::{Purpose, PurposeKeys, authenticate};
pub use rotation::{keys_for, rotate};
