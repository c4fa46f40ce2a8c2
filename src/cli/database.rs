//! The database from the command line: brought up to date, backed up, restored, sealed anew.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{act_without_personal_data, done};
use crate::admin::backup;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::sync::generation;
use crate::{db, seal};

/// The commands on the keys that personal data is sealed with.
#[derive(Subcommand)]
pub enum SealCommand {
    /// Print a new key
    Key,
    /// Seal everything with the first key, while the service runs; the other keys are needed no more afterwards
    Rotate,
}

/// Brings the database up to date.
pub fn migrate(config: &Config) -> Result<ExitCode> {
    db::check_session(&config.database.target()?)?;
    let mut applied = crate::registers::migrate(&mut db::create(&config.database.target()?, &config.database)?)?;
    let mut log = db::create(&config.database.access_log()?, &config.database)?;
    applied.extend(db::migrate_access_log(&mut log)?.into_iter().map(|name| format!("{name} of the access log")));
    match applied.as_slice() {
        [] => done("The database is up to date."),
        names => done(&format!("Applied {}.", names.join(", "))),
    }
}

/// Backs the databases up to a new file.
pub fn backup(config: &Config, file: &Path, recipients: &[String]) -> Result<ExitCode> {
    backup::backup(&config.database, file, recipients, &act_without_personal_data(config)?)?;
    done(&format!("Backed up to {}.", file.display()))
}

/// Restores a backup.
pub fn restore(config: &Config, file: &Path, identity: &Path) -> Result<ExitCode> {
    backup::restore(&config.database, file, identity, Clock::system().now())?;
    done("Restored. Prove it with: aufsicht verify")
}

/// Notes that the database was restored by other means.
pub fn restored(config: &Config) -> Result<ExitCode> {
    let mut db = db::connect_to(&config.database.target()?, &config.database)?;
    crate::registers::migrate(&mut db)?;
    generation::begin(&mut db, Clock::system().now())?;
    done("Recorded: whoever follows the change feed begins anew. Prove the database with: aufsicht verify")
}

/// Makes a key for backups.
pub fn backup_key(file: &Path) -> Result<ExitCode> {
    done(&backup::new_key(file)?)
}

/// Runs a command on keys.
pub fn seal(command: SealCommand, config: &Config) -> Result<ExitCode> {
    match command {
        SealCommand::Key => done(&seal::fresh_key()?),
        SealCommand::Rotate => {
            let mut db = db::connect(&config.database)?;
            let keys = seal::keys_for(&mut db, config)?;
            let sealed = seal::rotate(&mut db, &keys)?;
            done(&format!("Sealed {sealed} rows anew; everything is sealed with the first key now."))
        }
    }
}
