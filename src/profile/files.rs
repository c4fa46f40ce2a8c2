//! The files of a profile: those of a folder, or the embedded ones.

use std::path::Path;

use crate::error::{Error, Result};
use crate::source::SourceFault;

/// A file of a profile.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// Its path, as faults name it.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl ProfileFile {
    /// A fault of the first line that begins with a word.
    pub fn fault(&self, word: &str, reason: String) -> SourceFault {
        let line = self.text.lines().position(|line| line.trim_start().starts_with(word)).unwrap_or(0) + 1;
        SourceFault { file: self.path.clone(), line, reason }
    }
}

/// The files of a profile.
#[derive(Clone, Debug)]
pub struct ProfileFiles {
    /// `authority.toml`.
    pub authority: ProfileFile,
    /// `vocabulary.toml`, if there is one.
    pub vocabulary: Option<ProfileFile>,
    /// The files in `tables`, in the order of their names.
    pub tables: Vec<ProfileFile>,
    /// The files in `chapters`, in the order of their names.
    pub chapters: Vec<ProfileFile>,
}

/// The embedded files, by their paths in a folder.
const EMBEDDED: [(&str, &str); 3] = [
    ("authority.toml", include_str!("lucerne/authority.toml")),
    ("vocabulary.toml", include_str!("lucerne/vocabulary.toml")),
    ("tables/services.toml", include_str!("lucerne/tables/services.toml")),
];

impl ProfileFiles {
    /// The embedded profile.
    pub fn embedded() -> ProfileFiles {
        let file = |(path, text): &(&str, &str)| ProfileFile { path: (*path).to_owned(), text: (*text).to_owned() };
        let [authority, vocabulary, tables] = EMBEDDED.each_ref().map(file);
        ProfileFiles { authority, vocabulary: Some(vocabulary), tables: vec![tables], chapters: Vec::new() }
    }

    /// Writes the embedded profile into a folder, in which none of its files may be yet.
    pub fn write_embedded(directory: &Path) -> Result<Vec<String>> {
        let failed = |path: &Path, error: std::io::Error| {
            Error::Configuration(format!("{} cannot be written: {error}", path.display()))
        };
        if let Some((path, _)) = EMBEDDED.iter().find(|(path, _)| directory.join(path).exists()) {
            let path = directory.join(path);
            return Err(Error::Configuration(format!("{} is there already; nothing was written", path.display())));
        }
        let write = |(path, text): &(&str, &str)| {
            let path = directory.join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
            }
            std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
            Ok(path.display().to_string())
        };
        EMBEDDED.iter().map(write).collect()
    }

    /// Reads a folder.
    pub fn read(directory: &Path) -> Result<ProfileFiles> {
        let told = |fault: SourceFault| Error::Configuration(fault.to_string());
        let authority = directory.join("authority.toml");
        if !authority.is_file() {
            let reason = "a profile is a folder with authority.toml, vocabulary.toml and tables/*.toml; \
                `aufsicht profile init DIR` writes one to start from";
            return Err(Error::Configuration(format!("{} is not there: {reason}", authority.display())));
        }
        let vocabulary = Some(directory.join("vocabulary.toml")).filter(|path| path.is_file());
        Ok(ProfileFiles {
            authority: file(&authority).map_err(told)?,
            vocabulary: vocabulary.map(|path| file(&path)).transpose().map_err(told)?,
            tables: tables_of(&directory.join("tables")).map_err(told)?,
            chapters: files_of(&directory.join("chapters"), "md").map_err(told)?,
        })
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceFault {
    SourceFault { file: path.display().to_string(), line: 0, reason: format!("cannot be read: {error}") }
}

fn file(path: &Path) -> std::result::Result<ProfileFile, SourceFault> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    Ok(ProfileFile { path: path.display().to_string(), text })
}

/// The files of a folder with layouts of tables.
pub(super) fn tables_of(directory: &Path) -> std::result::Result<Vec<ProfileFile>, SourceFault> {
    std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    files_of(directory, "toml")
}

/// The files of a folder with an ending, in the order of their names; none where there is no folder.
fn files_of(directory: &Path, ending: &str) -> std::result::Result<Vec<ProfileFile>, SourceFault> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .collect();
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}
