//! Two examples of each command, at the end of its help.

use clap::Command;

/// The end of the help of all commands together.
pub const OF_ALL: &str = "Examples:
  aufsicht serve --demo
  aufsicht export --register cases --filter year=2017 -o cases.xlsx

Without a command it serves. `aufsicht help settings` explains all settings, the help of a command those that it reads.

Exit codes:
  0    done
  1    refused or failed; or something is not as it should be (check, verify, health, profile check, rejected lines of an import)
  2    the command line is not understood
  141  nobody reads the output any more";

/// The examples by the names of the commands.
const EXAMPLES: [(&str, [&str; 2]); 31] = [
    ("serve", ["aufsicht serve --demo", "aufsicht serve --settings /etc/aufsicht/settings.toml"]),
    ("migrate", ["aufsicht migrate", "aufsicht migrate --database-url postgres://aufsicht@db.example/aufsicht"]),
    ("check", ["aufsicht check", "aufsicht check --backup-dir /var/backups/aufsicht"]),
    (
        "import",
        ["aufsicht import --register cases --dry-run list.xlsx", "aufsicht import --register cases --guess list.csv"],
    ),
    ("sync cmi", ["aufsicht sync cmi --example > cmi.toml", "aufsicht sync cmi --config cmi.toml --every 5m"]),
    (
        "export",
        [
            "aufsicht export --register cases --filter year=2017 -o cases.xlsx --lang de",
            "aufsicht export --register cases --personal-data --purpose \"Request of 14 March\" -o cases.ndjson",
        ],
    ),
    (
        "token",
        [
            "aufsicht token --scope \"register:read statistics:read\" --subject statistics-office",
            "aufsicht token --scope register:read --subject RF --ttl 30d",
        ],
    ),
    ("verify", ["aufsicht verify", "aufsicht verify --anchor anchor.json"]),
    ("anchor", ["aufsicht anchor", "aufsicht anchor > anchor.json"]),
    (
        "client add",
        [
            "aufsicht client add --name chancellery --scope statistics:read",
            "aufsicht client add --name dms --scope \"register:read register:write\" --registers cases",
        ],
    ),
    ("client list", ["aufsicht client list", "aufsicht client list --database-url sqlite:aufsicht.sqlite3"]),
    (
        "client rotate",
        ["aufsicht client rotate 01932b6e-3333-7000-8000-000000000003", "aufsicht client rotate \"$ID\" > secret"],
    ),
    (
        "client remove",
        ["aufsicht client remove 01932b6e-3333-7000-8000-000000000003", "aufsicht client remove \"$ID\""],
    ),
    ("seal key", ["aufsicht seal key", "aufsicht seal key > seal.key"]),
    (
        "seal sweep",
        ["aufsicht seal sweep", "aufsicht seal sweep --record-keys-url sqlite:/srv/keys/record-keys.sqlite3"],
    ),
    ("seal rotate", ["aufsicht seal rotate", "aufsicht seal rotate --seal-key-file seal.key"]),
    (
        "anonymise",
        [
            "aufsicht anonymise --closed-before 2010-01-01 --dry-run",
            "aufsicht anonymise --closed-before 2010-01-01 --properties title,outcome",
        ],
    ),
    (
        "backup",
        [
            "aufsicht backup today.backup --recipient \"$(cat backup.recipient)\"",
            "aufsicht backup today.backup --recipient age1one --recipient age1other",
        ],
    ),
    (
        "restore",
        [
            "aufsicht restore today.backup --identity backup.key",
            "aufsicht restore today.backup --identity backup.key --database-url sqlite:restored.sqlite3",
        ],
    ),
    ("restored", ["aufsicht restored", "aufsicht restored --database-url postgres://aufsicht@db.example/restored"]),
    ("backup-key", ["aufsicht backup-key backup.key", "aufsicht backup-key backup.key > backup.recipient"]),
    (
        "subject report",
        [
            "aufsicht subject report --record \"$ID\" --purpose \"Request of 14 March\"",
            "aufsicht subject report --record \"$ID\" --purpose Audit > report.json",
        ],
    ),
    (
        "subject erase",
        [
            "aufsicht subject erase --record 01932b6e-1111-7000-8000-000000000001",
            "aufsicht subject erase --record \"$ID\" --properties title,outcome",
        ],
    ),
    ("profile init", ["aufsicht profile init my-authority", "aufsicht profile init /etc/aufsicht/profile"]),
    (
        "profile check",
        [
            "aufsicht profile check my-authority",
            "aufsicht profile check my-authority --database-url sqlite:aufsicht.sqlite3",
        ],
    ),
    ("report", ["aufsicht report 2017 -o report.pdf", "aufsicht report 2017 -o report.docx --lang fr"]),
    ("openapi", ["aufsicht openapi > openapi.json", "aufsicht openapi --profile-dir my-authority"]),
    ("health", ["aufsicht health", "aufsicht health --listen 127.0.0.1:8081"]),
    ("settings", ["aufsicht help settings", "aufsicht settings"]),
    (
        "completions",
        [
            "aufsicht completions bash > /etc/bash_completion.d/aufsicht",
            "aufsicht completions zsh > ~/.zfunc/_aufsicht",
        ],
    ),
    ("man", ["aufsicht man /usr/local/share/man/man1", "aufsicht man pages"]),
];

/// The examples of a command, by its name.
fn of(command: &str) -> Option<[&'static str; 2]> {
    EXAMPLES.iter().find(|(name, _)| *name == command).map(|(_, examples)| *examples)
}

/// The command line with its examples.
pub fn added(command: Command) -> Command {
    command.mut_subcommands(|inner| {
        let name = inner.get_name().to_owned();
        with_examples(inner, &name)
    })
}

/// The command with its examples before what it says at the end, and those beneath it.
fn with_examples(command: Command, name: &str) -> Command {
    let command = match of(name) {
        Some([one, other]) => {
            let end = command.get_after_help().map(|end| format!("\n\n{end}")).unwrap_or_default();
            command.after_help(format!("Examples:\n  {one}\n  {other}{end}"))
        }
        None => command,
    };
    command.mut_subcommands(|inner| {
        let name = format!("{name} {}", inner.get_name());
        with_examples(inner, &name)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Arguments;

    /// The commands that do something, by their names.
    fn commands(command: &Command, name: &str, out: &mut Vec<String>) {
        if !command.has_subcommands() {
            out.push(name.to_owned());
        }
        for inner in command.get_subcommands() {
            commands(inner, format!("{name} {}", inner.get_name()).trim(), out);
        }
    }

    /// The words of an example as a shell gives them, without what it does with the output.
    fn words(example: &str) -> Vec<String> {
        let line = example.split(" > ").next().unwrap_or_default();
        let parts = line.split('"').enumerate().flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        parts.collect()
    }

    #[test]
    fn each_command_has_two_examples_that_it_understands() {
        let mut all = Vec::new();
        commands(&Arguments::command(), "", &mut all);
        assert!(all.len() > 25, "{all:?}");
        for name in all {
            let examples = of(&name).unwrap_or_else(|| panic!("{name} has no examples"));
            assert_ne!(examples[0], examples[1], "{name}");
            for example in examples {
                let is_help = example.starts_with("aufsicht help ");
                assert!(is_help || example.starts_with(&format!("aufsicht {name}")), "{example}");
                let read = Arguments::command().try_get_matches_from(words(example));
                let kind = read.err().map(|error| error.kind());
                let right = is_help.then_some(clap::error::ErrorKind::DisplayHelp);
                assert_eq!(kind, right, "{example}");
            }
        }
    }
}
