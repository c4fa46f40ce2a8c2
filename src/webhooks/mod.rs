//! Webhooks: subscriptions to the change feed, and the deliveries that they lead to.

pub mod delivery;
pub mod event;
mod leases;
pub mod sending;
pub mod subscriptions;
