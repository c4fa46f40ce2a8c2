//! The commands. Each ends with code 0, or with one clear sentence on standard error and another code.

mod export;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::admin::{backup, demo, erasure, verify};
use crate::api::server::{self, Service};
use crate::audit::access_chain;
use crate::audit::access_log::{CommandDisclosure, DisclosureContext};
use crate::audit::anchors;
use crate::audit::trail::{self, Anchor};
use crate::auth::{Scope, Tokens, service_accounts};
use crate::calendar::YEARS;
use crate::clock::Clock;
use crate::config::{Config, duration};
use crate::context::OperationContext;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::reports::ReportFormat;
use crate::reports::figures::ReportRequest;
use crate::reports::report::Report;
use crate::seal::PurposeKeys;
use crate::statistics::lang::Lang;
use crate::statistics::layout::Layouts;
use crate::statistics::publications;
use crate::sync::cmi;
use crate::sync::generation;
use crate::sync::import;
use crate::sync::reason;
use crate::text;
use crate::webhooks::subscriptions;
use crate::{db, registers, seal};

/// Register and statistics service of a data protection authority.
#[derive(Parser)]
#[command(
    name = "aufsicht",
    version,
    about,
    after_help = "Log levels are set by RUST_LOG (default: info), for example RUST_LOG=aufsicht=debug."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
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
        command: ClientCommand,
    },
    /// Keys that personal data is sealed with in the database
    Seal {
        #[command(subcommand)]
        command: SealCommand,
    },
    /// Erase the personal data of closed records for good: rows, history, free pages. The statistics stay as they are
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
    },
    /// Restore a backup where no database is yet; cursors of the change feed from before are refused from then on
    Restore {
        /// The backup
        file: std::path::PathBuf,
        /// File with the key (AGE-SECRET-KEY-1...)
        #[arg(long)]
        identity: std::path::PathBuf,
    },
    /// Say that the database was restored by other means (pg_restore, a copy of the files), as `restore` does itself: cursors of
    /// the change feed from before are refused from then on. It stands in the audit trail
    Restored,
    /// Make a key for backups: it is written to a new file, and the recipient that belongs to it is printed
    BackupKey {
        /// The file, which must not be there yet
        file: std::path::PathBuf,
    },
    /// Report all that is held about one person's matter, or erase its personal data
    Subject {
        #[command(subcommand)]
        command: SubjectCommand,
    },
    /// Write the report of a year to a file, as PDF or as a page
    Report {
        /// The year
        #[arg(value_parser = clap::value_parser!(i32).range(i64::from(*YEARS.start())..=i64::from(*YEARS.end())))]
        year: i32,
        /// The file; its ending says what it becomes: .pdf or .html
        #[arg(short, long, value_name = "FILE")]
        output: std::path::PathBuf,
        /// The language: de, fr, it or en
        #[arg(long, default_value = "de")]
        lang: String,
    },
    /// Print the API document (OpenAPI 3.1)
    Openapi,
    /// Ask a running service at the configured address whether it is ready
    Health,
}

#[derive(Subcommand)]
enum ClientCommand {
    /// Create a service account and print its id and secret, which is shown once only
    Add {
        /// Name of the service account
        #[arg(long)]
        name: String,
        /// Scopes, separated by spaces
        #[arg(long)]
        scope: String,
        /// Registers that it is bound to, separated by commas; all of them when absent
        #[arg(long, value_delimiter = ',')]
        registers: Option<Vec<String>>,
    },
    /// List the service accounts
    List,
    /// Give a service account another secret and print it
    Rotate {
        /// Its id
        id: String,
    },
    /// Revoke a service account
    Remove {
        /// Its id
        id: String,
    },
}

#[derive(Subcommand)]
enum SyncCommand {
    /// From CMI AXIOMA (Konsul): what is newer there than here
    Cmi(cmi::CmiOptions),
}

#[derive(Subcommand)]
enum SealCommand {
    /// Print a new key
    Key,
    /// Seal everything with the first key, while the service runs; the other keys are needed no more afterwards
    Rotate,
}

#[derive(Subcommand)]
enum SubjectCommand {
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
        /// title,outcome,organisation,external.id,findings
        #[arg(long, value_delimiter = ',')]
        properties: Vec<String>,
    },
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut logger = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"));
    // What these say below `info` holds whole addresses: those of webhooks can be secrets.
    ["ureq", "ureq_proto"].iter().for_each(|module| {
        logger.filter_module(module, log::LevelFilter::Info);
    });
    logger.init();
    let command = arguments.command.unwrap_or(Command::Serve { demo: false });
    match run(command, arguments.config) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "aufsicht: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, config: Config) -> Result<ExitCode> {
    match command {
        Command::Serve { demo } => serve(config, demo),
        Command::Migrate => {
            let applied = registers::migrate(&mut db::connect(&config)?)?;
            match applied.as_slice() {
                [] => say("The database is up to date.")?,
                names => say(&format!("Applied {}.", names.join(", ")))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(options) => {
            let clock = Clock::system();
            let (told, whole) = import::run(&config, &options, clock.today(), clock.now())?;
            say(&told)?;
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Sync { command: SyncCommand::Cmi(options) } => {
            let whole = cmi::run(&config, &options, &Clock::system(), say)?;
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Export(options) => {
            export::run(&config, &options, &Clock::system())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Token { scope, subject, ttl } => {
            let scopes = scopes(&scope)?;
            let refused = |why: String| Error::Configuration(format!("--subject {why}"));
            let subject = text::line(&subject).map_err(|why| refused(why.to_string()))?;
            if subject.is_empty() {
                return Err(refused("must not be blank".into()));
            }
            say(&Tokens::new(&config)?.issue(&subject, &scopes, ttl, Clock::system().now())?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Anchor => {
            let log = access_chain::head(&mut access_log(&config)?)?;
            let (mut db, now) = (db::connect(&config)?, Clock::system().now());
            let keys = seal::keys_for(&mut db, &config)?;
            let keys = PurposeKeys::of(&mut db, &keys, now)?;
            let anchor = Anchor::new(trail::head(&mut db)?, log, &keys, now);
            say(&serde_json::to_string(&anchor).map_err(|error| Error::Internal(error.to_string()))?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Client { command } => client(command, &config),
        Command::Backup { file, recipient } => {
            backup::backup(&config, &file, &recipient, &act_without_personal_data(&config)?)?;
            say(&format!("Backed up to {}.", file.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Restore { file, identity } => {
            backup::restore(&config, &file, &identity, Clock::system().now())?;
            say("Restored. Prove it with: aufsicht verify")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Restored => {
            let mut db = db::connect(&config)?;
            registers::migrate(&mut db)?;
            generation::begin(&mut db, Clock::system().now())?;
            say("Recorded: whoever follows the change feed begins anew. Prove the database with: aufsicht verify")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::BackupKey { file } => {
            say(&backup::new_key(&file)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Anonymise { closed_before, dry_run, properties } => {
            anonymise(&config, closed_before, dry_run, &properties)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Seal { command: SealCommand::Key } => {
            say(&seal::fresh_key()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Seal { command: SealCommand::Rotate } => {
            let mut db = db::connect(&config)?;
            let keys = seal::keys_for(&mut db, &config)?;
            let sealed = seal::rotate(&mut db, &keys)?;
            say(&format!("Sealed {sealed} rows anew; everything is sealed with the first key now."))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Subject { command } => subject(command, &config),
        Command::Verify { anchor } => verify(&config, anchor.as_deref()),
        Command::Report { year, output, lang } => {
            report(&config, year, &lang, &output)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            write(&server::document_bytes()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Health => health(&config),
    }
}

/// The database of the access log.
fn access_log(config: &Config) -> Result<db::Db> {
    let mut log = db::connect_to(&config.access_log()?, config)?;
    db::migrate_access_log(&mut log)?;
    Ok(log)
}

/// Returns the context of a command: the operator acts.
fn act(db: &mut db::Db, config: &Config) -> Result<OperationContext> {
    let (request_id, keys) = (uuid::Uuid::now_v7().to_string(), seal::keys_for(db, config)?);
    Ok(OperationContext { actor: Identity::operator(), request_id, at: Clock::system().now(), keys, registers: None })
}

fn anonymise(config: &Config, closed_before: chrono::NaiveDate, dry_run: bool, properties: &[String]) -> Result<()> {
    erasure::check(properties)?;
    let mut db = db::connect(config)?;
    let records = erasure::closed_before(&mut db, closed_before)?;
    if dry_run {
        return say(&format!("{} records closed before {closed_before} have personal data.", records.len()));
    }
    let records = if properties.is_empty() { records } else { erasure::all_closed_before(&mut db, closed_before)? };
    let by = act(&mut db, config)?;
    let erasure = erasure::erase(&mut db, &records, (properties, false), &by)?;
    say(&format!("Erased the personal data of {} records closed before {closed_before}.", erasure.records))?;
    erasure.told().iter().try_for_each(|line| say(line))
}

/// The same for what personal data stays sealed in: the key need not be at hand.
fn act_without_personal_data(config: &Config) -> Result<OperationContext> {
    let (request_id, keys) = (uuid::Uuid::now_v7().to_string(), seal::Keys::new(config)?);
    Ok(OperationContext { actor: Identity::operator(), request_id, at: Clock::system().now(), keys, registers: None })
}

fn subject(command: SubjectCommand, config: &Config) -> Result<ExitCode> {
    let mut db = db::connect(config)?;
    match command {
        SubjectCommand::Report { record, purpose } => {
            let viewer = DisclosureContext::operator("subject report", &purpose)?;
            let mut log = access_log(config)?;
            let keys = seal::keys_for(&mut db, config)?;
            let recording = CommandDisclosure { viewer, at: Clock::system().now(), kept: config.access_log_retention };
            let report = erasure::report(&mut db, &mut log, &record, &keys, &recording)?;
            say(&serde_json::to_string_pretty(&report).map_err(|error| Error::Internal(error.to_string()))?)?;
        }
        SubjectCommand::Erase { record, properties } => {
            erasure::check(&properties)?;
            let by = act(&mut db, config)?;
            let erased = erasure::erase(&mut db, &[record], (&properties, true), &by)?;
            erased.told().iter().try_for_each(|line| say(line))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(config: &Config, anchor: Option<&std::path::Path>) -> Result<ExitCode> {
    let mut db = db::connect(config)?;
    let keys = seal::keys_for(&mut db, config)?;
    let (mut log, now) = (access_log(config)?, Clock::system().now());
    let mut differences = verify::verify(&mut db, &mut log, &keys, now)?;
    for note in publications::unlisted(&mut db, &Layouts::of(config)?)? {
        let _ = writeln!(std::io::stderr(), "aufsicht: {note}");
    }
    if let Some(file) = anchor {
        let failed = |why: &str| Error::Configuration(format!("{}: {why}", file.display()));
        let anchors = anchors::read(file)?;
        if anchors.is_empty() {
            return Err(failed("holds no anchor"));
        }
        let signing = PurposeKeys::held(&mut db, &keys)?;
        for anchor in &anchors {
            if !signing.as_ref().is_some_and(|keys| anchor.is_signed(keys)) {
                return Err(failed("was not signed with this service's key"));
            }
            differences.extend(trail::difference_from_anchor(&mut db, anchor)?);
            let link = anchor.access_log.as_ref();
            differences.extend(
                link.map(|link| access_chain::difference_from_anchor(&mut log, link, now)).transpose()?.flatten(),
            );
        }
    }
    for difference in &differences {
        say(difference)?;
    }
    if differences.is_empty() {
        say("Records, history, change feed, search, cube and audit trail agree.")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn client(command: ClientCommand, config: &Config) -> Result<ExitCode> {
    let mut db = db::connect(config)?;
    let by = act(&mut db, config)?;
    let told = |client: &service_accounts::ServiceAccount, secret: &str| {
        say(&format!("client_id={}\nclient_secret={secret}", client.id))
    };
    match command {
        ClientCommand::Add { name, scope, registers } => {
            let scopes: Vec<&str> = scopes(&scope)?.iter().map(|scope| scope.as_str()).collect();
            let body = serde_json::json!({"name": name, "scopes": scopes, "registers": registers});
            let new = service_accounts::NewClient::read(body).map_err(|error| Error::Configuration(reason(&error)))?;
            let secret = service_accounts::random_secret();
            told(&db::exclusively(&mut db, |tx| service_accounts::create(tx, new, &secret, &by))?, &secret)?;
        }
        ClientCommand::List => {
            for client in service_accounts::list(&mut db)? {
                let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.as_str()).collect();
                let registers = client.registers.as_ref().map_or_else(|| "all registers".into(), |list| list.join(","));
                let state = if client.is_active() { "active" } else { "revoked" };
                say(&format!("{}  {state}  {}  {}  {registers}", client.id, client.name, scopes.join(" ")))?;
            }
        }
        ClientCommand::Rotate { id } => {
            let secret = service_accounts::random_secret();
            told(&db::exclusively(&mut db, |tx| service_accounts::rotate(tx, &id, &secret, &by))?, &secret)?;
        }
        ClientCommand::Remove { id } => db::exclusively(&mut db, |tx| subscriptions::revoke_account(tx, &id, &by))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of a year, with all names: the operator may see the registers.
fn report(config: &Config, year: i32, lang: &str, output: &Path) -> Result<()> {
    let wrong = |why: &str| Error::Configuration(why.to_owned());
    let format = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let format = ReportFormat::parse(format).ok_or_else(|| wrong("--output must end in .pdf or .html"))?;
    let lang = Lang::parse(lang).ok_or_else(|| wrong("--lang must be one of de, fr, it, en"))?;
    let layouts = Layouts::of(config)?;
    let layout = layouts.get(None).ok_or_else(|| Error::Internal("no layout".into()))?;
    let named = registers::ALL.iter().map(|register| register.name).collect();
    let edition = ReportRequest { year, lang, today: Clock::system().today(), named, least: 0 };
    let mut db = db::connect(config)?;
    if !db::pending(&mut db).is_ok_and(|missing| missing.is_empty()) {
        return Err(wrong("the database is not up to date; see `aufsicht migrate`"));
    }
    let report = Report::read(&mut db, layout, &edition)?;
    std::fs::write(output, report.render(format)?)
        .map_err(|error| Error::Configuration(format!("cannot write {}: {error}", output.display())))
}

fn say(line: &str) -> Result<()> {
    write(format!("{line}\n").as_bytes())
}

fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| Error::Configuration(format!("cannot write to standard output: {error}")))
}

fn scopes(text: &str) -> Result<Vec<Scope>> {
    let known = || Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    let scopes: Result<Vec<Scope>> = text
        .split_ascii_whitespace()
        .map(|name| {
            Scope::parse(name)
                .ok_or_else(|| Error::Configuration(format!("--scope: \"{name}\" is not known; there are {}", known())))
        })
        .collect();
    match scopes {
        Ok(list) if list.is_empty() => Err(Error::Configuration(format!("--scope: name one at least of {}", known()))),
        scopes => scopes,
    }
}

fn serve(config: Config, with_demo: bool) -> Result<ExitCode> {
    config.check()?;
    let clock = Clock::system();
    let tokens = Tokens::new(&config)?;
    if with_demo {
        let mut db = db::connect(&config)?;
        registers::migrate(&mut db)?;
        let keys = seal::keys_for(&mut db, &config)?;
        match demo::fill(&mut db, &keys, &clock)? {
            Some(count) => {
                say(&format!("Filled the database with {count} records of the years 2012 to 2017."))?;
                if let Some(name) = &config.public_statistics {
                    let layouts = Layouts::of(&config)?;
                    layouts.get(Some(name)).map_or(Ok(()), |layout| demo::publish(&mut db, layout, &keys, &clock))?;
                }
            }
            None => say("The database has records already: nothing was added to it.")?,
        }
    }
    let service = Service::start(config, clock.clone())?;
    say(&format!("aufsicht listens on http://{}/ (API document: /openapi.json)", service.address()))?;
    if tokens.development {
        welcome(&service, &tokens, &clock, with_demo)?;
    }
    let stop = service.stopper();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("cannot start a runtime: {error}")))?;
    let signals = std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            wait_for_signal().await;
            log::info!("stopping: finishing what runs");
            stop().await;
        });
    });
    signals.map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))?;
    service.wait()?;
    Ok(ExitCode::SUCCESS)
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        }
        _ => std::future::pending().await,
    }
}

/// Prints what somebody who tries the service needs: a token and lines to paste.
fn welcome(service: &Service, tokens: &Tokens, clock: &Clock, with_demo: bool) -> Result<()> {
    let everything = tokens.issue("developer", Scope::ALL, Duration::from_secs(24 * 3600), clock.now())?;
    let base = format!("http://{}", service.address());
    let years = if with_demo { "?from=2012&to=2017" } else { "" };
    say(&format!(
        "\nDevelopment mode: no secret is configured, so the service listens on loopback only.\n\n\
         Swagger UI: {base}/swagger-ui/ (paste the token under Authorize)\n\n\
         A token with all scopes, valid for a day:\n\n  export TOKEN={everything}\n\n\
         Try:\n\n  \
         curl -H \"Authorization: Bearer $TOKEN\" '{base}/v1/statistics/services{years}'\n  \
         curl -H \"Authorization: Bearer $TOKEN\" '{base}/v1/cases?area=IT&limit=3'\n  \
         curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \
         -d '{{\"title\":\"Videoüberwachung beim Schulhaus\",\"area\":\"EDUCATION\"}}' '{base}/v1/cases'\n"
    ))
}

/// For container health checks, which have no curl.
fn health(config: &Config) -> Result<ExitCode> {
    use std::io::Read;
    use std::net::{IpAddr, Ipv4Addr, TcpStream};
    let failed = |error: std::io::Error| Error::Unavailable(error.to_string());
    let mut address = config.addresses()?[0];
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut stream = TcpStream::connect_timeout(&address, config.pool_timeout).map_err(failed)?;
    stream.set_read_timeout(Some(config.database_timeout)).map_err(failed)?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let status = answer.lines().next().unwrap_or_default();
    say(status)?;
    Ok(if status.starts_with("HTTP/1.1 200") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
