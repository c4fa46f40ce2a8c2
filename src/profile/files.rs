//! The files of a profile: those of a folder, or the embedded ones.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::{SourceFault, did_you_mean, located};

/// A file of a profile.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// Its path, as faults name it.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl ProfileFile {
    /// The name of the file without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// A fault at a place, which is the number of bytes before it.
    pub fn fault(&self, place: usize, reason: impl Into<String>) -> SourceFault {
        located(&self.path, &self.text, (place, reason.into()))
    }
}

/// The files of a profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileFiles {
    /// `authority.toml`; a profile has it, or there is a fault.
    pub authority: Option<ProfileFile>,
    /// `vocabulary.toml`, if there is one.
    pub vocabulary: Option<ProfileFile>,
    /// The files in `tables`, in the order of their names.
    pub tables: Vec<ProfileFile>,
    /// The files in `chapters`, in the order of their names.
    pub chapters: Vec<ProfileFile>,
    /// The drawings (SVG) that lie in the folder itself.
    pub drawings: Vec<ProfileFile>,
    /// The shapes of areas (GeoJSON) that lie in the folder itself.
    pub shapes: Vec<ProfileFile>,
    /// The files that could not be read.
    pub faults: Vec<SourceFault>,
    /// The files that are none of a profile.
    pub strangers: Vec<SourceFault>,
}

/// The embedded files, by their paths in a folder.
const EMBEDDED: [(&str, &str); 3] = [
    ("authority.toml", include_str!("lucerne/authority.toml")),
    ("vocabulary.toml", include_str!("lucerne/vocabulary.toml")),
    ("tables/services.toml", include_str!("lucerne/tables/services.toml")),
];

/// The texts of the demonstration years, which belong to the embedded profile.
pub const DEMONSTRATION: &str = include_str!("lucerne/demo.toml");

impl ProfileFiles {
    /// The embedded profile.
    pub fn embedded() -> ProfileFiles {
        let file = |(path, text): &(&str, &str)| ProfileFile { path: (*path).to_owned(), text: (*text).to_owned() };
        let [authority, vocabulary, tables] = EMBEDDED.each_ref().map(file);
        ProfileFiles {
            authority: Some(authority),
            vocabulary: Some(vocabulary),
            tables: vec![tables],
            ..ProfileFiles::default()
        }
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

    /// Reads a folder. What cannot be read is a fault, and the others are read all the same.
    pub fn read(directory: &Path) -> ProfileFiles {
        let mut files = ProfileFiles::default();
        let mut faults = Vec::new();
        let authority = directory.join(AUTHORITY);
        match authority.is_file() {
            true => files.authority = Some(file(&authority, &mut faults)),
            false => faults.push(SourceFault {
                file: authority.display().to_string(),
                line: 0,
                reason: "is not there: a profile is a folder with authority.toml, vocabulary.toml and tables/*.toml; \
                         `aufsicht profile init DIR` writes one to start from"
                    .into(),
            }),
        }
        let vocabulary = directory.join(VOCABULARY);
        files.vocabulary = vocabulary.is_file().then(|| file(&vocabulary, &mut faults));
        files.tables = tables_of(&directory.join("tables"), &mut faults);
        files.chapters = files_of(&directory.join("chapters"), "md", &mut faults);
        files.drawings = files_of(directory, "svg", &mut faults);
        files.shapes = files_of(directory, "geojson", &mut faults);
        files.strangers = strangers(directory);
        ProfileFiles { faults, ..files }
    }

    /// All files that are TOML.
    pub fn of_toml(&self) -> impl Iterator<Item = &ProfileFile> {
        self.authority.iter().chain(&self.vocabulary).chain(&self.tables)
    }
}

const AUTHORITY: &str = "authority.toml";
const VOCABULARY: &str = "vocabulary.toml";

/// The files of TOML in the folder itself that are none of a profile: one with a wrong name would be left out in silence.
fn strangers(directory: &Path) -> Vec<SourceFault> {
    let named = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let stranger = |path: PathBuf| {
        let name = named(&path).filter(|name| ![AUTHORITY, VOCABULARY].contains(&name.as_str()))?;
        let meant = did_you_mean(&name, [AUTHORITY, VOCABULARY]);
        let reason = format!("is no file of a profile and is not read{meant}; layouts lie in the folder tables");
        Some(SourceFault { file: path.display().to_string(), line: 0, reason })
    };
    paths_of(directory, "toml").into_iter().filter_map(stranger).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceFault {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    SourceFault { file: path.display().to_string(), line: 0, reason }
}

/// A file; what is no UTF-8 in it is a fault, and the rest of it is read all the same.
fn file(path: &Path, faults: &mut Vec<SourceFault>) -> ProfileFile {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).unwrap_or_else(|error| {
        faults.push(unreadable(path, &error));
        Vec::new()
    });
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let reason = "is not UTF-8; save the file in this encoding".into();
        faults.push(SourceFault { file: name.clone(), line, reason });
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    });
    ProfileFile { path: name, text }
}

/// The files of a folder with layouts of tables.
pub(super) fn tables_of(directory: &Path, faults: &mut Vec<SourceFault>) -> Vec<ProfileFile> {
    faults.extend(std::fs::read_dir(directory).err().map(|error| unreadable(directory, &error)));
    files_of(directory, "toml", faults)
}

/// The files of a folder with an ending, in the order of their names; none where there is no folder.
fn files_of(directory: &Path, ending: &str, faults: &mut Vec<SourceFault>) -> Vec<ProfileFile> {
    paths_of(directory, ending).iter().map(|path| file(path, faults)).collect()
}

fn paths_of(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file() && path.extension().is_some_and(|extension| extension == ending))
        .collect();
    paths.sort();
    paths
}
