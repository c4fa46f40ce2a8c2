//! Files that lines are added to, each whole: what broke off in the middle of one, a crash or a full disk, leaves no half a line.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes that are read at once in search of the end of a line.
const PIECE: u64 = 4096;

/// Adds lines to a file, which is made where there is none, for its user alone. When it returns they are kept. The file is
/// opened each time, so that it may be moved away in between.
pub(super) fn append(path: &Path, lines: &str) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(path)?;
    let length = without_half_a_line(&mut file, path)?;
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // What there was no room for does not stay in part.
        let _ = file.set_len(length);
    }
    written
}

/// Takes the last line of a file away if it has no end; returns how long the file is then.
fn without_half_a_line(file: &mut File, path: &Path) -> Result<u64> {
    let length = file.metadata()?.len();
    let whole = end_of_lines(file, length)?;
    if whole < length {
        log::warn!("{}: the last line had no end, and was taken away", path.display());
        file.set_len(whole)?;
    }
    Ok(whole)
}

/// The place behind the last line that is whole.
fn end_of_lines(file: &mut File, length: u64) -> Result<u64> {
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(PIECE);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        Read::take(&mut *file, end - begin).read_to_end(&mut piece)?;
        if let Some(place) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + place as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_taken_away_before_another_is_added() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        for (held, whole) in
            [("", ""), ("a\n", "a\n"), ("half", ""), ("a\nhalf", "a\n"), (&"x".repeat(9000), ""), ("\n\n", "\n\n")]
        {
            std::fs::write(&path, held).unwrap();
            append(&path, "b\nc\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{whole}b\nc\n"));
        }
    }
}
