//! The statistics: tables drawn from the cube by layouts, free counts, and the records behind a cell.
//!
//! A [`layout`] says what the lines of a table are; [`table`] is the value that every format is made from and knows
//! nothing of where its numbers come from; [`repository`] asks the cube.

pub mod activities;
pub mod backlog;
mod catalog;
mod counts;
pub mod detail;
pub mod disclosure;
pub mod durations;
pub mod handlers;
pub mod lang;
pub mod layout;
pub mod public;
pub mod published;
pub mod repository;
pub mod request;
pub mod table;
pub mod year_figures;
