//! Personal data from the command line: told to the person that it is about, and erased.

use std::process::ExitCode;

use clap::Subcommand;

use super::{access_log, act, code, done, say};
use crate::admin::erasure;
use crate::audit::access_log::{CommandDisclosure, DisclosureContext};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::records::erasable::ErasedTexts;
use crate::{db, seal};

/// The commands on one person's matter.
#[derive(Subcommand)]
pub enum SubjectCommand {
    /// Print all that is held about a record, as JSON: itself, its history, and who saw its personal data. The disclosure is
    /// recorded in the access log
    Report {
        /// The record's id
        #[arg(long)]
        record: String,
        /// Purpose that the report is needed for
        #[arg(long)]
        purpose: String,
    },
    /// Erase the personal data of a record for good, and say what was taken and what was left
    Erase {
        /// The record's id
        #[arg(long)]
        record: String,
        /// Texts that should not have been there and are to be erased too, in the record and in its history, such as
        /// title,outcome,organisation,external.id,findings. A value of the authority's own (own.NAME) goes too where it is named, and
        /// figures count it no more
        #[arg(long, value_delimiter = ',')]
        properties: Vec<String>,
    },
}

/// Runs a command on one person's matter.
pub fn subject(command: SubjectCommand, config: &Config) -> Result<ExitCode> {
    let mut db = db::connect(&config.database)?;
    match command {
        SubjectCommand::Report { record, purpose } => {
            let viewer = DisclosureContext::operator("subject report", &purpose)?;
            let mut log = access_log(config)?;
            let keys = seal::keys_for(&mut db, config)?;
            let recording = CommandDisclosure { viewer, at: Clock::system().now(), kept: config.audit.retention };
            let report = erasure::report(&mut db, &mut log, &record, &keys, &recording)?;
            say(&serde_json::to_string_pretty(&report).map_err(|error| Error::Internal(error.to_string()))?)?;
        }
        SubjectCommand::Erase { record, properties } => {
            let wanted = wanted(&properties, config)?;
            let by = act(&mut db, config)?;
            let erased = erasure::erase(&mut db, &[record], (wanted, true), &by)?;
            erased.told().iter().try_for_each(|line| say(line))?;
            return Ok(code(erased.is_complete()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The texts that are named, if they can be erased; the word in their place is in the language that the authority works in first.
fn wanted<'p>(properties: &'p [String], config: &Config) -> Result<ErasedTexts<'p>> {
    let profile = Profile::of(&config.profile)?;
    erasure::check(properties, &profile.vocabulary)?;
    Ok(ErasedTexts { properties, lang: profile.authority.language() })
}

/// Erases the personal data of the records that were closed before a day, or says of how many it would.
pub fn anonymise(
    config: &Config,
    closed_before: chrono::NaiveDate,
    dry_run: bool,
    properties: &[String],
) -> Result<ExitCode> {
    let wanted = wanted(properties, config)?;
    let mut db = db::connect(&config.database)?;
    let records = erasure::closed_before(&mut db, closed_before)?;
    if dry_run {
        return done(&format!("{} records closed before {closed_before} have personal data.", records.len()));
    }
    let records = if properties.is_empty() { records } else { erasure::all_closed_before(&mut db, closed_before)? };
    let by = act(&mut db, config)?;
    let erasure = erasure::erase(&mut db, &records, (wanted, false), &by)?;
    // One that was broken off after the data and before the keys.
    erasure::destroy_all(&mut db, &by.keys)?;
    say(&format!("Erased the personal data of {} records closed before {closed_before}.", erasure.records))?;
    erasure.told().iter().try_for_each(|line| say(line))?;
    Ok(code(erasure.is_complete()))
}
