//! Files as people have them: CSV with any of the usual separators and encodings, or lines of JSON, read line by line in memory
//! that does not grow; or a sheet of a spreadsheet, which is read whole.

use super::broken::LineFault;
use super::header::{self, Header, LOOKED_AT, NamedRow};
use super::records::{CsvRecord, CsvRecords, failed};
use super::spreadsheet::{self, SheetRow};
use crate::error::{Error, Result, reason_of};
use crate::formats::{FileFormat, csv, ndjson};
use crate::messages::Lang;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
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
    /// A spreadsheet: XLSX, ODS or XLS
    #[value(name = "xlsx", aliases = ["ods", "xls"])]
    Spreadsheet,
}

impl AsRef<FileFormat> for SourceFormat {
    fn as_ref(&self) -> &FileFormat {
        match self {
            // Lines of a sheet that are rejected are written as CSV.
            SourceFormat::Csv | SourceFormat::Spreadsheet => &csv::FORMAT,
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
    /// The rows of a spreadsheet.
    rows: Arc<[SheetRow]>,
    header: Option<Header>,
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
    Broken(Vec<String>, LineFault),
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
    pub fn open(path: Option<&Path>, format: Option<SourceFormat>, sheet: Option<&str>) -> Result<SourceFile> {
        let mut file = match path {
            Some(path) => open_file(path)?,
            None => standard_input()?,
        };
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let format = format.or_else(|| is_spreadsheet(&head).then_some(SourceFormat::Spreadsheet));
        let (rows, header) = (Arc::default(), None);
        if format == Some(SourceFormat::Spreadsheet) {
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            let (rows, position) = (spreadsheet::rows(&file, sheet)?.into(), Arc::new(AtomicU64::new(length)));
            let (format, encoding, separator) = (SourceFormat::Spreadsheet, UTF_8, b';');
            return Ok(SourceFile { file, length, format, encoding, separator, rows, header, position });
        }
        if sheet.is_some() {
            return Err(Error::Configuration("--sheet is for spreadsheets".into()));
        }
        let encoding = match Encoding::for_bom(&head) {
            Some((encoding, _)) => encoding,
            None if head.contains(&0) => utf_16(&head)?,
            None if is_utf8(&mut file)? => UTF_8,
            None => WINDOWS_1252,
        };
        let (text, ..) = encoding.decode(&head);
        let format = format.unwrap_or_else(|| format_of(path, &text));
        let (separator, position) = (separator(&text), Arc::default());
        Ok(SourceFile { file, length, format, encoding, separator, rows, header, position })
    }

    /// Finds the header by the names that are known, or takes the row that is told.
    pub fn find_header(&mut self, told: Option<u64>, knows: impl Fn(&str) -> bool) -> Result<()> {
        let looked_at = told.map_or(LOOKED_AT, |row| usize::try_from(row).unwrap_or(usize::MAX));
        let (rows, fault) = match self.format {
            SourceFormat::Ndjson if told.is_some() => {
                return Err(Error::Configuration("--header-row is for tables: lines of JSON have no header".into()));
            }
            SourceFormat::Ndjson => return Ok(()),
            SourceFormat::Spreadsheet => {
                let named = self.rows.iter().filter(|row| !is_blank(&row.cells)).take(looked_at);
                (named.map(|row| (row.number, row.cells.clone())).collect(), None)
            }
            SourceFormat::Csv => {
                first_rows(&mut CsvRecords::new(BufReader::new(self.text()?), self.separator), looked_at)?
            }
        };
        let found = match told {
            Some(row) => header::told(&rows, row, &knows),
            None => header::find(&rows, &knows).filter(|found| fault.is_none() || found.known(&knows) > 1),
        };
        self.header = Some(found.ok_or_else(|| match (fault, told) {
            (Some(why), _) => Error::Configuration(format!("the header cannot be read: {}", why.told(Lang::En))),
            (None, Some(row)) => Error::Configuration(format!("--header-row: there is no row {row} with names")),
            (None, None) => Error::Configuration("the file has no header".into()),
        })?);
        Ok(())
    }

    /// The text from its beginning.
    fn text(&self) -> Result<Decoded> {
        let mut file = self.file.try_clone().map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.position.store(0, Ordering::Relaxed);
        let counted = CountedReader { file, position: self.position.clone() };
        Ok(DecodeReaderBytesBuilder::new()
            .encoding(Some(self.encoding))
            .bom_override(true)
            .strip_bom(true)
            .build(counted))
    }

    /// The character between cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Reads it from its beginning, behind its header.
    pub fn lines(&self, longest: usize) -> Result<SourceLines> {
        let header = || self.header.clone().ok_or_else(|| Error::Internal("the header was not looked for".into()));
        match self.format {
            SourceFormat::Csv => {
                SourceLines::of_csv(CsvRecords::new(BufReader::new(self.text()?), self.separator), header()?)
            }
            SourceFormat::Spreadsheet => {
                let Header { row, names } = header()?;
                let place = self.rows.iter().position(|known| known.number == row).map_or(0, |place| place + 1);
                Ok(SourceLines::Sheet { header: names, rows: self.rows.clone(), place })
            }
            SourceFormat::Ndjson => {
                let text = Box::new(BufReader::new(self.text()?));
                Ok(SourceLines::Ndjson { text, number: 0, longest })
            }
        }
    }
}

/// A file that is there to be read.
fn open_file(path: &Path) -> Result<File> {
    let refuse = |why: &str| Error::Configuration(format!("cannot read {}: {why}", path.display()));
    let file = File::open(path).map_err(|error| refuse(&reason_of(&error)))?;
    if file.metadata().is_ok_and(|of| of.is_dir()) { Err(refuse("it is a folder")) } else { Ok(file) }
}

/// The standard input, in a nameless file of its own.
fn standard_input() -> Result<File> {
    let mut file = tempfile::tempfile().map_err(failed)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(failed)?;
    Ok(file)
}

/// The rows that a table begins with, blank ones and the first line of Excel's own aside, which only names the separator; and the
/// fault of the first one where that cannot be read.
fn first_rows<R: BufRead>(records: &mut CsvRecords<R>, most: usize) -> Result<(Vec<NamedRow>, Option<LineFault>)> {
    let (mut rows, mut fault) = (Vec::new(), None);
    while rows.len() < most
        && let Some((number, record)) = records.next()?
    {
        match record {
            CsvRecord::Cells(cells)
                if is_blank(&cells) || cells.first().is_some_and(|cell| cell.starts_with("sep=")) => {}
            CsvRecord::Cells(cells) => rows.push((number, cells)),
            CsvRecord::Broken(_, why) if rows.is_empty() => fault = Some(why),
            CsvRecord::Broken(..) => {}
        }
    }
    Ok((rows, fault))
}

/// True for the beginning of a spreadsheet: a packed file (XLSX, ODS), or one of the older Office (XLS).
fn is_spreadsheet(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0")
}

/// The encoding of a text of two bytes a character that has no mark: in any language most of them are letters, signs and spaces of
/// which one byte is 0. Fails for what is no text.
fn utf_16(head: &[u8]) -> Result<&'static Encoding> {
    let (mut high, mut low) = (0, 0);
    for pair in head.chunks_exact(2) {
        high += usize::from(pair[0] == 0);
        low += usize::from(pair[1] == 0);
    }
    let most = head.len() / 2;
    match (high, low) {
        (0, low) if 2 * low > most => Ok(UTF_16LE),
        (high, 0) if 2 * high > most => Ok(UTF_16BE),
        _ => Err(Error::Configuration(
            "the file is no list: give CSV, lines of JSON, or a spreadsheet (XLSX, ODS, XLS)".into(),
        )),
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

/// The character that separates the cells of the first line that has any: of the usual ones the most frequent outside of quotes.
fn separator(head: &str) -> u8 {
    let mut counts = [(b';', 0), (b'\t', 0), (b',', 0)];
    let mut quoted = false;
    for byte in head.trim_start_matches('\u{feff}').bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts.iter().any(|(_, count)| *count > 0) => break,
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
    /// Rows of a spreadsheet under a header.
    Sheet {
        /// The names of the columns.
        header: Vec<String>,
        /// The rows.
        rows: Arc<[SheetRow]>,
        /// The place of the next one.
        place: usize,
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
    /// The records behind a header.
    fn of_csv(mut records: CsvRecords<BufReader<Decoded>>, header: Header) -> Result<SourceLines> {
        while let Some((number, record)) = records.next()? {
            if number == header.row {
                let (CsvRecord::Cells(cells) | CsvRecord::Broken(cells, _)) = record;
                records.expect(cells.len());
                break;
            }
        }
        Ok(SourceLines::Csv { header: header.names, records: Box::new(records) })
    }

    /// The names of the columns; none where there are no columns.
    pub fn header(&self) -> &[String] {
        match self {
            SourceLines::Csv { header, .. } | SourceLines::Sheet { header, .. } => header,
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
            SourceLines::Sheet { header, rows, place } => {
                while let Some(row) = rows.get(*place) {
                    *place += 1;
                    if !is_blank(&row.cells) {
                        return Ok(Some(of_sheet(row, header.len())));
                    }
                }
                Ok(None)
            }
            SourceLines::Ndjson { text, number, longest } => next_of_json(text, number, *longest),
        }
    }
}

/// The next line of JSON that is not blank.
fn next_of_json(text: &mut impl BufRead, number: &mut u64, longest: usize) -> Result<Option<SourceLine>> {
    loop {
        *number += 1;
        let mut line = Vec::new();
        let read = text.by_ref().take(longest as u64 + 2).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(None);
        }
        if !line.ends_with(b"\n") && line.len() > longest {
            // What is too long is refused by its length: the rest of it is not kept.
            text.skip_until(b'\n').map_err(failed)?;
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            return Ok(Some(SourceLine { number: *number, content: LineContent::Json(line) }));
        }
    }
}

/// A row of a sheet as a line: cells that nothing was ever written into are blank.
fn of_sheet(row: &SheetRow, columns: usize) -> SourceLine {
    let mut cells = row.cells.clone();
    cells.resize(cells.len().max(columns), String::new());
    let content = match &row.fault {
        Some(why) => LineContent::Broken(cells, why.clone()),
        None => LineContent::Cells(cells),
    };
    SourceLine { number: row.number, content }
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
        assert_eq!(separator("Liste 2017\n\na,b"), b',');
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
