//! Files as people have them, read line by line in memory that does not grow: CSV with any of the usual separators and
//! encodings, or lines of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::records::{Entry, Records};
use crate::error::{Error, Result};

/// How much of a file is looked at to find out its separator.
const HEAD: u64 = 64 * 1024;

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Cells under a header, separated by semicolons, commas or tabs
    Csv,
    /// A JSON object on each line, as the API takes it
    Ndjson,
}

/// A file, and what was found out about it.
pub struct Source {
    file: File,
    /// Its length in bytes.
    pub length: u64,
    /// What its lines are.
    pub format: Format,
    encoding: &'static Encoding,
    separator: u8,
    /// How many bytes have been read of it.
    pub position: Arc<AtomicU64>,
}

/// A line, and what it says.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place in the file, from 1.
    pub number: u64,
    /// What it says.
    pub content: Content,
}

/// What a line says.
#[derive(Clone, Debug)]
pub enum Content {
    /// Cells in the order of the header.
    Cells(Vec<String>),
    /// The cells of a line that is no record, and why it is none.
    Broken(Vec<String>, String),
    /// JSON, unread.
    Json(String),
}

/// Counts what passes.
pub struct Counted {
    file: File,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

type Decoded = DecodeReaderBytes<Counted, Vec<u8>>;

/// What is told of a file that fails.
pub fn failed(error: impl std::fmt::Display) -> Error {
    Error::Configuration(format!("the file cannot be read: {error}"))
}

impl Source {
    /// Opens a file, or standard input, which is kept in a nameless file of its own until it is read.
    pub fn open(path: Option<&Path>, format: Option<Format>) -> Result<Source> {
        let mut file = match path {
            Some(path) => File::open(path)
                .map_err(|error| Error::Configuration(format!("cannot read {}: {}", path.display(), error.kind())))?,
            None => {
                let mut file = tempfile::tempfile().map_err(failed)?;
                std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(failed)?;
                file
            }
        };
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(failed)?;
        let encoding = match Encoding::for_bom(&head) {
            Some((encoding, _)) => encoding,
            None if is_utf8(&mut file)? => UTF_8,
            None => WINDOWS_1252,
        };
        let (text, ..) = encoding.decode(&head);
        let format = format.unwrap_or_else(|| format_of(path, &text));
        let length = file.metadata().map_err(failed)?.len();
        Ok(Source { file, length, format, encoding, separator: separator(&text), position: Arc::default() })
    }

    /// The character between cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Reads it from its beginning.
    pub fn lines(&self, longest: usize) -> Result<Lines> {
        let mut file = self.file.try_clone().map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.position.store(0, Ordering::Relaxed);
        let counted = Counted { file, position: self.position.clone() };
        let text = DecodeReaderBytesBuilder::new()
            .encoding(Some(self.encoding))
            .bom_override(true)
            .strip_bom(true)
            .build(counted);
        match self.format {
            Format::Csv => Lines::of_csv(Records::new(BufReader::new(text), self.separator)),
            Format::Ndjson => Ok(Lines::Ndjson { text: Box::new(BufReader::new(text)), number: 0, longest }),
        }
    }
}

/// Whether a file is UTF-8 from end to end.
fn is_utf8(file: &mut File) -> Result<bool> {
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut piece = vec![0; 1 << 16];
    let mut kept = 0;
    loop {
        let read = file.read(&mut piece[kept..]).map_err(failed)?;
        let filled = kept + read;
        match std::str::from_utf8(&piece[..filled]) {
            Ok(_) => kept = 0,
            // The piece ends within a character: the rest of it comes with the next one.
            Err(error) if error.error_len().is_none() && read > 0 => {
                piece.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
            Err(_) => return Ok(false),
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

fn format_of(path: Option<&Path>, head: &str) -> Format {
    let extension = path.and_then(Path::extension).map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("ndjson" | "jsonl" | "json") => Format::Ndjson,
        Some("csv" | "txt" | "tsv") => Format::Csv,
        _ if head.trim_start().starts_with('{') => Format::Ndjson,
        _ => Format::Csv,
    }
}

/// The character that separates the cells of the first line: of the usual ones the most frequent outside of quotes.
fn separator(head: &str) -> u8 {
    let mut counts = [(b';', 0), (b'\t', 0), (b',', 0)];
    let mut quoted = false;
    for byte in head.trim_start_matches('\u{feff}').bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            byte => counts.iter_mut().filter(|(separator, _)| *separator == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // Of equals the first wins, as max_by_key takes the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b';', |(separator, _)| *separator)
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// The lines of a file, one after the other.
pub enum Lines {
    /// Cells under a header.
    Csv {
        /// The names of the columns.
        header: Vec<String>,
        /// The rest.
        records: Box<Records<BufReader<Decoded>>>,
    },
    /// Lines of JSON.
    Ndjson {
        /// The text.
        text: Box<BufReader<Decoded>>,
        /// How many lines have been read.
        number: u64,
        /// How many bytes a line may have.
        longest: usize,
    },
}

impl Lines {
    /// Records, under the header that is the first of them.
    fn of_csv(mut records: Records<BufReader<Decoded>>) -> Result<Lines> {
        let header = loop {
            match records.next()? {
                None => return Err(Error::Configuration("the file has no header".into())),
                Some((_, Entry::Broken(_, why))) => {
                    return Err(Error::Configuration(format!("the header cannot be read: {why}")));
                }
                // Excel's own first line, which only names the separator, and lines without anything.
                Some((_, Entry::Cells(cells)))
                    if is_blank(&cells) || cells.first().is_some_and(|cell| cell.starts_with("sep=")) => {}
                Some((_, Entry::Cells(cells))) => break cells,
            }
        };
        records.expect(header.len());
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Lines::Csv { header, records: Box::new(records) })
    }

    /// The names of the columns; none where there are no columns.
    pub fn header(&self) -> &[String] {
        match self {
            Lines::Csv { header, .. } => header,
            Lines::Ndjson { .. } => &[],
        }
    }

    /// The next line that is not blank; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Line>> {
        match self {
            Lines::Csv { records, .. } => {
                while let Some((number, entry)) = records.next()? {
                    let content = match entry {
                        Entry::Cells(cells) => Content::Cells(cells),
                        Entry::Broken(cells, why) => Content::Broken(cells, why),
                    };
                    if !matches!(&content, Content::Cells(cells) if is_blank(cells)) {
                        return Ok(Some(Line { number, content }));
                    }
                }
                Ok(None)
            }
            Lines::Ndjson { text, number, longest } => loop {
                *number += 1;
                let mut line = Vec::new();
                let read = text.by_ref().take(*longest as u64 + 2).read_until(b'\n', &mut line).map_err(failed)?;
                if read == 0 {
                    return Ok(None);
                }
                if !line.ends_with(b"\n") && line.len() > *longest {
                    // What is too long is refused by its length: the rest of it is not kept.
                    text.skip_until(b'\n').map_err(failed)?;
                }
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                if !line.is_empty() {
                    return Ok(Some(Line { number: *number, content: Content::Json(line) }));
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_separator_outside_of_quotes() {
        assert_eq!(separator("a;b;c\n1,2,3,4,5"), b';');
        assert_eq!(separator("\"a;b;c\",d\r\n"), b',');
        assert_eq!(separator("a\tb\n"), b'\t');
        assert_eq!(separator("\u{feff}Titel"), b';');
    }

    #[test]
    fn tells_utf8_from_others_across_pieces() {
        let file = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
            is_utf8(&mut file).unwrap()
        };
        let mut long = vec![b'a'; (1 << 16) - 1];
        long.extend("ü und mehr".as_bytes());
        assert!(file(&long) && file(b"") && file("Zürich".as_bytes()));
        assert!(!file(b"Z\xfcrich") && !file("Zürich".as_bytes().split_last().unwrap().1.split_at(2).0));
    }
}
