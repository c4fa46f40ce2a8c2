//! The settings file: the settings by the names of their variables in lower case. What the environment or a flag says weighs
//! more.

use std::collections::BTreeMap;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};
use crate::source::{Refusal, did_you_mean, located, unreadable};

/// The beginning of the names of variables, which the file may leave out.
const PREFIX: &str = "aufsicht_";

/// The values of the settings that a file has, by their ids.
type Values = BTreeMap<String, Vec<String>>;

/// The command line whose defaults are what the settings file says, where the arguments name one.
pub fn with_file(command: Command, given: &ArgMatches) -> Result<Command> {
    let Some(file) = given.get_one::<std::path::PathBuf>("SETTINGS") else { return Ok(command) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::Configuration(format!("AUFSICHT_SETTINGS: cannot read {}: {error}", file.display())))?;
    let values = read(&command, file, &text)?;
    let is_outdone =
        |id: &str| is_given(given, id) || partner(&command, id).is_some_and(|other| is_given(given, &other));
    let weighs: Values = values.into_iter().filter(|(id, _)| !is_outdone(id)).collect();
    Ok(command.mut_args(|argument| match weighs.get(argument.get_id().as_str()) {
        Some(values) => argument.default_values(values.clone()),
        None => argument,
    }))
}

/// Refuses a secret that is given both by itself and as a file.
pub fn check_partners(command: &Command, given: &ArgMatches) -> Result<()> {
    let twice = command.get_arguments().find_map(|argument| {
        let file = variable(argument)?;
        let plain = file.strip_suffix("_FILE")?;
        let other = command.get_arguments().find(|other| variable(other) == Some(plain))?;
        let is_twice = is_given(given, argument.get_id().as_str()) && is_given(given, other.get_id().as_str());
        is_twice.then(|| format!("set {plain} or {file}, not both"))
    });
    twice.map_or(Ok(()), |reason| Err(Error::Configuration(reason)))
}

/// True if a flag or a variable gives a setting.
fn is_given(given: &ArgMatches, id: &str) -> bool {
    matches!(given.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// The variable of a setting.
fn variable(argument: &Arg) -> Option<&str> {
    argument.get_env().and_then(|name| name.to_str())
}

/// The id of the setting that stands in for another one: the file with a secret for the secret, and the secret for the file.
fn partner(command: &Command, id: &str) -> Option<String> {
    let name = variable(command.get_arguments().find(|argument| argument.get_id() == id)?)?;
    let other = name.strip_suffix("_FILE").map_or_else(|| format!("{name}_FILE"), str::to_owned);
    let found = command.get_arguments().find(|argument| variable(argument) == Some(&other));
    found.map(|argument| argument.get_id().to_string())
}

/// The values that a file has; its first fault is refused with its line.
fn read(command: &Command, file: &Path, text: &str) -> Result<Values> {
    let refuse =
        |refusal: Refusal| Error::Configuration(located(&file.display().to_string(), text, refusal).to_string());
    let table = DeTable::parse(text).map_err(|error| refuse(unreadable(&error)))?.into_inner();
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let mut values = Values::new();
    for (name, value) in entries {
        let (place, written) = (name.span().start, name.get_ref().as_ref());
        let argument = setting(command, written).map_err(|why| refuse((place, why)))?;
        let given = texts(argument, value).map_err(|why| refuse((place, format!("{written} {why}"))))?;
        if given.iter().all(String::is_empty) {
            continue;
        }
        accepted(argument, &given).map_err(|why| refuse((place, format!("{written}: {why}"))))?;
        if partner(command, argument.get_id().as_str()).is_some_and(|other| values.contains_key(&other)) {
            let plain = written.strip_suffix("_file").unwrap_or(written);
            return Err(refuse((place, format!("set {plain} or {plain}_file, not both"))));
        }
        if values.insert(argument.get_id().to_string(), given).is_some() {
            return Err(refuse((place, format!("{written} is set twice"))));
        }
    }
    Ok(values)
}

/// The setting of a name.
fn setting<'c>(command: &'c Command, written: &str) -> std::result::Result<&'c Arg, String> {
    let name = |argument: &Arg| variable(argument).map(str::to_lowercase);
    let is_meant = |argument: &&Arg| {
        let known = name(argument).filter(|known| known != "aufsicht_settings");
        known.is_some_and(|known| written == known || known.strip_prefix(PREFIX) == Some(written))
    };
    command.get_arguments().find(is_meant).ok_or_else(|| {
        let known: Vec<String> = command.get_arguments().filter_map(name).collect();
        let short = known.iter().map(|known| known.strip_prefix(PREFIX).unwrap_or(known));
        let whole = written.starts_with(PREFIX).then(|| known.iter().map(String::as_str)).into_iter().flatten();
        let meant = did_you_mean(written, short.chain(whole));
        format!("there is no setting {written}{meant}; `aufsicht help settings` lists them")
    })
}

/// The values of a setting as texts.
fn texts(argument: &Arg, value: Spanned<DeValue>) -> std::result::Result<Vec<String>, &'static str> {
    let one = |value: DeValue| match value {
        DeValue::String(text) => Ok(text.into_owned()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Boolean(is_set) => Ok(is_set.to_string()),
        _ => Err("is neither a text nor a number nor true or false"),
    };
    match value.into_inner() {
        DeValue::Array(items) if argument.get_value_delimiter().is_some() => {
            items.into_iter().map(|item| one(item.into_inner())).collect()
        }
        value => Ok(vec![one(value)?]),
    }
}

/// Refuses values that the setting does not take.
fn accepted(argument: &Arg, values: &[String]) -> std::result::Result<(), String> {
    let taken = |value: &String| {
        let alone = argument.clone().env(None::<&str>).required(false).default_value(value.clone());
        let parsed = Command::new("aufsicht").arg(alone).try_get_matches_from(["aufsicht"]);
        parsed.map(drop).map_err(|error| {
            let text = error.to_string();
            let said = text.lines().next().unwrap_or_default();
            said.split_once(": ").map_or(said, |(_, reason)| reason).rsplit(": ").next().unwrap_or_default().to_owned()
        })
    };
    values.iter().try_for_each(taken)
}
