//! The options of an import, as its command takes them.

use std::path::PathBuf;

use super::lines::SourceFormat;
use crate::messages::Lang;
use crate::registers::Register;

/// The options of an import.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportOptions {
    /// The register: cases, projects, audits, events, media-requests, ...
    #[arg(long)]
    pub(super) register: String,
    /// The file: CSV, XLSX, ODS, or lines of JSON; standard input when absent or "-"
    pub(super) file: Option<PathBuf>,
    /// The format of the file; found out when absent
    #[arg(long, value_enum)]
    pub(super) format: Option<SourceFormat>,
    /// The sheet of a spreadsheet [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// The row with the names of the columns, from 1; of two rows the lower one. Found when absent, also below a title
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) header_row: Option<u64>,
    /// The language of the reasons for lines that are not kept: de, fr, it, rm or en [default: en]
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) lang: Option<Lang>,
    /// The meaning of columns and words (TOML); goes before the mappings that are built in, in German, French, Italian, Romansh
    /// and English
    #[arg(long, value_name = "FILE")]
    pub(super) mapping: Option<PathBuf>,
    /// Only propose a mapping for the file, on standard output
    #[arg(long)]
    pub(super) guess: bool,
    /// The name under which the lines' keys are kept, as that of another system. Under a name of its own a list's running
    /// numbers without a year are its keys alone, and the service gives the business numbers [default: import]
    #[arg(long, value_name = "NAME")]
    pub(super) system: Option<String>,
    /// Check everything, list what would be changed and what would be rejected, and keep nothing, no file either; others cannot
    /// write meanwhile
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The file for lines that are not kept, with the reasons [default: FILE.rejected.csv or .ndjson]
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<PathBuf>,
}

impl ImportOptions {
    /// The file for lines that are not kept.
    pub(super) fn rejected_file(&self, register: &Register, extension: &str) -> PathBuf {
        match (&self.rejected, &self.file) {
            (Some(named), _) => named.clone(),
            (None, Some(file)) if file.as_os_str() != "-" => file.with_extension(format!("rejected.{extension}")),
            _ => PathBuf::from(format!("{}.rejected.{extension}", register.name)),
        }
    }
}

/// The language of a code.
fn language(code: &str) -> std::result::Result<Lang, String> {
    Lang::parse(code).ok_or_else(|| format!("must be one of {}", Lang::codes()))
}
