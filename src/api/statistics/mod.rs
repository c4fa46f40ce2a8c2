//! Statistics over HTTP.

pub mod activities;
pub mod backlog;
pub mod counts;
pub mod dcat;
pub mod differences;
pub mod durations;
pub mod public;
pub mod published;
pub mod request;
pub mod staffing;
pub mod tables;
pub mod year_figures;
