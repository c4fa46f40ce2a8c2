//! The promises of the API, each tested through HTTP on both databases.

mod support;

mod access;
mod backup;
mod bodies;
mod bounds;
mod cmi;
mod commands;
mod cursors;
mod database;
mod disclosure;
mod document;
mod doors;
mod erasure;
mod faults;
mod figures;
mod files;
mod framing;
mod identity;
mod instances;
mod issuers;
mod outages;
mod proof;
mod protection;
mod public;
mod records;
mod refusals;
mod registers;
mod reports;
mod sealing;
mod statistics;
mod sync;
mod tampering;
mod webhooks;
mod wire;
mod years;
