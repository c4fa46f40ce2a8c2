//! The environment that settings are read from: a variable that is empty is not set, and one that nobody knows is a mistake.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::{Arg, Command};

use crate::error::{Error, Result};
use crate::source::did_you_mean;

/// The beginning of the names of settings.
const PREFIX: &str = "AUFSICHT_";

/// The beginning and the end of the names of further settings, which others have settings beside: platforms set `DATABASE_HOST` or
/// `DATABASE_PUBLIC_URL` of themselves, but no files.
const FILES: [&str; 2] = ["DATABASE_", "_FILE"];

/// The variables that Kubernetes sets of itself where a service is called `aufsicht`.
const OF_KUBERNETES: [&str; 2] = ["AUFSICHT_SERVICE_", "AUFSICHT_PORT"];

/// The command line whose settings take no notice of variables that are empty.
pub fn without_empty(command: Command) -> Command {
    let is_empty = |argument: &Arg| {
        let value = argument.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.as_os_str() == OsStr::new(""))
    };
    command.mut_args(|argument| if is_empty(&argument) { argument.env(None::<&str>) } else { argument })
}

/// Refuses variables that look like settings and are none: a slip would leave the default in force without a word.
pub fn check(command: &Command) -> Result<()> {
    let mut known = BTreeSet::new();
    names(command, &mut known);
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match given.filter(|name| is_like_ours(name)).find(|name| !is_known(name, &known)) {
        None => Ok(()),
        Some(name) => {
            let meant = did_you_mean(&name, known.iter().map(String::as_str));
            Err(Error::Configuration(format!("there is no setting {name}{meant}; `aufsicht help settings` lists them")))
        }
    }
}

fn is_like_ours(name: &str) -> bool {
    name.starts_with(PREFIX) || (name.starts_with(FILES[0]) && name.ends_with(FILES[1]))
}

fn is_known(name: &str, known: &BTreeSet<String>) -> bool {
    known.contains(name) || OF_KUBERNETES.iter().any(|start| name.starts_with(start))
}

/// The variable of the setting that this flag sets; the flag as it is shown, with its value.
pub fn variable_of(command: &Command, flag: &str) -> Option<String> {
    let long = flag.strip_prefix("--")?.split(' ').next();
    let own = command.get_arguments().find(|argument| argument.get_long() == long);
    let own = own.and_then(|argument| Some(argument.get_env()?.to_str()?.to_owned()));
    own.or_else(|| command.get_subcommands().find_map(|inner| variable_of(inner, flag)))
}

/// The variables of a command and of those beneath it.
fn names(command: &Command, known: &mut BTreeSet<String>) {
    known.extend(command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())));
    command.get_subcommands().for_each(|inner| names(inner, known));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_platforms_set_is_no_setting_of_ours() {
        assert!(["AUFSICHT_LISTN", "DATABASE_PASSWORD_FILE", "DATABASE_ULR_FILE"].into_iter().all(is_like_ours));
        assert!(!["DATABASE_HOST", "DATABASE_PUBLIC_URL", "DATABASE_PASSWORD", "X_FILE"].into_iter().any(is_like_ours));
    }

    #[test]
    fn what_kubernetes_sets_is_no_mistake() {
        let known = BTreeSet::from(["AUFSICHT_LISTEN".to_owned()]);
        let is_known = |name| is_known(name, &known);
        assert!(["AUFSICHT_LISTEN", "AUFSICHT_SERVICE_HOST", "AUFSICHT_PORT_8080_TCP_ADDR"].into_iter().all(is_known));
        assert!(!is_known("AUFSICHT_LISTN"));
    }
}
