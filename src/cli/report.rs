//! The report from the command line.

use std::path::Path;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::reports::ReportFormat;
use crate::reports::report::Report;
use crate::reports::request::ReportRequest;
use crate::{db, registers};

/// Writes the report of a year, with all names: the operator may see the registers.
pub fn report(config: &Config, year: i32, lang: Option<&str>, output: &Path) -> Result<()> {
    let wrong = |why: &str| Error::Configuration(why.to_owned());
    let format = output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let format =
        ReportFormat::of_extension(format).ok_or_else(|| wrong("--output must end in .pdf, .html or .docx"))?;
    let profile = Profile::of(&config.profile)?;
    let lang = lang.map_or(Ok(profile.authority.language()), |code| profile.language(code))?;
    let layout = profile.layouts.get(None).ok_or_else(|| Error::Internal("no layout".into()))?;
    let named = registers::ALL.iter().map(|register| register.name).collect();
    let edition = ReportRequest { year, lang, today: Clock::system().today(), named, least: 0 };
    let mut db = db::connect(&config.database)?;
    let report = Report::read(&mut db, &profile, layout, &edition)?;
    std::fs::write(output, report.render(format)?)
        .map_err(|error| Error::Configuration(format!("cannot write {}: {error}", output.display())))
}
