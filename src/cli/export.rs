//! The export from the command line, to a file or to standard output.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::{access_log, unwritten};
use crate::api::query::Query;
use crate::api::record_query::{filter_parameters, read_filter, read_order};
use crate::api::registers::disclosures;
use crate::audit::access_log::{CommandDisclosure, DisclosureContext};
use crate::auth::Caller;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{self, Db};
use crate::error::{Error, Result};
use crate::messages::Lang;
use crate::profile::Profile;
use crate::records::query::page::PageQuery;
use crate::records::row::StoredRecord;
use crate::records::view::View;
use crate::registers::{self, Register, Vocabulary};
use crate::seal::{self, Keys};
use crate::sync::export::{ColumnNaming, ExportFormat, PAGE, Receiver, write};

/// The options of an export.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportOptions {
    /// The register: cases, projects, audits, events, media-requests, ...
    #[arg(long)]
    register: String,
    /// The file; standard output when absent
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// The format; that of the file's ending when absent, NDJSON without one
    #[arg(long, value_enum)]
    format: Option<ExportFormat>,
    /// A filter or the order as in the API, such as year=2017, area=IT,POLICE or sort=-number; can be repeated. Commas separate
    /// values; a comma within a value is written %2C, as in "organisation=Bau-%2C Umwelt- und Verkehrsamt", and the
    /// percent sign before 2C or 25 is written %25
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// Labels of codes in this language, and the names of bodies that bodies name, in columns of their own
    #[arg(long)]
    lang: Option<String>,
    /// The columns of CSV and spreadsheets
    #[arg(long, value_enum, default_value_t)]
    columns: ColumnNaming,
    /// With personal data; each disclosure is recorded in the access log
    #[arg(long, requires = "purpose")]
    personal_data: bool,
    /// The purpose for which personal data is needed
    #[arg(long)]
    purpose: Option<String>,
}

/// A file or standard output.
struct Output<'a> {
    writer: BufWriter<Box<dyn Write>>,
    /// The reader of personal data, with the database and the keys to record the access; `None` without personal data.
    viewer: Option<(DisclosureContext, Db, Keys)>,
    profile: &'a Profile,
    lang: Option<Lang>,
    naming: ColumnNaming,
    config: &'a Config,
    clock: &'a Clock,
}

fn failed(error: std::io::Error) -> Error {
    unwritten("the export cannot be written", &error)
}

/// The format that the options ask for: the one that is named, else that of the file's ending. A file that would hold something
/// else than its name says is refused.
fn format_of(options: &ExportOptions) -> Result<ExportFormat> {
    let ending = options.output.as_ref().and_then(|path| path.extension()?.to_str());
    match (options.format, ending) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(ExportFormat::Ndjson),
        (None, Some(ending)) => ExportFormat::of_extension(ending).ok_or_else(|| {
            let known = ExportFormat::ALL.map(|format| format!(".{}", format.as_ref().extension)).join(", ");
            Error::Configuration(format!("--output must end in one of {known}, or --format must say what it becomes"))
        }),
    }
}

impl Receiver for Output<'_> {
    fn view(&self) -> View<'_> {
        self.viewer.as_ref().map_or(View::Impersonal, |(.., keys)| View::Whole(keys))
    }

    fn vocabulary(&self) -> Arc<Vocabulary> {
        self.profile.vocabulary.clone()
    }

    fn lang(&self) -> Option<Lang> {
        self.lang
    }

    fn naming(&self) -> ColumnNaming {
        self.naming
    }

    fn keys(&mut self, records: &[StoredRecord]) -> Result<Option<Keys>> {
        let Some((.., keys)) = &self.viewer else { return Ok(None) };
        keys.provided_now(records.iter().filter_map(|row| row.row.key()).collect()).map(Some)
    }

    fn sees(&mut self, records: &[StoredRecord]) -> Result<()> {
        let Some((viewer, log, _)) = &mut self.viewer else { return Ok(()) };
        let seen = disclosures(records.iter().map(|row| &row.row))?;
        let (at, kept) = (self.clock.now(), self.config.audit.retention);
        CommandDisclosure { viewer: viewer.clone(), at, kept }.write(log, &seen)
    }

    fn give(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.writer.write_all(&bytes).map_err(failed)
    }
}

/// Reads the filters and the order, and returns the records that are wanted.
fn wanted(register: &'static Register, vocabulary: &Vocabulary, filters: &[String]) -> Result<PageQuery> {
    let mut given = Vec::new();
    for filter in filters {
        let pair = filter.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        given.push(pair.ok_or_else(|| Error::Configuration(format!("--filter {filter}: give it as NAME=VALUE")))?);
    }
    let parameters = filter_parameters(Some(register), vocabulary);
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_ref()).chain(["sort"]).collect();
    let operator = Caller::internal("export");
    let mut query = Query::given(given, &known);
    let (filter, order) = (
        read_filter(&mut query, register, vocabulary, &operator),
        read_order(&mut query, Some(register), vocabulary, false),
    );
    query.finish().map_err(|error| match error {
        Error::Parameters(faults) => {
            let told = faults.iter().map(|f| format!("{} {}", f.parameter.as_deref().unwrap_or_default(), f.detail));
            Error::Configuration(format!("--filter: {}", told.collect::<Vec<_>>().join("; ")))
        }
        error => error,
    })?;
    Ok(PageQuery { filter, order, after: None, limit: PAGE, include_total: false })
}

/// Exports a register. A file gets its name only when it is whole.
pub fn run(config: &Config, options: &ExportOptions, clock: &Clock) -> Result<()> {
    let (register, format) = (registers::named(&options.register)?, format_of(options)?);
    let mut db = db::connect(&config.database)?;
    let mut profile = Profile::of(&config.profile)?;
    profile.remember(&mut db)?;
    let (lang, naming) = (options.lang.as_deref().map(|code| profile.language(code)).transpose()?, options.columns);
    let lang = lang.or((naming == ColumnNaming::Labels).then(|| profile.authority.language()));
    let wanted = wanted(register, &profile.vocabulary, &options.filters)?;
    let viewer = match &options.purpose {
        Some(purpose) if options.personal_data => {
            let viewer = DisclosureContext::operator("export", purpose)?;
            Some((viewer, access_log(config)?, seal::keys_for(&mut db, config)?))
        }
        _ => None,
    };
    let directory = options.output.as_ref().map(|path| path.parent().filter(|parent| !parent.as_os_str().is_empty()));
    let file = directory.map(|directory| NamedTempFile::new_in(directory.unwrap_or(std::path::Path::new("."))));
    let file = file.transpose().map_err(failed)?;
    let writer: Box<dyn Write> = match &file {
        Some(file) => Box::new(file.reopen().map_err(failed)?),
        None => Box::new(std::io::stdout()),
    };
    let mut output = Output { writer: BufWriter::new(writer), viewer, profile: &profile, lang, naming, config, clock };
    write(&mut db, register, wanted, format, &mut output)?;
    output.writer.flush().map_err(failed)?;
    if let (Some(file), Some(path)) = (file, &options.output) {
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
    }
    Ok(())
}
