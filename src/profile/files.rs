//! The files of a profile: those of a folder, or the embedded ones.

use std::fs::File;
use std::io::{ErrorKind, Read};
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
        if std::fs::metadata(directory).is_ok_and(|what| !what.is_dir()) {
            files.faults.push(whole_file(directory, format!("is no folder: {A_PROFILE}")));
            return files;
        }
        let mut faults = Vec::new();
        let authority = directory.join(AUTHORITY);
        match std::fs::symlink_metadata(&authority) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                faults.push(whole_file(&authority, format!("is not there: {A_PROFILE}")));
            }
            _ => files.authority = file(&authority, &mut faults),
        }
        let vocabulary = directory.join(VOCABULARY);
        let has_vocabulary = std::fs::symlink_metadata(&vocabulary).is_ok();
        files.vocabulary = if has_vocabulary { file(&vocabulary, &mut faults) } else { None };
        files.tables = tables_of(&directory.join(TABLES.0), &mut faults);
        files.chapters = files_of(&directory.join(CHAPTERS.0), CHAPTERS.1, &mut faults);
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

const A_PROFILE: &str = "a profile is a folder with authority.toml, vocabulary.toml and tables/*.toml; `aufsicht profile init DIR` \
    writes one to start from";
const AUTHORITY: &str = "authority.toml";
const VOCABULARY: &str = "vocabulary.toml";

/// The folders of a profile, with the endings of their files.
const TABLES: (&str, &str) = ("tables", "toml");
const CHAPTERS: (&str, &str) = ("chapters", "md");

/// The paths that a wrong name would leave out in silence: files of TOML in the folder itself that are none of a profile, folders that
/// are called almost like one of it, and files in these with another ending.
fn strangers(directory: &Path) -> Vec<SourceFault> {
    let of_toml = paths_of(directory, TABLES.1).into_iter().flatten().filter_map(|path| {
        let name = name_of(&path).filter(|name| ![AUTHORITY, VOCABULARY].contains(name))?;
        let meant = did_you_mean(name, [AUTHORITY, VOCABULARY]);
        let reason = format!("is no file of a profile and is not read{meant}; layouts lie in the folder tables");
        Some(whole_file(&path, reason))
    });
    let all = |folder: &Path| entries_of(folder).unwrap_or_default().into_iter();
    let folders = all(directory).filter(|path| path.is_dir()).filter_map(|path| {
        let name = name_of(&path).filter(|name| ![TABLES.0, CHAPTERS.0].contains(name))?;
        let meant = did_you_mean(name, [TABLES.0, CHAPTERS.0]);
        let reason = format!("is no folder of a profile and is not read{meant}");
        (!meant.is_empty()).then(|| whole_file(&path, reason))
    });
    let of_folders = [TABLES, CHAPTERS].into_iter().flat_map(|(folder, ending)| {
        let others = all(&directory.join(folder)).filter(move |path| !has_ending(path, ending));
        others.map(move |path| whole_file(&path, format!("is not read: the files in {folder} end in .{ending}")))
    });
    of_toml.chain(folders).chain(of_folders).collect()
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// The fault of a file as a whole.
fn whole_file(path: &Path, reason: impl Into<String>) -> SourceFault {
    SourceFault { file: path.display().to_string(), line: 0, reason: reason.into() }
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceFault {
    whole_file(path, unreadable_since(path, error))
}

fn unreadable_since(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound if path.is_symlink() => "is a link to what is not there".to_owned(),
        ErrorKind::NotFound => "is not there".to_owned(),
        kind => format!("cannot be read: {kind}"),
    }
}

/// The most bytes that a file of a profile can have.
const LARGEST: u64 = 20_000_000;

/// The bytes of a file, or why it is none of a profile.
fn bytes(path: &Path) -> std::result::Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| unreadable_since(path, &error);
    // What is no file is not even opened: it could wait for somebody who writes into it.
    match std::fs::metadata(path).map_err(failed)? {
        what if what.is_dir() => return Err("is a folder, where a file must be".to_owned()),
        what if !what.is_file() => return Err("is no file".to_owned()),
        _ => {}
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("is too large: a file of a profile has {LARGEST} bytes at the most"));
    }
    Ok(bytes)
}

/// A file; none if it cannot be read. What is no UTF-8 in it is a fault, and the rest of it is read all the same.
fn file(path: &Path, faults: &mut Vec<SourceFault>) -> Option<ProfileFile> {
    let name = path.display().to_string();
    let bytes = bytes(path).map_err(|reason| faults.push(whole_file(path, reason))).ok()?;
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let reason = "is not UTF-8; save the file in this encoding".into();
        faults.push(SourceFault { file: name.clone(), line, reason });
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    });
    Some(ProfileFile { path: name, text })
}

/// The files of a folder with layouts of tables.
pub(super) fn tables_of(directory: &Path, faults: &mut Vec<SourceFault>) -> Vec<ProfileFile> {
    if std::fs::symlink_metadata(directory).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        faults.push(whole_file(directory, "is not there"));
    }
    files_of(directory, TABLES.1, faults)
}

/// The files of a folder with an ending, in the order of their names; none where there is no folder.
fn files_of(directory: &Path, ending: &str, faults: &mut Vec<SourceFault>) -> Vec<ProfileFile> {
    let paths = paths_of(directory, ending).unwrap_or_else(|fault| {
        faults.push(fault);
        Vec::new()
    });
    paths.iter().filter_map(|path| file(path, faults)).collect()
}

/// The paths in a folder that have an ending.
fn paths_of(directory: &Path, ending: &str) -> std::result::Result<Vec<PathBuf>, SourceFault> {
    let mut paths = entries_of(directory)?;
    paths.retain(|path| has_ending(path, ending));
    Ok(paths)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

/// The paths in a folder, in their order; none where there is no folder. Hidden files are none of the profile: editors and systems
/// keep notes of their own beside a file.
fn entries_of(directory: &Path) -> std::result::Result<Vec<PathBuf>, SourceFault> {
    let is_hidden = |path: &Path| path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound && !directory.is_symlink() => return Ok(Vec::new()),
        entries => entries.map_err(|error| unreadable(directory, &error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> =
        paths.collect::<std::io::Result<_>>().map_err(|error| unreadable(directory, &error))?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}
