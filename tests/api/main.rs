//! The promises of the API, each tested through HTTP on both databases.

mod support;

mod access;
mod backup;
mod commands;
mod database;
mod document;
mod files;
mod proof;
mod protection;
mod public;
mod registers;
mod reports;
mod statistics;
mod sync;
mod webhooks;
mod wire;
mod years;
