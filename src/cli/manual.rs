//! The words of the command on itself: completions for shells, pages of the manual, and all settings on one page.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;

use super::{Arguments, done, examples, helpful, settings, write};
use crate::error::{Error, Result};

/// The commands on the command itself.
#[derive(Subcommand)]
pub enum ManualCommand {
    /// Explain all settings on one page, by their groups: flag, variable, default and meaning
    #[command(after_help = "Log levels are set by RUST_LOG (default: info), for example RUST_LOG=aufsicht=debug.")]
    Settings,
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the pages of the manual to a folder, one for each command
    Man {
        /// The folder, which is made where it is not there
        directory: PathBuf,
    },
}

/// Runs a command on the command itself.
pub fn run(command: &ManualCommand) -> Result<ExitCode> {
    match command {
        ManualCommand::Settings => page_of_settings(),
        ManualCommand::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(*shell, &mut described(), "aufsicht", &mut out);
            write(&out).map(|()| ExitCode::SUCCESS)
        }
        ManualCommand::Man { directory } => pages(directory),
    }
}

/// The command line without what is not shown.
fn described() -> clap::Command {
    examples::added(settings::without_unread(Arguments::command()))
}

/// Prints what `aufsicht help settings` does.
fn page_of_settings() -> Result<ExitCode> {
    match helpful(Arguments::command()).try_get_matches_from(["aufsicht", "help", "settings"]) {
        Err(page) => write(page.render().to_string().as_bytes()).map(|()| ExitCode::SUCCESS),
        Ok(_) => Err(Error::Internal("there is no page of settings".into())),
    }
}

fn pages(directory: &Path) -> Result<ExitCode> {
    let failed = |error: std::io::Error| {
        Error::Configuration(format!("the manual cannot be written to {}: {error}", directory.display()))
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(described(), directory).map_err(failed)?;
    done(&format!("Wrote the manual to {}; read it with: man {0}/aufsicht.1", directory.display()))
}
