//! `aufsicht`: the register and statistics service of a data protection authority.
//!
//! The house, from the street inwards:
//!
//! - [`cli`]: the commands; [`config`]: the settings.
//! - [`service`]: the list of all endpoints and the running server; [`operation`] says how it is.
//! - [`registers`]: the records. One table, one write path, one cube of counts; a register is one small file.
//! - [`statistics`]: the tables of the activity report, drawn from the cube by layouts that are data.
//! - [`sync`]: what other systems need: upserts by their keys, batches, the change feed, export.
//! - [`reports`]: the statistical part of the yearly report, as a page and in print.
//! - [`formats`]: CSV and spreadsheets, made from rows of cells.
//! - [`metrics`]: what is measured while it runs.
//! - [`verify`]: proves that cube, history and records agree; [`demo`]: the years 2012 to 2017 to look at.
//! - [`api`]: what handlers stand on. An endpoint is declared once, with route, scope and documentation.
//! - [`erasure`]: personal data that goes for good, and what is held about a person.
//! - [`text`]: the one normal form of texts, and how they are compared.
//! - [`seal`]: personal data at rest; [`reload`]: what follows files, such as keys.
//! - [`backup`]: encrypted backups of the embedded databases.
//! - [`audit`]: the chained trail of every write.
//! - [`auth`]: scopes, tokens, identities, service accounts, limits, and the log of disclosures; [`db`]: connections, migrations, many readers and one writer.
//! - [`error`]: what can go wrong and how clients are told; [`clock`]: the time; [`calendar`]: the days on which
//!   the administration works.

pub mod admin;
pub mod api;
pub mod audit;
pub mod auth;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod db;
pub mod digest;
pub mod error;
pub mod faults;
pub mod formats;
pub mod identity;
pub mod json;
pub mod metrics;
pub mod registers;
pub mod reload;
pub mod reports;
pub mod seal;
pub mod statistics;
pub mod sync;
pub mod text;
pub mod vocabulary;
pub mod webhooks;

pub use api::server::Service;
pub use clock::Clock;
pub use config::Config;
pub use error::Error;
