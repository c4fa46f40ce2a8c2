//! Import: files of records, checked and kept like deliveries of another system, by the one write path.
//!
//! A file can be given again, whole or from where it broke off: each line has a key that stays the same, so that what
//! is kept already is found again and nothing is kept twice. The key is the one that the file gives (`external.id`), or
//! the business number, or a digest of the line; what somebody has changed here since is not overwritten.

mod bodies;
mod broken;
mod circles;
mod guess;
mod header;
mod held;
mod keys;
mod lines;
mod options;
mod reasons;
mod records;
mod rejects;
mod spreadsheet;
mod waiting;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};

use super::external::Sender;
use super::external::ValidatedLine;
use super::mapping::{Mapping, Translator};
use crate::config::Config;
use crate::context::OperationContext;
use crate::db::{self, Db, Verdict, WriteError, WriteTransaction};
use crate::error::{Error, Result};
use crate::identity::{ActorKind, Identity};
use crate::messages::Lang;
use crate::profile::Profile;
use crate::records::projections::history;
use crate::records::projections::history_row::PropertyChange;
use crate::records::row::RecordRow;
use crate::records::store::external::Outcome;
use crate::registers::{self, Register, Rules};
use crate::seal;
use bodies::{ReadLine, columns};
use held::{ExportedChange, GivenColumns};
use lines::SourceFile;
pub use options::ImportOptions;
use reasons::ListWords;
use rejects::Rejects;
use waiting::WaitingLines;

/// The number of lines kept by one commit: others can write in between.
const GROUP: usize = 500;

/// The subject that an import's changes have in the history.
const ACTOR: &str = "import";

/// The most changes that a trial lists.
const LISTED: usize = 100;

/// The counts of the results of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records created.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Lines that said the same again.
    pub unchanged: u64,
    /// Lines that were older than what is held.
    pub older: u64,
    /// Lines not kept.
    pub rejected: u64,
}

impl Summary {
    fn read(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.older + self.rejected
    }

    fn count(&mut self, result: std::result::Result<Outcome, &Error>) {
        *match result {
            Ok(Outcome::Created) => &mut self.created,
            Ok(Outcome::Updated) => &mut self.updated,
            Ok(Outcome::Unchanged) => &mut self.unchanged,
            Err(Error::StaleVersion { .. }) => &mut self.older,
            Err(_) => &mut self.rejected,
        } += 1;
    }
}

/// Imports a file, or proposes a mapping for it. Returns what is to be told, and whether every line was kept.
pub fn run(
    config: &Config,
    options: &ImportOptions,
    today: NaiveDate,
    at: chrono::NaiveDateTime,
) -> Result<(String, bool)> {
    let register = registers::named(&options.register)?;
    let own = options.mapping.as_deref().map(Mapping::load).transpose()?;
    let mut profile = Profile::of(&config.profile)?;
    let path = options.file.as_deref().filter(|path| path.as_os_str() != "-");
    let mut source = SourceFile::open(path, options.format, options.sheet.as_deref())?;
    // A proposal needs no database; a file that was exported may have what records carry and the profile names no longer.
    let db = if options.guess { None } else { Some(current(config, &mut profile)?) };
    let translator = Translator::new(register, &profile.vocabulary, &Mapping::built_in()?, own.as_ref())?;
    source.find_header(options.header_row, |name| translator.column(name).is_some())?;
    let Some(mut db) = db else {
        return Ok((guess::guess(&translator, &source, config.limits.body)?, true));
    };
    columns(&translator, source.lines(0)?.header())?;
    let (request_id, keys) = (uuid::Uuid::now_v7().to_string(), seal::keys_for(&mut db, config)?);
    let keys = if options.dry_run { keys.on_trial() } else { keys };
    let act = OperationContext { actor: Identity::command(ACTOR), request_id, trace: None, at, keys, registers: None };
    let mut import = Import::new(register, translator, &source, options, profile.rules(today), act)?;
    let bar = progress(source.length);
    let done = if options.dry_run {
        db::exclusively(&mut db, |tx| {
            tx.on_trial(|tx| {
                let done = import.all(&source, config.limits.body, &bar, |group, this| this.store(tx, group));
                done.map(|()| ((), Verdict::TakeBack))
            })
        })
    } else {
        import
            .all(&source, config.limits.body, &bar, |group, this| db::exclusively(&mut db, |tx| this.store(tx, group)))
    };
    bar.finish_and_clear();
    done.map_err(|error| import.stopped(error))?;
    import.finish(options.dry_run)
}

/// The database, brought up to date, with what its records have kept in mind.
fn current(config: &Config, profile: &mut Profile) -> Result<Db> {
    let mut db = db::connect(&config.database)?;
    registers::migrate(&mut db)?;
    profile.remember(&mut db)?;
    Ok(db)
}

/// Tells a change that an import made: others may bear its name, but are no command.
fn is_import(name: &str, kind: &str) -> bool {
    name == ACTOR && kind == ActorKind::Operator.as_str()
}

/// A bar on a terminal; nothing where nobody looks.
fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{wide_bar} {percent} %  {bytes_per_sec}  {eta} left  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The outcome of a line that was kept, the record's id, and what the line changed.
struct LineOutcome {
    outcome: Outcome,
    id: String,
    change: Option<String>,
}

impl LineOutcome {
    fn of(outcome: Outcome, record: &RecordRow, change: Option<String>) -> LineOutcome {
        LineOutcome { outcome, id: record.id.clone(), change }
    }
}

/// A line, and what became of it.
struct StoredLine {
    read: ReadLine,
    result: Result<LineOutcome>,
}

/// The change that made a record what it is, in words.
fn told_change(tx: &mut WriteTransaction, record: &RecordRow) -> Result<String> {
    Ok(told_changes(record, &history::open_changes(tx.flushed()?, &record.id, record.revision)?))
}

fn told_changes(record: &RecordRow, changes: &[PropertyChange]) -> String {
    let told: Vec<String> =
        changes.iter().map(|change| format!("{}: {} -> {}", change.property, change.old, change.new)).collect();
    let told = if told.is_empty() { "personal data".into() } else { told.join("; ") };
    format!("{}: {told}", record.number)
}

/// An import that runs.
struct Import<'a> {
    register: &'static Register,
    translator: Translator,
    options: &'a ImportOptions,
    sender: Sender,
    act: OperationContext,
    format: lines::SourceFormat,
    /// The columns with what the service itself gave.
    given: GivenColumns,
    /// The property of each column.
    columns: Vec<Option<String>>,
    words: ListWords,
    rejects: Rejects,
    /// The number of times that lines without a key of their own have said the same, by digest.
    seen: HashMap<String, u64>,
    summary: Summary,
    /// The lines that name records which are not here yet.
    waiting: WaitingLines,
    /// The changes that a trial would make.
    changes: Vec<String>,
    /// The reasons for which a trial would reject lines.
    rejected: Vec<String>,
    /// The number of lines that have been read.
    read: u64,
    /// The last line that was kept or rejected.
    last: u64,
}

/// A number of lines in words.
fn lines_in_words(number: u64) -> String {
    format!("{number} line{}", if number == 1 { "" } else { "s" })
}

impl<'a> Import<'a> {
    fn new(
        register: &'static Register,
        translator: Translator,
        source: &SourceFile,
        options: &'a ImportOptions,
        rules: Rules,
        act: OperationContext,
    ) -> Result<Self> {
        let lines = source.lines(0)?;
        let header = lines.header();
        let columns = columns(&translator, header)?;
        let path = options.rejected_file(register, source.format.as_ref().extension);
        let rejects = Rejects::new(Some(path).filter(|_| !options.dry_run), source, header)?;
        let words = ListWords::new(options.lang.unwrap_or(Lang::En), header, &columns);
        let sender = Sender { sees_personal_data: true, must_say_day: true, rules };
        let given = GivenColumns::of(register, &translator, header);
        let (seen, summary, waiting) = (HashMap::new(), Summary::default(), WaitingLines::default());
        Ok(Import {
            register,
            translator,
            options,
            sender,
            act,
            format: source.format,
            given,
            columns,
            words,
            rejects,
            seen,
            summary,
            waiting,
            changes: Vec::new(),
            rejected: Vec::new(),
            read: 0,
            last: 0,
        })
    }

    /// Takes all lines in groups; `keep` says what became of each line of a group.
    fn all(
        &mut self,
        source: &SourceFile,
        longest: usize,
        bar: &ProgressBar,
        mut keep: impl FnMut(Vec<ReadLine>, &mut Self) -> Result<Vec<StoredLine>>,
    ) -> Result<()> {
        let mut lines = source.lines(longest)?;
        let mut told = 0;
        loop {
            let mut group = Vec::with_capacity(GROUP);
            while group.len() < GROUP
                && let Some(line) = lines.next()?
            {
                group.push(self.read(line, longest));
            }
            if group.is_empty() {
                return self.settle(keep);
            }
            let stored = keep(group, self)?;
            self.take(stored)?;
            let position = source.position.load(std::sync::atomic::Ordering::Relaxed);
            bar.set_position(position);
            bar.set_message(lines_in_words(self.summary.read()));
            // Where no bar is seen, a line for each tenth of the file.
            let tenth = (position * 10).checked_div(source.length).unwrap_or(10);
            if bar.is_hidden() && tenth > told {
                told = tenth;
                log::info!("{}, {} % of the file", lines_in_words(self.summary.read()), tenth * 10);
            }
        }
    }

    /// Counts the result of a line, and puts the line among the rejected ones if it was not kept.
    fn count(&mut self, StoredLine { read: ReadLine { line, told, .. }, result }: StoredLine) -> Result<()> {
        self.summary.count(result.as_ref().map(|kept| kept.outcome));
        self.last = self.last.max(line.number);
        match result {
            Ok(LineOutcome { change, .. }) if self.options.dry_run => {
                self.changes.extend(change.map(|change| format!("line {}: {change}", line.number)));
            }
            Ok(_) | Err(Error::StaleVersion { .. }) => {}
            Err(error) => {
                let reason = told.unwrap_or_else(|| self.words.reason(&error, line.number));
                self.rejects.add(&line, &reason)?;
                self.rejected.extend(self.options.dry_run.then_some(reason));
            }
        }
        Ok(())
    }

    /// Keeps the lines of a group; all of them anew where keys of records were not at hand.
    fn store(&self, tx: &mut WriteTransaction, group: Vec<ReadLine>) -> Result<Vec<StoredLine>> {
        let stored = self.act.providing(|act| tx.savepoint(|tx| self.store_all(tx, &group, act)))?;
        Ok(group.into_iter().zip(stored).map(|(read, stored)| read.stored(stored)).collect())
    }

    /// Keeps the lines of a group that could be read, each in a savepoint of its own. Fails with all the keys that they lack.
    fn store_all(
        &self,
        tx: &mut WriteTransaction,
        group: &[ReadLine],
        act: &OperationContext,
    ) -> Result<Vec<Result<Option<LineOutcome>>>> {
        let (mut results, mut needed) = (Vec::with_capacity(group.len()), Vec::new());
        for ReadLine { checked, change, guarded, .. } in group {
            let stored = match (self.store_change(tx, change.as_ref(), act), checked) {
                (Ok(None), Ok(checked)) => self.store_one(tx, checked, *guarded, act).map(Some),
                (stored, _) => stored,
            };
            match stored.map_err(WriteError::from) {
                Ok(stored) => results.push(Ok(stored)),
                Err(WriteError::Refused(Error::KeysNeeded(needs))) => needed.extend(needs),
                Err(WriteError::Refused(error)) => results.push(Err(error)),
                Err(error) => return Err(error.into()),
            }
        }
        if needed.is_empty() { Ok(results) } else { Err(Error::KeysNeeded(needed)) }
    }

    /// Makes the change of a record that a line names by its id; none where it names none, or one that is not here.
    fn store_change(
        &self,
        tx: &mut WriteTransaction,
        change: Option<&ExportedChange>,
        act: &OperationContext,
    ) -> Result<Option<LineOutcome>> {
        let Some(change) = change else { return Ok(None) };
        tx.savepoint(|tx| {
            let Some((outcome, record)) = change.store(tx, self.register, &self.sender.rules, act)? else {
                return Ok(None);
            };
            let told = match outcome {
                Outcome::Updated => Some(told_change(tx, &record)?),
                _ => None,
            };
            Ok(Some(LineOutcome::of(outcome, &record, told)))
        })
    }

    /// Keeps a line, and says what it changes. One without a version does not take back what was changed here, nor does it
    /// put another matter in the place of one.
    fn store_one(
        &self,
        tx: &mut WriteTransaction,
        checked: &ValidatedLine,
        guarded: bool,
        act: &OperationContext,
    ) -> Result<LineOutcome> {
        tx.savepoint(|tx| {
            let (outcome, record) = checked.store(tx, self.register, act)?;
            if outcome != Outcome::Updated {
                return Ok(LineOutcome::of(outcome, &record, None));
            }
            let db = tx.flushed()?;
            let changes = history::open_changes(db, &record.id, record.revision)?;
            if guarded {
                let before = history::actor(db, &record.id, record.revision - 1)?;
                let in_the_way = if !before.is_some_and(|(name, kind)| is_import(&name, &kind)) {
                    Some(self.words.changed_here(&record.number))
                } else {
                    keys::replaced(self.register, &changes).map(|old| self.words.other_matter(&record.number, old))
                };
                if let Some(detail) = in_the_way {
                    return Err(Error::Conflict { detail, record: Some(record.id), register: None });
                }
            }
            Ok(LineOutcome::of(outcome, &record, Some(told_changes(&record, &changes))))
        })
    }

    /// Returns the error that is told if the import cannot go on.
    fn stopped(&self, error: Error) -> Error {
        match error {
            Error::Configuration(_) => error,
            error => Error::Unavailable(format!(
                "stopped after line {}: {error}; give the same command again, and it goes on where it stopped",
                self.last
            )),
        }
    }

    fn finish(self, dry_run: bool) -> Result<(String, bool)> {
        let (read, told) = (self.read, self.summary.read());
        if read != told {
            return Err(Error::Internal(format!("{read} lines were read, and what became of {told} is known")));
        }
        let Summary { created, updated, unchanged, older, rejected } = self.summary;
        let would = if dry_run { " (tried only, nothing was kept)" } else { "" };
        let mut text = format!(
            "{}: {created} created, {updated} changed, {unchanged} as before, {older} older than what is held, \
             {rejected} rejected{would}.",
            lines_in_words(told)
        );
        for change in self.changes.iter().take(LISTED) {
            let _ = write!(text, "\n{change}");
        }
        if self.changes.len() > LISTED {
            let _ = write!(text, "\nand {} further changes", self.changes.len() - LISTED);
        }
        for reason in self.rejected.iter().take(LISTED) {
            let _ = write!(text, "\nrejected: {reason}");
        }
        if self.rejected.len() > LISTED {
            let _ = write!(text, "\nand {} further lines rejected", self.rejected.len() - LISTED);
        }
        let path = self.rejects.path().map(|path| path.display().to_string()).unwrap_or_default();
        if self.rejects.finish()? {
            let _ = write!(
                text,
                "\nThe rejected lines are in {path}, with the reasons: correct them and import that file."
            );
        }
        Ok((text, rejected == 0))
    }
}
