//! The commands. Each ends with code 0, or with one clear sentence on standard error and another code.

mod accounts;
mod audit;
mod check;
mod database;
mod environment;
mod examples;
mod export;
mod manual;
mod profile;
mod report;
mod serve;
mod settings;
mod settings_file;
mod subject;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::admin::backup::BackupOf;
use crate::api::server;
use crate::calendar::YEARS;
use crate::clock::Clock;
use crate::config::{Config, DATABASE, duration};
use crate::context::OperationContext;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::logging;
use crate::profile::Profile;
use crate::sync::cmi;
use crate::sync::import;
use crate::{db, seal};

/// The version with the commit and its day, where the build knew them.
const VERSION: &str = env!("BUILD_VERSION");

/// Register and statistics service of a data protection authority.
#[derive(Parser)]
#[command(
    name = "aufsicht",
    version = VERSION,
    about,
    after_help = examples::OF_ALL
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// File with settings (TOML), by the names of the variables in lower case; flags and variables weigh more
    #[arg(
        id = "SETTINGS",
        long = "settings",
        env = "AUFSICHT_SETTINGS",
        value_name = "FILE",
        global = true,
        help_heading = "Settings file"
    )]
    settings: Option<std::path::PathBuf>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service (default)
    Serve {
        /// Fill an empty database with the demonstration years 2012 to 2017 first
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database up to date
    Migrate,
    /// Check all that the service needs (settings, databases, schemas, keys, issuers, profile), a line each, and neither serve nor
    /// change anything (exit code 1 if something is not well)
    Check(check::CheckOptions),
    /// Import records from a file: CSV as people have it, or lines of JSON. The same file twice changes nothing
    Import(import::ImportOptions),
    /// Fetch records from another system
    Sync {
        #[command(subcommand)]
        command: SyncCommand,
    },
    /// Export the records of a register to a file or to standard output
    Export(export::ExportOptions),
    /// Print an access token, alone, on standard output
    Token {
        /// Scopes, separated by spaces
        #[arg(long)]
        scope: String,
        /// Subject that the token speaks for; stands in the history of what is changed with it
        #[arg(long)]
        subject: String,
        /// Time for which the token is valid, e.g. 15m, 1h or 30d
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
    },
    /// Recount the cube, replay the histories, prove the audit trail, and name every difference (exit code 1 if there is any)
    Verify {
        /// An anchor of the audit trail that was kept: what is missing or altered since then is found even if the chain fits
        #[arg(long)]
        anchor: Option<std::path::PathBuf>,
    },
    /// Print an anchor of the audit trail, to be kept elsewhere
    Anchor,
    /// Manage service accounts
    Client {
        #[command(subcommand)]
        command: accounts::ClientCommand,
    },
    /// Keys that personal data is sealed with in the database
    Seal {
        #[command(subcommand)]
        command: database::SealCommand,
    },
    /// Erase the personal data of closed records for good: rows, history, free pages. The statistics stay as they are,
    /// unless values of the authority's own are named too (own.NAME)
    Anonymise {
        /// Of records closed before this day
        #[arg(long, value_name = "DATE")]
        closed_before: chrono::NaiveDate,
        /// Only say what would be erased
        #[arg(long)]
        dry_run: bool,
        /// Texts to be erased too, in the records and in their histories, such as title,outcome
        #[arg(long, value_delimiter = ',')]
        properties: Vec<String>,
    },
    /// Back the SQLite databases up to a new file, while the service runs; encrypted (age). It stands in the audit trail
    Backup {
        /// The file, which must not be there yet
        file: std::path::PathBuf,
        /// Recipient that the backup is encrypted for (age1...); may be given several times
        #[arg(long, required = true)]
        recipient: Vec<String>,
        /// Of the keys of records alone, which no other backup holds: an erasure is complete when the last copy of the keys from
        /// before is gone
        #[arg(long)]
        record_keys: bool,
    },
    /// Restore a backup where no database is yet, and finish there what was erased since; cursors of the change feed from before are refused from then on
    Restore {
        /// The backup
        file: std::path::PathBuf,
        /// File with the key (AGE-SECRET-KEY-1...)
        #[arg(long)]
        identity: std::path::PathBuf,
        /// Of the keys of records
        #[arg(long)]
        record_keys: bool,
    },
    /// Say that the database was restored by other means (pg_restore, a copy of the files), as `restore` does itself: cursors of
    /// the change feed from before are refused from then on, and what was erased since is erased there too. It stands in the audit trail
    Restored,
    /// Make a key for backups: it is written to a new file, and the recipient that belongs to it is printed
    BackupKey {
        /// The file, which must not be there yet
        file: std::path::PathBuf,
    },
    /// Report all that is held about one person's matter, or erase its personal data
    Subject {
        #[command(subcommand)]
        command: subject::SubjectCommand,
    },
    /// Write out and check the profile of an authority: its name, vocabulary, tables and texts
    Profile {
        #[command(subcommand)]
        command: profile::ProfileCommand,
    },
    /// Write the report of a year to a file: as PDF, as a page, or as a document to work on
    Report {
        /// The year
        #[arg(value_parser = clap::value_parser!(i32).range(i64::from(*YEARS.start())..=i64::from(*YEARS.end())))]
        year: i32,
        /// The file; its ending says what it becomes: .pdf, .html or .docx
        #[arg(short, long, value_name = "FILE")]
        output: std::path::PathBuf,
        /// The language; without it the authority's first one
        #[arg(long)]
        lang: Option<String>,
    },
    /// Print the API document (OpenAPI 3.1)
    Openapi,
    /// Ask a running service at the configured address whether it is ready
    Health,
    #[command(flatten)]
    Manual(manual::ManualCommand),
}

#[derive(Subcommand)]
enum SyncCommand {
    /// From CMI AXIOMA: what is newer there than here
    Cmi(cmi::CmiOptions),
}

/// Sayings of the libraries that read values, and the same in words.
const OF_LIBRARIES: [(&str, &str); 7] = [
    ("invalid digit found in string", "give a whole number"),
    ("cannot parse integer from empty string", "give a whole number"),
    ("number too large to fit in target type", "the number is too large"),
    ("number too small to fit in target type", "the number is too small"),
    ("input contains invalid characters", "give a date as YYYY-MM-DD"),
    ("premature end of input", "give a date as YYYY-MM-DD"),
    ("input is out of range", "there is no such date"),
];

/// Ends with what is wrong with the arguments, or with the help that was asked for. A setting is named by its variable too: it may
/// come from there, or from a file.
fn refuse(known: &clap::Command, error: &clap::Error) -> ! {
    if error.kind() != clap::error::ErrorKind::ValueValidation {
        error.exit();
    }
    let said = error.render().to_string();
    let said = OF_LIBRARIES.iter().fold(said, |said, (theirs, ours)| said.replace(theirs, ours));
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => environment::variable_of(known, flag).map(|variable| (flag, variable)),
        _ => None,
    };
    let said = match named {
        Some((flag, variable)) => said.replacen(&format!("'{flag}'"), &format!("'{flag}' ({variable})"), 1),
        None => said,
    };
    eprint!("{said}");
    std::process::exit(error.exit_code());
}

/// The command line whose help shows what belongs to each command.
fn helpful(command: clap::Command) -> clap::Command {
    examples::added(settings::hide_unread(command))
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    // What a process makes only its user can read.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let known = Arguments::command();
    let command = environment::without_empty(Arguments::command());
    let matches = helpful(command.clone()).try_get_matches().unwrap_or_else(|error| refuse(&known, &error));
    let read = environment::check(&known)
        .and_then(|()| settings_file::check_partners(&command, &matches))
        .and_then(|()| settings_file::with_file(command, &matches));
    let matches = match read {
        Ok(command) => helpful(command).try_get_matches().unwrap_or_else(|error| refuse(&known, &error)),
        Err(error) => return refused(&error),
    };
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| refuse(&known, &error));
    let database = &arguments.config.database;
    let names_database = matches.value_source("DATABASE_URL") != Some(ValueSource::DefaultValue)
        || database.url != DATABASE
        || database.url_file.is_some();
    if let Err(error) = logging::start(arguments.config.logs.format) {
        return refused(&error);
    }
    let command = arguments.command.unwrap_or(Command::Serve { demo: false });
    let done = run(command, arguments.config, names_database).unwrap_or_else(|error| refused(&error));
    log::logger().flush();
    done
}

/// Says why nothing is done.
fn refused(error: &Error) -> ExitCode {
    let mut said = without_numbers(&error.to_string());
    if said.contains("due to lock timeout")
        && let Some(holders) = db::last_lock_holders()
    {
        said += &format!(": {holders} holds the lock");
    }
    let _ = writeln!(std::io::stderr(), "aufsicht: {said}");
    ExitCode::FAILURE
}

/// A message without the numbers that the operating system has for its errors: their words stand before them.
fn without_numbers(message: &str) -> String {
    const NUMBER: &str = " (os error ";
    let mut rest = message;
    let mut said = String::new();
    while let Some((before, after)) = rest.split_once(NUMBER) {
        said += before;
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    said + rest
}

fn run(command: Command, config: Config, names_database: bool) -> Result<ExitCode> {
    match command {
        Command::Serve { demo } => serve::serve(config, demo),
        Command::Migrate => database::migrate(&config),
        Command::Check(options) => check::run(&config, &options),
        Command::Import(options) => import(&config, &options),
        Command::Sync { command: SyncCommand::Cmi(options) } => {
            cmi::run(&config, &options, &Clock::system(), say).map(code)
        }
        Command::Export(options) => export::run(&config, &options, &Clock::system()).map(|()| ExitCode::SUCCESS),
        Command::Token { scope, subject, ttl } => accounts::token(&config, &scope, &subject, ttl),
        Command::Anchor => audit::anchor(&config),
        Command::Client { command } => accounts::client(command, &config),
        Command::Backup { file, recipient, record_keys } => {
            database::backup(&config, backup_of(record_keys), &file, &recipient)
        }
        Command::Restore { file, identity, record_keys } => {
            database::restore(&config, backup_of(record_keys), &file, &identity)
        }
        Command::Restored => database::restored(&config),
        Command::BackupKey { file } => database::backup_key(&file),
        Command::Anonymise { closed_before, dry_run, properties } => {
            subject::anonymise(&config, closed_before, dry_run, &properties)
        }
        Command::Seal { command } => database::seal(command, &config),
        Command::Subject { command } => subject::subject(command, &config),
        Command::Verify { anchor } => audit::verify(&config, anchor.as_deref()),
        Command::Profile { command } => profile::run(&command, &config, names_database),
        Command::Report { year, output, lang } => {
            report::report(&config, year, lang.as_deref(), &output).map(|()| ExitCode::SUCCESS)
        }
        Command::Openapi => write(&server::document_bytes(&Profile::of(&config.profile)?)?).map(|()| ExitCode::SUCCESS),
        Command::Health => serve::health(&config),
        Command::Manual(command) => manual::run(&command),
    }
}

/// The databases that a backup is of.
fn backup_of(record_keys: bool) -> BackupOf {
    if record_keys { BackupOf::RecordKeys } else { BackupOf::Data }
}

fn import(config: &Config, options: &import::ImportOptions) -> Result<ExitCode> {
    let clock = Clock::system();
    let (told, whole) = import::run(config, options, clock.today(), clock.now())?;
    say(&told)?;
    Ok(code(whole))
}

/// The code of a command that has done its work, or has found something that is not right.
fn code(is_right: bool) -> ExitCode {
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The database of the access log.
fn access_log(config: &Config) -> Result<db::Db> {
    let mut log = db::connect_to(&config.database.access_log()?, &config.database)?;
    db::Schema::AccessLog.check(&mut log)?;
    Ok(log)
}

/// Returns the context of a command: the operator acts.
fn act(db: &mut db::Db, config: &Config) -> Result<OperationContext> {
    let (request_id, keys) = (uuid::Uuid::now_v7().to_string(), seal::keys_for(db, config)?);
    Ok(OperationContext {
        actor: Identity::operator(),
        request_id,
        trace: None,
        at: Clock::system().now(),
        keys,
        registers: None,
    })
}

/// The same for what personal data stays sealed in: the key need not be at hand.
fn act_without_personal_data(config: &Config) -> Result<OperationContext> {
    let (request_id, keys) = (uuid::Uuid::now_v7().to_string(), seal::Keys::new(config)?);
    Ok(OperationContext {
        actor: Identity::operator(),
        request_id,
        trace: None,
        at: Clock::system().now(),
        keys,
        registers: None,
    })
}

fn say(line: &str) -> Result<()> {
    write(format!("{line}\n").as_bytes())
}

/// Says the line with which a command has done its work.
fn done(line: &str) -> Result<ExitCode> {
    say(line).map(|()| ExitCode::SUCCESS)
}

fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| unwritten("cannot write to standard output", &error))
}

/// The code of a command whose output nobody reads any more: as a shell tells it of others, 128 and the number of SIGPIPE.
const UNREAD: i32 = 141;

/// The error of output that cannot be written. Where nobody reads it any more, as behind `head`, the command ends without a
/// word.
fn unwritten(what: &str, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(UNREAD);
    }
    Error::Configuration(format!("{what}: {error}"))
}
