//! The profile from the command line: written out to start from, and checked.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::{code, say};
use crate::clock::Clock;
use crate::config::{Config, DatabaseSettings, ProfileSettings, PublicSettings};
use crate::db;
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileFiles};
use crate::statistics::public;

/// The commands on profiles.
#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Write the embedded profile to a folder, to start from
    Init {
        /// The folder; none of the profile's files may be there yet
        directory: PathBuf,
    },
    /// Name every fault of a profile with file, line and remedy, and warn of what is doubtful: values that no line uses and, where
    /// --database-url names a database, records that the vocabulary does not know or that no line counts. Exit code 0 without faults
    Check {
        /// The folder
        directory: PathBuf,
    },
}

/// Runs a command; the database is looked at only where one is named.
pub fn run(command: &ProfileCommand, config: &Config, names_database: bool) -> Result<ExitCode> {
    match command {
        ProfileCommand::Init { directory } => init(directory),
        ProfileCommand::Check { directory } => check(directory, config, names_database),
    }
}

fn init(directory: &Path) -> Result<ExitCode> {
    for file in ProfileFiles::write_embedded(directory)? {
        say(&format!("Wrote {file}"))?;
    }
    say(&format!("Change them, and check them with: aufsicht profile check {}", directory.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn check(directory: &Path, config: &Config, names_database: bool) -> Result<ExitCode> {
    let settings = ProfileSettings { directory: Some(directory.to_owned()), ..config.profile.clone() };
    let profile = match Profile::reviewed(&settings) {
        Ok((profile, doubts)) => {
            doubts.iter().try_for_each(|doubt| say(&format!("warning: {doubt}")))?;
            profile
        }
        Err(Error::Configuration(faults)) => {
            say(&faults)?;
            return Ok(code(false));
        }
        Err(error) => return Err(error),
    };
    for why in unprotected(&profile, &config.public) {
        say(&format!("warning: {why}"))?;
    }
    if names_database {
        for doubt in doubts_of_records(&profile, &config.database)? {
            say(&format!("warning: {doubt}"))?;
        }
    }
    say(&format!("The profile {} has no faults.", directory.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The reasons why layouts could not be shown to the public.
fn unprotected(profile: &Profile, settings: &PublicSettings) -> Vec<Error> {
    let names = profile.layouts.iter().map(|layout| layout.name.clone());
    let refused = |name: String| {
        let settings = PublicSettings { layout: Some(name), ..settings.clone() };
        public::suppression(&settings, &profile.layouts).err()
    };
    names.filter_map(refused).collect()
}

fn doubts_of_records(profile: &Profile, settings: &DatabaseSettings) -> Result<Vec<String>> {
    profile.doubts_of_records(&mut db::connect(settings)?, Clock::system().today())
}
