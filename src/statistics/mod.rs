//! The statistics: tables drawn from the cube by layouts, free counts, and the records behind a cell.
//!
//! A [`layout`] says what the lines of a table are; [`table`] is the value that every format is made from and knows
//! nothing of where its numbers come from; [`repository`] asks the cube.

pub mod activities;
pub mod available;
pub mod backlog;
pub mod bodies;
mod checks;
pub mod columns;
pub mod counts;
pub mod detail;
pub mod differences;
pub mod durations;
pub mod entered_figures;
mod facts;
pub mod held;
pub mod labels;
pub mod layout;
pub mod live;
pub mod number_sums;
pub mod observations;
pub mod own_sets;
pub mod period;
pub mod printed;
pub mod provisional;
pub mod public;
pub mod publications;
pub mod published;
pub mod record_sums;
pub mod repository;
pub mod staffing;
pub mod status;
pub mod suppression;
pub mod table;
pub mod year_figures;
