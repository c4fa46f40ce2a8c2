//! The lines that were not kept, in the form they came in, each with the reason: to be corrected and imported again.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::lines::{LineContent, SourceFile, SourceFormat, SourceLine};
use crate::error::{Error, Result};
use crate::formats::csv::MARK;
use crate::formats::guarded;

/// The column or property with the reason.
pub const REASON: &str = "_rejected";

/// A file of rejected lines. It comes into being with its first line, and takes its name when it is whole. A trial has none: it
/// leaves nothing behind.
pub struct Rejects {
    path: Option<PathBuf>,
    separator: u8,
    /// True if the lines come from where a text that looks like a formula is none.
    guards: bool,
    header: Vec<String>,
    /// The column that gave the reason the time before.
    former: Option<usize>,
    file: Option<NamedTempFile>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Configuration(format!("the file of rejected lines cannot be written: {error}"))
}

impl Rejects {
    /// Returns the writer of rejected lines of a source for a path, if they are to be kept. Fails if the file is there already:
    /// somebody may be correcting it.
    pub fn new(path: Option<PathBuf>, source: &SourceFile, header: &[String]) -> Result<Rejects> {
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            return Err(Error::Configuration(format!(
                "{} is there already: rename it, or name another file by --rejected",
                path.display()
            )));
        }
        let former = header.iter().position(|name| name == REASON);
        let header = header.iter().filter(|name| *name != REASON).cloned().collect();
        let (separator, guards) = (source.separator(), source.format == SourceFormat::Spreadsheet);
        Ok(Rejects { path, separator, guards, header, former, file: None })
    }

    /// The file's name.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Adds a line with the reason.
    pub fn add(&mut self, line: &SourceLine, reason: &str) -> Result<()> {
        let bytes = match &line.content {
            LineContent::Cells(cells) | LineContent::Broken(cells, _) => {
                // A line that is too short gets empty cells, so that the reason stands in its column.
                let kept = cells.iter().enumerate().filter(|(index, _)| Some(*index) != self.former);
                let written = |cell: &'_ String| if self.guards { guarded(cell).into_owned() } else { cell.clone() };
                let mut cells: Vec<String> = kept.map(|(_, cell)| written(cell)).collect();
                cells.resize(cells.len().max(self.header.len()), String::new());
                cells.push(reason.to_owned());
                self.row(&cells)?
            }
            LineContent::Json(text) => {
                let object = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
                let mut object = object.unwrap_or_else(|| json!({"_line": text}));
                object[REASON] = reason.into();
                format!("{object}\n").into_bytes()
            }
        };
        let Some(path) = self.path.clone() else { return Ok(()) };
        let file = self.open(&path)?;
        file.write_all(&bytes).map_err(failed)
    }

    fn row(&self, cells: &[String]) -> Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().delimiter(self.separator).flexible(true).from_writer(Vec::new());
        writer.write_record(cells).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    /// The file is nobody else's to read: it holds what the lines held.
    fn open(&mut self, path: &Path) -> Result<&mut NamedTempFile> {
        if self.file.is_none() {
            let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
            let mut file = NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(failed)?;
            if !self.header.is_empty() {
                let header = self.row(&[self.header.as_slice(), &[REASON.to_owned()]].concat())?;
                file.write_all(&[MARK, &header].concat()).map_err(failed)?;
            }
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| failed("it is gone"))
    }

    /// Gives the file its name; false when there was nothing to reject.
    pub fn finish(self) -> Result<bool> {
        let Some((file, path)) = self.file.zip(self.path) else { return Ok(false) };
        file.as_file().sync_all().map_err(failed)?;
        file.persist_noclobber(&path).map_err(failed)?;
        Ok(true)
    }
}
