//! Records of CSV read to the letter (RFC 4180): a line that breaks its rules is handed back as broken, with the reason,
//! and the reading goes on with the line after it. So a quotation mark that nobody closes costs its own line and no other.

use std::collections::VecDeque;
use std::io::BufRead;

use super::broken::{LONGEST, LineFault};
use crate::error::{Error, Result};

/// A record, or a line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvRecord {
    /// The cells of a record.
    Cells(Vec<String>),
    /// The cells of a broken line as far as they can be told apart, and what is wrong with it.
    Broken(Vec<String>, LineFault),
}

/// The state of a record after some of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellState {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotation marks.
    Plain,
    /// Within quotation marks.
    Quoted,
    /// Behind the quotation mark that closes a cell.
    Closed,
}

/// Reads records.
pub struct CsvRecords<R> {
    text: R,
    separator: char,
    /// Lines that were looked at for a record that turned out to be none.
    ahead: VecDeque<String>,
    /// The number of lines that have been taken.
    taken: u64,
    /// The number of cells that the header has.
    columns: usize,
}

impl<R: BufRead> CsvRecords<R> {
    /// Begins at the beginning of a text.
    pub fn new(text: R, separator: u8) -> Self {
        CsvRecords { text, separator: char::from(separator), ahead: VecDeque::new(), taken: 0, columns: 0 }
    }

    /// Says how many cells a whole record has.
    pub fn expect(&mut self, columns: usize) {
        self.columns = columns;
    }

    /// The next record or broken line, with the number of the line that it begins in; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u64, CsvRecord)>> {
        let Some(first) = self.line()? else { return Ok(None) };
        let number = self.taken + 1;
        let (mut lines, mut length) = (vec![first], 0);
        let mut cells = Cells::new(self.separator);
        let fault = loop {
            let line = lines.last().map(String::as_str).unwrap_or_default();
            if let Err(why) = cells.feed(line, number + lines.len() as u64 - 1) {
                break Some(why);
            }
            length += line.len();
            let CellState::Quoted = cells.state else { break self.suspicion(&lines) };
            if length > LONGEST {
                break Some(LineFault::Endless(cells.opened));
            }
            match self.line()? {
                Some(line) => lines.push(line),
                None => break Some(LineFault::Unclosed(cells.opened)),
            }
        };
        let Some(why) = fault else {
            self.taken += lines.len() as u64;
            return Ok(Some((number, CsvRecord::Cells(cells.done()))));
        };
        self.taken += 1;
        let rest = lines.drain(1..).collect::<Vec<_>>().into_iter().rev();
        rest.for_each(|line| self.ahead.push_front(line));
        Ok(Some((number, CsvRecord::Broken(told_apart(&lines[0], self.separator), why))))
    }

    /// The reason why lines that make a legal record are none all the same: the first and the last of them, or one within, would alone
    /// be a whole one, as when a stray pair of quotation marks makes one cell of them. A text of several lines does not look
    /// so, unless its lines have just as many separators as those of the list.
    fn suspicion(&self, lines: &[String]) -> Option<LineFault> {
        let alike = |line: &String| told_apart(line, self.separator).len() == self.columns;
        let [first, inner @ .., last] = lines else { return None };
        let is_stray = (alike(first) && alike(last)) || (self.columns > 2 && inner.iter().any(alike));
        (self.columns > 1 && is_stray).then_some(LineFault::Stray(lines.len()))
    }

    /// The next line without its end, which is LF, CR LF or CR.
    fn line(&mut self) -> Result<Option<String>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let mut any = false;
        loop {
            let buffer = self.text.fill_buf().map_err(failed)?;
            if buffer.is_empty() {
                return Ok(any.then(|| text_of(line)));
            }
            any = true;
            let Some(end) = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                let length = buffer.len();
                keep(&mut line, buffer);
                self.text.consume(length);
                continue;
            };
            let is_return = buffer[end] == b'\r';
            keep(&mut line, &buffer[..end]);
            self.text.consume(end + 1);
            if is_return && self.text.fill_buf().map_err(failed)?.first() == Some(&b'\n') {
                self.text.consume(1);
            }
            return Ok(Some(text_of(line)));
        }
    }
}

/// Keeps a piece of a line, as far as a line can be a record at all: the rest of a longer one is not held in memory.
fn keep(line: &mut Vec<u8>, piece: &[u8]) {
    let room = (2 * LONGEST).saturating_sub(line.len());
    line.extend(&piece[..piece.len().min(room)]);
}

fn text_of(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The cells of a record that is read line by line.
struct Cells {
    separator: char,
    cells: Vec<String>,
    cell: String,
    state: CellState,
    /// The line in which the last quotation mark opened a cell.
    opened: u64,
}

impl Cells {
    fn new(separator: char) -> Self {
        Cells { separator, cells: Vec::new(), cell: String::new(), state: CellState::Start, opened: 0 }
    }

    /// Takes a line in; fails with what is wrong with it.
    fn feed(&mut self, line: &str, number: u64) -> std::result::Result<(), LineFault> {
        if line.len() > LONGEST {
            return Err(LineFault::TooLong(number));
        }
        if self.state == CellState::Quoted {
            self.cell.push('\n');
        }
        line.chars().try_for_each(|c| {
            self.state = self.take(c, number)?;
            Ok(())
        })
    }

    /// Takes a character of a line in, and returns the state behind it.
    fn take(&mut self, c: char, number: u64) -> std::result::Result<CellState, LineFault> {
        Ok(match (self.state, c) {
            (CellState::Quoted, '"') => CellState::Closed,
            (CellState::Closed, '"') | (CellState::Quoted, _) => {
                self.cell.push(c);
                CellState::Quoted
            }
            (_, c) if c == self.separator => {
                self.cells.push(std::mem::take(&mut self.cell));
                CellState::Start
            }
            (CellState::Start, '"') => {
                self.opened = number;
                CellState::Quoted
            }
            (CellState::Plain, '"') => return Err(LineFault::Within(number)),
            (CellState::Closed, _) => return Err(LineFault::ClosedEarly(self.opened, number)),
            (CellState::Start | CellState::Plain, c) => {
                self.cell.push(c);
                CellState::Plain
            }
        })
    }

    fn done(mut self) -> Vec<String> {
        self.cells.push(self.cell);
        self.cells
    }
}

/// The cells of a broken line: what stands whole within quotation marks is a cell, all other marks are text. Nothing is
/// lost, so that the line can be shown and corrected.
fn told_apart(line: &str, separator: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let whole = whole_cell(text, separator);
        let (cell, after) = whole.unwrap_or_else(|| match text.split_once(separator) {
            Some((cell, after)) => (cell.to_owned(), Some(after)),
            None => (text.to_owned(), None),
        });
        cells.push(cell);
        rest = after;
    }
    cells
}

/// The cell within quotation marks that a text begins with, and what comes after the separator behind it.
fn whole_cell(text: &str, separator: char) -> Option<(String, Option<&str>)> {
    let inside = text.strip_prefix('"')?;
    let mut from = 0;
    loop {
        let end = from + inside[from..].find('"')?;
        let after = &inside[end + 1..];
        let cell = || inside[..end].replace("\"\"", "\"");
        match after.chars().next() {
            Some('"') => from = end + 2,
            None => return Some((cell(), None)),
            Some(c) if c == separator => return Some((cell(), Some(&after[c.len_utf8()..]))),
            Some(_) => return None,
        }
    }
}

/// Returns the error for a file that cannot be read.
pub fn failed(error: impl std::fmt::Display) -> Error {
    Error::Configuration(format!("the file cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, columns: usize) -> Vec<(u64, CsvRecord)> {
        let mut records = CsvRecords::new(text.as_bytes(), b';');
        records.expect(columns);
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    fn cells(texts: &[&str]) -> CsvRecord {
        CsvRecord::Cells(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[track_caller]
    fn broken(entry: &CsvRecord, why: &str, first: &str) {
        let CsvRecord::Broken(cells, fault) = entry else { panic!("{entry:?}") };
        let told = fault.told(crate::messages::Lang::En);
        assert!(told.contains(why) && cells[0] == first, "{told} {cells:?}");
    }

    #[test]
    fn legal_records_are_read_as_they_are() {
        let read_all = read("a;\"b;\"\"c\"\"\nd\";\r\n;;\r\"\";x;\"y\"", 3);
        let expected = [(1, cells(&["a", "b;\"c\"\nd", ""])), (3, cells(&["", "", ""])), (4, cells(&["", "x", "y"]))];
        assert_eq!(read_all, expected);
        assert_eq!(read("", 3), []);
        // A text of several lines that has separators of its own.
        let notes = read("1;x;\"erstens; zweitens\ndrittens\"\n2;y;z\n", 3);
        assert_eq!(notes, [(1, cells(&["1", "x", "erstens; zweitens\ndrittens"])), (3, cells(&["2", "y", "z"]))]);
    }

    #[test]
    fn a_stray_mark_costs_its_own_line_only() {
        let open = read("1;a;b\n2;\"c;d\n3;e;f\n4;g;h\n", 3);
        assert_eq!(open.len(), 4);
        broken(&open[1].1, "opens a cell in line 2 and the file ends before it is closed", "2");
        assert_eq!(open[2..], [(3, cells(&["3", "e", "f"])), (4, cells(&["4", "g", "h"]))]);
        let inches = read("\"24\" Schirm;a;b\n24\" Schirm;a;b\n1;2;3\n", 3);
        broken(&inches[0].1, "is closed in line 1 before the cell ends", "\"24\" Schirm");
        broken(&inches[1].1, "within a cell that is not in quotation marks", "24\" Schirm");
        assert_eq!(inches[2], (3, cells(&["1", "2", "3"])));
        // The mark is closed by one that opens another cell, or by another stray one.
        let far = read("1;\"a;b\n2;c;d\n3;\"e\";f\n", 3);
        broken(&far[0].1, "opens a cell in line 1", "1");
        assert_eq!(far[1..], [(2, cells(&["2", "c", "d"])), (3, cells(&["3", "e", "f"]))]);
        let pair = read("1;\"a;b\n2;c;d\n3;e;f\"\n4;g;h", 3);
        broken(&pair[0].1, "make one cell of 3 lines", "1");
        assert_eq!(pair[1], (2, cells(&["2", "c", "d"])));
        broken(&pair[2].1, "within a cell", "3");
        assert_eq!(pair[3], (4, cells(&["4", "g", "h"])));
        for (list, columns) in
            [("\"a;b\nc\";d\n", 2), ("1;\"a;b\n\n2;c\";\"x; y\"\n", 3), ("1;\"a;b\n2;c;d\nx\";y\n", 3)]
        {
            broken(&read(list, columns)[0].1, "whole lines of the list", list.split(['\n', ';']).next().unwrap());
        }
    }

    #[test]
    fn a_mark_that_stays_open_too_long_is_a_stray_one() {
        let mut list = String::from("1;\"a;b\n");
        (2..30_000).for_each(|n| list += &format!("{n};Geschäft;erledigt\n"));
        let all = read(&list, 3);
        assert_eq!(all.len(), 29_999);
        broken(&all[0].1, "is not closed within", "1");
        assert!(all[1..].iter().all(|(_, entry)| matches!(entry, CsvRecord::Cells(_))));
    }

    #[test]
    fn what_stands_whole_in_a_broken_line_is_told_apart() {
        assert_eq!(told_apart("1;\"a;b\"\"\";\"c;d", ';'), ["1", "a;b\"", "\"c", "d"]);
        assert_eq!(told_apart("\"a\";", ';'), ["a", ""]);
    }
}
