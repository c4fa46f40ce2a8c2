//! The database from the command line: brought up to date, backed up, restored, sealed anew.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{act, act_without_personal_data, done, say};
use crate::admin::backup::{self, BackupOf};
use crate::admin::erasure;
use crate::admin::unused_keys;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
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
    /// Take the keys of records that seal nothing and did not a day ago either, while the service runs. Those that are found for the
    /// first time wait: a write under way may have them
    Sweep,
}

/// Brings the database up to date.
pub fn migrate(config: &Config) -> Result<ExitCode> {
    db::check_access_log(&config.database)?;
    let mut applied = crate::registers::migrate(&mut db::create(&config.database.target()?, &config.database)?)?;
    let mut log = db::create(&config.database.access_log()?, &config.database)?;
    applied.extend(db::migrate_access_log(&mut log)?.into_iter().map(|name| format!("{name} of the access log")));
    if let Some(target) = config.database.record_keys()? {
        let keys = db::migrate_record_keys(&mut db::create(&target, &config.database)?)?;
        applied.extend(keys.into_iter().map(|name| format!("{name} of the keys of records")));
    }
    match applied.as_slice() {
        [] => done("The database is up to date."),
        names => done(&format!("Applied {}.", names.join(", "))),
    }
}

/// Backs the databases up to a new file, or the keys of records.
pub fn backup(config: &Config, of: BackupOf, file: &Path, recipients: &[String]) -> Result<ExitCode> {
    backup::backup(&config.database, (of, file), recipients, &act_without_personal_data(config)?)?;
    let kept = match of {
        BackupOf::RecordKeys => {
            " It holds keys of records as they are now: what is erased from now on can be read with it, so keep it no longer than \
             an erasure may take (30 days, say), and apart from the backups of the data."
        }
        BackupOf::Data => "",
    };
    done(&format!("Backed up to {}.{kept}", file.display()))
}

/// Restores a backup.
pub fn restore(config: &Config, of: BackupOf, file: &Path, identity: &Path) -> Result<ExitCode> {
    let mut finished = Vec::new();
    backup::restore(&config.database, (of, file), identity, |db| {
        finished = finish_restored(config, db)?;
        Ok(())
    })?;
    if of == BackupOf::RecordKeys {
        finished = destroy_restored(config)?;
    }
    finished.iter().try_for_each(|line| say(line))?;
    done("Restored. Prove it with: aufsicht verify")
}

/// Notes that the database was restored by other means.
pub fn restored(config: &Config) -> Result<ExitCode> {
    let mut db = db::connect_to(&config.database.target()?, &config.database)?;
    crate::registers::migrate(&mut db)?;
    finish_restored(config, &mut db)?.iter().try_for_each(|line| say(line))?;
    done("Recorded: whoever follows the change feed begins anew. Prove the database with: aufsicht verify")
}

/// Begins a generation of the change feed in a database that was restored, and finishes the erasures that came after the copy.
fn finish_restored(config: &Config, db: &mut Db) -> Result<Vec<String>> {
    generation::begin(db, Clock::system().now())?;
    if config.database.record_keys()?.is_none() {
        return Ok(Vec::new());
    }
    let by = act(db, config)?;
    let records = erasure::finish(db, &by)?;
    erasure::destroy_all(db, &by.keys)?;
    Ok(vec![format!("Erased {records} records again, which were erased after this copy was made.")])
}

/// Destroys in keys that were restored those that were destroyed after the copy, as far as the data tells.
fn destroy_restored(config: &Config) -> Result<Vec<String>> {
    if config.database.target()?.must_exist().is_err() {
        let told = "There is no data beside the keys: when there is, `aufsicht restored` destroys what belongs to erased records.";
        return Ok(vec![told.into()]);
    }
    let mut db = db::connect(&config.database)?;
    let keys = seal::Keys::new(config)?;
    let destroyed = erasure::destroy_all(&mut db, &keys)?;
    Ok(vec![format!("Destroyed {} keys again, whose records were erased after this copy was made.", destroyed.now)])
}

/// Makes a key for backups.
pub fn backup_key(file: &Path) -> Result<ExitCode> {
    done(&backup::new_key(file)?)
}

/// Runs a command on keys.
pub fn seal(command: SealCommand, config: &Config) -> Result<ExitCode> {
    match command {
        SealCommand::Key => done(&seal::fresh_key()?),
        SealCommand::Sweep => {
            let mut db = db::connect(&config.database)?;
            let keys = seal::keys_for(&mut db, config)?;
            let swept = unused_keys::sweep(&mut db, &keys, Clock::system().now())?;
            done(&format!(
                "Took {} keys of records that seal nothing; {} more were found now and can be taken in a day.",
                swept.taken, swept.retired
            ))
        }
        SealCommand::Rotate => {
            let mut db = db::connect(&config.database)?;
            let keys = seal::keys_for(&mut db, config)?;
            let sealed = seal::rotate(&mut db, &keys)?;
            done(&format!(
                "Sealed {sealed} rows anew; everything is sealed with the first key now{}.",
                match keys.has_record_keys() {
                    true => ", and what records say with keys of their own, which are",
                    false => "",
                }
            ))
        }
    }
}
