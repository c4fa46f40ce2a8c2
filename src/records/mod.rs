//! The engine: what is the same for the records of every register.
//!
//! [`document`] reads and checks what clients send, [`row`] turns it into rows and back, [`view`] is what a caller sees of
//! it, [`said`] is what of it stands beside its columns, [`personal`] and [`erasable`] know what of it is personal data, and what may be erased. [`store`] is the one write
//! path, with [`lookups`] for what is asked of other records, [`references`] from record to record, [`numbering`] and
//! [`tombstones`], which keep what was deleted from coming back. What follows from a change stands in [`projections`].
//! [`find`] reads single records, [`query`] lists of them.

pub mod document;
pub mod erasable;
pub mod find;
pub mod lookups;
pub mod numbering;
pub mod own_values;
pub mod personal;
pub mod projections;
pub mod query;
pub mod references;
pub mod row;
pub mod said;
pub mod store;
pub mod tombstones;
pub mod view;

/// A record's document: everything that a client can write, checked and complete.
pub type Document = serde_json::Map<String, serde_json::Value>;
