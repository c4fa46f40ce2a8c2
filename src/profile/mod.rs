//! The profile of an authority: a folder of files that says all that the software does not know of itself. That of the canton
//! of Lucerne is embedded, and the only place that knows Lucerne.

mod chapters;
mod doubts;
mod files;
mod logo;
mod shapes;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use toml::Spanned;

use crate::authority::Authority;
use crate::config::ProfileSettings;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::chart::Shape;
use crate::messages::Lang;
use crate::records::projections::{cube, own_held};
use crate::registers::{self, BESIDE, Rules, TimeLimit, Vocabulary};
use crate::source::{Refusal, SourceFault, did_you_mean, unreadable};
use crate::statistics::layout::{LayoutContext, Layouts};
use crate::statistics::{held, publications, repository};
pub use chapters::{Chapter, ChapterPlace, FigureName, TextPart, parts};
pub use files::{DEMONSTRATION, ProfileFile, ProfileFiles};

/// The profile of an authority, read and checked.
pub struct Profile {
    /// The authority itself.
    pub authority: Arc<Authority>,
    /// The values that its records may have.
    pub vocabulary: Arc<Vocabulary>,
    /// The layouts of its tables, the usual one first.
    pub layouts: Layouts,
    /// The chapters of its reports that it writes itself, in the order of their files.
    pub chapters: Vec<Chapter>,
    /// Its logo (SVG), which only draws.
    pub logo: Option<String>,
    /// The shapes of the municipalities, where it has any.
    pub shapes: Option<Vec<Shape>>,
    time_limits: Arc<[TimeLimit]>,
}

impl Profile {
    /// The profile that the settings name.
    pub fn of(settings: &ProfileSettings) -> Result<Profile> {
        Profile::reviewed(settings).map(|(profile, _)| profile)
    }

    /// The profile that the settings name, with what is doubtful in it.
    pub fn reviewed(settings: &ProfileSettings) -> Result<(Profile, Vec<SourceFault>)> {
        let files = settings.directory.as_deref().map_or_else(ProfileFiles::embedded, ProfileFiles::read);
        let mut profile = Profile::read(&files, settings.layout_directory.as_deref()).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Error::Configuration(faults.join("\n"))
        })?;
        if let Some(usual) = &settings.layout {
            profile
                .layouts
                .put_first(usual)
                .map_err(|known| Error::Configuration(format!("--layout must be one of {}", known.join(", "))))?;
        }
        let doubts = doubts::of(&profile.vocabulary, &profile.layouts, &files);
        Ok((profile, doubts))
    }

    /// The embedded profile.
    pub fn embedded() -> Result<Profile> {
        Profile::of(&ProfileSettings::default())
    }

    /// Reads a profile, with further layouts of a directory; all faults of all files come at once.
    pub fn read(files: &ProfileFiles, further: Option<&Path>) -> std::result::Result<Profile, Vec<SourceFault>> {
        let mut faults = files.faults.clone();
        let further = further.map(|directory| files::tables_of(directory, &mut faults)).unwrap_or_default();
        let authority = files.authority.as_ref().and_then(|file| {
            let (authority, more) = Authority::read(&file.path, &file.text);
            faults.extend(more);
            authority.map(|authority| (file, authority))
        });
        let Some((file, authority)) = authority else {
            // Without its languages no text of it can be judged.
            faults.extend(files.of_toml().skip(files.authority.iter().len()).chain(&further).filter_map(syntax));
            return Err(faults);
        };
        let tables = || files.tables.iter().chain(&further);
        let Some(vocabulary) = vocabulary(files, &authority, &mut faults) else {
            faults.extend(tables().filter_map(syntax));
            return Err(faults);
        };
        let time_limits = time_limits(&authority, &vocabulary, file, &mut faults);
        faults.extend(unknown_registers(&authority).map(|(at, why)| file.fault(at, why)));
        let context = LayoutContext { vocabulary: &vocabulary, languages: &authority.languages };
        let layouts = Layouts::read(tables().map(|file| (&*file.path, &*file.text)), context);
        let mut layouts = layouts.map_err(|more| faults.extend(more)).unwrap_or_default();
        let is_told = faults.is_empty();
        faults.extend(
            usual_layout(&authority, files, &mut layouts).filter(|_| is_told).map(|(at, why)| file.fault(at, why)),
        );
        let chapters = chapters::read(&files.chapters, &authority.languages, &layouts, &mut faults);
        let logo = authority.logo.as_ref().and_then(|named| logo::read(files, (file, named), &mut faults));
        let shapes = authority.shapes.as_ref().and_then(|named| shapes::read(files, (file, named), &mut faults));
        if !faults.is_empty() {
            return Err(faults);
        }
        let (authority, vocabulary) = (Arc::new(authority), Arc::new(vocabulary));
        Ok(Profile { authority, vocabulary, layouts, chapters, logo, shapes, time_limits })
    }

    /// Keeps in mind what records have, so that it can be asked for and is exported when the vocabulary has it no longer.
    pub fn remember(&mut self, db: &mut Db) -> Result<()> {
        let beside = own_held::held(db)?;
        let held = cube::held_values(db, &self.vocabulary, &beside)?;
        let own = beside.into_keys().filter(|(_, name, _)| !name.starts_with(BESIDE));
        let names: BTreeSet<(String, String)> = own.map(|(register, name, _)| (register, name)).collect();
        let shared = || Error::Internal("the vocabulary is in use already".into());
        let vocabulary = Arc::get_mut(&mut self.vocabulary).ok_or_else(shared)?;
        vocabulary.remember(held);
        vocabulary.remember_own(names);
        Ok(())
    }

    /// The doubts about the profile that the records of a database give, one sentence each.
    pub fn doubts_of_records(&self, db: &mut Db, today: NaiveDate) -> Result<Vec<String>> {
        let mut doubts = held::unknown_values(db, &self.vocabulary)?;
        for layout in self.layouts.iter() {
            doubts.extend(held::uncounted(db, layout, &self.vocabulary, today)?);
            doubts.extend(layout.bodies_side_by_side());
        }
        doubts.extend(repository::nobody_responsible(db, &self.layouts)?);
        doubts.extend(publications::without_layout(db, &self.layouts)?);
        Ok(doubts)
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

/// The vocabulary; none where its file is no TOML.
fn vocabulary(files: &ProfileFiles, authority: &Authority, faults: &mut Vec<SourceFault>) -> Option<Vocabulary> {
    let Some(file) = &files.vocabulary else { return Some(Vocabulary::default()) };
    let (vocabulary, more) = Vocabulary::read(&file.path, &file.text, &authority.languages);
    faults.extend(more);
    vocabulary
}

/// Puts the usual layout first; refuses one that there is not, and several of which none is named.
fn usual_layout(authority: &Authority, files: &ProfileFiles, layouts: &mut Layouts) -> Option<Refusal> {
    let Some(usual) = &authority.layout else {
        let known: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
        let one = known.first().filter(|_| files.tables.len() > 1 && known.len() > 1)?;
        let reason =
            format!("there are several layouts ({}); name the usual one: layout = \"{one}\"", known.join(", "));
        return Some((0, reason));
    };
    let known = layouts.put_first(usual.get_ref()).err()?;
    Some((usual.span().start, format!("there is no layout {}; there are {}", usual.get_ref(), known.join(", "))))
}

/// The fault of a file that is no TOML.
fn syntax(file: &ProfileFile) -> Option<SourceFault> {
    toml::de::DeTable::parse(&file.text).err().map(|error| {
        let (place, reason) = unreadable(&error);
        file.fault(place, reason)
    })
}

/// The faults of words for registers that there are none of.
fn unknown_registers(authority: &Authority) -> impl Iterator<Item = Refusal> {
    let unknown = authority.registers.iter().filter(|(name, _)| registers::find(name).is_none());
    unknown.map(|(name, word)| {
        let known: Vec<&str> = registers::ALL.iter().map(|register| register.name).collect();
        let meant = did_you_mean(name, known.iter().copied());
        (word.place, format!("there is no register {name}{meant}; there are {}", known.join(", ")))
    })
}

/// The time limits of an authority, of registers and kinds that there are.
fn time_limits(
    authority: &Authority,
    vocabulary: &Vocabulary,
    file: &ProfileFile,
    faults: &mut Vec<SourceFault>,
) -> Arc<[TimeLimit]> {
    let mut read = |limit: &Spanned<crate::authority::TimeLimit>| {
        let (place, limit) = (limit.span().start, limit.get_ref());
        let Some(register) = registers::find(&limit.register) else {
            let meant = did_you_mean(&limit.register, registers::ALL.iter().map(|register| register.name));
            let reason = format!("a time limit is for the register {}, which there is none of{meant}", limit.register);
            faults.push(file.fault(place, reason));
            return None;
        };
        let kinds: Vec<&str> = vocabulary.codes(register.name, "kind").iter().map(|code| code.code.as_str()).collect();
        if !kinds.contains(&limit.kind.as_str()) {
            let meant = did_you_mean(&limit.kind, kinds);
            let (kind, name) = (&limit.kind, register.name);
            let reason = format!("a time limit is for the kind {kind}, which {name}.kind does not have{meant}");
            faults.push(file.fault(place, reason));
            return None;
        }
        let days = limit.working_days.or(limit.days)?;
        let (kind, working) = (limit.kind.clone(), limit.working_days.is_some());
        Some(TimeLimit { register: register.name, kind, days, working })
    };
    authority.time_limits.iter().filter_map(&mut read).collect()
}
