//! `aufsicht`: the register and statistics service of a data protection authority.
//!
//! The modules from the bottom up: each uses only those that come before it (a test holds the order).
//!
//! - [`error`], [`digest`], [`config`], [`clock`], [`calendar`], [`decimal`], [`faults`], [`text`], [`json`], [`messages`],
//!   [`source`], [`authority`], [`vocabulary`], [`reload`], [`outgoing`], [`logging`],
//!   [`trace`], [`spans`], [`formats`]: what all others stand on. A text has one normal form, a fault its place, and
//!   what people read its message in each language.
//! - [`db`]: connections, migrations, many readers and one writer, whose write is a value: `WriteTransaction`.
//! - [`seal`]: personal data at rest, and the service's own keys.
//! - [`identity`] and [`context`]: who acts, when, in which request, and with which keys.
//! - [`audit`]: the chained trail of every write, and the log of disclosures.
//! - [`registers`]: what a record is. A register is one small file: its properties, values and rules.
//! - [`records`]: the engine, the same for all registers. One table, one write path, and the list of what follows from it.
//! - [`auth`]: scopes, access tokens, service accounts and limits.
//! - [`statistics`]: the tables of the activity report, made from the cube by layouts that are data.
//! - [`profile`]: the authority as data: its files, their faults, and the embedded ones.
//! - [`reports`]: the statistical part of the yearly report, as a page and in print.
//! - [`sync`]: other systems: records under their keys, imports, exports, connectors, the change feed.
//! - [`webhooks`]: subscriptions to the change feed, and their deliveries.
//! - [`admin`]: an operator's tasks: backups, erasure, proofs, demonstration data.
//! - [`metrics`]: measurements while the service runs.
//! - [`api`]: all that knows HTTP. An endpoint is declared once, with route, scope and documentation.
//! - [`cli`]: the commands.
//!
//! To read a write from top to bottom: `api::registers::create`, `records::store::create`, `records::projections::apply`
//! with the list of what follows from a change, `db::transaction`. To read a figure: `api::statistics::tables`,
//! `statistics::repository::table`, `records::projections::cube`, `statistics::table`.

pub mod admin;
pub mod api;
pub mod audit;
pub mod auth;
pub mod authority;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod db;
pub mod decimal;
pub mod digest;
pub mod error;
pub mod faults;
pub mod formats;
pub mod identity;
pub mod json;
pub mod logging;
pub mod messages;
pub mod metrics;
pub mod outgoing;
pub mod profile;
pub mod records;
pub mod registers;
pub mod reload;
pub mod reports;
pub mod seal;
pub mod source;
pub mod spans;
pub mod statistics;
pub mod sync;
pub mod text;
pub mod trace;
pub mod vocabulary;
pub mod webhooks;

pub use api::server::Service;
pub use clock::Clock;
pub use config::Config;
pub use error::Error;
