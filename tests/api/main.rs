//! The promises of the API, each tested through HTTP on both databases.

mod support;

mod access;
mod commands;
mod database;
mod document;
mod faults;
mod files;
mod instances;
mod proof;
mod protection;
mod records;
mod registers;
mod reports;
mod statistics;
mod sync;
mod webhooks;
mod wire;
mod years;
