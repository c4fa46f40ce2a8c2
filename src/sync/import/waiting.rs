//! Lines that name records which are not here yet: those of the lines behind them, or lines that name each other. They wait
//! until all lines were read, so that a file is kept whole in whatever order its lines stand; what is not here then can have
//! a name beside its id.

use std::collections::{BTreeSet, HashMap};

use super::bodies::ReadLine;
use super::{GROUP, Import, LineOutcome, StoredLine, circles};
use crate::error::{Error, Result};
use crate::records::references;
use crate::records::store::UNKNOWN_REFERENCE;
use crate::records::store::external::Outcome;
use crate::registers::Register;
use crate::sync::external::ValidatedLine;

/// The lines that wait, and what is known of the records that they can name.
#[derive(Default)]
pub(super) struct WaitingLines {
    lines: Vec<StoredLine>,
    /// The ids here of records that have another one in the file.
    ids: HashMap<String, String>,
    /// The lines that were kept without what they name, by number, each with what became of it.
    without: HashMap<u64, Outcome>,
}

impl WaitingLines {
    /// The places of the lines by the names that others can have for them; those aside that are kept, but for what they name.
    fn by_name(&self) -> HashMap<String, usize> {
        let open = self.lines.iter().enumerate().filter(|(_, line)| !self.without.contains_key(&line.read.line.number));
        open.flat_map(|(place, line)| line.names().map(move |name| (name, place))).collect()
    }

    /// The lines that name each other, one of each circle, without what they name.
    fn of_circles(&self, register: &Register) -> Vec<ReadLine> {
        let places = self.by_name();
        let named = |line: &StoredLine| -> Vec<usize> {
            let document = line.read.checked.as_ref().map(ValidatedLine::document);
            let names = document.map(|document| references::all_named(register, document)).unwrap_or_default();
            let of: BTreeSet<usize> = names.iter().filter_map(|name| places.get(*name).copied()).collect();
            of.into_iter().collect()
        };
        let named: Vec<Vec<usize>> = self.lines.iter().map(named).collect();
        let broken = circles::breaking(&named).into_iter();
        broken.filter_map(|place| self.lines[place].read.without(register, |name| places.contains_key(name))).collect()
    }
}

impl StoredLine {
    /// True if it was not kept since it names a record that is not here.
    fn waits(&self) -> bool {
        let names_unknown = |error: &Error| match error {
            Error::Validation(faults) => faults.iter().any(|fault| fault.code == UNKNOWN_REFERENCE),
            _ => false,
        };
        self.result.as_ref().is_err_and(names_unknown)
    }

    /// The names by which other lines can mean its record: the id where it was exported, and the number.
    fn names(&self) -> impl Iterator<Item = String> {
        let number = self.read.checked.iter().filter_map(|checked| checked.document().get("number")?.as_str());
        self.read.former.iter().cloned().chain(number.map(str::to_owned))
    }
}

impl ReadLine {
    /// The same without what it names of these records, if it could be read.
    fn without(&self, register: &Register, is_meant: impl Fn(&str) -> bool) -> Option<ReadLine> {
        let mut checked = self.checked.as_ref().ok()?.clone();
        checked.edit(|document| references::take_out(register, document, &is_meant));
        let (line, former) = (self.line.clone(), self.former.clone());
        Some(ReadLine { line, checked: Ok(checked), change: None, former, told: None, guarded: self.guarded })
    }

    /// Calls the records that it names as they are called here.
    fn rename(&mut self, register: &Register, names: &HashMap<String, String>) {
        if let Ok(checked) = &mut self.checked {
            checked.edit(|document| references::rename(register, document, |name| names.get(name).cloned()));
        }
    }
}

impl Import<'_> {
    /// Counts what became of lines, those aside that wait.
    pub(super) fn take(&mut self, stored: Vec<StoredLine>) -> Result<()> {
        for line in stored {
            if line.waits() {
                self.waiting.lines.push(line);
                continue;
            }
            self.note_id(&line);
            self.count(self.whole(line))?;
        }
        Ok(())
    }

    /// Keeps in mind the id here of a record that has another one in the file.
    fn note_id(&mut self, StoredLine { read, result }: &StoredLine) {
        if let (Some(former), Ok(LineOutcome { id, .. })) = (&read.former, result)
            && former != id
        {
            self.waiting.ids.insert(former.clone(), id.clone());
        }
    }

    /// A line that was kept in two steps is a new one.
    fn whole(&self, mut line: StoredLine) -> StoredLine {
        let first = self.waiting.without.get(&line.read.line.number);
        if let (Ok(kept), Some(Outcome::Created)) = (&mut line.result, first) {
            (kept.outcome, kept.change) = (Outcome::Created, None);
        }
        line
    }

    /// Keeps the lines that wait, as long as one of them finds what it names; those that name each other first without that.
    /// Lines left over are rejected.
    pub(super) fn settle(
        &mut self,
        mut keep: impl FnMut(Vec<ReadLine>, &mut Self) -> Result<Vec<StoredLine>>,
    ) -> Result<()> {
        while !self.waiting.lines.is_empty() {
            let before = self.waiting.lines.len();
            // Lists stand in one order or the other: each is gone through in time.
            let lines = std::mem::take(&mut self.waiting.lines).into_iter().rev();
            let mut lines: Vec<ReadLine> = lines.map(|line| line.read).collect();
            lines.iter_mut().for_each(|line| line.rename(self.register, &self.waiting.ids));
            for group in groups(lines) {
                let stored = keep(group, self)?;
                self.take(stored)?;
            }
            let is_stuck = self.waiting.lines.len() == before;
            if is_stuck && !self.keep_without(&mut keep)? && !self.call_by_name() {
                break;
            }
        }
        let mut left = std::mem::take(&mut self.waiting.lines);
        left.sort_by_key(|line| line.read.line.number);
        left.into_iter().try_for_each(|line| self.count(line))
    }

    /// Calls records that are not here under their ids by the names that the file tells beside these; false where it tells none.
    fn call_by_name(&mut self) -> bool {
        let mut is_told = false;
        for StoredLine { read, .. } in &mut self.waiting.lines {
            let Ok(checked) = &read.checked else { continue };
            let named = self.register.properties_to_itself().filter_map(|property| {
                let id = checked.document().get(property)?.as_str()?;
                let name = self.given.name(&read.line.content, property)?;
                (name != id).then(|| (id.to_owned(), name))
            });
            let names: HashMap<String, String> = named.collect();
            is_told |= !names.is_empty();
            read.rename(self.register, &names);
        }
        is_told
    }

    /// Keeps one of each lines that name each other without what it names of them; false where there are none, or none is kept.
    fn keep_without(
        &mut self,
        keep: &mut impl FnMut(Vec<ReadLine>, &mut Self) -> Result<Vec<StoredLine>>,
    ) -> Result<bool> {
        let mut is_kept = false;
        for group in groups(self.waiting.of_circles(self.register)) {
            for line in keep(group, self)? {
                let Ok(kept) = &line.result else { continue };
                is_kept = true;
                self.waiting.without.insert(line.read.line.number, kept.outcome);
                self.note_id(&line);
            }
        }
        Ok(is_kept)
    }
}

/// Lines in groups that are kept together.
fn groups(mut lines: Vec<ReadLine>) -> impl Iterator<Item = Vec<ReadLine>> {
    std::iter::from_fn(move || {
        let rest = lines.split_off(lines.len().min(GROUP));
        Some(std::mem::replace(&mut lines, rest)).filter(|group| !group.is_empty())
    })
}
