//! Personal data and the secrets of webhooks at rest: sealed before they are written, opened only for who may see them.
//! The keys lie outside the database, so that a stolen file, dump or replica shows nothing.
//!
//! Each property is sealed by itself with AES-256-GCM-SIV, bound to its place: a value that is moved to another record,
//! another change or another property does not open. What is sealed names its key, so that keys rotate while the
//! service runs: the first key seals, all open.
//!
//! A record and its history are sealed with a key of the record's own, where there is a database of keys. An erasure destroys
//! it: then nobody can read what backups, replicas and archives hold of its personal data. The key is kept before what it
//! seals: work that lacks one fails with what it needs before it has written anything, and is run again with it.

mod destruction;
mod erasures;
mod key_store;
mod keys;
mod measures;
mod providing;
mod purposes;
mod record_keys;
mod retirement;
mod rotation;

pub use destruction::{DestroyedKeys, ErasedRecord, StoredKey};
pub use erasures::{all_erasures, erasures};
pub use key_store::SealingKey;
pub use keys::{FORMER, Keys, RecordSeal, SECRET, SealedPlace, fresh_key, key_of, properties};
pub use measures::KeyMeasures;
pub use purposes::{Purpose, PurposeKeys, authenticate};
pub use retirement::RetiredKeys;
pub use rotation::{keys_for, rotate};
