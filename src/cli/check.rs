//! The check of everything that a service needs, before it is started: nothing is served, nothing is changed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{code, say};
use crate::audit::{anchors, siem};
use crate::auth::Tokens;
use crate::config::{Config, Target};
use crate::db::{self, Schema};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::seal::{Keys, PurposeKeys};
use crate::statistics::public;

/// The options of the command.
#[derive(clap::Args)]
pub struct CheckOptions {
    /// Folder that backups go to: it must be there, and take files
    #[arg(long, value_name = "FOLDER")]
    backup_dir: Option<PathBuf>,
}

/// The state of one thing: what is told of it when it is well.
type Found = Result<String>;

/// Checks all that a service with these settings needs, one line each; the code tells whether all is well.
pub fn run(config: &Config, options: &CheckOptions) -> Result<ExitCode> {
    let (settings, development) = (config.check(), config.is_development());
    let mut is_well = tell("settings", settings.map(|()| "can be read".into()))?;
    is_well &= tell("database", database(config))?;
    is_well &= tell("access log", access_log(config))?;
    is_well &= tell("keys of records", record_keys(config))?;
    if let Some(found) = replica(config).transpose() {
        is_well &= tell("replica", found)?;
    }
    is_well &= tell("tokens", tokens(config, &development))?;
    if let Some(found) = provider(config).transpose() {
        is_well &= tell("OpenID provider", found)?;
    }
    is_well &= tell("seal", seal(config))?;
    if let Some(file) = &config.audit.anchor_file {
        is_well &= tell("anchors", anchors_in(file))?;
    }
    if let Some(file) = &config.audit.siem_file {
        is_well &= tell("SIEM", siem::check(file))?;
    }
    if let Some(folder) = &options.backup_dir {
        is_well &= tell("backups", takes_files(folder))?;
    }
    is_well &= tell("profile", profile(config))?;
    Ok(code(is_well))
}

/// Says how a thing was found; false when it is not well.
fn tell(name: &str, found: Found) -> Result<bool> {
    let (state, text, is_well) = match found {
        Ok(text) => ("ok", text, true),
        Err(error) => ("fault", error.to_string(), false),
    };
    let text = text.split('\n').map(str::trim).collect::<Vec<_>>().join("; ");
    say(&format!("{state}: {name}: {text}"))?;
    Ok(is_well)
}

fn kind(target: &Target) -> String {
    match target {
        Target::Sqlite(path) => format!("SQLite, {path}"),
        Target::Postgres(_) | Target::PostgresSchema(..) => "PostgreSQL".into(),
    }
}

/// The schema of a place, and that its turn to write comes.
fn place(config: &Config, target: &Target, schema: Schema) -> Found {
    schema.check(&mut db::look(target, &config.database)?)?;
    db::check_writing(target, schema, &config.database)?;
    Ok(format!("{}, its schema is that of this version", kind(target)))
}

fn database(config: &Config) -> Found {
    place(config, &config.database.target()?, Schema::Records)
}

fn access_log(config: &Config) -> Found {
    db::check_access_log(&config.database)?;
    place(config, &config.database.access_log()?, Schema::AccessLog)
}

fn record_keys(config: &Config) -> Found {
    match config.database.record_keys()? {
        Some(target) => place(config, &target, Schema::RecordKeys),
        None => Ok("there are none: an erasure does not reach copies of the data (AUFSICHT_RECORD_KEYS_URL)".into()),
    }
}

fn replica(config: &Config) -> Result<Option<String>> {
    let (reads, writes) = (config.connections.read_target(&config.database)?, config.database.target()?);
    if reads == writes {
        return Ok(None);
    }
    Schema::Records.check(&mut db::look(&reads, &config.database)?)?;
    Ok(Some(format!("{}, its schema is that of this version", kind(&reads))))
}

fn tokens(config: &Config, development: &Result<bool>) -> Found {
    match development {
        // Its secret is made by the first start.
        Ok(true) => Ok("development mode: no secret is configured, only this machine can reach the service".into()),
        Ok(false) => {
            let number = Tokens::own_only(config)?.own().accepted.len();
            Ok(format!("{number} secrets and keys"))
        }
        Err(_) => Err(Error::Configuration("the settings do not tell".into())),
    }
}

fn provider(config: &Config) -> Result<Option<String>> {
    if config.provider.issuer.is_none() {
        return Ok(None);
    }
    let number = Tokens::check_provider(config)?;
    Ok(Some(format!("{number} keys of {}", config.provider.issuer.as_deref().unwrap_or_default())))
}

fn seal(config: &Config) -> Found {
    if config.has_development_seal_key() {
        return Ok("development mode: personal data is sealed with a development key".into());
    }
    let keys = Keys::new(config)?;
    let held = PurposeKeys::held(&mut db::look(&config.database.target()?, &config.database)?, &keys)?;
    Ok(match held {
        Some(_) => "the keys open what is sealed".into(),
        None => "the keys can be read; nothing is sealed yet".into(),
    })
}

fn anchors_in(file: &Path) -> Found {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    takes_files(folder)?;
    Ok(format!("{} anchors in {}", anchors::read(file)?.len(), file.display()))
}

/// A file is made there, without a name or gone at once.
fn takes_files(folder: &Path) -> Found {
    let refused = |error: std::io::Error| Error::Configuration(format!("{} takes no files: {error}", folder.display()));
    tempfile::tempfile_in(folder).map_err(refused)?;
    Ok(format!("{} takes files", folder.display()))
}

fn profile(config: &Config) -> Found {
    let (profile, doubts) = Profile::reviewed(&config.profile)?;
    public::suppression(&config.public, &profile.layouts)?;
    let mut told = profile.authority.name.get(profile.authority.language()).to_owned();
    if !doubts.is_empty() {
        told += &format!(", with {} doubts that `aufsicht profile check` tells", doubts.len());
    }
    Ok(told)
}
