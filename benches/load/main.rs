//! The load command: fills a database through the service's own doors, then measures it with 16 connections.
//!
//! `cargo bench --bench load -- --database postgres --records 100000`. All figures of a run are made on one machine at
//! one time, so that the ratios to its references mean something anywhere: the service's `/health/live`, and on
//! PostgreSQL what `pgbench` does with the bare statements. The results of a run are kept under `target/load`, and the
//! next one says what has changed since.

mod chance;
mod database;
mod fill;
mod http;
mod own;
#[allow(dead_code)]
#[path = "../../tests/api/support/postgres.rs"]
mod postgres;
#[allow(dead_code)]
#[path = "../../tests/api/support/proxy.rs"]
mod proxy;
mod rows;
mod service;
mod table;
mod webhook;

use clap::{Parser, ValueEnum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

/// What to measure.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which database
    #[arg(long, value_enum, env = "AUFSICHT_LOAD_DATABASE", default_value = "sqlite")]
    database: Kind,
    /// How many records it has, over 30 years
    #[arg(long, env = "AUFSICHT_LOAD_RECORDS", default_value_t = 1000)]
    records: usize,
    /// How long each row is measured, in seconds
    #[arg(long, env = "AUFSICHT_LOAD_SECONDS", default_value_t = 2.0)]
    seconds: f64,
    /// Measures only rows whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Goes on for so many minutes with reads and writes, and tells memory and file descriptors each minute
    #[arg(long, default_value_t = 0)]
    soak: u64,
    /// Fills a SQLite database anew instead of taking the one that an earlier run has left
    #[arg(long)]
    fresh: bool,
    /// A folder with a profile: each case says something in each dimension and number of its own
    #[arg(long, value_name = "DIR")]
    profile: Option<std::path::PathBuf>,
    /// Gives each record a key of its own, in a database of keys
    #[arg(long)]
    record_keys: bool,
    /// The milliseconds that each way to PostgreSQL and back takes longer
    #[arg(long, default_value_t = 0.0, value_name = "MS")]
    delay: f64,
    /// Given by cargo
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(profile) = &arguments.profile {
        own::take(profile);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let failed = runtime.block_on(rows::run(&arguments));
    std::process::exit(i32::from(failed));
}
