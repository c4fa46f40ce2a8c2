//! The audit trail: every write leaves an entry whose hash covers the entry before, so that nothing can be altered or
//! removed unseen.

pub mod anchors;
pub mod handlers;
pub mod trail;
