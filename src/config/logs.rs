//! The log.

/// The log.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// Form of the lines of the log
    #[arg(id = "LOG_FORMAT", long = "log-format", env = "AUFSICHT_LOG_FORMAT", default_value = "text", global = true)]
    pub format: LogFormat,
}

/// The form of the lines of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object a line.
    Json,
}
