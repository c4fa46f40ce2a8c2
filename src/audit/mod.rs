//! The audit trail: every write leaves an entry whose hash covers the entry before, so that nothing can be altered or
//! removed unseen.

pub mod access_chain;
pub mod access_log;
pub mod anchors;
mod line_file;
pub mod siem;
pub mod trail;
