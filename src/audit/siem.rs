//! The audit trail and the access log as a file of JSON lines, for a system that watches many. Each entry is written after its
//! commit, as it was committed; after a crash some stand there twice, and none is missing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::access_chain::{self, AccessEntry};
use super::access_log::AccessLogEntry;
use super::line_file;
use super::trail::{self, TrailEntry, TrailFilter};
use crate::db::Database;
use crate::error::{Error, Result};

/// The interval at which both logs are looked at: other processes write too.
const TICK: Duration = Duration::from_secs(1);

/// The most entries of each log that are written at once.
const PIECE: i64 = 1000;

/// The entries up to which both logs were written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Position {
    /// The last entry of the audit trail, and its hash.
    audit_trail: (i64, String),
    /// The last entry of the access log, and its hash.
    access_log: (i64, String),
}

/// The entries up to which the file was written, for who measures it.
#[derive(Default)]
pub struct SiemProgress {
    audit_trail: AtomicI64,
    access_log: AtomicI64,
}

impl SiemProgress {
    fn note(&self, position: &Position) {
        self.audit_trail.store(position.audit_trail.0, Ordering::Relaxed);
        self.access_log.store(position.access_log.0, Ordering::Relaxed);
    }

    /// The number of entries that are still to be written.
    pub async fn waiting(&self, database: &Database, access_log: &Database) -> Result<i64> {
        let (end, log) = ends(database, access_log).await?;
        let behind = |end: i64, written: &AtomicI64| (end - written.load(Ordering::Relaxed)).max(0);
        Ok(behind(end.0, &self.audit_trail) + behind(log.0, &self.access_log))
    }
}

/// The means of the worker that writes the file.
pub struct SiemWorker {
    /// The database.
    pub database: Database,
    /// The database of the access log.
    pub access_log: Database,
    /// The file.
    pub file: PathBuf,
    /// The entries that were written.
    pub progress: Arc<SiemProgress>,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

/// A line of the file.
#[derive(Serialize)]
#[serde(tag = "log", rename_all = "snake_case")]
enum SiemLine<'a> {
    /// An entry of the audit trail.
    AuditTrail(&'a TrailEntry),
    /// A disclosure of personal data.
    AccessLog {
        seq: i64,
        #[serde(flatten)]
        entry: &'a AccessLogEntry,
        hash: &'a str,
    },
}

type End = (i64, String);

async fn ends(database: &Database, access_log: &Database) -> Result<(End, End)> {
    let log = access_log.read_primary(access_chain::head).await?;
    let end = database.read_primary(trail::head).await?;
    Ok((end, log.map(|link| (link.id, link.hash)).unwrap_or_default()))
}

/// Starts to write the file; ends when the service stops.
pub fn start(worker: SiemWorker) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("cannot start a runtime: {error}")))?;
    let thread = std::thread::Builder::new().name("siem".into()).spawn(move || runtime.block_on(follow(worker)));
    thread.map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))
}

async fn follow(worker: SiemWorker) {
    let (mut stopping, mut position, mut is_failing) = (worker.stopping.clone(), None, false);
    let (mut writes, mut disclosures) = (worker.database.commits(), worker.access_log.commits());
    loop {
        // Looked at first, so that what was committed before the end is written.
        let is_last = *stopping.borrow();
        let written = worker.write_all(&mut position).await;
        match (&written, is_failing) {
            (Err(error), false) => log::error!("the entries of the logs wait to be written: {error}"),
            (Ok(()), true) => log::info!("{}: all entries of the logs were written", worker.file.display()),
            _ => {}
        }
        is_failing = written.is_err();
        if is_last {
            return;
        }
        let is_quick = !is_failing;
        tokio::select! {
            _ = writes.changed(), if is_quick => {}
            _ = disclosures.changed(), if is_quick => {}
            _ = stopping.wait_for(|stopping| *stopping) => continue,
            () = tokio::time::sleep(TICK) => {}
        }
        // What comes in a moment is written together.
        tokio::time::sleep(Duration::from_millis(50)).await;
        writes.mark_unchanged();
        disclosures.mark_unchanged();
    }
}

impl SiemWorker {
    /// Writes whatever there is that was not written.
    async fn write_all(&self, held: &mut Option<Position>) -> Result<()> {
        let mut position = match held.take() {
            Some(position) => position,
            None => self.first_position().await?,
        };
        self.progress.note(&position);
        *held = Some(position.clone());
        while self.write_piece(&mut position).await? {
            self.progress.note(&position);
            *held = Some(position.clone());
            keep(&self.file, &position)?;
        }
        Ok(())
    }

    /// Writes some entries of both logs, in the order of each; false when there were none.
    async fn write_piece(&self, position: &mut Position) -> Result<bool> {
        let (seq, id) = (position.audit_trail.0, position.access_log.0);
        let changes =
            self.database.read_primary(move |db| trail::list(db, &TrailFilter::default(), seq, PIECE)).await?;
        let disclosures = self.access_log.read_primary(move |db| access_chain::after(db, id, PIECE)).await?;
        if changes.is_empty() && disclosures.is_empty() {
            return Ok(false);
        }
        let mut lines = String::new();
        changes.iter().try_for_each(|entry| add(&mut lines, &SiemLine::AuditTrail(entry)))?;
        let (change, disclosure) = (changes.last(), disclosures.last().map(AccessEntry::link));
        let to = Position {
            audit_trail: change.map_or_else(|| position.audit_trail.clone(), |last| (last.seq, last.hash.clone())),
            access_log: disclosure.map_or_else(|| position.access_log.clone(), |last| (last.id, last.hash)),
        };
        for entry in disclosures {
            let (seq, hash) = (entry.id, entry.link().hash);
            add(&mut lines, &SiemLine::AccessLog { seq, entry: &entry.into(), hash: &hash })?;
        }
        line_file::append(&self.file, &lines).map_err(|error| failed(&self.file, &error))?;
        *position = to;
        Ok(true)
    }

    /// The position of the last time; the ends of both logs where there was none. Logs that do not know it are those of a backup
    /// that was restored, and are written from their beginning.
    async fn first_position(&self) -> Result<Position> {
        let Some(kept) = kept(&self.file)? else {
            let (audit_trail, access_log) = ends(&self.database, &self.access_log).await?;
            let ends = Position { audit_trail, access_log };
            keep(&self.file, &ends)?;
            return Ok(ends);
        };
        let (trail, log) = (kept.audit_trail.clone(), kept.access_log.clone());
        let is_known = self.database.read_primary(move |db| trail::holds(db, trail.0, &trail.1)).await?
            && self.access_log.read_primary(move |db| access_chain::may_have_held(db, log.0, &log.1)).await?;
        if !is_known {
            log::warn!(
                "{}: the logs are others than before, and are written from their beginning",
                self.file.display()
            );
            return Ok(Position::default());
        }
        Ok(kept)
    }
}

fn add(lines: &mut String, line: &SiemLine) -> Result<()> {
    *lines += &serde_json::to_string(line).map_err(|error| Error::Internal(error.to_string()))?;
    lines.push('\n');
    Ok(())
}

/// The folder that a file lies in.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file beside it that says up to which entries it was written.
fn position_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".position");
    name.into()
}

fn kept(file: &Path) -> Result<Option<Position>> {
    let place = position_file(file);
    match std::fs::read_to_string(&place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&place, &error)),
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|_| failed(&place, &"is no position")),
    }
}

/// Keeps a position, whole or not at all.
fn keep(file: &Path, position: &Position) -> Result<()> {
    let place = position_file(file);
    let written = tempfile::NamedTempFile::new_in(folder(file)).and_then(|mut new| {
        serde_json::to_writer(&mut new, position)?;
        new.as_file().sync_all()?;
        new.persist(&place).map(drop).map_err(|error| error.error)
    });
    written.map_err(|error| failed(&place, &error))
}

/// Says whether the file and its position can be read and written; both are left as they are.
pub fn check(file: &Path) -> Result<String> {
    tempfile::tempfile_in(folder(file)).map_err(|error| failed(folder(file), &error))?;
    if file.exists() {
        std::fs::OpenOptions::new().append(true).open(file).map_err(|error| failed(file, &error))?;
    }
    Ok(match kept(file)? {
        None => format!("{} will begin with what follows", file.display()),
        Some(kept) => format!(
            "{} has entries up to {} of the audit trail and {} of the access log",
            file.display(),
            kept.audit_trail.0,
            kept.access_log.0
        ),
    })
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Configuration(format!("{}: {error}", file.display()))
}
