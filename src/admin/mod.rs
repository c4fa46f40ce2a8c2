//! Tasks of an operator: backups, erasure, proofs, and demonstration data.

pub mod backup;
pub mod demo;
pub mod erasure;
pub mod unused_keys;
pub mod verify;
