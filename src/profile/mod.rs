//! The profile of an authority: a folder of files that says all that the software does not know of itself. That of the canton
//! of Lucerne is embedded, and the only place that knows Lucerne.

mod files;

use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::authority::Authority;
use crate::config::ProfileSettings;
use crate::error::{Error, Result};
use crate::messages::Lang;
use crate::registers::{self, Rules, TimeLimit, Vocabulary};
use crate::source::{SourceFault, did_you_mean};
use crate::statistics::layout::{LayoutContext, Layouts};
pub use files::ProfileFiles;

/// The profile of an authority, read and checked.
pub struct Profile {
    /// The authority itself.
    pub authority: Arc<Authority>,
    /// The values that its records may have.
    pub vocabulary: Arc<Vocabulary>,
    /// The layouts of its tables, the usual one first.
    pub layouts: Layouts,
    time_limits: Arc<[TimeLimit]>,
}

impl Profile {
    /// The profile that the settings name.
    pub fn of(settings: &ProfileSettings) -> Result<Profile> {
        let files = match &settings.directory {
            Some(directory) => ProfileFiles::read(directory)?,
            None => ProfileFiles::embedded(),
        };
        let told = |faults: Vec<SourceFault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Error::Configuration(faults.join("\n"))
        };
        let mut profile = Profile::read(&files, settings.layout_directory.as_deref()).map_err(told)?;
        if let Some(usual) = &settings.layout {
            profile
                .layouts
                .put_first(usual)
                .map_err(|known| Error::Configuration(format!("--layout must be one of {}", known.join(", "))))?;
        }
        Ok(profile)
    }

    /// The embedded profile.
    pub fn embedded() -> Result<Profile> {
        Profile::of(&ProfileSettings::default())
    }

    /// Reads a profile, with further layouts of a directory; all faults come at once.
    pub fn read(files: &ProfileFiles, further: Option<&Path>) -> std::result::Result<Profile, Vec<SourceFault>> {
        let authority = Authority::parse(&files.authority.path, &files.authority.text)?;
        let languages = &authority.languages;
        let vocabulary = files
            .vocabulary
            .as_ref()
            .map_or(Ok(Vocabulary::default()), |file| Vocabulary::parse(&file.path, &file.text, languages));
        let vocabulary = vocabulary?;
        let mut faults = Vec::new();
        let time_limits = time_limits(&authority, &vocabulary, &files.authority, &mut faults);
        let context = LayoutContext { vocabulary: &vocabulary, languages };
        let further = further.map_or(Ok(Vec::new()), files::tables_of).unwrap_or_else(|fault| {
            faults.push(fault);
            Vec::new()
        });
        let layouts =
            Layouts::read(files.tables.iter().chain(&further).map(|file| (&*file.path, &*file.text)), context);
        let mut layouts = layouts.unwrap_or_else(|more| {
            faults.extend(more);
            Layouts::default()
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        if let Some(usual) = &authority.layout {
            layouts.put_first(usual).map_err(|known| {
                vec![
                    files
                        .authority
                        .fault("layout", format!("there is no layout {usual}; there are {}", known.join(", "))),
                ]
            })?;
        }
        Ok(Profile { authority: Arc::new(authority), vocabulary: Arc::new(vocabulary), layouts, time_limits })
    }

    /// The language that the command line names.
    pub fn language(&self, code: &str) -> Result<Lang> {
        let languages = &self.authority.languages;
        let named = languages.iter().find(|lang| lang.code() == code).copied();
        let unknown = || Error::Configuration(format!("--lang must be one of {}", Lang::list(languages)));
        named.ok_or_else(unknown)
    }

    /// The rules by which bodies are checked on a day.
    pub fn rules(&self, today: NaiveDate) -> Rules {
        Rules {
            vocabulary: self.vocabulary.clone(),
            calendar: Arc::new(self.authority.calendar.clone()),
            time_limits: self.time_limits.clone(),
            today,
        }
    }
}

/// The time limits of an authority, of registers and kinds that there are.
fn time_limits(
    authority: &Authority,
    vocabulary: &Vocabulary,
    file: &files::ProfileFile,
    faults: &mut Vec<SourceFault>,
) -> Arc<[TimeLimit]> {
    let mut read = |limit: &crate::authority::TimeLimit| {
        let Some(register) = registers::find(&limit.register) else {
            let known = registers::ALL.iter().map(|register| register.name);
            let meant = did_you_mean(&limit.register, known);
            faults.push(file.fault(
                "[[time_limits]]",
                format!("a time limit is for the register {}, which there is none of{meant}", limit.register),
            ));
            return None;
        };
        let kinds: Vec<&str> = vocabulary.codes(register.name, "kind").iter().map(|code| code.code.as_str()).collect();
        if !kinds.contains(&limit.kind.as_str()) {
            let meant = did_you_mean(&limit.kind, kinds);
            let reason = format!(
                "a time limit is for the kind {}, which {}.kind does not have{meant}",
                limit.kind, register.name
            );
            faults.push(file.fault("[[time_limits]]", reason));
            return None;
        }
        let days = limit.working_days.or(limit.days)?;
        Some(TimeLimit {
            register: register.name,
            kind: limit.kind.clone(),
            days,
            working: limit.working_days.is_some(),
        })
    };
    authority.time_limits.iter().filter_map(&mut read).collect()
}
