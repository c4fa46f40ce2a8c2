//! The settings that each command reads: its help shows these only. The others are accepted all the same, before the
//! command and after it. `aufsicht help settings` shows all of them.

use clap::{Arg, Command};

/// The variables of the settings that a command reads, by the command's name; `None` stands for all of them.
fn read_by(command: &str) -> Option<Vec<&'static str>> {
    const FILE: &[&str] = &["AUFSICHT_SETTINGS", "AUFSICHT_LOG_FORMAT"];
    const DATABASE: &[&str] =
        &["DATABASE_URL", "DATABASE_URL_FILE", "AUFSICHT_DATABASE_TIMEOUT", "AUFSICHT_SLOW_STATEMENT"];
    const ACCESS_LOG: &[&str] = &["AUFSICHT_ACCESS_LOG_URL", "AUFSICHT_ACCESS_LOG_URL_FILE"];
    const RECORD_KEYS: &[&str] = &["AUFSICHT_RECORD_KEYS_URL", "AUFSICHT_RECORD_KEYS_URL_FILE"];
    const RETENTION: &[&str] = &["AUFSICHT_ACCESS_LOG_RETENTION"];
    // Without a key of its own a command goes only where the service listens on loopback.
    const SEAL: &[&str] = &["AUFSICHT_SEAL_KEY", "AUFSICHT_SEAL_KEY_FILE", "AUFSICHT_LISTEN"];
    const PROFILE: &[&str] = &["AUFSICHT_PROFILE_DIR"];
    const LAYOUTS: &[&str] = &["AUFSICHT_LAYOUT_DIR", "AUFSICHT_LAYOUT"];
    const TOKENS: &[&str] = &[
        "AUFSICHT_JWT_SECRET",
        "AUFSICHT_JWT_SECRET_FILE",
        "AUFSICHT_JWT_KEY_FILE",
        "AUFSICHT_JWT_ISSUER",
        "AUFSICHT_JWT_AUDIENCE",
        "AUFSICHT_PUBLIC_URL",
        "AUFSICHT_LISTEN",
    ];
    let groups: &[&[&str]] = match command {
        "client" | "seal" | "subject" | "sync" | "profile" => &[],
        "backup-key" | "seal key" | "profile init" | "completions" | "man" => &[],
        "openapi" => &[PROFILE],
        "profile check" => &[DATABASE, LAYOUTS],
        "migrate" => &[DATABASE, ACCESS_LOG, RECORD_KEYS],
        "restored" => &[DATABASE, SEAL, RECORD_KEYS],
        "restore" => &[DATABASE, ACCESS_LOG, SEAL, RECORD_KEYS],
        "import" => &[DATABASE, SEAL, RECORD_KEYS, PROFILE, &["AUFSICHT_BODY_LIMIT"]],
        "seal rotate" | "seal sweep" => &[DATABASE, SEAL, RECORD_KEYS],
        "anonymise" | "subject erase" => &[DATABASE, SEAL, RECORD_KEYS, PROFILE],
        "sync cmi" => &[DATABASE, SEAL, RECORD_KEYS, PROFILE, &["AUFSICHT_CA_FILE"]],
        "client add" | "client list" | "client rotate" | "client remove" => &[DATABASE, SEAL],
        "anchor" | "backup" => &[DATABASE, ACCESS_LOG, SEAL, RECORD_KEYS],
        "export" => &[DATABASE, ACCESS_LOG, RETENTION, SEAL, RECORD_KEYS, PROFILE],
        "subject report" => &[DATABASE, ACCESS_LOG, RETENTION, SEAL, RECORD_KEYS],
        "verify" => &[DATABASE, ACCESS_LOG, SEAL, RECORD_KEYS, PROFILE, LAYOUTS],
        "report" => &[DATABASE, PROFILE, LAYOUTS],
        "token" => &[TOKENS],
        "health" => &[&["AUFSICHT_LISTEN", "AUFSICHT_POOL_TIMEOUT", "AUFSICHT_DATABASE_TIMEOUT"]],
        _ => return None,
    };
    let read = groups.concat();
    Some(if read.is_empty() { read } else { [FILE, &read].concat() })
}

/// The command line whose help shows of the settings those that a command reads. The others are known all the same.
pub fn hide_unread(command: Command) -> Command {
    with_settings_by(command, &|setting, is_read| Some(setting.hide(!is_read))).mut_args(|argument| argument.hide(true))
}

/// The command line with the settings that a command reads, and without the others: for what is written of it in advance.
pub fn without_unread(command: Command) -> Command {
    let command = with_settings_by(command, &|setting, is_read| is_read.then(|| setting.global(false)));
    command.mut_args(|argument| argument.global(false).hide(true))
}

/// The form in which a command has a setting that it reads, or does not read; none where it does not have it.
type SettingForm<'f> = &'f dyn Fn(Arg, bool) -> Option<Arg>;

fn with_settings_by(command: Command, form: SettingForm) -> Command {
    let settings: Vec<Arg> = command.get_arguments().filter(|argument| argument.is_global_set()).cloned().collect();
    command.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        with_settings(command, &name, &settings, form)
    })
}

/// The command with settings of its own, and those beneath it.
fn with_settings(command: Command, name: &str, settings: &[Arg], form: SettingForm) -> Command {
    let read = read_by(name);
    let own = settings.iter().cloned().filter_map(|setting| {
        let variable = setting.get_env().and_then(|variable| variable.to_str()).unwrap_or_default();
        let is_read = read.as_ref().is_none_or(|read| read.contains(&variable));
        form(setting, is_read)
    });
    command.args(own).mut_subcommands(|inner| {
        let name = format!("{name} {}", inner.get_name());
        with_settings(inner, &name, settings, form)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::error::ErrorKind;
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::cli::Arguments;

    /// The commands that do something, by their names, with what their help shows of the settings.
    fn shown(command: &Command, name: &str, out: &mut Vec<(String, BTreeSet<String>)>) {
        if !command.has_subcommands() {
            let visible = command.get_arguments().filter(|argument| !argument.is_hide_set());
            let variables = visible.filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned()));
            out.push((name.to_owned(), variables.collect()));
        }
        for inner in command.get_subcommands() {
            shown(inner, format!("{name} {}", inner.get_name()).trim(), out);
        }
    }

    #[test]
    fn the_help_of_a_command_shows_the_settings_that_it_reads() {
        let command = Arguments::command();
        let all: BTreeSet<String> =
            command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())).collect();
        let mut commands = Vec::new();
        shown(&hide_unread(command), "", &mut commands);
        assert!(commands.len() > 20, "{commands:?}");
        for (name, shown) in &commands {
            let read = read_by(name).map(|read| read.into_iter().map(str::to_owned).collect());
            assert_eq!(
                (read.is_none(), shown),
                (["serve", "check", "settings"].contains(&name.as_str()), &read.unwrap_or(all.clone())),
                "{name}"
            );
        }
    }

    /// The arguments as a command line gives them.
    fn parsed(command: &Command, line: &[&str]) -> Result<Arguments, clap::Error> {
        let line = std::iter::once(&"aufsicht").chain(line);
        Arguments::from_arg_matches(&command.clone().try_get_matches_from(line)?)
    }

    #[test]
    fn a_setting_is_accepted_before_a_command_and_after_it_whether_shown_or_not() {
        let flags: Vec<String> = Arguments::command()
            .get_arguments()
            .filter(|argument| argument.is_global_set())
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        let (command, mut commands) = (hide_unread(Arguments::command()), Vec::new());
        shown(&command, "", &mut commands);
        for (name, _) in &commands {
            let words: Vec<&str> = name.split(' ').collect();
            for flag in &flags {
                let (before, after) = ([&[flag.as_str()], &*words].concat(), [&*words, &[flag.as_str()]].concat());
                for line in [before, after] {
                    let kind = parsed(&command, &line).err().map(|error| error.kind());
                    assert_ne!(kind, Some(ErrorKind::UnknownArgument), "{line:?}");
                }
            }
        }
        let (database, listen) = (["--database-url", "sqlite:x"], ["--listen", "[::1]:1"]);
        for line in [
            [&database[..], &["seal", "rotate"], &listen].concat(),
            [&["seal"], &database[..], &["rotate"], &listen].concat(),
            [&listen[..], &["openapi"], &database].concat(),
            [&listen[..], &database].concat(),
        ] {
            let config = parsed(&command, &line).map(|arguments| arguments.config).unwrap();
            assert_eq!((&*config.database.url, &*config.server.listen), ("sqlite:x", "[::1]:1"), "{line:?}");
        }
    }
}
