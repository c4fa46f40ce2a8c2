//! Files as people have them, read line by line in memory that does not grow: CSV with any of the usual separators and
//! encodings, or lines of JSON.

use super::records::{CsvRecord, CsvRecords, failed};
use crate::error::{Error, Result};
use crate::formats::{FileFormat, csv, ndjson};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The part of a file, in bytes, that is read to find out its separator.
const HEAD: u64 = 64 * 1024;

/// The format of a file's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SourceFormat {
    /// Cells under a header, separated by semicolons, commas or tabs
    Csv,
    /// A JSON object on each line, as the API takes it
    Ndjson,
}

impl AsRef<FileFormat> for SourceFormat {
    fn as_ref(&self) -> &FileFormat {
        match self {
            SourceFormat::Csv => &csv::FORMAT,
            SourceFormat::Ndjson => &ndjson::FORMAT,
        }
    }
}

/// A file, and what was found out about it.
pub struct SourceFile {
    file: File,
    /// Its length in bytes.
    pub length: u64,
    /// The format of its lines.
    pub format: SourceFormat,
    encoding: &'static Encoding,
    separator: u8,
    /// The number of bytes that have been read of it.
    pub position: Arc<AtomicU64>,
}

/// A line, and what it says.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// Its place in the file, from 1.
    pub number: u64,
    /// The content of the line.
    pub content: LineContent,
}

/// The content of a line.
#[derive(Clone, Debug)]
pub enum LineContent {
    /// Cells in the order of the header.
    Cells(Vec<String>),
    /// The cells of a line that is no record, and why it is none.
    Broken(Vec<String>, String),
    /// JSON, unread.
    Json(String),
}

/// Counts what passes.
pub struct CountedReader {
    file: File,
    position: Arc<AtomicU64>,
}

impl Read for CountedReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

type Decoded = DecodeReaderBytes<CountedReader, Vec<u8>>;

impl SourceFile {
    /// Opens a file, or standard input, which is kept in a nameless file of its own until it is read.
    pub fn open(path: Option<&Path>, format: Option<SourceFormat>) -> Result<SourceFile> {
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
        Ok(SourceFile { file, length, format, encoding, separator: separator(&text), position: Arc::default() })
    }

    /// The character between cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Reads it from its beginning.
    pub fn lines(&self, longest: usize) -> Result<SourceLines> {
        let mut file = self.file.try_clone().map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.position.store(0, Ordering::Relaxed);
        let counted = CountedReader { file, position: self.position.clone() };
        let text = DecodeReaderBytesBuilder::new()
            .encoding(Some(self.encoding))
            .bom_override(true)
            .strip_bom(true)
            .build(counted);
        match self.format {
            SourceFormat::Csv => SourceLines::of_csv(CsvRecords::new(BufReader::new(text), self.separator)),
            SourceFormat::Ndjson => {
                Ok(SourceLines::Ndjson { text: Box::new(BufReader::new(text)), number: 0, longest })
            }
        }
    }
}

/// True if a file is UTF-8 from end to end.
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

fn format_of(path: Option<&Path>, head: &str) -> SourceFormat {
    let extension = path.and_then(Path::extension).map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("ndjson" | "jsonl" | "json") => SourceFormat::Ndjson,
        Some("csv" | "txt" | "tsv") => SourceFormat::Csv,
        _ if head.trim_start().starts_with('{') => SourceFormat::Ndjson,
        _ => SourceFormat::Csv,
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
pub enum SourceLines {
    /// Cells under a header.
    Csv {
        /// The names of the columns.
        header: Vec<String>,
        /// The rest.
        records: Box<CsvRecords<BufReader<Decoded>>>,
    },
    /// Lines of JSON.
    Ndjson {
        /// The text.
        text: Box<BufReader<Decoded>>,
        /// The number of lines that have been read.
        number: u64,
        /// The most bytes that a line may have.
        longest: usize,
    },
}

impl SourceLines {
    /// Records, under the header that is the first of them.
    fn of_csv(mut records: CsvRecords<BufReader<Decoded>>) -> Result<SourceLines> {
        let header = loop {
            match records.next()? {
                None => return Err(Error::Configuration("the file has no header".into())),
                Some((_, CsvRecord::Broken(_, why))) => {
                    return Err(Error::Configuration(format!("the header cannot be read: {why}")));
                }
                // Excel's own first line, which only names the separator, and lines without anything.
                Some((_, CsvRecord::Cells(cells)))
                    if is_blank(&cells) || cells.first().is_some_and(|cell| cell.starts_with("sep=")) => {}
                Some((_, CsvRecord::Cells(cells))) => break cells,
            }
        };
        records.expect(header.len());
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(SourceLines::Csv { header, records: Box::new(records) })
    }

    /// The names of the columns; none where there are no columns.
    pub fn header(&self) -> &[String] {
        match self {
            SourceLines::Csv { header, .. } => header,
            SourceLines::Ndjson { .. } => &[],
        }
    }

    /// The next line that is not blank; `None` at the end.
    pub fn next(&mut self) -> Result<Option<SourceLine>> {
        match self {
            SourceLines::Csv { records, .. } => {
                while let Some((number, entry)) = records.next()? {
                    let content = match entry {
                        CsvRecord::Cells(cells) => LineContent::Cells(cells),
                        CsvRecord::Broken(cells, why) => LineContent::Broken(cells, why),
                    };
                    if !matches!(&content, LineContent::Cells(cells) if is_blank(cells)) {
                        return Ok(Some(SourceLine { number, content }));
                    }
                }
                Ok(None)
            }
            SourceLines::Ndjson { text, number, longest } => loop {
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
                    return Ok(Some(SourceLine { number: *number, content: LineContent::Json(line) }));
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
